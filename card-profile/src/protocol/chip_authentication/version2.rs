//! Chip Authentication version 2 (TR-03110-2 §3.4.1, TR-03110-3 B.3.1): the keys come from the agreement and a nonce of
//! the chip, and the chip shows in the same answer that it has them.
//!
//! ```text
//! terminal                                   chip
//! MSE:SET AT {80 protocol, [84 key]}    ──►
//! GENERAL AUTHENTICATE 7C{80 PK_PCD}    ──►  K = KA(SK_PICC, PK_PCD), r_PICC at random
//!                                       ◄──  7C{81 r_PICC, 82 T_PICC}
//! ```
//!
//! `K_MAC = KDF_MAC(K, r_PICC)`, `K_Enc = KDF_Enc(K, r_PICC)`, `T_PICC = MAC(K_MAC, 7F49{06 protocol, 86 PK_PCD})`.
//! Terminal Authentication version 2 comes before and binds the ephemeral key by its compressed form.

use super::{ChipAuthenticationError, ChipAuthenticationProtocol, general_authenticate, set_at};
use crate::apdu::Response;
use crate::protocol::block_cipher::{BadLength, mac, same};
use crate::protocol::group::{Element, Secret};
use crate::protocol::kdf::{KeyUse, derive_key};
use crate::protocol::pace::public_value;
use crate::protocol::secure_messaging::SecureMessaging;
use crate::protocol::{Step, TerminalProtocol};
use crate::tlv::{self, Reader};
use std::fmt;
use zeroize::Zeroizing;

/// Length of `r_PICC` (TR-03110-3 B.3.1).
pub(super) const NONCE_LENGTH: usize = 8;

/// The terminal of version 2. Its output is proved: the token verified under the new keys.
pub struct ChipAuthentication2Terminal {
    protocol: ChipAuthenticationProtocol,
    key_id: Option<u32>,
    chip: Element,
    ephemeral: Secret,
    public: Element,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Start,
    AwaitAt,
    AwaitToken,
    Over,
}

impl ChipAuthentication2Terminal {
    /// A run against this public key of EF.CardSecurity or DG14, with the key's number if it has one. The ephemeral key
    /// is the one that Terminal Authentication announced.
    ///
    /// # Errors
    /// [`ChipAuthenticationError::Unsupported`] for keys of another kind than the protocol's, or of two groups.
    pub fn new(
        protocol: ChipAuthenticationProtocol,
        chip: impl Into<Element>,
        key_id: Option<u32>,
        ephemeral: Secret,
    ) -> Result<Self, ChipAuthenticationError> {
        let chip = chip.into();
        if chip.group() != ephemeral.group() || chip.group().agreement() != protocol.agreement {
            return Err(ChipAuthenticationError::Unsupported);
        }
        let public = ephemeral.public()?;
        Ok(Self { protocol, key_id, chip, ephemeral, public, state: State::Start })
    }

    fn conclude(&self, answer: &[u8]) -> Result<SecureMessaging, ChipAuthenticationError> {
        let (nonce, token) = read_answer(answer).ok_or(ChipAuthenticationError::Malformed)?;
        let agreed = Agreed::new(&self.ephemeral.agree(&self.chip)?, nonce);
        let expected =
            agreed.token(self.protocol, &self.public).map_err(|_| ChipAuthenticationError::Malformed)?;
        if !same(token, &expected) {
            return Err(ChipAuthenticationError::Token);
        }
        Ok(agreed.session(self.protocol))
    }
}

impl TerminalProtocol for ChipAuthentication2Terminal {
    type Output = SecureMessaging;
    type Error = ChipAuthenticationError;

    fn advance(
        &mut self,
        answer: Option<Response>,
    ) -> Result<Step<SecureMessaging>, ChipAuthenticationError> {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            (State::Start, None) => {
                self.state = State::AwaitAt;
                Ok(Step::Send(set_at(self.protocol, self.key_id)))
            }
            (State::AwaitAt, Some(answer)) if answer.is_ok() => {
                self.state = State::AwaitToken;
                Ok(Step::Send(general_authenticate(&self.public)))
            }
            (State::AwaitAt, Some(answer)) => Err(ChipAuthenticationError::NotOffered(answer.status)),
            (State::AwaitToken, Some(answer)) if answer.is_ok() => {
                self.conclude(&answer.data).map(Step::Done)
            }
            (State::AwaitToken, Some(answer)) => Err(ChipAuthenticationError::BrokenOff(answer.status)),
            _ => Err(ChipAuthenticationError::Malformed),
        }
    }
}

impl fmt::Debug for ChipAuthentication2Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChipAuthentication2Terminal({:?})", self.protocol)
    }
}

/// `7C { 81 nonce, 82 token }`.
fn read_answer(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Reader::new(data);
    let mut inner = outer.expect(0x7C).ok()?.nested().ok()?;
    outer.finish().ok()?;
    let nonce = inner.expect(0x81).ok()?.value;
    let token = inner.expect(0x82).ok()?.value;
    inner.finish().ok()?;
    (nonce.len() == NONCE_LENGTH).then_some((nonce, token))
}

/// `7C { 81 nonce, 82 token }`.
pub(super) fn answer(nonce: &[u8], token: &[u8]) -> Vec<u8> {
    tlv::encode_all(0x7C, &[&tlv::encode(0x81, nonce), &tlv::encode(0x82, token)])
}

/// What both ends share: K ‖ `r_PICC`, the input of the key derivation (TR-03110-3 A.2.3.2).
pub(super) struct Agreed(Zeroizing<Vec<u8>>);

impl Agreed {
    pub(super) fn new(secret: &[u8], nonce: &[u8]) -> Self {
        let mut input = Zeroizing::new(Vec::with_capacity(secret.len().saturating_add(nonce.len())));
        input.extend_from_slice(secret);
        input.extend_from_slice(nonce);
        Self(input)
    }

    /// `T_PICC` over the terminal's ephemeral public key as a data object: a residue without leading zeros (TR-03110-3
    /// A.2.4, D.2.1.1, D.3).
    pub(super) fn token(
        &self,
        protocol: ChipAuthenticationProtocol,
        ephemeral: &Element,
    ) -> Result<[u8; 8], BadLength> {
        let oid = tlv::encode(0x06, protocol.oid().as_bytes());
        let value = tlv::encode(ephemeral.tag(), public_value(ephemeral));
        mac(&derive_key(&self.0, KeyUse::Mac, protocol.cipher), &tlv::encode_all(0x7F49, &[&oid, &value]))
    }

    pub(super) fn session(&self, protocol: ChipAuthenticationProtocol) -> SecureMessaging {
        SecureMessaging::from_secret(&self.0, protocol.cipher)
    }
}

#[cfg(test)]
mod tests;
