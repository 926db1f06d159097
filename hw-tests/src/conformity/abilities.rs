//! What a card offers, found without changing it.

use std::collections::{BTreeSet, HashSet};

use anyhow::{Context as _, Result};
use cccd_card_profile::apdu::{Command, GetResponse, Response, Transport as _};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg14, dg15};
use cccd_card_profile::protocol::active_authentication::HashAlgorithm;
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationProtocol;
use cccd_card_profile::protocol::curve::Point;
use cccd_card_profile::protocol::pace::PaceOffer;
use cccd_card_profile::protocol::private_key::PublicKey;
use rand_core::CryptoRng;
use serde::Deserialize;

use super::case::{Case, SessionKind};
use super::session::Open;
use crate::runner::{Resettable, Secrets};

/// Something that a card may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// PACE, announced in EF.CardAccess.
    Pace,
    /// PACE, and the CAN is known.
    Can,
    /// PACE, and the PIN is known.
    Pin,
    /// PACE, and the PUK is known.
    Puk,
    /// The MRZ's data are known.
    Mrz,
    /// BAC, and the MRZ's data are known.
    Bac,
    /// No PACE.
    NoPace,
    /// Chip Authentication.
    ChipAuthentication,
    /// Active Authentication.
    ActiveAuthentication,
    /// Extended length, announced in EF.ATR/INFO.
    ExtendedLength,
    /// No extended length.
    ShortOnly,
}

impl Ability {
    fn missing(self) -> &'static str {
        match self {
            Self::Pace => "the card offers no PACE",
            Self::Can => "the card takes no CAN, or it is not known",
            Self::Pin => "the card has no PIN, or it is not known",
            Self::Puk => "the card has no PUK, or it is not known",
            Self::Mrz => "the card's MRZ is not known",
            Self::Bac => "the card does not open by BAC, or its MRZ is not known",
            Self::NoPace => "the card offers PACE",
            Self::ChipAuthentication => "the card offers no Chip Authentication",
            Self::ActiveAuthentication => "the card offers no Active Authentication",
            Self::ExtendedLength => "the card announces no extended length",
            Self::ShortOnly => "the card announces extended length",
        }
    }
}

/// The key of Chip Authentication that DG14 tells.
#[derive(Debug, Clone)]
pub struct ChipKey {
    /// The protocol.
    pub protocol: ChipAuthenticationProtocol,
    /// The public key.
    pub point: Point,
    /// Its number, if it has one.
    pub key_id: Option<u32>,
}

/// What a card offers.
#[derive(Debug, Clone, Default)]
pub struct Abilities {
    offered: BTreeSet<Ability>,
    files: HashSet<ElementaryFile>,
    /// The variants of PACE that EF.CardAccess offers, the one that is used first.
    pub pace: Vec<PaceOffer>,
    /// The key of Chip Authentication.
    pub chip_key: Option<ChipKey>,
    /// The key of Active Authentication, and the hash that DG14 names for it.
    pub active_key: Option<(PublicKey, Option<HashAlgorithm>)>,
}

impl Abilities {
    /// Asks the card.
    ///
    /// # Errors
    /// When it is gone.
    pub fn probe(card: &mut dyn Resettable, secrets: &Secrets, rng: &mut dyn CryptoRng) -> Result<Self> {
        let mut found = Self::default();
        // Every card has these (Doc 9303-10 §4.6).
        let owed = [DataGroupNumber::DG1, DataGroupNumber::DG2].map(ElementaryFile::DataGroup);
        found.files.extend([ElementaryFile::Com, ElementaryFile::Sod]);
        found.files.extend(owed);
        card.reset()?;
        found.ask_in_clear(card)?;
        if !secrets.can.is_empty() && !found.pace.is_empty() {
            found.offered.insert(Ability::Can);
        }
        let known = [(Ability::Pin, secrets.pin.is_some()), (Ability::Puk, secrets.puk.is_some())];
        let known = known.into_iter().filter(|(_, known)| *known && !found.pace.is_empty());
        found.offered.extend(known.map(|(ability, _)| ability));
        if secrets.mrz.is_some() {
            found.offered.insert(Ability::Mrz);
            // A card that offers no PACE owes BAC; one that does may have it beside.
            let mut open = Open::new(&mut *card, secrets, &found, rng);
            if found.pace.is_empty() || open.gives_challenge()? {
                found.offered.insert(Ability::Bac);
            }
        }
        let kind = if !found.pace.is_empty() { SessionKind::Pace } else { SessionKind::Bac };
        let snapshot = found.clone();
        let mut open = Open::new(card, secrets, &snapshot, rng);
        // What a card does wrong in its session is for the cases to tell.
        if open.session(kind).is_ok_and(|opened| opened.is_ok()) {
            let _ = found.ask_inside(&mut open);
        }
        Ok(found)
    }

    fn ask_in_clear(&mut self, card: &mut dyn Resettable) -> Result<()> {
        let mut read = |file: ElementaryFile| -> Result<Option<Vec<u8>>> {
            let command = Command::new(0x00, 0xB0, file.short_file_id().read_binary_p1(), 0x00);
            let command = command.with_expected_length(256).to_bytes()?;
            let answer = Response::parse(&GetResponse::new(&mut *card).transmit(&command)?)
                .context("an answer without a status word")?;
            Ok((answer.is_ok() && !answer.data.is_empty()).then_some(answer.data))
        };
        if let Some(file) = read(ElementaryFile::CardAccess)? {
            self.files.insert(ElementaryFile::CardAccess);
            let infos = card_access::parse(&file).unwrap_or_default();
            self.pace = PaceOffer::among(&infos);
        }
        self.offered.insert(if self.pace.is_empty() { Ability::NoPace } else { Ability::Pace });
        let dir = ElementaryFile::Dir.file_id().to_bytes();
        let select = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(dir).to_bytes()?;
        let info = read(ElementaryFile::AtrInfo)?.and_then(|file| {
            self.files.insert(ElementaryFile::AtrInfo);
            AtrInfo::parse(&file).ok()
        });
        let answer = GetResponse::new(&mut *card).transmit(&select)?;
        if Response::parse(&answer).is_some_and(|answer| answer.is_ok()) {
            self.files.insert(ElementaryFile::Dir);
        }
        let extended = info.is_some_and(|info| info.extended_length && info.max_response.is_some());
        self.offered.insert(if extended { Ability::ExtendedLength } else { Ability::ShortOnly });
        Ok(())
    }

    fn ask_inside(&mut self, open: &mut Open<'_>) -> Result<()> {
        let Some(com) = open.read(ElementaryFile::Com)?.and_then(|file| Com::parse(&file).ok()) else {
            return Ok(());
        };
        self.files.extend(com.data_groups().into_iter().map(ElementaryFile::DataGroup));
        let infos = open
            .read(ElementaryFile::DataGroup(DataGroupNumber::DG14))?
            .and_then(|file| dg14::parse(&file).ok())
            .unwrap_or_default();
        let announced = infos.chip_authentication().next().is_some();
        if announced || infos.chip_authentication_keys().next().is_some() {
            self.offered.insert(Ability::ChipAuthentication);
        }
        for key in infos.chip_authentication_keys() {
            let protocol = infos
                .chip_authentication()
                .filter(|info| info.key_id == key.key_id)
                .find_map(|info| ChipAuthenticationProtocol::from_oid(info.protocol));
            if let (Some(protocol), Ok(PublicKey::EllipticCurve(point))) =
                (protocol, PublicKey::from_spki(&key.public_key))
            {
                self.chip_key = Some(ChipKey { protocol, point, key_id: key.key_id });
                break;
            }
        }
        let group = ElementaryFile::DataGroup(DataGroupNumber::DG15);
        if self.has_file(group) {
            self.offered.insert(Ability::ActiveAuthentication);
        }
        let key = open
            .read(group)?
            .and_then(|file| dg15::parse(&file).ok())
            .and_then(|info| PublicKey::from_spki(info.as_der()).ok());
        if let Some(key) = key {
            let hash = infos
                .active_authentication()
                .and_then(|info| HashAlgorithm::from_ecdsa_plain_oid(info.signature_algorithm));
            self.active_key = Some((key, hash));
        }
        Ok(())
    }

    /// Whether the card offers it.
    #[must_use]
    pub fn has(&self, ability: Ability) -> bool {
        self.offered.contains(&ability)
    }

    /// Whether the card lists the file.
    #[must_use]
    pub fn has_file(&self, file: ElementaryFile) -> bool {
        self.files.contains(&file)
    }

    /// Why the case is not applicable to the card.
    #[must_use]
    pub fn lacking(&self, case: &Case) -> Option<String> {
        let of_session = match case.session {
            SessionKind::Bac => Some(Ability::Bac),
            SessionKind::Pace => Some(Ability::Pace),
            SessionKind::Plain | SessionKind::Selected => None,
        };
        let missing = case.requires.iter().copied().chain(of_session).find(|ability| !self.has(*ability));
        if let Some(ability) = missing {
            return Some(ability.missing().to_owned());
        }
        let file = case.file.filter(|file| !self.has_file(*file))?;
        Some(format!("the card has no {}", file.name()))
    }
}
