//! Which province of today a code means, without a map of places.
//!
//! The General Statistics Office numbered wards province by province, and neither mergers nor the map of 2025 moved a code
//! out of its run: 52 runs tell the province of all 10,599 wards of the last map of three levels and of all 3,321 of today.
//! Whether there is a ward behind a code, and which, only a map says.

use crate::generate::present_province;

/// First code, last code, province since 1 July 2025.
#[rustfmt::skip]
const RUNS: [(u32, u32, &str); 52] = [
    (1, 685, "01"), (688, 1264, "08"), (1267, 1831, "04"), (1834, 2197, "19"), (2200, 2632, "08"),
    (2635, 3121, "15"), (3124, 3385, "11"), (3386, 3643, "12"), (3646, 4246, "14"), (4249, 4786, "15"),
    (4789, 4924, "25"), (4927, 4939, "01"), (4942, 5428, "25"), (5431, 5968, "19"), (5971, 6646, "20"),
    (6649, 7198, "22"), (7201, 7885, "24"), (7888, 8971, "25"), (8973, 9022, "01"), (9025, 9160, "25"),
    (9163, 9535, "24"), (9538, 10504, "01"), (10507, 11948, "31"), (11950, 13282, "33"),
    (13285, 14752, "37"), (14755, 16660, "38"), (16663, 18064, "40"), (18070, 18850, "42"),
    (18853, 19742, "44"), (19750, 20191, "46"), (20194, 21007, "48"), (21010, 21548, "51"),
    (21550, 22012, "52"), (22015, 22324, "66"), (22327, 22912, "56"), (22915, 23278, "68"),
    (23281, 23554, "51"), (23557, 24115, "52"), (24118, 24610, "66"), (24611, 25192, "68"),
    (25195, 25453, "75"), (25456, 25738, "80"), (25741, 25990, "79"), (25993, 26503, "75"),
    (26506, 27682, "79"), (27685, 28246, "80"), (28249, 28753, "82"), (28756, 29860, "86"),
    (29863, 30277, "82"), (30280, 31115, "91"), (31117, 31810, "92"), (31813, 32248, "96"),
];

/// The province of today in which the ward with this code lies; `None` where no ward has such a code.
#[must_use]
pub fn of_ward(code: &str) -> Option<&'static str> {
    if code.len() != 5 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let code: u32 = code.parse().ok()?;
    RUNS.iter().find(|(first, last, _)| (*first..=*last).contains(&code)).map(|(.., province)| *province)
}

/// The province of today behind a province's code of two digits, on either map.
#[must_use]
pub fn today(code: &str) -> Option<&'static str> {
    if code.len() == 2 { present_province(&format!("0{code}")) } else { None }
}

/// The province of today behind the first three digits of a number; `None` for a country.
#[must_use]
pub fn of_number_place(digits: &str) -> Option<&'static str> {
    present_province(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wards_code_tells_its_province() {
        for (ward, province) in [
            ("00070", Some("01")),
            ("00706", Some("08")),
            ("10144", Some("01")),
            ("26734", Some("79")),
            ("32248", Some("96")),
            ("00000", None),
            ("32249", None),
            ("99999", None),
            ("0070", None),
            ("+0070", None),
        ] {
            assert_eq!(of_ward(ward), province, "{ward}");
        }
        assert!(RUNS.windows(2).all(|pair| pair[0].1 < pair[1].0), "in order, apart");
        assert!(RUNS.iter().all(|(.., province)| today(province) == Some(province)));
        // Hà Giang is part of Tuyên Quang.
        assert_eq!((today("02"), of_number_place("002"), today("00")), (Some("08"), Some("08"), None));
    }
}
