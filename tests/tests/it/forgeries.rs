//! Ten forgeries against the library. Each is decided by its own check and reason; what else fails is held too; and
//! with its one change undone the card passes again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cccd_card_profile::validity::age_on;
use cccd_population::card::{NewCard, SodDigest};
use cccd_population::person::Relative;
use cccd_population::store::{Change, Store as _};
use cccd_tests::demo::forgeries::{FORGERIES, Forgery, add_group, alter, change_name, sign_again};
use cccd_tests::demo::people;
use cccd_tests::story_support::{StoryCard, World, as_founded, dice, with_status};
use cccd_verifier::evidence::Provenance;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{Check, Decision, Judgement, Presented, Reason, Status};
use cccd_virtual_chip::StateFile;
use cccd_virtual_chip::lab::{Bench, File};
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};

use crate::world;

fn forgery(name: &str) -> &'static Forgery {
    FORGERIES.iter().find(|forgery| forgery.name == name).unwrap()
}

fn forged_chip(name: &str) -> PathBuf {
    world().folder.join(format!("forged-{name}.json"))
}

/// Reads, asks the register and judges, as a counter does.
fn look(chip: &std::path::Path, can: &str, presented: &Presented, thorough: bool) -> Judgement {
    let world = world();
    let evidence = world.read(StateFile::peek(chip).unwrap(), can, thorough).unwrap();
    world.judge(&evidence, presented, &world.ask(&evidence).unwrap())
}

/// Refused by the check and reason of the forgery, and these alone fail.
fn assert_refused(name: &str, judgement: &Judgement, failed: &[&str]) {
    let forgery = forgery(name);
    assert_eq!(judgement.verdict.decision, Decision::Refused, "{name}: {:?}", judgement.findings);
    assert_eq!(judgement.verdict.decided_by.map(Check::code), Some(forgery.check), "{name}");
    assert_eq!(judgement.verdict.reason.map(Reason::code), Some(forgery.reason), "{name}");
    let expected: BTreeSet<String> = failed.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(with_status(judgement, Status::Failed), expected, "{name}");
    assert!(expected.contains(&format!("{} ({})", forgery.check, forgery.reason)), "{name}");
}

fn assert_accepted(name: &str, judgement: &Judgement) {
    let decision = judgement.verdict.decision;
    assert_eq!(decision, Decision::Accepted, "{name}: {:?}", with_status(judgement, Status::Failed));
}

/// Alters a copy of the card's chip, looks, undoes the change file by file, looks again.
fn forge(
    name: &str,
    card: &StoryCard,
    thorough: bool,
    change: impl FnOnce(&mut Bench) -> anyhow::Result<()>,
    undo: impl FnOnce(&mut Bench, &Bench) -> anyhow::Result<()>,
    failed: &[&str],
) {
    let chip = forged_chip(name);
    let presented = card.presented();
    assert_accepted(name, &look(&card.applicant.chip, card.can(), &presented, thorough));

    alter(&card.applicant.chip, &chip, change).unwrap();
    assert_refused(name, &look(&chip, card.can(), &presented, thorough), failed);

    let genuine = genuine_copy(name, card);
    let mut bench = Bench::open(&chip).unwrap();
    undo(&mut bench, &genuine).unwrap();
    bench.save().unwrap();
    drop(bench);
    assert_accepted(name, &look(&chip, card.can(), &presented, thorough));
}

/// The genuine chip on a bench of its own: the state file of the card itself belongs to all stories.
fn genuine_copy(name: &str, card: &StoryCard) -> Bench {
    let copy = world().folder.join(format!("genuine-{name}.json"));
    std::fs::copy(&card.applicant.chip, &copy).unwrap();
    Bench::open(&copy).unwrap()
}

fn back(file: File) -> impl FnOnce(&mut Bench, &Bench) -> anyhow::Result<()> {
    move |bench, genuine| Ok(bench.copy_file(file, genuine)?)
}

fn dg13() -> File {
    File::DataGroup(cccd_card_profile::lds::DataGroupNumber::DG13)
}

#[test]
fn changed_name() {
    let failed = [
        "passive.dg-hashes (hash-mismatch)",
        "document.qr (qr-mismatch)",
        "lds.dg-consistent (data-mismatch)",
    ];
    forge("changed-name", &world().cards[0], false, change_name, back(dg13()), &failed);
}

#[test]
fn added_group() {
    let dg11 = File::DataGroup(cccd_card_profile::lds::DataGroupNumber::DG11);
    let undo = move |bench: &mut Bench, genuine: &Bench| {
        bench.remove(dg11)?;
        Ok(bench.copy_file(File::Com, genuine)?)
    };
    let failed = ["passive.dg-hashes (unsigned-content)", "lds.com-sod-consistent (com-sod-mismatch)"];
    forge("added-group", &world().cards[1], true, add_group, undo, &failed);
}

#[test]
fn foreign_sod() {
    let donor = genuine_copy("foreign-sod-donor", &world().cards[3]);
    let change = |bench: &mut Bench| Ok(bench.copy_file(File::Sod, &donor)?);
    let failed = ["passive.dg-hashes (hash-mismatch)"];
    forge("foreign-sod", &world().cards[2], false, change, back(File::Sod), &failed);
}

/// An insider enters the forged EF.SOD into the register as somebody else's card, so that only the signature is wrong.
fn record_as_an_insider(world: &World, sod: &[u8], nth: usize) -> anyhow::Result<()> {
    let person = world.without_card(nth)?;
    let issued = cccd_issuer::register::day_in_vietnam(world.issued_at);
    let card = NewCard {
        number: person.number.clone(),
        sod_sha256: SodDigest::of(sod),
        document_number: person.number.document_number().to_owned(),
        chip_serial: format!("ff{nth:018x}"),
        issued,
        expires: Some(issued.checked_add(10.years())?),
        replaces: None,
    };
    let change = Change { source: "insider".to_owned(), at: world.issued_at };
    world.register()?.record_card(&card, &change)?;
    Ok(())
}

fn signed_by(name: &str, card: &StoryCard, keys: &std::path::Path, nth: usize, failed: &[&str]) {
    let world = world();
    let store = world.store(keys).unwrap();
    let change = |bench: &mut Bench| {
        let sod = sign_again(bench, &store, world.issued_at)?;
        record_as_an_insider(world, &sod, nth)
    };
    forge(name, card, false, change, back(File::Sod), failed);
}

#[test]
fn foreign_signer() {
    let failed = ["passive.signer-country (country-mismatch)"];
    signed_by("foreign-signer", &world().cards[3], &world().foreign_keys, 0, &failed);
}

#[test]
fn self_made_csca() {
    let failed = ["passive.signer-chain (chain-not-trusted)"];
    signed_by("self-made-csca", &world().cards[4], &world().forged_keys, 1, &failed);
}

#[test]
fn clone_of_every_byte() {
    let card = &world().cards[5];
    let chip = forged_chip("clone");
    // The blank that the forger bought has keys of its own; every file is then copied onto it.
    alter(&card.applicant.chip, &chip, |bench| Ok(bench.replace_private_keys(&mut dice(0x0F06))?)).unwrap();
    let failed = [
        "chip.chip-authentication (key-agreement-failed)",
        "chip.active-authentication (challenge-mismatch)",
    ];
    assert_refused("clone", &look(&chip, card.can(), &card.presented(), false), &failed);
    // Nothing but the private keys differs.
    let (cloned, genuine) = (Bench::open(&chip).unwrap(), genuine_copy("clone", card));
    for (file, _) in genuine.state().files() {
        assert_eq!(cloned.read(file), genuine.read(file), "{}", file.name());
    }
    assert_eq!(cloned.state().files().count(), genuine.state().files().count());
    // The keys cannot be put back one by one: that is the point of them. The genuine memory passes.
    drop((cloned, genuine));
    std::fs::copy(&card.applicant.chip, &chip).unwrap();
    assert_accepted("clone", &look(&chip, card.can(), &card.presented(), false));
}

#[test]
fn clone_without_one_of_the_keys() {
    let card = &world().cards[5];
    let chip = forged_chip("half-clone");
    let change = |bench: &mut Bench| Ok(bench.replace_active_authentication_key(&mut dice(0x0F07))?);
    alter(&card.applicant.chip, &chip, change).unwrap();
    let judgement = look(&chip, card.can(), &card.presented(), false);
    assert_eq!(judgement.verdict.decision, Decision::Refused);
    let failed = BTreeSet::from(["chip.active-authentication (challenge-mismatch)".to_owned()]);
    assert_eq!(with_status(&judgement, Status::Failed), failed);
}

/// A genuine card of 30 months ago whose holder turned fourteen yesterday.
#[test]
fn expired() {
    let world = world();
    let founded = world.now.to_zoned(TimeZone::UTC).checked_sub(30.months()).unwrap().timestamp();
    let issued = founded.checked_add(SignedDuration::from_hours(30)).unwrap();
    let today = cccd_issuer::register::day_in_vietnam(world.now);
    let birthday = today.checked_sub(14.years()).unwrap().yesterday().unwrap();
    let model = world.nation.iter().find(|p| p.birth_date.date().is_some_and(|d| d > birthday)).unwrap();
    let mut child = model.clone();
    let century = if birthday.year() >= 2000 { 2 } else { 0 };
    let sex = i16::from(child.sex == cccd_card_profile::card_holder::Sex::Female);
    let (place, year) = (&model.number.as_str()[..3], birthday.year() % 100);
    child.number = format!("{place}{}{year:02}999999", century + sex).parse().unwrap();
    child.birth_date = birthday.into();
    (child.father, child.mother, child.old_number) = (None, None, None);
    let guardian = world.nation.iter().find(|p| age_on(p.birth_date, today) > 40).unwrap();
    child.representatives = vec![Relative {
        name: guardian.full_name.clone(),
        number: Some(guardian.number.clone()),
        old_number: None,
        nationality: None,
    }];
    let change = Change { source: "story".to_owned(), at: founded };
    world.register().unwrap().put_person(&child, &change).unwrap();
    let applicant = people::apply(&child, 11, "expired", "2021", 13, &world.folder).unwrap();
    let card = world.issue(applicant, &world.store(&as_founded(&world.keys)).unwrap(), issued).unwrap();

    let evidence = world.read(card.chip().unwrap(), card.can(), false).unwrap();
    let register = world.ask(&evidence).unwrap();
    // The register counts days, too.
    let failed = ["document.expiry (document-expired)", "register.card-status (card-expired)"];
    assert_refused("expired", &world.judge(&evidence, &card.presented(), &register), &failed);

    // On its last day it was good. What the register said on that day cannot be asked today.
    let on_the_day = |at: Timestamp| {
        let not_asked = RegisterReport::not_asked();
        world.judge_as(&evidence, &card.presented(), &not_asked, &world.trust, at, &Provenance::Live)
    };
    let vietnam = TimeZone::fixed(jiff::tz::offset(7));
    let last_second = vietnam.to_timestamp(today.yesterday().unwrap().at(23, 59, 59, 0)).unwrap();
    assert_accepted("expired", &on_the_day(last_second));
    let next = on_the_day(last_second.checked_add(SignedDuration::from_secs(1)).unwrap());
    assert_refused("expired", &next, &failed[..1]);
}

#[test]
fn reported_lost() {
    let world = world();
    // A card of its own: losing it has no way back.
    let person = world.without_card(2).unwrap();
    let applicant = people::apply(person, 30, "lost", "2024", 14, &world.folder).unwrap();
    let card = world.issue(applicant, &world.store(&world.keys).unwrap(), world.issued_at).unwrap();
    let evidence = world.read(card.chip().unwrap(), card.can(), false).unwrap();
    let before = world.ask(&evidence).unwrap();
    assert_accepted("lost", &world.judge(&evidence, &card.presented(), &before));

    world.set_status(&card.sod_sha256, cccd_population::card::CardStatus::Held).unwrap();
    let held = world.judge(&evidence, &card.presented(), &world.ask(&evidence).unwrap());
    let only = BTreeSet::from(["register.card-status (card-held)".to_owned()]);
    assert_eq!(with_status(&held, Status::Failed), only);
    world.set_status(&card.sod_sha256, cccd_population::card::CardStatus::Active).unwrap();
    assert_accepted("lost", &world.judge(&evidence, &card.presented(), &world.ask(&evidence).unwrap()));

    world.set_status(&card.sod_sha256, cccd_population::card::CardStatus::Lost).unwrap();
    let after = world.ask(&evidence).unwrap();
    let failed = ["register.card-status (card-lost)"];
    assert_refused("lost", &world.judge(&evidence, &card.presented(), &after), &failed);
}

#[test]
fn foreign_qr() {
    let (card, other) = (&world().cards[8], &world().cards[9]);
    let presented = Presented::nothing().with_mrz(card.mrz.clone()).with_qr(&other.qr);
    let chip = &card.applicant.chip;
    let failed = ["document.qr (qr-mismatch)"];
    assert_refused("foreign-qr", &look(chip, card.can(), &presented, false), &failed);
    assert_accepted("foreign-qr", &look(chip, card.can(), &card.presented(), false));
}

#[test]
fn cut_sod() {
    let change = |bench: &mut Bench| {
        let length = bench.read(File::Sod).map_or(0, <[u8]>::len);
        Ok(bench.truncate(File::Sod, length / 2)?)
    };
    let failed = ["passive.sod-signature (malformed-data)"];
    forge("cut-sod", &world().cards[9], false, change, back(File::Sod), &failed);
}

#[test]
fn every_forgery_of_the_demo_has_its_story_here() {
    let told = [
        "changed-name",
        "added-group",
        "foreign-sod",
        "foreign-signer",
        "self-made-csca",
        "clone",
        "expired",
        "lost",
        "foreign-qr",
        "cut-sod",
    ];
    assert_eq!(FORGERIES.map(|forgery| forgery.name), told);
}
