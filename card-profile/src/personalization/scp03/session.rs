//! Wrapping commands and answers (Amendment D §6.2.4 to §6.2.7), both ends.

use super::SessionKeys;
use crate::apdu::{Command, LengthForm, Response, StatusWord};
use crate::protocol::block_cipher::{BadLength, cbc_decrypt, cbc_encrypt, cmac, pad, same, unpad};
use crate::protocol::kdf::{Cipher, SymmetricKey};
use std::fmt;

/// Why a message of the channel does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Scp03Error {
    /// The class byte does not announce `GlobalPlatform`'s secure messaging.
    #[error("the message is not protected")]
    Unprotected,
    /// The MAC is wrong: altered, replayed, or another key.
    #[error("the MAC is wrong")]
    Mac,
    /// The data does not decrypt to padded data.
    #[error("the padding is wrong")]
    Padding,
    /// Too long to be protected.
    #[error("the message is too long to be protected")]
    TooLong,
    /// The channel ended before.
    #[error("the secure channel has ended")]
    Ended,
}

impl Scp03Error {
    /// What the chip answers when it closes the channel.
    #[must_use]
    pub fn status_word(&self) -> StatusWord {
        match self {
            Self::TooLong => StatusWord::WRONG_LENGTH,
            Self::Unprotected | Self::Ended => StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            Self::Mac | Self::Padding => StatusWord::SECURE_MESSAGING_OBJECTS_INCORRECT,
        }
    }
}

impl From<BadLength> for Scp03Error {
    fn from(_: BadLength) -> Self {
        Self::TooLong
    }
}

/// An open channel of level `33`. Either end uses its own two of the four methods. The first thing that does not
/// hold ends it for good.
pub struct Scp03Session {
    keys: SessionKeys,
    chaining: [u8; 16],
    counter: u128,
    ended: bool,
}

impl Scp03Session {
    pub(super) fn new(keys: SessionKeys, chaining: [u8; 16]) -> Self {
        Self { keys, chaining, counter: 0, ended: false }
    }

    /// Whether the channel can still be used.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.ended
    }

    /// Most data of a short command: with padding and MAC it fills 248 of 255 bytes.
    pub const MAX_SHORT_DATA: usize = 239;

    /// Station: wraps a command.
    ///
    /// # Errors
    /// [`Scp03Error::TooLong`] or [`Scp03Error::Ended`].
    pub fn wrap_command(&mut self, command: &Command) -> Result<Command, Scp03Error> {
        self.guarded(|session| {
            session.count()?;
            let mut data = if command.data().is_empty() {
                Vec::new()
            } else {
                session.encrypt(Side::Command, command.data())?
            };
            let secured = Command::new(command.cla() | 0x04, command.ins(), command.p1(), command.p2());
            let length = data.len().saturating_add(8);
            let mac = mac_command(&session.keys, &session.chaining, &secured, &data, length)?;
            session.chaining = mac;
            data.extend_from_slice(mac.get(..8).unwrap_or_default());
            let form = match command.form() {
                LengthForm::Short if length > 255 => return Err(Scp03Error::TooLong),
                // What was extended for its expected answer stays extended.
                _ if command.is_extended() || length > 255 => LengthForm::Extended,
                _ => LengthForm::Short,
            };
            Ok(secured.with_data(data).with_optional_length(command.expected_length()).with_form(form))
        })
    }

    /// Chip: checks and unwraps a command.
    ///
    /// # Errors
    /// [`Scp03Error`]; the channel has ended then.
    pub fn unwrap_command(&mut self, command: &Command) -> Result<Command, Scp03Error> {
        self.guarded(|session| {
            if command.cla() & 0x0C != 0x04 {
                return Err(Scp03Error::Unprotected);
            }
            session.count()?;
            let (data, mac) = command.data().split_last_chunk::<8>().ok_or(Scp03Error::Mac)?;
            let full = mac_command(&session.keys, &session.chaining, command, data, command.data().len())?;
            if !same(full.get(..8).unwrap_or_default(), mac) {
                return Err(Scp03Error::Mac);
            }
            session.chaining = full;
            let plain = if data.is_empty() { Vec::new() } else { session.decrypt(Side::Command, data)? };
            Ok(Command::new(command.cla() & !0x04, command.ins(), command.p1(), command.p2())
                .with_data(plain)
                .with_optional_length(command.expected_length()))
        })
    }

    /// Chip: wraps an answer. A refusal goes out bare, as the protocol says: it carries no data and no MAC.
    ///
    /// # Errors
    /// [`Scp03Error::TooLong`] or [`Scp03Error::Ended`].
    pub fn wrap_response(&mut self, response: &Response) -> Result<Response, Scp03Error> {
        self.guarded(|session| {
            if !carries_mac(response.status) {
                return Ok(Response::status(response.status));
            }
            let mut data = if response.data.is_empty() {
                Vec::new()
            } else {
                session.encrypt(Side::Response, &response.data)?
            };
            let mac = session.mac_response(&data, response.status)?;
            data.extend_from_slice(mac.get(..8).unwrap_or_default());
            Ok(Response::new(data, response.status))
        })
    }

    /// Station: checks and unwraps an answer.
    ///
    /// # Errors
    /// [`Scp03Error`]; the channel has ended then. A bare refusal is an answer: believe it only as far as one
    /// believes an unprotected status word.
    pub fn unwrap_response(&mut self, response: &Response) -> Result<Response, Scp03Error> {
        self.guarded(|session| {
            if !carries_mac(response.status) {
                return if response.data.is_empty() { Ok(response.clone()) } else { Err(Scp03Error::Mac) };
            }
            let (data, mac) = response.data.split_last_chunk::<8>().ok_or(Scp03Error::Mac)?;
            let full = session.mac_response(data, response.status)?;
            if !same(full.get(..8).unwrap_or_default(), mac) {
                return Err(Scp03Error::Mac);
            }
            let plain = if data.is_empty() { Vec::new() } else { session.decrypt(Side::Response, data)? };
            Ok(Response::new(plain, response.status))
        })
    }

    fn guarded<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Scp03Error>) -> Result<T, Scp03Error> {
        if self.ended {
            return Err(Scp03Error::Ended);
        }
        let result = run(self);
        self.ended = result.is_err();
        result
    }

    fn count(&mut self) -> Result<(), Scp03Error> {
        // The top bit tells answers from commands (Amendment D §6.2.7); no session lives so long.
        self.counter =
            self.counter.checked_add(1).filter(|counter| counter >> 120 == 0).ok_or(Scp03Error::Ended)?;
        Ok(())
    }

    fn iv(&self, key: &SymmetricKey, side: Side) -> Result<Vec<u8>, Scp03Error> {
        let block = match side {
            Side::Command => self.counter,
            Side::Response => self.counter | 0x80 << 120,
        };
        Ok(cbc_encrypt(key, &[0; 16], &block.to_be_bytes())?)
    }

    fn encrypt(&self, side: Side, data: &[u8]) -> Result<Vec<u8>, Scp03Error> {
        let key = SymmetricKey::new(Cipher::Aes128, &*self.keys.enc).ok_or(Scp03Error::Ended)?;
        Ok(cbc_encrypt(&key, &self.iv(&key, side)?, &pad(data, 16))?)
    }

    fn decrypt(&self, side: Side, data: &[u8]) -> Result<Vec<u8>, Scp03Error> {
        let key = SymmetricKey::new(Cipher::Aes128, &*self.keys.enc).ok_or(Scp03Error::Ended)?;
        let padded = cbc_decrypt(&key, &self.iv(&key, side)?, data).map_err(|_| Scp03Error::Padding)?;
        unpad(&padded, 16).map(<[u8]>::to_vec).ok_or(Scp03Error::Padding)
    }

    fn mac_response(&self, data: &[u8], status: StatusWord) -> Result<[u8; 16], Scp03Error> {
        Ok(cmac(&*self.keys.rmac, &[&self.chaining, data, &status.0.to_be_bytes()])?)
    }
}

/// `9000` and warnings carry data and MAC, everything else nothing (Amendment D §6.2.5).
fn carries_mac(status: StatusWord) -> bool {
    status.is_ok() || matches!(status.sw1(), 0x62 | 0x63)
}

/// C-MAC over chaining value, header, Lc with the MAC counted, data (Amendment D §6.2.4).
pub(super) fn mac_command(
    keys: &SessionKeys,
    chaining: &[u8; 16],
    secured: &Command,
    data: &[u8],
    length: usize,
) -> Result<[u8; 16], Scp03Error> {
    let length = u16::try_from(length).map_err(|_| Scp03Error::TooLong)?;
    let [high, low] = length.to_be_bytes();
    let short = [low];
    let extended = [0, high, low];
    let lc: &[u8] = if length > 255 { &extended } else { &short };
    Ok(cmac(&*keys.mac, &[chaining, &secured.header(), lc, data])?)
}

#[derive(Clone, Copy)]
enum Side {
    Command,
    Response,
}

impl fmt::Debug for Scp03Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scp03Session").field("ended", &self.ended).finish_non_exhaustive()
    }
}
