//! The portrait with two frames: where the face stands, and where it should.

use image::{Rgb, RgbImage};

use super::{Assessment, FaceBox, Rules};

const GOOD: Rgb<u8> = Rgb([20, 150, 70]);
const BAD: Rgb<u8> = Rgb([200, 30, 40]);
const WANTED: Rgb<u8> = Rgb([40, 90, 200]);

/// Draws the face's frame (green when the portrait is usable, red when it must be taken again) and, dashed in blue, the
/// frame of a face that stands as the rules want it.
#[must_use]
pub fn annotated(portrait: &RgbImage, assessment: &Assessment, rules: &Rules) -> RgbImage {
    let mut picture = portrait.clone();
    let middle = |(from, to): (f64, f64)| f64::midpoint(from, to);
    let ratio = f64::from(portrait.width()) / f64::from(portrait.height().max(1));
    let width = middle(rules.face_width);
    let wanted = FaceBox { across: 0.5, down: middle(rules.down), width, height: width * ratio };
    frame(&mut picture, wanted, WANTED, true);
    if let Some(face) = assessment.measured.face {
        frame(&mut picture, face, if assessment.is_usable() { GOOD } else { BAD }, false);
    }
    picture
}

fn frame(picture: &mut RgbImage, face: FaceBox, colour: Rgb<u8>, dashed: bool) {
    let (width, height) = (picture.width(), picture.height());
    let place = |share: f64, of: u32| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
        {
            (share * f64::from(of)).clamp(0.0, f64::from(of.saturating_sub(1))) as u32
        }
    };
    let (left, right) =
        (place(face.across - face.width / 2.0, width), place(face.across + face.width / 2.0, width));
    let (top, bottom) =
        (place(face.down - face.height / 2.0, height), place(face.down + face.height / 2.0, height));
    let thick = (width / 160).max(2);
    let dash = thick * 5;
    let mut dot = |x: u32, y: u32, along: u32| {
        if dashed && (along / dash) % 2 == 1 {
            return;
        }
        if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
            *pixel = colour;
        }
    };
    for step in 0..thick {
        for x in left..=right {
            dot(x, top + step, x);
            dot(x, bottom.saturating_sub(step), x);
        }
        for y in top..=bottom {
            dot(left + step, y, y);
            dot(right.saturating_sub(step), y, y);
        }
    }
}
