//! The chip's end: INITIALIZE UPDATE and EXTERNAL AUTHENTICATE (Amendment D §7.1).

use super::session::mac_command;
use super::{Derivation, SECURITY_LEVEL, SERIAL_LENGTH, Scp03Session, SessionKeys, derive};
use crate::apdu::{Command, Response, StatusWord};
use crate::personalization::APPLICATION_ID;
use crate::personalization::keys::{KeyVersion, StaticKeys};
use crate::protocol::block_cipher::{BadLength, same};
use std::fmt;

/// What a chip says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scp03Identity {
    /// The chip's serial.
    pub serial: [u8; SERIAL_LENGTH],
    /// The version of the keys it holds.
    pub key_version: KeyVersion,
    /// The sequence counter of these keys, 24 bits: one more for every INITIALIZE UPDATE, and kept.
    pub sequence_counter: u32,
}

/// The chip after INITIALIZE UPDATE: it waits for EXTERNAL AUTHENTICATE, once.
pub struct Scp03Chip {
    keys: SessionKeys,
    host_cryptogram: [u8; 8],
}

impl Scp03Chip {
    /// INITIALIZE UPDATE `80 50 <version> 00 08 <host challenge>`; version `00` asks for whatever keys there are.
    ///
    /// # Errors
    /// `6A88` for another key version, `6A86`, `6700`; `6985` when the sequence counter is used up.
    pub fn initialize_update(
        command: &Command,
        identity: &Scp03Identity,
        keys: &StaticKeys,
    ) -> Result<(Response, Self), StatusWord> {
        if command.p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        if command.p1() != 0 && command.p1() != identity.key_version.0 {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        let host = <[u8; 8]>::try_from(command.data()).map_err(|_| StatusWord::WRONG_LENGTH)?;
        let [0, counter @ ..] = identity.sequence_counter.to_be_bytes() else {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        Self::answer(identity, counter, host, keys).map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)
    }

    fn answer(
        identity: &Scp03Identity,
        counter: [u8; 3],
        host: [u8; 8],
        keys: &StaticKeys,
    ) -> Result<(Response, Self), BadLength> {
        let challenge = derive(keys.enc(), Derivation::CardChallenge, 64, &[&counter, &APPLICATION_ID])?;
        let card = challenge.first_chunk::<8>().copied().ok_or(BadLength)?;
        let keys = SessionKeys::derive(keys, &host, &card)?;
        let cryptogram = keys.cryptogram(Derivation::CardCryptogram, &host, &card)?;
        let host_cryptogram = keys.cryptogram(Derivation::HostCryptogram, &host, &card)?;
        let head = [identity.key_version.0, 0x03, 0x70];
        let data = [&identity.serial[..], &head, &card, &cryptogram, &counter].concat();
        Ok((Response::ok(data), Self { keys, host_cryptogram }))
    }

    /// EXTERNAL AUTHENTICATE `84 82 33 00 10 <host cryptogram> <MAC>`: opens the channel.
    ///
    /// # Errors
    /// `6A86` for another security level, `6700`; `6300` for a wrong cryptogram, `6988` for a wrong MAC.
    pub fn external_authenticate(self, command: &Command) -> Result<(Response, Scp03Session), StatusWord> {
        if command.cla() != 0x84 {
            return Err(StatusWord::CLASS_NOT_SUPPORTED);
        }
        if command.p1() != SECURITY_LEVEL || command.p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let (cryptogram, mac) = command.data().split_last_chunk::<8>().ok_or(StatusWord::WRONG_LENGTH)?;
        if cryptogram.len() != 8 {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let full = mac_command(&self.keys, &[0; 16], command, cryptogram, 16)
            .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
        if !same(full.get(..8).unwrap_or_default(), mac) {
            return Err(StatusWord::SECURE_MESSAGING_OBJECTS_INCORRECT);
        }
        if !same(&self.host_cryptogram, cryptogram) {
            return Err(StatusWord::AUTHENTICATION_FAILED);
        }
        Ok((Response::status(StatusWord::OK), Scp03Session::new(self.keys, full)))
    }
}

impl fmt::Debug for Scp03Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scp03Chip")
    }
}
