//! Markers and tables.

use super::huffman::HuffmanTable;
use super::subbands::SUBBANDS;
use super::wavelet::Filters;
use crate::PictureError;

/// The markers of a WSQ file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    StartOfImage,
    EndOfImage,
    StartOfFrame,
    StartOfBlock,
    Filters,
    Quantization,
    Huffman,
    Restart,
    Comment,
}

/// Reads a file from marker to marker.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn marker(&mut self) -> Result<Marker, PictureError> {
        Ok(match self.u16()? {
            0xFFA0 => Marker::StartOfImage,
            0xFFA1 => Marker::EndOfImage,
            0xFFA2 => Marker::StartOfFrame,
            0xFFA3 => Marker::StartOfBlock,
            0xFFA4 => Marker::Filters,
            0xFFA5 => Marker::Quantization,
            0xFFA6 => Marker::Huffman,
            0xFFA7 => Marker::Restart,
            0xFFA8 => Marker::Comment,
            _ => return Err(PictureError::Damaged),
        })
    }

    /// The segment behind a marker: its length counts itself.
    pub(super) fn segment(&mut self) -> Result<Self, PictureError> {
        let length = usize::from(self.u16()?).checked_sub(2).ok_or(PictureError::Damaged)?;
        self.take(length).map(Self::new)
    }

    /// Bytes up to the next marker; `FF00` is a byte FF among them.
    pub(super) fn entropy_coded(&mut self) -> Vec<u8> {
        let mut coded = Vec::new();
        loop {
            match self.rest {
                [0xFF, 0x00, rest @ ..] => {
                    coded.push(0xFF);
                    self.rest = rest;
                }
                [0xFF, ..] | [] => return coded,
                [byte, rest @ ..] => {
                    coded.push(*byte);
                    self.rest = rest;
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], PictureError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(PictureError::Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, PictureError> {
        self.take(1)?.first().copied().ok_or(PictureError::Damaged)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PictureError> {
        Ok(self.take(2)?.iter().fold(0, |sum, byte| (sum << 8) | u16::from(*byte)))
    }

    fn u32(&mut self) -> Result<u32, PictureError> {
        Ok(self.take(4)?.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
    }

    /// A number of two bytes over a power of ten.
    fn scaled(&mut self) -> Result<f32, PictureError> {
        let scale = self.u8()?;
        Ok(f32::from(self.u16()?) / power_of_ten(scale)?)
    }
}

fn power_of_ten(exponent: u8) -> Result<f32, PictureError> {
    if exponent > 30 {
        return Err(PictureError::Damaged);
    }
    Ok(10_f32.powi(i32::from(exponent)))
}

/// The frame header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) width: u16,
    pub(super) height: u16,
    /// The grey values were shifted and scaled before the transform.
    pub(super) shift: f32,
    pub(super) scale: f32,
}

impl Frame {
    pub(super) fn parse(segment: &mut Reader<'_>) -> Result<Self, PictureError> {
        // Black and white, the values of the scanner.
        segment.take(2)?;
        let (height, width) = (segment.u16()?, segment.u16()?);
        let (shift, scale) = (segment.scaled()?, segment.scaled()?);
        Ok(Self { width, height, shift, scale })
    }
}

/// The tables that came so far.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) filters: Option<Filters>,
    pub(super) bins: Bins,
    huffman: [Option<HuffmanTable>; 8],
}

impl Tables {
    pub(super) fn huffman(&self, number: u8) -> Option<&HuffmanTable> {
        self.huffman.get(usize::from(number))?.as_ref()
    }

    /// One or several Huffman tables.
    pub(super) fn read_huffman(&mut self, segment: &mut Reader<'_>) -> Result<(), PictureError> {
        while !segment.is_empty() {
            let number = usize::from(segment.u8()?);
            let place = self.huffman.get_mut(number).ok_or(PictureError::Damaged)?;
            let counts = segment.take(16)?;
            let total = counts.iter().fold(0_usize, |sum, count| sum.saturating_add(usize::from(*count)));
            *place = Some(HuffmanTable::new(counts, segment.take(total)?)?);
        }
        Ok(())
    }
}

/// The quantization of the subbands.
#[derive(Debug)]
pub(super) struct Bins {
    /// Where in a bin its value lies.
    pub(super) centre: f32,
    /// Width of the bins and of the zero bin; a width of 0 says that the subband is not there.
    pub(super) widths: [(f32, f32); SUBBANDS],
}

impl Default for Bins {
    fn default() -> Self {
        Self { centre: 0.0, widths: [(0.0, 0.0); SUBBANDS] }
    }
}

impl Bins {
    pub(super) fn read(&mut self, segment: &mut Reader<'_>) -> Result<(), PictureError> {
        self.centre = segment.scaled()?;
        for width in &mut self.widths {
            *width = (segment.scaled()?, segment.scaled()?);
        }
        Ok(())
    }
}

/// The analysis filters: right halves of the low-pass and the high-pass, centre first.
pub(super) fn filters(segment: &mut Reader<'_>) -> Result<Filters, PictureError> {
    let (low, high) = (segment.u8()?, segment.u8()?);
    // Filters of even length belong to another extension of the signal.
    if low % 2 == 0 || high % 2 == 0 || low > 31 || high > 31 {
        return Err(PictureError::Damaged);
    }
    let mut half = |length: u8| -> Result<Vec<f32>, PictureError> {
        (0..=length / 2).map(|_| coefficient(segment)).collect()
    };
    let (low, high) = (half(low)?, half(high)?);
    Ok(Filters::of_analysis(&low, &high))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a coefficient has fewer digits than a float of 32 bits"
)]
fn coefficient(segment: &mut Reader<'_>) -> Result<f32, PictureError> {
    let (sign, scale, digits) = (segment.u8()?, segment.u8()?, segment.u32()?);
    let value = (f64::from(digits) / f64::from(power_of_ten(scale)?)) as f32;
    Ok(if sign == 0 { value } else { -value })
}
