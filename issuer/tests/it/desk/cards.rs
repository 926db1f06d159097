//! A card's life at the desk: who may order what, once, and what stays on record.

use std::sync::atomic::Ordering;

use super::house::{Browser, House};
use crate::support::{NUMBER, OTHER_NUMBER, PORTRAIT};

/// A card that was made here: its page.
fn made(house: &House, lan: &mut Browser) -> String {
    let address = house.approved(lan, NUMBER);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.until(&address, "/cards/");
    format!("/cards/{}", house.ledger_says("SELECT sod_sha256 FROM applications"))
}

fn order(officer: &mut Browser, card: &str, fields: &[(&str, &str)]) -> u16 {
    officer.get(card);
    officer.post(&format!("{card}/change"), fields);
    officer.page.status
}

#[test]
fn a_card_is_held_given_back_lost_and_found() {
    let house = House::open();
    let (mut lan, mut minh) = (house.officer("lan"), house.officer("minh"));
    let card = made(&house, &mut lan);
    lan.get("/cards");
    lan.post("/cards/find", &[("number", NUMBER)]);
    assert_eq!((lan.page.status, &*lan.page.location), (303, &*card));
    lan.get(&card);
    assert!(lan.page.says("đang dùng") && lan.page.says("Báo mất") && !lan.page.says("Thu hồi ("));

    // Who only captures takes no card from its holder; a ground, a reason and a day to come are needed.
    let hold = [("change", "hold"), ("ground", "detention"), ("reason", "QĐ 12/2026")];
    assert_eq!(order(&mut lan, &card, &hold), 403);
    assert_eq!(order(&mut minh, &card, &[("change", "hold"), ("reason", "QĐ 12/2026")]), 422);
    assert_eq!(order(&mut minh, &card, &hold[..2]), 422);
    let past = [&hold[..], &[("until", "01/01/2020")]].concat();
    assert_eq!(order(&mut minh, &card, &past), 409);
    assert_eq!(order(&mut minh, &card, &[&hold[..], &[("until", "chưa biết")]].concat()), 422);
    assert_eq!(house.ledger_says("SELECT count(*) FROM card_changes"), "0");

    minh.get(&card);
    let (mark, request) = (minh.page.hidden("mark"), minh.page.hidden("request"));
    let said =
        [("change", "hold"), ("ground", "detention"), ("reason", "QĐ 12/2026"), ("until", "30/11/2026")];
    let mut fields: Vec<(&str, String)> =
        said.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    fields.extend([("mark", mark), ("request", request)]);
    let change = format!("{card}/change");
    // Two clicks at once, and the form sent again.
    let (mut one, mut two) = (house.browser(), house.browser());
    (one.session, two.session) = (minh.session.clone(), minh.session.clone());
    std::thread::scope(|scope| {
        for browser in [&mut one, &mut two] {
            let (change, fields) = (change.clone(), fields.clone());
            scope.spawn(move || browser.send(&change, &fields, &[]));
        }
    });
    assert_eq!((one.page.status, two.page.status), (303, 303), "{} {}", one.page.body, two.page.body);
    assert_eq!(house.ledger_says("SELECT count(*) FROM card_changes"), "1");
    minh.get(&card);
    assert!(minh.page.says("đang bị giữ") && minh.page.says("QĐ 12/2026") && minh.page.says("30/11/2026"));

    // Past its day the hold is in view.
    minh.get("/cards");
    assert!(!minh.page.says("quá hạn"));
    house.passes(5 * 24 * 3600);
    minh.get("/cards");
    assert_eq!(minh.page.status, 401, "the session is over by then");
    let mut minh = house.officer("minh");
    minh.get("/cards");
    assert!(!minh.page.says("quá hạn"), "the last day belongs to the measure");
    house.passes(5 * 24 * 3600);
    let (mut lan, mut minh) = (house.officer("lan"), house.officer("minh"));
    minh.get("/cards");
    assert!(minh.page.says("quá hạn"), "{}", minh.page.body);

    assert_eq!(order(&mut lan, &card, &[("change", "return"), ("reason", "hết tạm giam")]), 403);
    assert_eq!(order(&mut minh, &card, &[("change", "return"), ("reason", "hết tạm giam")]), 303);
    minh.get("/cards");
    assert!(minh.page.says("Không giữ thẻ nào"));
    // The old form once more: what was done is not done again.
    fields.retain(|(name, _)| *name != "mark");
    minh.get(&card);
    fields.push(("mark", minh.page.hidden("mark")));
    minh.send(&change, &fields, &[]);
    assert_eq!(minh.page.status, 303, "{}", minh.page.body);
    minh.get(&card);
    assert!(minh.page.says("đang dùng"));
    // Under the same name something else is refused.
    fields.retain(|(name, _)| *name != "reason");
    fields.push(("reason", "khác".to_owned()));
    minh.send(&change, &fields, &[]);
    assert_eq!(minh.page.status, 409);

    assert_eq!(order(&mut lan, &card, &[("change", "found"), ("reason", "nhầm")]), 409, "it is in use");
    assert_eq!(order(&mut lan, &card, &[("change", "lost"), ("reason", "rơi ngoài chợ")]), 303);
    assert_eq!(order(&mut minh, &card, &[("change", "return"), ("reason", "thấy lại")]), 409);
    assert_eq!(order(&mut lan, &card, &[("change", "found"), ("reason", "người dân nộp lại")]), 303);
    lan.get(&card);
    assert!(lan.page.says("đã hủy") && lan.page.says("không còn thay đổi gì nữa"));
    assert_eq!(order(&mut lan, &card, &[("change", "burn"), ("reason", "x")]), 404);
    lan.get("/cards/0123");
    assert_eq!(lan.page.status, 404);
    let mut chief = house.officer("chief");
    chief.get(&card);
    assert_eq!(chief.page.status, 403);

    let told = "SELECT group_concat(change || ' ' || actor || ' ' || outcome, ', ') FROM card_changes \
                JOIN card_change_outcomes ON change_id = id ORDER BY id";
    assert_eq!(house.ledger_says(told), "hold minh done, return minh done, lost lan done, found lan done");
    let lines = "SELECT count(*) FROM audit WHERE line LIKE '%card-change %'";
    assert_eq!(house.ledger_says(lines), "8", "asked and answered, each");
}

#[test]
fn the_counter_finds_the_card_that_waits_and_the_lost_one_beside_its_successor() {
    let house = House::open();
    let (mut lan, mut hoa) = (house.officer("lan"), house.officer("hoa"));
    let card = made(&house, &mut lan);
    // Whoever hands cards over has the field, and finds the application by the person's number and by the card's code.
    for text in [NUMBER.to_owned(), format!("{NUMBER}||Nguyễn Văn An|15011999|Nam|Số 1|01012022")] {
        hoa.look_up(&text);
        assert_eq!(hoa.page.status, 200, "{}", hoa.page.body);
        assert!(hoa.page.says("đang chờ trả") && hoa.page.says("/applications/1\"") && hoa.page.says(&card));
        assert!(!hoa.page.says("/visits/"), "nothing is taken in");
    }
    lan.look_up(NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    assert!(lan.page.says("đang chờ trả") && lan.page.says("/applications/1\""), "{}", lan.page.body);

    // Lost: no first issue, and nothing to exchange; a reissue is what the page begins with.
    assert_eq!(order(&mut lan, &card, &[("change", "lost"), ("reason", "rơi ngoài chợ")]), 303);
    lan.look_up(NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    assert!(lan.page.says("value=\"lost-or-damaged\" selected"), "{}", lan.page.body);
    for (ground, why) in [("first-issue", "đã từng được cấp thẻ"), ("age", "không có thẻ để đổi")]
    {
        lan.get(&visit);
        lan.post(&format!("{visit}/asked"), &[("for", ground), ("template", "2024")]);
        assert!(lan.page.status == 422 && lan.page.says(why), "{ground}: {}", lan.page.body);
    }
    lan.look_up(OTHER_NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    assert!(lan.page.says("value=\"first-issue\" selected"));
    lan.post(&format!("{visit}/asked"), &[("for", "age"), ("template", "2024")]);
    assert!(lan.page.status == 422 && lan.page.says("không có thẻ để đổi"), "{}", lan.page.body);

    let address = house.approved(&mut lan, NUMBER);
    assert_eq!(house.ledger_says("SELECT ground FROM applications WHERE id = 2"), "lost-or-damaged");
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.until(&address, "/cards/");
    let successor = house.ledger_says("SELECT sod_sha256 FROM applications WHERE id = 2");
    lan.get("/cards");
    lan.post("/cards/find", &[("number", &format!("{NUMBER}||Nguyễn Văn An|15011999|Nam|Số 1|01012022"))]);
    assert_eq!(lan.page.status, 200, "{}", lan.page.body);
    assert!(lan.page.says(&card) && lan.page.says(&successor) && lan.page.says("đã báo mất"));
}

/// The register has the new card, the ledger does not know: the page goes on with the very chip, and says nothing of a card
/// that there would be none to exchange.
#[test]
fn an_exchange_that_broke_off_after_the_register_took_it_goes_on() {
    let house = House::open();
    let mut lan = house.officer("lan");
    made(&house, &mut lan);
    lan.get("/applications/1");
    lan.post("/applications/1/deliver", &[("face", "yes")]);
    lan.look_up(NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    lan.post(&format!("{visit}/asked"), &[("for", "age"), ("template", "2024")]);
    lan.get(&visit);
    lan.upload(&visit, &PORTRAIT);
    lan.get(&visit);
    lan.post(&format!("{visit}/capture"), &[]);
    let address = lan.page.location.clone();
    let mut minh = house.officer("minh");
    minh.get(&address);
    minh.post(&format!("{address}/approve"), &[]);
    house.cut.store(true, Ordering::SeqCst);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    for _ in 0..200 {
        if house.ledger_says("SELECT state FROM applications WHERE id = 2") == "in-doubt" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(house.ledger_says("SELECT state FROM applications WHERE id = 2"), "in-doubt");
    house.cut.store(false, Ordering::SeqCst);
    lan.get(&address);
    assert!(
        !lan.page.says("không có thẻ để đổi") && lan.page.says(&format!("{address}/make")),
        "{}",
        lan.page.body
    );
}

#[test]
fn a_card_that_was_reported_lost_is_not_handed_over() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let card = made(&house, &mut lan);
    lan.get("/applications/1");
    let (mark, request) = (lan.page.hidden("mark"), lan.page.hidden("request"));
    assert_eq!(
        order(&mut lan, &card, &[("change", "lost"), ("reason", "tủ thẻ bị mở")]),
        303,
        "{}",
        lan.page.body
    );
    // The page says so before anybody tries; a form that was open meanwhile is refused.
    lan.get("/applications/1");
    assert!(
        lan.page.says("Thẻ này không còn dùng được") && !lan.page.says("/deliver\""),
        "{}",
        lan.page.body
    );
    let open = [("mark", mark), ("request", request), ("face", "yes".to_owned())];
    lan.send("/applications/1/deliver", &open, &[]);
    assert_eq!(lan.page.status, 409, "{}", lan.page.body);
    assert!(lan.page.says("Thẻ này không còn dùng được") && lan.page.says("Không trả thẻ này"));
    assert_eq!(house.ledger_says("SELECT state FROM applications"), "issued");
}
