//! What a decoder gives: pixels, and their form between child and parent.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

/// A picture in bare pixels, 8 bits a sample, rows from the top. `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    width: u32,
    height: u32,
    /// 1 grey, 3 red, green and blue.
    channels: u8,
    samples: Vec<u8>,
}

/// What the child's answer begins with.
const MAGIC: &[u8; 8] = b"CCCDPIX1";
/// Magic, width, height, channels.
pub(crate) const HEADER: usize = 17;

impl Pixels {
    /// Takes samples; `None` unless they are as many as the size says, and the channels 1 or 3.
    #[must_use]
    pub fn new(width: u32, height: u32, channels: u8, samples: Vec<u8>) -> Option<Self> {
        let expected = u64::from(width).checked_mul(u64::from(height))?.checked_mul(channels.into())?;
        let good = matches!(channels, 1 | 3) && expected > 0 && u64::try_from(samples.len()) == Ok(expected);
        good.then_some(Self { width, height, channels, samples })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// 1 for grey, 3 for red, green and blue.
    #[must_use]
    pub fn channels(&self) -> u8 {
        self.channels
    }

    /// The samples, rows from the top.
    #[must_use]
    pub fn samples(&self) -> &[u8] {
        &self.samples
    }

    /// A PNG file. `None` if it can't be written, in practice never.
    #[must_use]
    pub fn to_png(&self) -> Option<Vec<u8>> {
        let colour = if self.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        let mut png = Cursor::new(Vec::new());
        PngEncoder::new(&mut png).write_image(&self.samples, self.width, self.height, colour).ok()?;
        Some(png.into_inner())
    }

    /// The child's answer.
    pub(crate) fn to_answer(&self) -> Vec<u8> {
        let mut answer = Vec::with_capacity(self.samples.len().saturating_add(HEADER));
        answer.extend(MAGIC);
        answer.extend(self.width.to_be_bytes());
        answer.extend(self.height.to_be_bytes());
        answer.push(self.channels);
        answer.extend(&self.samples);
        answer
    }

    /// Reads the child's answer, which may be anything.
    pub(crate) fn from_answer(mut answer: Vec<u8>) -> Option<Self> {
        let header = answer.get(..HEADER)?.strip_prefix(MAGIC)?;
        let width = u32::from_be_bytes(*header.first_chunk()?);
        let height = u32::from_be_bytes(*header.get(4..)?.first_chunk()?);
        let channels = *header.get(8)?;
        answer.drain(..HEADER);
        Self::new(width, height, channels, answer)
    }
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pixels({} × {}, {} channels)", self.width, self.height, self.channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_pixels_or_nothing() {
        let pixels = Pixels::new(2, 3, 3, vec![7; 18]).unwrap();
        let answer = pixels.to_answer();
        assert_eq!(Pixels::from_answer(answer.clone()), Some(pixels));
        for end in 0..answer.len() {
            assert_eq!(Pixels::from_answer(answer[..end].to_vec()), None);
        }
        assert_eq!(Pixels::from_answer([answer.as_slice(), &[0]].concat()), None);
        for (width, height, channels) in [(0, 1, 1), (1, 1, 2), (1, 1, 4), (u32::MAX, u32::MAX, 3)] {
            assert_eq!(Pixels::new(width, height, channels, Vec::new()), None);
        }
    }

    #[test]
    fn png_files_hold_the_pixels() {
        let samples: Vec<u8> = (0..=29).collect();
        let png = Pixels::new(5, 2, 3, samples.clone()).unwrap().to_png().unwrap();
        assert_eq!(image::load_from_memory(&png).unwrap().to_rgb8().into_raw(), samples);
    }
}
