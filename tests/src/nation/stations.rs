//! Stations without a line: what they collected comes in sealed bundles, merged once; forms printed for people come back on paper, and
//! their scans find the persons by the barcode.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_population::bundle::{Header, Item, OpeningKey, open, seal};
use cccd_population::forms::slip::row_of;
use cccd_population::forms::{Content, FormKind, FormRenderer, Slip};
use cccd_population::matching::DigestKey;
use cccd_population::person::Life;
use cccd_population::scans::Limits;
use cccd_population::scans::filing::{list, run as file};
use cccd_population::store::{BundleState, Collected, Put, SheetOutcome, SqlStore};
use zeroize::Zeroizing;

use super::{Invariant, World, noon};

/// Bundles, and persons in each.
const BUNDLES: usize = 4;
const PERSONS: usize = 25;

/// People whose form comes back.
const FORMS: usize = 4;

/// What must be found again.
pub(super) struct Told {
    bundles: Vec<(Header, [u8; 32])>,
    /// Pages of each person's form.
    pages: Vec<(PersonalNumber, usize)>,
}

pub(super) fn run(world: &mut World) -> Result<Told> {
    let bundles = bundles(world)?;
    let pages = scans(world)?;
    Ok(Told { bundles, pages })
}

fn alive(world: &World, skip: usize, take: usize) -> Vec<PersonalNumber> {
    let alive = world.picture.people.values().filter(|person| matches!(person.life, Life::Alive));
    alive.skip(skip).take(take).map(|person| person.number.clone()).collect()
}

fn bundles(world: &mut World) -> Result<Vec<(Header, [u8; 32])>> {
    let register = OpeningKey::generate();
    let today = world.plan.today;
    let mut merged = Vec::new();
    for station in 0..BUNDLES {
        let octet = u8::try_from(station)? + 7;
        let curve = (NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named);
        let key = SoftwareKey::from_scalar(curve.0, curve.1, curve.2, &[octet; 32])
            .map_err(|_| anyhow::anyhow!("the key of a station"))?;
        let mut items = Vec::new();
        for number in alive(world, station * PERSONS, PERSONS) {
            let mut person = world.picture.people.get(&number).context("somebody alive")?.clone();
            person.phone = Some(format!("09{:08}", station * 1_000 + items.len()));
            items.push(Item::Person { collected: noon(today), person: Box::new(person) });
        }
        let sealed = seal(&items, 1, noon(today), &key, &register.to_public())?;
        // The stick is read twice: the second time nothing is new.
        for turn in 0..2 {
            let (header, items) = open(&sealed, &[key.public_key().clone()], &register)?;
            let mut digest = [0; 32];
            hex::decode_to_slice(&header.sha256, &mut digest)?;
            let state = world.store.begin_bundle(&header, &digest, noon(today))?;
            ensure!((state == BundleState::Merged) == (turn == 1), "turn {turn} of a bundle: {state:?}");
            for item in &items {
                let Item::Person { person, .. } = item else { continue };
                let change = world.change(&format!("bundle:{station}:1"), today);
                let done = world.store.put_collected(person, &change, today)?;
                let wanted = if turn == 0 { Put::Changed } else { Put::Unchanged };
                ensure!(done == Collected::Put(wanted), "turn {turn} of a record: {done:?}");
                world.picture.people.insert(person.number.clone(), (**person).clone());
            }
            if turn == 0 {
                world.store.end_bundle(&header, noon(today))?;
                merged.push((header, digest));
            }
        }
    }
    world.told("bundles", &format!("{BUNDLES} stations, {PERSONS} persons each, every bundle merged twice"));
    Ok(merged)
}

fn scans(world: &mut World) -> Result<Vec<(PersonalNumber, usize)>> {
    let today = world.plan.today;
    let folder = tempfile::tempdir()?;
    let (from, into) = (folder.path().join("from"), folder.path().join("into"));
    std::fs::create_dir(&from)?;
    let key = DigestKey::new(Zeroizing::new([5; 32]));
    let renderer = FormRenderer::new()?;
    let mut told = Vec::new();
    for (serial, number) in (1_u64..).zip(alive(world, 0, FORMS)) {
        let row = row_of(&key, &number);
        world.store.claim_form_row(&row, &number)?;
        let slip = Slip::new(FormKind::Dc01, serial, Some(row), today);
        let content = Content { person: world.picture.people.get(&number), card: None };
        let pages = renderer.pages(&slip, &content)?;
        told.push((number, pages.len()));
        for (page, svg) in pages.iter().enumerate() {
            renderer.picture(svg, 150)?.save(from.join(format!("{serial}-{page}.png")))?;
        }
    }
    for turn in 0..2 {
        let entered = filed(world, &from, &into)?;
        let pages: usize = told.iter().map(|(_, pages)| pages).sum();
        ensure!(entered == if turn == 0 { pages } else { 0 }, "turn {turn}: {entered} of {pages} pages");
    }
    let pages: usize = told.iter().map(|(_, pages)| pages).sum();
    world.told(
        "scans",
        &format!("{pages} pages of {FORMS} forms, found by their barcodes, each folder twice"),
    );
    Ok(told)
}

/// How many pages entered the register.
fn filed(world: &mut World, from: &Path, into: &Path) -> Result<usize> {
    let mut sheets = Vec::new();
    file(&list(from)?, into, &Limits::default(), world.plan.today, |done| sheets.extend_from_slice(done))?;
    let batch: Vec<_> = sheets.iter().filter_map(|sheet| sheet.as_filed(world.plan.today)).collect();
    let outcomes = world.store.enter_sheets(&batch)?;
    Ok(outcomes.iter().filter(|outcome| **outcome == SheetOutcome::Entered).count())
}

pub(super) fn judge(world: &World, told: &Told, invariants: &mut Vec<Invariant>) -> Result<()> {
    let mut store = SqlStore::open(&world.place)?;
    let (mut open, mut astray, mut pages) = (0, 0, 0);
    for (header, digest) in &told.bundles {
        let state = store.begin_bundle(header, digest, noon(world.plan.today))?;
        open += u64::from(state != BundleState::Merged);
    }
    for (number, wanted) in &told.pages {
        pages += *wanted as u64;
        astray += store.sheets_of(number)?.len().abs_diff(*wanted) as u64;
    }
    let of = told.bundles.len() as u64;
    invariants.push(Invariant { what: "every bundle is merged, once", of, violations: open });
    invariants.push(Invariant {
        what: "every scanned page lies with its person, once",
        of: pages,
        violations: astray,
    });
    Ok(())
}
