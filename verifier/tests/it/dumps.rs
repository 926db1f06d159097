//! Dumps of readings, replayed: a fault of the field becomes a test by copying its file into `tests/dumps/`.
//!
//! A dump is what `verifier read --trace FILE --trace-with-secrets` writes: commands, answers, and in its notes all that the
//! reader knew and drew. The reading is made again over it, command for command, and must end as it ended then.
//! `CCCD_WRITE_DUMPS=1` writes the dumps of the synthetic cards anew, after a change of what the reader asks.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cccd_card_profile::apdu::{LinkLost, Replay, Trace, TraceContent, Transport};
use cccd_card_profile::mrz::Mrz;
use cccd_verifier::inspection::ExtendedLength;
use cccd_verifier::recording::{Played, Recorded};
use cccd_verifier::{Access, InspectionOptions, Reading, Tap};
use cccd_virtual_chip::Profile;

use crate::card::{CAN, Card, NOW, at, card_data, rng};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dumps")
}

/// The options and the password that a dump's notes tell.
fn circumstances(note: impl Fn(&str) -> Option<String>) -> (InspectionOptions, Access) {
    let mut options = InspectionOptions::new(at(&note("at").unwrap()));
    if note("lengths").as_deref() == Some("short") {
        options = options.extended_length(ExtendedLength::Never);
    }
    options = options.thorough(note("thorough").as_deref() == Some("yes"));
    options = options.portrait(note("portrait").as_deref() != Some("no"));
    if let Some(atr) = note("atr") {
        options = options.answer_to_reset(hex::decode(atr).unwrap());
    }
    if let Some(nonce) = note("nonce") {
        options =
            options.nonce(Some(hex::decode(nonce).unwrap())).station(note("station").unwrap_or_default());
    }
    let access = match (note("can"), note("mrz")) {
        (Some(can), _) => Access::can(&can).unwrap(),
        (None, Some(zone)) => Access::mrz(&Mrz::parse(&zone).unwrap()),
        (None, None) => panic!("the dump has no password: it was made without --trace-with-secrets"),
    };
    (options, access)
}

/// Taps for as long as the reading asks for, and says how it ended.
fn outcome(
    link: &mut impl Transport,
    options: InspectionOptions,
    access: &Access,
    taps: usize,
    rng: &mut dyn rand_core::CryptoRng,
) -> (String, Option<String>) {
    let mut reading = Reading::new(options);
    let mut told = "incomplete".to_owned();
    for _ in 0..taps {
        match reading.tap(&mut *link, |_| Ok(()), access, rng, &mut |_| {}) {
            Ok(Tap::Done) if reading.evidence().complete => told = "complete".to_owned(),
            Ok(Tap::Lost(_)) if !reading.is_begun() => told = "card-lost".to_owned(),
            Ok(_) => told = "incomplete".to_owned(),
            Err(error) => told = error.code().to_owned(),
        }
    }
    (told, reading.evidence().sod_sha256().map(hex::encode))
}

#[test]
fn every_dump_ends_as_it_ended_in_the_field() {
    if std::env::var_os("CCCD_WRITE_DUMPS").is_some() {
        write_synthetic();
    }
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "apdu") {
            continue;
        }
        let name = path.display();
        let mut replay =
            Replay::parse(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let note = |key: &str| replay.note(key).map(str::to_owned);
        let (options, access) = circumstances(note);
        let taps = 1 + replay.notes().iter().filter(|(key, _)| key == "tap").count();
        let random = hex::decode(replay.note("random").unwrap()).unwrap();
        let expected = (note("outcome").unwrap(), note("sod-sha256"));
        let ended = outcome(&mut replay, options, &access, taps, &mut Played::new(&random));
        assert_eq!(ended, expected, "{name}");
        assert!(replay.is_finished(), "{name}: {replay:?}");
        count += 1;
    }
    assert!(count >= 4, "{count} dumps");
}

/// What the program writes, of synthetic cards: PACE and BAC, a torn reading that went on, a wrong password.
fn write_synthetic() {
    let zone = card_data().mrz().unwrap().lines().concat();
    let can = [("can", CAN)];
    let torn: &[usize] = &[11, usize::MAX];
    let whole: &[usize] = &[usize::MAX];
    let p256 = || Card::of_profile(Profile::P256);
    write("pace-extended", &p256(), &can, whole);
    write("bac-extended", &Card::without_pace(), &[("mrz", &zone)], whole);
    write("pace-short", &p256().short_only(), &can, whole);
    write("torn-and-resumed", &p256(), &can, torn);
    write("wrong-password", &p256(), &[("can", "999999")], whole);
}

fn write(name: &str, card: &Card, password: &[(&str, &str)], taps: &[usize]) {
    struct Torn<T>(T, usize);
    impl<T: Transport> Transport for Torn<T> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            match self.1.checked_sub(1) {
                Some(left) => {
                    self.1 = left;
                    self.0.transmit(command)
                }
                None => Err(LinkLost::new("lifted")),
            }
        }
    }
    let chip = card.chip();
    let atr = hex::encode_upper(chip.atr());
    let mut trace = Trace::with_content(Torn(chip, 0), TraceContent::AllBytes);
    let mut notes =
        vec![("atr", atr.as_str()), ("protocol", "T=1"), ("reader", "none, in this process"), ("at", NOW)];
    notes.extend([("lengths", "announced"), ("thorough", "no"), ("portrait", "no")]);
    notes.push(("SECRETS", "of a synthetic card: it opens the chip and holds everything that it says"));
    notes.extend(password);
    for (key, value) in &notes {
        trace.note(key, value);
    }
    let (options, access) = circumstances(|key| {
        notes.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
    });
    let mut rng = Recorded::new(rng(21));
    let mut reading = Reading::new(options);
    let mut told = String::new();
    for (number, left) in taps.iter().enumerate() {
        if number > 0 {
            trace.note("tap", "the card was laid on again");
        }
        trace.inner_mut().0.reset();
        trace.inner_mut().1 = *left;
        told.clear();
        let ended = match reading.tap(&mut trace, |_| Ok(()), &access, &mut rng, &mut |_| {}) {
            Ok(Tap::Done) if reading.evidence().complete => "complete",
            Ok(_) => "incomplete",
            Err(error) => error.code(),
        };
        let _ = write!(told, "{ended}");
    }
    trace.note("random", &hex::encode_upper(rng.drawn()));
    trace.note("outcome", &told);
    if let Some(digest) = reading.evidence().sod_sha256() {
        trace.note("sod-sha256", &hex::encode(digest));
    }
    std::fs::create_dir_all(folder()).unwrap();
    std::fs::write(folder().join(name).with_extension("apdu"), trace.dump()).unwrap();
}
