//! PNG files: the QR code alone, and the resolution that makes a picture print at its true size.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Luma};
use qrcode::QrCode;

use super::FaceError;

/// The QR code with its quiet zone of four modules (ISO/IEC 18004 §6.3.8), eight pixels a module.
pub(super) fn qr(code: &QrCode) -> Result<Vec<u8>, FaceError> {
    let picture = code.render::<Luma<u8>>().quiet_zone(true).module_dimensions(8, 8).build();
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::L8)
        .map_err(|error| FaceError::Render(error.to_string()))?;
    Ok(png)
}

/// Length of the signature and the IHDR chunk.
const AFTER_HEADER: usize = 8 + 25;

/// Adds the pHYs chunk (PNG specification §11.3.4.3) after IHDR.
pub(crate) fn with_resolution(png: &[u8], dots_per_inch: u32) -> Option<Vec<u8>> {
    let (head, tail) = png.split_at_checked(AFTER_HEADER)?;
    // Dots per metre: 300 dpi is 11811.
    let per_metre = (dots_per_inch * 10_000 + 127) / 254;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    chunk.push(1);
    let mut out = head.to_vec();
    out.extend(9_u32.to_be_bytes());
    out.extend(&chunk);
    out.extend(crc32(&chunk).to_be_bytes());
    out.extend(tail);
    Some(out)
}

/// CRC-32 of ISO/IEC 13239, as PNG takes it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
