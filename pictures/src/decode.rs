//! The decoders by format. Only the child calls this; a program that trusts the picture may too.

use std::io::Cursor;

use image::{ImageReader, Limits as ImageLimits};

use crate::{Limits, PictureError, PictureFormat, Pixels, wsq};

/// Decodes a picture in this very process: no cap but those on bytes and pixels holds. What strangers send is for
/// [`crate::Decoder`].
///
/// # Errors
/// [`PictureError`].
pub fn decode_here(picture: &[u8], limits: &Limits) -> Result<Pixels, PictureError> {
    if picture.len() > limits.input_bytes {
        return Err(PictureError::TooLarge);
    }
    match PictureFormat::of(picture).ok_or(PictureError::NotAPicture)? {
        PictureFormat::Jpeg => raster(picture, image::ImageFormat::Jpeg, limits),
        PictureFormat::Png => raster(picture, image::ImageFormat::Png, limits),
        PictureFormat::Jpeg2000 => jpeg_2000(picture, limits),
        PictureFormat::Wsq => wsq::decode(picture, |width, height| limits.allows(width, height)),
    }
}

fn raster(picture: &[u8], format: image::ImageFormat, limits: &Limits) -> Result<Pixels, PictureError> {
    // The decoder fills a JPEG that was cut short with grey: half a face is no portrait.
    if format == image::ImageFormat::Jpeg && !picture.windows(2).any(|pair| pair == [0xFF, 0xD9]) {
        return Err(PictureError::Damaged);
    }
    let reader = || {
        let mut reader = ImageReader::with_format(Cursor::new(picture), format);
        let mut bounds = ImageLimits::default();
        bounds.max_alloc = Some(limits.memory_bytes);
        reader.limits(bounds);
        reader
    };
    let (width, height) = reader().into_dimensions().map_err(|_| PictureError::Damaged)?;
    if !limits.allows(width, height) {
        return Err(PictureError::TooLarge);
    }
    let decoded = reader().decode().map_err(|error| match error {
        image::ImageError::Limits(_) => PictureError::TooLarge,
        _ => PictureError::Damaged,
    })?;
    let grey = !decoded.color().has_color();
    let pixels = if grey {
        Pixels::new(width, height, 1, decoded.into_luma8().into_raw())
    } else {
        Pixels::new(width, height, 3, decoded.into_rgb8().into_raw())
    };
    pixels.ok_or(PictureError::Damaged)
}

fn jpeg_2000(picture: &[u8], limits: &Limits) -> Result<Pixels, PictureError> {
    let settings = hayro_jpeg2000::DecodeSettings::default();
    let image = hayro_jpeg2000::Image::new(picture, &settings).map_err(|_| PictureError::Damaged)?;
    let (width, height) = (image.width(), image.height());
    if !limits.allows(width, height) {
        return Err(PictureError::TooLarge);
    }
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| PictureError::Damaged)?.data_u8();
    let pixels = usize::try_from(u64::from(width).saturating_mul(u64::from(height)))
        .map_err(|_| PictureError::TooLarge)?;
    let (channels, samples) = match decoded.len().checked_div(pixels) {
        Some(1) => (1, decoded),
        // An alpha channel is dropped.
        Some(2) => (1, decoded.chunks_exact(2).filter_map(|pixel| pixel.first().copied()).collect()),
        Some(3) => (3, decoded),
        Some(4) => (3, decoded.chunks_exact(4).flat_map(|pixel| pixel.iter().take(3).copied()).collect()),
        _ => return Err(PictureError::Damaged),
    };
    Pixels::new(width, height, channels, samples).ok_or(PictureError::Damaged)
}
