//! Prints of nobody, drawn from a number: for tests and demos. Real prints have no place in them.
//!
//! A print is a wave, `cos(2π·phase)`, whose phase rises by one from ridge to ridge. The phase of a whorl follows bent
//! ellipses, that of an arch bent lines; a minutia is a point around which the phase gains a whole turn (K. G. Larkin and
//! P. A. Fletcher, "A coherent framework for fingerprint analysis", Optics Express 15, 2007).

use image::GrayImage;

use super::{Finger, PrintImage};

/// Sides of a drawn print: 16.3 × 20.3 mm.
const WIDTH: u32 = 320;
const HEIGHT: u32 = 400;

/// What is drawn beside the finger itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawing {
    /// How much of the fingertip touched, 0 to 1.
    pub touched: f64,
    /// How far ridges stand out, 0 to 1: pressure and moisture.
    pub contrast: f64,
    /// How much of the drawing is noise, 0 to 1: dirt and dryness.
    pub noise: f64,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { touched: 1.0, contrast: 0.8, noise: 0.06 }
    }
}

/// A good print of a finger of the person that this number invents.
#[must_use]
pub fn print(person: u64, finger: Finger) -> GrayImage {
    drawn(person, finger, Drawing::default())
}

/// A good print, as it comes from a device.
#[must_use]
pub fn taken(person: u64, finger: Finger) -> Option<PrintImage> {
    let grey = print(person, finger);
    PrintImage::from_raw(grey.width(), grey.height(), grey.into_raw()).ok()
}

/// A print as good or bad as is wished.
#[must_use]
pub fn drawn(person: u64, finger: Finger, drawing: Drawing) -> GrayImage {
    let mut dice = Dice(person.wrapping_mul(16).wrapping_add(u64::from(finger.position())));
    let whorl = dice.next() < 0.5;
    let core = (160.0 + dice.between(-14.0, 14.0), 190.0 + dice.between(-16.0, 16.0));
    // 0.45 mm from ridge to ridge.
    let period = dice.between(8.4, 9.6);
    let squeeze = dice.between(1.15, 1.5);
    let lean = dice.between(-0.25, 0.25);
    let arch = dice.between(0.55, 1.1);
    let waves = [dice.between(0.0, 6.3), dice.between(0.0, 6.3), dice.between(1.5, 4.0)];
    let minutiae: Vec<(f64, f64, f64)> = (0..28)
        .map(|_| {
            let sense = if dice.next() < 0.5 { -1.0 } else { 1.0 };
            (dice.between(45.0, 275.0), dice.between(50.0, 350.0), sense)
        })
        .collect();
    let mut grain = Dice(person ^ 0x5EED);

    GrayImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let bend = waves[2] * ((x / 70.0 + waves[0]).sin() + (y / 80.0 + waves[1]).cos());
        let (dx, dy) = (x - core.0 + bend, y - core.1 + lean * (x - core.0));
        let distance = if whorl {
            (dx * squeeze).hypot(dy)
        } else {
            // Lines that rise over the core and are flat below.
            dy + arch * 60.0 * (-(dx / 75.0).powi(2)).exp() * (1.0 / (1.0 + (dy / 45.0).exp()))
        };
        let turns: f64 = minutiae.iter().map(|(mx, my, sense)| sense * (y - my).atan2(x - mx)).sum();
        let wave = (std::f64::consts::TAU * distance / period + turns).cos();
        // The tip is an ellipse that fades over some pixels.
        let edge = ((x - 160.0) / (142.0 * drawing.touched)).hypot((y - 200.0) / (186.0 * drawing.touched));
        let touched = (1.0 / (1.0 + ((edge - 1.0) * 28.0).exp())).clamp(0.0, 1.0);
        let ridge = 0.5 + 0.5 * wave.clamp(-0.8, 0.8) / 0.8;
        let noise = grain.between(-1.0, 1.0) * drawing.noise;
        let ink = touched * (drawing.contrast * ridge + (1.0 - drawing.contrast) * 0.5 + noise);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
        let grey = (245.0 - 215.0 * ink).clamp(0.0, 255.0) as u8;
        image::Luma([grey])
    })
}

/// A splitmix sequence.
struct Dice(u64);

impl Dice {
    /// The next value in 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}
