//! The portrait: taken as JPEG, PNG or JPEG 2000 within limits, made fit for DG2.

use std::io::Cursor;
use std::sync::OnceLock;

use cccd_card_profile::lds::dg2::{FaceImage, ImageFormat};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ExtendedColorType, ImageReader, Limits, RgbImage};

use super::png;

/// The longest portrait file read.
pub const MAX_PORTRAIT_BYTES: usize = 8 * 1024 * 1024;

/// The most pixels on a side.
pub const MAX_SIDE: u32 = 8_000;

/// The most pixels in all: what a JPEG 2000 decoder is allowed to be asked for.
const MAX_PIXELS: u64 = 40_000_000;

/// The most memory that decoding may take.
const MAX_DECODER_MEMORY: u64 = 256 * 1024 * 1024;

/// The portrait in DG2: 3 to 4, as the 20 × 30 mm print is cut from it.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 640;

/// A portrait in DG2 stays below this: 18 kB is what readers expect on the road.
pub const MAX_DG2_BYTES: usize = 18_000;

/// Smaller than this and nobody is recognised (ISO/IEC 19794-5 §8.4.1: 90 pixels between the eyes, roughly 240 wide).
const MIN_WIDTH: u32 = 240;
const MIN_HEIGHT: u32 = 320;

/// A portrait fit for DG2 and for print.
#[derive(Clone)]
pub struct Portrait {
    face: FaceImage,
    /// Decoded from the face when asked for, if it was decoded before this.
    picture: OnceLock<DynamicImage>,
    is_of_nobody: bool,
}

impl std::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portrait({} × {})", self.face.width, self.face.height)
    }
}

/// Why a file is no usable portrait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortraitError {
    /// None was given.
    #[error("there is no portrait; only the card of a child under six goes without")]
    Missing,
    /// Neither JPEG, PNG nor JPEG 2000.
    #[error("the portrait is no image: it is neither JPEG, PNG nor JPEG 2000")]
    NotAnImage,
    /// The header is fine, the rest is not.
    #[error("the portrait is damaged and cannot be decoded")]
    Damaged,
    /// More pixels or memory than a portrait needs.
    #[error("the portrait is larger than {MAX_SIDE} pixels on a side or needs too much memory")]
    TooLarge,
    /// Too small to recognise anyone.
    #[error("the portrait is {width} × {height} pixels; at least {MIN_WIDTH} × {MIN_HEIGHT} are needed")]
    TooSmall {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Wider than high, or a strip.
    #[error("the portrait is {width} × {height} pixels; a portrait is upright, near 3 to 4")]
    NotUpright {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
}

impl Portrait {
    /// Takes a portrait file.
    ///
    /// A JPEG that is small enough and carries no metadata, and any JPEG 2000, goes into DG2 as it is; everything
    /// else is scaled to 480 × 640 and compressed until it fits.
    ///
    /// # Errors
    /// [`PortraitError`].
    pub fn from_file(bytes: &[u8]) -> Result<Self, PortraitError> {
        if bytes.is_empty() {
            return Err(PortraitError::Missing);
        }
        let jpeg_2000 =
            FaceImage::from_file(bytes.to_vec()).ok().filter(|face| face.format == ImageFormat::Jpeg2000);
        if let Some(face) = jpeg_2000 {
            let picture = decode_jpeg_2000(&face)?;
            check_shape(picture.width(), picture.height())?;
            return Ok(Self { face, picture: picture.into(), is_of_nobody: false });
        }
        let picture = decode(bytes)?;
        check_shape(picture.width(), picture.height())?;
        let face = match kept(bytes) {
            Some(face) => face,
            None => compress(&picture)?,
        };
        Ok(Self { face, picture: picture.into(), is_of_nobody: false })
    }

    /// A portrait file that [`from_file`](Self::from_file) took when it was captured: what goes into DG2 as it is, is not
    /// decoded again for that.
    ///
    /// # Errors
    /// As there.
    pub fn captured(bytes: &[u8]) -> Result<Self, PortraitError> {
        let face = FaceImage::from_file(bytes.to_vec()).ok();
        let jpeg_2000 = face.filter(|face| face.format == ImageFormat::Jpeg2000);
        match jpeg_2000.or_else(|| kept(bytes)) {
            Some(face) => Ok(Self { face, picture: OnceLock::new(), is_of_nobody: false }),
            None => Self::from_file(bytes),
        }
    }

    /// What stands in DG2 where no picture is taken (docs/decisions/0138): the outline of a head, which is nobody's. EF.DG2 must be
    /// there and hold an image (Doc 9303-10 §4.7.2).
    ///
    /// # Errors
    /// [`PortraitError`], in practice never.
    pub fn of_nobody() -> Result<Self, PortraitError> {
        let within = |x: u32, y: u32, (across, down): (i64, i64), (wide, high): (i64, i64)| {
            let (x, y) = ((i64::from(x) - across) * high, (i64::from(y) - down) * wide);
            x * x + y * y <= wide * wide * high * high
        };
        let outline = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
            let head = within(x, y, (240, 250), (95, 120));
            let shoulders = within(x, y, (240, 640), (200, 230));
            image::Rgb(if head || shoulders { [176, 180, 186] } else { [236, 238, 240] })
        });
        let picture = DynamicImage::ImageRgb8(outline);
        Ok(Self { face: compress(&picture)?, picture: picture.into(), is_of_nobody: true })
    }

    /// No picture was taken, and none is printed.
    #[must_use]
    pub fn is_of_nobody(&self) -> bool {
        self.is_of_nobody
    }

    /// The image for DG2.
    #[must_use]
    pub fn face(&self) -> &FaceImage {
        &self.face
    }

    /// The picture as it was taken.
    ///
    /// # Errors
    /// [`PortraitError`], in practice never: it was decoded when it was captured.
    pub fn picture(&self) -> Result<RgbImage, PortraitError> {
        Ok(self.decoded()?.to_rgb8())
    }

    fn decoded(&self) -> Result<&DynamicImage, PortraitError> {
        if let Some(picture) = self.picture.get() {
            return Ok(picture);
        }
        let picture = match self.face.format {
            ImageFormat::Jpeg2000 => decode_jpeg_2000(&self.face)?,
            _ => decode(&self.face.bytes)?,
        };
        Ok(self.picture.get_or_init(|| picture))
    }

    /// A JPEG for the printed card: JPEG 2000 cannot be drawn by everyone. Made when asked for: it takes longer than
    /// anything else in issuing but the chip's RSA key.
    ///
    /// # Errors
    /// As [`picture`](Self::picture).
    pub fn print(&self) -> Result<Vec<u8>, PortraitError> {
        // 20 × 30 mm at 600 dpi is 472 × 709.
        encode(&self.decoded()?.resize_to_fill(472, 709, FilterType::Lanczos3).to_rgb8(), 92)
    }
}

/// A JPEG that goes into DG2 as it is.
fn kept(bytes: &[u8]) -> Option<FaceImage> {
    FaceImage::from_file(bytes.to_vec())
        .ok()
        .filter(|face| face.bytes.len() <= MAX_DG2_BYTES && face.height <= 2 * HEIGHT && !has_metadata(bytes))
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PortraitError> {
    let essential;
    let bytes = if bytes.starts_with(png::SIGNATURE) {
        essential = png::essential(bytes).ok_or(PortraitError::Damaged)?;
        &essential
    } else {
        bytes
    };
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| PortraitError::NotAnImage)?;
    if !matches!(reader.format(), Some(image::ImageFormat::Jpeg | image::ImageFormat::Png)) {
        return Err(PortraitError::NotAnImage);
    }
    // The decoder fills a file that was cut short with grey: half a face is no portrait. A JPEG ends with EOI.
    if reader.format() == Some(image::ImageFormat::Jpeg) && !bytes.windows(2).any(|pair| pair == [0xFF, 0xD9])
    {
        return Err(PortraitError::Damaged);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_MEMORY);
    reader.limits(limits);
    reader.decode().map_err(|error| match error {
        image::ImageError::Limits(_) => PortraitError::TooLarge,
        _ => PortraitError::Damaged,
    })
}

/// Decodes a JPEG 2000 file whose header was read.
pub(crate) fn decode_jpeg_2000(face: &FaceImage) -> Result<DynamicImage, PortraitError> {
    if face.width > MAX_SIDE
        || face.height > MAX_SIDE
        || u64::from(face.width) * u64::from(face.height) > MAX_PIXELS
    {
        return Err(PortraitError::TooLarge);
    }
    let (width, height) = (face.width, face.height);
    // The decoder is young and is fed by strangers: a panic of it is one more damaged picture.
    let bytes = std::panic::catch_unwind(|| {
        let picture =
            hayro_jpeg2000::Image::new(&face.bytes, &hayro_jpeg2000::DecodeSettings::default()).ok()?;
        if picture.width() != width || picture.height() != height {
            return None;
        }
        let mut context = hayro_jpeg2000::DecoderContext::default();
        let decoded = picture.decode(&mut context).ok()?;
        Some(decoded.data_u8())
    })
    .ok()
    .flatten()
    .ok_or(PortraitError::Damaged)?;
    let pixels =
        usize::try_from(u64::from(width) * u64::from(height)).map_err(|_| PortraitError::TooLarge)?;
    let channels = bytes.len().checked_div(pixels).unwrap_or_default();
    let rgb: Vec<u8> = match channels {
        1 => bytes.iter().flat_map(|grey| [*grey; 3]).collect(),
        3 => bytes,
        4 => bytes.chunks_exact(4).flat_map(|p| p.iter().take(3).copied().collect::<Vec<_>>()).collect(),
        _ => return Err(PortraitError::Damaged),
    };
    RgbImage::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8).ok_or(PortraitError::Damaged)
}

fn check_shape(width: u32, height: u32) -> Result<(), PortraitError> {
    if width < MIN_WIDTH || height < MIN_HEIGHT {
        return Err(PortraitError::TooSmall { width, height });
    }
    // Between 1 to 1.2 and 1 to 1.7: 2 × 3 and 3 × 4 with room for the cut.
    let (w, h) = (u64::from(width) * 10, u64::from(height) * 10);
    if h * 10 < w * 12 || h * 10 > w * 17 {
        return Err(PortraitError::NotUpright { width, height });
    }
    Ok(())
}

/// Metadata of a camera (Exif, XMP: place, device, preview) has no business on a card.
fn has_metadata(jpeg: &[u8]) -> bool {
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, ..] = *rest {
        match marker {
            0xE1..=0xEF | 0xFE => return true,
            0xDA => return false,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(length.saturating_add(2)..).unwrap_or_default();
    }
    false
}

fn compress(picture: &DynamicImage) -> Result<FaceImage, PortraitError> {
    let mut scale = 100;
    loop {
        let (width, height) = (WIDTH * scale / 100, HEIGHT * scale / 100);
        let rgb = picture.resize_to_fill(width, height, FilterType::Lanczos3).to_rgb8();
        for quality in [88, 82, 75, 68, 60] {
            let jpeg = encode(&rgb, quality)?;
            if jpeg.len() <= MAX_DG2_BYTES {
                return FaceImage::from_file(jpeg).map_err(|_| PortraitError::Damaged);
            }
        }
        // Noise compresses badly: fewer pixels rather than mud.
        scale = scale.checked_sub(20).filter(|scale| *scale >= 40).ok_or(PortraitError::Damaged)?;
    }
}

fn encode(rgb: &RgbImage, quality: u8) -> Result<Vec<u8>, PortraitError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode(rgb.as_raw(), rgb.width(), rgb.height(), ExtendedColorType::Rgb8)
        .map_err(|_| PortraitError::Damaged)?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture(width: u32, height: u32, noise: bool) -> RgbImage {
        let mut seed = 1_u32;
        RgbImage::from_fn(width, height, |_, y| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = if noise { seed.to_be_bytes()[0] } else { (y / 4).try_into().unwrap_or(255) };
            image::Rgb([value, value / 2, 90])
        })
    }

    fn png(rgb: RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        DynamicImage::ImageRgb8(rgb).write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn where_no_picture_is_taken_there_is_the_same_outline_always() {
        let (one, other) = (Portrait::of_nobody().unwrap(), Portrait::of_nobody().unwrap());
        assert_eq!(one.face().bytes, other.face().bytes);
        assert_eq!((one.face().width, one.face().height), (WIDTH, HEIGHT));
        assert!(one.face().bytes.len() <= MAX_DG2_BYTES);
    }

    #[test]
    fn a_png_becomes_a_small_jpeg_of_the_right_shape() {
        for noise in [false, true] {
            let portrait = Portrait::from_file(&png(picture(900, 1200, noise))).unwrap();
            assert_eq!(portrait.face().format, ImageFormat::Jpeg);
            assert!(portrait.face().bytes.len() <= MAX_DG2_BYTES, "{}", portrait.face().bytes.len());
            assert_eq!(portrait.face().width * 4, portrait.face().height * 3);
        }
    }

    #[test]
    fn a_small_jpeg_is_kept_as_it_is_unless_it_carries_metadata() {
        let jpeg = encode(&picture(480, 640, false), 60).unwrap();
        assert!(jpeg.len() <= MAX_DG2_BYTES);
        assert_eq!(Portrait::from_file(&jpeg).unwrap().face().bytes, jpeg);
        let mut with_exif = vec![0xFF, 0xD8, 0xFF, 0xE1, 0x00, 0x08, b'E', b'x', b'i', b'f', 0, 0];
        with_exif.extend_from_slice(&jpeg[2..]);
        let cleaned = Portrait::from_file(&with_exif).unwrap();
        assert!(!cleaned.face().bytes.windows(4).any(|w| w == b"Exif"));
    }

    #[test]
    fn a_captured_portrait_is_the_same_without_decoding() {
        let jpeg = encode(&picture(480, 640, false), 60).unwrap();
        for file in [jpeg, png(picture(900, 1200, true))] {
            let (first, again) = (Portrait::from_file(&file).unwrap(), Portrait::captured(&file).unwrap());
            assert_eq!(first.face(), again.face());
            assert_eq!(first.picture().unwrap(), again.picture().unwrap());
            assert_eq!(first.print().unwrap(), again.print().unwrap());
        }
    }

    #[test]
    fn what_is_no_portrait_is_refused() {
        let cases: [(&[u8], PortraitError); 4] = [
            (b"", PortraitError::Missing),
            (b"GIF89a...", PortraitError::NotAnImage),
            (b"\xFF\xD8\xFF\xE0 and then text", PortraitError::Damaged),
            (b"\x89PNG\r\n\x1a\n and then text", PortraitError::Damaged),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Portrait::from_file(bytes).unwrap_err(), expected);
        }
        let wide = Portrait::from_file(&png(picture(800, 600, false))).unwrap_err();
        assert_eq!(wide, PortraitError::NotUpright { width: 800, height: 600 });
        let tiny = Portrait::from_file(&png(picture(48, 64, false))).unwrap_err();
        assert_eq!(tiny, PortraitError::TooSmall { width: 48, height: 64 });
        assert_eq!(
            Portrait::from_file(&png(picture(8_001, 10, false))).unwrap_err(),
            PortraitError::TooLarge
        );
        let jpeg = encode(&picture(480, 640, false), 60).unwrap();
        assert!(Portrait::from_file(&jpeg[..jpeg.len() / 2]).is_err());
        let mut jp2 = vec![0xFF, 0x4F, 0xFF, 0x51, 0x00, 0x2F, 0x00, 0x00];
        for word in [480_u32, 640, 0, 0] {
            jp2.extend(word.to_be_bytes());
        }
        assert_eq!(Portrait::from_file(&jp2).unwrap_err(), PortraitError::Damaged);
    }

    proptest! {
        #[test]
        fn no_input_panics(start in 0_usize..5, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let starts: [&[u8]; 5] = [
                b"", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n", b"\xFF\x4F\xFF\x51",
                b"\x00\x00\x00\x0CjP  \x0D\x0A\x87\x0A",
            ];
            let _ = Portrait::from_file(&[starts[start], &rest[..]].concat());
        }
    }
}
