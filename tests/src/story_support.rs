//! What the stories share: a small country in one folder, with a PKI, a register behind HTTP and issued cards, made
//! in this process so that a test can ask for it cheaply.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::validity::age_on;
use cccd_issuer::application::Application;
use cccd_issuer::card_face::qr_text;
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::NoMonitor;
use cccd_issuer::register::{LocalRegister, day_in_vietnam};
use cccd_issuer::station::{Blank, Job, Station, StationKeys};
use cccd_keys::life::{Pool, SIGNATURE_LIMIT};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{AuthorityRequest, KeyStore, Passphrase, StoreSettings};
use cccd_keys::trust::ImportKind;
use cccd_keys::trust::TrustStore;
use cccd_keys::trust::directory::import as import_trust;
use cccd_population::card::{CardStatus, SodDigest};
use cccd_population::generate::Nation;
use cccd_population::person::Person;
use cccd_population::register_key::digest_key;
use cccd_population::server::{Service, Tokens};
use cccd_population::store::{Change, Place, SqlStore, Store};
use cccd_verifier::evidence::Provenance;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::register::http::HttpRegister;
use cccd_verifier::{
    Access, Case, Evidence, InspectionOptions, Judgement, Policy, Presented, Status, inspect, judge,
};
use cccd_virtual_chip::{Chip, ChipState, Profile, StateFile};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use crate::demo::people::{self, Applicant};

/// People in the register.
const PEOPLE: u64 = 400;
/// How long the country's CRL is good.
const CRL_DAYS: i64 = 10;

/// The clock of this machine: the register signs with it, and so the stories are told in it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the stories look at the clock")]
pub fn clock() -> Timestamp {
    Timestamp::now()
}

/// A generator that gives every run the same.
#[must_use]
pub fn dice(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A country with issued cards.
#[derive(Debug)]
pub struct World {
    /// Where everything lies.
    pub folder: PathBuf,
    /// Vietnam's key store.
    pub keys: PathBuf,
    /// The key store of a neighbour who is trusted.
    pub foreign_keys: PathBuf,
    /// The key store of a forger who calls himself Vietnam.
    pub forged_keys: PathBuf,
    /// The trust folder.
    pub trust_folder: PathBuf,
    /// The trust folder, loaded.
    pub trust: TrustStore,
    /// The register's file.
    pub database: PathBuf,
    /// Where it answers.
    pub register_url: String,
    /// Tokens for it.
    pub token_file: PathBuf,
    /// The time of the story.
    pub now: Timestamp,
    /// When the cards were issued.
    pub issued_at: Timestamp,
    /// Everyone in the register.
    pub nation: Vec<Person>,
    /// Twelve cards, all good.
    pub cards: Vec<StoryCard>,
}

/// A card and what its bearer carries.
#[derive(Debug)]
pub struct StoryCard {
    /// Whose it is.
    pub applicant: Applicant,
    /// The printed zone.
    pub mrz: Mrz,
    /// The printed QR code.
    pub qr: String,
    /// How it is known.
    pub sod_sha256: SodDigest,
}

impl StoryCard {
    /// The chip as it left the issuer.
    ///
    /// # Errors
    /// If the state file cannot be read.
    pub fn chip(&self) -> Result<ChipState> {
        Ok(StateFile::peek(&self.applicant.chip)?)
    }

    /// The six digits.
    #[must_use]
    pub fn can(&self) -> &str {
        self.applicant.person.number.can()
    }

    /// The card with all that is printed on it.
    #[must_use]
    pub fn presented(&self) -> Presented {
        Presented::nothing().with_mrz(self.mrz.clone()).with_qr(&self.qr)
    }
}

impl World {
    /// Builds the country in an empty folder and issues its cards.
    ///
    /// # Errors
    /// If anything does not work.
    pub fn build(folder: &Path) -> Result<Self> {
        let now = clock();
        let founded = now.to_zoned(TimeZone::UTC).checked_sub(30.months())?.timestamp();
        let prepared = now.checked_sub(SignedDuration::from_hours(4 * 24))?;
        let issued_at = now.checked_sub(SignedDuration::from_hours(3 * 24))?;
        let at = |name: &str| folder.join(name);
        let [keys, foreign_keys, forged_keys] = ["keys", "keys-neighbour", "keys-forger"].map(at);
        let times = [founded, prepared];
        let store = pki(&keys, "VN", times, 1)?;
        let neighbour = pki(&foreign_keys, "LA", times, 2)?;
        pki(&forged_keys, "VN", times, 3)?;

        let trust_folder = folder.join("trust");
        store.export(&trust_folder)?;
        let exported = folder.join("trust-neighbour");
        neighbour.export(&exported)?;
        import_trust(&files_of(&exported, &["csca", "crl"])?, &trust_folder, ImportKind::Anchors)?;

        let today = day_in_vietnam(now);
        let nation: Vec<Person> = Nation::new(PEOPLE, 2026, today).collect();
        let database = folder.join("register.sqlite");
        let mut register = SqlStore::create_file(&database, founded)?;
        let change = Change { source: "story".to_owned(), at: founded };
        register.put_persons(&nation, &change)?;
        drop(register);
        let token_file = folder.join("register.tokens");
        let address = serve(&database, &token_file, &store)?;

        let mut world = Self {
            folder: folder.to_owned(),
            keys,
            foreign_keys,
            forged_keys,
            trust: TrustStore::load(&trust_folder)?,
            trust_folder,
            database,
            register_url: format!("http://{address}"),
            token_file,
            now,
            issued_at,
            nation,
            cards: Vec::new(),
        };
        ensure!(world.trust.problems().is_empty(), "{:?}", world.trust.problems());
        let applicants = people::choose(&world.nation, day_in_vietnam(issued_at), folder)?;
        world.cards = world.issue_all(applicants, &store)?;
        Ok(world)
    }

    fn issue_all(&self, applicants: Vec<Applicant>, store: &KeyStore) -> Result<Vec<StoryCard>> {
        let middle = applicants.len().div_ceil(2);
        let mut first = applicants;
        let second = first.split_off(middle);
        // Making RSA keys is most of it: two hands.
        std::thread::scope(|scope| {
            let issue = |half: Vec<Applicant>| -> Result<Vec<StoryCard>> {
                half.into_iter().map(|applicant| self.issue(applicant, store, self.issued_at)).collect()
            };
            let other = scope.spawn(move || issue(second));
            let mut cards = issue(first)?;
            cards.extend(other.join().ok().context("the second hand died")??);
            Ok(cards)
        })
    }

    /// Issues a card into a new blank, as the desk does.
    ///
    /// # Errors
    /// If it is not issued.
    pub fn issue(&self, applicant: Applicant, store: &KeyStore, at: Timestamp) -> Result<StoryCard> {
        let digits: u64 = applicant.person.number.as_str().parse()?;
        let mut serial = [0x0C; 10];
        serial[2..].copy_from_slice(&digits.to_be_bytes());
        let blank = ChipState::blank(serial, Profile::Cccd);
        let mut chip = Chip::create(&applicant.chip, blank, Box::new(dice(digits)))?;
        let application = Application::read(&applicant.application)?;
        let mut ledger = Ledger::in_memory()?;
        let mut register = LocalRegister::open(&Place::file(&self.database), "story")?;
        let keys = StationKeys::from_store(store, at)?;
        let issued = Station {
            ledger: &mut ledger,
            register: &mut register,
            keys: &keys,
            actor: "story",
            at,
            extended: true,
            blank: Blank::Icao9,
            job: Job::Production,
        }
        .issue_into(
            &mut chip,
            &application,
            "second-officer",
            &mut NoMonitor,
            &mut dice(digits + 1),
        )?;
        let qr = qr_text(&issued.card, issued.template)?;
        Ok(StoryCard { applicant, mrz: issued.mrz, qr, sod_sha256: issued.sod_sha256 })
    }

    /// Opens one of the key stores.
    ///
    /// # Errors
    /// If it does not open.
    pub fn store(&self, keys: &Path) -> Result<KeyStore> {
        Ok(KeyStore::open(keys, &Passphrase::for_store(keys, None)?)?)
    }

    /// Reads a chip over an in-process link, as a verifier does.
    ///
    /// # Errors
    /// If the chip cannot be opened.
    pub fn read(&self, chip: ChipState, can: &str, thorough: bool) -> Result<Evidence> {
        self.read_with(chip, can, &InspectionOptions::new(self.now).thorough(thorough))
    }

    /// Reads a chip in a way of one's own.
    ///
    /// # Errors
    /// If the chip cannot be opened.
    pub fn read_with(&self, chip: ChipState, can: &str, options: &InspectionOptions) -> Result<Evidence> {
        let chip = Chip::in_memory(chip, Box::new(dice(7)));
        Ok(inspect(chip, &Access::can(can)?, options, &mut dice(8), &mut |_| {})?)
    }

    /// Asks the register over HTTP.
    ///
    /// # Errors
    /// If there is no token.
    pub fn ask(&self, evidence: &Evidence) -> Result<RegisterReport> {
        let tokens = Zeroizing::new(std::fs::read_to_string(&self.token_file)?);
        let token = tokens.lines().find_map(|line| line.strip_prefix("verifier:")).context("no token")?;
        let token = Zeroizing::new(token.to_owned());
        let (policy, mut rng) = (Policy::default(), dice(u64::from(rand_seed(evidence))));
        let timeout = Duration::from_secs(10);
        let mut register =
            HttpRegister::new(&self.register_url, token, timeout, &self.trust, &policy, &clock, &mut rng);
        Ok(RegisterReport::ask(&mut register, evidence))
    }

    /// Judges a reading of this moment with the country's trust.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence, presented: &Presented, register: &RegisterReport) -> Judgement {
        self.judge_as(evidence, presented, register, &self.trust, self.now, &Provenance::Live)
    }

    /// Judges in a way of one's own.
    #[must_use]
    pub fn judge_as(
        &self,
        evidence: &Evidence,
        presented: &Presented,
        register: &RegisterReport,
        trust: &TrustStore,
        at: Timestamp,
        provenance: &Provenance,
    ) -> Judgement {
        let policy = Policy::default();
        let issued_nonce = None;
        judge(&Case { evidence, provenance, issued_nonce, trust, at, presented, register, policy: &policy })
    }

    /// A time when the CRL is past its next update.
    ///
    /// # Errors
    /// Never, in this millennium.
    pub fn crl_aged(&self) -> Result<Timestamp> {
        Ok(self.now.checked_add(SignedDuration::from_hours(24 * CRL_DAYS))?)
    }

    /// The trust folder without its CRLs, copied to a folder of this name.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn trust_without_crl(&self, name: &str) -> Result<PathBuf> {
        let copy = self.folder.join(name);
        for file in files_of(&self.trust_folder, &["csca", "register", "station"])? {
            let to = copy.join(file.strip_prefix(&self.trust_folder)?);
            std::fs::create_dir_all(to.parent().context("no folder")?)?;
            std::fs::copy(&file, to)?;
        }
        Ok(copy)
    }

    /// The register's store, opened beside the service.
    ///
    /// # Errors
    /// If it does not open.
    pub fn register(&self) -> Result<SqlStore> {
        Ok(SqlStore::open_file(&self.database)?)
    }

    /// Changes a card's status, as its holder's call does.
    ///
    /// # Errors
    /// If the register refuses.
    pub fn set_status(&self, card: &SodDigest, status: CardStatus) -> Result<()> {
        let change = Change { source: "story".to_owned(), at: self.now };
        self.register()?.set_card_status(card, status, day_in_vietnam(self.now), "story", &change)?;
        Ok(())
    }

    /// Someone of these years who has no card and is not among the twelve, the `nth` such.
    ///
    /// # Errors
    /// If there is nobody.
    pub fn without_card(&self, nth: usize) -> Result<&Person> {
        let today = day_in_vietnam(self.issued_at);
        self.nation
            .iter()
            .filter(|person| person.life == cccd_population::person::Life::Alive)
            .filter(|person| person.birth_date.date().is_some())
            .filter(|person| (26..39).contains(&age_on(person.birth_date, today)))
            .filter(|person| self.cards.iter().all(|card| card.applicant.person.number != person.number))
            .nth(nth)
            .context("the nation is too small")
    }
}

/// The checks with this status, as `check (reason)`.
#[must_use]
pub fn with_status(judgement: &Judgement, status: Status) -> BTreeSet<String> {
    judgement
        .findings
        .iter()
        .filter(|finding| finding.status == status)
        .map(|finding| match finding.reason {
            Some(reason) => format!("{} ({reason})", finding.check),
            None => finding.check.to_string(),
        })
        .collect()
}

/// Another nonce for every card.
fn rand_seed(evidence: &Evidence) -> u32 {
    let digest = evidence.sod_sha256().unwrap_or_default();
    digest.iter().fold(11, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
}

/// Where a store lies as it was when it was founded.
#[must_use]
pub fn as_founded(folder: &Path) -> PathBuf {
    folder.with_extension("founded")
}

/// Copies a store as it is there: nothing is signed before the newest entry of a store's log, and a card of the past is
/// signed by the store of the past.
///
/// # Errors
/// If it cannot be copied.
pub fn keep_as_founded(folder: &Path) -> Result<()> {
    let copied = std::process::Command::new("cp").arg("-a").arg(folder).arg(as_founded(folder)).status()?;
    ensure!(copied.success(), "the store cannot be copied");
    Ok(())
}

fn pki(folder: &Path, country: &str, [founded, prepared]: [Timestamp; 2], seed: u64) -> Result<KeyStore> {
    let mut rng = dice(seed);
    let passphrase = Passphrase::generate(&mut rng);
    let settings = StoreSettings::new(AlgorithmProfile::Cccd, country, founded);
    let store = KeyStore::init(folder, settings, &passphrase, &mut rng)?;
    passphrase.write(&Passphrase::path_for_store(folder, None))?;
    store.create_csca(founded, &mut rng)?;
    store.create_document_signer(founded, &mut rng)?;
    keep_as_founded(folder)?;
    store.create_document_signer(prepared, &mut rng)?;
    let request = AuthorityRequest { pool: Pool::NoExpiry, ..AuthorityRequest::default() };
    store.create_authority(request, prepared, &mut rng)?;
    store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, prepared, &mut rng)?;
    store.issue_crl(prepared, SignedDuration::from_hours(24 * CRL_DAYS), &[], None)?;
    Ok(store)
}

fn files_of(folder: &Path, names: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in names {
        for entry in folder.join(name).read_dir()? {
            files.push(entry?.path());
        }
    }
    Ok(files)
}

/// Serves the register from a thread until the process ends.
fn serve(database: &Path, token_file: &Path, keys: &KeyStore) -> Result<SocketAddr> {
    let mut rng = dice(99);
    let (tokens, _) = Tokens::open(token_file, &mut rng)?;
    let service = Arc::new(Service {
        store: Mutex::new(Box::new(SqlStore::open_file(database)?)),
        signer: Box::new(keys.register_key()?),
        digest_key: digest_key(database, &mut rng)?,
        tokens,
        clock: Box::new(clock),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            // Whoever waited is told, or gone.
            let _ = tell.send(listener.local_addr()?);
            cccd_population::server::serve(listener, service, std::future::pending()).await;
            anyhow::Ok(())
        })
    });
    told.recv().context("the register does not come up")
}
