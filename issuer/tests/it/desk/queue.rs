//! The queue at the desk: who stops it and lets it go on, once; and readers that fail in a row.

use std::sync::atomic::Ordering;

use super::house::{Browser, House};
use crate::support::{NUMBER, OTHER_NUMBER};

fn stop(officer: &mut Browser, name: &str, kind: &str, reason: &str) -> u16 {
    officer.get("/readers");
    officer.post("/queue/stop", &[("name", name), ("kind", kind), ("reason", reason)]);
    officer.page.status
}

fn make(lan: &mut Browser, address: &str, reader: &str) -> u16 {
    lan.get(address);
    lan.post(&format!("{address}/make"), &[("reader", reader)]);
    lan.page.status
}

#[test]
fn what_stands_still_makes_no_card_until_somebody_lets_it_go_on() {
    let house = House::open();
    let (mut lan, mut minh) = (house.officer("lan"), house.officer("minh"));
    let address = house.approved(&mut lan, NUMBER);
    lan.get("/readers");
    assert!(lan.page.says("đang chạy") && lan.page.says("Reader 00") && lan.page.says(NUMBER));
    assert_eq!(stop(&mut minh, "queue", "pause", "nghỉ trưa"), 403, "who approves runs no readers");
    assert_eq!(stop(&mut lan, "queue", "pause", " "), 422);
    assert_eq!(stop(&mut lan, "queue", "tripped", "x"), 404);
    assert_eq!(stop(&mut lan, "everything", "pause", "x"), 404);
    assert_eq!(stop(&mut lan, "queue", "pause", "nghỉ trưa"), 303);
    lan.get("/readers");
    assert!(lan.page.says("nghỉ trưa") && lan.page.says("Cho hàng in chạy tiếp"));
    assert_eq!(make(&mut lan, &address, "Reader 00"), 409);
    assert!(lan.page.says("nghỉ trưa"));
    minh.get("/readers");
    assert!(minh.page.says("nghỉ trưa") && !minh.page.says("/queue/resume"));
    minh.post("/queue/resume", &[("name", "queue"), ("request", &"1".repeat(32))]);
    assert_eq!(minh.page.status, 403);

    // Let go on; the old form once more changes nothing.
    lan.get("/readers");
    let (mark, again) = (lan.page.hidden("mark"), lan.page.hidden("request"));
    let resume = [("name", "queue".to_owned()), ("mark", mark.clone()), ("request", again)];
    lan.send("/queue/resume", &resume, &[]);
    assert_eq!(lan.page.status, 303);
    assert_eq!(stop(&mut lan, "queue", "drain", "hết ca"), 303);
    lan.send("/queue/resume", &resume, &[]);
    assert_eq!(
        house.ledger_says("SELECT reason FROM queue_stops"),
        "hết ca",
        "a form that was used lets nothing go"
    );
    lan.get("/readers");
    lan.post("/queue/resume", &[("name", "queue")]);

    // One reader alone.
    assert_eq!(stop(&mut lan, "desk/Reader 00", "pause", "lau đầu đọc"), 303);
    assert_eq!(make(&mut lan, &address, "Reader 00"), 409);
    assert_eq!(make(&mut lan, &address, "Reader 01"), 303);
    lan.until(&address, "đọc lại đúng từng tệp");
    let told = "SELECT count(*) FROM audit WHERE line LIKE '%queue-%'";
    assert_eq!(house.ledger_says(told), "5", "pause, resume, drain, resume, pause");
}

#[test]
fn three_failures_in_a_row_stop_a_reader_and_say_why() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let first = house.approved(&mut lan, NUMBER);
    assert_eq!(make(&mut lan, &first, "Reader 00"), 303);
    lan.until(&first, "đọc lại đúng từng tệp");
    let second = house.approved(&mut lan, OTHER_NUMBER);
    house.worn.store(true, Ordering::SeqCst);
    for turn in 1..=3 {
        assert_eq!(make(&mut lan, &second, "Reader 00"), 303, "{turn}");
        lan.until(&second, "notice bad");
    }
    lan.until("/readers", "tự ngắt vì lỗi liên tiếp");
    assert!(lan.page.says("3 lần hỏng liên tiếp / failures in a row: chip-used"), "{}", lan.page.body);
    assert_eq!(make(&mut lan, &second, "Reader 00"), 409);
    house.worn.store(false, Ordering::SeqCst);
    lan.get("/readers");
    lan.post("/queue/resume", &[("name", "desk/Reader 00")]);
    assert_eq!(lan.page.status, 303);
    assert_eq!(make(&mut lan, &second, "Reader 00"), 303);
    lan.until(&second, "đọc lại đúng từng tệp");
}
