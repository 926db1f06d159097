//! A station with everything ready: keys, people, blanks in stock with the keys that they made when they came in, and
//! applications that were taken in and approved. What is measured begins there.
//!
//! The register is another machine's work: here it answers from memory. Portraits were brought to what DG2 carries when
//! they were captured; so many share a face that drawing them is no work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey};
use cccd_card_profile::validity::age_on;
use cccd_issuer::application::{Application, Portrait, Step, check};
use cccd_issuer::audit::Auditor;
use cccd_issuer::issuance::ChipKeys;
use cccd_issuer::ledger::{Act, Entry, Ledger};
use cccd_issuer::queue::Source;
use cccd_issuer::register::{PersonRecord, Register, RegisterError, day_in_vietnam};
use cccd_issuer::station::{StationKeys, digest_of};
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::{Card, CardStatus, NewCard, SodDigest};
use cccd_population::cases::PaperClaim;
use cccd_population::generate::Nation;
use cccd_population::person::{Life, Person};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::civil::Date;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};
use serde_json::Value;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::chips::Number;
use crate::bench::country::{Country, application_with};
use crate::portrait;

/// Different portraits, and different key pairs of chips: what is made of each is never known to the station beforehand.
const PORTRAITS: u64 = 64;
const KEYS: u64 = 32;

/// Persons generated for each card, so that enough of them are adults.
const PEOPLE_PER_CARD: u64 = 3;

const LEDGER: &str = "ledger.sqlite";

/// A chip's key pairs, kept as a chip's state keeps them.
struct Made {
    active: Zeroizing<Vec<u8>>,
    chip: Zeroizing<Vec<u8>>,
    public: ChipKeys,
}

/// The station.
pub struct House {
    /// Its keys.
    pub keys: StationKeys,
    /// The time, which stands still.
    pub at: Timestamp,
    made: Vec<Made>,
    portraits: Vec<Vec<u8>>,
    people: Arc<People>,
    ready: TempDir,
    _keys: TempDir,
}

/// The people who asked for a card, and each one's portrait.
type People = BTreeMap<String, (Person, usize)>;

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("House").field("people", &self.people.len()).finish_non_exhaustive()
    }
}

impl House {
    /// A station with so many approved applications and blanks.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn found(cards: usize, at: Timestamp, bar: &ProgressBar) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let (country, _) = Country::found(0, at, &mut rng)?;
        let (keys, _, folder) = country.into_keys();
        bar.set_message("key pairs of chips");
        let made = (0..KEYS).map(|_| Made::new(&mut rng)).collect::<Result<_>>()?;
        let portraits = (0..PORTRAITS).map(portrait_of).collect::<Result<_>>()?;
        let people = people(cards, at)?;
        // What is prepared is no part of what is measured: in memory, where the system has room for files there.
        let memory = Path::new("/dev/shm");
        let ready = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let house = Self { keys, at, made, portraits, people: Arc::new(people), ready, _keys: folder };
        house.take_in(cards, bar)?;
        Ok(house)
    }

    fn take_in(&self, cards: usize, bar: &ProgressBar) -> Result<()> {
        let mut ledger = Ledger::open(&self.ready.path().join(LEDGER))?;
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        ledger.log_with(Auditor::beside(&self.ready.path().join(LEDGER), &mut rng)?);
        let numbers = 1..=Number::try_from(cards)?;
        let serials: Vec<ChipSerial> = numbers.clone().map(|number| ChipSerial(serial(number))).collect();
        let keeper = Act::new("stock-keeper", self.at);
        ledger.stock().receive("maker", "note", &serials, keeper)?;
        anyhow::ensure!(ledger.stock().count("maker", "note", None, keeper)?.agrees(), "a blank is missing");
        bar.set_message("blanks and applications");
        bar.set_length(u64::try_from(cards)?);
        let (lan, minh) = (Act::new("lan", self.at), Act::new("minh", self.at));
        for ((number, serial), (person, portrait)) in numbers.zip(&serials).zip(self.people.values()) {
            ledger.stock().note_keys(serial, &self.made_for(number)?.public, keeper)?;
            let application = self.application(person, *portrait)?;
            let checked = check(&application, Some(PersonRecord::of(person, None)), day_in_vietnam(self.at))?;
            let entry = ledger.receive(&application, lan)?;
            anyhow::ensure!(entry.id.to_string() == number.to_string(), "a ledger that is not new");
            ledger.advance(entry.id, Step::Check, None, &Value::Null, lan)?;
            ledger.capture(entry.id, &digest_of(&checked.card, &entry.content_sha256, None), lan)?;
            ledger.approve(entry.id, minh)?;
            bar.inc(1);
        }
        Ok(())
    }

    /// The ledger as it was prepared, copied to a folder on the disk, with the keys of its station.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn ledger_in(&self, folder: &Path) -> Result<Ledger> {
        for entry in std::fs::read_dir(self.ready.path())? {
            let from = entry?.path();
            let name = from.file_name().context("a file without a name")?;
            std::fs::copy(&from, folder.join(name))?;
        }
        let path: PathBuf = folder.join(LEDGER);
        let mut ledger = Ledger::open(&path)?;
        ledger.log_with(Auditor::beside(&path, &mut ChaCha20Rng::seed_from_u64(8))?);
        Ok(ledger)
    }

    /// The chip that this application gets.
    #[must_use]
    pub fn chip(&self, number: Number) -> Option<Chip> {
        let made = self.made_for(number).ok()?;
        let mut state = ChipState::blank(serial(number), Profile::Cccd);
        let key = |bytes: &[u8]| PrivateKey::from_secret_bytes(bytes).ok();
        state.hold_keys(key(&made.active)?, key(&made.chip)?);
        Some(Chip::in_memory(state, Box::new(ChaCha20Rng::seed_from_u64(number))))
    }

    /// A line to the register, as it was before any of these cards.
    #[must_use]
    pub fn register(&self) -> Arc<Remembered> {
        Arc::new(Remembered { people: Arc::clone(&self.people), cards: Mutex::default() })
    }

    /// Octets of a portrait, in the mean.
    #[must_use]
    pub fn portrait_octets(&self) -> usize {
        self.portraits.iter().map(Vec::len).sum::<usize>() / self.portraits.len().max(1)
    }

    fn application(&self, person: &Person, portrait: usize) -> Result<Application> {
        let portrait = self.portraits.get(portrait).context("a portrait that was not drawn")?;
        Ok(application_with(person, portrait.clone()))
    }

    fn made_for(&self, number: Number) -> Result<&Made> {
        self.made.get(usize::try_from(number % KEYS)?).context("keys that were not made")
    }
}

impl Source for House {
    fn application(&self, entry: &Entry, _sealed: Option<&str>) -> Result<Option<Application>, String> {
        let Some((person, portrait)) = self.people.get(entry.number.as_str()) else { return Ok(None) };
        self.application(person, *portrait).map(Some).map_err(|error| error.to_string())
    }
}

impl Made {
    fn new(rng: &mut dyn CryptoRng) -> Result<Self> {
        let active = PrivateKey::generate(KeyAlgorithm::Rsa2048, rng)?;
        let chip = PrivateKey::generate(KeyAlgorithm::EllipticCurve(Curve::BrainpoolP256r1), rng)?;
        let public = ChipKeys {
            active_authentication: Some(active.public_key()?),
            chip_authentication: Some(chip.public_key()?),
        };
        Ok(Self { active: active.to_secret_bytes()?, chip: chip.to_secret_bytes()?, public })
    }
}

fn serial(number: Number) -> [u8; 10] {
    let mut serial = [0x0B; 10];
    for (place, byte) in serial.iter_mut().skip(2).zip(number.to_be_bytes()) {
        *place = byte;
    }
    serial
}

fn portrait_of(seed: u64) -> Result<Vec<u8>> {
    let age = u32::try_from(18 + seed)?;
    let drawn = portrait::draw(seed, seed.is_multiple_of(2), age)?;
    Ok(Portrait::from_file(&drawn)?.face().bytes.clone())
}

/// Adults who are alive, each with a portrait of their sex, in the order of their numbers.
fn people(cards: usize, at: Timestamp) -> Result<People> {
    let today = day_in_vietnam(at);
    let count = u64::try_from(cards)?.saturating_mul(PEOPLE_PER_CARD).saturating_add(50);
    let half = usize::try_from(PORTRAITS / 2)?;
    let people: People = Nation::new(count, 1, today)
        .filter(|person| person.life == Life::Alive && person.birth_date.date().is_some())
        .filter(|person| age_on(person.birth_date, today) >= 18)
        .take(cards)
        .enumerate()
        .map(|(index, person)| {
            let portrait = 2 * (index % half) + usize::from(person.sex != Sex::Female);
            (person.number.as_str().to_owned(), (person, portrait))
        })
        .collect();
    anyhow::ensure!(people.len() == cards, "the generated nation has too few adults");
    Ok(people)
}

/// A register that remembers the people, and learns of cards.
#[derive(Debug)]
pub struct Remembered {
    people: Arc<People>,
    cards: Mutex<BTreeSet<[u8; 32]>>,
}

impl Remembered {
    /// Cards that it learned of.
    #[must_use]
    pub fn cards(&self) -> usize {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A reader's line to it.
#[derive(Debug)]
pub struct Line(pub Arc<Remembered>);

impl Register for Line {
    fn person(&mut self, number: &PersonalNumber, _: Date) -> Result<Option<PersonRecord>, RegisterError> {
        Ok(self.0.people.get(number.as_str()).map(|(person, _)| PersonRecord::of(person, None)))
    }

    fn contradict(
        &mut self,
        _: &PersonalNumber,
        _: &PaperClaim,
        _: Timestamp,
    ) -> Result<bool, RegisterError> {
        Ok(false)
    }

    fn record_card(&mut self, card: &NewCard, _: Timestamp) -> Result<(), RegisterError> {
        let mut cards = self.0.cards.lock().unwrap_or_else(PoisonError::into_inner);
        if cards.insert(*card.sod_sha256.as_bytes()) {
            Ok(())
        } else {
            Err(RegisterError::Refused("the card is there already".to_owned()))
        }
    }

    fn card_status(
        &mut self,
        _: &SodDigest,
        _: &[u8; 16],
        _: Date,
    ) -> Result<(CardStatus, Option<Date>), RegisterError> {
        Err(RegisterError::UnknownCard)
    }

    fn set_card_status(
        &mut self,
        _: &SodDigest,
        _: CardStatus,
        _: &str,
        _: Timestamp,
    ) -> Result<Card, RegisterError> {
        Err(RegisterError::UnknownCard)
    }
}
