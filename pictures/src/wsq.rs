//! WSQ, the wavelet scalar quantization of grey-scale fingerprint images (IAFIS-IC-0110, version 3.1): a bounded decoder.
//!
//! Markers and tables, Huffman-coded coefficients of up to 64 subbands, dequantization, and the inverse of a symmetric
//! wavelet transform along a fixed tree of splits. Filters of odd length only: the ones that the specification names.

mod huffman;
mod segments;
mod subbands;
mod wavelet;

use crate::{PictureError, Pixels};
use huffman::coefficients;
use segments::{Frame, Marker, Reader, Tables};
use subbands::Tree;

/// Decodes a WSQ file whose size `allowed` accepts.
///
/// # Errors
/// [`PictureError`].
pub fn decode(file: &[u8], allowed: impl Fn(u32, u32) -> bool) -> Result<Pixels, PictureError> {
    let mut reader = Reader::new(file);
    if reader.marker()? != Marker::StartOfImage {
        return Err(PictureError::NotAPicture);
    }
    let mut tables = Tables::default();
    let mut frame: Option<Frame> = None;
    let mut values: Vec<i32> = Vec::new();
    let mut expected = 0_usize;
    loop {
        match reader.marker()? {
            Marker::EndOfImage => break,
            Marker::StartOfFrame if frame.is_none() => {
                let found = Frame::parse(&mut reader.segment()?)?;
                if !allowed(u32::from(found.width), u32::from(found.height)) {
                    return Err(PictureError::TooLarge);
                }
                expected = Tree::new(found.width.into(), found.height.into()).coefficients(&tables.bins);
                frame = Some(found);
            }
            Marker::StartOfBlock if frame.is_some() => {
                let table = reader.segment()?.u8()?;
                let table = tables.huffman(table).ok_or(PictureError::Damaged)?;
                coefficients(&reader.entropy_coded(), table, expected, &mut values)?;
            }
            Marker::Filters => tables.filters = Some(segments::filters(&mut reader.segment()?)?),
            // Which subbands there are is settled before the frame.
            Marker::Quantization if frame.is_none() => tables.bins.read(&mut reader.segment()?)?,
            Marker::Huffman => tables.read_huffman(&mut reader.segment()?)?,
            Marker::Comment | Marker::Restart => {
                reader.segment()?;
            }
            _ => return Err(PictureError::Damaged),
        }
    }
    let (Some(frame), Some(filters)) = (frame, tables.filters) else { return Err(PictureError::Damaged) };
    if values.len() != expected {
        return Err(PictureError::Damaged);
    }
    let tree = Tree::new(frame.width.into(), frame.height.into());
    let mut plane = tree.dequantize(&values, &tables.bins);
    tree.synthesize(&mut plane, &filters);
    let samples = plane.iter().map(|value| sample(value * frame.scale + frame.shift)).collect();
    Pixels::new(frame.width.into(), frame.height.into(), 1, samples).ok_or(PictureError::Damaged)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and makes 0 of what is no number"
)]
fn sample(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}
