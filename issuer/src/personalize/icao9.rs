//! The driver of our own chip: ISO/IEC 7816-9 commands under SCP03 to the application (card-profile
//! `personalization` has the wire).

use cccd_card_profile::apdu::{Command, GetResponse, Response, StatusWord, exchange};
use cccd_card_profile::file_system::{ElementaryFile, PERSONALIZED_FILES};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::commands::MAX_FILE_LENGTH;
use cccd_card_profile::personalization::scp03::{ChipAnnouncement, Scp03OpenError, Scp03Session, Scp03Start};
use cccd_card_profile::personalization::{
    self as wire, CreateFile, KeyReference, KeyVersion, StaticKeys, TrustPlace,
};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_cvc::chain::ChipTrust;
use cccd_keys::store::StoreMaster;
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel, TransportKeys};
use rand_core::CryptoRng;

use super::lock_proof::forbidden;
use super::{Capabilities, CardDriver, CardLink, ChipLife, ChipReport, DriverError, KeySource, LockProof};

/// The most data of a short UPDATE BINARY under SCP03: 240 padded bytes and the MAC.
const SHORT_CHUNK: usize = 239;

/// The most data of an extended one: no reader's buffer is smaller than 32 KiB, and a power loss tears less.
const EXTENDED_CHUNK: usize = 8_000;

/// Where the transport keys of chips come from. A card's keys live in memory for that card only.
pub trait TransportKeySource {
    /// The keys of this chip and version.
    ///
    /// # Errors
    /// [`DriverError::UnknownKeys`]; [`DriverError::Token`] when the token that holds the master does not compute them.
    fn keys(&self, serial: &ChipSerial, version: u8) -> Result<TransportKeys, DriverError>;
}

impl TransportKeySource for StoreMaster {
    fn keys(&self, serial: &ChipSerial, version: u8) -> Result<TransportKeys, DriverError> {
        let labels = [TransportKeyLabel::Blank, TransportKeyLabel::Locked];
        match labels.into_iter().find(|label| label.key_version() == version) {
            Some(label) => Ok(self.derive(label, serial)?),
            None if version == KeyVersion::TEST.0 => Ok(TransportKeys::test()),
            None => Err(DriverError::UnknownKeys(version)),
        }
    }
}

/// A chip of ours in a reader.
pub struct Icao9Driver<'a> {
    link: &'a mut dyn CardLink,
    keys: &'a dyn TransportKeySource,
    rng: &'a mut dyn CryptoRng,
    extended: bool,
    channel: Option<Channel>,
}

struct Channel {
    session: Scp03Session,
    keys: StaticKeys,
    announcement: ChipAnnouncement,
}

impl<'a> Icao9Driver<'a> {
    /// Everything a CCCD needs.
    pub const CAPABILITIES: Capabilities = Capabilities {
        name: "icao9",
        laboratory_only: false,
        transport_keys: true,
        active_authentication: KeySource::Chip,
        chip_authentication: KeySource::Chip,
        pace: true,
        atr_info: true,
        fingerprints: true,
        terminal_authentication: true,
    };

    /// A driver over this link. `extended`: the chip's ATR and the reader allow extended length.
    pub fn new(
        link: &'a mut dyn CardLink,
        keys: &'a dyn TransportKeySource,
        extended: bool,
        rng: &'a mut dyn CryptoRng,
    ) -> Self {
        Self { link, keys, rng, extended, channel: None }
    }

    /// One plain command.
    fn plain(&mut self, command: &Command) -> Result<Response, DriverError> {
        self.channel = None;
        Ok(exchange(&mut GetResponse::new(&mut *self.link), command)?)
    }

    /// One command through the channel.
    fn secured(&mut self, command: &Command) -> Result<Response, DriverError> {
        let channel = self.channel.as_mut().ok_or(DriverError::Answer("the personalizer's channel"))?;
        let broken = |error: &dyn std::fmt::Display| DriverError::Channel(error.to_string());
        let wrapped = channel.session.wrap_command(command).map_err(|error| broken(&error))?;
        let answer = exchange(&mut GetResponse::new(&mut *self.link), &wrapped)?;
        channel.session.unwrap_response(&answer).map_err(|error| broken(&error))
    }

    fn demand(&mut self, name: &'static str, command: &Command) -> Result<Vec<u8>, DriverError> {
        let answer = self.secured(command)?;
        if answer.is_ok() {
            Ok(answer.data)
        } else {
            Err(DriverError::Refused { command: name, status: answer.status })
        }
    }

    fn serial(&self) -> Result<ChipSerial, DriverError> {
        let channel = self.channel.as_ref().ok_or(DriverError::Answer("the personalizer's channel"))?;
        Ok(ChipSerial(*channel.announcement.serial()))
    }

    fn chip_keys(&self, serial: &ChipSerial, version: u8) -> Result<StaticKeys, DriverError> {
        let keys = self.keys.keys(serial, version)?;
        Ok(StaticKeys::new(*keys.encryption(), *keys.mac(), *keys.data_encryption()))
    }
}

impl CardDriver for Icao9Driver<'_> {
    fn capabilities(&self) -> Capabilities {
        Self::CAPABILITIES
    }

    fn probe(&mut self) -> Result<ChipReport, DriverError> {
        self.open()?;
        let serial = self.serial()?;
        let key_version = self.channel.as_ref().map_or(0, |channel| channel.announcement.key_version().0);
        // DELETE FILE of an identifier that no card has: 6A82 from a chip that would delete, 6985 from a locked one.
        let locked = match self.secured(&wire::delete_file(0x01FF))?.status {
            StatusWord::FILE_NOT_FOUND => false,
            StatusWord::CONDITIONS_NOT_SATISFIED | StatusWord::SECURITY_STATUS_NOT_SATISFIED => true,
            status => return Err(DriverError::Refused { command: "the probe of its lock", status }),
        };
        let mut files = Vec::new();
        for file in PERSONALIZED_FILES {
            if self.secured(&wire::select_file(file.file_id().0))?.is_ok() {
                files.push(file);
            }
        }
        let life = match (locked, files.is_empty()) {
            (true, _) => ChipLife::Locked,
            (false, true) => ChipLife::Blank,
            (false, false) => ChipLife::Begun,
        };
        Ok(ChipReport { serial, key_version, life, files })
    }

    fn open(&mut self) -> Result<(), DriverError> {
        let answer = self.plain(&wire::select_application())?;
        if !answer.is_ok() {
            return Err(DriverError::NoApplication(answer.status));
        }
        // Version 00: the chip tells which keys it holds.
        let start = Scp03Start::new(KeyVersion(0), self.rng);
        let answer = self.plain(&start.command())?;
        let announcement = start.answer(&answer).map_err(open_error)?;
        let serial = ChipSerial(*announcement.serial());
        let keys = self.chip_keys(&serial, announcement.key_version().0)?;
        let (command, session) = announcement.authenticate(&keys).map_err(open_error)?;
        let answer = self.plain(&command)?;
        if !answer.is_ok() {
            return Err(DriverError::WrongKeys);
        }
        self.channel = Some(Channel { session, keys, announcement });
        Ok(())
    }

    fn clear(&mut self) -> Result<(), DriverError> {
        for file in PERSONALIZED_FILES {
            let answer = self.secured(&wire::delete_file(file.file_id().0))?;
            if !answer.is_ok() && answer.status != StatusWord::FILE_NOT_FOUND {
                return Err(DriverError::Refused { command: "DELETE FILE", status: answer.status });
            }
        }
        Ok(())
    }

    fn create_file(&mut self, file: ElementaryFile, length: usize) -> Result<(), DriverError> {
        let too_long = || DriverError::TooLong(file.name());
        let length =
            u16::try_from(length).ok().filter(|length| *length <= MAX_FILE_LENGTH).ok_or_else(too_long)?;
        let request = CreateFile {
            identifier: file.file_id().0,
            short_identifier: file.short_file_id().value(),
            length,
        };
        self.demand("CREATE FILE", &wire::create_file(request)).map(drop)
    }

    fn provide_key(&mut self, algorithm: KeyAlgorithm, key: KeyReference) -> Result<PublicKey, DriverError> {
        let expected = if self.extended { 65_536 } else { 256 };
        let name = "GENERATE ASYMMETRIC KEY PAIR";
        let template = self.demand(name, &wire::generate_key_pair(algorithm, key, expected))?;
        PublicKey::from_template(algorithm, &template).map_err(|_| DriverError::Answer(name))
    }

    fn write_file(
        &mut self,
        file: ElementaryFile,
        content: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), DriverError> {
        self.demand("SELECT", &wire::select_file(file.file_id().0))?;
        let size = if self.extended { EXTENDED_CHUNK } else { SHORT_CHUNK };
        let mut offset = 0_usize;
        for chunk in content.chunks(size) {
            let place = u16::try_from(offset)
                .ok()
                .filter(|offset| *offset <= MAX_FILE_LENGTH)
                .ok_or_else(|| DriverError::TooLong(file.name()))?;
            self.demand("UPDATE BINARY", &wire::update_binary(place, chunk))?;
            offset += chunk.len();
            progress(offset);
        }
        Ok(())
    }

    fn put_access_keys(&mut self, mrz: &MrzInformation, can: &str) -> Result<(), DriverError> {
        // Number, birth and expiry with their check digits: 9 + 1, 6 + 1, 6 + 1 (Doc 9303-11 §9.7.2).
        let bytes = mrz.as_bytes();
        let field = |from: usize, to: usize| {
            bytes.get(from..to).and_then(|field| std::str::from_utf8(field).ok()).unwrap_or_default()
        };
        let command = wire::put_access_key(field(0, 9), field(10, 16), field(17, 23));
        self.demand("PUT DATA of the MRZ", &command)?;
        self.demand("PUT DATA of the card access number", &wire::put_can(can)).map(drop)
    }

    fn put_terminal_trust(&mut self, trust: &ChipTrust) -> Result<(), DriverError> {
        for (place, point) in [TrustPlace::Newest, TrustPlace::Previous].into_iter().zip(trust.points()) {
            self.demand("PUT DATA of a CVCA key", &wire::put_trust_point(place, point))?;
        }
        self.demand("PUT DATA of the current date", &wire::put_current_date(trust.date())).map(drop)
    }

    fn citizen(&mut self) -> Result<&mut dyn CardLink, DriverError> {
        self.channel = None;
        self.link.reset()?;
        Ok(self.link)
    }

    fn replace_transport_keys(&mut self) -> Result<(), DriverError> {
        let serial = self.serial()?;
        let name = "PUT KEY";
        let locked = KeyVersion::LOCKED;
        let next = self.chip_keys(&serial, locked.0)?;
        let (command, confirmation) = {
            let channel = self.channel.as_ref().ok_or(DriverError::Answer(name))?;
            let current = channel.announcement.key_version();
            if current == locked {
                return Ok(());
            }
            let command =
                wire::put_key(current, locked, &next, &channel.keys).ok_or(DriverError::Answer(name))?;
            (command, next.put_key_confirmation(locked).map_err(|_| DriverError::Answer(name))?)
        };
        let answer = self.demand(name, &command)?;
        if answer != confirmation {
            return Err(DriverError::Answer(name));
        }
        // Opened with the new keys before the lock: a chip that took others could never be spoken to again.
        self.open()
    }

    fn lock(&mut self) -> Result<(), DriverError> {
        self.demand("ACTIVATE FILE", &wire::activate_file()).map(drop)
    }

    fn prove_lock(&mut self) -> Result<LockProof, DriverError> {
        let mut proof = LockProof::default();
        self.open()?;
        for (what, command) in forbidden() {
            let status = self.secured(&command)?.status;
            proof.note_write(what, status);
        }
        for (what, command) in forbidden() {
            let status = self.plain(&command)?.status;
            proof.note_write(what, status);
        }
        for (what, version) in
            [("the blank's transport keys", KeyVersion::BLANK), ("the test transport keys", KeyVersion::TEST)]
        {
            let answer = self.plain(&wire::select_application())?;
            if !answer.is_ok() {
                return Err(DriverError::NoApplication(answer.status));
            }
            let start = Scp03Start::new(version, self.rng);
            let status = self.plain(&start.command())?.status;
            proof.note_old_keys(what, status);
        }
        Ok(proof)
    }
}

impl std::fmt::Debug for Icao9Driver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Icao9Driver").field("open", &self.channel.is_some()).finish_non_exhaustive()
    }
}

fn open_error(error: Scp03OpenError) -> DriverError {
    match error {
        Scp03OpenError::Link(lost) => DriverError::Link(lost),
        Scp03OpenError::Refused(status) | Scp03OpenError::NotAuthenticated(status) => {
            DriverError::NoChannel(status)
        }
        Scp03OpenError::WrongKeys => DriverError::WrongKeys,
        _ => DriverError::Answer("INITIALIZE UPDATE"),
    }
}
