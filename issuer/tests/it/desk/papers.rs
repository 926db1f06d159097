//! Papers printed at the desk, and their codes scanned there.

use cccd_issuer::forms::{Form, Ticket};

use super::house::House;
use crate::support::NUMBER;

#[test]
fn each_state_has_its_papers_and_their_codes_lead_back() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let address = house.captured(&mut lan, NUMBER);
    lan.get(&address);
    assert!(lan.page.says("/cc01.pdf") && lan.page.says("/cc02.pdf") && !lan.page.says("/cc03.pdf"));
    for paper in ["cc01.pdf", "cc02.pdf"] {
        lan.get(&format!("{address}/{paper}"));
        assert_eq!(lan.page.status, 200, "{}", lan.page.body);
        assert_eq!(lan.page.header("content-type"), "application/pdf");
        assert!(lan.page.header("content-disposition").starts_with("inline; filename=\"CC0"));
        assert!(lan.page.body.starts_with("%PDF-") && lan.page.header("cache-control") == "no-store");
    }
    lan.get(&format!("{address}/cc03.pdf"));
    assert_eq!(lan.page.status, 409, "there is no refusal of what was not refused");
    let mut chief = house.officer("chief");
    chief.get(&format!("{address}/cc01.pdf"));
    assert_eq!(chief.page.status, 403, "an administrator sees no citizen");
    let mut nobody = house.browser();
    nobody.get(&format!("{address}/cc01.pdf"));
    assert_eq!(nobody.page.status, 401);
    let printed = "SELECT count(*) FROM audit WHERE line LIKE '%form-printed%'";
    assert_eq!(house.ledger_says(printed), "2", "what was printed is logged, what was not is not");

    // The paper comes back: its code is scanned.
    let due = house.ledger_says("SELECT due FROM applications").parse().unwrap();
    let ticket = Ticket { form: Form::Cc02, application: "1".parse().unwrap(), due };
    lan.look_up(&ticket.to_string());
    assert_eq!((lan.page.status, lan.page.location.as_str()), (303, &*address));
    let other = Ticket { due: due.tomorrow().unwrap(), ..ticket };
    lan.look_up(&other.to_string());
    assert!(lan.page.status == 422 && lan.page.says("máy trạm khác"), "{}", lan.page.body);
    lan.look_up(&ticket.to_string().replace(":1:1:", ":1:2:"));
    assert_eq!(lan.page.status, 422, "a code that was misread");

    let mut minh = house.officer("minh");
    minh.get(&address);
    minh.post(&format!("{address}/refuse"), &[("reason", "ảnh không đúng người")]);
    minh.get(&address);
    assert!(minh.page.says("/cc03.pdf") && !minh.page.says("/cc01.pdf") && !minh.page.says("/cc02.pdf"));
    minh.get(&format!("{address}/cc03.pdf"));
    assert!(minh.page.status == 200 && minh.page.body.starts_with("%PDF-"));
    minh.get(&format!("{address}/cc02.pdf"));
    assert_eq!(minh.page.status, 409, "no receipt of what was refused");
}
