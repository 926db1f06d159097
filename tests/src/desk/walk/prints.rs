//! Prints and irises: taken at the desk by keyboard, and read back from the card that was handed over, by a terminal that the
//! authority certified.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use cccd_cvc::{Certificate, TerminalCredentials};
use cccd_hw_tests::pcscd::Pcscd;
use cccd_issuer::capture::data_groups::{dg3, dg4};
use cccd_issuer::capture::{Capture, Eye, IrisImage};
use cccd_issuer::fingerprint::synthetic::{Drawing, drawn};
use cccd_issuer::fingerprint::{Finger, PrintImage};
use cccd_keys::store::TERMINAL_KEY_FILE;
use cccd_reader::{Protocols, Service, Share};
use cccd_verifier::evidence::TerminalAuthenticationOutcome;
use cccd_verifier::{Access, Evidence, InspectionOptions, inspect};
use cccd_virtual_chip::Chip;
use sha2::{Digest as _, Sha256};

use super::super::house::House;
use super::super::web_driver::{Browser, ENTER};
use super::Walk;
use crate::demo::counter::path;
use crate::story_support::dice;

/// A poor print first, which is told so and taken again; then both index fingers and an eye.
pub(super) fn from_files(walk: &Walk<'_>, house: &House, lan: &Browser<'_>) -> Result<()> {
    let (person, _) = house.applicants.first().context("no applicant")?;
    let folder = house.prints_of(person);
    let half = house.stage.work.join("half-laid.png");
    let grey =
        drawn(house.seed_of(person), Finger::LeftIndex, Drawing { touched: 0.3, ..Drawing::default() });
    std::fs::write(&half, PrintImage::from_raw(grey.width(), grey.height(), grey.into_raw())?.to_png()?)?;

    lan.wait("#prints")?;
    walk.step(lan, "visit-without-prints")?;
    lan.type_into("#file-right-index", path(&folder.join("right-index.png"))?)?;
    lan.type_into("#file-left-index", path(&half)?)?;
    lan.press_on("form[action$='/prints'] button", ENTER)?;
    lan.wait("#accept-prints")?;
    super::loaded(lan)?;
    walk.step(lan, "visit-print-to-retake")?;
    // Not a print at all.
    lan.type_into("#file-left-index", path(&house.stage.work.join("nation.json"))?)?;
    lan.press_on("form[action$='/prints'] button", ENTER)?;
    lan.wait_for(".notice.bad", "ngón trỏ trái")?;
    walk.step(lan, "print-refused")?;
    lan.back()?;
    lan.wait("#file-left-index")?;
    lan.type_into("#file-left-index", path(&folder.join("left-index.png"))?)?;
    lan.press_on("details:has(#file-right-iris) summary", ENTER)?;
    lan.type_into("#file-right-iris", path(&folder.join("right-iris.jpg"))?)?;
    lan.press_on("form[action$='/prints'] button", ENTER)?;
    lan.wait("img[src$='/right-iris.png']")?;
    super::loaded(lan)
}

/// From the officer's device: an index finger, and why the other cannot be taken, chosen on the page.
pub(super) fn from_device(walk: &Walk<'_>, house: &House, lan: &Browser<'_>) -> Result<()> {
    let (person, _) = house.applicants.get(1).context("no second applicant")?;
    let device = house.stage.work.join("devices").join("lan");
    std::fs::copy(house.prints_of(person).join("right-index.png"), device.join("right-index.png"))?;
    lan.press_on("form[action$='/prints/device'] button", ENTER)?;
    lan.wait("img[src$='/right-index.png']")?;
    ensure!(device.read_dir()?.next().is_none(), "the device still holds what was taken");
    lan.choose("#missing-left-index", "bandaged")?;
    lan.press_on("form[action$='/prints'] button", ENTER)?;
    lan.wait_for("#prints ~ .prints", "băng bó")?;
    super::loaded(lan)?;
    walk.step(lan, "visit-prints-from-device")
}

/// What the card holds is what was taken, and only a certified terminal reads it.
pub(super) fn read_back(house: &House, pcscd: Option<&Pcscd>) -> Result<()> {
    let (person, _) = house.applicants.first().context("no applicant")?;
    let access = Access::can(person.number.can())?;
    let citizen = InspectionOptions::new(house.stage.now);
    let evidence = inspected(house, pcscd, &access, &citizen)?;
    ensure!(evidence.files.withheld.is_empty(), "a citizen's reader has read prints");
    let terminal = Some(Arc::new(station(&house.station())?));
    let evidence = inspected(house, pcscd, &access, &citizen.terminal(terminal))?;
    let outcome = evidence.terminal_authentication.as_ref().map(|record| record.outcome);
    ensure!(outcome == Some(TerminalAuthenticationOutcome::Authenticated), "the terminal: {outcome:?}");
    let capture = taken(&house.prints_of(person))?;
    for (group, file) in [(3, dg3(&capture)?), (4, dg4(&capture)?)] {
        let file = file.context("nothing was taken")?;
        let digest = hex::encode(Sha256::digest(&file));
        let read = evidence.files.withheld.get(&group).and_then(|digests| digests.get("sha256"));
        ensure!(read == Some(&digest), "DG{group} of the card is not what was taken at the desk");
    }
    Ok(())
}

fn inspected(
    house: &House,
    pcscd: Option<&Pcscd>,
    access: &Access,
    options: &InspectionOptions,
) -> Result<Evidence> {
    let evidence = match pcscd {
        Some(pcscd) => {
            let transport = Service::open()?.connect(pcscd.reader(0)?, Share::Exclusive, Protocols::Any)?;
            inspect(transport, access, options, &mut dice(9), &mut |_| {})?
        }
        None => {
            let chip = Chip::open(&house.stage.work.join("chips").join("chip-1.json"), Box::new(dice(7)))?;
            inspect(chip, access, options, &mut dice(9), &mut |_| {})?
        }
    };
    Ok(evidence)
}

/// What the files of this folder hold.
fn taken(folder: &Path) -> Result<Capture> {
    let mut prints = BTreeMap::new();
    for finger in Finger::INDEX {
        prints.insert(finger, PrintImage::from_png(&std::fs::read(folder.join(format!("{finger}.png")))?)?);
    }
    let iris = IrisImage::from_file(Eye::Right, std::fs::read(folder.join("right-iris.jpg"))?)?;
    Ok(Capture::new(prints, BTreeMap::new(), BTreeMap::from([(Eye::Right, iris)]))?)
}

/// A reading station, as `keys cvca export` hands it over.
fn station(folder: &Path) -> Result<TerminalCredentials> {
    let mut certificates = Vec::new();
    for entry in folder.read_dir()? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "cvcert") {
            certificates.push(Certificate::parse(&std::fs::read(file)?)?);
        }
    }
    Ok(TerminalCredentials::new(certificates, &std::fs::read(folder.join(TERMINAL_KEY_FILE))?)?)
}
