//! DG3 and DG4 of a capture: one record of ISO/IEC 19794-4 a finger, one of ISO/IEC 19794-6 an eye, each in its biometric
//! information template (Doc 9303-10 §4.7.3, §4.7.4).
//!
//! Prints are written as JPEG, which ISO/IEC 19794-4 table 6 knows as 3: no encoder of WSQ is at hand that is looked after
//! (docs/decisions/0158).

use cccd_card_profile::lds::dg3::{Dg3, FingerInstance};
use cccd_card_profile::lds::dg4::{Dg4, IrisInstance};
use cccd_card_profile::lds::iso19794::finger::{Compression, FingerImage, FingerRecord};
use cccd_card_profile::lds::iso19794::iris::{self, IrisRecord};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, imageops};

use super::{Capture, CaptureError, IrisImage};
use crate::fingerprint::{Finger, PrintImage, assess};

/// A print in DG3 stays below this: a file is at most 32,767 bytes, and two prints stand in it.
pub const MAX_PRINT_BYTES: usize = 15_800;

/// Margin around what touched, in pixels.
const MARGIN: u32 = 8;

/// The fingers that go into the card: of each hand the index finger; when it is missing or poor, the best other one.
#[must_use]
pub fn chosen(capture: &Capture) -> Vec<Finger> {
    let measured = capture.measured();
    let best = |right: bool| {
        let of_hand = measured.iter().filter(|print| print.finger.is_right() == right);
        let index = of_hand.clone().find(|print| Finger::INDEX.contains(&print.finger));
        match index {
            Some(print) if print.quality.is_usable() => Some(print.finger),
            _ => of_hand.max_by_key(|print| print.quality.score).map(|print| print.finger),
        }
    };
    [best(true), best(false)].into_iter().flatten().collect()
}

/// DG3, or `None` when no finger could be taken: then the card has the empty container.
///
/// # Errors
/// [`CaptureError::DoesNotFit`].
pub fn dg3(capture: &Capture) -> Result<Option<Vec<u8>>, CaptureError> {
    let mut instances = Vec::new();
    for finger in chosen(capture) {
        let Some(print) = capture.prints().get(&finger) else { continue };
        let (data, width, height) = compressed(print)?;
        let image = FingerImage {
            position: finger.position(),
            views: 1,
            view: 1,
            quality: assess(print).score,
            // Live scan, plain.
            impression: 0,
            width,
            height,
            data,
        };
        let record = FingerRecord { compression: Compression::Jpeg, ..FingerRecord::wsq(vec![image]) };
        instances.push(FingerInstance::iso19794(finger.cbeff_subtype(), record));
    }
    if instances.is_empty() {
        return Ok(None);
    }
    Dg3::of(instances).to_bytes().map(Some).map_err(|_| CaptureError::DoesNotFit)
}

/// DG4, or `None` without irises.
///
/// # Errors
/// [`CaptureError::DoesNotFit`].
pub fn dg4(capture: &Capture) -> Result<Option<Vec<u8>>, CaptureError> {
    let instances: Vec<IrisInstance> = capture
        .irises()
        .iter()
        .map(|(eye, image)| IrisInstance::iso19794(eye.number(), record(eye.number(), image)))
        .collect();
    if instances.is_empty() {
        return Ok(None);
    }
    Dg4::of(instances).to_bytes().map(Some).map_err(|_| CaptureError::DoesNotFit)
}

/// A rectilinear grey image of one eye, of which nothing else is known.
fn record(subtype: u8, image: &IrisImage) -> IrisRecord {
    let image_of = iris::IrisImage {
        number: 1,
        quality: 254,
        rotation: 0xFFFF,
        rotation_uncertainty: 0xFFFF,
        data: image.bytes().to_vec(),
    };
    IrisRecord {
        capture_device: 0,
        properties: 0,
        diameter: 0,
        // ISO/IEC 19794-6 table 3: grey JPEG, grey JPEG 2000.
        image_format: if image.is_jpeg_2000() { 14 } else { 6 },
        width: 0,
        height: 0,
        intensity_depth: 8,
        transformation: 0,
        device_id: [0; 16],
        eyes: vec![iris::Eye { subtype, images: vec![image_of] }],
    }
}

/// A print as the card has it: cut to what touched, as JPEG of the best quality that fits.
fn compressed(print: &PrintImage) -> Result<(Vec<u8>, u16, u16), CaptureError> {
    let cut = cut(print.grey());
    let side = |side: u32| u16::try_from(side).map_err(|_| CaptureError::DoesNotFit);
    let (width, height) = (side(cut.width())?, side(cut.height())?);
    for quality in (20..=90).rev().step_by(5) {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, quality)
            .encode(cut.as_raw(), cut.width(), cut.height(), ExtendedColorType::L8)
            .map_err(|_| CaptureError::DoesNotFit)?;
        if jpeg.len() <= MAX_PRINT_BYTES {
            return Ok((jpeg, width, height));
        }
    }
    Err(CaptureError::DoesNotFit)
}

/// The part of the image that is darker than the glass, with a margin; at most 500 × 500 pixels about its middle, an inch.
fn cut(grey: &GrayImage) -> GrayImage {
    let dark = |pixel: &image::Luma<u8>| pixel.0[0] < 200;
    let (mut left, mut top, mut right, mut bottom) = (grey.width(), grey.height(), 0, 0);
    for (x, y, pixel) in grey.enumerate_pixels() {
        if dark(pixel) {
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
        }
    }
    if left > right {
        return grey.clone();
    }
    let span = |from: u32, to: u32, whole: u32| {
        let from = from.saturating_sub(MARGIN);
        let to = to.saturating_add(MARGIN).min(whole.saturating_sub(1));
        let length = to.saturating_sub(from).saturating_add(1);
        let over = length.saturating_sub(500);
        (from + over / 2, length - over)
    };
    let ((x, width), (y, height)) = (span(left, right, grey.width()), span(top, bottom, grey.height()));
    imageops::crop_imm(grey, x, y, width, height).to_image()
}
