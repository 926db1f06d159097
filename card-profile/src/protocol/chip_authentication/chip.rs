//! The chip's end of Chip Authentication (Doc 9303-11 §6.2.4, TR-03110-3 B.3).

use super::ChipAuthenticationProtocol;
use super::version2::{Agreed, NONCE_LENGTH, answer};
use crate::apdu::{Command, Response, StatusWord};
use crate::protocol::block_cipher::same;
use crate::protocol::group::{Element, Group};
use crate::protocol::kdf::Cipher;
use crate::protocol::private_key::PrivateKey;
use crate::protocol::secure_messaging::SecureMessaging;
use crate::tlv::{self, Reader};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;

/// Which of the two protocols that share their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChipAuthenticationVersion {
    /// Before Terminal Authentication; the next protected answer is the proof.
    One,
    /// After Terminal Authentication version 2; a token is the proof.
    Two,
}

impl ChipAuthenticationVersion {
    /// By the version that a `ChipAuthenticationInfo` states. TR-03110 names a third, which is another protocol.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            _ => None,
        }
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// One `ChipAuthenticationInfo` of DG14 that the chip stands by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAuthenticationOffer {
    /// The protocol.
    pub protocol: ChipAuthenticationProtocol,
    /// Its version.
    pub version: ChipAuthenticationVersion,
    /// The number of its key, if it has one.
    pub key_id: Option<u32>,
}

/// What a completed run gives the chip.
#[derive(Debug)]
pub struct ChipAgreement {
    /// Goes out under the old session.
    pub answer: Response,
    /// Replaces the old session once the answer is out.
    pub session: SecureMessaging,
    /// The terminal's ephemeral public key: Terminal Authentication version 1 signs its compressed form.
    pub ephemeral: Element,
}

/// MSE:SET KAT `00 22 41 A6 {91 ephemeral, [84 key]}`, version 1 with 3DES (§6.2.4.1).
///
/// # Errors
/// `6A86`, `6A80`, `6A88` for P1 P2, data or key.
pub fn set_kat<'k>(
    command: &Command,
    key: impl FnOnce(Option<u32>) -> Option<&'k PrivateKey>,
) -> Result<ChipAgreement, StatusWord> {
    if command.p1_p2() != 0x41A6 {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let incorrect = |_| StatusWord::INCORRECT_DATA;
    let mut reader = Reader::new(command.data());
    let ephemeral = reader.expect(0x91).map_err(incorrect)?.value;
    let key_id = read_key_id(&mut reader)?;
    let key = key(key_id).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let ephemeral = element(group_of(key)?, ephemeral)?;
    let secret = key.agree(&ephemeral).map_err(|_| StatusWord::INCORRECT_DATA)?;
    let session = SecureMessaging::from_secret(&secret, Cipher::TripleDes);
    Ok(ChipAgreement { answer: Response::status(StatusWord::OK), session, ephemeral })
}

/// The chip after MSE:SET AT: it waits for GENERAL AUTHENTICATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAuthenticationChip {
    offer: ChipAuthenticationOffer,
    nonce: [u8; NONCE_LENGTH],
}

impl ChipAuthenticationChip {
    /// MSE:SET AT `00 22 41 A4 {80 protocol, [84 key]}` (§6.2.4.2). The first offer of the protocol, and of the key if
    /// one is named, is taken; the nonce of version 2 is drawn now.
    ///
    /// # Errors
    /// `6A86`, `6A80`, `6A88` for P1 P2, data, or a protocol and key not offered.
    pub fn set_at(
        command: &Command,
        offers: &[ChipAuthenticationOffer],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, StatusWord> {
        if command.p1_p2() != 0x41A4 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let incorrect = |_| StatusWord::INCORRECT_DATA;
        let mut reader = Reader::new(command.data());
        let oid = reader.expect(0x80).map_err(incorrect)?.value;
        let key_id = read_key_id(&mut reader)?;
        let protocol = ObjectIdentifier::from_bytes(oid)
            .ok()
            .and_then(ChipAuthenticationProtocol::from_oid)
            .ok_or(StatusWord::INCORRECT_DATA)?;
        let offer = offers
            .iter()
            .filter(|offer| offer.protocol == protocol)
            .find(|offer| key_id.is_none() || offer.key_id == key_id)
            .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let mut nonce = [0; NONCE_LENGTH];
        if offer.version == ChipAuthenticationVersion::Two {
            rng.fill_bytes(&mut nonce);
        }
        Ok(Self { offer: *offer, nonce })
    }

    /// The chosen offer: it says which key to bring to [`ChipAuthenticationChip::general_authenticate`].
    #[must_use]
    pub fn offer(self) -> ChipAuthenticationOffer {
        self.offer
    }

    /// GENERAL AUTHENTICATE `00 86 00 00 7C{80 ephemeral}`.
    ///
    /// `announced` is the compressed ephemeral key that Terminal Authentication version 2 was run over, if it was; another
    /// one is refused then (TR-03110-2 §3.4.1.1).
    ///
    /// # Errors
    /// `6A86`, `6A80` for P1 P2 or data; `6A80` for an ephemeral key that is not acceptable.
    pub fn general_authenticate(
        self,
        command: &Command,
        key: &PrivateKey,
        announced: Option<&[u8]>,
    ) -> Result<ChipAgreement, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let incorrect = |_| StatusWord::INCORRECT_DATA;
        let mut outer = Reader::new(command.data());
        let mut inner = outer.expect(0x7C).and_then(|object| object.nested()).map_err(incorrect)?;
        outer.finish().map_err(incorrect)?;
        let ephemeral = inner.expect(0x80).map_err(incorrect)?.value;
        inner.finish().map_err(incorrect)?;
        let group = group_of(key)?;
        if group.agreement() != self.offer.protocol.agreement {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        let ephemeral = element(group, ephemeral)?;
        if announced.is_some_and(|announced| !same(announced, &ephemeral.compressed())) {
            return Err(StatusWord::INCORRECT_DATA);
        }
        let secret = key.agree(&ephemeral).map_err(|_| StatusWord::INCORRECT_DATA)?;
        let protocol = self.offer.protocol;
        let (answer, session) = match self.offer.version {
            ChipAuthenticationVersion::One => {
                (tlv::encode(0x7C, &[]), SecureMessaging::from_secret(&secret, protocol.cipher))
            }
            ChipAuthenticationVersion::Two => {
                let agreed = Agreed::new(&secret, &self.nonce);
                let token =
                    agreed.token(protocol, &ephemeral).map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
                (answer(&self.nonce, &token), agreed.session(protocol))
            }
        };
        Ok(ChipAgreement { answer: Response::ok(answer), session, ephemeral })
    }
}

fn group_of(key: &PrivateKey) -> Result<Group, StatusWord> {
    key.group().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)
}

fn element(group: Group, bytes: &[u8]) -> Result<Element, StatusWord> {
    group.element(bytes).map_err(|_| StatusWord::INCORRECT_DATA)
}

fn read_key_id(reader: &mut Reader<'_>) -> Result<Option<u32>, StatusWord> {
    let object = reader.optional(0x84).map_err(|_| StatusWord::INCORRECT_DATA)?;
    reader.finish().map_err(|_| StatusWord::INCORRECT_DATA)?;
    object
        .map(|object| {
            (1..=4)
                .contains(&object.value.len())
                .then(|| object.value.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)))
                .ok_or(StatusWord::INCORRECT_DATA)
        })
        .transpose()
}
