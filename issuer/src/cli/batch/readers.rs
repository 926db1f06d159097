//! The readers of this host, and chips in software that stand for them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_issuer::personalize::{CardLink, announces_extended_length};
use cccd_issuer::queue::{MAX_READERS, ReaderPort};
use cccd_issuer::station::StationKeys;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::KeyStore;
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_reader::{Protocols, Service, Share};
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile, StateFile};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand_core::{CryptoRng, Rng as _};

use super::super::args::queue::BatchArguments;
use super::super::connect;
use super::super::failure::Failure;

/// How long one wait lasts before the stop is looked at.
const SLICE: Duration = Duration::from_millis(500);

/// `in_work` are the chips that the ledger has in work: where they lie in a folder, they are what a run before left.
pub(super) fn open<'k>(
    arguments: &BatchArguments,
    keys: &'k StationKeys,
    store: &KeyStore,
    in_work: &BTreeSet<ChipSerial>,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Box<dyn ReaderPort + 'k>>, Failure> {
    if arguments.readers.len() > MAX_READERS {
        return Err(Failure::TooManyReaders);
    }
    let mut ports: Vec<Box<dyn ReaderPort + 'k>> = Vec::new();
    for (number, name) in arguments.readers.iter().enumerate() {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        if name == "virtual" {
            let folder = arguments.out.join("chips").join(format!("virtual-{number}"));
            std::fs::create_dir_all(&folder).map_err(|error| Failure::VirtualChip(error.to_string()))?;
            ports.push(Box::new(SoftwareReader {
                name: format!("virtual-{number}"),
                folder,
                keys,
                profile: store.profile(),
                in_work: in_work.clone(),
                rng: StdRng::from_seed(seed),
                chip: None,
                aside: Vec::new(),
            }));
        } else {
            let service = Service::open()?;
            let reader = service.find(name)?;
            connect::allow_reader(store, &reader)?;
            ports.push(Box::new(CardReader {
                service,
                reader,
                timeout: arguments.timeout,
                taken: false,
                atr: Vec::new(),
            }));
        }
    }
    Ok(ports)
}

/// A reader of the PC/SC service.
struct CardReader {
    service: Service,
    reader: String,
    timeout: u64,
    /// A chip was worked on: it has to leave first.
    taken: bool,
    atr: Vec<u8>,
}

impl CardReader {
    /// Waits in slices, so that a stop is seen.
    fn slices(&self, stop: &AtomicBool, limit: Option<Duration>, work: impl Fn(Duration) -> bool) -> bool {
        let mut waited = Duration::ZERO;
        while !stop.load(Ordering::SeqCst) && limit.is_none_or(|limit| waited < limit) {
            if work(SLICE) {
                return true;
            }
            waited += SLICE;
        }
        false
    }
}

impl ReaderPort for CardReader {
    fn name(&self) -> &str {
        &self.reader
    }

    fn wait(&mut self, stop: &AtomicBool) -> Result<bool, String> {
        let limit = Some(Duration::from_secs(self.timeout));
        if self.taken
            && !self.slices(stop, limit, |slice| self.service.wait_for_removal(&self.reader, slice).is_ok())
        {
            return Ok(false);
        }
        self.taken = false;
        let atr = std::cell::RefCell::new(Vec::new());
        let there = self.slices(stop, limit, |slice| match self.service.wait_for_card(&self.reader, slice) {
            Ok(found) => {
                atr.replace(found);
                true
            }
            Err(_) => false,
        });
        self.taken = there;
        self.atr = atr.into_inner();
        Ok(there)
    }

    fn link(&mut self) -> Result<(Box<dyn CardLink + '_>, bool), String> {
        let link = self.service.connect(&self.reader, Share::Exclusive, Protocols::Any);
        let link = link.map_err(|error| error.to_string())?;
        Ok((Box::new(link), announces_extended_length(&self.atr)))
    }
}

/// New chips in software, one file each; what a run before left unfinished comes first. Cards lie in `made`.
struct SoftwareReader<'k> {
    name: String,
    folder: PathBuf,
    keys: &'k StationKeys,
    profile: AlgorithmProfile,
    in_work: BTreeSet<ChipSerial>,
    rng: StdRng,
    chip: Option<(PathBuf, Chip)>,
    aside: Vec<PathBuf>,
}

impl SoftwareReader<'_> {
    fn random(&mut self) -> Box<dyn CryptoRng + Send> {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        Box::new(StdRng::from_seed(seed))
    }

    fn left(&mut self) -> Result<Option<(PathBuf, Chip)>, String> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&self.folder)
            .map_err(|error| error.to_string())?
            .filter_map(|file| file.ok().map(|file| file.path()))
            .filter(|path| super::is_application(path) && !self.aside.contains(path))
            .collect();
        // One that was given to an application, though nothing may have been written to it yet; one that was begun; then the
        // one that has lain there longest: a blank that was laid out last was given to nobody.
        files.sort_by_cached_key(|path| {
            let state = StateFile::peek(path).ok();
            let given =
                state.as_ref().is_some_and(|state| self.in_work.contains(&ChipSerial(state.serial())));
            let blank = state.is_some_and(|state| state.life_cycle() == LifeCycle::Blank);
            let since = std::fs::metadata(path).and_then(|file| file.modified()).ok();
            (!given, blank, since, path.clone())
        });
        if let Some(path) = files.into_iter().next() {
            let random = self.random();
            let chip = Chip::open(&path, random).map_err(|error| error.to_string())?;
            return Ok(Some((path, chip)));
        }
        Ok(None)
    }

    fn fresh(&mut self) -> Result<(PathBuf, Chip), String> {
        let mut serial = [0; 10];
        self.rng.fill_bytes(&mut serial);
        let keys = self.keys.master().derive(TransportKeyLabel::Blank, &ChipSerial(serial));
        let keys = keys.map_err(|error| error.to_string())?;
        let keys = StaticKeys::new(*keys.encryption(), *keys.mac(), *keys.data_encryption());
        let profile = match self.profile {
            AlgorithmProfile::Cccd => Profile::Cccd,
            AlgorithmProfile::P256 => Profile::P256,
        };
        let state = ChipState::blank_with_keys(serial, profile, KeyVersion::BLANK, keys);
        let path = self.folder.join(format!("{}.json", ChipSerial(serial)));
        let random = self.random();
        let chip = Chip::create(&path, state, random).map_err(|error| error.to_string())?;
        Ok((path, chip))
    }
}

impl ReaderPort for SoftwareReader<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn wait(&mut self, stop: &AtomicBool) -> Result<bool, String> {
        if stop.load(Ordering::SeqCst) {
            return Ok(false);
        }
        // The one before is a card now.
        if let Some((path, _)) = self.chip.take() {
            let made = self.folder.join("made");
            std::fs::create_dir_all(&made).map_err(|error| error.to_string())?;
            let name = path.file_name().unwrap_or_default();
            std::fs::rename(&path, made.join(name)).map_err(|error| error.to_string())?;
        }
        self.chip = Some(match self.left()? {
            Some(found) => found,
            None => self.fresh()?,
        });
        Ok(true)
    }

    fn link(&mut self) -> Result<(Box<dyn CardLink + '_>, bool), String> {
        let chip = self.chip.as_mut().map(|(_, chip)| chip).ok_or("no chip is there")?;
        let extended = announces_extended_length(&chip.atr());
        Ok((Box::new(Lent(chip)), extended))
    }

    fn put_aside(&mut self) {
        self.aside.extend(self.chip.take().map(|(path, _)| path));
    }
}

/// A chip that stays its reader's.
struct Lent<'c>(&'c mut Chip);

impl cccd_card_profile::apdu::Transport for Lent<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, cccd_card_profile::apdu::LinkLost> {
        self.0.transmit(command)
    }
}

impl CardLink for Lent<'_> {
    fn reset(&mut self) -> Result<(), cccd_card_profile::apdu::LinkLost> {
        CardLink::reset(self.0)
    }
}
