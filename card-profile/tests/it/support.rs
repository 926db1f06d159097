//! What several tests use.

use cccd_card_profile::card_holder::{BirthDate, CardData, CardHolder, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::date;

/// The bytes of a vector file: hexadecimal, white space ignored.
pub(crate) fn hex_bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).unwrap()
}

/// The fictitious person of the DG13 vector.
pub(crate) fn nguyen_van_an() -> CardData {
    let text = |text: &str| Some(text.to_owned());
    let holder = CardHolder {
        number: PersonalNumber::parse("079099000001").unwrap(),
        full_name: "Nguyễn Văn An".to_owned(),
        birth_date: BirthDate::Day(date(1999, 1, 15)),
        sex: Sex::Male,
        nationality: "Việt Nam".to_owned(),
        ethnic_group: text("Kinh"),
        religion: text("Không"),
        place_of_origin: text("Xã Mẫu, Huyện Mẫu, Tỉnh Mẫu"),
        residence: text("Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu"),
        birth_registration_place: text("Phường Mẫu, TP Mẫu"),
        identification_marks: text("Nốt ruồi C: 1cm trên sau mép phải"),
        father: text("Nguyễn Văn Cha"),
        mother: text("Trần Thị Mẹ"),
        spouse: None,
        old_number: None,
        cancelled_number: None,
    };
    CardData::new(holder, date(2022, 4, 20), text("0123456789ABCDEF")).unwrap()
}

/// A JPEG header of 413 × 531, enough for whoever does not decode the picture.
pub(crate) fn jpeg() -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10];
    file.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    file.extend([0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x02, 0x13, 0x01, 0x9D, 0x01, 0x01, 0x11, 0x00]);
    file.extend([0xFF, 0xDA, 0x00, 0x02, 0x55, 0xFF, 0xD9]);
    file
}

/// A JP2 file of 413 × 531 up to its codestream.
pub(crate) fn jp2() -> Vec<u8> {
    let mut file = b"\0\0\0\x0CjP  \r\n\x87\n".to_vec();
    file.extend(b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 ");
    file.extend(b"\0\0\0\x1Ejp2h\0\0\0\x16ihdr\0\0\x02\x13\0\0\x01\x9D\0\x03\x07\x07\0\0");
    file.extend(b"\0\0\0\0jp2c\xFF\x4F\xFF\x51");
    file
}
