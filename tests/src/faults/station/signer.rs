//! The token with the keys goes away, refuses, or answers garbage, at every call of a card's making: in this process, with a
//! token whose every call can be made to fail.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_issuer::application::Application;
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::NoMonitor;
use cccd_issuer::register::LocalRegister;
use cccd_issuer::station::{Blank, IssueError, IssuedCard, Job, Station, StationKeys};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{AuthorityNames, KeyStore, Purpose, StoreSettings};
use cccd_keys::token::lab::{Failure, LabToken, Plan};
use cccd_keys::token::port::Fault;
use cccd_keys::token::{Pin, Token, TokenLimits};
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_population::person::Person;
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::Went;
use super::books::Breach;

const SERIAL: ChipSerial = ChipSerial([0xC1; 10]);

/// A way in which a token fails.
struct Way {
    name: &'static str,
    failure: Failure,
    /// The station gets over it by itself, in the same run.
    passes: bool,
}

/// A station whose keys are in a token of the laboratory.
pub(super) struct House {
    token: LabToken,
    store: KeyStore,
    person: Person,
    application: Application,
    now: Timestamp,
    calls: usize,
    /// The signers count in it.
    _folder: tempfile::TempDir,
}

/// Ledger, register and chip of one fault.
struct Office<'a> {
    house: &'a House,
    keys: StationKeys,
    ledger: Ledger,
    register: LocalRegister<SqlStore>,
    chip: Chip,
}

fn ways() -> [Way; 6] {
    let lost = || Fault::Lost("CKR_DEVICE_REMOVED".to_owned());
    let refused = || Fault::Refused("CKR_FUNCTION_REJECTED".to_owned());
    let way = |name, failure, passes| Way { name, failure, passes };
    [
        way("lost before the call, once", Failure::Before(lost()), true),
        way("lost after the call, once", Failure::After(lost()), true),
        way("removed", Failure::Removed, false),
        way("refuses", Failure::Before(refused()), false),
        way("answers garbage", Failure::Garbage, false),
        way("answers nothing", Failure::Empty, false),
    ]
}

impl House {
    pub(super) fn found(person: &Person, application: Application, now: Timestamp) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(70);
        let token = LabToken::new("house", "1234", Box::new(ChaCha20Rng::seed_from_u64(71)));
        let limits = TokenLimits { pause: Duration::ZERO, ..TokenLimits::default() };
        let open = Token::open(Arc::new(token.clone()), "house", None, Pin::new("1234".to_owned()), limits)?;
        let folder = tempfile::tempdir()?;
        let names =
            AuthorityNames { organization: "House".to_owned(), domain: "csca.house.example".to_owned() };
        let settings = StoreSettings::new(AlgorithmProfile::P256, "VN", now)
            .with_purpose(Purpose::Laboratory)
            .with_authority(names);
        let store = KeyStore::init_in_token(&folder.path().join("keys"), settings, Arc::new(open), &mut rng)?;
        store.create_csca(now, &mut rng)?;
        store.create_document_signer(now, &mut rng)?;
        let person = person.clone();
        let mut house = Self { token, store, person, application, now, calls: 0, _folder: folder };
        let mut office = house.office()?;
        house.token.plan(Plan::new());
        office.issue().context("undisturbed")?;
        house.calls = house.token.calls();
        ensure!(house.calls > 0, "a card is made without a call to the token");
        Ok(house)
    }

    /// How often a card asks the token, and how it may fail.
    pub(super) fn faults(&self) -> Vec<(usize, usize)> {
        (1..=self.calls).flat_map(|call| (0..ways().len()).map(move |way| (call, way))).collect()
    }

    pub(super) fn name(way: usize) -> &'static str {
        ways().get(way).map_or("", |way| way.name)
    }

    fn office(&self) -> Result<Office<'_>> {
        self.token.put_back(true);
        self.token.plan(Plan::new());
        let keys = StationKeys::from_store(&self.store, self.now)?;
        let mut store = SqlStore::in_memory(self.now)?;
        store.put_person(&self.person, &Change { source: "faults".to_owned(), at: self.now })?;
        let transport = keys.master().derive(TransportKeyLabel::Blank, &SERIAL)?;
        let transport =
            StaticKeys::new(*transport.encryption(), *transport.mac(), *transport.data_encryption());
        let state = ChipState::blank_with_keys(SERIAL.0, Profile::P256, KeyVersion::BLANK, transport);
        let chip = Chip::in_memory(state, Box::new(ChaCha20Rng::seed_from_u64(72)));
        let register = LocalRegister::new(store, "faults");
        Ok(Office { house: self, keys, ledger: Ledger::in_memory()?, register, chip })
    }

    /// One failure, and the next run.
    pub(super) fn try_one(&self, (call, way): (usize, usize)) -> Result<Went> {
        let all = ways();
        let way = all.get(way).context("a way to fail")?;
        let lost = |what: String| Ok(Went::Breached(Breach::Lost(what)));
        let mut office = self.office()?;
        self.token.plan(Plan::from([(call, way.failure.clone())]));
        let first = office.issue();
        match &first {
            Ok(_) if way.passes => {}
            Ok(_) => return lost("a card was made although the token failed".to_owned()),
            Err(error) if way.passes => return lost(format!("it did not get over it: {error}")),
            Err(error) => {
                if !office.register.store().cards_of(&self.person.number)?.is_empty() {
                    return lost("an unfinished card is in the register".to_owned());
                }
                let named = error.code() == "in-doubt" || error.code().starts_with("token-");
                if !named {
                    return lost(format!("no clear reason: {error}"));
                }
                let touched = office.chip.state().life_cycle() != LifeCycle::Blank;
                if touched && office.ledger.of_chip(&SERIAL)?.is_none() {
                    return lost("a chip that was touched is not in the ledger".to_owned());
                }
                self.token.put_back(true);
                self.token.plan(Plan::new());
                office.chip.reset();
                if let Err(error) = office.issue() {
                    return lost(format!("the next start did not finish it: {error}"));
                }
            }
        }
        let cards = office.register.store().cards_of(&self.person.number)?;
        let issued = office.ledger.of_chip(&SERIAL)?.map(|entry| entry.state.as_str());
        if cards.len() > 1 {
            return Ok(Went::Breached(Breach::Doubled(format!("{} cards in the register", cards.len()))));
        }
        let locked = office.chip.state().life_cycle() == LifeCycle::Locked;
        if cards.len() != 1 || issued != Some("issued") || !locked {
            return lost(format!("{} cards, the ledger says {issued:?}, locked: {locked}", cards.len()));
        }
        Ok(Went::Resumed)
    }
}

impl Office<'_> {
    fn issue(&mut self) -> Result<IssuedCard, IssueError> {
        let mut station = Station {
            ledger: &mut self.ledger,
            register: &mut self.register,
            keys: &self.keys,
            actor: "faults",
            at: self.house.now,
            extended: true,
            blank: Blank::Icao9,
            job: Job::Production,
        };
        let mut rng = ChaCha20Rng::seed_from_u64(73);
        station.issue_into(
            &mut self.chip,
            &self.house.application,
            "second-officer",
            &mut NoMonitor,
            &mut rng,
        )
    }
}
