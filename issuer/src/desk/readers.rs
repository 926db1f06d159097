//! Where blanks are laid: readers of PC/SC, and a chip in software for trying things out.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::Purpose;
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_reader::{Protocols, ReaderError, Service, Share};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use rand::SeedableRng as _;
use rand_core::CryptoRng;

use crate::ledger::ApplicationId;
use crate::personalize::{CardLink, announces_extended_length};
use crate::station::StationKeys;

/// How long a blank is waited for.
const WAIT: Duration = Duration::from_secs(120);

/// What vpcd calls its slots.
const VIRTUAL_READER: &str = "Virtual PCD";

/// The name of the reader in software.
pub const IN_SOFTWARE: &str = "virtual";

/// A reader and what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderSeen {
    /// Its name.
    pub name: String,
    /// A chip lies in it.
    pub card_present: bool,
}

/// A chip to work on.
pub struct Laid {
    /// The link to it.
    pub link: Box<dyn CardLink>,
    /// It announces extended length.
    pub extended: bool,
}

impl std::fmt::Debug for Laid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Laid").field("extended", &self.extended).finish_non_exhaustive()
    }
}

/// Why no chip is at hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoChip {
    /// The reader or its service.
    #[error(transparent)]
    Reader(#[from] ReaderError),
    /// The chip in software.
    #[error("the chip in software cannot be used: {0}")]
    Software(String),
    /// The keys of citizens' cards are not lent to a chip in software.
    #[error("these keys are for production: they are not lent to a reader in software")]
    ProductionKeys,
}

/// The readers of a station.
pub trait Readers: Send + Sync {
    /// What is there now.
    fn list(&self) -> Vec<ReaderSeen>;

    /// Waits for a chip in this reader; `stop` ends the waiting.
    ///
    /// # Errors
    /// [`NoChip`].
    fn lay(
        &self,
        reader: &str,
        application: ApplicationId,
        keys: &StationKeys,
        stop: &Arc<AtomicBool>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Laid, NoChip>;

    /// The blank that lies in this reader, to make its keys at stock-in.
    ///
    /// # Errors
    /// [`NoChip`].
    fn lay_blank(&self, reader: &str, rng: &mut dyn CryptoRng) -> Result<Laid, NoChip>;
}

/// Readers of PC/SC; and one in software whose blanks lie in a folder, if there is one.
#[derive(Debug, Default)]
pub struct StationReaders {
    /// Where chips in software lie, for a station that tries things out.
    pub software: Option<PathBuf>,
}

impl Readers for StationReaders {
    fn list(&self) -> Vec<ReaderSeen> {
        let found = Service::open().and_then(|service| service.readers()).unwrap_or_default();
        let mut all: Vec<ReaderSeen> = found
            .into_iter()
            .map(|reader| ReaderSeen { name: reader.name, card_present: reader.card_present })
            .collect();
        if self.software.is_some() {
            all.push(ReaderSeen { name: IN_SOFTWARE.to_owned(), card_present: true });
        }
        all
    }

    fn lay(
        &self,
        reader: &str,
        application: ApplicationId,
        keys: &StationKeys,
        stop: &Arc<AtomicBool>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Laid, NoChip> {
        if keys.purpose() == Purpose::Production && (reader == IN_SOFTWARE || reader.contains(VIRTUAL_READER))
        {
            return Err(NoChip::ProductionKeys);
        }
        match &self.software {
            Some(folder) if reader == IN_SOFTWARE => {
                in_software(&folder.join(format!("chip-{application}.json")), keys, rng)
            }
            _ => in_reader(reader, stop),
        }
    }

    fn lay_blank(&self, reader: &str, _: &mut dyn CryptoRng) -> Result<Laid, NoChip> {
        if reader == IN_SOFTWARE {
            return Err(NoChip::Software(
                "its blanks are made for one card each, and are in no stock".to_owned(),
            ));
        }
        in_reader(reader, &Arc::new(AtomicBool::new(false)))
    }
}

fn in_reader(reader: &str, stop: &Arc<AtomicBool>) -> Result<Laid, NoChip> {
    let service = Service::open()?;
    let canceller = service.canceller();
    let over = Arc::new(AtomicBool::new(false));
    let (ended, watched) = (Arc::clone(&over), Arc::clone(stop));
    let watcher = std::thread::spawn(move || {
        while !ended.load(Ordering::SeqCst) {
            if watched.load(Ordering::SeqCst) {
                canceller.cancel();
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let waited = service.wait_for_card(reader, WAIT);
    over.store(true, Ordering::SeqCst);
    let _ = watcher.join();
    let atr = waited?;
    let transport = service.connect(reader, Share::Exclusive, Protocols::Any)?;
    Ok(Laid { link: Box::new(transport), extended: announces_extended_length(&atr) })
}

/// A new blank with keys of this station's master, or the one that an interrupted run left.
fn in_software(path: &std::path::Path, keys: &StationKeys, rng: &mut dyn CryptoRng) -> Result<Laid, NoChip> {
    let failed = |error: &dyn std::error::Error| NoChip::Software(error.to_string());
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let own = Box::new(rand::rngs::StdRng::from_seed(seed));
    let chip = if path.exists() {
        Chip::open(path, own).map_err(|error| failed(&error))?
    } else {
        let mut serial = [0; 10];
        rng.fill_bytes(&mut serial);
        let blank = keys.master().derive(TransportKeyLabel::Blank, &ChipSerial(serial));
        let blank = blank.map_err(|error| failed(&error))?;
        let static_keys = StaticKeys::new(*blank.encryption(), *blank.mac(), *blank.data_encryption());
        let profile = match keys.profile() {
            AlgorithmProfile::Cccd => Profile::Cccd,
            AlgorithmProfile::P256 => Profile::P256,
        };
        let state = ChipState::blank_with_keys(serial, profile, KeyVersion::BLANK, static_keys);
        Chip::create(path, state, own).map_err(|error| failed(&error))?
    };
    let extended = announces_extended_length(&chip.atr());
    Ok(Laid { link: Box::new(chip), extended })
}
