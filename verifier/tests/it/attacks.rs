//! Links that break, lie and listen: never a hang, never a panic, never a false acceptance.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_verifier::evidence::AccessProtocol;
use cccd_verifier::{Access, Check, Decision, Status, inspect};
use cccd_virtual_chip::lab::File;

use crate::card::{Card, Situation, can, card_data, decided, options, rng};

/// What a link does to the answer number `index`.
enum Attack {
    /// Nothing comes any more.
    Lose,
    /// One bit of the answer is another.
    Flip(usize),
    /// An unprotected status word comes instead.
    Naked(u16),
    /// The answer before comes again.
    Replay,
}

struct Attacked<T> {
    chip: T,
    index: usize,
    attack: Attack,
    count: usize,
    last: Vec<u8>,
    lost: bool,
}

impl<T: Transport> Transport for Attacked<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if self.lost {
            return Err(LinkLost::new("removed"));
        }
        let mut answer = self.chip.transmit(command)?;
        let hit = self.count == self.index;
        self.count += 1;
        if hit {
            match self.attack {
                Attack::Lose => {
                    self.lost = true;
                    return Err(LinkLost::new("removed"));
                }
                Attack::Flip(position) => {
                    let position = position % (answer.len() * 8);
                    answer[position / 8] ^= 1 << (position % 8);
                }
                Attack::Naked(status) => answer = status.to_be_bytes().to_vec(),
                Attack::Replay => answer.clone_from(&self.last),
            }
        }
        self.last.clone_from(&answer);
        Ok(answer)
    }
}

/// Reads the genuine card over such a link; `None` when it could not be opened.
fn read(index: usize, attack: Attack) -> Option<Situation> {
    let card = Card::genuine();
    let link = Attacked { chip: card.chip(), index, attack, count: 0, last: vec![0x90, 0x00], lost: false };
    inspect(link, &can(), &options(), &mut rng(9), &mut |_| {}).ok().map(Situation::of)
}

/// EF.CardAccess, EF.ATR/INFO and five of PACE are in the open; everything after is protected.
const FIRST_PROTECTED: usize = 7;
const ALL: usize = 17;

#[test]
fn the_card_is_removed_at_every_apdu() {
    for index in 0..ALL {
        match read(index, Attack::Lose) {
            None => assert!(index < FIRST_PROTECTED + 1, "{index}"),
            Some(situation) => {
                assert!(!situation.evidence.complete, "{index}");
                let (decision, check, reason) = decided(&situation.judge());
                assert_eq!(decision, "undetermined", "{index}: {check} {reason}");
            }
        }
    }
}

#[test]
fn flipped_bits_are_never_accepted_in_protected_answers() {
    for index in FIRST_PROTECTED..ALL {
        for position in [0, 9, 31, 77, 205, usize::MAX - 20, usize::MAX - 7] {
            let Some(situation) = read(index, Attack::Flip(position)) else { continue };
            let judgement = situation.judge();
            // The bit in the length of a data object may only move what is read, never pass.
            assert_ne!(judgement.verdict.decision, Decision::Accepted, "{index} {position}");
            let told = [Check::SecureMessaging, Check::ChipAuthentication].into_iter().any(|check| {
                judgement.findings.iter().any(|finding| finding.check == check && finding.is_failed())
            });
            assert!(told, "{index} {position}: {:?}", situation.evidence);
        }
    }
}

#[test]
fn naked_and_replayed_answers_break_the_channel() {
    for index in FIRST_PROTECTED + 1..ALL {
        for attack in [Attack::Naked(0x9000), Attack::Naked(0x6982), Attack::Naked(0x6A82), Attack::Replay] {
            let Some(situation) = read(index, attack) else { continue };
            let judgement = situation.judge();
            assert_eq!(judgement.verdict.decision, Decision::Refused, "{index} {:?}", situation.evidence);
        }
    }
}

/// EF.CardAccess taken away, so that the reader thinks the chip has no PACE: DG14 tells.
#[test]
fn a_silent_downgrade_to_bac_is_found_by_dg14() {
    let card = Card::altered(|bench| bench.remove(File::CardAccess).unwrap());
    let access = Access::mrz(&card_data().mrz().unwrap());
    let evidence = inspect(card.chip(), &access, &options(), &mut rng(9), &mut |_| {}).unwrap();
    assert_eq!(evidence.access.protocol, AccessProtocol::Bac);
    let judgement = Situation::of(evidence).judge();
    assert_eq!(decided(&judgement), ("refused", "access.downgrade", "protocol-downgrade"));
    let bac = judgement.findings.iter().find(|finding| finding.check == Check::Bac).unwrap();
    assert_eq!(bac.status, Status::Passed);
}

/// PACE broken on the way, BAC working: an error where only the CAN is known, a downgrade where the zone is.
#[test]
fn a_broken_pace_is_not_passed_over() {
    let card = Card::genuine();
    let link =
        |attack| Attacked { chip: card.chip(), index: 4, attack, count: 0, last: Vec::new(), lost: false };
    assert!(inspect(link(Attack::Naked(0x6A80)), &can(), &options(), &mut rng(9), &mut |_| {}).is_err());
    let access = Access::mrz(&card_data().mrz().unwrap());
    let evidence =
        inspect(link(Attack::Naked(0x6A80)), &access, &options(), &mut rng(9), &mut |_| {}).unwrap();
    let judgement = Situation::of(evidence).judge();
    assert_eq!(decided(&judgement), ("refused", "access.downgrade", "protocol-downgrade"));
}

/// A chip that answers everything with rubbish: bounded work, an error.
#[test]
fn hostile_chips_end() {
    struct Always(Vec<u8>, u64);
    impl Transport for Always {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
            self.1 += 1;
            assert!(self.1 < 20_000, "endless");
            Ok(self.0.clone())
        }
    }
    let answers: [&[u8]; 8] = [
        &[],
        &[0x90, 0x00],
        &[0x61, 0xFF],
        &[0x6C, 0x01],
        &[0xAA, 0x61, 0x01],
        &[0x31, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x90, 0x00],
        &[0x31, 0x82, 0xFF, 0xFF, 0x62, 0x82],
        &[0x00; 300],
    ];
    for answer in answers {
        assert!(inspect(Always(answer.to_vec(), 0), &can(), &options(), &mut rng(9), &mut |_| {}).is_err());
    }
}
