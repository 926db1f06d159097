//! The walk: an application from look-up to delivered card in a real browser, by two officers, through pcscd and a virtual
//! chip, with prints that a certified terminal reads back; then cards, queue and stock; a picture at each step, and axe-core
//! on every page. By keyboard alone: only files are named to their fields directly, as the window in which one is chosen belongs
//! to the system.

mod around;
mod prints;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use cccd_hw_tests::pcscd::Pcscd;
use cccd_reader::Service;
use serde_json::{Value, json};

use super::house::{House, OFFICERS};
use super::web_driver::{Browser, Driver, ENTER, SPACE, TAB};
use crate::demo::counter::path;
use crate::programs::Running;

/// How long a card may take to be noticed.
const SWAP: std::time::Duration = std::time::Duration::from_secs(10);

/// The smallest letters on a page, in CSS pixels: read at arm's length.
const SMALLEST: f64 = 15.0;

/// What the walk found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Pictures that were taken.
    pub pictures: u32,
    /// Pages on which axe-core looked.
    pub judged: u32,
    /// Violations that it calls serious or critical.
    pub serious: u32,
}

/// What every step needs.
struct Walk<'a> {
    url: String,
    axe: String,
    pictures: &'a Path,
    count: Cell<Outcome>,
    /// Every violation, also small ones.
    found: RefCell<Vec<String>>,
}

impl Walk<'_> {
    fn open(&self, browser: &Browser<'_>, page: &str) -> Result<()> {
        browser.open(&format!("{}{page}", self.url.trim_end_matches('/')))
    }

    /// A picture, and axe-core's word about the page.
    fn step(&self, browser: &Browser<'_>, name: &str) -> Result<()> {
        let mut count = self.count.get();
        count.pictures += 1;
        browser.picture(&self.pictures.join(format!("{:02}-{name}.png", count.pictures)))?;
        let smallest = browser.run(
            "const sizes = [...document.querySelectorAll('body *')]
               .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !e.closest('svg'))
               .map((e) => parseFloat(getComputedStyle(e).fontSize));
             return Math.min(...sizes);",
            &[],
        )?;
        let smallest = smallest.as_f64().unwrap_or_default();
        ensure!(smallest >= SMALLEST, "{name}: letters of {smallest} pixels are not read at arm's length");
        browser.run(&self.axe, &[])?;
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
              (answer) => done(answer.violations.map((v) => [v.id, v.impact, v.help, v.nodes.map((n) => n.target.join(' ')).join('; ')])),
              (error) => done([['axe', 'critical', String(error), '']]));";
        let violations = browser.run_later(script, &[])?;
        count.judged += 1;
        for violation in violations.as_array().context("axe-core says nothing")? {
            let text = |place: usize| violation[place].as_str().unwrap_or_default();
            count.serious += u32::from(matches!(text(1), "serious" | "critical"));
            self.found.borrow_mut().push(format!(
                "{name}: {} ({}): {} [{}]",
                text(0),
                text(1),
                text(2),
                text(3)
            ));
        }
        self.count.set(count);
        Ok(())
    }

    /// Logs in with the keyboard alone.
    fn log_in(&self, browser: &Browser<'_>, name: &str) -> Result<()> {
        let (_, password, _) =
            OFFICERS.iter().find(|(known, ..)| *known == name).context("no such officer")?;
        self.open(browser, "/login")?;
        browser.wait("#name")?;
        browser.type_here(name)?;
        browser.type_here(TAB)?;
        browser.type_here(password)?;
        browser.type_here(ENTER)?;
        browser.wait("header .who")
    }
}

/// Walks through the desk at this address.
///
/// # Errors
/// If a page is not as it must be.
pub fn walk(
    house: &House,
    url: &str,
    axe: &Path,
    pictures: &Path,
    pcscd: Option<&Pcscd>,
) -> Result<(Outcome, Vec<String>)> {
    std::fs::create_dir_all(pictures)?;
    for old in std::fs::read_dir(pictures)? {
        let old = old?.path();
        if old.extension().is_some_and(|extension| extension == "png") {
            std::fs::remove_file(old)?;
        }
    }
    let axe = std::fs::read_to_string(axe).context("axe-core")?;
    let walk = Walk { url: url.to_owned(), axe, pictures, count: Cell::default(), found: RefCell::default() };
    let driver = Driver::start()?;
    let (_, second) = house.applicants.get(1).context("no second applicant")?;
    let film = house.stage.work.join("camera.mjpeg");
    std::fs::write(&film, super::camera::film_of(&std::fs::read(second)?)?)?;
    let (lan, minh) = (driver.browser_with_camera(&film)?, driver.browser()?);

    walk.open(&lan, "/")?;
    lan.wait("#name")?;
    walk.step(&lan, "login")?;
    lan.type_here("lan")?;
    lan.type_here(TAB)?;
    lan.type_here("sai mật khẩu")?;
    lan.type_here(ENTER)?;
    lan.wait(".notice.bad")?;
    walk.step(&lan, "login-refused")?;
    walk.log_in(&lan, "lan")?;
    walk.log_in(&minh, "minh")?;
    walk.step(&lan, "desk")?;

    let address = captured(&walk, house, &lan)?;
    approved(&walk, &minh, &address)?;
    let chip = made(&walk, house, &lan, &address, pcscd)?;
    delivered(&walk, &lan, &address)?;
    prints::read_back(house, pcscd).context("the card's prints")?;
    drop(chip);
    refused(&walk, house, &lan, &minh)?;
    no_camera(&walk, house, &driver)?;
    around::life(&walk, house, &lan, &minh)?;
    around::queue(&walk, &lan)?;
    around::stock(&walk, &driver)?;
    around::pages(&walk, &lan, &driver)?;
    Ok((walk.count.get(), walk.found.into_inner()))
}

/// By scanner and keyboard: the code of an older card, one difference, the portrait.
fn captured(walk: &Walk<'_>, house: &House, lan: &Browser<'_>) -> Result<String> {
    let (person, portrait) = house.applicants.first().context("no applicant")?;
    let born = person.birth_date.compact();
    let code = format!(
        "{}||{}|{born}|{}|Số 9 Đường Cũ, Phường Mẫu|01012022",
        person.number.as_str(),
        person.full_name,
        person.sex.vietnamese()
    );
    // The cursor is in the field already: a scanner types and ends with Enter.
    lan.type_here(&code)?;
    lan.type_here(ENTER)?;
    lan.wait("#compare")?;
    walk.step(lan, "visit-differs")?;
    lan.press_on("input[name='choice.residence'][value='register']", SPACE)?;
    lan.press_on("form[action$='/said'] button", ENTER)?;
    lan.wait("input[name='choice.residence'][value='register']:checked")?;
    lan.type_into("#file", path(portrait)?)?;
    lan.press_on("form[action$='/portrait'] button", ENTER)?;
    lan.wait("img.portrait")?;
    prints::from_files(walk, house, lan)?;
    walk.step(lan, "visit-ready")?;
    lan.press_on("button.main", ENTER)?;
    lan.wait("#history")?;
    let address = lan.url()?;
    let address = address.rsplit_once('/').map(|(_, id)| format!("/applications/{id}")).unwrap_or_default();
    walk.step(lan, "captured")?;
    for paper in ["cc01.pdf", "cc02.pdf"] {
        printed(lan, &format!("{address}/{paper}"))?;
    }
    lan.reach("a[href$='/cc01.pdf']")?;
    // Back to the form that was sent, and forward again: one application.
    lan.back()?;
    lan.open(&format!("{}{address}", walk.url.trim_end_matches('/')))?;
    lan.wait_for("main", "chờ duyệt")?;
    Ok(address)
}

fn approved(walk: &Walk<'_>, minh: &Browser<'_>, address: &str) -> Result<()> {
    walk.open(minh, address)?;
    minh.wait("#approve")?;
    loaded(minh)?;
    walk.step(minh, "approval")?;
    minh.press_on("form[action$='/approve'] button", ENTER)?;
    minh.wait_for(".person", "đã duyệt")?;
    walk.step(minh, "approved")
}

/// A paper is there, and is a PDF.
fn printed(browser: &Browser<'_>, address: &str) -> Result<()> {
    let script = "const done = arguments[arguments.length - 1];
        fetch(arguments[0]).then(async (a) => done([a.status, a.headers.get('content-type'), (await a.text()).slice(0, 5)]));";
    let told = browser.run_later(script, &[json!(address)])?;
    ensure!(told == json!([200, "application/pdf", "%PDF-"]), "{address}: {told}");
    Ok(())
}

/// Until every picture of the page is there.
fn loaded(browser: &Browser<'_>) -> Result<()> {
    let script = "const done = arguments[arguments.length - 1];
        const all = [...document.images];
        Promise.all(all.map((i) => i.complete ? 0 : new Promise((r) => { i.onload = r; i.onerror = r; })))
          .then(() => done(all.every((i) => i.naturalWidth > 0)));";
    ensure!(
        browser.run_later(script, &[])? == Value::Bool(true),
        "a picture of {} is missing",
        browser.url()?
    );
    Ok(())
}

fn made(
    walk: &Walk<'_>,
    house: &House,
    lan: &Browser<'_>,
    address: &str,
    pcscd: Option<&Pcscd>,
) -> Result<Option<Running>> {
    walk.open(lan, address)?;
    lan.wait("#reader")?;
    walk.step(lan, "choose-reader")?;
    let reader = match pcscd {
        Some(pcscd) => pcscd.reader(0)?.to_owned(),
        None => cccd_issuer::desk::IN_SOFTWARE.to_owned(),
    };
    lan.choose("#reader", &reader)?;
    lan.press_on("form[action$='/make'] button", ENTER)?;
    // The blank is laid while the desk waits for it.
    let chip = match pcscd {
        Some(pcscd) => {
            lan.wait("[data-live] progress")?;
            walk.step(lan, "waiting-for-a-blank")?;
            Some(laid(house, pcscd)?)
        }
        None => None,
    };
    // The page is told by the station, without being asked.
    let watch = "const done = arguments[arguments.length - 1];
        const end = Date.now() + 60000;
        const look = () => {
          const bar = document.querySelector('[data-live] progress[value]');
          if (bar || document.querySelector('#deliver')) return done(bar ? Number(bar.value) : -1);
          if (Date.now() > end) return done(null);
          setTimeout(look, 20);
        };
        look();";
    let seen = lan.run_later(watch, &[])?;
    ensure!(!seen.is_null(), "the page never moved");
    if seen != json!(-1) {
        // The page may be replaced at any moment: only a picture.
        let _ = lan.picture(&walk.pictures.join("in-work.png"));
    }
    lan.wait("#deliver")?;
    lan.wait_for("main", "đọc lại đúng từng tệp")?;
    loaded(lan)?;
    walk.step(lan, "made")?;
    walk.open(lan, "/readers")?;
    lan.wait_for("main", "Thẻ đã xong")?;
    walk.step(lan, "readers")?;
    Ok(chip)
}

fn laid(house: &House, pcscd: &Pcscd) -> Result<Running> {
    let stage = &house.stage;
    let state = stage.work.join("blank.json");
    let _ = std::fs::remove_file(&state);
    stage.programs.must("virtual-chip", &["new", "--state", path(&state)?, "--keys", path(&stage.keys)?])?;
    let (ready, log) = (stage.work.join("chip.ready"), stage.work.join("virtual-chip.log"));
    let address = pcscd.address(0);
    let arguments = ["serve", "--state", path(&state)?, "--vpcd", &address, "--ready-file", path(&ready)?];
    let chip = stage.programs.start("virtual-chip", &arguments, &ready, &log)?;
    Service::open()?.wait_for_card(pcscd.reader(0)?, SWAP)?;
    Ok(chip)
}

fn delivered(walk: &Walk<'_>, lan: &Browser<'_>, address: &str) -> Result<()> {
    walk.open(lan, address)?;
    lan.press_on("#face", SPACE)?;
    lan.press_on("form[action$='/deliver'] button", ENTER)?;
    lan.wait(".receipt")?;
    walk.step(lan, "receipt")?;
    walk.open(lan, address)?;
    lan.wait_for(".person", "đã trả thẻ")?;
    walk.step(lan, "delivered")
}

/// A second application is refused, with a reason that looks like a page.
fn refused(walk: &Walk<'_>, house: &House, lan: &Browser<'_>, minh: &Browser<'_>) -> Result<()> {
    let (person, _) = house.applicants.get(1).context("no second applicant")?;
    walk.open(lan, "/")?;
    lan.fill("#q", person.number.as_str())?;
    lan.press(ENTER)?;
    lan.wait("#compare")?;
    // Not a picture at all.
    lan.type_into("#file", path(&house.stage.work.join("nation.json"))?)?;
    lan.press_on("form[action$='/portrait'] button", ENTER)?;
    lan.wait(".notice.bad")?;
    walk.step(lan, "upload-refused")?;
    lan.back()?;
    lan.wait("#file")?;
    by_camera(walk, lan)?;
    prints::from_device(walk, house, lan)?;
    // Enter twice: one application.
    lan.reach("button.main")?;
    lan.type_here(&ENTER.repeat(2))?;
    lan.wait("#history")?;
    let address =
        lan.url()?.rsplit_once('/').map(|(_, id)| format!("/applications/{id}")).unwrap_or_default();
    walk.open(minh, &address)?;
    minh.press_on("details:has(#reason) summary", ENTER)?;
    minh.fill("#reason", "<b onmouseover=alert(1)>ảnh không đúng người</b>")?;
    minh.press_on("form[action$='/refuse'] button", ENTER)?;
    minh.wait_for(".person", "<b onmouseover=alert(1)>")?;
    printed(minh, &format!("{address}/cc03.pdf"))?;
    walk.step(minh, "refused")
}

/// The portrait comes from the camera.
fn by_camera(walk: &Walk<'_>, lan: &Browser<'_>) -> Result<()> {
    lan.press_on("[data-part='open']", ENTER)?;
    let seen = "const done = arguments[arguments.length - 1];
        const end = Date.now() + 60000;
        const look = () => {
          const film = document.querySelector('[data-part=video]');
          if (film.videoWidth > 0 && document.activeElement.dataset.part === 'take') return done([film.videoWidth, film.videoHeight]);
          if (Date.now() > end) return done(document.querySelector('[data-camera]').innerText);
          setTimeout(look, 50);
        };
        look();";
    let seen = lan.run_later(seen, &[])?;
    ensure!(seen == json!([1_120, 640]), "the camera shows {seen}");
    walk.step(lan, "camera")?;
    // The focus is on the button that takes the picture.
    lan.press(ENTER)?;
    lan.wait("img.portrait")?;
    loaded(lan)?;
    // As good as the file of it: nothing is to be taken again.
    let poor =
        lan.run("return document.querySelector('#accept, #portrait ~ .notice.warn') !== null;", &[])?;
    ensure!(poor == json!(false), "the portrait of the camera should be taken again");
    Ok(())
}

/// A machine without a camera says so, and takes a file.
fn no_camera(walk: &Walk<'_>, house: &House, driver: &Driver) -> Result<()> {
    let (person, portrait) = house.applicants.get(2).context("no third applicant")?;
    let other = driver.browser()?;
    walk.log_in(&other, "lan")?;
    other.fill("#q", person.number.as_str())?;
    other.press(ENTER)?;
    other.press_on("[data-part='open']", ENTER)?;
    other.wait("[data-part='wrong'] p:not([hidden])")?;
    ensure!(other.text("[data-part='wrong']")?.contains("mở lại"), "what to do about the camera is not said");
    walk.step(&other, "no-camera")?;
    other.type_into("#file", path(portrait)?)?;
    other.press_on("form[action$='/portrait'] button", ENTER)?;
    other.wait("img.portrait")
}

/// Where pictures go by default.
#[must_use]
pub fn pictures(target: &Path) -> PathBuf {
    target.join("desk")
}
