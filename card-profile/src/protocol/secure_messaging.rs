//! Secure messaging (Doc 9303-11 §9.8), both ends: 3DES with the retail MAC, AES with CMAC.
//!
//! A session counts every command and every answer. The first thing that does not hold ends it for good: later
//! calls give [`SecureMessagingError::Ended`], as a chip drops its session keys (§9.8.2).

mod channel;

pub use channel::{ChannelError, SecureChannel};

use super::block_cipher::{cbc_decrypt, cbc_encrypt, mac_padded, pad, same, unpad};
use super::kdf::{Cipher, KeyUse, SymmetricKey, derive_key};
use crate::apdu::{Command, LengthForm, Response, StatusWord};
use crate::tlv::{self, Reader};
use std::fmt;

/// Why a protected message does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecureMessagingError {
    /// The answer came without secure messaging: only its status word, and anyone may have sent it.
    #[error("the answer {status} came unprotected")]
    Naked {
        /// The unprotected status word.
        status: StatusWord,
    },
    /// The command's class byte does not announce secure messaging.
    #[error("the command is not protected")]
    Unprotected,
    /// A data object is missing.
    #[error("the secure messaging data object {tag:02X} is missing")]
    Missing {
        /// Which.
        tag: u8,
    },
    /// Data objects are malformed, doubled, unknown or out of order.
    #[error("malformed secure messaging data objects at offset {offset}")]
    Malformed {
        /// Where.
        offset: usize,
    },
    /// The cryptographic checksum is wrong: altered, replayed, or another key.
    #[error("the cryptographic checksum is wrong")]
    Checksum,
    /// DO'99' is not the status word of the response.
    #[error("the protected status word is {protected}, the response's is {outer}")]
    StatusDiffers {
        /// In DO'99'.
        protected: StatusWord,
        /// SW1 SW2 of the response.
        outer: StatusWord,
    },
    /// The padding of the decrypted data is wrong.
    #[error("the padding of the protected data is wrong")]
    Padding,
    /// The send sequence counter is used up.
    #[error("the send sequence counter is used up")]
    CounterExhausted,
    /// The message is too long to be protected.
    #[error("the message is too long to be protected")]
    TooLong,
    /// The session ended before.
    #[error("the secure messaging session has ended")]
    Ended,
}

impl SecureMessagingError {
    /// What a chip answers, unprotected, when it drops the session (Doc 9303-11 §9.8.2).
    #[must_use]
    pub fn status_word(&self) -> StatusWord {
        match self {
            Self::Missing { .. } | Self::Unprotected => StatusWord::SECURE_MESSAGING_OBJECTS_MISSING,
            Self::TooLong => StatusWord::WRONG_LENGTH,
            Self::Ended | Self::CounterExhausted => StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            _ => StatusWord::SECURE_MESSAGING_OBJECTS_INCORRECT,
        }
    }
}

/// One session: two keys and the send sequence counter. Either end uses its own two of the four methods.
pub struct SecureMessaging {
    encryption: SymmetricKey,
    mac: SymmetricKey,
    /// As wide as a block; 3DES uses the lower eight bytes.
    counter: u128,
    odd_instruction: bool,
    ended: bool,
    /// Only ever set by [`SecureMessaging::ignore_checksums`].
    lenient: bool,
}

impl SecureMessaging {
    /// From here on the checksums of commands are not looked at. For the tester's bench, to make a chip that does this
    /// wrong; it is there with the feature `lab` only.
    #[cfg(feature = "lab")]
    pub fn ignore_checksums(&mut self) {
        self.lenient = true;
    }

    /// A session from the shared secret of PACE or Chip Authentication: the counter starts at zero
    /// (Doc 9303-11 §9.8.6.2, §9.8.6.3).
    #[must_use]
    pub fn from_secret(secret: &[u8], cipher: Cipher) -> Self {
        Self::with_counter(
            derive_key(secret, KeyUse::Encryption, cipher),
            derive_key(secret, KeyUse::Mac, cipher),
            0,
        )
    }

    /// A session with this counter. The keys are of one cipher.
    pub(crate) fn with_counter(encryption: SymmetricKey, mac: SymmetricKey, counter: u128) -> Self {
        debug_assert_eq!(encryption.cipher(), mac.cipher());
        Self { encryption, mac, counter, odd_instruction: false, ended: false, lenient: false }
    }

    /// The cipher.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        self.encryption.cipher()
    }

    /// Whether the session can still be used.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.ended
    }

    /// Terminal: protects a command.
    ///
    /// # Errors
    /// When it is too long for its length form, or the session ended.
    pub fn protect_command(&mut self, command: &Command) -> Result<Command, SecureMessagingError> {
        self.guarded(|session| session.protect_command_inner(command))
    }

    /// Terminal: checks an answer and takes the protection off.
    ///
    /// # Errors
    /// When anything about it does not hold; the session has ended then.
    pub fn unprotect_response(&mut self, response: &Response) -> Result<Response, SecureMessagingError> {
        self.guarded(|session| session.unprotect_response_inner(response))
    }

    /// Chip: checks a command and takes the protection off.
    ///
    /// # Errors
    /// When anything about it does not hold; the session has ended then, and the chip answers
    /// [`SecureMessagingError::status_word`] unprotected.
    pub fn unprotect_command(&mut self, command: &Command) -> Result<Command, SecureMessagingError> {
        self.guarded(|session| session.unprotect_command_inner(command))
    }

    /// Chip: protects an answer, refusals too.
    ///
    /// # Errors
    /// When it is too long, or the session ended.
    pub fn protect_response(&mut self, response: &Response) -> Result<Response, SecureMessagingError> {
        self.guarded(|session| session.protect_response_inner(response))
    }

    fn guarded<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, SecureMessagingError>,
    ) -> Result<T, SecureMessagingError> {
        if self.ended {
            return Err(SecureMessagingError::Ended);
        }
        let result = run(self);
        self.ended = result.is_err();
        result
    }

    fn block(&self) -> usize {
        self.cipher().block_length()
    }

    fn count(&mut self) -> Result<Vec<u8>, SecureMessagingError> {
        self.counter = self.counter.checked_add(1).ok_or(SecureMessagingError::CounterExhausted)?;
        match self.cipher() {
            Cipher::TripleDes => u64::try_from(self.counter)
                .map(|counter| counter.to_be_bytes().to_vec())
                .map_err(|_| SecureMessagingError::CounterExhausted),
            _ => Ok(self.counter.to_be_bytes().to_vec()),
        }
    }

    /// 3DES: zero. AES: the encrypted counter (Doc 9303-11 §9.8.6.3).
    fn iv(&self, counter: &[u8]) -> Result<Vec<u8>, SecureMessagingError> {
        let zero = vec![0; self.block()];
        match self.cipher() {
            Cipher::TripleDes => Ok(zero),
            _ => cbc_encrypt(&self.encryption, &zero, counter).map_err(|_| SecureMessagingError::TooLong),
        }
    }

    fn encrypt(&self, counter: &[u8], odd: bool, data: &[u8]) -> Result<Vec<u8>, SecureMessagingError> {
        let cryptogram = cbc_encrypt(&self.encryption, &self.iv(counter)?, &pad(data, self.block()))
            .map_err(|_| SecureMessagingError::TooLong)?;
        Ok(if odd { tlv::encode(0x85, &cryptogram) } else { tlv::encode_all(0x87, &[&[0x01], &cryptogram]) })
    }

    fn decrypt(&self, counter: &[u8], cryptogram: &Cryptogram<'_>) -> Result<Vec<u8>, SecureMessagingError> {
        let malformed = SecureMessagingError::Malformed { offset: cryptogram.offset };
        if cryptogram.bytes.is_empty() {
            return Err(malformed);
        }
        let padded =
            cbc_decrypt(&self.encryption, &self.iv(counter)?, cryptogram.bytes).map_err(|_| malformed)?;
        unpad(&padded, self.block()).map(<[u8]>::to_vec).ok_or(SecureMessagingError::Padding)
    }

    fn checksum(&self, parts: &[&[u8]]) -> Result<[u8; 8], SecureMessagingError> {
        mac_padded(&self.mac, &pad(&parts.concat(), self.block())).map_err(|_| SecureMessagingError::TooLong)
    }

    fn protect_command_inner(&mut self, command: &Command) -> Result<Command, SecureMessagingError> {
        let counter = self.count()?;
        self.odd_instruction = command.has_odd_instruction();
        let secured = Command::new(command.cla() | 0x0C, command.ins(), command.p1(), command.p2());
        let mut objects = Vec::new();
        if !command.data().is_empty() {
            objects = self.encrypt(&counter, self.odd_instruction, command.data())?;
        }
        if let Some(expected) = command.expected_length() {
            objects.extend(tlv::encode(0x97, &expected_length_bytes(expected)?));
        }
        let checksum = self.checksum(&[&counter, &pad(&secured.header(), self.block()), &objects])?;
        objects.extend(tlv::encode(0x8E, &checksum));
        let wants_extended = command.is_extended() || objects.len() > 255;
        if wants_extended && command.form() == LengthForm::Short || objects.len() > 65_535 {
            return Err(SecureMessagingError::TooLong);
        }
        let (form, expected) =
            if wants_extended { (LengthForm::Extended, 65_536) } else { (LengthForm::Short, 256) };
        Ok(secured.with_data(objects).with_expected_length(expected).with_form(form))
    }

    fn unprotect_command_inner(&mut self, command: &Command) -> Result<Command, SecureMessagingError> {
        if command.cla() & 0x8C != 0x0C {
            return Err(SecureMessagingError::Unprotected);
        }
        let counter = self.count()?;
        self.odd_instruction = command.has_odd_instruction();
        let objects = Objects::read(command.data(), Side::Command, self.odd_instruction)?;
        let expected =
            self.checksum(&[&counter, &pad(&command.header(), self.block()), objects.authenticated])?;
        if !same(&expected, objects.checksum) && !self.lenient {
            return Err(SecureMessagingError::Checksum);
        }
        // Le outside the checksum: zero, or a bit flipped on the way.
        if !matches!(command.expected_length(), None | Some(256 | 65_536)) {
            return Err(SecureMessagingError::Malformed { offset: command.data().len() });
        }
        let mut plain = Command::new(command.cla() & !0x0C, command.ins(), command.p1(), command.p2());
        if let Some(cryptogram) = &objects.cryptogram {
            plain = plain.with_data(self.decrypt(&counter, cryptogram)?);
        }
        Ok(plain.with_optional_length(objects.expected_length))
    }

    fn protect_response_inner(&mut self, response: &Response) -> Result<Response, SecureMessagingError> {
        let counter = self.count()?;
        let mut objects = Vec::new();
        if !response.data.is_empty() {
            objects = self.encrypt(&counter, self.odd_instruction, &response.data)?;
        }
        objects.extend(tlv::encode(0x99, &response.status.0.to_be_bytes()));
        let checksum = self.checksum(&[&counter, &objects])?;
        objects.extend(tlv::encode(0x8E, &checksum));
        if objects.len() > 65_536 {
            return Err(SecureMessagingError::TooLong);
        }
        Ok(Response::new(objects, response.status))
    }

    fn unprotect_response_inner(&mut self, response: &Response) -> Result<Response, SecureMessagingError> {
        let counter = self.count()?;
        if response.data.is_empty() {
            return Err(SecureMessagingError::Naked { status: response.status });
        }
        let objects = Objects::read(&response.data, Side::Response, self.odd_instruction)?;
        let expected = self.checksum(&[&counter, objects.authenticated])?;
        if !same(&expected, objects.checksum) {
            return Err(SecureMessagingError::Checksum);
        }
        let protected = objects.status.ok_or(SecureMessagingError::Missing { tag: 0x99 })?;
        if protected != response.status {
            return Err(SecureMessagingError::StatusDiffers { protected, outer: response.status });
        }
        let data = match &objects.cryptogram {
            Some(cryptogram) => self.decrypt(&counter, cryptogram)?,
            None => Vec::new(),
        };
        Ok(Response::new(data, protected))
    }
}

impl fmt::Debug for SecureMessaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureMessaging")
            .field("cipher", &self.cipher())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// DO'97': one byte up to 256, else two (Doc 9303-11 §9.8.5).
fn expected_length_bytes(expected: u32) -> Result<Vec<u8>, SecureMessagingError> {
    let [.., high, low] = expected.to_be_bytes();
    match expected {
        1..=256 => Ok(vec![low]),
        257..=65_536 => Ok(vec![high, low]),
        _ => Err(SecureMessagingError::TooLong),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Command,
    Response,
}

struct Cryptogram<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// The data objects of a protected message, in the one order Doc 9303-11 §9.8.4 allows:
/// `[85 | 87] [97] 8E` in a command, `[85 | 87] 99 8E` in a response.
struct Objects<'a> {
    cryptogram: Option<Cryptogram<'a>>,
    expected_length: Option<u32>,
    status: Option<StatusWord>,
    authenticated: &'a [u8],
    checksum: &'a [u8],
}

impl<'a> Objects<'a> {
    fn read(data: &'a [u8], side: Side, odd: bool) -> Result<Self, SecureMessagingError> {
        let mut objects = Self {
            cryptogram: None,
            expected_length: None,
            status: None,
            authenticated: data,
            checksum: &[],
        };
        let mut reader = Reader::new(data);
        let mut rank = 0_u8;
        while !reader.is_empty() {
            let offset = reader.offset();
            let malformed = SecureMessagingError::Malformed { offset };
            let object = reader.read().map_err(|_| malformed)?;
            let next = match (object.tag, side) {
                (0x85 | 0x87, _) => 1,
                (0x97, Side::Command) | (0x99, Side::Response) => 2,
                (0x8E, _) => 3,
                _ => return Err(malformed),
            };
            if next <= rank {
                return Err(malformed);
            }
            rank = next;
            match (object.tag, object.value) {
                (0x85, bytes) if odd => objects.cryptogram = Some(Cryptogram { bytes, offset }),
                (0x87, [0x01, bytes @ ..]) if !odd => objects.cryptogram = Some(Cryptogram { bytes, offset }),
                (0x97, [0]) => objects.expected_length = Some(256),
                (0x97, [low]) => objects.expected_length = Some(u32::from(*low)),
                (0x97, [0, 0]) => objects.expected_length = Some(65_536),
                (0x97, [high, low]) => {
                    objects.expected_length = Some(u32::from(u16::from_be_bytes([*high, *low])));
                }
                (0x99, [sw1, sw2]) => objects.status = Some(StatusWord(u16::from_be_bytes([*sw1, *sw2]))),
                (0x8E, checksum) if checksum.len() == 8 => {
                    objects.checksum = checksum;
                    objects.authenticated = data.get(..offset).ok_or(malformed)?;
                }
                _ => return Err(malformed),
            }
        }
        if side == Side::Response && objects.status.is_none() {
            return Err(SecureMessagingError::Missing { tag: 0x99 });
        }
        if rank != 3 {
            return Err(SecureMessagingError::Missing { tag: 0x8E });
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests;
