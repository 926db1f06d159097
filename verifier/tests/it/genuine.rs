//! A genuine card, read in every way that it can be.

use cccd_card_profile::apdu::{StatusWord, Trace};
use cccd_card_profile::lds::dir::Dir;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::pace::{PaceOffer, PaceProtocol, Password};
use cccd_card_profile::tlv;
use cccd_verifier::evidence::{AccessProtocol, PasswordKind};
use cccd_verifier::inspection::{ExtendedLength, ReadError, Step};
use cccd_verifier::session::{BlockSizes, FileError, PaceAttempt, Session};
use cccd_verifier::{Access, Check, Decision, Status, inspect};
use cccd_virtual_chip::Profile;
use cccd_virtual_chip::lab::File;

use crate::card::{CAN, Card, Situation, can, card_data, decided, options, rng};

/// The list that the first milestone of the house fixes.
#[test]
fn everything_passes_but_what_is_not_used_or_not_read() {
    let judgement = Situation::of(Card::genuine().read()).judge();
    let others: Vec<(&str, &str, &str)> = judgement
        .findings
        .iter()
        .filter(|finding| !finding.is_passed())
        .map(|f| (f.check.code(), f.status.code(), f.reason.map_or("-", |reason| reason.code())))
        .collect();
    assert_eq!(
        others,
        [
            ("passive.deviation", "not_applicable", "no-deviation-list"),
            ("chip.pace-cam", "not_applicable", "protocol-not-offered"),
            ("lds.com-sod-consistent", "unavailable", "not-read"),
            ("access.bac", "not_applicable", "protocol-not-used"),
            ("access.terminal-authentication", "not_applicable", "protocol-not-used"),
            ("holder.portrait", "unavailable", "not-compared"),
        ]
    );
    assert_eq!(judgement.findings.len(), Check::ALL.len());
    assert_eq!(decided(&judgement), ("accepted", "-", "-"));
    let statements = serde_json::to_value(&judgement.statements).unwrap();
    let expected = serde_json::json!({
        "data": "authentic", "chip": "genuine", "trust": "known", "register": "agrees", "bearer": "not-compared"
    });
    assert_eq!(statements, expected);
    let name = judgement.document.full_name.unwrap();
    assert_eq!((name.value.as_str(), name.authentic, name.source), ("Nguyễn Văn An", true, "DG13"));
    assert!(judgement.document.portrait.unwrap().authentic);
}

/// A floor of 16 for a whole CCCD with extended length, and EF.ATR/INFO: no header is peeked at, no file selected.
#[test]
fn a_whole_card_takes_seventeen_apdus() {
    let card = Card::genuine();
    let mut trace = Trace::new(card.chip());
    let mut steps = Vec::new();
    let evidence =
        inspect(&mut trace, &can(), &options(), &mut rng(9), &mut |progress| steps.push(progress)).unwrap();
    assert!(evidence.complete);
    assert_eq!(trace.counters().apdus, 17);
    assert!(steps.iter().all(|progress| progress.done <= progress.total), "{steps:?}");
    assert_eq!(steps.last().map(|progress| progress.step), Some(Step::Done));
}

#[test]
fn links_without_extended_length_give_the_same_evidence() {
    let long = Card::genuine().read();
    let by_choice = Card::genuine().read_with(&options().extended_length(ExtendedLength::Never)).unwrap();
    assert_eq!(by_choice.files, long.files);
    assert_eq!(decided(&Situation::of(by_choice).judge()).0, "accepted");
    // The chip announces extended length, and the reader between does not carry it: after the first refusal the
    // chip is opened again, and everything read in short pieces.
    let refused = Card::genuine().short_only().read();
    assert_eq!(refused.files, long.files);
    assert_eq!(decided(&Situation::of(refused).judge()).0, "accepted");
}

#[test]
fn a_card_on_p256_with_ecdsa_is_accepted() {
    let judgement = Situation::of(Card::of_profile(Profile::P256).read()).judge();
    assert_eq!(decided(&judgement), ("accepted", "-", "-"));
}

/// Vietnam's zone tells the CAN; a zone without a personal number opens by itself.
#[test]
fn the_zone_opens_by_pace_too() {
    let card = Card::genuine();
    let mrz = card_data().mrz().unwrap();
    let by_number = Access::mrz(&mrz);
    let by_zone = Access::mrz_information(mrz.information(), mrz.information());
    for (access, password) in [(by_number, PasswordKind::Can), (by_zone, PasswordKind::Mrz)] {
        let evidence = inspect(card.chip(), &access, &options(), &mut rng(9), &mut |_| {}).unwrap();
        assert_eq!(evidence.access.protocol, AccessProtocol::Pace);
        assert_eq!(evidence.access.password, Some(password));
        assert_eq!(decided(&Situation::of(evidence).judge()).0, "accepted");
    }
}

#[test]
fn a_thorough_reading_judges_ef_com() {
    let judgement = Situation::of(Card::genuine().read_with(&options().thorough(true)).unwrap()).judge();
    let com = judgement.findings.iter().find(|finding| finding.check == Check::ComSodConsistent).unwrap();
    assert_eq!(com.status, Status::Passed);
    assert_eq!(judgement.verdict.decision, Decision::Accepted);
}

#[test]
fn a_wrong_password_is_an_error_and_no_finding() {
    let card = Card::genuine();
    let access = Access::can("999999").unwrap();
    let error = inspect(card.chip(), &access, &options(), &mut rng(9), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ReadError::WrongPassword), "{error}");
    let other = Access::can("999999").unwrap().or_mrz(&card_data().mrz().unwrap());
    // A weaker protocol is not tried with what would fit: whoever asks for the CAN is told that it is wrong.
    let error = inspect(card.chip(), &other, &options(), &mut rng(9), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ReadError::WrongPassword), "{error}");
}

/// EF.DIR before anything, EF.CardSecurity after PACE and before the application is selected: there its identifier is
/// that of EF.SOD.
#[test]
fn files_of_the_master_file_are_read_where_they_stand() {
    let directory = Dir::lds1().to_bytes();
    let security = tlv::encode(0x30, &[0x53; 3000]);
    let card = Card::altered(|bench| {
        bench.add(File::Dir, directory.clone()).unwrap();
        bench.add(File::CardSecurity, security.clone()).unwrap();
    });
    for card in [card.chip(), Card::genuine().chip()] {
        let mut session = Session::connect(card);
        let has = session.read_dir().unwrap();
        let offer = PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, DomainParameters::BrainpoolP256r1);
        let password = &Password::can(CAN).unwrap();
        let attempt = PaceAttempt { offer, several: false, password, blocks: BlockSizes::SHORT };
        let mut session = session.pace_in_master_file(&attempt, &mut rng(3)).unwrap();
        let read = session.read_file(File::CardSecurity, BlockSizes::SHORT);
        match has {
            Some(found) => assert_eq!((found, read.unwrap()), (directory.clone(), security.clone())),
            None => assert_eq!(read, Err(FileError::Refused(StatusWord::FILE_NOT_FOUND))),
        }
        let mut session = session.select_application().unwrap();
        let sod = session.read_file(File::Sod, BlockSizes::SHORT).unwrap();
        assert_eq!(Some(sod), Card::genuine().read().files.sod);
    }
}
