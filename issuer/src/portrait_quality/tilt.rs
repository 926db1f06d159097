//! How far a head leans: a face is nearly its own mirror image, and best so about its own axis.

use image::GrayImage;

/// Side of the turned copy of the face.
const SIDE: usize = 64;

/// The angles that are tried, in degrees: beyond them the finder sees no face.
const STEP: i32 = 2;
const WIDEST: i32 = 30;

/// How far the axis may lie from the copy's middle, in half pixels of the copy.
const SHIFT: isize = 10;

/// The angle, in degrees and clockwise, at which the drawing of the face (its edges, not its light) agrees best with its
/// mirror image.
pub(super) fn tilt(grey: &GrayImage, middle: (f64, f64), half: f64) -> f64 {
    let mut best = (-2.0, 0);
    for angle in (-WIDEST..=WIDEST).step_by(STEP.unsigned_abs() as usize) {
        let drawn = edges(&turned(grey, middle, half, f64::from(angle)));
        for shift in -SHIFT..=SHIFT {
            let agreement = mirrored(&drawn, shift);
            // Of two that are equally good, the straighter.
            if agreement > best.0 + 1e-9 || (agreement > best.0 - 1e-9 && angle.abs() < i32::abs(best.1)) {
                best = (agreement, angle);
            }
        }
    }
    f64::from(best.1)
}

/// The face turned back by an angle, on a small square.
fn turned(grey: &GrayImage, (across, down): (f64, f64), half: f64, angle: f64) -> Vec<f64> {
    let (sine, cosine) = angle.to_radians().sin_cos();
    let mut copy = Vec::with_capacity(SIDE * SIDE);
    let place = |step: usize| {
        let step = f64::from(u32::try_from(step).unwrap_or_default());
        let side = f64::from(u32::try_from(SIDE).unwrap_or(1));
        ((step + 0.5) / side * 2.0 - 1.0) * half
    };
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (x, y) = (place(column), place(row));
            copy.push(light(grey, across + x * cosine - y * sine, down + x * sine + y * cosine));
        }
    }
    copy
}

/// Light between pixels.
fn light(grey: &GrayImage, x: f64, y: f64) -> f64 {
    let inside = |value: f64, size: u32| value.clamp(0.0, f64::from(size.saturating_sub(1)));
    let (x, y) = (inside(x, grey.width()), inside(y, grey.height()));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
    let (left, top) = (x as u32, y as u32);
    let (a, b) = (x - f64::from(left), y - f64::from(top));
    let at = |x: u32, y: u32| {
        let (x, y) = (x.min(grey.width().saturating_sub(1)), y.min(grey.height().saturating_sub(1)));
        grey.get_pixel_checked(x, y).map_or(0.0, |pixel| f64::from(pixel.0[0]))
    };
    let row = |y: u32| at(left, y) * (1.0 - a) + at(left.saturating_add(1), y) * a;
    row(top) * (1.0 - b) + row(top.saturating_add(1)) * b
}

/// How much the light changes at each pixel.
fn edges(copy: &[f64]) -> Vec<f64> {
    let at = |index: usize| copy.get(index).copied().unwrap_or_default();
    (0..copy.len())
        .map(|index| {
            let (column, row) = (index % SIDE, index / SIDE);
            if column == 0 || row == 0 || column + 1 == SIDE || row + 1 == SIDE {
                return 0.0;
            }
            let across = at(index + 1) - at(index - 1);
            let down = at(index + SIDE) - at(index - SIDE);
            across.hypot(down)
        })
        .collect()
}

/// Correlation of the copy with its mirror image about an axis beside its middle.
fn mirrored(drawn: &[f64], shift: isize) -> f64 {
    let mut sums = [0.0_f64; 6];
    for row in drawn.chunks_exact(SIDE).skip(4).take(SIDE - 8) {
        for (column, left) in row.iter().enumerate() {
            let other = (SIDE - 1 - column).checked_add_signed(shift);
            let Some(right) = other.filter(|other| *other > column).and_then(|at| row.get(at)) else {
                continue;
            };
            for (sum, value) in
                sums.iter_mut().zip([1.0, *left, *right, left * left, right * right, left * right])
            {
                *sum += value;
            }
        }
    }
    let [count, left, right, left_2, right_2, both] = sums;
    if count < 1.0 {
        return -1.0;
    }
    let spread = |sum: f64, squares: f64| squares / count - (sum / count).powi(2);
    let spreads = (spread(left, left_2) * spread(right, right_2)).sqrt();
    if spreads > 1e-9 { (both / count - left / count * right / count) / spreads } else { -1.0 }
}
