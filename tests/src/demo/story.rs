//! The story from the first key to the tenth forgery.

use crate::officers::{CAPTURES, Officers};
use crate::story_support::as_founded;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cccd_card_profile::validity::age_on;
use cccd_hw_tests::pcscd::Pcscd;
use cccd_keys::store::{KeyStore, Passphrase};
use cccd_population::card::{CardStatus, NewCard, SodDigest};
use cccd_population::person::Person;
use cccd_population::store::{Change, SqlStore, Store};
use cccd_virtual_chip::lab::{Bench, File};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rand_core::{CryptoRng, SeedableRng};
use serde_json::Value;

use super::counter::{Counter, Judged, Look, PcscCounter, Presented, path};
use super::forgeries::{self, FORGERIES, Forged};
use super::in_process::InProcessCounter;
use super::people::{self, Applicant};
use super::stage::Stage;
use super::tell::Teller;

/// How the demo ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Cards issued to applicants.
    pub issued: u32,
    /// Of these, accepted by the verifier.
    pub accepted: u32,
    /// Forgeries presented.
    pub forgeries: u32,
    /// Of these, refused by the check that must refuse them.
    pub refused: u32,
}

/// People in the register.
const PEOPLE: usize = 600;
/// Where the nation comes from.
const SEED: u64 = 2026;

/// A card that was issued, and what its holder carries.
#[derive(Debug)]
struct Issued {
    applicant: Applicant,
    presented: Presented,
}

/// Everything that is in place before the first card.
struct Country {
    stage: Stage,
    officers: Officers,
    counter: Box<dyn Counter>,
    nation: Vec<Person>,
    today: Date,
    _register: crate::programs::Running,
}

/// Runs the demo and answers its tally.
///
/// # Errors
/// If something that must work does not.
pub fn run(
    stage: Stage,
    pcscd: Option<&Pcscd>,
    rng: &mut dyn CryptoRng,
    teller: &mut Teller,
) -> Result<Tally> {
    let country = found(stage, pcscd, teller)?;
    let mut tally = Tally::default();

    teller.chapter("Twelve applications become twelve cards");
    teller.fact(&format!("the chips are reached through: {}", country.counter.transport()));
    teller.fact("every application is captured by one officer (lan) and approved by another (minh)");
    let applicants = people::choose(&country.nation, country.today, &country.stage.out)?;
    let mut cards = Vec::new();
    for applicant in applicants {
        cards.push(issue(&country, applicant, country.stage.now, teller)?);
        tally.issued += 1;
    }

    teller.chapter("A bank's counter verifies each card, in a process of its own");
    for card in &cards {
        let name = report_name(card);
        let judged = country.verify(card, false, &name)?;
        let accepted = judged.code == 0 && judged.decision() == "accepted";
        tally.accepted += u32::from(accepted);
        teller.fact(&told(card, &judged));
        if !accepted {
            teller.loud(&format!("{name} should have been accepted: {:?}", judged.with_status("failed")));
        }
    }

    teller.chapter("Ten forgeries; each differs from an accepted card in one thing");
    forge_all(&country, &cards, rng, teller, &mut tally)?;

    teller.chapter("What is left to look at");
    let out = &country.stage.out;
    teller.fact(&format!("cards' faces and QR codes   {}/cards/*/", out.display()));
    teller.fact(&format!("reports of every verdict    {}/reports/*.json", out.display()));
    teller.fact(&format!("trust anchors and CRLs      {}/trust/", out.display()));
    Ok(tally)
}

fn found(stage: Stage, pcscd: Option<&Pcscd>, teller: &mut Teller) -> Result<Country> {
    teller.chapter("A PKI: CSCA, Document Signers, certificate revocation list");
    stage.pki(&stage.keys, "VN")?;
    stage.export(&stage.keys, &stage.trust)?;
    teller.fact(
        "Vietnam's CSCA and two Document Signers (one of 30 months ago, one of today), brainpoolP384r1",
    );
    stage.pki(&stage.foreign_keys, "LA")?;
    let foreign = stage.work.join("trust-of-a-neighbour");
    stage.export(&stage.foreign_keys, &foreign)?;
    stage.trust_too(&foreign)?;
    teller.fact("a neighbouring state's CSCA, trusted too: its passports must not vouch for our cards");
    stage.pki(&stage.forged_keys, "VN")?;
    teller.fact("a forger's CSCA that calls itself Vietnam's, trusted by nobody");

    teller.chapter("A small nation in the register");
    let mut nation = stage.nation(PEOPLE, SEED)?;
    let today = stage.now.to_zoned(TimeZone::UTC).date();
    let child = child_whose_card_expired_yesterday(&nation, today)?;
    let file = stage.work.join("child.json");
    std::fs::write(&file, serde_json::to_vec(&[&child])?)?;
    stage.import(&file)?;
    nation.push(child);
    teller.fact(&format!(
        "{} invented people: families, wards, ethnic groups in real proportions",
        nation.len()
    ));
    let (register_url, token_file, register) = stage.serve()?;
    teller.fact(&format!("the register answers at {register_url}, every answer signed"));
    let programs = stage.programs.clone();
    let counter: Box<dyn Counter> = match pcscd {
        Some(pcscd) => Box::new(PcscCounter {
            programs,
            reader: pcscd.reader(0)?.to_owned(),
            vpcd: pcscd.address(0),
            scratch: stage.work.clone(),
            register_url,
            token_file,
        }),
        None => Box::new(InProcessCounter { programs, register_url, token_file, now: stage.now }),
    };
    let officers = Officers::hired(&stage.programs, &stage.work.join("ledger.sqlite"), &stage.work)?;
    Ok(Country { stage, officers, counter, nation, today, _register: register })
}

/// An invented child whose card, issued 30 months ago, was valid until yesterday, the fourteenth birthday.
fn child_whose_card_expired_yesterday(nation: &[Person], today: Date) -> Result<Person> {
    let birthday = today.checked_sub(14.years())?.checked_sub(1.day())?;
    let model =
        nation.iter().find(|p| age_on(p.birth_date, today) < 10).context("the nation has no child")?;
    let mut child = model.clone();
    let century = if birthday.year() >= 2000 { 2 } else { 0 };
    let sex = i16::from(child.sex == cccd_card_profile::card_holder::Sex::Female);
    let year = birthday.year() % 100;
    let place = &model.number.as_str()[..3];
    let number = (0..1_000_000)
        .map(|n| format!("{place}{}{year:02}{n:06}", century + sex))
        .find(|text| nation.iter().all(|p| p.number.as_str() != text))
        .context("no free number")?;
    child.number = number.parse()?;
    child.birth_date = birthday.into();
    Ok(child)
}

fn issue(country: &Country, applicant: Applicant, at: Timestamp, teller: &Teller) -> Result<Issued> {
    let stage = &country.stage;
    let start = Instant::now();
    let chip = path(&applicant.chip)?;
    stage.programs.must("virtual-chip", &["new", "--state", chip, "--keys", path(&stage.keys)?])?;
    let keys = if at < stage.now { as_founded(&stage.keys) } else { stage.keys.clone() };
    let (database, at) = (stage.database_url(), at.to_string());
    country.officers.approve(&stage.programs, &applicant.application, &database, &at)?;
    let officer = country.officers.as_officer(CAPTURES)?;
    let mut arguments = vec![
        "--application",
        path(&applicant.application)?,
        "--keys",
        path(&keys)?,
        "--register",
        &database,
        "--out",
        path(&applicant.folder)?,
        "--at",
        &at,
        "--json",
    ];
    arguments.extend(officer.iter().map(String::as_str));
    let finished = country.counter.issue(&applicant.chip, &arguments)?;
    ensure!(
        finished.code == 0,
        "issuer issue ended with {}: {}{}",
        finished.code,
        finished.stdout,
        finished.stderr
    );
    let record: Value = serde_json::from_slice(&std::fs::read(applicant.folder.join("card.json"))?)?;
    let lines = record["mrz"].as_array().context("card.json has no mrz")?;
    let mrz: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
    let mrz_file = applicant.folder.join("mrz.txt");
    std::fs::write(&mrz_file, mrz.join("\n"))?;
    let qr = scan(&applicant.folder.join("qr.png"))?;
    let presented = Presented { can: applicant.person.number.can().to_owned(), mrz: mrz_file, qr };
    teller.fact(&format!(
        "{:<46} {:<44} {:4.1} s",
        applicant.called(),
        applicant.because,
        start.elapsed().as_secs_f32()
    ));
    Ok(Issued { applicant, presented })
}

/// Reads a QR code as a scanner does.
fn scan(picture: &std::path::Path) -> Result<String> {
    let grey = image::open(picture)?.to_luma8();
    let (width, height) = (usize::try_from(grey.width())?, usize::try_from(grey.height())?);
    let pixel = |x: usize, y: usize| grey.as_raw().get(y * width + x).copied().unwrap_or(255);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    let grids = prepared.detect_grids();
    let grid = grids.first().with_context(|| format!("no QR code in {}", picture.display()))?;
    Ok(grid.decode()?.1)
}

fn report_name(card: &Issued) -> String {
    card.applicant.folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn told(card: &Issued, judged: &Judged) -> String {
    let statement = |name: &str| judged.report["statements"][name].as_str().unwrap_or("?").to_owned();
    format!(
        "{:<46} {:<10} data {} · chip {} · trust {} · register {} · bearer {}",
        card.applicant.called(),
        judged.decision(),
        statement("data"),
        statement("chip"),
        statement("trust"),
        statement("register"),
        statement("bearer"),
    )
}

impl Country {
    fn verify(&self, card: &Issued, thorough: bool, name: &str) -> Result<Judged> {
        self.look(&card.applicant.chip, &card.presented, thorough, name)
    }

    fn look(
        &self,
        chip: &std::path::Path,
        presented: &Presented,
        thorough: bool,
        name: &str,
    ) -> Result<Judged> {
        let report = self.stage.out.join("reports").join(format!("{name}.json"));
        self.counter.verify(chip, presented, &Look { trust: &self.stage.trust, thorough, report: &report })
    }

    /// Records a forged EF.SOD as the person's card, as an insider would, so that only the signature is wrong.
    fn record_as_an_insider(&self, original: &Issued, forged_sod: &[u8], genuine_sod: &[u8]) -> Result<()> {
        let mut register = SqlStore::open_file(&self.stage.database)?;
        let genuine = SodDigest::of(genuine_sod);
        let card = register.card(&genuine)?.context("the genuine card is not in the register")?;
        let change = Change { source: "forger's insider".to_owned(), at: self.stage.now };
        let recorded = NewCard {
            number: original.applicant.person.number.clone(),
            sod_sha256: SodDigest::of(forged_sod),
            document_number: card.document_number,
            chip_serial: format!("ff{}", &card.chip_serial[2..]),
            issued: card.issued,
            expires: card.expires,
            replaces: Some(genuine),
        };
        register.record_card(&recorded, &change)?;
        let status = register.card(&SodDigest::of(forged_sod))?.map(|card| card.status);
        ensure!(status == Some(CardStatus::Active), "the forged card is not active in the register");
        Ok(())
    }
}

fn forge_all(
    country: &Country,
    cards: &[Issued],
    rng: &mut dyn CryptoRng,
    teller: &Teller,
    tally: &mut Tally,
) -> Result<()> {
    for (index, forgery) in FORGERIES.iter().enumerate() {
        let card = cards.get(index).context("more forgeries than cards")?;
        let other = cards.get(index + 1).context("more forgeries than cards")?;
        let forged = forge(country, forgery.name, card, other, rng, teller)?;
        let judged = country.look(&forged.chip, &forged.presented, forged.thorough, forgery.name)?;
        tally.forgeries += 1;
        let failed = judged.with_status("failed");
        let reason =
            failed.iter().find(|(check, _)| check == judged.decided_by()).map_or("", |(_, r)| r.as_str());
        let as_expected = judged.code == 1
            && judged.decision() == "refused"
            && judged.decided_by() == forgery.check
            && reason == forgery.reason;
        tally.refused += u32::from(as_expected);
        teller.fact(&format!(
            "{:<66} {:<10} {} ({reason})",
            forgery.told,
            judged.decision(),
            judged.decided_by()
        ));
        if !as_expected {
            teller.loud(&format!(
                "{} had to be refused by {} ({}); failed were {failed:?}",
                forgery.name, forgery.check, forgery.reason
            ));
        }
    }
    Ok(())
}

fn forge(
    country: &Country,
    name: &str,
    card: &Issued,
    other: &Issued,
    rng: &mut dyn CryptoRng,
    teller: &Teller,
) -> Result<Forged> {
    let stage = &country.stage;
    let chip = stage.work.join(format!("forged-{name}.json"));
    let genuine = &card.applicant.chip;
    let mut forged = Forged { chip: chip.clone(), presented: card.presented.clone(), thorough: false };
    match name {
        "changed-name" => forgeries::alter(genuine, &chip, forgeries::change_name)?,
        "added-group" => {
            forged.thorough = true;
            let control = country.verify(card, true, "added-group-control")?;
            ensure!(control.decision() == "accepted", "the genuine card fails the thorough look");
            forgeries::alter(genuine, &chip, forgeries::add_group)?;
        }
        "foreign-sod" => {
            let donor = Bench::open(&other.applicant.chip)?;
            forgeries::alter(genuine, &chip, |bench| Ok(bench.copy_file(File::Sod, &donor)?))?;
        }
        "foreign-signer" => sign_again(country, card, &stage.foreign_keys, &chip)?,
        "self-made-csca" => sign_again(country, card, &stage.forged_keys, &chip)?,
        "clone" => forgeries::alter(genuine, &chip, |bench| Ok(bench.replace_private_keys(rng)?))?,
        "expired" => {
            let child = country.nation.last().context("no child")?;
            let age = age_on(child.birth_date, stage.founded.to_zoned(TimeZone::UTC).date());
            let applicant = people::apply(child, age, "a child, 30 months ago", "2021", 13, &stage.out)?;
            let issued = issue(
                country,
                applicant,
                stage.founded.checked_add(jiff::SignedDuration::from_hours(1))?,
                teller,
            )?;
            forged.chip = issued.applicant.chip;
            forged.presented = issued.presented;
        }
        "lost" => {
            let (database, at) = (stage.database_url(), stage.now.to_string());
            let number = card.applicant.person.number.as_str();
            let officer = country.officers.as_officer(CAPTURES)?;
            let mut arguments = [
                "card",
                "lost",
                "--number",
                number,
                "--register",
                &database,
                "--reason",
                "reported by the holder",
                "--at",
                &at,
            ]
            .map(str::to_owned)
            .to_vec();
            arguments.extend(officer);
            stage.programs.must("issuer", &arguments)?;
            forged.chip = genuine.clone();
        }
        "foreign-qr" => {
            forged.chip = genuine.clone();
            forged.presented.qr = other.presented.qr.clone();
        }
        "cut-sod" => forgeries::alter(genuine, &chip, |bench| {
            let length = bench.read(File::Sod).context("no EF.SOD")?.len();
            Ok(bench.truncate(File::Sod, length / 2)?)
        })?,
        unknown => anyhow::bail!("no forgery is called {unknown}"),
    }
    Ok(forged)
}

fn sign_again(
    country: &Country,
    card: &Issued,
    keys: &std::path::Path,
    chip: &std::path::Path,
) -> Result<()> {
    let passphrase = Passphrase::for_store(keys, None)?;
    let store = KeyStore::open(keys, &passphrase)?;
    let mut sods = (Vec::new(), Vec::new());
    forgeries::alter(&card.applicant.chip, chip, |bench| {
        sods.0 = bench.read(File::Sod).context("no EF.SOD")?.to_vec();
        sods.1 = forgeries::sign_again(bench, &store, country.stage.now)?;
        Ok(())
    })?;
    country.record_as_an_insider(card, &sods.1, &sods.0)
}

/// A seeded generator for the forger, so that two runs forge alike.
#[must_use]
pub fn forgers_dice() -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(0x0F06)
}

/// The default folder of the demo.
#[must_use]
pub fn default_out() -> PathBuf {
    PathBuf::from("demo-out")
}
