//! The station: one application, one blank, one card. Ledger before chip, chip before register, and after a crash the
//! chip is asked, never guessed about.

mod admission;
mod delivery;
mod error;
mod giving_up;
mod production;

use cccd_card_profile::card_holder::CardData;
use cccd_card_profile::mrz::Mrz;
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{
    DocumentSigners, KeyStore, PassedOver, Purpose, StoreError, StoreMaster, certificate_date,
};
use cccd_keys::transport_keys::{ChipSerial, TEST_KEY_VERSION, TransportKeys};
use cccd_population::card::SodDigest;
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::application::{Application, Portrait, State, Template};
use crate::ledger::{Act, ApplicationId, Ledger};
use crate::personalize::{
    Capabilities, CardDriver, CardLink, ChipReport, DriverError, Icao9Driver, JmrtdBlank, JmrtdDriver,
    LockProof, Monitor, Timings, TransportKeySource,
};
use crate::register::Register;

pub use admission::{Admitted, BIOMETRICS_FROM_AGE, CHANGED, Captured, Intake, digest_of};
pub use delivery::hand_over;
pub use error::IssueError;
pub use giving_up::give_up;

/// What a station holds of the PKI while it works.
#[derive(Debug)]
pub struct StationKeys {
    signers: DocumentSigners,
    master: StoreMaster,
    profile: AlgorithmProfile,
    trust_points: Vec<TrustPoint>,
    purpose: Purpose,
}

impl StationKeys {
    /// From an opened key store: the Document Signers that may sign now, the transport master, and the CVCA keys if it has any.
    ///
    /// # Errors
    /// [`StoreError`]: no signer may sign at this time, the time lies before the log's newest entry, the newest CRL is lost, or the CVCA is past its last day.
    pub fn from_store(store: &KeyStore, at: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            signers: store.active_signers(at)?,
            master: store.transport_master()?,
            profile: store.profile(),
            trust_points: store.trust_points(at)?,
            purpose: store.purpose(),
        })
    }

    /// What a chip that is made at this time believes about terminals; `None` without CVCA.
    fn terminal_trust(&self, at: Timestamp) -> Option<ChipTrust> {
        let today = certificate_date(at).ok()?;
        ChipTrust::new(self.trust_points.clone(), today)
    }

    /// The Document Signers that are not used because their counts cannot be read.
    #[must_use]
    pub fn passed_over(&self) -> Vec<PassedOver> {
        self.signers.passed_over()
    }

    /// The master of transport keys.
    #[must_use]
    pub fn master(&self) -> &StoreMaster {
        &self.master
    }

    /// Their algorithms.
    #[must_use]
    pub fn profile(&self) -> AlgorithmProfile {
        self.profile
    }

    /// What they are for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
}

impl TransportKeySource for StationKeys {
    fn keys(&self, serial: &ChipSerial, version: u8) -> Result<TransportKeys, DriverError> {
        if self.purpose == Purpose::Production && version == TEST_KEY_VERSION {
            return Err(DriverError::TestKeys);
        }
        self.master.keys(serial, version)
    }
}

/// What kind of blanks lies at the station, and with it the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blank {
    /// Our own chip.
    #[default]
    Icao9,
    /// JMRTD's applet on a Java Card.
    Jmrtd(JmrtdBlank),
}

/// What a card is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Job {
    /// A citizen.
    #[default]
    Production,
    /// A test: blanks that no citizen may get are allowed.
    Laboratory,
}

/// A station at work.
pub struct Station<'a> {
    /// Its ledger.
    pub ledger: &'a mut Ledger,
    /// The register of persons.
    pub register: &'a mut dyn Register,
    /// Its keys.
    pub keys: &'a StationKeys,
    /// The officer: who the ledger says did it.
    pub actor: &'a str,
    /// The time.
    pub at: Timestamp,
    /// Extended length may be used on the link.
    pub extended: bool,
    /// The kind of blanks.
    pub blank: Blank,
    /// What the card is for.
    pub job: Job,
}

/// A card that is recorded and active.
#[derive(Debug)]
pub struct IssuedCard {
    /// Its row in the ledger.
    pub application: ApplicationId,
    /// What it says.
    pub card: CardData,
    /// Its machine readable zone.
    pub mrz: Mrz,
    /// Its portrait.
    pub portrait: Portrait,
    /// Its template.
    pub template: Template,
    /// SHA-256 of its EF.SOD: how it is known.
    pub sod_sha256: SodDigest,
    /// Its chip.
    pub chip_serial: ChipSerial,
    /// The chip came with publicly known test keys.
    pub test_keys: bool,
    /// An interrupted run was finished.
    pub resumed: bool,
    /// The card it replaced.
    pub replaced: Option<SodDigest>,
    /// What its kind of blank can do, and what it cannot.
    pub capabilities: Capabilities,
    /// What the locked chip refused.
    pub lock_proof: LockProof,
    /// Where the time went.
    pub timings: Timings,
}

impl<'a> Station<'a> {
    fn act(&self) -> Act<'a> {
        Act::new(self.actor, self.at)
    }

    /// No citizen gets a card of a blank that is for the laboratory, and the keys of production make no card for it.
    fn allow_blank(&self) -> Result<(), IssueError> {
        match (self.blank, self.job, self.keys.purpose) {
            (_, Job::Laboratory, Purpose::Production) => {
                Err(IssueError::ProductionKeys("a laboratory's card"))
            }
            (Blank::Jmrtd(_), _, Purpose::Production) => Err(IssueError::ProductionKeys("the driver jmrtd")),
            (Blank::Icao9, ..) | (Blank::Jmrtd(_), Job::Laboratory, _) => Ok(()),
            (Blank::Jmrtd(_), Job::Production, _) => Err(IssueError::LaboratoryOnly("jmrtd")),
        }
    }

    /// The driver of this station's blanks.
    fn driver<'d>(
        &'d self,
        link: &'d mut dyn CardLink,
        rng: &'d mut dyn CryptoRng,
    ) -> Box<dyn CardDriver + 'd> {
        driver_of(self.blank, link, self.keys, self.extended, rng)
    }

    /// What the chip on this link is, without changing it.
    ///
    /// # Errors
    /// [`IssueError::Chip`].
    pub fn probe(
        &mut self,
        link: &mut dyn CardLink,
        rng: &mut dyn CryptoRng,
    ) -> Result<ChipReport, IssueError> {
        self.driver(link, rng).probe().map_err(IssueError::Chip)
    }

    /// From an application to an issued card in one call, approved by a second officer on the way: for demos, faults and
    /// benches.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue_into(
        &mut self,
        link: &mut dyn CardLink,
        application: &Application,
        approver: &str,
        monitor: &mut dyn Monitor,
        rng: &mut dyn CryptoRng,
    ) -> Result<IssuedCard, IssueError> {
        self.allow_blank()?;
        let mut captured = self.take_in(application)?;
        if captured.entry.state == State::Captured {
            captured.entry.state = self.ledger.approve(captured.entry.id, Act::new(approver, self.at))?;
        }
        let admitted = self.ready(captured, application.template)?;
        self.produce(link, admitted, monitor, rng)
    }
}

/// The driver of a kind of blank.
fn driver_of<'d>(
    blank: Blank,
    link: &'d mut dyn CardLink,
    keys: &'d StationKeys,
    extended: bool,
    rng: &'d mut dyn CryptoRng,
) -> Box<dyn CardDriver + 'd> {
    match blank {
        Blank::Icao9 => Box::new(Icao9Driver::new(link, keys, extended, rng)),
        Blank::Jmrtd(blank) => Box::new(JmrtdDriver::new(link, blank, rng)),
    }
}

impl std::fmt::Debug for Station<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Station").field("actor", &self.actor).finish_non_exhaustive()
    }
}
