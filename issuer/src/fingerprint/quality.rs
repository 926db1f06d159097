//! How good a print is, from the structure of its ridges. **This is not NFIQ 2** (ISO/IEC 29794-4): it is a small measure of
//! our own, made to catch a finger that was dry, smeared, half laid on or not there at all while the person still stands
//! at the desk. It says nothing about how a matcher will do.
//!
//! The print is cut into blocks of 16 × 16 pixels (0.8 mm). A block is **touched** when its light varies; it is **clear** when
//! its light varies enough, its gradients agree on one direction (coherence of the structure tensor), and the ridges
//! across that direction are as far apart as ridges are.

use image::GrayImage;

use super::PrintImage;

/// Side of a block.
const BLOCK: u32 = 16;

/// A block is touched from this standard deviation of light on.
const TOUCHED: f64 = 7.0;

/// A clear block: standard deviation of light, coherence, and distance between ridges in pixels (0.25 to 0.8 mm).
const CONTRAST: f64 = 18.0;
const COHERENCE: f64 = 0.55;
const PERIOD: (f64, f64) = (5.0, 16.0);

/// The area of clear ridges from which on more is not better, in mm²: a fingertip laid flat.
const ENOUGH: f64 = 120.0;

/// A block's area in mm².
const BLOCK_AREA: f64 = (16.0 * 25.4 / 500.0) * (16.0 * 25.4 / 500.0);

/// Below this a print is taken again.
pub const RETAKE_BELOW: u8 = 40;

/// Below this an officer looks whether it can be better.
pub const LOOK_BELOW: u8 = 65;

/// What was measured of the ridges.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Ridges {
    /// The area that touched, in mm².
    pub touched: f64,
    /// The area of clear ridges, in mm².
    pub clear: f64,
    /// Mean coherence of the touched blocks, 0 to 1.
    pub coherence: f64,
    /// Mean standard deviation of light of the touched blocks.
    pub contrast: f64,
    /// The middle distance between ridges of the clear blocks, in pixels; 0 without any.
    pub period: f64,
}

/// A score and what it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PrintQuality {
    /// 0 to 100: how much of what touched is clear, and whether enough is.
    pub score: u8,
    /// What was measured.
    pub ridges: Ridges,
    /// What to do better, if anything.
    pub advice: Option<Advice>,
}

/// What an officer tells the applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Nothing that looks like ridges.
    NoFinger,
    /// Too little of the finger.
    LayFlat,
    /// Too little contrast.
    Moisten,
    /// Ridges run into each other or are smeared.
    HoldStill,
}

impl Advice {
    /// Stable reason code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFinger => "no-finger",
            Self::LayFlat => "little-area",
            Self::Moisten => "faint-ridges",
            Self::HoldStill => "smeared-ridges",
        }
    }

    /// What to do.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::NoFinger => "không thấy vân tay: đặt ngón tay lên mặt kính",
            Self::LayFlat => "vân tay quá nhỏ: đặt phẳng cả đầu ngón",
            Self::Moisten => "vân tay quá mờ: làm ẩm ngón tay, ấn mạnh hơn một chút",
            Self::HoldStill => "vân tay bị nhòe: lau sạch ngón tay và mặt kính, giữ yên",
        }
    }

    /// The same in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::NoFinger => "no ridges are seen: lay the finger on the glass",
            Self::LayFlat => "too little of the finger is seen: lay the whole tip flat",
            Self::Moisten => "the ridges are faint: moisten the finger, press a little more",
            Self::HoldStill => "the ridges are smeared: clean finger and glass, hold still",
        }
    }
}

impl PrintQuality {
    /// Whether it need not be taken again.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.score >= RETAKE_BELOW
    }
}

struct Block {
    contrast: f64,
    coherence: f64,
    period: Option<f64>,
}

impl Block {
    fn is_clear(&self) -> bool {
        self.contrast >= CONTRAST
            && self.coherence >= COHERENCE
            && self.period.is_some_and(|period| (PERIOD.0..=PERIOD.1).contains(&period))
    }
}

/// Measures a print.
#[must_use]
pub fn assess(print: &PrintImage) -> PrintQuality {
    let grey = print.grey();
    let mut touched = Vec::new();
    for row in 0..grey.height() / BLOCK {
        for column in 0..grey.width() / BLOCK {
            let block = block(grey, column * BLOCK, row * BLOCK);
            if block.contrast >= TOUCHED {
                touched.push(block);
            }
        }
    }
    let clear: Vec<&Block> = touched.iter().filter(|block| block.is_clear()).collect();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let (touched_count, clear_count) = (count(touched.len()), count(clear.len()));
    let mean = |sum: f64| if touched.is_empty() { 0.0 } else { sum / touched_count };
    let mut periods: Vec<f64> = clear.iter().filter_map(|block| block.period).collect();
    periods.sort_by(f64::total_cmp);
    let ridges = Ridges {
        touched: touched_count * BLOCK_AREA,
        clear: clear_count * BLOCK_AREA,
        coherence: mean(touched.iter().map(|block| block.coherence).sum()),
        contrast: mean(touched.iter().map(|block| block.contrast).sum()),
        period: periods.get(periods.len() / 2).copied().unwrap_or_default(),
    };
    let share = mean(clear_count);
    let area = (ridges.clear / ENOUGH).min(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let score = (100.0 * share.sqrt() * area).round().clamp(0.0, 100.0) as u8;
    PrintQuality { score, ridges, advice: advice(score, &ridges, share) }
}

fn advice(score: u8, ridges: &Ridges, share: f64) -> Option<Advice> {
    if score >= LOOK_BELOW {
        None
    } else if ridges.clear < 5.0 && ridges.contrast < CONTRAST && ridges.touched < 20.0 {
        Some(Advice::NoFinger)
    } else if ridges.contrast < CONTRAST + 6.0 {
        Some(Advice::Moisten)
    } else if share < 0.6 {
        Some(Advice::HoldStill)
    } else {
        Some(Advice::LayFlat)
    }
}

fn block(grey: &GrayImage, left: u32, top: u32) -> Block {
    let at = |x: u32, y: u32| {
        let (x, y) = (x.min(grey.width() - 1), y.min(grey.height() - 1));
        f64::from(grey.get_pixel(x, y).0[0])
    };
    let (mut sum, mut squares) = (0.0, 0.0);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for y in top..top + BLOCK {
        for x in left..left + BLOCK {
            let light = at(x, y);
            sum += light;
            squares += light * light;
            // Sobel: noise of single pixels has no direction.
            let (l, r, u, d) = (x.saturating_sub(1), x + 1, y.saturating_sub(1), y + 1);
            let across = at(r, u) + 2.0 * at(r, y) + at(r, d) - at(l, u) - 2.0 * at(l, y) - at(l, d);
            let down = at(l, d) + 2.0 * at(x, d) + at(r, d) - at(l, u) - 2.0 * at(x, u) - at(r, u);
            xx += across * across;
            yy += down * down;
            xy += across * down;
        }
    }
    let count = f64::from(BLOCK * BLOCK);
    let mean = sum / count;
    let contrast = (squares / count - mean * mean).max(0.0).sqrt();
    let energy = xx + yy;
    let coherence = if energy > 0.0 { (xx - yy).hypot(2.0 * xy) / energy } else { 0.0 };
    let across_ridges = 0.5 * (2.0 * xy).atan2(xx - yy);
    let middle = (f64::from(left + BLOCK / 2), f64::from(top + BLOCK / 2));
    Block { contrast, coherence, period: period(&at, middle, across_ridges, mean) }
}

/// The distance between ridges along a line across them, 48 pixels long, each step the mean of five pixels along the ridge:
/// twice its length over how often the light passes its mean.
fn period(at: &dyn Fn(u32, u32) -> f64, middle: (f64, f64), angle: f64, mean: f64) -> Option<f64> {
    let (sine, cosine) = angle.sin_cos();
    let sample = |along: i32, beside: i32| {
        let (along, beside) = (f64::from(along), f64::from(beside));
        let x = middle.0 + along * cosine - beside * sine;
        let y = middle.1 + along * sine + beside * cosine;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the picture by `at`"
        )]
        at(x.max(0.0) as u32, y.max(0.0) as u32)
    };
    let line: Vec<f64> = (-24..24)
        .map(|along| (-2..=2).map(|beside| sample(along, beside)).sum::<f64>() / 5.0 - mean)
        .collect();
    let crossings: Vec<usize> = line
        .windows(2)
        .enumerate()
        .filter_map(|(index, pair)| {
            matches!(pair, [one, next] if (*one < 0.0) != (*next < 0.0)).then_some(index)
        })
        .collect();
    let (first, last) = (crossings.first()?, crossings.last()?);
    let halves = f64::from(u32::try_from(crossings.len() - 1).unwrap_or(u32::MAX));
    let length = f64::from(u32::try_from(last - first).unwrap_or(u32::MAX));
    (halves >= 2.0).then(|| 2.0 * length / halves)
}
