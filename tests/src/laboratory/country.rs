//! The laboratory's country: a station that issues one card, and the keys beside it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use cccd_card_profile::mrz::{Mrz, NO_EXPIRY};
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_keys::trust::TrustStore;
use cccd_virtual_chip::{Chip, ChipState, Profile};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use tempfile::TempDir;

use super::keys::LabKey;
use crate::country::{Country, InspectionTerminal};

/// When the country's keys were made and the card issued.
const ISSUED: &str = "2026-11-20T02:00:00Z";
/// When cards are read and judged.
const NOW: &str = "2026-11-21T03:00:00Z";

/// The country, its card, and keys of all kinds.
#[derive(Debug)]
pub struct LabCountry {
    /// Whom its verifiers believe.
    pub trust: TrustStore,
    /// A station that may read fingerprints.
    pub terminal: InspectionTerminal,
    /// The chip of another person's card.
    pub other: PathBuf,
    /// The genuine card's chip.
    pub state: PathBuf,
    /// Its card access number.
    pub can: String,
    /// Its machine readable zone.
    pub zone: Mrz,
    /// The text of its QR code.
    pub qr: String,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it is read and judged.
    pub now: Timestamp,
    /// The key of a trusted reading station.
    pub station: SoftwareKey,
    folder: TempDir,
    keys: Keys,
}

#[derive(Debug, Default)]
struct Keys {
    curve: [OnceLock<Arc<LabKey>>; 7],
    rsa: [OnceLock<Arc<LabKey>>; 2],
    dsa: [OnceLock<Arc<LabKey>>; 2],
}

/// Whose key on a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The country's second CSCA.
    Csca,
    /// Its Document Signer.
    Signer,
    /// The neighbour's CSCA.
    Neighbour,
    /// The neighbour's Document Signer.
    NeighboursSigner,
    /// An attacker's authority.
    Impostor,
    /// An attacker's signer.
    Attacker,
    /// The CSCA before the second one.
    OldCsca,
}

/// A generator of its own for every use.
#[must_use]
pub fn dice(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

impl LabCountry {
    /// Founds the country and issues the card.
    ///
    /// # Errors
    /// If it cannot be founded or refuses to issue.
    pub fn found() -> Result<Self> {
        let (issued, now) = (ISSUED.parse::<Timestamp>()?, NOW.parse::<Timestamp>()?);
        let mut rng = dice(71);
        let (mut country, applications) = Country::found_with(AlgorithmProfile::P256, 5, issued, &mut rng)?;
        let folder = tempfile::tempdir()?;
        // One card that expires, because cards of the old do not and one must be seen past its day; and one of another person.
        let (mut found, mut other) = (None, None);
        for (application, number) in applications.iter().zip(0_u8..) {
            let state = folder.path().join(format!("genuine-{number}.chip"));
            let blank = ChipState::blank([0xE0 | number; 10], Profile::P256);
            let mut chip = Chip::create(&state, blank, Box::new(dice(4)))?;
            let card = country.issue(&mut chip, application, &mut rng)?;
            if found.is_none() && card.mrz.expiry_field() != NO_EXPIRY {
                found = Some((state, card));
            } else {
                other = Some(state);
            }
            if found.is_some() && other.is_some() {
                break;
            }
        }
        let (state, card) = found.context("none of the cards expires")?;
        let other = other.context("there is one card only")?;
        let (curve, named) = (NamedCurve::P256, CurveEncoding::Named);
        let station = SoftwareKey::generate(curve, HashAlgorithm::Sha256, named, &mut rng)?;
        let mut trust = country.trust.clone();
        trust.add_station_key(station.public_key().spki())?;
        let terminal = country.terminal.take().context("no terminal")?;
        Ok(Self {
            can: card.card.holder.number.can().to_owned(),
            qr: card.card.qr_2021().text()?,
            zone: card.mrz,
            state,
            other,
            trust,
            terminal,
            issued,
            now,
            station,
            folder,
            keys: Keys::default(),
        })
    }

    /// A folder of the laboratory that goes with it.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A key on P-256.
    ///
    /// # Errors
    /// If none can be made.
    pub fn key(&self, whose: Whose) -> Result<Arc<LabKey>> {
        let (index, seed) = match whose {
            Whose::Csca => (0, 81),
            Whose::Signer => (1, 82),
            Whose::Neighbour => (2, 83),
            Whose::NeighboursSigner => (3, 84),
            Whose::Impostor => (4, 85),
            Whose::Attacker => (5, 86),
            Whose::OldCsca => (6, 87),
        };
        let make = || LabKey::ec(NamedCurve::P256, CurveEncoding::Explicit, &mut dice(seed));
        kept(self.keys.curve.get(index), make)
    }

    /// RSA keys of 2048 bits: the CSCA's, or the signer's.
    ///
    /// # Errors
    /// If none can be made.
    pub fn rsa(&self, csca: bool) -> Result<Arc<LabKey>> {
        let seed = 91 + u64::from(csca);
        kept(self.keys.rsa.get(usize::from(csca)), || LabKey::rsa(2048, &mut dice(seed)))
    }

    /// A DSA key for SHA-224 or SHA-256.
    ///
    /// # Errors
    /// If none can be made.
    pub fn dsa(&self, hash: HashAlgorithm) -> Result<Arc<LabKey>> {
        let index = usize::from(hash != HashAlgorithm::Sha224);
        kept(self.keys.dsa.get(index), || LabKey::dsa(hash, &mut dice(95)))
    }
}

fn kept(place: Option<&OnceLock<Arc<LabKey>>>, make: impl Fn() -> Result<LabKey>) -> Result<Arc<LabKey>> {
    let place = place.context("no such key")?;
    if let Some(key) = place.get() {
        return Ok(Arc::clone(key));
    }
    let key = Arc::new(make()?);
    Ok(Arc::clone(place.get_or_init(|| key)))
}
