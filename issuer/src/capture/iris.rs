//! Eyes, and the images that are taken of them.

use std::fmt;
use std::io::Cursor;
use std::str::FromStr;

use cccd_card_profile::lds::dg2::{FaceImage, ImageFormat};
use image::{DynamicImage, GrayImage, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use super::CaptureError;
use crate::application::portrait::decode_jpeg_2000;
use crate::fingerprint::finger::NotNamed;

/// The longest iris file: two of them stand in DG4.
pub const MAX_IRIS_BYTES: usize = 16_000;

/// Sides of an iris image in pixels, about the 640 × 480 of ISO/IEC 19794-6.
const LEAST: u32 = 160;
const MOST: u32 = 2048;

/// The most memory that decoding may take.
const MAX_DECODER_MEMORY: u64 = 32 * 1024 * 1024;

/// An eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Eye {
    /// Mắt phải.
    Right,
    /// Mắt trái.
    Left,
}

impl Eye {
    /// Both, in the order of ISO/IEC 19794-6: 1 right, 2 left.
    pub const ALL: [Self; 2] = [Self::Right, Self::Left];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
        }
    }

    /// What an officer calls it.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Right => "mắt phải",
            Self::Left => "mắt trái",
        }
    }

    /// Its number in ISO/IEC 19794-6 and ISO/IEC 7816-11 table C.2.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Right => 1,
            Self::Left => 2,
        }
    }
}

impl FromStr for Eye {
    type Err = NotNamed;

    fn from_str(text: &str) -> Result<Self, NotNamed> {
        Self::ALL.into_iter().find(|eye| eye.as_str() == text).ok_or(NotNamed)
    }
}

/// The image of an iris, as its file is: JPEG or JPEG 2000, in a frame of 640 × 480 or near it. Nothing is measured of it.
#[derive(Clone, PartialEq, Eq)]
pub struct IrisImage {
    bytes: Vec<u8>,
    jpeg_2000: bool,
}

impl IrisImage {
    /// Takes a file that can be decoded within limits.
    ///
    /// # Errors
    /// [`CaptureError::Iris`].
    pub fn from_file(eye: Eye, bytes: Vec<u8>) -> Result<Self, CaptureError> {
        if bytes.len() > MAX_IRIS_BYTES {
            return Err(CaptureError::Iris(eye));
        }
        let (picture, jpeg_2000) = decode(&bytes).ok_or(CaptureError::Iris(eye))?;
        let fits = |side: u32| (LEAST..=MOST).contains(&side);
        if !fits(picture.width()) || !fits(picture.height()) {
            return Err(CaptureError::Iris(eye));
        }
        Ok(Self { bytes, jpeg_2000 })
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is JPEG 2000.
    #[must_use]
    pub fn is_jpeg_2000(&self) -> bool {
        self.jpeg_2000
    }

    /// What is to be seen on it; `None`, in practice never, as it was decoded before.
    #[must_use]
    pub fn picture(&self) -> Option<GrayImage> {
        decode(&self.bytes).map(|(picture, _)| picture.to_luma8())
    }
}

impl fmt::Debug for IrisImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IrisImage")
    }
}

/// The picture, and whether the file is JPEG 2000.
fn decode(bytes: &[u8]) -> Option<(DynamicImage, bool)> {
    let file = FaceImage::from_file(bytes.to_vec()).ok()?;
    if file.width > MOST || file.height > MOST {
        return None;
    }
    if file.format == ImageFormat::Jpeg2000 {
        return decode_jpeg_2000(&file).ok().map(|picture| (picture, true));
    }
    // The decoder fills a file that was cut short with grey. A JPEG ends with EOI.
    if !bytes.windows(2).any(|pair| pair == [0xFF, 0xD9]) {
        return None;
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST);
    limits.max_image_height = Some(MOST);
    limits.max_alloc = Some(MAX_DECODER_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Jpeg);
    reader.limits(limits);
    reader.decode().ok().map(|picture| (picture, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        GrayImage::new(width, height)
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg)
            .unwrap();
        bytes
    }

    #[test]
    fn what_cannot_be_seen_is_no_iris() {
        let good = jpeg(640, 480);
        let iris = IrisImage::from_file(Eye::Right, good.clone()).unwrap();
        assert_eq!(iris.picture().unwrap().dimensions(), (640, 480));
        let mut header = good.clone();
        header.truncate(40);
        // A frame of 65,535 pixels in a file of a few octets.
        let mut huge = good.clone();
        let frame = huge.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        huge[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
        let cut = good[..good.len() - 30].to_vec();
        let files = [b"BM".to_vec(), Vec::new(), header, huge, cut, jpeg(100, 480), jpeg(2100, 400)];
        for (place, file) in files.into_iter().enumerate() {
            assert_eq!(IrisImage::from_file(Eye::Left, file), Err(CaptureError::Iris(Eye::Left)), "{place}");
        }
    }
}
