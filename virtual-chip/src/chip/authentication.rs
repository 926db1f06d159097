//! The citizen's side: BAC, PACE, Chip Authentication, Active Authentication (Doc 9303-11 §4, §6).

use cccd_card_profile::access::{AccessCondition, ChipAccess};
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg14};
use cccd_card_profile::protocol::active_authentication::{self, HashAlgorithm};
use cccd_card_profile::protocol::bac::BasicAccessKeys;
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationProtocol, ChipAuthenticationVersion,
    set_kat,
};
use cccd_card_profile::protocol::curve::{DomainParameters, Scalar};
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{
    LastAnswer, Mapping, PaceChip, PaceChipStep, PaceOffer, PaceProtocol, PasswordType,
};
use cccd_card_profile::protocol::private_key::PrivateKey;
use cccd_card_profile::protocol::terminal_authentication::ChipIdentifier;
use cccd_cvc::chain::ChipTrust;

use super::session::Channel;
use super::terminal_authentication::TerminalSession;
use super::{Chip, Protection};
use crate::lab::Defect;
use crate::lab::defect::Constant;
use crate::state::MrzSeed;

impl Chip {
    /// GET CHALLENGE, for BAC.
    pub(super) fn get_challenge(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        if !command.data().is_empty() || command.expected_length().is_some_and(|length| length < 8) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        if protection == Protection::Citizen && self.session.terminal.run.awaits_challenge() {
            return Ok(self.terminal_challenge());
        }
        self.basic_access(protection)?;
        if self.has(Defect::RepeatsChallenge) {
            return Ok(Response::ok(self.session.bac.get_challenge(&mut Constant)));
        }
        Ok(Response::ok(self.session.bac.get_challenge(&mut *self.rng)))
    }

    /// EXTERNAL (MUTUAL) AUTHENTICATE, for BAC.
    pub(super) fn mutual_authenticate(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let keys = self.basic_access(protection)?;
        self.before_try(PasswordType::Mrz)?;
        match self.session.bac.mutual_authenticate(&keys, command.data(), &mut *self.rng) {
            Ok((answer, channel)) => {
                self.right_try(PasswordType::Mrz);
                self.open_session(channel, ChipAccess::Bac);
                if let Some(information) = self.state.mrz.as_ref().and_then(MrzSeed::information) {
                    self.session.terminal = TerminalSession::opened(ChipIdentifier::bac(&information), None);
                }
                Ok(answer)
            }
            Err(StatusWord::AUTHENTICATION_FAILED) => Err(self.wrong_try(PasswordType::Mrz)),
            Err(status) => Err(status),
        }
    }

    fn basic_access(&self, protection: Protection) -> Result<BasicAccessKeys, StatusWord> {
        if protection != Protection::None || !self.session.application_selected {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let information = self.state.mrz.as_ref().and_then(MrzSeed::information);
        Ok(BasicAccessKeys::new(&information.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?))
    }

    fn open_session(
        &mut self,
        channel: cccd_card_profile::protocol::secure_messaging::SecureMessaging,
        access: ChipAccess,
    ) {
        self.session.channel = Channel::Citizen(channel);
        self.session.status.reset();
        self.session.status.chip_access = Some(access);
    }

    /// MANAGE SECURITY ENVIRONMENT: set for PACE (`C1A4`) or Chip Authentication (`41A4`).
    pub(super) fn manage_security_environment(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        match command.p1_p2() {
            0xC1A4 => self.set_pace(command, protection),
            0x81B6 => self.set_verification_key(command, protection),
            0x81A4 => self.set_terminal(command, protection),
            0x41A4 => {
                self.chip_access()?;
                // With 3DES, version 1 goes by MSE:SET KAT alone.
                let mut offers = self.chip_authentication_offers();
                offers.retain(|offer| {
                    offer.protocol.cipher != Cipher::TripleDes
                        || offer.version == ChipAuthenticationVersion::Two
                });
                let run = ChipAuthenticationChip::set_at(command, &offers, &mut *self.rng)?;
                // Version 2 comes after the terminal's proof, where that is announced (TR-03110-2 §3.4).
                if run.offer().version == ChipAuthenticationVersion::Two
                    && self.announces_terminal_authentication_2()
                    && !self.session.terminal.awaits_chip_authentication()
                {
                    return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
                }
                self.session.chip_authentication = Some(run);
                Ok(Response::ok(Vec::new()))
            }
            0x41A6 => {
                self.chip_access()?;
                let mut offers = self.chip_authentication_offers();
                offers.retain(|offer| {
                    offer.protocol.cipher == Cipher::TripleDes
                        && offer.version == ChipAuthenticationVersion::One
                });
                if offers.is_empty() {
                    return Err(StatusWord::FUNCTION_NOT_SUPPORTED);
                }
                let agreement = set_kat(command, |id| {
                    let offer = offers.iter().find(|offer| id.is_none() || offer.key_id == id)?;
                    self.state.chip_authentication_key(offer.key_id)
                })?;
                self.chip_authentication_used(agreement.ephemeral.compressed())?;
                self.session.next_channel = Some(agreement.session);
                Ok(agreement.answer)
            }
            _ => Err(StatusWord::INCORRECT_P1_P2),
        }
    }

    /// MSE:SET AT for PACE. Within a session only the PIN, after the card access number: that resumes a suspended one.
    fn set_pace(&mut self, command: &Command, protection: Protection) -> Result<Response, StatusWord> {
        // A chip without EF.CardAccess has no PACE (Doc 9303-11 §9.2.1).
        if self.state.file(ElementaryFile::CardAccess).is_none() {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        let passwords = PasswordType::ALL.map(|kind| self.password(kind));
        let password =
            |kind: PasswordType| passwords.iter().flatten().find(|password| password.kind() == kind);
        let run = PaceChip::set_at(command, &self.pace_offers(), password, &mut *self.rng)?;
        let resumes = protection == Protection::Citizen
            && run.password() == PasswordType::Pin
            && self.session.status.chip_access == Some(ChipAccess::PaceCan);
        if protection != Protection::None && !resumes {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let announcement = self.announcement(run.password());
        self.session.pace = Some(run);
        Ok(Response::status(announcement))
    }

    /// What EF.CardAccess announces and the chip can do; the profile's own where it announces nothing. The chip
    /// authentication mapping needs a static key on the same curve.
    fn pace_offers(&self) -> Vec<PaceOffer> {
        let announced =
            self.state.file(ElementaryFile::CardAccess).and_then(|file| card_access::parse(file).ok());
        let mut offers = announced.as_ref().map(PaceOffer::among).unwrap_or_default();
        offers.retain(|offer| {
            let curve = self.static_key().map(|key| DomainParameters::from(key.curve()));
            offer.protocol.mapping != Mapping::ChipAuthentication || curve == Some(offer.parameters)
        });
        if !offers.is_empty() {
            return offers;
        }
        vec![PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, self.state.profile.curve().into())]
    }

    fn static_key(&self) -> Option<&Scalar> {
        self.state.chip_authentication.as_ref().and_then(PrivateKey::scalar)
    }

    /// The next step of PACE, plain or within the session that it replaces.
    fn pace_step(&mut self, command: &Command, protection: Protection) -> Result<Response, StatusWord> {
        let mut run = self.session.pace.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let kind = run.password();
        self.admit(kind)?;
        let is_try = run.awaits_token();
        if is_try {
            self.before_try(kind)?;
        }
        let trust = self.state.terminal_trust();
        let known: Vec<&[u8]> =
            trust.iter().flat_map(ChipTrust::points).map(|point| point.holder.as_bytes()).collect();
        let last = LastAnswer { static_key: self.static_key(), authorities: &known };
        match run.general_authenticate(command, last) {
            Ok(PaceChipStep::Continue(answer)) => {
                self.session.pace = Some(run);
                Ok(answer)
            }
            Ok(PaceChipStep::Established { answer, session, password, chip_identity, chat }) => {
                self.right_try(password);
                let access = match password {
                    PasswordType::Mrz => ChipAccess::PaceMrz,
                    PasswordType::Can => ChipAccess::PaceCan,
                    PasswordType::Pin => ChipAccess::PacePin,
                    PasswordType::Puk => ChipAccess::PacePuk,
                };
                if protection == Protection::None {
                    self.open_session(session, access);
                } else {
                    // The last answer still goes out in the old session.
                    self.session.status.reset();
                    self.session.status.chip_access = Some(access);
                    self.session.next_channel = Some(session);
                }
                self.session.terminal = TerminalSession::opened(ChipIdentifier::pace(&chip_identity), chat);
                Ok(answer)
            }
            Err(StatusWord::AUTHENTICATION_FAILED) if is_try => Err(self.wrong_try(kind)),
            Err(status) => Err(status),
        }
    }

    /// What DG14 announces and the chip holds a key for; the profile's own where it announces nothing. A key without an
    /// info is 3DES, as old documents mean it.
    fn chip_authentication_offers(&self) -> Vec<ChipAuthenticationOffer> {
        let file = self.state.file(ElementaryFile::DataGroup(DataGroupNumber::DG14));
        let Some(infos) = file.and_then(|file| dg14::parse(file).ok()) else {
            return vec![ChipAuthenticationOffer {
                protocol: ChipAuthenticationProtocol::ECDH_AES_128,
                version: ChipAuthenticationVersion::One,
                key_id: None,
            }];
        };
        let mut offers: Vec<_> = infos
            .chip_authentication()
            .filter_map(|info| {
                Some(ChipAuthenticationOffer {
                    protocol: ChipAuthenticationProtocol::from_oid(info.protocol)?,
                    version: ChipAuthenticationVersion::from_number(info.version)?,
                    key_id: info.key_id,
                })
            })
            .collect();
        if offers.is_empty() {
            offers.extend(infos.chip_authentication_keys().filter_map(|key| {
                let agreement = self.state.chip_authentication_key(key.key_id)?.group()?.agreement();
                Some(ChipAuthenticationOffer {
                    protocol: ChipAuthenticationProtocol { agreement, cipher: Cipher::TripleDes },
                    version: ChipAuthenticationVersion::One,
                    key_id: key.key_id,
                })
            }));
        }
        offers
    }

    fn announces_terminal_authentication_2(&self) -> bool {
        let file = self.state.file(ElementaryFile::DataGroup(DataGroupNumber::DG14));
        file.and_then(|file| dg14::parse(file).ok())
            .is_some_and(|infos| infos.announces_terminal_authentication(2))
    }

    /// GENERAL AUTHENTICATE: the next step of PACE, or of Chip Authentication.
    pub(super) fn general_authenticate(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        if protection == Protection::None || self.session.pace.is_some() {
            return self.pace_step(command, protection);
        }
        self.chip_access()?;
        if command.is_chained() {
            return Err(StatusWord::CHAINING_NOT_SUPPORTED);
        }
        let run = self.session.chip_authentication.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let key = self.state.chip_authentication_key(run.offer().key_id);
        let key = key.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        match run.general_authenticate(command, key, None) {
            Ok(agreement) => {
                self.chip_authentication_used(agreement.ephemeral.compressed())?;
                self.session.next_channel = Some(agreement.session);
                Ok(agreement.answer)
            }
            Err(StatusWord::INCORRECT_DATA) if self.has(Defect::AcceptsAnyPublicKey) => {
                Ok(Response::ok([0x7C, 0x00]))
            }
            Err(status) => Err(status),
        }
    }

    /// INTERNAL AUTHENTICATE: Active Authentication (Doc 9303-11 §6.1).
    pub(super) fn internal_authenticate(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        self.chip_access()?;
        let mut challenge: active_authentication::Challenge =
            command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        if self.has(Defect::SignsOtherChallenge) {
            challenge.rotate_left(1);
        }
        let key = self.state.active_authentication.as_ref().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let hash = match key {
            PrivateKey::EllipticCurve(scalar) => HashAlgorithm::of_curve(scalar.curve()),
            _ => HashAlgorithm::Sha256,
        };
        active_authentication::sign(key, &challenge, hash, &mut *self.rng)
            .map(Response::ok)
            .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)
    }

    pub(super) fn chip_access(&self) -> Result<(), StatusWord> {
        if AccessCondition::ChipAccess.allows(&self.session.status) {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }
}
