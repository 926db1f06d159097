//! Chips that mean harm, at every step of an inspection: never a hang, never a panic, never accepted.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_verifier::evidence::AccessProtocol;
use cccd_verifier::{Access, Check, Decision, Judgement, inspect};
use cccd_virtual_chip::Profile;
use cccd_virtual_chip::lab::File;

use crate::card::{Card, Situation, can, card_data, options, rng};

/// EF.CardAccess, EF.ATR/INFO, five of PACE; the tenth is after EF.SOD, DG14, Chip Authentication …
const FIRST_PROTECTED: usize = 7;
const ALL: usize = 17;
/// More commands than an honest chip is ever asked.
const BOUND: usize = 25_000;

/// What comes in the place of an answer.
#[derive(Clone)]
enum Lie {
    /// These bytes, to this command and every one after it.
    ForEver(Vec<u8>),
    /// The answer that an earlier command of this number had.
    Again(usize),
    /// The true answer with this bit of its checksum changed.
    Checksum(usize),
}

struct Hostile<T> {
    chip: T,
    from: usize,
    lie: Lie,
    count: usize,
    heard: Vec<Vec<u8>>,
}

impl<T: Transport> Transport for Hostile<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let number = self.count;
        self.count += 1;
        assert!(self.count < BOUND, "endless");
        if let Lie::ForEver(bytes) = &self.lie
            && number >= self.from
        {
            return Ok(bytes.clone());
        }
        let mut answer = self.chip.transmit(command)?;
        self.heard.push(answer.clone());
        if number == self.from {
            match &self.lie {
                Lie::Again(earlier) => answer.clone_from(&self.heard[*earlier]),
                Lie::Checksum(bit) => {
                    // … 8E 08, eight bytes, SW1 SW2.
                    let end = answer.len() - 10;
                    assert_eq!(answer[end - 2..end], [0x8E, 0x08]);
                    answer[end + bit / 8] ^= 1 << (bit % 8);
                }
                Lie::ForEver(_) => {}
            }
        }
        Ok(answer)
    }
}

fn read(card: &Card, access: &Access, from: usize, lie: Lie) -> Option<Situation> {
    let link = Hostile { chip: card.chip(), from, lie, count: 0, heard: Vec::new() };
    inspect(link, access, &options(), &mut rng(9), &mut |_| {}).ok().map(Situation::of)
}

fn is_told(judgement: &Judgement) -> bool {
    [Check::SecureMessaging, Check::ChipAuthentication]
        .into_iter()
        .any(|check| judgement.findings.iter().any(|finding| finding.check == check && finding.is_failed()))
}

#[test]
fn a_chip_that_turns_hostile_at_any_command_is_not_accepted_and_not_waited_for() {
    let answers: [&[u8]; 14] = [
        &[],
        &[0x90],
        &[0x90, 0x00],
        &[0x61, 0x00],
        &[0xAA, 0x61, 0xFF],
        &[0x62, 0x82],
        &[0x67, 0x00],
        &[0x6A, 0x86],
        &[0x6F, 0x00],
        &[0x6C, 0x10],
        &[0x6B, 0x00],
        &[0x31, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x90, 0x00],
        &[0x87, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x01, 0x90, 0x00],
        &[0x00; 65_538],
    ];
    let card = Card::of_profile(Profile::P256);
    for from in 0..ALL {
        for answer in answers {
            let Some(situation) = read(&card, &can(), from, Lie::ForEver(answer.to_vec())) else { continue };
            let verdict = situation.judge().verdict;
            assert_ne!(verdict.decision, Decision::Accepted, "{from} {:02X?}", answer.get(..8));
        }
    }
}

/// Replayed and reordered: any earlier protected answer in the place of any other.
#[test]
fn no_answer_serves_twice() {
    let card = Card::of_profile(Profile::P256);
    for from in FIRST_PROTECTED + 1..ALL {
        for earlier in FIRST_PROTECTED..from {
            let Some(situation) = read(&card, &can(), from, Lie::Again(earlier)) else { continue };
            let judgement = situation.judge();
            assert_eq!(judgement.verdict.decision, Decision::Refused, "{from} {earlier}");
            assert!(is_told(&judgement), "{from} {earlier}");
        }
    }
}

/// Every bit of the checksum of a protected answer, at every protected command: AES.
#[test]
fn every_bit_of_a_checksum_counts_under_aes() {
    let card = Card::of_profile(Profile::P256);
    for from in FIRST_PROTECTED..ALL {
        let bits = if from == FIRST_PROTECTED + 1 { (0..64).collect() } else { vec![0, 19, 38, 63] };
        for bit in bits {
            let Some(situation) = read(&card, &can(), from, Lie::Checksum(bit)) else { continue };
            let judgement = situation.judge();
            assert_eq!(judgement.verdict.decision, Decision::Refused, "{from} {bit}");
            assert!(is_told(&judgement), "{from} {bit}");
        }
    }
}

/// The same under 3DES, on a card that knows BAC only and is otherwise accepted.
#[test]
fn every_bit_of_a_checksum_counts_under_3des() {
    let card = Card::without_pace();
    let zone = Access::mrz(&card_data().mrz().unwrap());
    let honest = read(&card, &zone, usize::MAX, Lie::Again(0)).unwrap();
    assert_eq!(honest.evidence.access.protocol, AccessProtocol::Bac);
    assert_eq!(honest.judge().verdict.decision, Decision::Accepted, "{:?}", honest.judge().verdict);
    // EF.CardAccess, EF.ATR/INFO, SELECT, GET CHALLENGE, EXTERNAL AUTHENTICATE; then EF.SOD, DG14 and Chip Authentication under
    // 3DES.
    for from in 5..9 {
        for bit in 0..64 {
            let Some(situation) = read(&card, &zone, from, Lie::Checksum(bit)) else { continue };
            let judgement = situation.judge();
            assert_eq!(judgement.verdict.decision, Decision::Refused, "{from} {bit}");
            assert!(is_told(&judgement), "{from} {bit}");
        }
    }
}

/// A file that claims a gigabyte: nothing is allocated, nothing waited for, the rest is read, the card not accepted.
#[test]
fn files_of_a_gigabyte_are_not_read() {
    let groups = [1, 2, 13, 14, 15].map(|number| File::DataGroup(DataGroupNumber::new(number).unwrap()));
    for file in groups.into_iter().chain([File::Sod, File::CardAccess, File::AtrInfo]) {
        let tag = u8::try_from(file.tag().unwrap_or(0x47)).unwrap();
        for header in
            [[tag, 0x84, 0x40, 0, 0, 0].as_slice(), &[tag, 0x83, 0xFF, 0xFF, 0xFF], &[tag, 0x80], &[tag]]
        {
            let content = [header, &[0; 40]].concat();
            let card = Card::altered(|bench| bench.replace(file, content).unwrap());
            let access = Access::mrz(&card_data().mrz().unwrap());
            let Some(situation) = read(&card, &access, usize::MAX, Lie::Again(0)) else { continue };
            let decision = situation.judge().verdict.decision;
            // EF.ATR/INFO only tells lengths: without it the card is read in short blocks.
            let expected_accepted = file == File::AtrInfo;
            assert_eq!(decision == Decision::Accepted, expected_accepted, "{} {header:02X?}", file.name());
        }
    }
}

/// After the link was lost the same transport answers again: nobody listens.
#[test]
fn what_a_dead_link_says_is_not_heard() {
    struct Undead<T>(T, usize, usize);
    impl<T: Transport> Transport for Undead<T> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            self.2 += 1;
            assert!(self.2 <= self.1 + 1, "asked after the link was lost");
            if self.2 == self.1 + 1 { Err(LinkLost::new("gone")) } else { self.0.transmit(command) }
        }
    }
    let card = Card::of_profile(Profile::P256);
    for lost_at in 0..ALL {
        let outcome = inspect(Undead(card.chip(), lost_at, 0), &can(), &options(), &mut rng(9), &mut |_| {});
        if let Ok(evidence) = outcome {
            assert_eq!(Situation::of(evidence).judge().verdict.decision, Decision::Undetermined, "{lost_at}");
        }
    }
}
