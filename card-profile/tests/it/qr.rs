//! The text of the QR code.

use cccd_card_profile::card_holder::{BirthDate, CardData};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::qr::{Qr2024, QrError, QrField2024, QrLayout2024, ScannedQr};
use jiff::civil::date;

use crate::support::nguyen_van_an;

const WITH_OLD: &str =
    "079099000001|012345678|Nguyễn Văn An|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu|20042022";
const WITHOUT_OLD: &str =
    "079099000001||Nguyễn Văn An|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu|20042022";

#[test]
fn card_of_2021_byte_for_byte() {
    let mut card = nguyen_van_an();
    assert_eq!(card.qr_2021().text().as_deref(), Ok(WITHOUT_OLD));
    card.holder.old_number = Some("012345678".to_owned());
    assert_eq!(card.qr_2021().text().as_deref(), Ok(WITH_OLD));
    let read = ScannedQr::parse(WITH_OLD).unwrap();
    assert_eq!((read.base, read.rest.len()), (card.qr_2021(), 0));
}

#[test]
fn card_of_2024_in_the_order_that_is_assumed() {
    let mut card = nguyen_van_an();
    card.holder.cancelled_number = PersonalNumber::parse("001099000009").ok();
    let layout = QrLayout2024::default();
    let text = card.qr_2024().text(&layout).unwrap();
    assert_eq!(text, format!("{WITHOUT_OLD}|001099000009||"));
    let read = ScannedQr::parse(&text).unwrap();
    assert_eq!(read.rest, ["001099000009", "", ""]);
    assert_eq!(read.with_layout(&layout), card.qr_2024());

    let other = QrLayout2024 { trailing: vec![QrField2024::Mother, QrField2024::Father] };
    let child = Qr2024 { father: Some("Cha".to_owned()), mother: Some("Mẹ".to_owned()), ..card.qr_2024() };
    let text = child.text(&other).unwrap();
    assert!(text.ends_with("|Mẹ|Cha"));
    assert_eq!(ScannedQr::parse(&text).unwrap().with_layout(&other).father.as_deref(), Some("Cha"));
}

#[test]
fn parents_stand_on_a_childs_card_only() {
    let adult = nguyen_van_an();
    assert_eq!(adult.qr_2024().father, None);
    let mut holder = adult.holder;
    holder.birth_date = BirthDate::Day(date(2015, 1, 15));
    let child = CardData::new(holder, date(2024, 8, 1), None).unwrap();
    assert_eq!(child.qr_2024().father.as_deref(), Some("Nguyễn Văn Cha"));
}

#[test]
fn malformed_text() {
    let parse = |text: &str| ScannedQr::parse(text).map(|_| ());
    assert_eq!(parse("https://example.invalid/"), Err(QrError::TooFewFields { found: 1 }));
    assert_eq!(parse("079099000001||An|15011999|Nam|x"), Err(QrError::TooFewFields { found: 6 }));
    let field = |text: &str| match ScannedQr::parse(text) {
        Err(QrError::Field { number, .. }) => number,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(&WITHOUT_OLD.replace("079099000001", "79099000001")), 1);
    assert_eq!(field(&WITHOUT_OLD.replace("||", "|x|")), 2);
    assert_eq!(field(&WITHOUT_OLD.replace("Nguyễn Văn An", "")), 3);
    assert_eq!(field(&WITHOUT_OLD.replace("15011999", "31021999")), 4);
    assert_eq!(field(&WITHOUT_OLD.replace("Nam", "M")), 5);
    assert_eq!(field(&WITHOUT_OLD.replace("20042022", "2022")), 7);
    assert!(matches!(parse(&"|".repeat(5000)), Err(QrError::TooLong { length: 5000 })));
    let mut card = nguyen_van_an();
    card.holder.residence = Some("a|b".to_owned());
    assert_eq!(card.qr_2021().text(), Err(QrError::Separator));
}
