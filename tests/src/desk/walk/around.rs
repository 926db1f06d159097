//! The pages beside the way: a card's life, the queue, the stock, lists and reports, in both languages.

use anyhow::{Context as _, Result, ensure};

use super::super::house::House;
use super::super::web_driver::{Browser, Driver, ENTER, SPACE};
use super::Walk;

/// The card that was delivered is held by one officer's order and given back.
pub(super) fn life(walk: &Walk<'_>, house: &House, lan: &Browser<'_>, minh: &Browser<'_>) -> Result<()> {
    let (person, _) = house.applicants.first().context("no applicant")?;
    for officer in [lan, minh] {
        walk.open(officer, "/cards")?;
        officer.fill("#q", person.number.as_str())?;
        officer.press(ENTER)?;
        officer.wait("#next")?;
    }
    unfolded(lan)?;
    walk.step(lan, "card")?;
    let card = minh.url()?;
    minh.press_on("details:has(#ground-hold) summary", ENTER)?;
    minh.choose("#ground-hold", "detention")?;
    minh.fill("#until", "31/12/2099")?;
    minh.fill("#why-hold", "Quyết định 12/QĐ-CQĐT")?;
    unfolded(minh)?;
    walk.step(minh, "card-orders")?;
    minh.press_on("form:has(#ground-hold) button", ENTER)?;
    minh.wait_for(".person", "đang bị giữ")?;
    walk.step(minh, "card-held")?;
    walk.open(minh, "/cards")?;
    minh.wait_for("main", "31/12/2099")?;
    walk.step(minh, "cards")?;
    minh.open(&card)?;
    minh.press_on("details:has(#why-return) summary", ENTER)?;
    minh.fill("#why-return", "hết thời hạn tạm giam")?;
    minh.press_on("form:has(#why-return) button", ENTER)?;
    minh.wait_for(".person", "đang dùng")
}

/// Everything that is folded is shown: it is judged, too.
fn unfolded(browser: &Browser<'_>) -> Result<()> {
    let open = "document.querySelectorAll('details').forEach((one) => { one.open = true; });";
    browser.run(open, &[]).map(drop)
}

/// Paused with a reason, and let go on.
pub(super) fn queue(walk: &Walk<'_>, lan: &Browser<'_>) -> Result<()> {
    walk.open(lan, "/readers")?;
    lan.press_on("details:has(#why-pause) summary", ENTER)?;
    lan.fill("#why-pause", "nghỉ trưa")?;
    lan.press_on("form:has(#why-pause) button", ENTER)?;
    lan.wait_for("main", "nghỉ trưa")?;
    walk.step(lan, "queue-paused")?;
    lan.press_on("form[action='/queue/resume'] button", ENTER)?;
    lan.wait_for("section.first", "đang chạy")?;
    unfolded(lan)?;
    walk.step(lan, "queue")
}

/// A batch is received and counted, and one blank of it is spoiled.
pub(super) fn stock(walk: &Walk<'_>, driver: &Driver) -> Result<()> {
    let kho = driver.browser()?;
    walk.log_in(&kho, "kho")?;
    walk.open(&kho, "/stock")?;
    kho.press_on("details:has(#supplier) summary", ENTER)?;
    kho.fill("#supplier", "Nhà máy Mẫu")?;
    kho.fill("#note", "PG-2026-11")?;
    let serials: String = (1..=12).map(|one| format!("4c4142000000000000{one:02x}\n")).collect();
    kho.fill("#received", &serials)?;
    unfolded(&kho)?;
    walk.step(&kho, "stock-orders")?;
    kho.press_on("form:has(#supplier) button", ENTER)?;
    kho.wait("details:has(#batch)")?;
    kho.press_on("details:has(#batch) summary", ENTER)?;
    kho.press_on("#all-there", SPACE)?;
    kho.press_on("form:has(#batch) button", ENTER)?;
    kho.wait_for("section.first", "trong kho")?;
    kho.press_on("details:has(#spoil-serials) summary", ENTER)?;
    kho.fill("#spoil-serials", "4c414200000000000001")?;
    kho.choose("#spoil-cause", "misprint")?;
    kho.fill("#spoil-note", "mực lem")?;
    kho.press_on("form:has(#spoil-serials) button", ENTER)?;
    kho.wait_for("section.first", "hỏng, chờ hủy")?;
    walk.step(&kho, "stock")?;
    // Everything of the header stands in one line, for the officer with the most pages.
    let tall =
        kho.run("return document.querySelector('header').offsetHeight;", &[])?.as_u64().unwrap_or(u64::MAX);
    ensure!(tall < 90, "the header wraps: it is {tall} pixels high");
    kho.press_on("details:has(#inventory-serials) summary", ENTER)?;
    kho.fill("#inventory-serials", "4c414200000000000002\n4c414200000000000003")?;
    kho.press_on("form:has(#inventory-serials) button", ENTER)?;
    kho.wait_for("main", "không có trong tủ")?;
    walk.step(&kho, "stock-counted")?;
    walk.open(&kho, "/stock/keys")?;
    kho.wait("#keys")?;
    walk.step(&kho, "stock-keys")?;
    walk.open(&kho, "/stock/blanks/4c414200000000000001")?;
    kho.wait_for("main", "mực lem")?;
    walk.step(&kho, "blank")?;
    walk.open(&kho, "/language/en")?;
    walk.open(&kho, "/stock")?;
    kho.wait_for("h1", "Stock")?;
    walk.step(&kho, "stock-in-english")
}

/// Lists, reports, what is not there, and pages in English.
pub(super) fn pages(walk: &Walk<'_>, lan: &Browser<'_>, driver: &Driver) -> Result<()> {
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
    for (page, title, name) in [
        ("/", "Desk", "desk-in-english"),
        ("/readers", "Queue", "queue-in-english"),
        ("/cards", "cards", "cards-in-english"),
    ] {
        walk.open(lan, page)?;
        lan.wait_for("h1", title)?;
        walk.step(lan, name)?;
    }
    let chief = driver.browser()?;
    walk.log_in(&chief, "chief")?;
    chief.wait("h1")?;
    walk.step(&chief, "accounts")
}
