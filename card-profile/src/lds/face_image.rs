//! A portrait as JPEG or JPEG 2000, its size read from its own header.

use core::fmt;

use super::quirk::{QuirkKind, Quirks};

/// The image formats of ISO/IEC 19794-5 §5.8.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// JPEG (ISO/IEC 10918-1).
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444-1), JP2 file or bare codestream.
    Jpeg2000,
}

/// A portrait. `Debug` leaves the picture out.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceImage {
    /// The format of `bytes`.
    pub format: ImageFormat,
    /// The image file.
    pub bytes: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Why bytes are no portrait for DG2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnImage {
    /// Neither JPEG nor JPEG 2000.
    #[error("the portrait is neither JPEG nor JPEG 2000")]
    UnknownFormat,
    /// The header ends before it tells the size.
    #[error("the portrait's header is damaged: it tells no width and height")]
    NoSize,
    /// Wider or higher than 65,535 pixels, or longer than the length field of the record.
    #[error("the portrait is too large for DG2")]
    TooLarge,
}

impl ImageFormat {
    /// The usual ending of a file name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Jpeg2000 => "jp2",
        }
    }

    /// By the first bytes of the file.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(&JP2_SIGNATURE) || bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
            Some(Self::Jpeg2000)
        } else {
            None
        }
    }
}

impl FaceImage {
    /// Takes a JPEG or JPEG 2000 file. The picture itself is not decoded.
    ///
    /// # Errors
    /// [`NotAnImage`].
    pub fn from_file(bytes: Vec<u8>) -> Result<Self, NotAnImage> {
        let (format, (width, height)) = header(&bytes)?;
        Ok(Self { format, bytes, width, height })
    }

    /// The image of a record that claims format and size: the image decides, what differs is noted, and bytes that are
    /// no image are kept under the claim.
    pub(super) fn lenient(
        bytes: Vec<u8>,
        claimed: ImageFormat,
        claimed_size: (u32, u32),
        offset: usize,
        quirks: &mut Quirks,
    ) -> Self {
        let (format, (width, height)) = match header(&bytes) {
            Ok((format, size)) => {
                quirks.note_if(format != claimed, QuirkKind::ImageFormatDiffers, offset);
                quirks.note_if(size != claimed_size, QuirkKind::ImageSizeDiffers, offset);
                (format, size)
            }
            Err(_) => {
                let kind =
                    if bytes.is_empty() { QuirkKind::EmptyValue } else { QuirkKind::ImageNotRecognised };
                quirks.note(kind, offset);
                (claimed, claimed_size)
            }
        };
        Self { format, bytes, width, height }
    }
}

/// Format and size as the image's own header tells them.
fn header(bytes: &[u8]) -> Result<(ImageFormat, (u32, u32)), NotAnImage> {
    let format = ImageFormat::of(bytes).ok_or(NotAnImage::UnknownFormat)?;
    let size = match format {
        ImageFormat::Jpeg => jpeg_size(bytes),
        ImageFormat::Jpeg2000 => jpeg_2000_size(bytes),
    };
    let size = size.filter(|(width, height)| *width > 0 && *height > 0).ok_or(NotAnImage::NoSize)?;
    Ok((format, size))
}

impl fmt::Debug for FaceImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FaceImage({:?}, {} × {}, {} bytes)",
            self.format,
            self.width,
            self.height,
            self.bytes.len()
        )
    }
}

/// The signature box of ISO/IEC 15444-1 §I.5.1.
const JP2_SIGNATURE: [u8; 12] = [0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A];

/// Walks the marker segments to the start of frame (ISO/IEC 10918-1 §B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xFF, marker, after @ ..] = rest else { return None };
        match marker {
            // Fill bytes before a marker.
            0xFF => rest = rest.get(1..)?,
            // Markers without a segment.
            0x01 | 0xD0..=0xD7 => rest = after,
            // Start of scan or end of image before any frame.
            0xD8..=0xDA => return None,
            // SOF0 … SOF15 without DHT, JPG and DAC.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let height = u16::from_be_bytes(*after.get(3..)?.first_chunk()?);
                let width = u16::from_be_bytes(*after.get(5..)?.first_chunk()?);
                return Some((u32::from(width), u32::from(height)));
            }
            _ => {
                let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
                if length < 2 {
                    return None;
                }
                rest = after.get(length..)?;
            }
        }
    }
}

/// The image header box of a JP2 file, or the SIZ segment of a codestream (ISO/IEC 15444-1 §I.5.3.1, §A.5.1).
fn jpeg_2000_size(bytes: &[u8]) -> Option<(u32, u32)> {
    if !bytes.starts_with(&JP2_SIGNATURE) {
        let siz = bytes.get(8..)?;
        let word = |position: usize| {
            siz.get(position..).and_then(|rest| rest.first_chunk()).map(|word| u32::from_be_bytes(*word))
        };
        return Some((word(0)?.checked_sub(word(8)?)?, word(4)?.checked_sub(word(12)?)?));
    }
    let header = box_content(bytes, b"jp2h")?;
    let image = box_content(header, b"ihdr")?;
    let height = u32::from_be_bytes(*image.first_chunk()?);
    let width = u32::from_be_bytes(*image.get(4..)?.first_chunk()?);
    Some((width, height))
}

/// The content of the first box of this type. Lengths 0 (to the end) and 1 (eight bytes follow) end the walk: the
/// boxes before the codestream have none.
fn box_content<'a>(mut rest: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    loop {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let found = rest.get(4..8)?;
        let content = rest.get(8..length)?;
        if found == kind {
            return Some(content);
        }
        rest = rest.get(length..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jpeg_frame_header_after_other_segments() {
        let file = [
            0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 0xAA, 0xBB, 0xFF, 0xFF, 0xC2, 0x00, 0x0B, 0x08, 0x02, 0x13,
            0x01, 0x9D, 0x01,
        ];
        let image = FaceImage::from_file(file.to_vec()).unwrap();
        assert_eq!((image.format, image.width, image.height), (ImageFormat::Jpeg, 413, 531));
        for end in 3..18 {
            assert!(FaceImage::from_file(file[..end].to_vec()).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn bare_codestream() {
        let mut file = vec![0xFF, 0x4F, 0xFF, 0x51, 0x00, 0x2F, 0x00, 0x00];
        for word in [513_u32, 631, 100, 100] {
            file.extend(word.to_be_bytes());
        }
        let image = FaceImage::from_file(file).unwrap();
        assert_eq!((image.format, image.width, image.height), (ImageFormat::Jpeg2000, 413, 531));
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(FaceImage::from_file(b"\x89PNG\r\n".to_vec()), Err(NotAnImage::UnknownFormat));
        assert_eq!(FaceImage::from_file(vec![]), Err(NotAnImage::UnknownFormat));
        assert_eq!(FaceImage::from_file(JP2_SIGNATURE.to_vec()), Err(NotAnImage::NoSize));
        let mut endless = JP2_SIGNATURE.to_vec();
        endless.extend([0, 0, 0, 0, b'x', b'x', b'x', b'x']);
        assert_eq!(FaceImage::from_file(endless), Err(NotAnImage::NoSize));
    }
}
