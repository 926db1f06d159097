//! PNG and JPEG as grey pixels. The size is read before anything is decoded.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, ImageReader};

use super::{Limits, Unreadable};

/// What a file is, by its first octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// PDF.
    Pdf,
}

impl Kind {
    /// Told by its first octets; a PDF may have up to 1,024 others before its header.
    #[must_use]
    pub fn of(file: &[u8]) -> Option<Self> {
        if file.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        if file.starts_with(&[0xff, 0xd8, 0xff]) {
            return Some(Self::Jpeg);
        }
        let head = file.get(..file.len().min(1_024)).unwrap_or_default();
        head.windows(5).any(|part| part == b"%PDF-").then_some(Self::Pdf)
    }

    /// The ending of a file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Pdf => "pdf",
        }
    }
}

/// Decodes a PNG or JPEG.
///
/// # Errors
/// [`Unreadable`].
pub fn decode(file: &[u8], kind: Kind, limits: &Limits) -> Result<GrayImage, Unreadable> {
    let format = match kind {
        Kind::Png => ImageFormat::Png,
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Pdf => return Err(Unreadable::UnknownFile),
    };
    let reader = || ImageReader::with_format(Cursor::new(file), format);
    let (width, height) = reader().into_dimensions().map_err(|_| Unreadable::Damaged)?;
    if !limits.allow(width, height) {
        return Err(Unreadable::TooManyPixels);
    }
    let mut allowed = image::Limits::default();
    // Four channels of 8 bits, or two of 16, and what the decoder keeps beside them.
    allowed.max_alloc = Some(limits.pixels.saturating_mul(8));
    let mut reader = reader();
    reader.limits(allowed);
    Ok(reader.decode().map_err(|_| Unreadable::Damaged)?.into_luma8())
}
