//! The field's habits, one by one: whatever a chip does, the files that come are the files that it has.

use std::sync::OnceLock;

use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_verifier::evidence::IncidentKind;
use cccd_verifier::inspection::ExtendedLength;
use cccd_verifier::{Access, Evidence, InspectionOptions, inspect};

use crate::card::{Card, can, card_data, options, rng};
use crate::field_chip::{FieldChip, Habits, Refusal};

fn genuine() -> &'static Evidence {
    static GENUINE: OnceLock<Evidence> = OnceLock::new();
    GENUINE.get_or_init(|| Card::genuine().read())
}

fn zone() -> Access {
    Access::mrz(&card_data().mrz().unwrap())
}

fn plain_options() -> InspectionOptions {
    options().without_chip_protocols()
}

/// As PC/SC makes it of a contactless chip whose historical bytes announce extended length, or do not.
fn atr(extended: bool) -> Vec<u8> {
    vec![0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x01, if extended { 0x40 } else { 0x00 }, 0]
}

fn announced(bytes: u32) -> Option<AtrInfo> {
    Some(AtrInfo::extended(bytes, bytes))
}

/// Reads such a chip: the evidence and the headers of all commands.
fn read(atr_info: Option<AtrInfo>, habits: Habits, options: &InspectionOptions) -> (Evidence, Vec<[u8; 4]>) {
    let mut chip = FieldChip::new(genuine(), atr_info, habits);
    let evidence = inspect(&mut chip, &zone(), options, &mut rng(9), &mut |_| {}).unwrap();
    (evidence, chip.commands)
}

#[test]
fn every_habit_gives_the_same_files() {
    let short = || Habits { extended: false, ..Habits::default() };
    let refusals = [
        Refusal::Naked(0x6700),
        Refusal::Naked(0x6A86),
        Refusal::Naked(0x6F00),
        Refusal::Protected(0x6700),
        Refusal::Protected(0x6A86),
        Refusal::Protected(0x6F00),
    ];
    let mut table: Vec<(String, Option<AtrInfo>, Habits)> = vec![
        ("short only".into(), None, short()),
        ("extended".into(), announced(65_535), Habits::default()),
        ("a buffer of 4 KiB".into(), announced(4_096), Habits::default()),
        ("announces extended length and does not take it".into(), announced(65_535), short()),
        ("no short identifiers".into(), None, Habits { short_identifiers: false, ..short() }),
        ("SELECT refuses Le".into(), None, Habits { select_with_le: Some(false), ..short() }),
        ("SELECT demands Le".into(), None, Habits { select_with_le: Some(true), ..short() }),
        (
            "6Cxx under protection".into(),
            announced(65_535),
            Habits { exact_length: true, ..Habits::default() },
        ),
        ("6Cxx, short".into(), None, Habits { exact_length: true, ..short() }),
        (
            "the end is not told".into(),
            announced(65_535),
            Habits { tells_the_end: false, ..Habits::default() },
        ),
        ("answers cut to 64 bytes by the link".into(), None, Habits { link: 64, ..short() }),
        (
            "answers cut by the link, extended".into(),
            announced(65_535),
            Habits { link: 256, ..Habits::default() },
        ),
        (
            "hands out 100 bytes at a time".into(),
            announced(65_535),
            Habits { at_a_time: 100, ..Habits::default() },
        ),
        ("hands out 20 bytes at a time".into(), None, Habits { at_a_time: 20, ..short() }),
    ];
    for refusal in refusals {
        for most in [224, 160, 112] {
            table.push((format!("refuses more than {most}"), None, Habits { most, refusal, ..short() }));
        }
        let extended = Habits { most: 1_000, refusal, ..Habits::default() };
        table.push(("refuses more than 1,000".into(), announced(65_535), extended));
    }
    for (name, atr_info, habits) in table {
        let (evidence, commands) = read(atr_info, habits, &plain_options());
        let mut expected = genuine().files.clone();
        expected.card_access = None;
        assert_eq!(evidence.files, expected, "{name}");
        assert!(evidence.complete, "{name}");
        let broke = evidence.secure_messaging.incidents.iter().any(|i| i.kind != IncidentKind::LengthRefused);
        assert!(!broke, "{name}: {:?}", evidence.secure_messaging.incidents);
        // 18,000 bytes in the smallest blocks, each answer in four pieces, and a few openings.
        assert!(commands.len() < 1_500, "{name}: {}", commands.len());
    }
}

/// A chip that takes no short blocks of 112 bytes gives nothing, and is not asked for ever.
#[test]
fn blocks_do_not_shrink_without_end() {
    for refusal in [Refusal::Naked(0x6700), Refusal::Protected(0x6700)] {
        let habits = Habits { most: 50, refusal, extended: false, ..Habits::default() };
        let (evidence, commands) = read(None, habits, &plain_options());
        assert!(evidence.files.sod.is_none() && evidence.files.data_groups.is_empty());
        assert!(commands.len() < 60, "{}", commands.len());
    }
}

/// Extended length is used where EF.ATR/INFO tells the buffer, where only the answer to reset announces it, and nowhere
/// else.
#[test]
fn extended_length_only_where_it_is_announced() {
    let reads = |atr_info: Option<AtrInfo>, options: &InspectionOptions| {
        let (evidence, commands) = read(atr_info, Habits::default(), options);
        assert!(evidence.complete);
        commands.iter().filter(|header| matches!(header[1], 0xB0 | 0xB1)).count()
    };
    let silent = plain_options();
    let by_reset = plain_options().answer_to_reset(atr(true));
    let refuted = plain_options().answer_to_reset(atr(false));
    let never = plain_options().answer_to_reset(atr(true)).extended_length(ExtendedLength::Never);
    let few = |count| (6..30).contains(&count);
    assert!(few(reads(announced(65_535), &silent)));
    assert!(few(reads(None, &by_reset)));
    // EF.ATR/INFO speaks for itself, whatever the reader made of the ATS.
    assert!(few(reads(announced(65_535), &refuted)));
    assert!(reads(Some(AtrInfo::default()), &by_reset) > 90);
    for (atr_info, options) in [(None, &silent), (None, &refuted), (announced(65_535), &never)] {
        assert!(reads(atr_info, options) > 90);
    }
}

/// A chip that has EF.CardAccess and gives it by SELECT only, with or without a SELECT of the master file before, must not
/// look like one without PACE.
#[test]
fn card_access_is_found_without_short_identifiers() {
    let file = genuine().files.card_access.clone().unwrap();
    for (short_identifiers, master_file) in [(true, false), (false, false), (false, true)] {
        let habits = Habits { short_identifiers, master_file, extended: false, ..Habits::default() };
        let mut chip = FieldChip::new(genuine(), None, habits).with_card_access(file.clone());
        // It has no PACE behind it: the reader tries, and does not get far.
        let outcome = inspect(&mut chip, &can(), &plain_options(), &mut rng(9), &mut |_| {});
        assert!(outcome.is_err());
        assert!(chip.commands.iter().any(|header| header[..2] == [0x00, 0x22]), "{:02X?}", chip.commands);
    }
}

/// The CCCD refuses SELECT of the master file with 6D00. It is never asked for on the way.
#[test]
fn the_master_file_of_a_good_chip_is_not_selected() {
    let (_, commands) = read(announced(65_535), Habits::default(), &plain_options());
    assert!(commands.iter().all(|header| header[..3] != [0x00, 0xA4, 0x00]), "{commands:02X?}");
    assert_eq!(commands.iter().filter(|header| header[1] == 0xA4).count(), 1);
}

/// A chip without EF.CardAccess that knows EF.ATR/INFO is believed: one command each.
#[test]
fn an_absent_card_access_costs_one_command() {
    let (_, commands) =
        read(Some(AtrInfo::default()), Habits { extended: false, ..Habits::default() }, &plain_options());
    assert_eq!(commands[..4], [[0, 0xB0, 0x9C, 0], [0, 0xB0, 0x81, 0], [0, 0xA4, 4, 0x0C], [0, 0x84, 0, 0]]);
}
