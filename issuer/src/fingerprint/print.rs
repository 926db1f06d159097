//! The image of a print: 8 bits of grey, 500 pixels per inch (ISO/IEC 19794-4 table 1, acquisition level 30 or 31).

use std::io::Cursor;

use image::{GrayImage, ImageFormat, ImageReader, Limits};
use zeroize::Zeroize;

use crate::application::png;
use crate::card_face::with_resolution;

/// Pixels per inch.
pub const RESOLUTION: u16 = 500;

/// The longest file read.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Sides of a print, in pixels: half a fingertip to a rolled thumb with room (ISO/IEC 19794-4 table 2: 13 × 10 mm and more).
const LEAST: u32 = 180;
const MOST: u32 = 1200;

/// The most memory that decoding may take.
const MAX_DECODER_MEMORY: u64 = 16 * 1024 * 1024;

/// 500 pixels per inch in pixels per metre, and how far a scanner may be off: one hundredth (EFTS appendix F).
const PER_METRE: u32 = 19_685;
const PER_METRE_OFF: u32 = 197;

/// A print as it was taken. Personal data: `Debug` tells its size only.
#[derive(Clone, PartialEq, Eq)]
pub struct PrintImage {
    grey: GrayImage,
}

/// Why a file is no usable print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrintError {
    /// Not PNG. WSQ is not read here.
    #[error("the print is no PNG image of 8 bits")]
    NotAnImage,
    /// The header is fine, the rest is not.
    #[error("the print is damaged and cannot be decoded")]
    Damaged,
    /// Longer or larger than a print is.
    #[error("the print is longer than {MAX_BYTES} bytes or larger than {MOST} pixels on a side")]
    TooLarge,
    /// Smaller than a fingertip.
    #[error("the print is {width} × {height} pixels; at least {LEAST} × {LEAST} are needed")]
    TooSmall {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The file says another resolution.
    #[error("the print is of {0} pixels per inch; {RESOLUTION} are needed")]
    Resolution(u32),
    /// The bytes are not as many as the sides say.
    #[error("the print's pixels are not as many as its sides say")]
    Length,
}

impl PrintError {
    /// What an officer reads.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        match self {
            Self::NotAnImage => "tệp không phải ảnh PNG 8 bit".to_owned(),
            Self::Damaged => "ảnh bị hỏng, không giải mã được".to_owned(),
            Self::TooLarge => format!("ảnh quá lớn: tối đa 4 MB và {MOST} điểm ảnh mỗi cạnh"),
            Self::TooSmall { width, height } => {
                format!("ảnh chỉ có {width} × {height} điểm ảnh, cần ít nhất {LEAST} × {LEAST}")
            }
            Self::Resolution(found) => format!("ảnh có {found} điểm ảnh một inch, cần {RESOLUTION}"),
            Self::Length => "số điểm ảnh không đúng với kích thước".to_owned(),
        }
    }
}

impl PrintImage {
    /// Takes a PNG file. One that says its resolution must say 500 pixels per inch; one that does not is taken for it.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn from_png(file: &[u8]) -> Result<Self, PrintError> {
        if file.len() > MAX_BYTES {
            return Err(PrintError::TooLarge);
        }
        if let Some(per_metre) = pixels_per_metre(file)?
            && per_metre.abs_diff(PER_METRE) > PER_METRE_OFF
        {
            return Err(PrintError::Resolution(inch(per_metre)));
        }
        let essential = png::essential(file).ok_or(PrintError::Damaged)?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(MOST);
        limits.max_image_height = Some(MOST);
        limits.max_alloc = Some(MAX_DECODER_MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(&essential), ImageFormat::Png);
        reader.limits(limits);
        let picture = reader.decode().map_err(|error| match error {
            image::ImageError::Limits(_) => PrintError::TooLarge,
            _ => PrintError::Damaged,
        })?;
        Self::checked(picture.to_luma8())
    }

    /// Takes raw pixels, line by line: what a device gives.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn from_raw(width: u32, height: u32, grey: Vec<u8>) -> Result<Self, PrintError> {
        if width > MOST || height > MOST {
            return Err(PrintError::TooLarge);
        }
        if u64::try_from(grey.len()) != Ok(u64::from(width) * u64::from(height)) {
            return Err(PrintError::Length);
        }
        GrayImage::from_raw(width, height, grey).ok_or(PrintError::Length).and_then(Self::checked)
    }

    fn checked(grey: GrayImage) -> Result<Self, PrintError> {
        let (width, height) = grey.dimensions();
        if width > MOST || height > MOST {
            return Err(PrintError::TooLarge);
        }
        if width < LEAST || height < LEAST {
            return Err(PrintError::TooSmall { width, height });
        }
        Ok(Self { grey })
    }

    /// Its pixels.
    #[must_use]
    pub fn grey(&self) -> &GrayImage {
        &self.grey
    }

    /// As PNG that says its resolution: without loss, as a print is kept.
    ///
    /// # Errors
    /// [`PrintError::Damaged`], in practice never.
    pub fn to_png(&self) -> Result<Vec<u8>, PrintError> {
        let mut png = Vec::new();
        self.grey.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).map_err(|_| PrintError::Damaged)?;
        with_resolution(&png, u32::from(RESOLUTION)).ok_or(PrintError::Damaged)
    }
}

/// A print does not stay in memory that others get.
impl Drop for PrintImage {
    fn drop(&mut self) {
        self.grey.as_flat_samples_mut().samples.zeroize();
    }
}

impl std::fmt::Debug for PrintImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrintImage({} × {})", self.grey.width(), self.grey.height())
    }
}

fn inch(per_metre: u32) -> u32 {
    u32::try_from((u64::from(per_metre) * 254 + 5_000) / 10_000).unwrap_or(u32::MAX)
}

/// What chunk pHYs says (PNG §11.3.5.3); the larger of two unequal sides. The chunks before the first IDAT only: there it stands.
fn pixels_per_metre(file: &[u8]) -> Result<Option<u32>, PrintError> {
    let mut rest = file.strip_prefix(png::SIGNATURE).ok_or(PrintError::NotAnImage)?;
    while let [l0, l1, l2, l3, k0, k1, k2, k3, after @ ..] = rest {
        let length = usize::try_from(u32::from_be_bytes([*l0, *l1, *l2, *l3])).unwrap_or(usize::MAX);
        let content = after.get(..length).ok_or(PrintError::Damaged)?;
        match [*k0, *k1, *k2, *k3].as_slice() {
            b"IDAT" => return Ok(None),
            b"pHYs" => {
                return match content {
                    [x0, x1, x2, x3, y0, y1, y2, y3, 1] => {
                        let across = u32::from_be_bytes([*x0, *x1, *x2, *x3]);
                        let down = u32::from_be_bytes([*y0, *y1, *y2, *y3]);
                        let off = |one: u32| one.abs_diff(PER_METRE);
                        Ok(Some(if off(across) > off(down) { across } else { down }))
                    }
                    // A unit of its own says nothing but the ratio of the sides.
                    [.., 0] if content.len() == 9 => Ok(None),
                    _ => Err(PrintError::Damaged),
                };
            }
            _ => {}
        }
        rest = after.get(length.saturating_add(4)..).ok_or(PrintError::Damaged)?;
    }
    Err(PrintError::Damaged)
}
