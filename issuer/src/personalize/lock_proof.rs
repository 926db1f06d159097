//! The proof that a chip is locked: each command that could change it, and the chip's refusal.

use cccd_card_profile::apdu::{Command, StatusWord};
use cccd_card_profile::personalization as wire;
use cccd_card_profile::personalization::{CreateFile, KeyReference};
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::private_key::KeyAlgorithm;

/// What was tried on a locked chip, and what it answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockProof {
    tried: Vec<(&'static str, StatusWord, bool)>,
}

impl LockProof {
    /// All of it was refused, and something was tried.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.tried.is_empty() && self.tried.iter().all(|(_, _, refused)| *refused)
    }

    /// Each attempt: what, the status word, whether that is a refusal as it should be.
    #[must_use]
    pub fn attempts(&self) -> &[(&'static str, StatusWord, bool)] {
        &self.tried
    }

    /// The attempts that were not refused.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, StatusWord)> {
        self.tried.iter().filter(|(_, _, refused)| !refused).map(|(what, status, _)| (*what, *status))
    }

    pub(super) fn note_write(&mut self, what: &'static str, status: StatusWord) {
        let refused = matches!(
            status,
            StatusWord::CONDITIONS_NOT_SATISFIED | StatusWord::SECURITY_STATUS_NOT_SATISFIED
        );
        self.tried.push((what, status, refused));
    }

    /// A command that a chip of this kind never had: `6D00` is a refusal too.
    pub(super) fn note_unknown(&mut self, what: &'static str, status: StatusWord) {
        let refused = matches!(
            status,
            StatusWord::INSTRUCTION_NOT_SUPPORTED
                | StatusWord::CONDITIONS_NOT_SATISFIED
                | StatusWord::SECURITY_STATUS_NOT_SATISFIED
        );
        self.tried.push((what, status, refused));
    }

    pub(super) fn note_old_keys(&mut self, what: &'static str, status: StatusWord) {
        let refused = matches!(
            status,
            StatusWord::REFERENCED_DATA_NOT_FOUND
                | StatusWord::CONDITIONS_NOT_SATISFIED
                | StatusWord::SECURITY_STATUS_NOT_SATISFIED
        );
        self.tried.push((what, status, refused));
    }
}

/// The commands that must be refused. On a chip that is not locked against its word, the writes put back what is
/// there: the first byte of EF.COM.
pub(super) fn forbidden() -> Vec<(&'static str, Command)> {
    const UNUSED: u16 = 0x010B;
    let create = wire::create_file(CreateFile { identifier: UNUSED, short_identifier: 0x0B, length: 1 });
    let generate = wire::generate_key_pair(
        KeyAlgorithm::EllipticCurve(Curve::P256),
        KeyReference::ChipAuthentication,
        256,
    );
    vec![
        ("CREATE FILE", create),
        ("UPDATE BINARY", wire::update_binary(0, &[0x60])),
        ("UPDATE BINARY (odd instruction)", wire::update_binary_odd(0, &[0x60])),
        ("PUT DATA of the card access number", wire::put_can("000000")),
        ("PUT DATA of the MRZ", wire::put_access_key("000000000", "000101", "000101")),
        // Nothing that could be taken: a chip that looks at it at all is not locked.
        ("PUT DATA of a CVCA key", Command::new(0x00, 0xDA, 0x01, 0x64).with_data([0x00])),
        ("PUT DATA of the current date", Command::new(0x00, 0xDA, 0x01, 0x65).with_data([0x00])),
        ("GENERATE ASYMMETRIC KEY PAIR", generate),
        ("DELETE FILE", wire::delete_file(UNUSED)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_accepted_command_breaks_the_proof_and_nothing_tried_is_none() {
        assert!(!LockProof::default().holds());
        let mut proof = LockProof::default();
        proof.note_write("CREATE FILE", StatusWord::CONDITIONS_NOT_SATISFIED);
        proof.note_old_keys("INITIALIZE UPDATE", StatusWord::REFERENCED_DATA_NOT_FOUND);
        assert!(proof.holds());
        proof.note_write("DELETE FILE", StatusWord::FILE_NOT_FOUND);
        assert!(!proof.holds());
        assert_eq!(proof.failures().collect::<Vec<_>>(), [("DELETE FILE", StatusWord::FILE_NOT_FOUND)]);
    }
}
