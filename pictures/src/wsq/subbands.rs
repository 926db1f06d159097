//! The tree of splits, and the 64 subbands at its ends in the order of the file.
//!
//! A split gives four quadrants by rising frequency: low, high to the right, high below. The frequencies of a band that came
//! out of a high-pass run backwards, so in a quadrant on the right or below the order of the two filters is exchanged.

use super::segments::Bins;
use super::wavelet::{Filters, join};

/// Subbands of the tree. The last four are never coded.
pub(super) const SUBBANDS: usize = 64;

/// A rectangle of the plane.
#[derive(Clone, Copy, Debug)]
struct Band {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    /// Whether its frequencies run backwards, along the rows and along the columns.
    backwards: (bool, bool),
}

/// The splits of an image.
#[derive(Debug)]
pub(super) struct Tree {
    width: usize,
    /// Bands that are split, outer before inner.
    inner: Vec<Band>,
    /// Bands that are coded.
    leaves: Vec<Band>,
}

/// The low-pass takes the odd sample.
fn first_length(length: usize, backwards: bool) -> usize {
    if backwards { length / 2 } else { length.div_ceil(2) }
}

impl Tree {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let whole = Band { x: 0, y: 0, width, height, backwards: (false, false) };
        let mut tree = Self { width, inner: Vec::new(), leaves: Vec::new() };
        let [low, right, below, both] = tree.split(whole);
        let [low_2, right_2, below_2, both_2] = tree.split(low);
        let [low_3, right_3, below_3, both_3] = tree.split(low_2);
        let [low_4, right_4, below_4, both_4] = tree.split(low_3);
        let lowest = tree.split(low_4);
        tree.leaves.extend(lowest);
        tree.leaves.extend([right_4, below_4, both_4]);
        tree.split_into_leaves(&[right_3, below_3, both_3]);
        for band in [right_2, below_2] {
            let quarters = tree.split(band);
            tree.split_into_leaves(&quarters);
        }
        tree.leaves.push(both_2);
        tree.split_into_leaves(&[right, below, both]);
        tree
    }

    fn split(&mut self, band: Band) -> [Band; 4] {
        self.inner.push(band);
        let left = first_length(band.width, band.backwards.0);
        let top = first_length(band.height, band.backwards.1);
        let quarter = |right: bool, lower: bool| Band {
            x: if right { band.x.saturating_add(left) } else { band.x },
            y: if lower { band.y.saturating_add(top) } else { band.y },
            width: if right { band.width.saturating_sub(left) } else { left },
            height: if lower { band.height.saturating_sub(top) } else { top },
            backwards: (right, lower),
        };
        [quarter(false, false), quarter(true, false), quarter(false, true), quarter(true, true)]
    }

    fn split_into_leaves(&mut self, bands: &[Band]) {
        for band in bands {
            let quarters = self.split(*band);
            self.leaves.extend(quarters);
        }
    }

    /// How many coefficients the file must have.
    pub(super) fn coefficients(&self, bins: &Bins) -> usize {
        let coded = self.leaves.iter().zip(&bins.widths).filter(|(_, (width, _))| *width != 0.0);
        coded.fold(0, |sum, (band, _)| sum.saturating_add(band.width.saturating_mul(band.height)))
    }

    /// The plane of coefficients; subbands that are not coded are zero.
    pub(super) fn dequantize(&self, values: &[i32], bins: &Bins) -> Vec<f32> {
        let height = self.inner.first().map_or(0, |whole| whole.height);
        let mut plane = vec![0.0; self.width.saturating_mul(height)];
        let mut values = values.iter();
        for (band, (width, zero_width)) in self.leaves.iter().zip(&bins.widths) {
            if *width == 0.0 {
                continue;
            }
            for row in 0..band.height {
                let start = band.y.saturating_add(row).saturating_mul(self.width).saturating_add(band.x);
                let end = start.saturating_add(band.width);
                for (place, value) in
                    plane.get_mut(start..end).unwrap_or_default().iter_mut().zip(&mut values)
                {
                    *place = dequantized(*value, *width, *zero_width, bins.centre);
                }
            }
        }
        plane
    }

    /// Joins the quadrants, inner before outer, until the whole is the image.
    pub(super) fn synthesize(&self, plane: &mut [f32], filters: &Filters) {
        let mut line = Vec::new();
        for band in self.inner.iter().rev() {
            let start = band.y.saturating_mul(self.width).saturating_add(band.x);
            for column in 0..band.width {
                let first = start.saturating_add(column);
                join(plane, (first, self.width, band.height), band.backwards.1, filters, &mut line);
            }
            for row in 0..band.height {
                let first = start.saturating_add(row.saturating_mul(self.width));
                join(plane, (first, 1, band.width), band.backwards.0, filters, &mut line);
            }
        }
    }
}

/// The value of a bin. Coefficients have 16 bits: exact in a float of 32.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most 16 bits")]
fn dequantized(value: i32, width: f32, zero_width: f32, centre: f32) -> f32 {
    match value {
        0 => 0.0,
        1.. => (value as f32 - centre) * width + zero_width / 2.0,
        _ => (value as f32 + centre) * width - zero_width / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_subbands_cover_the_image_once() {
        for (width, height) in [(620, 620), (541, 373), (65, 64), (33, 7), (1, 1)] {
            let tree = Tree::new(width, height);
            assert_eq!((tree.leaves.len(), tree.inner.len()), (SUBBANDS, 20 + 1));
            let mut covered = vec![0_u8; width * height];
            for band in &tree.leaves {
                for y in band.y..band.y + band.height {
                    for x in band.x..band.x + band.width {
                        covered[y * width + x] += 1;
                    }
                }
            }
            assert!(covered.iter().all(|times| *times == 1), "{width} × {height}");
        }
    }
}
