//! The walk: an application from look-up to delivered card in a real browser, by two officers; a picture at each step in
//! target/desk, and axe-core on every page. Skipped, and told, where chromedriver or axe-core is missing.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::desk::{House, password_of};
use crate::support::{NUMBER, OTHER_NUMBER, PORTRAIT};
use crate::web_driver::{Browser, Driver, ENTER, TAB};

/// What the walk found.
#[derive(Debug, Default, Clone, Copy)]
struct Outcome {
    pictures: u32,
    judged: u32,
    serious: u32,
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
        browser.open(&format!("{}{page}", self.url))
    }

    /// A picture, and axe-core's word about the page.
    fn step(&self, browser: &Browser<'_>, name: &str) -> Result<()> {
        let mut count = self.count.get();
        count.pictures += 1;
        browser.picture(&self.pictures.join(format!("{:02}-{name}.png", count.pictures)))?;
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
        let password = password_of(name);
        self.open(browser, "/login")?;
        browser.wait("#name")?;
        browser.type_here(name)?;
        browser.type_here(TAB)?;
        browser.type_here(&password)?;
        browser.type_here(ENTER)?;
        browser.wait("header .who")
    }
}

/// Where the browser's pictures go, and where axe-core is fetched to.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

#[test]
fn from_look_up_to_receipt_in_chromium() {
    let axe = std::fs::read_to_string(target().join("desk-peers").join("axe.min.js"));
    let driver = Driver::start();
    let (axe, driver) = match (axe, driver) {
        (Ok(axe), Ok(driver)) => (axe, driver),
        _ => {
            assert!(
                std::env::var_os("CCCD_DEMAND_CHROMIUM").is_none(),
                "chromedriver or axe-core is missing"
            );
            println!("skipped: chromedriver or axe-core is missing (make desk-test brings them)");
            return;
        }
    };
    let pictures = target().join("desk");
    let (outcome, found) = walk(&driver, axe, &pictures).unwrap();
    for line in &found {
        println!("axe: {line}");
    }
    println!(
        "desk: pictures={} pages_judged={} serious={}",
        outcome.pictures, outcome.judged, outcome.serious
    );
    assert_eq!(outcome.serious, 0, "{found:#?}");
}

fn walk(driver: &Driver, axe: String, pictures: &Path) -> Result<(Outcome, Vec<String>)> {
    std::fs::create_dir_all(pictures)?;
    for old in std::fs::read_dir(pictures)? {
        let old = old?.path();
        if old.extension().is_some_and(|extension| extension == "png") {
            std::fs::remove_file(old)?;
        }
    }
    let house = House::open();
    let portrait = house.folder.path().join("portrait.jpg");
    std::fs::write(&portrait, &*PORTRAIT)?;
    let url = format!("http://{}", house.address);
    let walk = Walk { url, axe, pictures, count: Cell::default(), found: RefCell::default() };
    let (lan, minh) = (driver.browser()?, driver.browser()?);

    walk.open(&lan, "/")?;
    lan.wait("#name")?;
    walk.step(&lan, "login")?;
    lan.type_here("lan")?;
    lan.type_here(TAB)?;
    lan.type_here("not the password")?;
    lan.type_here(ENTER)?;
    lan.wait(".notice.bad")?;
    walk.step(&lan, "login-refused")?;
    walk.log_in(&lan, "lan")?;
    walk.log_in(&minh, "minh")?;
    walk.step(&lan, "desk")?;

    let address = captured(&walk, &portrait, &lan)?;
    approved(&walk, &minh, &address)?;
    made(&walk, &house, &lan, &address)?;
    delivered(&walk, &lan, &address)?;
    refused(&walk, &house, &portrait, &lan, &minh)?;
    around(&walk, &lan, driver)?;
    Ok((walk.count.get(), walk.found.into_inner()))
}

/// A path as `WebDriver` names a file.
fn path(file: &Path) -> Result<&str> {
    file.to_str().context("a path is not Unicode")
}

/// By scanner and keyboard: the code of an older card, one difference, the portrait.
fn captured(walk: &Walk<'_>, portrait: &Path, lan: &Browser<'_>) -> Result<String> {
    let code = format!("{NUMBER}||Nguyễn Văn An|15011999|Nam|Số 9 Đường Cũ, Phường Mẫu|01012022");
    // The cursor is in the field already: a scanner types and ends with Enter.
    lan.type_here(&code)?;
    lan.type_here(ENTER)?;
    lan.wait("#compare")?;
    walk.step(lan, "visit-differs")?;
    lan.click("input[name='choice.residence'][value='register']")?;
    lan.type_into("input[name='full_name']", ENTER)?;
    lan.wait("input[name='choice.residence'][value='register']:checked")?;
    lan.type_into("#file", path(portrait)?)?;
    lan.click("form[enctype] button")?;
    lan.wait("img.portrait")?;
    walk.step(lan, "visit-ready")?;
    lan.click("button.main")?;
    lan.wait("#history")?;
    let address = lan.url()?;
    let address = address.rsplit_once('/').map(|(_, id)| format!("/applications/{id}")).unwrap_or_default();
    walk.step(lan, "captured")?;
    // Back to the form that was sent, and forward again: one application.
    lan.back()?;
    lan.open(&format!("{}{address}", walk.url))?;
    lan.wait_for("main", "chờ duyệt")?;
    Ok(address)
}

fn approved(walk: &Walk<'_>, minh: &Browser<'_>, address: &str) -> Result<()> {
    walk.open(minh, address)?;
    minh.wait("#approve")?;
    loaded(minh)?;
    walk.step(minh, "approval")?;
    minh.click("form[action$='/approve'] button")?;
    minh.wait_for(".person", "đã duyệt")?;
    walk.step(minh, "approved")
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

fn made(walk: &Walk<'_>, house: &House, lan: &Browser<'_>, address: &str) -> Result<()> {
    walk.open(lan, address)?;
    lan.wait("#reader")?;
    walk.step(lan, "choose-reader")?;
    // The blank is laid while the desk waits for it.
    house.held.store(true, Ordering::SeqCst);
    lan.click("form[action$='/make'] button")?;
    lan.wait("[data-live] progress")?;
    walk.step(lan, "waiting-for-a-blank")?;
    house.held.store(false, Ordering::SeqCst);
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
    walk.step(lan, "readers")
}

fn delivered(walk: &Walk<'_>, lan: &Browser<'_>, address: &str) -> Result<()> {
    walk.open(lan, address)?;
    lan.click("#face")?;
    lan.click("form[action$='/deliver'] button")?;
    lan.wait(".receipt")?;
    walk.step(lan, "receipt")?;
    walk.open(lan, address)?;
    lan.wait_for(".person", "đã trả thẻ")?;
    walk.step(lan, "delivered")
}

/// A second application is refused, with a reason that looks like a page.
fn refused(
    walk: &Walk<'_>,
    house: &House,
    portrait: &Path,
    lan: &Browser<'_>,
    minh: &Browser<'_>,
) -> Result<()> {
    walk.open(lan, "/")?;
    lan.type_into("#q", OTHER_NUMBER)?;
    lan.type_into("#q", ENTER)?;
    lan.wait("#compare")?;
    // Not a picture at all.
    lan.type_into("#file", path(&house.folder.path().join("register.sqlite"))?)?;
    lan.click("form[enctype] button")?;
    lan.wait(".notice.bad")?;
    walk.step(lan, "upload-refused")?;
    lan.back()?;
    lan.wait("#file")?;
    lan.type_into("#file", path(portrait)?)?;
    lan.click("form[enctype] button")?;
    lan.wait("img.portrait")?;
    // Clicked twice.
    lan.run("const b = document.querySelector('button.main'); b.click(); b.click();", &[])?;
    lan.wait("#history")?;
    let address =
        lan.url()?.rsplit_once('/').map(|(_, id)| format!("/applications/{id}")).unwrap_or_default();
    walk.open(minh, &address)?;
    minh.click("details summary")?;
    minh.type_into("#reason", "<b onmouseover=alert(1)>ảnh không đúng người</b>")?;
    minh.click("form[action$='/refuse'] button")?;
    minh.wait_for(".person", "<b onmouseover=alert(1)>")?;
    walk.step(minh, "refused")
}

/// The pages beside the way.
fn around(walk: &Walk<'_>, lan: &Browser<'_>, driver: &Driver) -> Result<()> {
    walk.open(lan, "/applications?state=delivered")?;
    lan.wait("table")?;
    walk.step(lan, "applications")?;
    walk.open(lan, "/reports")?;
    lan.wait(".chart svg")?;
    walk.step(lan, "reports")?;
    walk.open(lan, "/nothing")?;
    lan.wait(".notice.bad")?;
    walk.step(lan, "nothing-here")?;
    walk.open(lan, "/language/en")?;
    walk.open(lan, "/")?;
    lan.wait_for("h1", "Desk")?;
    walk.step(lan, "desk-in-english")?;
    let chief = driver.browser()?;
    walk.log_in(&chief, "chief")?;
    chief.wait("h1")?;
    walk.step(&chief, "accounts")
}
