//! Bodies that talk: any sequence of commands to a chip, any sequence of answers to the reader.
//!
//! An input is cut into messages: a length byte (`FF` + two bytes for long ones), then that many bytes.

use std::cell::RefCell;

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_hw_tests::specimen;
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::EvidenceFile;
use cccd_verifier::{Access, InspectionOptions, Reading, inspect};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::Body;

/// More messages than this are not played.
const MOST: usize = 64;

/// All bodies that talk.
pub const BODIES: &[Body] = &[
    Body { name: "chip-blank", seeds: commands, run: |bytes| play(&mut blank(), bytes) },
    Body { name: "chip-locked", seeds: commands, run: locked },
    Body { name: "reader-hostile-answers", seeds: answers, run: hostile },
    Body { name: "reader-resumed-answers", seeds: answers, run: resumed },
    Body {
        name: "evidence",
        seeds: evidence,
        run: |bytes| drop(EvidenceFile::open(bytes, &TrustStore::new())),
    },
];

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn messages(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while found.len() < MOST {
        let Some((&first, rest)) = bytes.split_first() else { break };
        let (length, rest) = match (first, rest.split_first_chunk::<2>()) {
            (0xFF, Some((long, rest))) => (usize::from(u16::from_be_bytes(*long)), rest),
            _ => (usize::from(first), rest),
        };
        let (message, rest) = rest.split_at(length.min(rest.len()));
        found.push(message);
        bytes = rest;
    }
    found
}

pub(crate) fn join(messages: &[&[u8]]) -> Vec<u8> {
    messages.iter().flat_map(|m| [&[u8::try_from(m.len()).unwrap_or(0xFE)][..], m].concat()).collect()
}

fn blank() -> Chip {
    Chip::in_memory(ChipState::blank([7; 10], Profile::P256), Box::new(rng(1)))
}

fn play(chip: &mut Chip, bytes: &[u8]) {
    chip.reset();
    for message in messages(bytes) {
        let answer = chip.execute(message);
        assert!((2..=65_538).contains(&answer.len()), "an answer of {} bytes", answer.len());
    }
}

fn locked(bytes: &[u8]) {
    honest(|chip| play(chip, bytes));
}

fn personalised() -> Chip {
    let mut chip = blank();
    match specimen::personalize(&mut chip, Profile::P256, &mut rng(2))
        .and_then(|(mut c, _)| specimen::lock(&mut c))
    {
        Ok(()) => chip,
        Err(error) => panic!("the specimen cannot be personalised: {error}"),
    }
}

struct Answers<I>(I);

impl<'a, I: Iterator<Item = &'a [u8]>> Transport for Answers<I> {
    fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.0.next().map(<[u8]>::to_vec).ok_or_else(|| LinkLost::new("no more answers"))
    }
}

fn hostile(bytes: &[u8]) {
    let Ok(access) = Access::can("000001") else { return };
    let options = InspectionOptions::new(jiff::Timestamp::UNIX_EPOCH).thorough(true);
    let transport = Answers(messages(bytes).into_iter());
    drop(inspect(transport, &access, &options, &mut rng(3), &mut |_| {}));
}

/// A reading over three taps; each ends when its third of the answers is used up. The answers of the first tap are those
/// of an honest chip, so that there is something to go on with.
fn resumed(bytes: &[u8]) {
    let Ok(access) = Access::can(specimen::CAN) else { return };
    let mut reading = Reading::new(InspectionOptions::new(jiff::Timestamp::UNIX_EPOCH));
    let all = messages(bytes);
    let third = all.len().div_ceil(3).max(1);
    honest(|chip| {
        chip.reset();
        let link = Cut(chip, bytes.len() % 17);
        drop(reading.tap(link, |_| Ok(()), &access, &mut rng(3), &mut |_| {}));
    });
    for part in all.chunks(third) {
        let transport = Answers(part.iter().copied());
        drop(reading.tap(transport, |_| Ok(()), &access, &mut rng(3), &mut |_| {}));
    }
    drop(reading.into_evidence());
}

/// A chip that is removed after so many commands.
struct Cut<'a>(&'a mut Chip, usize);

impl Transport for Cut<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.1 = self.1.checked_sub(1).ok_or_else(|| LinkLost::new("removed"))?;
        Ok(self.0.execute(command))
    }
}

/// The locked chip cannot change, so one serves all inputs.
fn honest(use_it: impl FnOnce(&mut Chip)) {
    thread_local! {
        static CHIP: RefCell<Chip> = RefCell::new(personalised());
    }
    CHIP.with_borrow_mut(use_it);
}

fn commands() -> Vec<Vec<u8>> {
    vec![
        join(&[
            b"\x00\xA4\x04\x0C\x07\xA0\x00\x00\x02\x47\x10\x01",
            b"\x80\x50\xFF\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00",
            b"\x84\x82\x33\x00\x10\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08",
            b"\x84\xE0\x00\x00\x08\x62\x06\x82\x01\x01\x83\x01\x1E",
        ]),
        join(&[
            b"\x00\xB0\x9C\x00\x00",
            b"\x00\x22\xC1\xA4\x0F\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x04\x02\x02\x83\x01\x02",
            b"\x10\x86\x00\x00\x02\x7C\x00\x00",
            b"\x00\xA4\x04\x0C\x07\xA0\x00\x00\x02\x47\x10\x01",
            b"\x00\x84\x00\x00\x08",
            b"\x00\xB0\x9D\x00\x00",
            b"\x00\x88\x00\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00",
        ]),
    ]
}

/// What a locked chip answers to the start of an inspection.
fn answers() -> Vec<Vec<u8>> {
    struct Recorder(Chip, Vec<Vec<u8>>);
    impl Transport for Recorder {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            let answer = self.0.execute(command);
            self.1.push(answer.clone());
            Ok(answer)
        }
    }
    let mut recorder = Recorder(personalised(), Vec::new());
    let options = InspectionOptions::new(jiff::Timestamp::UNIX_EPOCH);
    if let Ok(access) = Access::can(specimen::CAN) {
        drop(inspect(&mut recorder, &access, &options, &mut rng(3), &mut |_| {}));
    }
    let parts: Vec<&[u8]> = recorder.1.iter().map(Vec::as_slice).filter(|m| m.len() < 0xFE).collect();
    vec![join(&parts)]
}

fn evidence() -> Vec<Vec<u8>> {
    let options = InspectionOptions::new(jiff::Timestamp::UNIX_EPOCH);
    let Ok(access) = Access::can(specimen::CAN) else { return Vec::new() };
    inspect(personalised(), &access, &options, &mut rng(3), &mut |_| {})
        .ok()
        .and_then(|evidence| EvidenceFile::new(&evidence).ok()?.to_bytes().ok())
        .into_iter()
        .collect()
}
