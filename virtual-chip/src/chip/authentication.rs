//! The citizen's side: BAC, PACE, Chip Authentication, Active Authentication (Doc 9303-11 §4, §6).

use cccd_card_profile::access::{AccessCondition, ChipAccess};
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::card_access;
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::protocol::active_authentication::{self, HashAlgorithm};
use cccd_card_profile::protocol::bac::BasicAccessKeys;
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationProtocol,
};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::pace::{
    PaceChip, PaceChipStep, PaceOffer, PaceProtocol, Password, PasswordType,
};
use cccd_card_profile::protocol::private_key::PrivateKey;

use super::session::Channel;
use super::{Chip, Protection};

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
        self.basic_access(protection)?;
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
        let (answer, channel) =
            self.session.bac.mutual_authenticate(&keys, command.data(), &mut *self.rng)?;
        self.open_session(channel, ChipAccess::Bac);
        Ok(answer)
    }

    fn basic_access(&self, protection: Protection) -> Result<BasicAccessKeys, StatusWord> {
        if protection != Protection::None || !self.session.application_selected {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let information = self.state.mrz.as_ref().and_then(crate::state::MrzSeed::information);
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
            0xC1A4 if protection != Protection::None => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            0xC1A4 => {
                let mrz = self.state.mrz.as_ref().and_then(crate::state::MrzSeed::information);
                let mrz = mrz.as_ref().map(Password::mrz);
                let can = self.state.can.as_ref().and_then(|can| Password::can(can).ok());
                let password = |kind: PasswordType| match kind {
                    PasswordType::Mrz => mrz.as_ref(),
                    PasswordType::Can => can.as_ref(),
                    _ => None,
                };
                let run = PaceChip::set_at(command, &self.pace_offers(), password, &mut *self.rng)?;
                self.session.pace = Some(run);
                Ok(Response::ok(Vec::new()))
            }
            0x41A4 => {
                self.chip_access()?;
                let offer = ChipAuthenticationOffer {
                    protocol: ChipAuthenticationProtocol::ECDH_AES_128,
                    key_id: None,
                };
                self.session.chip_authentication = Some(ChipAuthenticationChip::set_at(command, &[offer])?);
                Ok(Response::ok(Vec::new()))
            }
            // MSE:SET KAT is Chip Authentication with 3DES, which this chip does not offer.
            0x41A6 => Err(StatusWord::FUNCTION_NOT_SUPPORTED),
            _ => Err(StatusWord::INCORRECT_P1_P2),
        }
    }

    /// What EF.CardAccess announces and the chip can do; the profile's own where it announces nothing.
    fn pace_offers(&self) -> Vec<PaceOffer> {
        let announced =
            self.state.file(ElementaryFile::CardAccess).and_then(|file| card_access::parse(file).ok());
        let offers: Vec<_> = announced
            .iter()
            .flat_map(SecurityInfos::pace)
            .filter_map(|info| {
                let protocol = PaceProtocol::from_oid(info.protocol)?;
                let parameters = DomainParameters::from_id(u8::try_from(info.parameter_id?).ok()?)?;
                (protocol.is_supported() && parameters.curve().is_ok())
                    .then_some(PaceOffer { protocol, parameters })
            })
            .collect();
        if !offers.is_empty() {
            return offers;
        }
        let parameters = DomainParameters::from(self.state.profile.curve());
        vec![PaceOffer { protocol: PaceProtocol::ECDH_GM_AES_128, parameters }]
    }

    /// GENERAL AUTHENTICATE: the next step of PACE, or of Chip Authentication.
    pub(super) fn general_authenticate(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        if protection == Protection::None {
            let mut run = self.session.pace.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
            return match run.general_authenticate(command)? {
                PaceChipStep::Continue(answer) => {
                    self.session.pace = Some(run);
                    Ok(answer)
                }
                PaceChipStep::Established { answer, session, password } => {
                    let access = match password {
                        PasswordType::Mrz => ChipAccess::PaceMrz,
                        _ => ChipAccess::PaceCan,
                    };
                    self.open_session(session, access);
                    Ok(answer)
                }
            };
        }
        self.chip_access()?;
        if command.is_chained() {
            return Err(StatusWord::CHAINING_NOT_SUPPORTED);
        }
        let run = self.session.chip_authentication.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let key = self.state.chip_authentication.as_ref().and_then(PrivateKey::scalar);
        let key = key.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let (answer, channel) = run.general_authenticate(command, key)?;
        self.session.next_channel = Some(channel);
        Ok(answer)
    }

    /// INTERNAL AUTHENTICATE: Active Authentication (Doc 9303-11 §6.1).
    pub(super) fn internal_authenticate(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        self.chip_access()?;
        let challenge = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        let key = self.state.active_authentication.as_ref().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let hash = match key {
            PrivateKey::EllipticCurve(scalar) if scalar.curve().field_length() > 32 => HashAlgorithm::Sha384,
            _ => HashAlgorithm::Sha256,
        };
        active_authentication::sign(key, &challenge, hash, &mut *self.rng)
            .map(Response::ok)
            .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)
    }

    fn chip_access(&self) -> Result<(), StatusWord> {
        if AccessCondition::ChipAccess.allows(&self.session.status) {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }
}
