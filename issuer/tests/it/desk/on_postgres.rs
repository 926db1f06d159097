//! The desk on a ledger that a server keeps: the same way, and two desks on one ledger.

use super::house::House;
use crate::queue::server::Server;
use crate::support::NUMBER;

#[test]
fn the_way_of_an_application_on_postgresql() {
    let server = match Server::start(&["shared_buffers=64MB", "fsync=off"]) {
        Ok(server) => server,
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => panic!("{reason}"),
        Err(reason) => {
            println!("the desk on PostgreSQL: skipped, {reason}");
            return;
        }
    };
    let place = server.database().unwrap();
    let house = House::on(&place);
    let mut lan = house.officer("lan");
    let address = house.approved(&mut lan, NUMBER);
    // Paused, let go on, and made.
    lan.get("/readers");
    lan.post("/queue/stop", &[("name", "queue"), ("kind", "pause"), ("reason", "nghỉ trưa")]);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    assert_eq!(lan.page.status, 409);
    lan.get("/readers");
    lan.post("/queue/resume", &[("name", "queue")]);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    lan.until(&address, "đọc lại đúng từng tệp");
    // Its life, with the request's name held by the server's database.
    let at = lan.page.body.find("/cards/").unwrap();
    let card = lan.page.body[at..].split('"').next().unwrap().to_owned();
    lan.get(&card);
    let (mark, request) = (lan.page.hidden("mark"), lan.page.hidden("request"));
    let lost =
        [("change", "lost".to_owned()), ("reason", "rơi".to_owned()), ("mark", mark), ("request", request)];
    lan.get(&address);
    lan.post(&format!("{address}/deliver"), &[("face", "yes")]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    for _ in 0..2 {
        lan.send(&format!("{card}/change"), &lost, &[]);
        assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    }
    let mut kho = house.officer("kho");
    kho.get("/stock");
    let batch = [("supplier", "Nhà máy Mẫu"), ("note", "PG-1"), ("serials", "4C414200000000000001")];
    kho.post_parts("/stock/receive", &batch, &[]);
    assert_eq!(kho.page.status, 303, "{}", kho.page.body);
    kho.get("/stock");
    assert!(kho.page.says("chờ kiểm đếm"));
}
