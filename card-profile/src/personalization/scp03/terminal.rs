//! The station's end: opening the channel, and the channel as a transport.

use super::session::mac_command;
use super::{Derivation, SECURITY_LEVEL, SERIAL_LENGTH, Scp03Error, Scp03Session, SessionKeys};
use crate::apdu::{Command, LinkLost, Response, StatusWord, Transport, exchange};
use crate::personalization::keys::{KeyVersion, StaticKeys};
use crate::protocol::block_cipher::same;
use rand_core::CryptoRng;

/// Why the channel did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Scp03OpenError {
    /// No answer came.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// INITIALIZE UPDATE was refused: no such keys, or the chip is no blank.
    #[error("the chip refuses to open a channel: {0:?}")]
    Refused(StatusWord),
    /// The answer is not SCP03's.
    #[error("the chip's answer is not SCP03's")]
    Malformed,
    /// Nobody has keys for this serial and version.
    #[error("there are no keys for this chip's serial and key version")]
    NoKeys,
    /// The card cryptogram is wrong. **Do not try again with the same keys: chips count wrong tries down.**
    #[error("the chip does not hold the expected keys; do not try these keys again")]
    WrongKeys,
    /// EXTERNAL AUTHENTICATE was refused.
    #[error("the chip refuses our keys: {0:?}")]
    NotAuthenticated(StatusWord),
}

/// Before INITIALIZE UPDATE.
#[derive(Debug)]
pub struct Scp03Start {
    key_version: KeyVersion,
    host: [u8; 8],
}

/// What the chip announced: whose keys to bring.
#[derive(Debug)]
pub struct ChipAnnouncement {
    serial: [u8; SERIAL_LENGTH],
    key_version: KeyVersion,
    host: [u8; 8],
    card: [u8; 8],
    cryptogram: [u8; 8],
}

impl Scp03Start {
    /// Asks for keys of this version (`00`: any), with a fresh host challenge.
    pub fn new(key_version: KeyVersion, rng: &mut dyn CryptoRng) -> Self {
        let mut host = [0; 8];
        rng.fill_bytes(&mut host);
        Self { key_version, host }
    }

    /// INITIALIZE UPDATE `80 50 <version> 00 08 <host challenge> 00` (Amendment D §7.1.1).
    #[must_use]
    pub fn command(&self) -> Command {
        Command::new(0x80, 0x50, self.key_version.0, 0x00).with_data(self.host).with_expected_length(256)
    }

    /// Takes the answer: 29 bytes, or 32 with the sequence counter.
    ///
    /// # Errors
    /// [`Scp03OpenError::Refused`] or [`Scp03OpenError::Malformed`].
    pub fn answer(self, response: &Response) -> Result<ChipAnnouncement, Scp03OpenError> {
        if !response.is_ok() {
            return Err(Scp03OpenError::Refused(response.status));
        }
        self.read(&response.data).ok_or(Scp03OpenError::Malformed)
    }

    fn read(self, data: &[u8]) -> Option<ChipAnnouncement> {
        let (serial, rest) = data.split_first_chunk::<SERIAL_LENGTH>()?;
        let ([version, 0x03, i], rest) = rest.split_first_chunk::<3>()? else { return None };
        let (card, rest) = rest.split_first_chunk::<8>()?;
        let (cryptogram, counter) = rest.split_first_chunk::<8>()?;
        // Bit 1 of i would mean sixteen-byte MACs (S16).
        let good = counter.len() == if i & 0x10 == 0 { 0 } else { 3 }
            && i & 0x01 == 0
            && (self.key_version.0 == 0 || *version == self.key_version.0);
        good.then_some(ChipAnnouncement {
            serial: *serial,
            key_version: KeyVersion(*version),
            host: self.host,
            card: *card,
            cryptogram: *cryptogram,
        })
    }
}

impl ChipAnnouncement {
    /// The chip's serial.
    #[must_use]
    pub fn serial(&self) -> &[u8; SERIAL_LENGTH] {
        &self.serial
    }

    /// The version of the chip's keys.
    #[must_use]
    pub fn key_version(&self) -> KeyVersion {
        self.key_version
    }

    /// Checks that the chip holds these keys; gives EXTERNAL AUTHENTICATE and the session to use once it is
    /// answered `9000`.
    ///
    /// # Errors
    /// [`Scp03OpenError::WrongKeys`].
    pub fn authenticate(&self, keys: &StaticKeys) -> Result<(Command, Scp03Session), Scp03OpenError> {
        let wrong = |_| Scp03OpenError::WrongKeys;
        let session = SessionKeys::derive(keys, &self.host, &self.card).map_err(wrong)?;
        let expected =
            session.cryptogram(Derivation::CardCryptogram, &self.host, &self.card).map_err(wrong)?;
        if !same(&expected, &self.cryptogram) {
            return Err(Scp03OpenError::WrongKeys);
        }
        let own = session.cryptogram(Derivation::HostCryptogram, &self.host, &self.card).map_err(wrong)?;
        let command = Command::new(0x84, 0x82, SECURITY_LEVEL, 0x00);
        let mac =
            mac_command(&session, &[0; 16], &command, &own, 16).map_err(|_| Scp03OpenError::WrongKeys)?;
        let data = [&own[..], mac.get(..8).unwrap_or_default()].concat();
        Ok((command.with_data(data), Scp03Session::new(session, mac)))
    }
}

/// Opens the channel over a transport: INITIALIZE UPDATE, keys for the announced serial, EXTERNAL AUTHENTICATE.
///
/// # Errors
/// [`Scp03OpenError`].
pub fn open<T: Transport>(
    mut transport: T,
    key_version: KeyVersion,
    keys: impl FnOnce(&ChipAnnouncement) -> Option<StaticKeys>,
    rng: &mut dyn CryptoRng,
) -> Result<Scp03Channel<T>, Scp03OpenError> {
    let start = Scp03Start::new(key_version, rng);
    let answer = exchange(&mut transport, &start.command())?;
    let announcement = start.answer(&answer)?;
    let keys = keys(&announcement).ok_or(Scp03OpenError::NoKeys)?;
    let (command, session) = announcement.authenticate(&keys)?;
    let answer = exchange(&mut transport, &command)?;
    if !answer.is_ok() {
        return Err(Scp03OpenError::NotAuthenticated(answer.status));
    }
    Ok(Scp03Channel { inner: transport, session, keys, announcement, fault: None })
}

/// The station's channel: plain commands in, plain answers out. A transport again.
#[derive(Debug)]
pub struct Scp03Channel<T> {
    inner: T,
    session: Scp03Session,
    keys: StaticKeys,
    announcement: ChipAnnouncement,
    fault: Option<Scp03Error>,
}

impl<T: Transport> Scp03Channel<T> {
    /// What the chip announced.
    pub fn announcement(&self) -> &ChipAnnouncement {
        &self.announcement
    }

    /// The keys the channel was opened with: PUT KEY encrypts under their DEK.
    pub fn static_keys(&self) -> &StaticKeys {
        &self.keys
    }

    /// The first broken protection, if that is why the link counts as lost.
    pub fn fault(&self) -> Option<Scp03Error> {
        self.fault
    }

    /// Closes the station's side; the chip closes its own at the next SELECT or reset.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// The wrapped transport, borrowed.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Sends a command through the channel.
    ///
    /// # Errors
    /// [`LinkLost`]; [`Scp03Channel::fault`] tells when a broken protection is the reason.
    pub fn exchange(&mut self, command: &Command) -> Result<Response, LinkLost> {
        let wrapped = self.session.wrap_command(command).map_err(|error| self.broken(error))?;
        let answer = exchange(&mut self.inner, &wrapped)?;
        self.session.unwrap_response(&answer).map_err(|error| self.broken(error))
    }

    fn broken(&mut self, error: Scp03Error) -> LinkLost {
        self.fault.get_or_insert(error);
        LinkLost::new(error.to_string())
    }
}

impl<T: Transport> Transport for Scp03Channel<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let command = Command::parse(command).map_err(|error| LinkLost::new(error.to_string()))?;
        self.exchange(&command).map(|response| response.to_bytes())
    }
}
