//! The card leaves and comes back: the reading goes on where it stopped, with the same card and no other.

use std::sync::OnceLock;

use cccd_card_profile::apdu::{LinkLost, Trace, Transport};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::sod::HashCheck;
use cccd_verifier::evidence::ChipAuthenticationOutcome;
use cccd_verifier::inspection::{Arrived, ExtendedLength, Progress, ReadError, Step};
use cccd_verifier::{Access, Evidence, InspectionOptions, Reading, Tap};
use cccd_virtual_chip::lab::File;
use cccd_virtual_chip::{Chip, Profile};

use crate::card::{CAN, Card, Situation, can, card_data, decided, options, rng};
use crate::pace_variants;

/// The link is lost at the command of this number, before the chip has it or before its answer is heard.
struct Torn<'a> {
    chip: &'a mut Chip,
    left: usize,
    delivered: bool,
}

impl Transport for Torn<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.chip.transmit(command)
            }
            None => {
                if self.delivered {
                    self.chip.transmit(command)?;
                }
                Err(LinkLost::new("lifted"))
            }
        }
    }
}

fn tap(reading: &mut Reading, link: impl Transport, access: &Access) -> Result<Tap, ReadError> {
    reading.tap(link, |_| Ok(()), access, &mut rng(9), &mut |_| {})
}

/// A reading that was torn at this command.
fn torn(chip: &mut Chip, options: &InspectionOptions, left: usize, delivered: bool) -> Option<Reading> {
    let mut reading = Reading::new(options.clone());
    chip.reset();
    let ended = tap(&mut reading, Torn { chip: &mut *chip, left, delivered }, &can()).unwrap();
    chip.reset();
    matches!(ended, Tap::Lost(_)).then_some(reading)
}

fn whole() -> &'static Evidence {
    static WHOLE: OnceLock<Evidence> = OnceLock::new();
    WHOLE.get_or_init(|| Card::of_profile(Profile::P256).read())
}

fn accepted(evidence: Evidence, what: &str) {
    assert_eq!(evidence.files, whole().files, "{what}");
    assert!(evidence.complete && evidence.active_authentication.is_some(), "{what}");
    let chip = evidence.chip_authentication.as_ref().map(|record| record.outcome);
    assert_eq!(chip, Some(ChipAuthenticationOutcome::Confirmed), "{what}");
    assert_eq!(decided(&Situation::of(evidence).judge()), ("accepted", "-", "-"), "{what}");
}

/// Enumerated: every command of a reading with extended length, delivered or not.
#[test]
fn torn_at_every_command_a_reading_goes_on_and_ends_as_if_nothing_had_been() {
    let card = Card::of_profile(Profile::P256);
    let mut chip = card.chip();
    let mut resumed = 0;
    for delivered in [false, true] {
        for left in 0.. {
            let Some(mut reading) = torn(&mut chip, &options(), left, delivered) else {
                assert_eq!(left, 17);
                break;
            };
            let knows_the_card = reading.evidence().files.sod.is_some();
            assert_eq!(tap(&mut reading, &mut chip, &can()), Ok(Tap::Done), "{left}");
            let evidence = reading.into_evidence();
            assert_eq!(evidence.interruptions, u32::from(knows_the_card), "{left}");
            resumed += evidence.interruptions;
            accepted(evidence, &format!("{left}, delivered: {delivered}"));
        }
    }
    assert!(resumed > 10, "{resumed}");
}

/// In short blocks a portrait takes eighty commands: none of them is made twice.
#[test]
fn a_file_goes_on_at_the_byte_where_it_stopped() {
    let card = Card::of_profile(Profile::P256);
    let mut chip = card.chip();
    let options = options().extended_length(ExtendedLength::Never);
    let mut trace = Trace::new(&mut chip);
    let mut reading = Reading::new(options.clone());
    assert_eq!(tap(&mut reading, &mut trace, &can()), Ok(Tap::Done));
    let all = usize::try_from(trace.counters().apdus).unwrap();
    drop(trace);
    for left in [60, 75, 90] {
        let mut reading = torn(&mut chip, &options, left, false).unwrap();
        assert!(reading.evidence().data_group(DataGroupNumber::DG2).is_none());
        let mut trace = Trace::new(&mut chip);
        assert_eq!(tap(&mut reading, &mut trace, &can()), Ok(Tap::Done));
        let again = usize::try_from(trace.counters().apdus).unwrap();
        // EF.CardAccess, PACE and SELECT, EF.SOD in short blocks, Chip Authentication, SELECT of the file: and then only what
        // was missing.
        let sod = reading.evidence().files.sod.as_ref().unwrap().len().div_ceil(223);
        assert_eq!(again, (all - left) + 7 + sod + 2 + 1, "{left} of {all}");
        accepted(reading.into_evidence(), "short");
    }
}

/// Torn, and torn again before the chip had shown that it is the same: the third tap has all.
#[test]
fn a_card_may_leave_more_than_once() {
    let card = Card::of_profile(Profile::P256);
    let mut chip = card.chip();
    for second in 0..14 {
        let mut reading = torn(&mut chip, &options(), 12, true).unwrap();
        let ended =
            tap(&mut reading, Torn { chip: &mut chip, left: second, delivered: true }, &can()).unwrap();
        assert!(matches!(ended, Tap::Lost(_)), "{second}");
        chip.reset();
        assert_eq!(tap(&mut reading, &mut chip, &can()), Ok(Tap::Done), "{second}");
        accepted(reading.into_evidence(), &second.to_string());
    }
}

#[test]
fn nobody_comes_back_and_the_evidence_says_that_it_is_not_whole() {
    let card = Card::of_profile(Profile::P256);
    let mut chip = card.chip();
    for left in 8..17 {
        let evidence = torn(&mut chip, &options(), left, true).unwrap().into_evidence();
        assert!(!evidence.complete);
        assert_eq!(decided(&Situation::of(evidence).judge()).0, "undetermined", "{left}");
    }
}

/// Another card on the reader: the reading is as it was, and goes on with the first one.
#[test]
fn another_card_is_told_and_nothing_of_it_kept() {
    let first = Card::of_profile(Profile::P256);
    // One that shows in the open that it is another; one that opens with the same number and shows it by its EF.SOD.
    let others = [
        Card::genuine(),
        Card::altered_p256(|bench| {
            let mut sod = bench.read(File::Sod).unwrap().to_vec();
            *sod.last_mut().unwrap() ^= 1;
            bench.replace(File::Sod, sod).unwrap();
        }),
    ];
    let mut chip = first.chip();
    for left in 10..17 {
        let mut reading = torn(&mut chip, &options(), left, false).unwrap();
        let before = reading.evidence().clone();
        for other in &others {
            assert_eq!(tap(&mut reading, other.chip(), &can()), Err(ReadError::OtherCard), "{left}");
            assert_eq!(reading.evidence(), &before, "{left}");
        }
        let stranger = Access::can("999999").unwrap();
        assert_eq!(tap(&mut reading, &mut chip, &stranger), Err(ReadError::OtherCard));
        chip.reset();
        assert_eq!(tap(&mut reading, &mut chip, &can()), Ok(Tap::Done));
        accepted(reading.into_evidence(), &left.to_string());
    }
}

/// The proof of the chip authentication mapping comes before EF.SOD: another card's goes with that card, lost or not.
#[test]
fn another_cards_mapping_is_not_kept() {
    let first = pace_variants::with_the_mapping();
    let other = pace_variants::with_the_mapping().with(|bench| {
        let mut sod = bench.read(File::Sod).unwrap().to_vec();
        *sod.last_mut().unwrap() ^= 1;
        bench.replace(File::Sod, sod).unwrap();
        bench.replace_private_keys(&mut rng(79)).unwrap();
    });
    let mut chip = first.chip();
    let mut reading = torn(&mut chip, &options(), 14, false).unwrap();
    let before = reading.evidence().clone();
    assert!(before.pace_chip_authentication.is_some() && before.files.sod.is_some());
    for left in 0..14 {
        let mut others = other.chip();
        let link = Torn { chip: &mut others, left, delivered: true };
        assert!(tap(&mut reading, link, &can()) != Ok(Tap::Done), "{left}");
        assert_eq!(reading.evidence(), &before, "{left}");
    }
    assert_eq!(tap(&mut reading, &mut chip, &can()), Ok(Tap::Done));
    assert!(reading.into_evidence().pace_chip_authentication.is_some());
}

/// A copy of the card laid on in its place has the same EF.SOD, and not the key.
#[test]
fn a_copy_in_the_place_of_the_card_is_found_out() {
    let card = Card::genuine();
    let copy = Card::altered(|bench| bench.replace_private_keys(&mut rng(77)).unwrap());
    for left in [11, 13, 14, 16] {
        let mut chip = card.chip();
        let mut reading = torn(&mut chip, &options(), left, true).unwrap();
        assert_eq!(tap(&mut reading, copy.chip(), &can()), Ok(Tap::Done));
        let evidence = reading.into_evidence();
        let judgement = Situation::of(evidence).judge();
        assert_eq!(
            decided(&judgement),
            ("refused", "chip.chip-authentication", "key-agreement-failed"),
            "{left}"
        );
    }
}

/// Pieces of two contents: the digest of EF.SOD tells, and the file is read anew.
#[test]
fn pieces_that_do_not_belong_together_are_not_taken_together() {
    let genuine = Card::genuine();
    let altered = Card::altered(|bench| {
        let mut portrait = bench.read(File::DataGroup(DataGroupNumber::DG2)).unwrap().to_vec();
        let middle = portrait.len() / 8;
        portrait[middle] ^= 1;
        bench.replace(File::DataGroup(DataGroupNumber::DG2), portrait).unwrap();
    });
    let short = options().extended_length(ExtendedLength::Never);
    // Begun with the altered content, ended with the genuine one: the genuine one alone is kept.
    let mut chip = altered.chip();
    let mut reading = torn(&mut chip, &short, 60, false).unwrap();
    assert_eq!(tap(&mut reading, genuine.chip(), &can()), Ok(Tap::Done));
    assert_eq!(decided(&Situation::of(reading.into_evidence()).judge()), ("accepted", "-", "-"));
    // The other way round the first piece is the genuine one, and the rest too: nothing of the altered byte is asked for.
    drop(chip);
    let mut chip = genuine.chip();
    let mut reading = torn(&mut chip, &short, 60, false).unwrap();
    assert_eq!(tap(&mut reading, altered.chip(), &can()), Ok(Tap::Done));
    assert_eq!(decided(&Situation::of(reading.into_evidence()).judge()), ("accepted", "-", "-"));
}

/// A chip opened by PACE and later by BAC was opened by BAC.
#[test]
fn a_weaker_second_opening_is_what_is_told() {
    let card = Card::of_profile(Profile::P256);
    let mut chip = card.chip();
    let mut reading = torn(&mut chip, &options(), 12, false).unwrap();
    // On the second tap somebody breaks PACE on the way.
    struct NoPace<'a>(&'a mut Chip);
    impl Transport for NoPace<'_> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            if command.get(1) == Some(&0x86) && command[0] & 0x0C == 0 {
                Ok(vec![0x6A, 0x80])
            } else {
                self.0.transmit(command)
            }
        }
    }
    let zone = Access::can(CAN).unwrap().or_mrz(&card_data().mrz().unwrap());
    assert_eq!(tap(&mut reading, NoPace(&mut chip), &zone), Ok(Tap::Done));
    let judgement = Situation::of(reading.into_evidence()).judge();
    assert_eq!(decided(&judgement), ("refused", "access.downgrade", "protocol-downgrade"));
}

/// Digests are told as files arrive, a wrong one long before the reading is over.
#[test]
fn digests_are_told_as_files_arrive() {
    let told = |card: &Card| {
        let mut told: Vec<Progress> = Vec::new();
        let mut reading = Reading::new(options());
        let mut note = |progress| told.push(progress);
        reading.tap(card.chip(), |_| Ok(()), &can(), &mut rng(9), &mut note).unwrap();
        told
    };
    let arrived = |told: &[Progress]| -> Vec<(String, Option<HashCheck>)> {
        told.iter()
            .filter_map(|p| p.arrived)
            .map(|Arrived { file, digest, .. }| (file.name(), digest))
            .collect()
    };
    let files = ["EF.SOD", "EF.DG14", "EF.DG1", "EF.DG2", "EF.DG13", "EF.DG15"];
    let good = told(&Card::genuine());
    let expected: Vec<_> = files
        .iter()
        .map(|name| ((*name).to_owned(), (*name != "EF.SOD").then_some(HashCheck::Matches)))
        .collect();
    assert_eq!(arrived(&good), expected);
    let bad = Card::altered(|bench| bench.replace(File::DataGroup(DataGroupNumber::DG1), tlv_61()).unwrap());
    let bad = told(&bad);
    let (position, wrong) = bad
        .iter()
        .enumerate()
        .find(|(_, p)| p.arrived.is_some_and(|a| a.digest == Some(HashCheck::Differs)))
        .unwrap();
    assert_eq!(wrong.step, Step::Reading(File::DataGroup(DataGroupNumber::DG1)));
    assert!(bad[position..].iter().any(|p| p.step == Step::ActiveAuthentication));
}

fn tlv_61() -> Vec<u8> {
    cccd_card_profile::tlv::encode(0x61, b"nothing")
}
