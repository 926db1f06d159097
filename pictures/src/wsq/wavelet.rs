//! The inverse of the symmetric wavelet transform in one dimension.

/// Synthesis filters by distance from their centre, made from the analysis filters of the file:
/// f0(m) = (-1)^m h1(m), f1(m) = (-1)^m h0(m).
#[derive(Clone, Debug)]
pub(super) struct Filters {
    low: Vec<f32>,
    high: Vec<f32>,
}

impl Filters {
    pub(super) fn of_analysis(low: &[f32], high: &[f32]) -> Self {
        let alternate = |half: &[f32]| {
            half.iter().enumerate().map(|(m, value)| if m % 2 == 0 { *value } else { -*value }).collect()
        };
        Self { low: alternate(high), high: alternate(low) }
    }
}

/// Joins the two halves of a line of the plane in place: `(first, step, length)` says where its samples lie. Low-pass
/// samples belong to the even places, high-pass samples to the odd ones, and the line is mirrored at its first and last
/// sample.
pub(super) fn join(
    plane: &mut [f32],
    (first, step, length): (usize, usize, usize),
    backwards: bool,
    filters: &Filters,
    line: &mut Vec<f32>,
) {
    // A single sample was never split.
    if length < 2 {
        return;
    }
    let place = |index: usize| first.saturating_add(index.saturating_mul(step));
    let (lows, highs) = (length.div_ceil(2), length / 2);
    let (low_start, high_start) = if backwards { (highs, 0) } else { (0, lows) };
    line.clear();
    for index in 0..length {
        let half = index / 2;
        let start = if index % 2 == 0 { low_start } else { high_start };
        line.push(plane.get(place(start.saturating_add(half))).copied().unwrap_or(0.0));
    }
    let reach = filters.low.len().max(filters.high.len());
    for index in 0..length {
        let mut sum = 0.0;
        // Distance 0 once, every other distance on both sides.
        for distance in 0..reach {
            // Even places hold low-pass samples; mirroring at a sample keeps parity, on both sides.
            let even = index.wrapping_add(distance) % 2 == 0;
            let filter = if even { &filters.low } else { &filters.high };
            let Some(factor) = filter.get(distance) else { continue };
            let right = mirrored(index.saturating_add(distance), length);
            sum += factor * line.get(right).copied().unwrap_or(0.0);
            if distance > 0 {
                let left = mirrored(index.abs_diff(distance), length);
                sum += factor * line.get(left).copied().unwrap_or(0.0);
            }
        }
        if let Some(sample) = plane.get_mut(place(index)) {
            *sample = sum;
        }
    }
}

/// The place of a sample that lies beyond the end of a line of at least two.
fn mirrored(index: usize, length: usize) -> usize {
    let last = length.saturating_sub(1);
    let period = last.saturating_mul(2);
    let within = index.checked_rem(period).unwrap_or(0);
    if within > last { period.saturating_sub(within) } else { within }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 9/7 filters of the specification (table A.1), right halves.
    const LOW: [f32; 5] = [0.852_698_7, 0.377_402_85, -0.110_624_4, -0.023_849_465, 0.037_828_456];
    const HIGH: [f32; 4] = [0.788_485_6, -0.418_092_27, -0.040_689_416, 0.064_538_88];

    /// The forward transform of the specification: each filter at each second place of the mirrored line.
    fn split(line: &[f32]) -> Vec<f32> {
        let length = i64::try_from(line.len()).unwrap();
        let at = |index: i64| {
            let period = 2 * (length - 1);
            let within = index.rem_euclid(period);
            line[usize::try_from(if within >= length { period - within } else { within }).unwrap()]
        };
        let filtered = |half: &[f32], centre: i64| -> f32 {
            let reach = i64::try_from(half.len()).unwrap();
            (1 - reach..reach).map(|m| half[usize::try_from(m.abs()).unwrap()] * at(centre + m)).sum()
        };
        let lows = (0..length).step_by(2).map(|centre| filtered(&LOW, centre));
        let highs = (1..length).step_by(2).map(|centre| filtered(&HIGH, centre));
        lows.chain(highs).collect()
    }

    #[test]
    fn what_was_split_is_joined() {
        let filters = Filters::of_analysis(&LOW, &HIGH);
        for length in [2, 3, 4, 5, 8, 9, 16, 77] {
            let line: Vec<f32> = (0..length).map(|i: u16| f32::from(i * 37 % 101) - 50.0).collect();
            for backwards in [false, true] {
                let mut bands = split(&line);
                if backwards {
                    bands.rotate_left(line.len().div_ceil(2));
                }
                join(&mut bands, (0, 1, line.len()), backwards, &filters, &mut Vec::new());
                for (joined, original) in bands.iter().zip(&line) {
                    assert!((joined - original).abs() < 1e-3, "{length} {backwards}");
                }
            }
        }
    }
}
