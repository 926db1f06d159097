//! Portraits that are as they should be, and each fault made on purpose: what is said of it, and that nothing else is.

use std::path::Path;

use cccd_issuer::application::{Application, Portrait, State};
use cccd_issuer::portrait_quality::{Assessment, FaceFinder, Rules, Weight, annotated, assess};
use cccd_issuer::station::IssueError;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use proptest::prelude::*;

use crate::support::{NUMBER, Office, application, drawn};

fn seen(picture: &RgbImage) -> Assessment {
    assess(picture, &FaceFinder::new().unwrap(), &Rules::default())
}

/// The codes that ask for another picture.
fn retakes(picture: &RgbImage) -> Vec<&'static str> {
    seen(picture).retakes().map(|remark| remark.code).collect()
}

/// All codes.
fn remarks(picture: &RgbImage) -> Vec<&'static str> {
    seen(picture).remarks.iter().map(|remark| remark.code).collect()
}

fn face() -> RgbImage {
    decoded(&drawn::draw(2, true, 40).unwrap())
}

fn decoded(file: &[u8]) -> RgbImage {
    image::load_from_memory(file).unwrap().to_rgb8()
}

/// The one portrait of a real person: a picture in the public domain, from outside the project.
fn astronaut() -> Option<RgbImage> {
    let Some(folder) = std::env::var_os("CCCD_FOREIGN_DATA") else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return None;
    };
    let file = Path::new(&folder).join("biometrics/portraits/pd_astronaut_413x531.jpg");
    Some(decoded(&std::fs::read(file).unwrap()))
}

fn lit(picture: &RgbImage, change: impl Fn(f64) -> f64) -> RgbImage {
    let mut picture = picture.clone();
    for channel in picture.pixels_mut().flat_map(|pixel| pixel.0.iter_mut()) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        {
            *channel = change(f64::from(*channel)).clamp(0.0, 255.0) as u8;
        }
    }
    picture
}

/// Moved by so many pixels; what comes in from outside is the edge's colour.
fn moved(picture: &RgbImage, right: i32, down: i32) -> RgbImage {
    placed(picture, |x, y| (x - f64::from(right), y - f64::from(down)))
}

/// Turned clockwise about the middle.
fn turned(picture: &RgbImage, degrees: f64) -> RgbImage {
    let middle = (f64::from(picture.width()) / 2.0, f64::from(picture.height()) / 2.0);
    let (sine, cosine) = degrees.to_radians().sin_cos();
    placed(picture, |x, y| {
        let (x, y) = (x - middle.0, y - middle.1);
        (x * cosine + y * sine + middle.0, y * cosine - x * sine + middle.1)
    })
}

/// The person so many times as near.
fn nearer(picture: &RgbImage, times: f64) -> RgbImage {
    let middle = (f64::from(picture.width()) / 2.0, f64::from(picture.height()) * 0.45);
    placed(picture, |x, y| ((x - middle.0) / times + middle.0, (y - middle.1) / times + middle.1))
}

fn placed(picture: &RgbImage, from: impl Fn(f64, f64) -> (f64, f64)) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (x, y) = from(f64::from(x), f64::from(y));
        let inside = |value: f64, size: u32| value.clamp(0.0, f64::from(size - 1));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        *picture.get_pixel(inside(x, picture.width()) as u32, inside(y, picture.height()) as u32)
    })
}

fn beside(one: &RgbImage, other: &RgbImage) -> RgbImage {
    let (width, height) = (one.width(), one.height());
    let mut both = RgbImage::new(2 * width, height);
    imageops::replace(&mut both, one, 0, 0);
    imageops::replace(&mut both, other, i64::from(width), 0);
    both
}

#[test]
fn drawn_people_of_every_age_can_be_printed() {
    for seed in 0..24 {
        let age = [7, 20, 40, 70][usize::try_from(seed % 4).unwrap()];
        let picture = decoded(&drawn::draw(seed, seed % 3 == 0, age).unwrap());
        let seen = seen(&picture);
        assert!(seen.is_usable(), "{seed}: {:?}", seen.remarks);
        assert_eq!(seen.measured.faces, 1, "{seed}");
    }
}

#[test]
fn each_fault_of_a_drawn_portrait_is_named() {
    let face = face();
    assert_eq!(remarks(&face), Vec::<&str>::new());
    let flat = RgbImage::from_pixel(480, 640, Rgb([200, 190, 180]));
    assert_eq!(retakes(&flat), ["no-face"]);
    assert_eq!(retakes(&lit(&face, |light| light * 0.3)), ["too-dark"]);
    assert_eq!(retakes(&lit(&face, |light| light * 0.3 + 178.0)), ["too-bright"]);
    assert_eq!(retakes(&lit(&face, |light| light * 1.25)), ["burnt-out"]);
    assert_eq!(retakes(&lit(&face, |light| light * 0.25 + 110.0)), ["no-contrast"]);
    assert_eq!(retakes(&imageops::blur(&face, 5.0)), ["blurred"]);
    assert_eq!(retakes(&moved(&face, 110, 0)), ["face-aside"]);
    assert_eq!(retakes(&moved(&face, -110, 0)), ["face-aside"]);
    assert_eq!(retakes(&moved(&face, 0, 150)), ["face-high-or-low"]);
    assert_eq!(retakes(&nearer(&face, 0.5)), ["face-too-small"]);
    assert_eq!(retakes(&nearer(&face, 1.6)), ["face-too-large"]);
    assert!(retakes(&beside(&face, &face)).contains(&"several-faces"));
    assert_eq!(retakes(&imageops::rotate180(&face)), ["no-face"]);
    assert!(remarks(&imageops::resize(&face, 240, 320, FilterType::Triangle)).contains(&"too-few-pixels"));
    let grey = image::DynamicImage::ImageRgb8(face.clone()).grayscale().to_rgb8();
    assert_eq!(remarks(&grey), ["no-colour"]);
    let mut blue = face.clone();
    blue.pixels_mut().for_each(|pixel| pixel.0.swap(0, 2));
    assert_eq!(remarks(&blue), ["colour-cast"]);
    let mut wall = face.clone();
    for (x, y, pixel) in wall.enumerate_pixels_mut() {
        if y < 160 && !(100..380).contains(&x) && (x / 20 + y / 20) % 2 == 0 {
            *pixel = Rgb([40, 40, 40]);
        }
    }
    assert_eq!(remarks(&wall), ["background-uneven"]);
    let half = RgbImage::from_fn(480, 640, |x, y| {
        let pixel = *face.get_pixel(x, y);
        if x < 240 { Rgb(pixel.0.map(|channel| channel / 2)) } else { pixel }
    });
    assert_eq!(remarks(&half), ["uneven-light"]);
}

#[test]
fn a_leaning_head_is_measured_in_degrees() {
    let face = face();
    for degrees in [-20.0, -14.0, -6.0, 0.0, 6.0, 14.0, 20.0] {
        let seen = seen(&turned(&face, degrees));
        assert!((seen.measured.tilt - degrees).abs() <= 3.0, "{degrees}: {}", seen.measured.tilt);
        let said =
            seen.remarks.iter().find(|remark| remark.code == "head-tilted").map(|remark| remark.weight);
        let expected = (f64::abs(degrees) > 8.0).then_some(Weight::Retake);
        assert_eq!(said, expected, "{degrees}");
    }
}

#[test]
fn a_real_portrait_and_its_faults() {
    let Some(person) = astronaut() else { return };
    let good = seen(&person);
    assert!(good.is_usable(), "{:?}", good.remarks);
    // A flag and a spacecraft stand behind her.
    assert!(good.remarks.iter().any(|remark| remark.code == "background-uneven"), "{:?}", good.remarks);
    assert!(good.measured.score > 20.0, "{:?}", good.measured);
    assert_eq!(retakes(&lit(&person, |light| light * 0.3)), ["too-dark"]);
    assert_eq!(retakes(&imageops::blur(&person, 2.5)), ["blurred"]);
    assert_eq!(retakes(&moved(&person, -70, 0)), ["face-aside"]);
    assert_eq!(retakes(&nearer(&person, 0.6)), ["face-too-small"]);
    assert!(retakes(&turned(&person, 16.0)).contains(&"head-tilted"));
    assert_eq!(retakes(&turned(&person, 40.0)), ["no-face"]);
    assert!(retakes(&beside(&person, &person)).contains(&"several-faces"));
    // A picture of a quarter of the pixels, blown up.
    let small = imageops::resize(&person, 103, 132, FilterType::Triangle);
    assert_eq!(retakes(&imageops::resize(&small, 413, 531, FilterType::Triangle)), ["blurred"]);
}

#[test]
fn a_remark_names_its_measure_and_its_limit_in_both_languages() {
    let seen = seen(&lit(&face(), |light| light * 0.3));
    let remark = seen.retakes().next().unwrap();
    assert!(remark.measured < remark.limit && remark.limit == 60.0, "{remark:?}");
    for words in [&remark.vietnamese, &remark.english] {
        assert!(words.contains(&format!("{:.0}", remark.measured)) && words.contains("60"), "{words}");
    }
}

#[test]
fn the_picture_shows_where_the_face_stands_and_where_it_should() {
    let face = face();
    let seen = seen(&face);
    let picture = annotated(&face, &seen, &Rules::default());
    assert_eq!(picture.dimensions(), face.dimensions());
    let frame = seen.measured.face.unwrap();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the picture")]
    let left = ((frame.across - frame.width / 2.0) * 480.0) as u32;
    assert_eq!(picture.get_pixel(left, 290), &Rgb([20, 150, 70]));
    let differing = picture.pixels().zip(face.pixels()).filter(|(one, other)| one != other).count();
    assert!((1000..20_000).contains(&differing), "{differing}");
}

/// An application with this portrait.
fn with(picture: &RgbImage) -> Application {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    Application { portrait: png.into_inner(), ..application(NUMBER, "first-issue") }
}

#[test]
fn a_portrait_to_be_taken_again_is_not_captured_until_an_officer_says_why() {
    let mut office = Office::new();
    let mut blurred = with(&imageops::blur(&face(), 5.0));
    let refused = office.station().take_in(&blurred).unwrap_err();
    assert_eq!(refused.code(), "portrait-retake");
    assert!(refused.is_refusal() && refused.to_string().contains("hold still"), "{refused}");
    assert!(matches!(&refused, IssueError::PortraitQuality(seen) if seen.retakes().count() == 1));
    assert_eq!(office.ledger.open_of(NUMBER).unwrap().unwrap().state, State::Received);

    blurred.portrait_accepted = Some("  ".to_owned());
    assert_eq!(office.station().take_in(&blurred).unwrap_err().code(), "portrait-retake");
    blurred.portrait_accepted = Some("the applicant's hands tremble; third attempt".to_owned());
    let entry = office.station().take_in(&blurred).unwrap().entry;
    assert_eq!((entry.state, entry.captured_by.as_deref()), (State::Captured, Some("officer-1")));
    let actions = office.ledger.actions(entry.id).unwrap();
    assert_eq!(actions.last().unwrap().action, "capture");
    assert_eq!(actions.last().unwrap().reason, blurred.portrait_accepted);
}

#[test]
fn a_good_portrait_needs_no_reason_and_none_is_kept() {
    let mut office = Office::new();
    let mut good = with(&face());
    good.portrait_accepted = Some("for nothing".to_owned());
    let entry = office.station().take_in(&good).unwrap().entry;
    assert_eq!(entry.state, State::Captured);
    assert_eq!(office.ledger.actions(entry.id).unwrap().last().unwrap().reason, None);
}

#[test]
fn another_picture_takes_the_place_of_the_one_that_was_refused() {
    let mut office = Office::new();
    office.station().take_in(&with(&nearer(&face(), 0.5))).unwrap_err();
    let entry = office.station().take_in(&with(&face())).unwrap().entry;
    assert_eq!(entry.state, State::Captured);
    assert_eq!(office.ledger.open_of(NUMBER).unwrap().unwrap().id, entry.id);
}

#[test]
fn a_bomb_is_refused_before_anything_is_measured() {
    let mut office = Office::new();
    // A PNG's header of 60,000 × 60,000 pixels.
    let mut bomb = with(&face());
    bomb.portrait[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    assert!(matches!(office.station().take_in(&bomb), Err(IssueError::Portrait(_))));
    assert!(office.ledger.open_of(NUMBER).unwrap().is_none());
    // As large as is taken: one measure for all sizes.
    let large = imageops::resize(&face(), 2400, 3200, FilterType::Triangle);
    let portrait = Portrait::from_file(&with(&large).portrait).unwrap();
    assert!(!seen(&portrait.picture().unwrap()).retakes().any(|remark| remark.code == "no-face"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_picture_of_any_shape_is_measured(
        width in 1_u32..300, height in 1_u32..300, seed in any::<u32>(), coarse in 1_u32..40,
    ) {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let mut value = seed ^ (x / coarse).wrapping_mul(0x9E37_79B1) ^ (y / coarse).wrapping_mul(0x85EB_CA77);
            value ^= value >> 15;
            let value = value.wrapping_mul(0x2C1B_3C6D);
            let [red, green, blue, _] = value.to_be_bytes();
            Rgb([red, green, blue])
        });
        let seen = seen(&picture);
        let measured = &seen.measured;
        for value in [measured.light, measured.contrast, measured.sharpness, measured.colour, measured.background] {
            prop_assert!(value.is_finite() && value >= 0.0, "{measured:?}");
        }
        prop_assert!(measured.tilt.abs() <= 30.0);
        let rules = Rules::default();
        prop_assert_eq!(annotated(&picture, &seen, &rules).dimensions(), picture.dimensions());
    }
}
