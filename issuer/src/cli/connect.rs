//! To the register, the keys and the card, from what the command line says.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_issuer::accounts::{Officer, Password, Role, Token};
use cccd_issuer::audit::Auditor;
use cccd_issuer::deadline::Calendar;
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::{CardLink, announces_extended_length};
use cccd_issuer::register::{HttpRegister, LocalRegister, Register, RegisterError};
use cccd_issuer::station::{IssueError, StationKeys};
use cccd_keys::pkcs11::open_store;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{KeyStore, PassedOver, Purpose, StoreError, StoreMaster};
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_population::register_key::{beside, seal_keys};
use cccd_population::seal::SealKeys;
use cccd_population::store::Place;
use cccd_reader::{Protocols, Service, Share};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use jiff::Timestamp;
use rand::SeedableRng as _;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::args::{GivenClock, KeyArguments, LedgerArguments, OfficerArguments, RegisterArguments};
use super::failure::Failure;
use super::output::Output;

/// A card to work on.
pub(crate) struct Card {
    pub(crate) link: Box<dyn CardLink>,
    /// Its ATR announces extended length.
    pub(crate) extended: bool,
}

pub(crate) fn register(
    arguments: &RegisterArguments,
    source: &str,
) -> Result<Box<dyn Register + Send>, Failure> {
    let address = arguments.register.as_str();
    if let Ok(place) = address.parse::<Place>() {
        let secrets = arguments.register_secrets.as_deref().or(place.path());
        let keys = secrets.map_or(Ok(SealKeys::none()), seal_keys);
        let keys = keys.map_err(|error| RegisterError::Unreachable(error.to_string()))?;
        return Ok(Box::new(LocalRegister::open_with(&place, &keys, source)?));
    }
    if address.starts_with("http://") {
        let token = arguments.register_token.as_deref().ok_or(Failure::NoToken)?;
        return Ok(Box::new(HttpRegister::open(address, token)?));
    }
    // An address may hold a password.
    let shown = address.split_once('@').map_or(address, |_| "…");
    Err(Failure::RegisterAddress(shown.to_owned()))
}

/// The station's ledger, which must be there, with its audit log.
pub(crate) fn ledger(arguments: &LedgerArguments, rng: &mut dyn CryptoRng) -> Result<Ledger, Failure> {
    there(arguments)?;
    new_ledger(arguments, rng)
}

/// The station's ledger, made if it is not there, with its audit log.
pub(crate) fn new_ledger(arguments: &LedgerArguments, rng: &mut dyn CryptoRng) -> Result<Ledger, Failure> {
    equipped(Ledger::open_at(&arguments.ledger)?, arguments, rng)
}

/// The station's ledger, which must be there, with its audit log, beside whoever works with it.
pub(crate) fn ledger_beside(arguments: &LedgerArguments, rng: &mut dyn CryptoRng) -> Result<Ledger, Failure> {
    there(arguments)?;
    equipped(Ledger::open_beside(&arguments.ledger)?, arguments, rng)
}

fn equipped(
    mut ledger: Ledger,
    arguments: &LedgerArguments,
    rng: &mut dyn CryptoRng,
) -> Result<Ledger, Failure> {
    let auditor = Auditor::beside(station(arguments)?, rng)?;
    match arguments.clock {
        GivenClock(Some(_)) => ledger.log_with(auditor.at_given_time()),
        GivenClock(None) => ledger.log_with(auditor),
    }
    if let Some(file) = &arguments.holidays {
        let text = std::fs::read_to_string(file).map_err(|error| Failure::Holidays(error.to_string()))?;
        let calendar = Calendar::of_list(&text);
        ledger.observe(calendar.map_err(|error| Failure::Holidays(error.to_string()))?);
    }
    Ok(ledger)
}

/// The ledger, to be read only, beside whoever works with it: nothing is logged.
pub(crate) fn silent_ledger(arguments: &LedgerArguments) -> Result<Ledger, Failure> {
    there(arguments)?;
    Ok(Ledger::open_beside(&arguments.ledger)?)
}

fn there(arguments: &LedgerArguments) -> Result<(), Failure> {
    if arguments.ledger.path().is_some_and(|path| !path.exists()) {
        return Err(Failure::NoLedger(arguments.ledger.to_string()));
    }
    Ok(())
}

/// Where the station's keys lie.
pub(crate) fn station(arguments: &LedgerArguments) -> Result<&Path, Failure> {
    arguments.station.as_deref().or(arguments.ledger.path()).ok_or(Failure::NoStation)
}

/// The file of the station's public key.
pub(crate) fn station_public_key(arguments: &LedgerArguments) -> Result<PathBuf, Failure> {
    Ok(beside(station(arguments)?, "station.pub"))
}

/// Whether the station's keys lie where they should.
pub(crate) fn station_keys_there(arguments: &LedgerArguments) -> Result<(), Failure> {
    let station = station(arguments)?;
    for name in ["station-key", "station.pub", "subject-key"] {
        let file = beside(station, name);
        if !file.exists() {
            return Err(Failure::StationKey(format!("{}: there is no such file", file.display())));
        }
    }
    Ok(())
}

/// Who asks, by session or by name and password. A session that is named is whose it is: name and password may come from the
/// environment of somebody else.
pub(crate) fn officer(
    ledger: &mut Ledger,
    arguments: &OfficerArguments,
    at: Timestamp,
) -> Result<Officer, Failure> {
    match (&arguments.session, &arguments.officer, &arguments.password_file) {
        (Some(file), ..) => Ok(ledger.accounts().of_session(&token(file)?, at)?),
        (None, Some(name), Some(file)) => Ok(ledger.accounts().officer(name, &password(file)?, at)?),
        _ => Err(Failure::NoOfficer),
    }
}

/// The ledger, and an officer who may do this.
pub(crate) fn ledger_and_officer(
    place: &LedgerArguments,
    arguments: &OfficerArguments,
    role: Role,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(Ledger, Officer), Failure> {
    let mut ledger = ledger(place, rng)?;
    let officer = officer(&mut ledger, arguments, at)?;
    officer.may(role)?;
    Ok((ledger, officer))
}

/// The longest password or session file.
const MAX_SECRET: u64 = 4096;

pub(crate) fn password(file: &Path) -> Result<Password, Failure> {
    secret(file).map(|text| Password::new(&text))
}

pub(crate) fn token(file: &Path) -> Result<Token, Failure> {
    secret(file).map(|text| Token::new(&text))
}

pub(crate) fn secret(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: std::io::Error| Failure::SecretFile(error.to_string());
    let mut text = Zeroizing::new(String::new());
    if file.as_os_str() == "-" {
        std::io::stdin().take(MAX_SECRET).read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    let opened = std::fs::File::open(file).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if opened.metadata().map_err(failed)?.mode() & 0o077 != 0 {
            return Err(Failure::SecretFile("others may read it: give it the mode 0600".to_owned()));
        }
    }
    opened.take(MAX_SECRET).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

pub(crate) fn key_store(arguments: &KeyArguments) -> Result<KeyStore, Failure> {
    Ok(open_store(&arguments.keys, arguments.passphrase_file.as_deref(), arguments.token.access())?)
}

/// What vpcd calls its slots.
const VIRTUAL_READER: &str = "Virtual PCD";

/// The keys of citizens' cards are not lent to a chip in software.
pub(crate) fn allow_reader(store: &KeyStore, name: &str) -> Result<(), IssueError> {
    let of_laboratory = name == "virtual" || name.contains(VIRTUAL_READER);
    if of_laboratory && store.purpose() == Purpose::Production {
        return Err(IssueError::ProductionKeys("a reader in software"));
    }
    Ok(())
}

/// A chip in software that lies in this file.
pub(crate) fn virtual_blank(file: &Path, rng: &mut dyn CryptoRng) -> Result<Card, Failure> {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let chip = Chip::open(file, Box::new(rand::rngs::StdRng::from_seed(seed)))
        .map_err(|error| Failure::VirtualChip(error.to_string()))?;
    let extended = announces_extended_length(&chip.atr());
    Ok(Card { link: Box::new(chip), extended })
}

/// The card in a reader. `stop` ends the waiting.
pub(crate) fn reader(
    name: &str,
    store: &KeyStore,
    timeout: u64,
    stop: &Arc<AtomicBool>,
    output: &Output,
) -> Result<Card, Failure> {
    let service = Service::open()?;
    let reader = service.find(name)?;
    allow_reader(store, &reader)?;
    let canceller = service.canceller();
    let watched = Arc::clone(stop);
    let over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&over);
    // Ctrl-C sets the flag; this thread carries it to the wait.
    let watcher = std::thread::spawn(move || {
        while !ended.load(Ordering::SeqCst) {
            if watched.load(Ordering::SeqCst) {
                canceller.cancel();
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    output
        .note(&format!("Đang chờ phôi ở đầu đọc {reader} …"), &format!("Waiting for a blank in {reader} …"));
    let waited = service.wait_for_card(&reader, Duration::from_secs(timeout));
    over.store(true, Ordering::SeqCst);
    let _ = watcher.join();
    let atr = waited?;
    let transport = service.connect(&reader, Share::Exclusive, Protocols::Any)?;
    Ok(Card { link: Box::new(transport), extended: announces_extended_length(&atr) })
}

/// A chip in software, in the state file of the output folder: a new blank with keys of this station's master, or the
/// one that an interrupted run left there.
pub(crate) fn virtual_chip(
    out: &Path,
    master: &StoreMaster,
    profile: AlgorithmProfile,
    rng: &mut dyn CryptoRng,
) -> Result<Card, Failure> {
    let path: PathBuf = out.join("chip.json");
    let failed = |error: cccd_virtual_chip::StoreError| Failure::VirtualChip(error.to_string());
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let own_rng = Box::new(rand::rngs::StdRng::from_seed(seed));
    let chip = if path.exists() {
        Chip::open(&path, own_rng).map_err(failed)?
    } else {
        let mut serial = [0; 10];
        rng.fill_bytes(&mut serial);
        let keys = master.derive(TransportKeyLabel::Blank, &ChipSerial(serial)).map_err(StoreError::from)?;
        let keys = StaticKeys::new(*keys.encryption(), *keys.mac(), *keys.data_encryption());
        let profile = match profile {
            AlgorithmProfile::Cccd => Profile::Cccd,
            AlgorithmProfile::P256 => Profile::P256,
        };
        let state = ChipState::blank_with_keys(serial, profile, KeyVersion::BLANK, keys);
        Chip::create(&path, state, own_rng).map_err(failed)?
    };
    let extended = announces_extended_length(&chip.atr());
    Ok(Card { link: Box::new(chip), extended })
}

/// The keys of the station; a signer that is not used because its count is damaged is told.
pub(crate) fn station_keys(store: &KeyStore, at: Timestamp, output: &Output) -> Result<StationKeys, Failure> {
    let keys = StationKeys::from_store(store, at)?;
    for PassedOver { serial, count, .. } in keys.passed_over() {
        output.note(
            &format!("CẢNH BÁO: không dùng Document Signer {serial} vì số đếm chữ ký bị mất hoặc hỏng ({count}); báo cho người giữ khoá."),
            &format!("WARNING: the Document Signer {serial} is not used: its count {count} is missing or damaged. Tell those who keep the keys."),
        );
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_keys_are_lent_to_no_reader_in_software() {
        use cccd_keys::store::{AuthorityNames, StoreSettings};
        use cccd_keys::token::{Pin, Token, TokenLimits, lab::LabToken};
        let at: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let lab = LabToken::new("house", "1234", Box::new(rand::rngs::StdRng::from_seed([1; 32])));
        lab.change(|info| info.hardware = true);
        let mut rng = rand::rngs::StdRng::from_seed([2; 32]);
        for purpose in [Purpose::Laboratory, Purpose::Production] {
            let folder = tempfile::tempdir().unwrap();
            let (pin, limits) = (Pin::new("1234".to_owned()), TokenLimits::default());
            let token = Token::open(Arc::new(lab.clone()), "house", None, pin, limits).unwrap();
            let names =
                AuthorityNames { organization: "House".to_owned(), domain: "house.example".to_owned() };
            let settings = StoreSettings::new(AlgorithmProfile::P256, "VN", at)
                .with_purpose(purpose)
                .with_authority(names);
            let store = KeyStore::init_in_token(folder.path(), settings, Arc::new(token), &mut rng).unwrap();
            let allowed = |name: &str| allow_reader(&store, name).is_ok();
            assert!(allowed("ACS ACR1252 Dual Reader 00 00"));
            for name in ["virtual", "Virtual PCD 00 00"] {
                assert_eq!(allowed(name), purpose == Purpose::Laboratory, "{name}");
            }
        }
    }
}
