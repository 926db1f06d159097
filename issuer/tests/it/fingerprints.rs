//! Drawn prints, good and spoiled on purpose: what the measure says of them, and that no file is taken for what it is not.

use cccd_issuer::fingerprint::quality::{Advice, LOOK_BELOW, RETAKE_BELOW};
use cccd_issuer::fingerprint::synthetic::{Drawing, drawn, print, taken};
use cccd_issuer::fingerprint::{Finger, PrintError, PrintImage, PrintQuality, assess};
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use proptest::prelude::*;

fn measured(grey: GrayImage) -> PrintQuality {
    assess(&PrintImage::from_raw(grey.width(), grey.height(), grey.into_raw()).unwrap())
}

fn with(drawing: Drawing) -> PrintQuality {
    measured(drawn(1, Finger::LeftIndex, drawing))
}

#[test]
fn every_finger_of_everybody_drawn_is_good() {
    for person in 0..6 {
        for finger in Finger::ALL {
            let quality = measured(print(person, finger));
            assert!(quality.score >= 90, "{person} {finger}: {quality:?}");
            assert_eq!(quality.advice, None);
            // 0.35 to 0.55 mm from ridge to ridge, as drawn.
            assert!((6.5..=11.0).contains(&quality.ridges.period), "{person} {finger}: {quality:?}");
        }
    }
}

#[test]
fn people_and_fingers_have_prints_of_their_own() {
    let one = print(1, Finger::LeftIndex);
    assert_eq!(one, print(1, Finger::LeftIndex));
    assert_ne!(one, print(1, Finger::RightIndex));
    assert_ne!(one, print(2, Finger::LeftIndex));
}

#[test]
fn the_score_falls_with_area_contrast_and_noise() {
    let falls = |qualities: Vec<PrintQuality>| {
        let scores: Vec<u8> = qualities.iter().map(|quality| quality.score).collect();
        assert!(scores.is_sorted_by(|one, next| one >= next), "{scores:?}");
        assert!(scores[0] >= LOOK_BELOW && scores[scores.len() - 1] < RETAKE_BELOW, "{scores:?}");
        qualities.last().unwrap().advice.unwrap()
    };
    let good = Drawing::default();
    let area = [1.0, 0.6, 0.4, 0.3].map(|touched| with(Drawing { touched, ..good }));
    assert_eq!(falls(area.to_vec()), Advice::LayFlat);
    let contrast = [0.8, 0.3, 0.1, 0.03].map(|contrast| with(Drawing { contrast, ..good }));
    assert_eq!(falls(contrast.to_vec()), Advice::Moisten);
    let noise = [0.1, 0.3, 0.6, 1.0].map(|noise| with(Drawing { noise, ..good }));
    assert_eq!(falls(noise.to_vec()), Advice::HoldStill);
    let blur =
        [0.5, 1.0, 3.0, 5.0].map(|sigma| measured(imageops::blur(&print(1, Finger::LeftIndex), sigma)));
    falls(blur.to_vec());
}

#[test]
fn what_is_no_print_has_no_score() {
    let white = measured(GrayImage::from_pixel(320, 400, Luma([240])));
    assert_eq!((white.score, white.advice), (0, Some(Advice::NoFinger)));
    let mut seed = 1_u32;
    let noise = measured(GrayImage::from_fn(320, 400, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Luma([seed.to_be_bytes()[0]])
    }));
    assert!(noise.score < 5, "{noise:?}");
    // Stripes twice as wide as ridges are.
    let stripes = GrayImage::from_fn(320, 400, |x, _| Luma([if x % 40 < 20 { 40 } else { 220 }]));
    assert!(measured(stripes).score < RETAKE_BELOW);
    let face = crate::support::drawn::draw(1, true, 30).unwrap();
    let face = image::load_from_memory(&face).unwrap().to_luma8();
    assert!(measured(face).score < RETAKE_BELOW);
}

#[test]
fn a_print_comes_back_from_its_png_and_says_its_resolution() {
    let print = taken(3, Finger::RightThumb).unwrap();
    let png = print.to_png().unwrap();
    assert!(png.windows(4).any(|chunk| chunk == b"pHYs"));
    assert_eq!(PrintImage::from_png(&png).unwrap(), print);
    assert!(!format!("{print:?}").contains("[") && format!("{print:?}").len() < 40);
}

#[test]
fn files_that_are_no_prints_are_refused() {
    let good = taken(1, Finger::LeftIndex).unwrap().to_png().unwrap();
    let error = |file: &[u8]| PrintImage::from_png(file).unwrap_err();
    assert_eq!(error(b""), PrintError::NotAnImage);
    assert_eq!(error(b"\xFF\xD8\xFF\xE0 a JPEG"), PrintError::NotAnImage);
    // WSQ begins with SOI, FFA0.
    assert_eq!(error(&[0xFF, 0xA0, 0xFF, 0xA8, 0, 2]), PrintError::NotAnImage);
    for cut in [10, 40, 60, 200, good.len() - 20] {
        assert_eq!(error(&good[..cut]), PrintError::Damaged, "{cut}");
    }
    let of_resolution = |per_metre: u32| {
        let mut file = good.clone();
        let at = file.windows(4).position(|chunk| chunk == b"pHYs").unwrap() + 4;
        file[at..at + 4].copy_from_slice(&per_metre.to_be_bytes());
        file
    };
    assert_eq!(error(&of_resolution(39_370)), PrintError::Resolution(1000));
    assert_eq!(error(&of_resolution(11_811)), PrintError::Resolution(300));
    // A header of 60,000 × 60,000 pixels.
    let mut bomb = good.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    assert!(PrintImage::from_png(&bomb).is_err());
    assert_eq!(PrintImage::from_raw(320, 400, vec![0; 100]).unwrap_err(), PrintError::Length);
    assert!(matches!(PrintImage::from_raw(100, 400, vec![0; 40_000]), Err(PrintError::TooSmall { .. })));
    assert_eq!(PrintImage::from_raw(60_000, 60_000, Vec::new()).unwrap_err(), PrintError::TooLarge);
}

/// A print scanned at half the resolution without saying so: nothing but its size tells, and it is too small.
#[test]
fn half_a_resolution_is_half_a_finger() {
    let half = imageops::resize(&print(1, Finger::LeftIndex), 160, 200, FilterType::Triangle);
    assert!(matches!(
        PrintImage::from_raw(half.width(), half.height(), half.into_raw()),
        Err(PrintError::TooSmall { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_file_panics(start in prop::sample::select(vec![&b""[..], b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\x09pHYs"]), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(PrintImage::from_png(&[start, &rest[..]].concat()).is_err());
    }

    #[test]
    fn any_pixels_have_a_score(width in 180_u32..260, height in 180_u32..260, seed in any::<u32>(), step in 1_u32..9) {
        let grey = (0..width * height)
            .map(|place| (seed ^ (place / step)).wrapping_mul(0x9E37_79B1).to_be_bytes()[0])
            .collect();
        let quality = assess(&PrintImage::from_raw(width, height, grey).unwrap());
        prop_assert!(quality.score <= 100);
        let ridges = quality.ridges;
        prop_assert!(ridges.clear <= ridges.touched && (0.0..=1.0 + 1e-9).contains(&ridges.coherence));
    }

    #[test]
    fn the_score_does_not_know_up_from_down(person in 0_u64..40) {
        let print = print(person, Finger::RightIndex);
        let (one, other) = (measured(print.clone()), measured(imageops::rotate180(&print)));
        prop_assert!(one.score.abs_diff(other.score) <= 3, "{one:?} {other:?}");
    }
}
