//! The personalizer's side: SCP03, and the commands between blank and locked.

use cccd_card_profile::access::AccessCondition;
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::file_system::{ElementaryFile, FileId, Parent};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::commands::{parse_generate_key_pair, parse_update_binary};
use cccd_card_profile::personalization::scp03::{Scp03Chip, Scp03Identity};
use cccd_card_profile::personalization::{
    AccessKeys, CreateFile, KeyReference, StaticKeys, TerminalTrust, TrustPlace,
};
use cccd_card_profile::protocol::pace::Password;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey};

use super::session::Channel;
use super::{Chip, Protection};
use crate::lab::Defect;
use crate::state::{LifeCycle, MrzSeed, TRANSPORT_KEY_TRIES, file_key};

/// The chip's memory for files.
const MEMORY: usize = 160 << 10;

impl Chip {
    /// INITIALIZE UPDATE. The sequence counter it uses up is kept.
    pub(super) fn initialize_update(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        if protection != Protection::None || !self.session.application_selected {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        if self.state.tries_left == 0 {
            return Err(StatusWord::AUTHENTICATION_METHOD_BLOCKED);
        }
        let identity = Scp03Identity {
            serial: self.state.serial,
            key_version: self.state.key_version,
            sequence_counter: self.state.sequence_counter,
        };
        let (answer, run) = Scp03Chip::initialize_update(command, &identity, &self.state.transport_keys)?;
        self.state.sequence_counter = self.state.sequence_counter.saturating_add(1);
        self.changed = true;
        self.session.scp03 = Some(run);
        Ok(answer)
    }

    /// EXTERNAL AUTHENTICATE. A wrong try is counted on disk before it is answered.
    pub(super) fn external_authenticate(&mut self, command: &Command) -> Result<Response, StatusWord> {
        let run = self.session.scp03.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        match run.external_authenticate(command) {
            Ok((answer, channel)) => {
                if self.state.tries_left != TRANSPORT_KEY_TRIES {
                    self.state.tries_left = TRANSPORT_KEY_TRIES;
                    self.changed = true;
                }
                self.session.close_channel();
                self.session.channel = Channel::Personalizer(channel);
                self.session.status.personalizer = true;
                Ok(answer)
            }
            Err(status) => {
                self.state.tries_left = self.state.tries_left.saturating_sub(1);
                self.changed = true;
                Err(status)
            }
        }
    }

    /// The rule of every writing command: the personalizer's channel, and no lock.
    fn may_write(&self) -> Result<(), StatusWord> {
        if AccessCondition::PersonalizerAuthenticated.allows(&self.session.status) {
            Ok(())
        } else if self.locked() {
            Err(StatusWord::CONDITIONS_NOT_SATISFIED)
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }

    fn written(&mut self) {
        self.state.life = self.state.life.max(LifeCycle::Personalizing);
        self.changed = true;
    }

    pub(super) fn create_file(&mut self, command: &Command) -> Result<Response, StatusWord> {
        self.may_write()?;
        let request = CreateFile::parse(command)?;
        let id = FileId(request.identifier);
        // An identifier of both parents (011D) is the application's: this card has no EF.CardSecurity.
        // 011C is EF.CardAccess: EF.CVCA is the chip's own.
        let file = ElementaryFile::from_file_id(Parent::Lds1, id)
            .filter(|file| *file != ElementaryFile::Cvca)
            .or_else(|| ElementaryFile::from_file_id(Parent::MasterFile, id))
            .filter(|file| file.short_file_id().value() == request.short_identifier)
            .ok_or(StatusWord::INCORRECT_DATA)?;
        let key = file_key(file);
        if self.state.files.contains_key(&key) {
            return Err(StatusWord::FILE_ALREADY_EXISTS);
        }
        let used: usize = self.state.files.values().map(Vec::len).sum();
        let length = usize::from(request.length);
        if used.saturating_add(length) > MEMORY {
            return Err(StatusWord::NOT_ENOUGH_MEMORY);
        }
        self.state.files.insert(key, vec![0; length]);
        self.session.current_file = Some(file);
        self.written();
        Ok(Response::ok(Vec::new()))
    }

    pub(super) fn delete_file(&mut self, command: &Command) -> Result<Response, StatusWord> {
        self.may_write()?;
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let id = command.data().try_into().map(u16::from_be_bytes).map_err(|_| StatusWord::WRONG_LENGTH)?;
        let keys = [(1, id), (0, id)];
        let key =
            keys.iter().find(|key| self.state.files.contains_key(key)).ok_or(StatusWord::FILE_NOT_FOUND)?;
        self.state.files.remove(key);
        self.session.current_file = None;
        self.written();
        Ok(Response::ok(Vec::new()))
    }

    pub(super) fn update_binary(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if self.locked() && self.has(Defect::ClaimsToWrite) {
            return Ok(Response::ok(Vec::new()));
        }
        self.may_write()?;
        let (offset, bytes) = parse_update_binary(command)?;
        if bytes.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let file = self.session.current_file.ok_or(StatusWord::COMMAND_NOT_ALLOWED)?;
        let content = self.state.files.get_mut(&file_key(file)).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let offset = usize::try_from(offset).map_err(|_| StatusWord::WRONG_PARAMETERS)?;
        let rest = content.get_mut(offset..).ok_or(StatusWord::WRONG_PARAMETERS)?;
        rest.get_mut(..bytes.len()).ok_or(StatusWord::NOT_ENOUGH_MEMORY)?.copy_from_slice(&bytes);
        self.written();
        Ok(Response::ok(Vec::new()))
    }

    /// PUT DATA of the access keys: from here on the citizen's side works. Of CVCA keys and the date: from here on
    /// terminals are believed that they certify.
    pub(super) fn put_data(&mut self, command: &Command) -> Result<Response, StatusWord> {
        self.may_write()?;
        if let Some(trust) = TerminalTrust::parse(command)? {
            self.put_terminal_trust(trust)?;
            self.written();
            return Ok(Response::ok(Vec::new()));
        }
        match AccessKeys::parse(command)? {
            AccessKeys::Mrz { document_number, birth_date, expiry } => {
                MrzInformation::new(&document_number, &birth_date, &expiry)
                    .map_err(|_| StatusWord::INCORRECT_DATA)?;
                self.state.mrz = Some(MrzSeed { document_number, birth_date, expiry });
            }
            AccessKeys::Can(can) => {
                Password::can(&can).map_err(|_| StatusWord::INCORRECT_DATA)?;
                self.state.can = Some(can);
            }
        }
        self.written();
        Ok(Response::ok(Vec::new()))
    }

    /// The newest key replaces what was there before; an older one goes behind it.
    fn put_terminal_trust(&mut self, trust: TerminalTrust) -> Result<(), StatusWord> {
        match trust {
            TerminalTrust::Point(TrustPlace::Newest, point) => self.state.trust_points = vec![*point],
            TerminalTrust::Point(TrustPlace::Previous, point) => match self.state.trust_points.as_slice() {
                [] => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
                [newest, ..] if newest.holder == point.holder => return Err(StatusWord::INCORRECT_DATA),
                [newest, ..] => self.state.trust_points = vec![newest.clone(), *point],
            },
            TerminalTrust::Date(date) => self.state.current_date = Some(date),
        }
        Ok(())
    }

    /// GENERATE ASYMMETRIC KEY PAIR: the private key never leaves the chip.
    pub(super) fn generate_key_pair(&mut self, command: &Command) -> Result<Response, StatusWord> {
        self.may_write()?;
        let (algorithm, reference) = parse_generate_key_pair(command)?;
        let slot = match (reference, algorithm) {
            (KeyReference::ActiveAuthentication, KeyAlgorithm::DiffieHellman(_)) => {
                return Err(StatusWord::FUNCTION_NOT_SUPPORTED);
            }
            (KeyReference::ActiveAuthentication, _) => &mut self.state.active_authentication,
            (
                KeyReference::ChipAuthentication,
                KeyAlgorithm::EllipticCurve(_) | KeyAlgorithm::DiffieHellman(_),
            ) => &mut self.state.chip_authentication,
            (KeyReference::ChipAuthentication, _) => return Err(StatusWord::FUNCTION_NOT_SUPPORTED),
        };
        let failed = |_| StatusWord::NO_PRECISE_DIAGNOSIS;
        let key = PrivateKey::generate(algorithm, &mut *self.rng).map_err(failed)?;
        let public = key.public_key().map_err(failed)?.to_template();
        *slot = Some(key);
        self.written();
        Ok(Response::ok(public))
    }

    /// PUT KEY: the transport keys are replaced. Other sessions can't be opened with the old ones; this one goes on.
    pub(super) fn put_key(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        if protection != Protection::Personalizer {
            return Err(if self.locked() {
                StatusWord::CONDITIONS_NOT_SATISFIED
            } else {
                StatusWord::SECURITY_STATUS_NOT_SATISFIED
            });
        }
        self.may_write()?;
        if command.p2() != 0x81 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        if command.p1() != self.state.key_version.0 {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        let (version, keys) = StaticKeys::from_put_key_data(command.data(), &self.state.transport_keys)?;
        if version.0 == 0 {
            return Err(StatusWord::INCORRECT_DATA);
        }
        let confirmation = keys.put_key_confirmation(version)?;
        self.state.key_version = version;
        self.state.transport_keys = keys;
        self.state.sequence_counter = 0;
        self.written();
        Ok(Response::ok(confirmation))
    }

    /// ACTIVATE FILE on the application: the lock (Doc 9303-10 §4.5.1).
    pub(super) fn activate(&mut self, command: &Command) -> Result<Response, StatusWord> {
        self.may_write()?;
        if command.p1_p2() != 0 || !command.data().is_empty() {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        self.state.life = LifeCycle::Locked;
        self.session.status.locked = true;
        self.changed = true;
        Ok(Response::ok(Vec::new()))
    }
}
