//! The way of an application.

use super::house::House;
use crate::support::{DEAD_NUMBER, NUMBER, OTHER_NUMBER, PORTRAIT};
use std::sync::atomic::Ordering;

#[test]
fn an_application_from_look_up_to_receipt() {
    let house = House::open();
    let mut lan = house.officer("lan");
    lan.get("/");
    assert!(lan.page.says("Số định danh"));
    // A scanner types the code of an older card: the address is another, and the officer decides.
    lan.post("/look-up", &[("q", &format!("{NUMBER}||Nguyễn Văn An|15011999|Nam|Số 9 Đường Cũ|01012022"))]);
    let visit = lan.page.location.clone();
    assert!(visit.starts_with("/visits/") && !visit.contains(NUMBER));
    lan.get(&visit);
    assert!(lan.page.says("Số 9 Đường Cũ") && lan.page.says("Số 1 Đường Mẫu") && lan.page.says("quyết định"));
    lan.post(&format!("{visit}/capture"), &[]);
    assert_eq!(lan.page.status, 422, "nothing is captured while a difference is open");
    lan.get(&visit);
    lan.upload(&visit, &PORTRAIT);
    lan.get(&visit);
    let said = [
        ("full_name", "NGUYỄN VĂN AN"),
        ("birth_date", "15/01/1999"),
        ("sex", "Nam"),
        ("residence", "Số 9 Đường Cũ"),
    ];
    lan.post(&format!("{visit}/said"), &[&said[..], &[("choice.residence", "holder")]].concat());
    assert_eq!(lan.page.status, 303);
    lan.get(&visit);
    assert!(lan.page.says("phải được chỉnh sửa trước") && !lan.page.says(&format!("{visit}/capture")));
    lan.post(&format!("{visit}/said"), &[&said[..], &[("choice.residence", "register")]].concat());
    lan.get(&visit);
    assert!(lan.page.says(&format!("{visit}/capture")));
    assert_eq!(house.ledger_says("SELECT count(*) FROM applications"), "0", "nothing was written so far");
    lan.post(&format!("{visit}/asked"), &[("for", "first-issue"), ("template", "2024")]);
    lan.get(&visit);
    lan.post(&format!("{visit}/capture"), &[]);
    let address = lan.page.location.clone();
    assert_eq!(address, "/applications/1");
    lan.get(&address);
    assert!(lan.page.says("chờ duyệt") && lan.page.says("front.png") && !lan.page.says("/approve"));

    let mut minh = house.officer("minh");
    minh.get(&address);
    assert!(minh.page.says("Nguyễn Văn An"));
    // What is approved stands above the button.
    let place = |text: &str| minh.page.body.find(text).unwrap_or(usize::MAX);
    assert!(place("/portrait.jpg") < place("/front.png") && place("/back.png") < place("/approve\""));
    assert!(place("/approve\"") < usize::MAX, "{}", minh.page.body);
    let shown = minh.page.clone();
    minh.get(&format!("{address}/portrait.jpg"));
    assert_eq!((minh.page.status, minh.page.header("content-type")), (200, "image/jpeg"));
    minh.page = shown;
    minh.post(&format!("{address}/approve"), &[]);
    assert_eq!(minh.page.status, 303, "{}", minh.page.body);
    for picture in ["front.png", "back.png"] {
        minh.get(&format!("{address}/{picture}"));
        assert_eq!((minh.page.status, minh.page.header("content-type")), (200, "image/png"));
    }

    lan.get(&address);
    assert!(lan.page.says("Reader 00"));
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    lan.until(&address, "đọc lại đúng từng tệp");
    assert!(
        lan.page.says("đã cấp")
            && lan.page.says("đọc lại đúng từng tệp")
            && lan.page.says("lệnh ghi bị từ chối")
    );
    lan.get("/readers");
    assert!(lan.page.says("Reader 01") && lan.page.says("Thẻ đã xong"));
    lan.get(&format!("{address}/card.pdf"));
    assert!(lan.page.body.starts_with("%PDF"));
    lan.get(&address);
    lan.post(&format!("{address}/deliver"), &[]);
    assert_eq!(lan.page.status, 422, "the officer says who took it");
    lan.get(&address);
    lan.post(&format!("{address}/deliver"), &[("face", "yes")]);
    assert_eq!(lan.page.location, format!("{address}/receipt"));
    lan.get(&format!("{address}/receipt"));
    assert!(lan.page.says("099000001") && lan.page.says("Nguyễn Văn An") && lan.page.says("/receipt.pdf"));
    lan.get(&format!("{address}/receipt.pdf"));
    assert!(lan.page.status == 200 && lan.page.body.starts_with("%PDF"));

    // No picture of it is kept, and nothing of it is left to refuse.
    for picture in ["card.pdf", "front.png", "back.png"] {
        lan.get(&format!("{address}/{picture}"));
        assert_eq!(lan.page.status, 410, "{picture}");
        assert!(lan.page.says("không còn được giữ") && !lan.page.says("ừ chối hồ sơ"), "{}", lan.page.body);
    }

    // What was captured is gone from the drawer; every action stands in the log, and no person does.
    let left = std::fs::read_dir(house.folder.path().join("drawer")).unwrap();
    assert_eq!(
        left.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "sealed")).count(),
        0
    );
    let log = house.ledger_says("SELECT group_concat(line, char(10)) FROM audit");
    for event in ["desk-look-up", "desk-differences-resolved", "application-capture", "application-deliver"] {
        assert!(log.contains(event), "{event}");
    }
    assert!(!log.contains(NUMBER) && !log.contains("Nguyễn"));
}

#[test]
fn a_stop_leaves_the_chip_known_and_the_same_chip_finishes_it() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let address = house.approved(&mut lan, NUMBER);
    house.held.store(true, Ordering::SeqCst);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.get(&address);
    assert!(lan.page.says("data-live"), "{}", lan.page.body);
    lan.post(&format!("{address}/stop"), &[]);
    assert_eq!(lan.page.status, 303);
    lan.until(&address, "Ghi thẻ");
    house.held.store(false, Ordering::SeqCst);
    // The reader's thread stopped before any chip was touched: another blank is as good.
    lan.post(&format!("{address}/make"), &[("reader", "Reader 01")]);
    lan.until(&address, "đã cấp");
    assert_eq!(house.ledger_says("SELECT count(*) FROM chips"), "1");
}

#[test]
fn reports_count_what_was_done_and_name_nobody() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let made = house.approved(&mut lan, NUMBER);
    lan.get(&made);
    lan.post(&format!("{made}/make"), &[("reader", "Reader 00")]);
    lan.until(&made, "đã cấp");
    let refused = house.captured(&mut lan, OTHER_NUMBER);
    let mut minh = house.officer("minh");
    minh.get(&refused);
    minh.post(&format!("{refused}/refuse"), &[("reason", "=ảnh không đúng người")]);
    lan.get("/reports");
    assert_eq!(lan.page.status, 200, "{}", lan.page.body);
    assert!(lan.page.says("<svg") && lan.page.says("21/11/2026") && lan.page.says("cấp lần đầu"));
    assert!(!lan.page.says(NUMBER) && !lan.page.says("Nguyễn"));
    lan.get("/reports/by-day.csv?from=2026-11-20&to=2026-11-21");
    let csv =
        "day,received,issued,delivered,refused,spoiled\r\n2026-11-20,0,0,0,0,0\r\n2026-11-21,2,1,0,1,0\r\n";
    assert_eq!(lan.page.body, csv);
    lan.get("/reports/by-reason.csv");
    assert!(lan.page.says("first-issue,,2,1,0,1,0"));
    lan.get("/reports/report.pdf");
    assert!(lan.page.body.starts_with("%PDF"));
    for query in ["?from=2026-11-21&to=2026-11-20", "?from=2020-01-01&to=2026-01-01", "?from=x"] {
        lan.get(&format!("/reports/by-day.csv{query}"));
        assert_eq!(lan.page.status, 422, "{query}");
    }
    let mut nobody = house.browser();
    nobody.get("/reports");
    assert_eq!(nobody.page.status, 401);
    nobody.get("/metrics");
    assert!(nobody.page.says("cccd_desk_cards_total 1") && nobody.page.says("state=\"rejected\"} 1"));
    assert!(!nobody.page.says(NUMBER));
}

#[test]
fn rules_forbid_before_anything_is_written() {
    let house = House::open();
    let mut lan = house.officer("lan");
    for (number, text) in [(DEAD_NUMBER, "đã chết"), ("001199000009", "không có số")] {
        lan.look_up(number);
        let visit = lan.page.location.clone();
        lan.get(&visit);
        assert!(lan.page.says(text), "{number}: {}", lan.page.body);
        assert!(!lan.page.says(&format!("{visit}/capture")));
    }
    assert_eq!(house.ledger_says("SELECT count(*) FROM applications"), "0");
    // An application that waits is found by the person's number and by its own.
    let address = house.captured(&mut lan, NUMBER);
    for text in [NUMBER, "1", "079 099 000 001"] {
        lan.look_up(text);
        assert_eq!(lan.page.location, address, "{text}");
    }
    for path in [
        "/applications/99",
        "/applications/x",
        "/visits/0",
        "/static/../desk.css",
        "/applications?state=lost",
    ] {
        lan.get(path);
        assert!(matches!(lan.page.status, 404 | 410), "{path}: {}", lan.page.status);
        assert!(lan.page.says("Chưa thực hiện được"));
    }
    lan.get("/applications?late=yes");
    assert!(lan.page.says("Không có hồ sơ nào"));
    house.passes(20 * 24 * 3600);
    let mut lan = house.officer("lan");
    lan.get("/applications?late=yes");
    assert!(lan.page.says("QUÁ HẠN") && lan.page.says(&address));
    lan.get("/");
    assert!(lan.page.says("hồ sơ quá hạn"));
    // The same in English.
    let request = lan.agent.get(format!("http://{}/", house.address));
    let answer = request.header("cookie", format!("lang=en; desk={}", lan.session)).call().unwrap();
    lan.take(answer);
    assert!(lan.page.says("applications are late") && lan.page.says("lang=\"en\""));
}
