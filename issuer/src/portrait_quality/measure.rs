//! Numbers of a picture. Everything is measured on a copy of one size, so that a camera's pixels do not change the result
//! and time is bounded whatever comes in.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::imageops::{self, FilterType};
use image::{GrayImage, RgbImage};
use rustface::{FaceInfo, ImageData, Model};

use super::tilt::tilt;

/// The frontal model: see `assets/README.md`.
const MODEL: &[u8] = include_bytes!("../../assets/seeta_fd_frontal_v1.0.bin");

/// Width of the copy that is measured.
const WIDTH: u32 = 240;

/// The least face that is seen, in pixels of the copy: a fifth of the picture's width.
const LEAST_FACE: u32 = 48;

/// A face below this score is a pattern (of noise the best is 0.8, of a real face at 25° 5.8, upright 25).
const SURE: f64 = 1.5;

/// A second face must be surer: a pattern on a shirt is no second person.
const SECOND: f64 = 4.0;

/// Side of the face's copy on which sharpness is measured.
const FACE: u32 = 160;

/// Light at which a pixel says nothing any more.
const BURNT: u8 = 250;

/// Finds faces. Holds the model: make one and keep it.
pub struct FaceFinder {
    model: Model,
}

/// Where a face is, in shares of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FaceBox {
    /// Its middle from the left, as a share of the width.
    pub across: f64,
    /// Its middle from the top, as a share of the height.
    pub down: f64,
    /// Its width, as a share of the picture's width.
    pub width: f64,
    /// Its height, as a share of the picture's height.
    pub height: f64,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// How many faces are seen.
    pub faces: usize,
    /// The largest of them.
    pub face: Option<FaceBox>,
    /// How sure the finder is of the face; of noise 0.8 at most, of a good portrait 20 and more.
    pub score: f64,
    /// Pixels across the face, in the picture as it was taken.
    pub face_pixels: f64,
    /// How far the head leans, in degrees, clockwise; good to about 4.
    pub tilt: f64,
    /// Mean light of the face, of 255.
    pub light: f64,
    /// Share of the face without any drawing: light 250 or more.
    pub burnt: f64,
    /// Difference of light between the face's left and right half.
    pub uneven: f64,
    /// Standard deviation of light in the face.
    pub contrast: f64,
    /// Variance of the Laplacian over the variance of light, in the face at one size: fine detail beside all detail.
    pub sharpness: f64,
    /// Mean distance between the largest and smallest channel of a pixel.
    pub colour: f64,
    /// By how much red exceeds blue in the face.
    pub warmth: f64,
    /// Standard deviation of light in the strips beside the head, the larger of the two.
    pub background: f64,
}

impl FaceFinder {
    /// Reads the model that is built in.
    ///
    /// # Errors
    /// If the model is damaged: a broken build.
    pub fn new() -> std::io::Result<Self> {
        rustface::read_model(Cursor::new(MODEL)).map(|model| Self { model })
    }

    fn faces(&self, grey: &GrayImage) -> Vec<FaceInfo> {
        if grey.width().min(grey.height()) < LEAST_FACE {
            return Vec::new();
        }
        let mut detector = rustface::create_detector_with_model(self.model.clone());
        detector.set_min_face_size(LEAST_FACE);
        detector.set_score_thresh(SURE);
        detector.set_pyramid_scale_factor(0.8);
        detector.set_slide_window_step(4, 4);
        let grey = stretched(grey);
        // The finder is fed by strangers: a panic of it is a picture without a face.
        let found = catch_unwind(AssertUnwindSafe(|| {
            detector.detect(&ImageData::new(grey.as_raw(), grey.width(), grey.height()))
        }));
        let mut faces = found.unwrap_or_default();
        faces.sort_by(|one, other| other.score().total_cmp(&one.score()));
        let more = faces.iter().skip(1).take_while(|face| face.score() >= SECOND).count();
        faces.truncate(1 + more);
        // The applicant is the largest of those that are sure.
        faces.sort_by_key(|face| std::cmp::Reverse(face.bbox().width()));
        faces
    }
}

impl std::fmt::Debug for FaceFinder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaceFinder").finish_non_exhaustive()
    }
}

impl Measured {
    pub(super) fn of(portrait: &RgbImage, finder: &FaceFinder) -> Self {
        let height = u64::from(portrait.height()) * u64::from(WIDTH) / u64::from(portrait.width().max(1));
        let height = u32::try_from(height.clamp(1, u64::from(4 * WIDTH))).unwrap_or(WIDTH);
        let picture = imageops::resize(portrait, WIDTH, height, FilterType::Triangle);
        let grey = imageops::grayscale(&picture);
        let faces = finder.faces(&grey);
        let mut measured = Self {
            faces: faces.len(),
            face: None,
            score: 0.0,
            face_pixels: 0.0,
            tilt: 0.0,
            light: 0.0,
            burnt: 0.0,
            uneven: 0.0,
            contrast: 0.0,
            sharpness: 0.0,
            colour: colour(&picture),
            warmth: 0.0,
            background: background(&grey),
        };
        let Some(face) = faces.first() else { return measured };
        let (width, height) = (f64::from(WIDTH), f64::from(height));
        let frame = face.bbox();
        let (left, top) = (f64::from(frame.x()), f64::from(frame.y()));
        let (wide, high) = (f64::from(frame.width()), f64::from(frame.height()));
        measured.face = Some(FaceBox {
            across: (left + wide / 2.0) / width,
            down: (top + high / 2.0) / height,
            width: wide / width,
            height: high / height,
        });
        measured.score = face.score();
        // From the original, not from the copy: sharpness is what the copy would hide.
        let scale = f64::from(portrait.width()) / width;
        measured.face_pixels = wide * scale;
        let cut = cut_out(portrait, (left * scale, top * scale), (wide * scale, high * scale));
        measured.warmth = warmth(&cut);
        measured.of_face(&imageops::resize(&imageops::grayscale(&cut), FACE, FACE, FilterType::Triangle));
        measured.tilt = tilt(&grey, (left + wide / 2.0, top + high / 2.0), wide / 2.0);
        measured
    }

    fn of_face(&mut self, face: &GrayImage) {
        let all: Vec<f64> = face.pixels().map(|pixel| f64::from(pixel.0[0])).collect();
        let half = |left: bool| {
            mean(
                face.enumerate_pixels()
                    .filter(|(x, _, _)| (*x < FACE / 2) == left)
                    .map(|(_, _, pixel)| f64::from(pixel.0[0])),
            )
        };
        self.light = mean(all.iter().copied());
        self.burnt = mean(face.pixels().map(|pixel| f64::from(u8::from(pixel.0[0] >= BURNT))));
        self.uneven = (half(true) - half(false)).abs();
        let variance = variance(&all);
        self.contrast = variance.sqrt();
        let edges = laplacian(face);
        let fine = mean(edges.iter().map(|edge| edge * edge));
        self.sharpness = if variance > 1.0 { fine / variance } else { 0.0 };
    }
}

/// The same with its light spread over the whole range, so that a face is found in a dark picture, too, and can be called
/// dark; a hundredth at either end is left out.
fn stretched(grey: &GrayImage) -> GrayImage {
    let mut counts = [0_u32; 256];
    for pixel in grey.pixels() {
        if let Some(count) = counts.get_mut(usize::from(pixel.0[0])) {
            *count += 1;
        }
    }
    let hundredth = counts.iter().sum::<u32>() / 100;
    let end = |mut counts: &mut dyn Iterator<Item = (u8, u32)>| {
        let mut passed = 0;
        Iterator::find(&mut counts, |(_, count)| {
            passed += count;
            passed > hundredth
        })
    };
    let counted = || (0..=u8::MAX).zip(counts);
    let low = end(&mut counted()).map_or(0, |(light, _)| light);
    let high = end(&mut counted().rev()).map_or(u8::MAX, |(light, _)| light);
    let range = u32::from(high.saturating_sub(low)).max(1);
    let mut spread = grey.clone();
    for pixel in spread.pixels_mut() {
        let light = u32::from(pixel.0[0].saturating_sub(low)) * 255 / range;
        pixel.0[0] = u8::try_from(light).unwrap_or(u8::MAX);
    }
    spread
}

/// A part of a picture; where it reaches beyond, what is there.
fn cut_out(picture: &RgbImage, (left, top): (f64, f64), (wide, high): (f64, f64)) -> RgbImage {
    let whole = |value: f64| u32::try_from(rounded(value.max(0.0))).unwrap_or(u32::MAX);
    imageops::crop_imm(
        picture,
        whole(left).min(picture.width().saturating_sub(1)),
        whole(top).min(picture.height().saturating_sub(1)),
        whole(wide).max(1),
        whole(high).max(1),
    )
    .to_image()
}

fn rounded(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "pixels of a portrait")]
    {
        value.round().clamp(0.0, 1e6) as i64
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    mean(values.iter().map(|value| (value - middle).powi(2)))
}

/// The discrete Laplacian of four neighbours.
fn laplacian(grey: &GrayImage) -> Vec<f64> {
    let at = |x: u32, y: u32| grey.get_pixel_checked(x, y).map(|pixel| f64::from(pixel.0[0]));
    grey.enumerate_pixels()
        .filter_map(|(x, y, pixel)| {
            let around =
                at(x.checked_sub(1)?, y)? + at(x + 1, y)? + at(x, y.checked_sub(1)?)? + at(x, y + 1)?;
            Some(around - 4.0 * f64::from(pixel.0[0]))
        })
        .collect()
}

fn colour(picture: &RgbImage) -> f64 {
    mean(picture.pixels().map(|pixel| {
        let [red, green, blue] = pixel.0;
        f64::from(red.max(green).max(blue) - red.min(green).min(blue))
    }))
}

fn warmth(face: &RgbImage) -> f64 {
    mean(face.pixels().map(|pixel| f64::from(pixel.0[0]) - f64::from(pixel.0[2])))
}

/// The two strips beside the head, an eighth of the width each, down to two fifths of the height: above the shoulders.
fn background(grey: &GrayImage) -> f64 {
    let (wide, high) = (grey.width() / 8, grey.height() * 2 / 5);
    let strip = |from: u32| {
        let part = imageops::crop_imm(grey, from, 0, wide.max(1), high.max(1)).to_image();
        variance(&part.pixels().map(|pixel| f64::from(pixel.0[0])).collect::<Vec<_>>()).sqrt()
    };
    strip(0).max(strip(grey.width().saturating_sub(wide.max(1))))
}
