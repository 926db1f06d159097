//! The card is removed while the station works on it, and laid on again.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_issuer::application::{Application, Biometrics};
use cccd_issuer::capture::{Capture, Eye, IrisImage};
use cccd_issuer::fingerprint::{Finger, MissingReason};
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::{CardLink, NoMonitor};
use cccd_issuer::register::{LocalRegister, day_in_vietnam};
use cccd_issuer::station::{Blank, IssueError, IssuedCard, Job, Station, StationKeys};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::transport_keys::ChipSerial;
use cccd_keys::trust::TrustStore;
use cccd_population::generate::Nation;
use cccd_population::person::Person;
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_verifier::evidence::Provenance;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{Access, Case, Decision, InspectionOptions, Policy, Presented, inspect, judge};
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile, StateFile};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::{Length, Outcome, Report};
use crate::commands::Names;
use crate::country::Country;

const SERIAL: [u8; 10] = [0x0F; 10];

/// The station's circumstances, the same for every fault.
struct Campaign {
    keys: StationKeys,
    trust: TrustStore,
    application: Application,
    person: Person,
    at: Timestamp,
}

/// One ledger and one register, new for every fault.
struct Office<'a> {
    campaign: &'a Campaign,
    ledger: Ledger,
    register: LocalRegister<SqlStore>,
    extended: bool,
}

impl<'a> Office<'a> {
    fn new(campaign: &'a Campaign, extended: bool) -> Result<Self> {
        let mut store = SqlStore::in_memory(campaign.at)?;
        let change = Change { source: "faults".to_owned(), at: campaign.at };
        store.put_person(&campaign.person, &change)?;
        let register = LocalRegister::new(store, "faults");
        Ok(Self { campaign, ledger: Ledger::in_memory()?, register, extended })
    }

    fn issue(&mut self, link: &mut dyn CardLink) -> Result<IssuedCard, IssueError> {
        let mut station = Station {
            ledger: &mut self.ledger,
            register: &mut self.register,
            keys: &self.campaign.keys,
            actor: "faults",
            at: self.campaign.at,
            extended: self.extended,
            blank: Blank::Icao9,
            job: Job::Production,
        };
        let mut rng = ChaCha20Rng::seed_from_u64(41);
        station.issue_into(link, &self.campaign.application, "second-officer", &mut NoMonitor, &mut rng)
    }

    /// After the card was laid on again: is it issued once, everywhere, and good?
    fn account(&mut self, chip: &mut Chip, issued: &IssuedCard, resumed: &str) -> Result<Outcome> {
        let cards = self.register.store().cards_of(&self.campaign.application.number)?;
        let counts = self.ledger.counts()?;
        let ended = |name: &str| {
            counts.iter().filter(|(state, _)| state.as_str() == name).map(|(_, count)| *count).sum::<u64>()
        };
        let open: Vec<String> = counts
            .iter()
            .filter(|(state, _)| !matches!(state.as_str(), "issued" | "rejected"))
            .map(|(state, _)| state.to_string())
            .collect();
        if cards.len() > 1 || ended("issued") > 1 {
            return Ok(Outcome::Doubled(format!("{} cards in the register", cards.len())));
        }
        let Some(card) = cards.first() else {
            return Ok(Outcome::Lost("no card in the register".to_owned()));
        };
        if card.sod_sha256 != issued.sod_sha256 || ended("issued") != 1 || !open.is_empty() {
            return Ok(Outcome::Lost(format!("the ledger says {open:?}")));
        }
        if chip.state().life_cycle() != LifeCycle::Locked {
            return Ok(Outcome::Lost("the card is recorded and not locked".to_owned()));
        }
        chip.reset();
        let decision = self.verdict(chip, issued.card.holder.number.can())?;
        if decision != Decision::Accepted {
            return Ok(Outcome::WrongVerdict(format!("the issued card is {}", decision.code())));
        }
        Ok(Outcome::Good(format!("{resumed}: one card, issued, locked, recorded, accepted")))
    }

    fn verdict(&self, chip: &mut Chip, can: &str) -> Result<Decision> {
        let at = self.campaign.at;
        let mut rng = ChaCha20Rng::seed_from_u64(42);
        let evidence = inspect(chip, &Access::can(can)?, &InspectionOptions::new(at), &mut rng, &mut |_| {})?;
        let case = Case {
            evidence: &evidence,
            provenance: &Provenance::Live,
            issued_nonce: None,
            trust: &self.campaign.trust,
            at,
            presented: &Presented::default(),
            register: &RegisterReport::default(),
            policy: &Policy::default(),
        };
        Ok(judge(&case).verdict.decision)
    }
}

/// A link that is lost at one command, before the chip has it or before its answer is heard, and stays lost.
struct Torn<'a> {
    chip: &'a mut Chip,
    at: usize,
    delivered: bool,
    headers: Vec<Vec<u8>>,
}

impl Torn<'_> {
    fn met(&self) -> bool {
        self.headers.len() > self.at
    }
}

impl Transport for Torn<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if self.met() {
            return Err(LinkLost::new("removed"));
        }
        self.headers.push(command.iter().take(4).copied().collect());
        if self.met() {
            if self.delivered {
                self.chip.transmit(command)?;
            }
            return Err(LinkLost::new("removed"));
        }
        self.chip.transmit(command)
    }
}

impl CardLink for Torn<'_> {
    fn reset(&mut self) -> Result<(), LinkLost> {
        if self.met() {
            return Err(LinkLost::new("removed"));
        }
        self.chip.reset();
        Ok(())
    }
}

/// Runs the campaign.
///
/// # Errors
/// If the country cannot be made, or an undisturbed run does not issue a card.
pub fn run(length: Length, at: Timestamp, report: &mut Report) -> Result<()> {
    let mut rng = ChaCha20Rng::seed_from_u64(40);
    let (country, applications) = Country::found_with(AlgorithmProfile::P256, 1, at, &mut rng)?;
    let application = with_iris(applications.into_iter().next().context("no application")?)?;
    let person = Nation::new(53, 1, day_in_vietnam(at))
        .find(|person: &Person| person.number == application.number)
        .context("the applicant is not in the nation")?;
    let (keys, trust, _folder) = country.into_keys();
    let campaign = Campaign { keys, trust, application, person, at };
    let forms: &[bool] = if length == Length::Long { &[true, false] } else { &[true] };
    for extended in forms {
        for delivered in [false, true] {
            removed(&campaign, *extended, delivered, report)?;
        }
    }
    if length == Length::Long {
        torn_on_disk(&campaign, report)?;
    }
    Ok(())
}

/// With an iris of the applicant, whose fingers could not be taken: the card has every file that a card can have, DG4 too.
fn with_iris(application: Application) -> Result<Application> {
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 20)
        .encode_image(&image::GrayImage::new(160, 160))?;
    let irises = [(Eye::Right, IrisImage::from_file(Eye::Right, jpeg)?)].into();
    let missing = Finger::INDEX.map(|finger| (finger, MissingReason::Amputated)).into();
    let capture = Capture::new(std::collections::BTreeMap::new(), missing, irises)?;
    Ok(Application {
        biometrics: Some(Biometrics { capture, sealed_sha256: None, accepted: None }),
        ..application
    })
}

fn in_memory(serial: [u8; 10]) -> Chip {
    Chip::in_memory(ChipState::blank(serial, Profile::P256), Box::new(ChaCha20Rng::seed_from_u64(43)))
}

fn removed(campaign: &Campaign, extended: bool, delivered: bool, report: &mut Report) -> Result<()> {
    let form = if extended { "extended" } else { "short" };
    let when = if delivered { "after the chip has" } else { "before the chip has" };
    let title =
        format!("Personalisation, {form} length: the card is removed {when} the command, and laid on again");
    report.begin("personalisation", commands_of(campaign, extended)?);
    let mut names = Names::default();
    for index in 0.. {
        let mut office = Office::new(campaign, extended)?;
        let mut chip = in_memory(SERIAL);
        let mut link = Torn { chip: &mut chip, at: index, delivered, headers: Vec::new() };
        let first = office.issue(&mut link);
        if !link.met() {
            first?;
            break;
        }
        let command = link.headers.last().map(|header| names.of_header(header)).unwrap_or_default();
        chip.reset();
        let outcome = match first {
            Ok(_) => Outcome::Lost("the station did not notice".to_owned()),
            Err(_) => laid_on_again(&mut office, &mut chip)?,
        };
        report.fault(index, &command, outcome);
    }
    report.end(&title);
    Ok(())
}

/// How many commands an undisturbed run has.
fn commands_of(campaign: &Campaign, extended: bool) -> Result<usize> {
    let mut chip = in_memory(SERIAL);
    let mut link = Torn { chip: &mut chip, at: usize::MAX, delivered: false, headers: Vec::new() };
    let mut office = Office::new(campaign, extended)?;
    let issued = office.issue(&mut link)?;
    let count = link.headers.len();
    let outcome = office.account(&mut chip, &issued, "undisturbed")?;
    ensure!(matches!(outcome, Outcome::Good(_)), "an undisturbed run: {outcome:?}");
    Ok(count)
}

/// What stands between the fault and the second run is looked at, then the same application is run again.
fn laid_on_again(office: &mut Office<'_>, chip: &mut Chip) -> Result<Outcome> {
    let known = office.ledger.of_chip(&ChipSerial(SERIAL))?.is_some();
    if !known && chip.state().life_cycle() == LifeCycle::Locked {
        return Ok(Outcome::Lost("a locked card that the ledger does not know".to_owned()));
    }
    if !office.register.store().cards_of(&office.campaign.application.number)?.is_empty() {
        return Ok(Outcome::Lost("recorded before it was finished".to_owned()));
    }
    if known {
        // Another blank must not become a second card of this application.
        let mut other = in_memory([0x1F; 10]);
        if office.issue(&mut other).is_ok() {
            return Ok(Outcome::Doubled("a second blank became the card".to_owned()));
        }
        if other.state().life_cycle() == LifeCycle::Locked {
            return Ok(Outcome::Lost("a second blank was locked".to_owned()));
        }
    }
    chip.reset();
    match office.issue(chip) {
        Ok(issued) => {
            let how = if known { "finished" } else { "begun anew" };
            office.account(chip, &issued, how)
        }
        Err(error) => Ok(Outcome::Lost(error.to_string())),
    }
}

/// The chip executes the command, its state is torn while it is written, and the power is gone: the generation before is
/// found.
fn torn_on_disk(campaign: &Campaign, report: &mut Report) -> Result<()> {
    let title =
        "Personalisation: the chip's state is torn on disk at every command, and the card laid on again";
    report.begin("torn state", commands_of(campaign, true)?.saturating_mul(3));
    let mut names = Names::default();
    for index in 0.. {
        for part in [0, 1, 2] {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("chip");
            let rng = || Box::new(ChaCha20Rng::seed_from_u64(43));
            let mut chip = Chip::create(&path, ChipState::blank(SERIAL, Profile::P256), rng())?;
            let generation = |path: &Path| StateFile::open(path).map(|(file, _)| file.generation());
            let mut office = Office::new(campaign, true)?;
            let mut link = Torn { chip: &mut chip, at: index, delivered: true, headers: Vec::new() };
            let first = office.issue(&mut link);
            if !link.met() {
                first?;
                report.end(title);
                return Ok(());
            }
            let command = link.headers.last().map(|header| names.of_header(header)).unwrap_or_default();
            drop(chip);
            let before = generation(&path)?;
            if before > 1 {
                let whole = std::fs::read(&path)?;
                let end = [0, whole.len() / 2, whole.len().saturating_sub(1)][part];
                std::fs::write(&path, whole.get(..end).unwrap_or_default())?;
            }
            let mut chip = Chip::open(&path, rng())?;
            let outcome = laid_on_again(&mut office, &mut chip)?;
            report.fault(index, &command, outcome);
        }
    }
    Ok(())
}
