//! A camera that sees a drawn portrait.

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

/// How wide it sees.
const WIDE: u32 = 1_120;

/// What a camera sees of this portrait: a film (Motion JPEG) of a frame that is wider than high, the portrait in its middle.
///
/// # Errors
/// If it is no picture.
pub(super) fn film_of(portrait: &[u8]) -> Result<Vec<u8>, image::ImageError> {
    let middle = image::load_from_memory(portrait)?.to_rgb8();
    let (across, beside) = (middle.width(), (WIDE - middle.width()) / 2);
    let frame = RgbImage::from_fn(WIDE, middle.height(), |x, y| {
        *middle.get_pixel(x.saturating_sub(beside).min(across - 1), y)
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 92).encode_image(&frame)?;
    Ok(jpeg.repeat(8))
}
