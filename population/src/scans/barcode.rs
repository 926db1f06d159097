//! The slip on a scanned page. The page is looked at several times: as it is, smaller, smoothed, with its contrast
//! drawn out. The first look that finds a slip with a right checksum counts.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::rc::Rc;

use image::imageops::{self, FilterType};
use image::{GenericImage, GenericImageView, GrayImage, Luma};

use super::Unreadable;
use crate::forms::{NotASlip, Slip};

/// The longest side of a look, in pixels: A4 at 300 dots per inch.
const LONGEST: u32 = 3_600;

/// Looks at a page, the best first.
const LOOKS: u8 = 11;

/// How often the decoder may touch a pixel on average. A page of one form takes about six; a picture strewn with what looks like
/// corners of barcodes would take hours.
const WORK: u64 = 80;

/// Parts of a page, in eighths of its width and height: left, top, width, height. Two sheets that lie side by side, or a
/// page on which something else looks like a barcode, are read from their parts.
const PARTS: [[u32; 4]; 8] = [
    [0, 0, 4, 8],
    [4, 0, 4, 8],
    [0, 0, 8, 4],
    [0, 4, 8, 4],
    [0, 0, 4, 4],
    [4, 0, 4, 4],
    [0, 4, 4, 4],
    [4, 4, 4, 4],
];

/// Finds the slip.
///
/// # Errors
/// [`Unreadable`].
pub fn read(page: &GrayImage) -> Result<Slip, Unreadable> {
    let whole = sized(page, LONGEST);
    let mut worst = Unreadable::NoBarcode;
    for look in 0..LOOKS {
        let found = match look {
            0 => slips(&whole),
            1 => slips(&sized(&whole, 1_800)),
            2 => slips(&stretched(&imageops::blur(&sized(&whole, 1_800), 1.0))),
            3 => slips(&stretched(&imageops::blur(&enlarged(&whole), 1.6))),
            4 => slips(&enlarged(&whole)),
            5 => slips(&sized(&whole, 2_600)),
            6 => slips(&stretched(&imageops::blur(&sized(&whole, 2_600), 1.0))),
            7 => slips(&sized(&whole, 1_200)),
            8 => slips(&stretched(&imageops::blur(&sized(&whole, 1_200), 1.0))),
            9 => slips_of_parts(&whole, PARTS.get(..4).unwrap_or_default()),
            _ => slips_of_parts(&whole, PARTS.get(4..).unwrap_or_default()),
        };
        match found.as_deref() {
            Ok([]) => {}
            Ok([one]) => return Ok(one.clone()),
            Ok(_) => return Err(Unreadable::TwoBarcodes),
            Err(Unreadable::TooBusy) => return Err(Unreadable::TooBusy),
            // A code that cannot be used is told if no other look does better.
            Err(why) => worst = worst.max(*why),
        }
    }
    Err(worst)
}

/// Slips on any of the parts, each once.
fn slips_of_parts(page: &GrayImage, parts: &[[u32; 4]]) -> Result<Vec<Slip>, Unreadable> {
    let (mut all, mut worst) = (Vec::new(), None);
    for [left, top, width, height] in parts {
        let (across, down) = (page.width() / 8, page.height() / 8);
        let part =
            imageops::crop_imm(page, left * across, top * down, width * across, height * down).to_image();
        match slips(&part) {
            Ok(found) => {
                for slip in found {
                    if !all.contains(&slip) {
                        all.push(slip);
                    }
                }
            }
            Err(why) => worst = worst.max(Some(why)),
        }
    }
    match worst {
        Some(why) if all.is_empty() => Err(why),
        _ => Ok(all),
    }
}

/// Slips on one look, each once.
fn slips(look: &GrayImage) -> Result<Vec<Slip>, Unreadable> {
    let left = Rc::new(Cell::new(u64::from(look.width()) * u64::from(look.height()) * WORK));
    let metered = Metered { pixels: look.clone(), left: left.clone() };
    let found = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut prepared = rqrr::PreparedImage::prepare(metered);
        let grids = prepared.detect_grids();
        grids.iter().take(16).filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect::<Vec<_>>()
    }));
    if found.is_err() && left.get() == 0 {
        return Err(Unreadable::TooBusy);
    }
    // The decoder is not ours; what breaks it is a page without a barcode.
    let texts = found.unwrap_or_default();
    let (mut slips, mut worst): (Vec<Slip>, _) = (Vec::new(), None);
    for text in texts {
        match Slip::parse(&text) {
            Ok(slip) if !slips.contains(&slip) => slips.push(slip),
            Ok(_) => {}
            Err(NotASlip::Foreign) => worst = worst.max(Some(Unreadable::ForeignBarcode)),
            Err(_) => worst = Some(Unreadable::BadBarcode),
        }
    }
    match worst {
        Some(why) if slips.is_empty() => Err(why),
        _ => Ok(slips),
    }
}

/// Not larger than this on its longest side.
fn sized(page: &GrayImage, longest: u32) -> GrayImage {
    let side = page.width().max(page.height());
    if side <= longest {
        return page.clone();
    }
    let scale = |length: u32| {
        u32::try_from(u64::from(length) * u64::from(longest) / u64::from(side)).unwrap_or(1).max(1)
    };
    imageops::resize(page, scale(page.width()), scale(page.height()), FilterType::Triangle)
}

/// Twice as large, if it is a page of 150 dots per inch or so.
fn enlarged(page: &GrayImage) -> GrayImage {
    let side = page.width().max(page.height());
    if side > LONGEST / 3 * 2 {
        return page.clone();
    }
    imageops::resize(page, page.width() * 2, page.height() * 2, FilterType::CatmullRom)
}

/// From the darkest hundredth to the lightest over the whole range.
fn stretched(page: &GrayImage) -> GrayImage {
    let mut counts = [0_u64; 256];
    for pixel in page.as_raw() {
        if let Some(count) = counts.get_mut(usize::from(*pixel)) {
            *count += 1;
        }
    }
    let share = (page.as_raw().len() as u64 / 200).max(1);
    let low = edge(0..=255, &counts, share).unwrap_or(0);
    let high = edge((0..=255).rev(), &counts, share).unwrap_or(255);
    let range = u32::from(high.saturating_sub(low)).max(1);
    let mut done = page.clone();
    for pixel in done.iter_mut() {
        let value = u32::from(pixel.saturating_sub(low)) * 255 / range;
        *pixel = u8::try_from(value).unwrap_or(u8::MAX);
    }
    done
}

/// The first value by which so many pixels are counted.
fn edge(mut values: impl Iterator<Item = u8>, counts: &[u64; 256], share: u64) -> Option<u8> {
    let mut sum = 0;
    values.find(|value| {
        sum += counts.get(usize::from(*value)).copied().unwrap_or_default();
        sum >= share
    })
}

/// A picture that counts how often it is touched and ends the work when it is too often. The decoder has no limit of its own.
struct Metered {
    pixels: GrayImage,
    left: Rc<Cell<u64>>,
}

impl Metered {
    fn pay(&self, price: u64) {
        let left = self.left.get().saturating_sub(price);
        self.left.set(left);
        if left == 0 {
            // Caught in `slips`; no panic message is written.
            resume_unwind(Box::new(()));
        }
    }
}

impl Clone for Metered {
    fn clone(&self) -> Self {
        self.pay(u64::from(self.pixels.width()) * u64::from(self.pixels.height()) / 4);
        Self { pixels: self.pixels.clone(), left: self.left.clone() }
    }
}

impl GenericImageView for Metered {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        self.pay(1);
        self.pixels.get_pixel_checked(x, y).copied().unwrap_or(Luma([255]))
    }
}

impl GenericImage for Metered {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        self.pay(1);
        self.pixels.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.pay(1);
        if let Some(there) = self.pixels.get_pixel_mut_checked(x, y) {
            *there = pixel;
        }
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.put_pixel(x, y, pixel);
    }
}
