//! Drawn portraits of people who do not exist: a face of soft ellipses, varied by a seed, so that nothing of a real
//! person enters a card, a test or a picture of the demo.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};

const WIDTH: u32 = 480;
const HEIGHT: u32 = 640;

/// A passport-style portrait (480 × 640, JPEG) of an invented person.
///
/// # Errors
/// Only if the JPEG encoder fails.
pub fn draw(seed: u64, female: bool, age: u32) -> Result<Vec<u8>, image::ImageError> {
    let image = paint(seed, female, age);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 82).write_image(
        image.as_raw(),
        WIDTH,
        HEIGHT,
        ExtendedColorType::Rgb8,
    )?;
    Ok(jpeg)
}

type Colour = [f32; 3];

struct Variation(u64);

impl Variation {
    /// The next value in 0..1, from a splitmix sequence.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f32::from(u16::try_from((z ^ (z >> 31)) & 0xFFFF).unwrap_or_default()) / 65_535.0
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next()
    }
}

/// How far inside an ellipse a point lies: 1 inside, 0 outside, smooth over about two pixels.
fn ellipse(x: f32, y: f32, centre: (f32, f32), radius: (f32, f32)) -> f32 {
    let (dx, dy) = ((x - centre.0) / radius.0, (y - centre.1) / radius.1);
    let distance = ((dx * dx + dy * dy).sqrt() - 1.0) * radius.0.min(radius.1);
    (0.5 - distance / 2.0).clamp(0.0, 1.0)
}

fn blend(under: Colour, over: Colour, share: f32) -> Colour {
    std::array::from_fn(|i| under[i] + (over[i] - under[i]) * share)
}

fn paint(seed: u64, female: bool, age: u32) -> RgbImage {
    let mut v = Variation(seed);
    let skin = [v.between(206.0, 236.0), v.between(166.0, 192.0), v.between(132.0, 160.0)];
    let shade = skin.map(|c| c * 0.86);
    let grey = if age > 60 { v.between(0.5, 0.9) } else { 0.0 };
    let hair = blend([v.between(22.0, 48.0), v.between(18.0, 34.0), v.between(16.0, 30.0)], [198.0; 3], grey);
    // Grey hair is lighter than the brows of whoever has it.
    let brow_colour = blend(hair, [62.0, 50.0, 44.0], 0.75);
    let shirt = [v.between(40.0, 235.0), v.between(60.0, 235.0), v.between(80.0, 240.0)];
    let child = age < 15;
    let (rx, ry) = (v.between(100.0, 116.0), if child { 128.0 } else { v.between(134.0, 152.0) });
    let (cx, cy) = (240.0, 270.0);
    let eye = v.between(38.0, 48.0);
    let brow = v.between(2.5, 5.0);
    let mouth = v.between(26.0, 38.0);
    let nose = v.between(12.0, 17.0);
    let long_hair = female && v.next() > 0.25;

    RgbImage::from_fn(WIDTH, HEIGHT, |px, py| {
        #[expect(clippy::cast_precision_loss, reason = "480 and 640 are exact in f32")]
        let (x, y) = (px as f32, py as f32);
        let mut c = blend([214.0, 228.0, 240.0], [184.0, 206.0, 226.0], y / 640.0);
        if long_hair {
            c = blend(c, hair, ellipse(x, y, (cx, cy + 60.0), (rx + 42.0, ry + 110.0)));
        }
        c = blend(c, shirt, ellipse(x, y, (cx, 690.0), (218.0, 190.0)));
        c = blend(c, shade, ellipse(x, y, (cx, cy + ry + 20.0), (52.0, 88.0)));
        c = blend(c, shirt.map(|s| s * 0.82), ellipse(x, y, (cx, 556.0), (70.0, 30.0)));
        c = blend(c, shade, ellipse(x, y, (cx, 544.0), (56.0, 28.0)));
        for side in [-1.0, 1.0] {
            c = blend(c, shade, ellipse(x, y, (cx + side * (rx - 2.0), cy + 12.0), (16.0, 28.0)));
        }
        c = blend(c, hair, ellipse(x, y, (cx, cy - 26.0), (rx + 14.0, ry + 6.0)));
        let face = ellipse(x, y, (cx, cy + 14.0), (rx, ry))
            * (1.0 - ellipse(x, y, (cx, cy - ry + 6.0), (rx * 0.95, 48.0)));
        c = blend(c, blend(skin, shade, ((x - cx) / rx).abs().powi(3).min(1.0)), face);
        for side in [-1.0, 1.0] {
            let ex = cx + side * eye;
            c = blend(c, shade, 0.8 * ellipse(x, y, (ex, cy - 14.0), (30.0, 22.0)));
            c = blend(c, brow_colour, ellipse(x, y, (ex, cy - 34.0), (26.0, brow)));
            c = blend(c, [58.0, 44.0, 40.0], ellipse(x, y, (ex, cy - 14.0), (21.0, 7.0)));
            c = blend(c, [250.0, 250.0, 248.0], ellipse(x, y, (ex, cy - 8.0), (20.0, 9.0)));
            c = blend(c, [34.0, 24.0, 20.0], ellipse(x, y, (ex, cy - 8.0), (8.5, 8.5)));
            c = blend(c, [255.0; 3], ellipse(x, y, (ex + 3.0, cy - 11.0), (2.5, 2.5)));
        }
        c = blend(c, shade, ellipse(x, y, (cx, cy + 40.0), (nose, 9.0)));
        c = blend(c, [176.0, 84.0, 82.0], ellipse(x, y, (cx, cy + 86.0), (mouth, 8.0)));
        c = blend(c, [140.0, 58.0, 60.0], ellipse(x, y, (cx, cy + 85.0), (mouth - 3.0, 1.6)));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
        Rgb(c.map(|value| value.clamp(0.0, 255.0).round() as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portrait_is_a_jpeg_of_passport_shape_and_differs_by_seed() {
        let one = draw(1, true, 30).unwrap();
        let decoded = image::load_from_memory(&one).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (480, 640));
        assert_ne!(one, draw(2, true, 30).unwrap());
        assert_eq!(one, draw(1, true, 30).unwrap());
    }
}
