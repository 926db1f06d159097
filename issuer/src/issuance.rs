//! From a person to the bytes of a card: pure, given the chip's public keys and a signer.
//!
//! ```text
//! CardData + portrait ──► PreparedCard (DG1, DG2, DG3, DG13)            nothing of the chip but its serial
//! PreparedCard + AA and CA public keys ──► build_data_groups (+ DG14, DG15)
//! data groups ──► security_object ──► EF.SOD by a Document Signer
//! ```

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::CardData;
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::dg2::{FaceImage, NotAnImage};
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, LdsError, card_access, dg1, dg2, dg3, dg14, dg15};
use cccd_card_profile::lds::{atr_info::AtrInfo, com::Com};
use cccd_card_profile::mrz::{Mrz, MrzError};
use cccd_card_profile::protocol::active_authentication::HashAlgorithm;
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, KeyError, PublicKey};
use cccd_cvc::chain::ChipTrust;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signed_data::SignError;
use cccd_keys::store::DocumentSigner;
use cccd_keys::transport_keys::ChipSerial;
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::capture::{self, Capture, CaptureError};

/// The largest command and response that the chip announces: what every reader with extended length carries.
const ANNOUNCED_BUFFER: u32 = 32_768;

/// The files that a CCCD may list in EF.COM, in its order.
pub const DATA_GROUPS: [DataGroupNumber; 7] = [
    DataGroupNumber::DG1,
    DataGroupNumber::DG2,
    DataGroupNumber::DG3,
    DataGroupNumber::DG4,
    DataGroupNumber::DG13,
    DataGroupNumber::DG14,
    DataGroupNumber::DG15,
];

/// Which algorithms the chip's keys and its PACE use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAlgorithms {
    /// Active Authentication.
    pub active_authentication: KeyAlgorithm,
    /// Chip Authentication and PACE.
    pub curve: Curve,
}

impl ChipAlgorithms {
    /// As the profile of the PKI: real cards have RSA-2048 and brainpoolP256r1.
    #[must_use]
    pub fn of_profile(profile: AlgorithmProfile) -> Self {
        match profile {
            AlgorithmProfile::Cccd => {
                Self { active_authentication: KeyAlgorithm::Rsa2048, curve: Curve::BrainpoolP256r1 }
            }
            AlgorithmProfile::P256 => {
                Self { active_authentication: KeyAlgorithm::EllipticCurve(Curve::P256), curve: Curve::P256 }
            }
        }
    }

    /// The hash that DG14 names for Active Authentication; RSA signatures name theirs themselves.
    #[must_use]
    pub fn active_authentication_hash(self) -> Option<HashAlgorithm> {
        matches!(self.active_authentication, KeyAlgorithm::EllipticCurve(_)).then_some(HashAlgorithm::Sha256)
    }

    fn card_access(self) -> SecurityInfos {
        card_access::cccd(u32::from(self.curve.number()))
    }
}

/// Which files a kind of blank can carry: a card lists and signs exactly what its chip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardLayout {
    /// EF.ATR/INFO.
    pub atr_info: bool,
    /// EF.CardAccess, and PACE with it.
    pub card_access: bool,
    /// DG3: fingerprints, or the empty container for them.
    pub fingerprints: bool,
    /// DG4: irises, of whom they were taken.
    pub irises: bool,
    /// DG14 with a key for Chip Authentication.
    pub chip_authentication: bool,
    /// DG15.
    pub active_authentication: bool,
}

impl CardLayout {
    /// Everything that a CCCD has.
    pub const CCCD: Self = Self {
        atr_info: true,
        card_access: true,
        fingerprints: true,
        irises: false,
        chip_authentication: true,
        active_authentication: true,
    };

    /// The data groups, in EF.COM's order.
    #[must_use]
    pub fn data_groups(self) -> Vec<DataGroupNumber> {
        DATA_GROUPS
            .into_iter()
            .filter(|number| match *number {
                DataGroupNumber::DG3 => self.fingerprints,
                DataGroupNumber::DG4 => self.irises,
                DataGroupNumber::DG14 => self.chip_authentication,
                DataGroupNumber::DG15 => self.active_authentication,
                _ => true,
            })
            .collect()
    }

    /// The length of EF.COM: what it lists is known before DG14 and DG15 are.
    pub(crate) fn com_length(self) -> usize {
        Com::new(&self.data_groups()).to_bytes().len()
    }
}

/// The public halves of the keys that the chip holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipKeys {
    /// The key of DG15, if the chip has one.
    pub active_authentication: Option<PublicKey>,
    /// The key of DG14, if the chip has one.
    pub chip_authentication: Option<PublicKey>,
}

/// Everything that can be built before the chip's keys exist: all but DG14, DG15 and EF.SOD.
#[derive(Clone)]
pub struct PreparedCard {
    /// What the card says.
    pub card: CardData,
    /// The machine readable zone.
    pub mrz: Mrz,
    /// The algorithms its chip is to use.
    pub algorithms: ChipAlgorithms,
    /// Which files it has.
    pub layout: CardLayout,
    /// DG1, DG2, DG3, DG13, and DG4 where irises were taken.
    pub data_groups: BTreeMap<DataGroupNumber, Vec<u8>>,
    /// Whom its chip shall believe about terminals; `None` where the issuer has no CVCA.
    pub terminal_trust: Option<ChipTrust>,
}

impl PreparedCard {
    /// With CVCA keys: the chip lets the terminals that they certify read DG3 and DG4. Every CCCD announces Terminal
    /// Authentication; one without CVCA keys refuses it.
    #[must_use]
    pub fn believing(mut self, trust: Option<ChipTrust>) -> Self {
        self.terminal_trust = trust;
        self
    }

    /// With what was taken of the holder: DG3 with prints in the place of the empty container, DG4 if irises were taken.
    ///
    /// # Errors
    /// [`CaptureError::DoesNotFit`].
    pub fn carrying(mut self, capture: &Capture) -> Result<Self, CaptureError> {
        if let Some(file) = capture::data_groups::dg3(capture)? {
            self.data_groups.insert(DataGroupNumber::DG3, file);
        }
        if let Some(file) = capture::data_groups::dg4(capture)? {
            self.data_groups.insert(DataGroupNumber::DG4, file);
            self.layout.irises = true;
        }
        Ok(self)
    }

    /// For a blank that cannot carry every file.
    #[must_use]
    pub fn for_layout(mut self, layout: CardLayout) -> Self {
        // A blank that takes irises has room for them; a card lists them when it has some.
        let irises = layout.irises && self.layout.irises;
        let layout = CardLayout { irises, ..layout };
        let kept = layout.data_groups();
        self.data_groups.retain(|number, _| kept.contains(number));
        self.layout = layout;
        self
    }
}

/// All files of one card. Personal data: `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct CardFiles {
    /// EF.ATR/INFO, if the card has one.
    pub atr_info: Option<Vec<u8>>,
    /// EF.CardAccess, if the card has one.
    pub card_access: Option<Vec<u8>>,
    /// EF.COM.
    pub com: Vec<u8>,
    /// The data groups.
    pub data_groups: BTreeMap<DataGroupNumber, Vec<u8>>,
    /// EF.SOD.
    pub sod: Vec<u8>,
}

/// Why a card's bytes cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuanceError {
    /// DG1.
    #[error("DG1 cannot be built: {0}")]
    Mrz(#[from] MrzError),
    /// DG2.
    #[error("DG2 cannot be built: {0}")]
    Portrait(#[from] NotAnImage),
    /// DG3, DG4.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// DG14, DG15.
    #[error("the chip's public key cannot be put into the card: {0}")]
    Key(#[from] KeyError),
    /// DG15.
    #[error("DG15 cannot be built: {0}")]
    Lds(#[from] LdsError),
    /// The security object.
    #[error("the LDS security object cannot be built")]
    SecurityObject,
    /// EF.SOD.
    #[error("EF.SOD cannot be signed: {0}")]
    Sign(#[from] SignError),
}

/// Builds what does not need the chip's keys. DG13 carries the last 16 digits of the chip's serial.
///
/// # Errors
/// [`IssuanceError`].
pub fn prepare(
    card: &CardData,
    portrait: &FaceImage,
    algorithms: ChipAlgorithms,
    serial: &ChipSerial,
    rng: &mut dyn CryptoRng,
) -> Result<PreparedCard, IssuanceError> {
    let mut card = card.clone();
    let serial = serial.to_string().to_uppercase();
    card.chip_id = serial.get(4..).map(str::to_owned);
    let mrz = card.mrz()?;
    let mut filler = [0; 16];
    rng.fill_bytes(&mut filler);
    let data_groups = BTreeMap::from([
        (DataGroupNumber::DG1, dg1::to_bytes(&mrz)),
        (DataGroupNumber::DG2, dg2::to_bytes(portrait)?),
        (DataGroupNumber::DG3, dg3::empty(&filler)),
        (DataGroupNumber::DG13, card.national_data().to_bytes()),
    ]);
    Ok(PreparedCard { card, mrz, algorithms, layout: CardLayout::CCCD, data_groups, terminal_trust: None })
}

/// Adds DG14 and DG15 from the public keys of the chip. A key that the chip has not has no group.
///
/// # Errors
/// [`IssuanceError::Key`].
pub fn build_data_groups(
    prepared: &PreparedCard,
    keys: &ChipKeys,
) -> Result<BTreeMap<DataGroupNumber, Vec<u8>>, IssuanceError> {
    let mut groups = prepared.data_groups.clone();
    if let Some(chip) = &keys.chip_authentication {
        // DG14 repeats EF.CardAccess under the signature: a downgrade of the access protocol shows (Doc 9303-11 §9.2.11).
        let mut infos = prepared.algorithms.card_access();
        infos.infos.push(SecurityInfo::chip_authentication_ecdh_key(chip.to_spki()?, None));
        if let Some(hash) = prepared.algorithms.active_authentication_hash() {
            infos.infos.push(SecurityInfo::active_authentication(hash.ecdsa_plain_oid()));
        }
        groups.insert(DataGroupNumber::DG14, dg14::to_bytes(&infos));
    }
    if let Some(active) = &keys.active_authentication {
        let key = PublicKeyInfo::from_der(&active.to_spki()?)?;
        groups.insert(DataGroupNumber::DG15, dg15::to_bytes(&key));
    }
    Ok(groups)
}

/// The LDS security object over these files: SHA-256, version 0, as the cards in use.
///
/// # Errors
/// [`IssuanceError::SecurityObject`], in practice never.
pub fn security_object(
    data_groups: &BTreeMap<DataGroupNumber, Vec<u8>>,
) -> Result<LdsSecurityObject, IssuanceError> {
    LdsSecurityObject::new(DigestAlgorithm::Sha256, data_groups).ok_or(IssuanceError::SecurityObject)
}

/// All files of the card, EF.SOD signed and its signature verified.
///
/// # Errors
/// [`IssuanceError`].
pub fn sign_files(
    prepared: &PreparedCard,
    data_groups: BTreeMap<DataGroupNumber, Vec<u8>>,
    signer: &DocumentSigner,
    at: Timestamp,
) -> Result<CardFiles, IssuanceError> {
    let object = security_object(&data_groups)?;
    let sod = signer.sign_ef_sod(object.as_der(), at)?;
    Ok(CardFiles { sod, ..unsigned_files(prepared, data_groups) })
}

/// The files without EF.SOD: for whoever signs otherwise, as the laboratory's forgers do.
#[must_use]
pub fn unsigned_files(prepared: &PreparedCard, data_groups: BTreeMap<DataGroupNumber, Vec<u8>>) -> CardFiles {
    let listed: Vec<DataGroupNumber> = data_groups.keys().copied().collect();
    let layout = prepared.layout;
    CardFiles {
        atr_info: layout.atr_info.then(|| AtrInfo::extended(ANNOUNCED_BUFFER, ANNOUNCED_BUFFER).to_bytes()),
        card_access: layout.card_access.then(|| card_access::to_bytes(&prepared.algorithms.card_access())),
        com: Com::new(&listed).to_bytes(),
        data_groups,
        sod: Vec::new(),
    }
}

impl CardFiles {
    /// The files in the order in which they are written: EF.SOD last.
    pub fn in_order(&self) -> impl Iterator<Item = (ElementaryFile, &[u8])> {
        [
            (ElementaryFile::AtrInfo, self.atr_info.as_deref()),
            (ElementaryFile::CardAccess, self.card_access.as_deref()),
            (ElementaryFile::Com, Some(self.com.as_slice())),
        ]
        .into_iter()
        .filter_map(|(file, content)| content.map(|content| (file, content)))
        .chain(
            self.data_groups
                .iter()
                .map(|(number, file)| (ElementaryFile::DataGroup(*number), file.as_slice())),
        )
        .chain([(ElementaryFile::Sod, self.sod.as_slice())])
    }
}

impl std::fmt::Debug for CardFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardFiles").field("groups", &self.data_groups.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PreparedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedCard").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}
