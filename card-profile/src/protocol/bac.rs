//! Basic Access Control (Doc 9303-11 §4.3), terminal and chip.

use super::block_cipher::{cbc_decrypt, cbc_encrypt, mac, same, zero_iv};
use super::kdf::{Cipher, KeyUse, SymmetricKey, derive_key};
use super::secure_messaging::SecureMessaging;
use super::{Step, TerminalProtocol};
use crate::apdu::{Command, Response, StatusWord};
use crate::mrz::MrzInformation;
use rand_core::CryptoRng;
use sha1::{Digest as _, Sha1};
use std::fmt;
use zeroize::Zeroizing;

/// The document basic access keys `K_Enc` and `K_MAC` (Doc 9303-11 §4.3.2, §9.7.2).
pub struct BasicAccessKeys {
    encryption: SymmetricKey,
    mac: SymmetricKey,
}

impl BasicAccessKeys {
    /// From `MRZ_information`: document number, birth and expiry, each with its check digit.
    #[must_use]
    pub fn new(information: &MrzInformation) -> Self {
        let digest = Zeroizing::new(Sha1::digest(information.as_bytes()).to_vec());
        let seed = digest.get(..16).unwrap_or_default();
        Self {
            encryption: derive_key(seed, KeyUse::Encryption, Cipher::TripleDes),
            mac: derive_key(seed, KeyUse::Mac, Cipher::TripleDes),
        }
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = cbc_encrypt(&self.encryption, &zero_iv(Cipher::TripleDes), plain).ok()?;
        let checksum = mac(&self.mac, &sealed).ok()?;
        sealed.extend_from_slice(&checksum);
        Some(sealed)
    }

    /// E ‖ M of 40 bytes to the 32 plain ones.
    fn open(&self, sealed: &[u8]) -> Option<Exchanged> {
        let (cryptogram, checksum) = sealed.split_last_chunk::<8>()?;
        if cryptogram.len() != 32 || !same(&mac(&self.mac, cryptogram).ok()?, checksum) {
            return None;
        }
        let plain = cbc_decrypt(&self.encryption, &zero_iv(Cipher::TripleDes), cryptogram).ok()?;
        let (first, rest) = plain.split_first_chunk::<8>()?;
        let (second, key) = rest.split_first_chunk::<8>()?;
        Some(Exchanged { first: *first, second: *second, key: Zeroizing::new(key.try_into().ok()?) })
    }
}

impl fmt::Debug for BasicAccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAccessKeys")
    }
}

struct Exchanged {
    first: [u8; 8],
    second: [u8; 8],
    key: Zeroizing<[u8; 16]>,
}

/// Session keys from K.IFD ⊕ K.IC, counter from the two nonces' lower halves (Doc 9303-11 §4.3.3, §9.8.6.1).
fn session(k_ifd: &[u8; 16], k_ic: &[u8; 16], rnd_ifd: [u8; 8], rnd_ic: [u8; 8]) -> SecureMessaging {
    let mut seed = Zeroizing::new([0; 16]);
    for ((byte, left), right) in seed.iter_mut().zip(k_ifd).zip(k_ic) {
        *byte = left ^ right;
    }
    let low = |nonce: [u8; 8]| u64::from_be_bytes(nonce) & 0xFFFF_FFFF;
    let counter = low(rnd_ic) << 32 | low(rnd_ifd);
    SecureMessaging::with_counter(
        derive_key(&*seed, KeyUse::Encryption, Cipher::TripleDes),
        derive_key(&*seed, KeyUse::Mac, Cipher::TripleDes),
        u128::from(counter),
    )
}

/// How Basic Access Control fails at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BacError {
    /// GET CHALLENGE was refused: the chip has no BAC, or wants PACE.
    #[error("the chip gives no challenge: {0:?}")]
    NoChallenge(StatusWord),
    /// The chip refused the keys: document number, birth or expiry are not this card's.
    #[error("the chip refuses the MRZ's keys: {0:?}")]
    Refused(StatusWord),
    /// The chip's answer is not sealed with these keys, or not over our nonces.
    #[error("the chip's answer does not hold")]
    Answer,
}

enum State {
    Start,
    AwaitChallenge,
    AwaitAuthentication([u8; 8]),
    Over,
}

/// The terminal: GET CHALLENGE, then MUTUAL AUTHENTICATE. Gives the session.
pub struct BacTerminal {
    keys: BasicAccessKeys,
    rnd_ifd: [u8; 8],
    k_ifd: Zeroizing<[u8; 16]>,
    state: State,
}

impl BacTerminal {
    /// A run with fresh RND.IFD and K.IFD, drawn in this order.
    pub fn new(keys: BasicAccessKeys, rng: &mut dyn CryptoRng) -> Self {
        let mut rnd_ifd = [0; 8];
        let mut k_ifd = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut rnd_ifd);
        rng.fill_bytes(&mut *k_ifd);
        Self { keys, rnd_ifd, k_ifd, state: State::Start }
    }
}

impl TerminalProtocol for BacTerminal {
    type Output = SecureMessaging;
    type Error = BacError;

    fn advance(&mut self, answer: Option<Response>) -> Result<Step<SecureMessaging>, BacError> {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            (State::Start, None) => {
                self.state = State::AwaitChallenge;
                Ok(Step::Send(get_challenge()))
            }
            (State::AwaitChallenge, Some(answer)) => {
                if !answer.is_ok() {
                    return Err(BacError::NoChallenge(answer.status));
                }
                let rnd_ic = <[u8; 8]>::try_from(answer.data.as_slice()).map_err(|_| BacError::Answer)?;
                let plain = Zeroizing::new([&self.rnd_ifd[..], &rnd_ic, &*self.k_ifd].concat());
                let sealed = self.keys.seal(&plain).ok_or(BacError::Answer)?;
                self.state = State::AwaitAuthentication(rnd_ic);
                Ok(Step::Send(
                    Command::new(0x00, 0x82, 0x00, 0x00).with_data(sealed).with_expected_length(40),
                ))
            }
            (State::AwaitAuthentication(rnd_ic), Some(answer)) => {
                if !answer.is_ok() {
                    return Err(BacError::Refused(answer.status));
                }
                let opened = self.keys.open(&answer.data).ok_or(BacError::Answer)?;
                if !same(&opened.first, &rnd_ic) || !same(&opened.second, &self.rnd_ifd) {
                    return Err(BacError::Answer);
                }
                Ok(Step::Done(session(&self.k_ifd, &opened.key, self.rnd_ifd, rnd_ic)))
            }
            _ => Err(BacError::Answer),
        }
    }
}

impl fmt::Debug for BacTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BacTerminal")
    }
}

/// GET CHALLENGE `00 84 00 00 08` (Doc 9303-11 §4.3.4.1).
#[must_use]
pub fn get_challenge() -> Command {
    Command::new(0x00, 0x84, 0x00, 0x00).with_expected_length(8)
}

/// The chip's end. A challenge serves once.
pub struct BacChip {
    challenge: Option<[u8; 8]>,
}

impl BacChip {
    /// No challenge given yet.
    #[must_use]
    pub fn new() -> Self {
        Self { challenge: None }
    }

    /// GET CHALLENGE: a fresh RND.IC.
    pub fn get_challenge(&mut self, rng: &mut dyn CryptoRng) -> [u8; 8] {
        let mut challenge = [0; 8];
        rng.fill_bytes(&mut challenge);
        self.challenge = Some(challenge);
        challenge
    }

    /// MUTUAL AUTHENTICATE (Doc 9303-11 §4.3.4.2): the answer and the session.
    ///
    /// # Errors
    /// `6985` without a challenge, `6700` for another length, `6300` when the keys differ.
    pub fn mutual_authenticate(
        &mut self,
        keys: &BasicAccessKeys,
        data: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Response, SecureMessaging), StatusWord> {
        let rnd_ic = self.challenge.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        if data.len() != 40 {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let opened = keys.open(data).ok_or(StatusWord::AUTHENTICATION_FAILED)?;
        if !same(&opened.second, &rnd_ic) {
            return Err(StatusWord::AUTHENTICATION_FAILED);
        }
        let mut k_ic = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut *k_ic);
        let plain = Zeroizing::new([&rnd_ic[..], &opened.first, &*k_ic].concat());
        let sealed = keys.seal(&plain).ok_or(StatusWord::NO_PRECISE_DIAGNOSIS)?;
        Ok((Response::ok(sealed), session(&opened.key, &k_ic, opened.first, rnd_ic)))
    }
}

impl Default for BacChip {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BacChip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BacChip")
    }
}
