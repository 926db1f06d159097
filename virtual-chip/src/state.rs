//! What the chip keeps without power: serial, life cycle, files, keys.

mod format;

use std::collections::BTreeMap;
use std::fmt;

use cccd_card_profile::access::AccessStatus;
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::pace::{PasswordType, PinTries};
use cccd_card_profile::protocol::private_key::PrivateKey;
use cccd_cvc::Date;
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use zeroize::Zeroizing;

pub use format::FormatError;
pub(crate) use format::MAX_LENGTH;

/// Wrong tries of SCP03 keys before the chip refuses for good.
pub const TRANSPORT_KEY_TRIES: u8 = 10;

/// The algorithms the chip is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As the cards in use: PACE and Chip Authentication on brainpoolP256r1.
    Cccd,
    /// Everything on NIST P-256.
    P256,
}

impl Profile {
    /// The curve of PACE, where EF.CardAccess names none, and of Chip Authentication.
    #[must_use]
    pub fn curve(self) -> Curve {
        match self {
            Self::Cccd => Curve::BrainpoolP256r1,
            Self::P256 => Curve::P256,
        }
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cccd => "cccd",
            Self::P256 => "p256",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cccd, Self::P256].into_iter().find(|profile| profile.name() == name)
    }
}

/// Where the chip stands in its life (Doc 9303-10 §4.5.1: what is locked is never unlocked).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LifeCycle {
    /// Nothing was written yet.
    Blank,
    /// The personalizer has written something; not locked.
    Personalizing,
    /// Locked for good.
    Locked,
}

impl LifeCycle {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Personalizing => "personalizing",
            Self::Locked => "locked",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Blank, Self::Personalizing, Self::Locked].into_iter().find(|life| life.name() == name)
    }
}

/// The printed data that BAC and PACE-MRZ keys come from. Zeroized, never printed.
pub(crate) struct MrzSeed {
    pub(crate) document_number: Zeroizing<String>,
    pub(crate) birth_date: Zeroizing<String>,
    pub(crate) expiry: Zeroizing<String>,
}

impl MrzSeed {
    pub(crate) fn information(&self) -> Option<MrzInformation> {
        MrzInformation::new(&self.document_number, &self.birth_date, &self.expiry).ok()
    }
}

/// A PIN and its tries. Zeroized, never printed.
pub(crate) struct Pin {
    pub(crate) digits: Zeroizing<String>,
    pub(crate) tries: PinTries,
}

/// Wrong tries in a row of the passwords that never block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WrongTries {
    pub(crate) mrz: u16,
    pub(crate) can: u16,
    pub(crate) puk: u16,
}

impl WrongTries {
    /// The count of a password; `None` for the PIN, whose tries are counted otherwise.
    pub(crate) fn of(&mut self, kind: PasswordType) -> Option<&mut u16> {
        match kind {
            PasswordType::Mrz => Some(&mut self.mrz),
            PasswordType::Can => Some(&mut self.can),
            PasswordType::Puk => Some(&mut self.puk),
            PasswordType::Pin => None,
        }
    }
}

/// The chip's memory. Its keys are zeroized when it is dropped; it has no `Clone` and nothing of it in `Debug`.
pub struct ChipState {
    pub(crate) serial: [u8; 10],
    pub(crate) profile: Profile,
    pub(crate) life: LifeCycle,
    /// In the order of their identifiers. At most one per row of the profile's table.
    pub(crate) files: BTreeMap<FileKey, Vec<u8>>,
    pub(crate) active_authentication: Option<PrivateKey>,
    pub(crate) chip_authentication: Option<PrivateKey>,
    /// Further keys for Chip Authentication, by their numbers in DG14.
    pub(crate) further_chip_authentication: BTreeMap<u32, PrivateKey>,
    pub(crate) mrz: Option<MrzSeed>,
    pub(crate) can: Option<Zeroizing<String>>,
    pub(crate) pin: Option<Pin>,
    pub(crate) puk: Option<Zeroizing<String>>,
    pub(crate) wrong_tries: WrongTries,
    /// CVCA keys, the newest first: at most two.
    pub(crate) trust_points: Vec<TrustPoint>,
    /// The chip's idea of today, which only moves forward.
    pub(crate) current_date: Option<Date>,
    pub(crate) key_version: KeyVersion,
    pub(crate) transport_keys: StaticKeys,
    pub(crate) sequence_counter: u32,
    pub(crate) tries_left: u8,
}

/// A file by parent (0: master file, 1: application) and identifier.
pub(crate) type FileKey = (u8, u16);

pub(crate) fn file_key(file: ElementaryFile) -> FileKey {
    use cccd_card_profile::file_system::Parent;
    let parent = match file.parent() {
        Parent::MasterFile => 0,
        Parent::Lds1 => 1,
    };
    (parent, file.file_id().0)
}

pub(crate) fn file_of(key: FileKey) -> Option<ElementaryFile> {
    use cccd_card_profile::file_system::{FileId, Parent};
    let parent = match key.0 {
        0 => Parent::MasterFile,
        1 => Parent::Lds1,
        _ => return None,
    };
    ElementaryFile::from_file_id(parent, FileId(key.1))
}

impl ChipState {
    /// A blank with `GlobalPlatform`'s publicly known test keys: for the laboratory.
    #[must_use]
    pub fn blank(serial: [u8; 10], profile: Profile) -> Self {
        Self::blank_with_keys(serial, profile, KeyVersion::TEST, StaticKeys::publicly_known_test_keys())
    }

    /// A blank with these transport keys.
    #[must_use]
    pub fn blank_with_keys(
        serial: [u8; 10],
        profile: Profile,
        version: KeyVersion,
        keys: StaticKeys,
    ) -> Self {
        Self {
            serial,
            profile,
            life: LifeCycle::Blank,
            files: BTreeMap::new(),
            active_authentication: None,
            chip_authentication: None,
            further_chip_authentication: BTreeMap::new(),
            mrz: None,
            can: None,
            pin: None,
            puk: None,
            wrong_tries: WrongTries::default(),
            trust_points: Vec::new(),
            current_date: None,
            key_version: version,
            transport_keys: keys,
            sequence_counter: 0,
            tries_left: TRANSPORT_KEY_TRIES,
        }
    }

    /// The chip's serial, as INITIALIZE UPDATE announces it.
    #[must_use]
    pub fn serial(&self) -> [u8; 10] {
        self.serial
    }

    /// The algorithms the chip is made for.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Where the chip stands in its life.
    #[must_use]
    pub fn life_cycle(&self) -> LifeCycle {
        self.life
    }

    /// The version of the transport keys.
    #[must_use]
    pub fn key_version(&self) -> KeyVersion {
        self.key_version
    }

    /// The files with their lengths.
    pub fn files(&self) -> impl Iterator<Item = (ElementaryFile, usize)> + '_ {
        self.files.iter().filter_map(|(key, content)| Some((file_of(*key)?, content.len())))
    }

    /// Whether a key pair for Active Authentication was made.
    #[must_use]
    pub fn has_active_authentication_key(&self) -> bool {
        self.active_authentication.is_some()
    }

    /// Whether a key pair for Chip Authentication was made.
    #[must_use]
    pub fn has_chip_authentication_key(&self) -> bool {
        self.chip_authentication.is_some()
    }

    /// Whether the MRZ's data and the CAN were put: `(mrz, can)`.
    #[must_use]
    pub fn has_access_keys(&self) -> (bool, bool) {
        (self.mrz.is_some(), self.can.is_some())
    }

    /// The tries left of the PIN, if there is one.
    #[must_use]
    pub fn pin_tries(&self) -> Option<PinTries> {
        self.pin.as_ref().map(|pin| pin.tries)
    }

    /// Whether there is a PUK.
    #[must_use]
    pub fn has_puk(&self) -> bool {
        self.puk.is_some()
    }

    /// The CVCA keys it believes, the newest first, and its current date, once both were put.
    #[must_use]
    pub fn terminal_trust(&self) -> Option<ChipTrust> {
        ChipTrust::new(self.trust_points.clone(), self.current_date?)
    }

    pub(crate) fn set_terminal_trust(&mut self, trust: &ChipTrust) {
        self.trust_points = trust.points().to_vec();
        self.current_date = Some(trust.date());
    }

    /// The private key behind a key of DG14: one that was made under this number, or else the first.
    pub(crate) fn chip_authentication_key(&self, key_id: Option<u32>) -> Option<&PrivateKey> {
        key_id.and_then(|id| self.further_chip_authentication.get(&id)).or(self.chip_authentication.as_ref())
    }

    pub(crate) fn file(&self, file: ElementaryFile) -> Option<&Vec<u8>> {
        self.files.get(&file_key(file))
    }

    pub(crate) fn access_status(&self) -> AccessStatus {
        AccessStatus { locked: self.life == LifeCycle::Locked, ..AccessStatus::default() }
    }
}

impl fmt::Debug for ChipState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChipState")
            .field("serial", &hex::encode(self.serial))
            .field("life", &self.life)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}
