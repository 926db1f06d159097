//! The machine readable zone: examples of Doc 9303 and of the profile.

use cccd_card_profile::card_holder::{BirthDate, CardData, CardHolder, Sex};
use cccd_card_profile::mrz::{CheckedField, Format, Mrz, MrzError, MrzInformation, check_digit};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::validity::Expiry;
use jiff::civil::{Date, date};

use crate::support::nguyen_van_an;

const TODAY: Date = date(2026, 11, 21);

#[test]
fn zone_of_a_cccd_byte_for_byte() {
    let zone = nguyen_van_an().mrz().unwrap();
    assert_eq!(
        zone.lines(),
        [
            "IDVNM0990000017079099000001<<7",
            "9901155M3901153VNM<<<<<<<<<<<6",
            "NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"
        ]
    );
    assert_eq!(zone.information().as_bytes(), b"099000001799011553901153");
    assert_eq!(zone.wrong_check_digits(), []);
    assert_eq!(zone.check_digits().len(), 5);
    assert_eq!(zone.birth_date(TODAY), Some(BirthDate::Day(date(1999, 1, 15))));
    assert_eq!(zone.expiry(TODAY), Some(Expiry::On(date(2039, 1, 15))));
    assert_eq!(zone.personal_number(), PersonalNumber::parse("079099000001").ok());
}

#[test]
fn zone_without_expiry_byte_for_byte() {
    let an = nguyen_van_an().holder;
    let holder = CardHolder {
        number: PersonalNumber::parse("001160000002").unwrap(),
        full_name: "Trần Thị Bình".to_owned(),
        birth_date: BirthDate::Day(date(1960, 5, 20)),
        sex: Sex::Female,
        ..an
    };
    let card = CardData::new(holder, date(2022, 4, 20), None).unwrap();
    assert_eq!(card.expiry, Expiry::Never);
    let zone = card.mrz().unwrap();
    assert_eq!(
        zone.lines(),
        [
            "IDVNM1600000027001160000002<<8",
            "6005203F9912315VNM<<<<<<<<<<<2",
            "TRAN<<THI<BINH<<<<<<<<<<<<<<<<"
        ]
    );
    assert_eq!(zone.information().as_bytes(), b"160000002760052039912315");
    assert_eq!(zone.expiry(TODAY), Some(Expiry::Never));
    assert_eq!((zone.name().primary.as_str(), zone.name().full().as_str()), ("TRAN", "TRAN THI BINH"));
    let known = MrzInformation::for_cccd(&card.holder.number, card.holder.birth_date, card.expiry);
    assert_eq!(known.as_bytes(), zone.information().as_bytes());
}

#[test]
fn the_number_settles_the_century() {
    let mut card = nguyen_van_an();
    card.holder.number = PersonalNumber::parse("079020000001").unwrap();
    card.holder.birth_date = BirthDate::Day(date(1920, 1, 15));
    assert_eq!(card.mrz().unwrap().birth_date(TODAY), Some(BirthDate::Day(date(1920, 1, 15))));
}

#[test]
fn a_birth_of_which_only_the_year_is_known() {
    let mut card = nguyen_van_an();
    card.holder.birth_date = BirthDate::Year(1999);
    let zone = card.mrz().unwrap();
    assert_eq!(zone.birth_date_field(), "99<<<<");
    assert_eq!(zone.birth_date(TODAY), Some(BirthDate::Year(1999)));
    assert_eq!(zone.wrong_check_digits(), []);
}

#[test]
fn td3_and_td2_of_the_standard() {
    // Doc 9303-4 appendix B
    let passport =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n";
    let zone = Mrz::parse(passport).unwrap();
    assert_eq!((zone.format(), zone.issuing_state(), zone.sex()), (Format::Td3, "UTO", Some(Sex::Female)));
    assert_eq!(zone.wrong_check_digits(), []);
    assert_eq!(zone.name().secondary, "ANNA MARIA");
    // Doc 9303-6 appendix B
    let card = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6";
    let zone = Mrz::parse(card).unwrap();
    assert_eq!((zone.format(), zone.document_number().as_str()), (Format::Td2, "D23145890"));
    assert_eq!(zone.wrong_check_digits(), []);
}

#[test]
fn key_seed_input_of_the_worked_examples() {
    // Doc 9303-11 appendix D.2: TD2, and TD1 with a document number longer than nine characters
    let td2 = "I<UTOSTEVENSON<<PETER<<<<<<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8";
    assert_eq!(Mrz::parse(td2).unwrap().information().as_bytes(), b"D23145890734934071279507122");
    let td1 =
        "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";
    let zone = Mrz::parse(td1).unwrap();
    assert_eq!(zone.document_number(), "D23145890734");
    assert_eq!(zone.information().as_bytes(), b"D23145890734934071279507122");
    // Doc 9303-11 appendix D.2: TD1, number of nine
    let short = MrzInformation::new("L898902C", "690806", "940623").unwrap();
    assert_eq!(short.as_bytes(), b"L898902C<369080619406236");
    assert!(MrzInformation::new("l898902c", "690806", "940623").is_err());
    assert!(MrzInformation::new("L898902C", "69086", "940623").is_err());
    assert_eq!(format!("{short:?}"), "MrzInformation(…)");
}

#[test]
fn wrong_digits_are_reported_not_rejected() {
    let zone = "IDVNM0990000018079099000001<<79901155M3901153VNM<<<<<<<<<<<5NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<";
    let wrong = Mrz::parse(zone).unwrap().wrong_check_digits();
    let fields: Vec<CheckedField> = wrong.iter().map(|digit| digit.field).collect();
    assert!(fields.contains(&CheckedField::DocumentNumber), "{fields:?}");
    assert_eq!((wrong[0].printed, wrong[0].computed), ('8', '7'));
    assert_eq!(check_digit("099000001"), Some('7'));
}

#[test]
fn text_that_is_no_zone() {
    assert_eq!(Mrz::parse(""), Err(MrzError::Length { found: 0, lines: 0 }));
    let lower = "idvnm0990000017079099000001<<79901155M3901153VNM<<<<<<<<<<<6NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<";
    assert_eq!(Mrz::parse(lower), Err(MrzError::Character { position: 0 }));
    let wrong_lines = format!("{}\n{}", "<".repeat(44), "<".repeat(46));
    assert_eq!(Mrz::parse(&wrong_lines), Err(MrzError::Length { found: 90, lines: 2 }));
    let mut card = nguyen_van_an();
    card.holder.full_name = "' -".to_owned();
    assert_eq!(card.mrz(), Err(MrzError::EmptyName));
}
