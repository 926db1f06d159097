//! A country in this process: keys, a register with people, a ledger and blanks; nothing on disk but the key store, in a
//! folder that goes with it.

use std::path::Path;

use anyhow::{Context as _, Result};
use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::validity::age_on;
use cccd_cvc::InspectionRights;
use cccd_issuer::application::{Application, Asserted, Reason, Representative, Template};
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::{CardLink, NoMonitor};
use cccd_issuer::register::{LocalRegister, day_in_vietnam};
use cccd_issuer::station::{Blank, IssuedCard, Job, Station, StationKeys};
use cccd_keys::life::{Pool, SIGNATURE_LIMIT};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{
    AuthorityRequest, DocumentSigner, KeyStore, Passphrase, StoreSettings, TERMINAL_KEY_FILE,
    VerifyingRequest,
};
use cccd_keys::trust::TrustStore;
use cccd_population::generate::Nation;
use cccd_population::person::{Life, Person};
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};
use tempfile::TempDir;

use crate::portrait;

/// Persons made for each card, so that enough of them are old enough.
const PEOPLE_PER_CARD: u64 = 3;

/// Keys, register, ledger, trust and applications.
#[derive(Debug)]
pub struct Country {
    keys: StationKeys,
    register: LocalRegister<SqlStore>,
    ledger: Ledger,
    signer: DocumentSigner,
    /// Whom its verifiers believe.
    pub trust: TrustStore,
    /// A station that may read fingerprints, if the country has such.
    pub terminal: Option<InspectionTerminal>,
    at: Timestamp,
    folder: TempDir,
}

impl Country {
    /// A country with the algorithms of the cards in use, and applications of so many of its people.
    ///
    /// # Errors
    /// If its keys or its register cannot be made.
    pub fn found(cards: usize, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<(Self, Vec<Application>)> {
        Self::build(AlgorithmProfile::Cccd, false, cards, at, rng)
    }

    /// A country with these algorithms, and with an authority over terminals.
    ///
    /// # Errors
    /// If its keys or its register cannot be made.
    pub fn found_with(
        profile: AlgorithmProfile,
        cards: usize,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Vec<Application>)> {
        Self::build(profile, true, cards, at, rng)
    }

    fn build(
        profile: AlgorithmProfile,
        terminals: bool,
        cards: usize,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Vec<Application>)> {
        let folder = tempfile::tempdir()?;
        let settings = StoreSettings::new(profile, "VN", at);
        let store = KeyStore::init(&folder.path().join("keys"), settings, &Passphrase::generate(rng), rng)?;
        store.create_csca(at, rng)?;
        store.create_document_signer(at, rng)?;
        store.create_authority(
            AuthorityRequest { pool: Pool::NoExpiry, ..AuthorityRequest::default() },
            at,
            rng,
        )?;
        store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, at, rng)?;
        store.issue_crl(at, SignedDuration::from_hours(24 * 30), &[], None)?;
        let exported = folder.path().join("trust");
        store.export(&exported)?;
        let trust = TrustStore::load(&exported)?;
        let terminal = terminals
            .then(|| InspectionTerminal::certified(&store, &folder.path().join("terminal"), at, rng))
            .transpose()?;
        let keys = StationKeys::from_store(&store, at)?;
        let signer = store.active_document_signer(at)?;

        let today = day_in_vietnam(at);
        let people = u64::try_from(cards)?.saturating_mul(PEOPLE_PER_CARD).saturating_add(50);
        let nation: Vec<Person> = Nation::new(people, 1, today).collect();
        let mut register = SqlStore::in_memory(at)?;
        register.put_persons(&nation, &Change { source: "bench".to_owned(), at })?;
        let applications: Vec<Application> = nation
            .iter()
            .filter(|person| person.life == Life::Alive && person.birth_date.date().is_some())
            .map(|person| (person, age_on(person.birth_date, today)))
            .filter(|(_, age)| *age >= 6)
            .take(cards)
            .zip(1..)
            .map(|((person, age), seed)| application(person, age, seed))
            .collect::<Result<_>>()?;
        anyhow::ensure!(applications.len() == cards, "the generated nation has too few people");
        let register = LocalRegister::new(register, "bench");
        let ledger = Ledger::in_memory()?;
        Ok((Self { keys, register, ledger, signer, trust, terminal, at, folder }, applications))
    }

    /// Signs an LDS security object as its Document Signer does: for cards that differ from issued ones.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn sign(&self, lds_security_object: &[u8]) -> Result<Vec<u8>> {
        Ok(self.signer.sign_ef_sod(lds_security_object, self.at)?)
    }

    /// Its station's keys and its trust, for other ledgers and registers, and the folder in which its signers count.
    #[must_use]
    pub fn into_keys(self) -> (StationKeys, TrustStore, TempDir) {
        (self.keys, self.trust, self.folder)
    }

    /// Issues a card into the chip behind this link, as the station does: checks, keys, files, read-back, lock, proof
    /// of the lock, ledger and register.
    ///
    /// # Errors
    /// If the station refuses.
    pub fn issue(
        &mut self,
        link: &mut dyn CardLink,
        application: &Application,
        rng: &mut dyn CryptoRng,
    ) -> Result<IssuedCard> {
        let mut station = Station {
            ledger: &mut self.ledger,
            register: &mut self.register,
            keys: &self.keys,
            actor: "bench",
            at: self.at,
            extended: true,
            blank: Blank::Icao9,
            job: Job::Production,
        };
        station
            .issue_into(link, application, "second-officer", &mut NoMonitor, rng)
            .context("the station did not issue the card")
    }
}

/// Certificates and key of a station that may read fingerprints.
pub struct InspectionTerminal {
    /// The CVCA's name.
    pub authority: String,
    /// The document verifier's certificate and the terminal's.
    pub chain: Vec<Vec<u8>>,
    /// Its private key, PKCS#8.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for InspectionTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InspectionTerminal").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl InspectionTerminal {
    fn certified(store: &KeyStore, out: &Path, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Self> {
        let rights = InspectionRights { fingerprints: true, irises: false };
        let request = |holder, days| VerifyingRequest { holder, rights, days };
        let cvca = store.create_cvca(at, &request("CVCA", 1000), rng)?;
        store.create_document_verifier(at, &request("DVHCM", 90), false, rng)?;
        let terminal = store.create_terminal(at, &request("ISHCM", 30), None, rng)?;
        let mut chain = Vec::new();
        let mut key = Vec::new();
        for file in store.export_terminal(at, &terminal.holder().to_string(), out)? {
            let bytes = std::fs::read(out.join(&file))?;
            if file == TERMINAL_KEY_FILE { key = bytes } else { chain.push(bytes) }
        }
        Ok(Self { authority: cvca.holder().to_string(), chain, key })
    }
}

/// A blank with the publicly known test keys.
#[must_use]
pub fn blank(serial: u64) -> Chip {
    blank_with(Profile::Cccd, serial)
}

/// A blank made for these algorithms.
#[must_use]
pub fn blank_with(profile: Profile, serial: u64) -> Chip {
    let mut chip_serial = [0x0B; 10];
    for (place, byte) in chip_serial.iter_mut().skip(2).zip(serial.to_be_bytes()) {
        *place = byte;
    }
    let state = ChipState::blank(chip_serial, profile);
    Chip::in_memory(state, Box::new(ChaCha20Rng::seed_from_u64(serial)))
}

/// Who acts for a child: a parent or representative whose number the register has.
#[must_use]
pub fn representative_of(person: &Person) -> Option<Representative> {
    [&person.father, &person.mother]
        .into_iter()
        .flatten()
        .chain(&person.representatives)
        .find_map(|one| Some(Representative { number: one.number.clone()?, full_name: one.name.clone() }))
}

fn application(person: &Person, age: i16, seed: u64) -> Result<Application> {
    let age = u32::try_from(age).unwrap_or_default();
    Ok(application_with(person, portrait::draw(seed, person.sex == Sex::Female, age)?))
}

/// A first card for this person with this portrait.
#[must_use]
pub fn application_with(person: &Person, portrait: Vec<u8>) -> Application {
    Application {
        number: person.number.clone(),
        asserted: Asserted { full_name: Some(person.full_name.clone()), ..Asserted::default() },
        portrait,
        portrait_accepted: None,
        biometrics: None,
        reason: Reason::FirstIssue,
        ground: None,
        template: Template::IdentityCard2024,
        representative: representative_of(person),
        papers: Vec::new(),
    }
}
