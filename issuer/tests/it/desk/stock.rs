//! The stock at the desk: batches, spoilage, and blanks between two stations whose papers both sign.

use super::house::{Browser, House};

fn order(kho: &mut Browser, name: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> u16 {
    kho.get("/stock");
    kho.post_parts(&format!("/stock/{name}"), fields, files);
    kho.page.status
}

fn serials(count: u8) -> String {
    (1..=count).map(|one| format!("4c4142000000000000{one:02x}\n")).collect()
}

/// The key by which other stations know this one.
fn key(house: &House) -> Vec<u8> {
    std::fs::read(house.folder.path().join("ledger.sqlite.station.pub")).unwrap()
}

/// A batch of these, received and counted whole.
fn stocked(kho: &mut Browser, serials: &str) {
    let batch = [("supplier", "Nhà máy Mẫu"), ("note", "PG-1"), ("serials", serials)];
    assert_eq!(order(kho, "receive", &batch, &[]), 303);
    assert_eq!(order(kho, "count", &[("batch", "Nhà máy Mẫu\u{1f}PG-1"), ("all", "yes")], &[]), 303);
}

fn standing(house: &House, state: &str) -> String {
    house.ledger_says(&format!("SELECT count(*) FROM blanks WHERE state = '{state}'"))
}

#[test]
fn a_batch_from_the_delivery_note_to_the_report() {
    let house = House::open();
    let (mut kho, mut lan) = (house.officer("kho"), house.officer("lan"));
    lan.get("/stock");
    assert_eq!(lan.page.status, 403);
    lan.get("/");
    lan.post_parts("/stock/receive", &[("request", &"1".repeat(32))], &[]);
    assert_eq!(lan.page.status, 403);

    let note = [("supplier", "Nhà máy Mẫu"), ("note", "PG-1")];
    assert_eq!(order(&mut kho, "receive", &note, &[]), 409, "no serial");
    let all = serials(5);
    let with = |serials| [&note[..], &[("serials", serials)]].concat();
    assert_eq!(order(&mut kho, "receive", &with("123"), &[]), 409, "no serial either");
    assert!(kho.page.says("dòng 1 không phải số phôi") && !kho.page.says("hexadecimal"), "{}", kho.page.body);
    let turned = [("supplier", "maker \u{202e}rekam"), note[1], ("serials", "4c414200000000000001")];
    assert_eq!(order(&mut kho, "receive", &turned, &[]), 422);
    assert_eq!(order(&mut kho, "receive", &with(&all), &[]), 303, "{}", kho.page.body);
    assert_eq!(order(&mut kho, "receive", &with(&all), &[]), 409, "a delivery note is received once");
    assert_eq!(standing(&house, "expected"), "5");
    kho.get("/stock");
    assert!(kho.page.says("Nhà máy Mẫu") && kho.page.says("chưa kiểm đếm"));
    let batch = "Nhà máy Mẫu\u{1f}PG-1";
    // One is missing and a stranger lies in the box; the list comes as a file.
    let found = format!("{}4c41420000000000aaaa\n", serials(4));
    assert_eq!(order(&mut kho, "count", &[("batch", batch)], &[("file", found.as_bytes())]), 200);
    assert!(
        kho.page.says("4c414200000000000005")
            && kho.page.says("4c41420000000000aaaa")
            && kho.page.says("Thiếu")
    );
    assert_eq!((standing(&house, "in-stock"), standing(&house, "expected")), ("4".into(), "1".into()));
    kho.get("/stock");
    assert!(kho.page.says("đã kiểm đếm, không thấy") && !kho.page.says("chưa kiểm đếm"));

    let one = ("serials", "4c414200000000000001");
    assert_eq!(order(&mut kho, "spoil", &[one, ("cause", "damaged")], &[]), 409, "neither note nor photo");
    assert_eq!(
        order(&mut kho, "spoil", &[one, ("cause", "stolen"), ("note", "x")], &[]),
        409,
        "no such cause"
    );
    for no_photo in [&b"<html>no photo</html>"[..], b""] {
        let said = [one, ("cause", "damaged"), ("note", "bent")];
        let status = order(&mut kho, "spoil", &said, &[("photo", no_photo)]);
        assert!([409, 422].contains(&status), "{status} {}", kho.page.body);
    }
    kho.get("/stock");
    let request = kho.page.hidden("request");
    let fields = [one, ("cause", "damaged"), ("request", request.as_str())];
    for turn in 1..=2 {
        kho.post_parts("/stock/spoil", &fields, &[("photo", b"\xff\xd8\xff\xe0 a photo")]);
        assert_eq!(kho.page.status, 303, "{turn}");
        kho.get("/stock");
    }
    kho.get("/stock/blanks/4c414200000000000001");
    assert!(kho.page.says("gãy, cong, xước") && kho.page.says("ảnh") && kho.page.says("hỏng, chờ hủy"));
    let destroy = [one, ("cause", "destroyed-by-rule"), ("note", "biên bản 3")];
    assert_eq!(order(&mut kho, "destroy", &destroy, &[]), 303);
    let lose = [("serials", "4c414200000000000005"), ("cause", "missing"), ("note", "không có trong hộp")];
    assert_eq!(order(&mut kho, "lose", &lose, &[]), 303);
    kho.get("/stock/reconciliation.csv");
    assert!(kho.page.header("content-type").starts_with("text/csv"));
    assert!(
        kho.page.says("batch,Nhà máy Mẫu,PG-1,announced,5")
            && kho.page.says("open,4c414200000000000005,lost")
    );
    kho.get("/stock/blanks?state=in-stock");
    assert!(kho.page.says("4c414200000000000002") && !kho.page.says("4c414200000000000001"));
    for wrong in ["/stock/blanks?state=x", "/stock/blanks/1", "/stock/transports/a/b"] {
        kho.get(wrong);
        assert_eq!(kho.page.status, 404, "{wrong}");
    }
    assert_eq!(order(&mut kho, "burn", &[], &[]), 404);
    let bomb = vec![b'0'; 9 << 20];
    assert_eq!(order(&mut kho, "receive", &note, &[("file", &bomb)]), 413);
    assert_eq!(order(&mut kho, "receive", &note, &[("file", &[0xff, 0xfe])]), 422);
    kho.post_parts("/stock/receive", &[("mark", &"0".repeat(64)), note[0], note[1], ("serials", "x")], &[]);
    assert_eq!(kho.page.status, 403, "another session's form");
}

/// Whoever fills in two answers has not said which: nothing is done, and no receipt is signed.
#[test]
fn a_form_that_says_two_things_does_neither() {
    let (here, there) = (House::open(), House::open_other());
    let (mut sender, mut receiver) = (here.officer("kho"), there.officer("kho"));
    let text = serials(3);
    let note = [("supplier", "Nhà máy Mẫu"), ("note", "PG-1"), ("serials", text.as_str())];
    let other = [("file", &b"4c414200000000000009"[..])];
    assert_eq!(order(&mut sender, "receive", &note, &other), 422);
    assert_eq!(order(&mut sender, "receive", &note, &[]), 303);
    let batch = ("batch", "Nhà máy Mẫu\u{1f}PG-1");
    let two = serials(2);
    let both = [batch, ("all", "yes"), ("serials", two.as_str())];
    assert_eq!(order(&mut sender, "count", &both, &[]), 422, "all of it, or two?");
    assert_eq!(order(&mut sender, "count", &[batch, ("all", "yes")], &[("file", two.as_bytes())]), 422);
    assert_eq!(standing(&here, "expected"), "3");
    assert_eq!(order(&mut sender, "count", &[batch, ("all", "yes")], &[]), 303);
    let one = ("serials", "4c414200000000000001");
    assert_eq!(order(&mut sender, "inventory", &[one], &[("file", two.as_bytes())]), 422);
    let spoil = [one, ("cause", "damaged"), ("note", "bent")];
    assert_eq!(order(&mut sender, "spoil", &spoil, &other), 422);
    let trip = [("reference", "chuyến 7"), ("serials", text.as_str())];
    let their_key = key(&there);
    assert_eq!(order(&mut sender, "send", &trip, &[("key", &their_key), other[0]]), 422);
    assert_eq!(standing(&here, "in-stock"), "3");
    assert_eq!(order(&mut sender, "send", &trip, &[("key", &their_key)]), 303);
    assert_eq!(order(&mut sender, "take-back", &[("transport", "chuyến 7"), one], &[]), 422);
    assert_eq!(standing(&here, "sent"), "3");
    let list = here.ledger_says("SELECT list FROM stock_transports").into_bytes();
    let files = [("list", &list[..]), ("key", &key(&here)[..])];
    assert_eq!(order(&mut receiver, "accept", &[("all", "yes"), ("serials", &two)], &files), 422);
    let with_file = [files[0], files[1], ("file", two.as_bytes())];
    assert_eq!(order(&mut receiver, "accept", &[("all", "yes")], &with_file), 422);
    assert_eq!(there.ledger_says("SELECT count(*) FROM stock_receipts"), "0");
    assert_eq!(there.ledger_says("SELECT count(*) FROM blanks"), "0");
}

/// What left for another station comes back by that station's list, and by no note of a maker.
#[test]
fn a_makers_note_brings_nothing_in_that_was_handed_over() {
    let (here, there) = (House::open(), House::open_other());
    let (mut sender, mut receiver) = (here.officer("kho"), there.officer("kho"));
    stocked(&mut sender, &serials(2));
    let trip = [("reference", "chuyến 7"), ("serials", "4c414200000000000001")];
    assert_eq!(order(&mut sender, "send", &trip, &[("key", &key(&there))]), 303);
    let list = here.ledger_says("SELECT list FROM stock_transports").into_bytes();
    let files = [("list", &list[..]), ("key", &key(&here)[..])];
    assert_eq!(order(&mut receiver, "accept", &[("all", "yes")], &files), 303);
    let receipt = there.ledger_says("SELECT receipt FROM stock_receipts").into_bytes();
    let files = [("receipt", &receipt[..]), ("key", &key(&there)[..])];
    assert_eq!(order(&mut sender, "acknowledge", &[], &files), 303, "{}", sender.page.body);
    let again = [("supplier", "maker2"), ("note", "1"), ("serials", "4c414200000000000001")];
    assert_eq!(order(&mut sender, "receive", &again, &[]), 409);
    assert!(sender.page.says("4c414200000000000001"), "{}", sender.page.body);
    assert_eq!((standing(&here, "handed-over"), standing(&here, "expected")), ("1".into(), "0".into()));
}

#[test]
fn blanks_between_stations_are_acknowledged_at_both_ends() {
    let (here, there) = (House::open(), House::open_other());
    let (mut sender, mut receiver) = (here.officer("kho"), there.officer("kho"));
    let text = serials(3);
    stocked(&mut sender, &text);
    let trip = [("reference", "chuyến 7"), ("serials", text.as_str())];
    assert_eq!(order(&mut sender, "send", &trip, &[("key", b"no key")]), 422);
    assert_eq!(order(&mut sender, "send", &trip, &[("key", &key(&there))]), 303);
    sender.get("/stock");
    assert!(sender.page.says("chờ bên nhận") && sender.page.says("đang chuyển"));
    let paper = |browser: &mut Browser| {
        browser.get("/stock");
        let at = browser.page.body.find("/stock/transports/").unwrap();
        let address = browser.page.body[at..].split('"').next().unwrap().to_owned();
        browser.get(&address);
        assert!(
            browser.page.status == 200
                && browser.page.header("content-disposition").starts_with("attachment")
        );
        browser.page.body.clone().into_bytes()
    };
    let list = paper(&mut sender);
    // Two of three are found.
    let two = serials(2);
    let files = [("list", &list[..]), ("key", &key(&here)[..])];
    assert_eq!(
        order(&mut receiver, "accept", &[("all", "yes")], &[("list", &list), ("key", &key(&there))]),
        409
    );
    assert_eq!(order(&mut receiver, "accept", &[("serials", &two)], &files), 200);
    assert!(receiver.page.says("Thiếu") && receiver.page.says("4c414200000000000003"));
    let receipt = paper(&mut receiver);
    let forged = String::from_utf8(receipt.clone()).unwrap().replace("000002", "000003").into_bytes();
    let answer = |bytes: &[u8], sender: &mut Browser| {
        order(sender, "acknowledge", &[], &[("receipt", bytes), ("key", &key(&there))])
    };
    assert_eq!(answer(&forged, &mut sender), 409, "not what the receiver signed");
    assert_eq!(answer(&receipt, &mut sender), 200, "one is missing");
    assert_eq!(answer(&receipt, &mut sender), 409, "a receipt is entered once");
    let at =
        |house: &House| ["handed-over", "sent", "in-stock", "expected"].map(|state| standing(house, state));
    assert_eq!(
        (at(&here), at(&there)),
        (["2", "1", "0", "0"].map(str::to_owned), ["0", "0", "2", "1"].map(str::to_owned))
    );
    sender.get("/stock");
    assert!(sender.page.says("thiếu 1, thừa 0"));
}

/// The key goes out at the desk, its digits are read off there; a blank is found among many, and a list says what it leaves out.
#[test]
fn the_page_of_the_stock_gives_out_the_stations_key_and_finds_a_blank() {
    let (here, there) = (House::open(), House::open_other());
    let mut kho = here.officer("kho");
    let many: String = (1..=510).map(|one| format!("4c41420000000000{one:04x}\n")).collect();
    stocked(&mut kho, &many);
    kho.get("/stock");
    assert!(kho.page.says("/stock/station.pub"), "{}", kho.page.body);
    kho.get("/stock/station.pub");
    assert!(kho.page.status == 200 && kho.page.header("content-disposition").contains(".station.pub"));
    kho.get("/stock/blanks?state=in-stock");
    assert!(kho.page.says("500 phôi đầu trong 510") && kho.page.says("4c414200000000000001"));
    assert!(!kho.page.says("4c4142000000000001fe"));
    kho.get("/stock/blanks.csv?state=in-stock");
    assert!(
        kho.page.says("4c4142000000000001fe,in-stock")
            && kho.page.header("content-type").starts_with("text/csv")
    );
    kho.get("/stock/find?serial=4C41%204200%200000%200000%2001fe");
    assert_eq!(kho.page.location, "/stock/blanks/4c4142000000000001fe");
    kho.get("/stock/find?serial=12");
    assert_eq!(kho.page.status, 422);
    // The history says where it went, and the paper is called what it is.
    let trip = [("reference", "chuyến 7"), ("serials", "4c414200000000000001")];
    assert_eq!(order(&mut kho, "send", &trip, &[("key", &key(&there))]), 303);
    kho.get("/stock/blanks/4c414200000000000001");
    assert!(kho.page.says("chuyến chuyến 7, máy trạm"), "{}", kho.page.body);
    let sender = here.ledger_says("SELECT sender FROM stock_transports");
    let their = here.ledger_says("SELECT other FROM stock_transports");
    let paper: String = "chuyến 7".bytes().map(|octet| format!("{octet:02x}")).collect();
    kho.get(&format!("/stock/transports/{sender}/{paper}"));
    assert!(kho.page.header("content-disposition").contains("list-chuy_n_7.json"));
    kho.get("/stock");
    for key in [sender, their] {
        assert!(kho.page.says(&cccd_issuer::words::fingerprint(&key)), "{key}");
    }
    let mut lan = here.officer("lan");
    for path in ["/stock/station.pub", "/stock/blanks.csv", "/stock/find?serial=12"] {
        lan.get(path);
        assert_eq!(lan.page.status, 403, "{path}");
    }
}

#[test]
fn a_blank_that_two_stations_say_they_have_is_settled_at_the_desk() {
    let (here, there) = (House::open(), House::open_other());
    let (mut sender, mut receiver) = (here.officer("kho"), there.officer("kho"));
    let text = serials(3);
    stocked(&mut sender, &text);
    let trip = [("reference", "chuyến 7"), ("serials", text.as_str())];
    assert_eq!(order(&mut sender, "send", &trip, &[("key", &key(&there))]), 303);
    let list = here.ledger_says("SELECT list FROM stock_transports").into_bytes();
    // Two were left in the cabinet and are taken back; the receiver signs for all three.
    let two = serials(2);
    assert_eq!(order(&mut sender, "take-back", &[("serials", &two)], &[]), 303, "{}", sender.page.body);
    let files = [("list", &list[..]), ("key", &key(&here)[..])];
    assert_eq!(order(&mut receiver, "accept", &[("all", "yes")], &files), 303, "{}", receiver.page.body);
    let receipt = there.ledger_says("SELECT receipt FROM stock_receipts").into_bytes();
    sender.get("/stock");
    assert!(!sender.page.says("hai trạm cùng ghi là có"), "nothing to be settled");
    order(&mut sender, "acknowledge", &[], &[("receipt", &receipt), ("key", &key(&there))]);
    assert!(
        sender.page.says("1 phôi đã bàn giao") && sender.page.says("sổ ở đây không gửi theo chuyến này nữa")
    );
    assert!(!sender.page.says("đã vào kho"), "nothing came in here: {}", sender.page.body);
    sender.get("/stock");
    assert!(sender.page.says("bên nhận cũng ký là có") && sender.page.says("hai trạm cùng ghi là có"));
    assert!(sender.page.says("chuyến 7 – 2 phôi"), "{}", sender.page.body);

    let claims = format!("chuyến 7\u{1f}{}", two.trim_end());
    let note = ("note", "nằm trong tủ ở đây, bên nhận đếm nhầm");
    let one = ("serials", "4c414200000000000001");
    assert_eq!(
        order(&mut sender, "settle", &[("claims", &claims), one], &[]),
        422,
        "nobody says what was seen"
    );
    assert_eq!(order(&mut sender, "settle", &[note, one], &[]), 422, "of no transport");
    let both = [("claims", claims.as_str()), ("all", "yes"), note, one];
    assert_eq!(order(&mut sender, "settle", &both, &[]), 422, "all of them, or one?");
    let third = ("serials", "4c414200000000000003");
    assert_eq!(order(&mut sender, "settle", &[("claims", &claims), note, third], &[]), 409, "handed over");
    assert_eq!(order(&mut sender, "settle", &[("claims", &claims), note, one], &[]), 303);
    sender.get("/stock");
    assert!(sender.page.says("chuyến 7 – 1 phôi"), "the other one is open still");
    let request = sender.page.hidden("request");
    let left = "chuyến 7\u{1f}4c414200000000000002";
    assert_eq!(order(&mut sender, "settle", &[("claims", left), note], &[]), 422, "neither all nor some");
    for turn in 1..=2 {
        sender.get("/stock");
        sender.post_parts(
            "/stock/settle",
            &[("claims", left), ("all", "yes"), note, ("request", &request)],
            &[],
        );
        assert_eq!(sender.page.status, 303, "{turn}: {}", sender.page.body);
        assert_eq!(sender.page.location, "/stock?done=settle");
    }
    // The other station hears nothing of it: the keeper is told to say so.
    sender.get("/stock?done=settle");
    assert!(sender.page.says("báo thủ kho bên đó ghi mất"), "{}", sender.page.body);
    sender.get("/stock?done=%3Cb%3E");
    assert!(sender.page.status == 200 && !sender.page.says("<b>"));
    sender.get("/stock/blanks/4c414200000000000002");
    assert!(
        sender.page.says("Đã làm rõ với máy trạm kia") && sender.page.says(note.1),
        "{}",
        sender.page.body
    );
    sender.get("/stock");
    assert!(!sender.page.says("hai trạm cùng ghi là có") && !sender.page.says("bên nhận cũng ký là có"));
    assert_eq!((standing(&here, "in-stock"), standing(&here, "handed-over")), ("2".into(), "1".into()));
}

#[test]
fn a_blank_makes_its_keys_when_it_comes_to_stock_and_once() {
    let house = House::open();
    let (mut kho, mut lan) = (house.officer("kho"), house.officer("lan"));
    lan.get("/stock/keys");
    assert_eq!(lan.page.status, 403);
    let ask = |kho: &mut Browser| {
        kho.get("/stock/keys");
        kho.post("/stock/keys", &[("reader", "Reader 00")]);
        kho.page.status
    };
    assert_eq!(ask(&mut kho), 409, "a blank that is in no stock is left as it is");
    let note = [("supplier", "Nhà máy Mẫu"), ("note", "PG-1"), ("serials", "01010101010101010101")];
    assert_eq!(order(&mut kho, "receive", &note, &[]), 303);
    assert_eq!(ask(&mut kho), 409, "nor one that nobody counted");
    assert_eq!(order(&mut kho, "count", &[("batch", "Nhà máy Mẫu\u{1f}PG-1"), ("all", "yes")], &[]), 303);
    kho.get("/stock/keys");
    let request = kho.page.hidden("request");
    for turn in 1..=2 {
        kho.post("/stock/keys", &[("reader", "Reader 00"), ("request", &request)]);
        assert_eq!(kho.page.location, "/stock/keys?made=01010101010101010101", "{turn}: {}", kho.page.body);
        kho.get("/stock/keys?made=01010101010101010101");
    }
    assert!(kho.page.says("Phôi đã tạo khóa") && kho.page.says("01010101010101010101"), "{}", kho.page.body);
    assert_eq!(house.ledger_says("SELECT count(*) FROM blank_keys"), "1", "sent again, it makes no others");
    // What the address says is not what the page says.
    kho.get("/stock/keys?made=02020202020202020202");
    assert!(kho.page.status == 200 && !kho.page.says("02020202020202020202"));
    kho.get("/stock/keys?made=%3Cb%3E");
    assert_eq!(kho.page.status, 404);
    kho.get("/stock/keys");
    kho.post("/stock/keys", &[("reader", "Reader 77")]);
    assert_eq!(kho.page.status, 422);
}

#[test]
fn what_was_sent_is_taken_back_and_the_cabinet_is_counted() {
    let (here, there) = (House::open(), House::open_other());
    let key = std::fs::read(there.folder.path().join("ledger.sqlite.station.pub")).unwrap();
    let mut kho = here.officer("kho");
    let text = serials(4);
    let batch = [("supplier", "Nhà máy Mẫu"), ("note", "PG-1"), ("serials", text.as_str())];
    assert_eq!(order(&mut kho, "receive", &batch, &[]), 303);
    assert_eq!(order(&mut kho, "count", &[("batch", "Nhà máy Mẫu\u{1f}PG-1"), ("all", "yes")], &[]), 303);
    for (trip, serials) in
        [("chuyến 7", "4c414200000000000001\n4c414200000000000002"), ("chuyến 8", "4c414200000000000003")]
    {
        let fields = [("reference", trip), ("serials", serials)];
        assert_eq!(order(&mut kho, "send", &fields, &[("key", &key)]), 303, "{}", kho.page.body);
    }
    // One blank of the first is back, then the rest of it; the other stays on the way.
    assert_eq!(order(&mut kho, "take-back", &[("serials", "4c414200000000000001")], &[]), 303);
    assert_eq!((standing(&here, "in-stock"), standing(&here, "sent")), ("2".into(), "2".into()));
    kho.get("/stock");
    assert!(kho.page.says("value=\"chuyến 7\"") && kho.page.says("value=\"chuyến 8\""), "{}", kho.page.body);
    let request = kho.page.hidden("request");
    for turn in 1..=2 {
        kho.post_parts("/stock/take-back", &[("transport", "chuyến 7"), ("request", &request)], &[]);
        assert_eq!(kho.page.status, 303, "{turn}: {}", kho.page.body);
        kho.get("/stock");
    }
    assert_eq!((standing(&here, "in-stock"), standing(&here, "sent")), ("3".into(), "1".into()));
    assert_eq!(
        order(&mut kho, "take-back", &[("transport", "chuyến 7")], &[]),
        409,
        "nothing of it is on the way"
    );
    kho.get("/stock");
    assert!(!kho.page.says("value=\"chuyến 7\"") && kho.page.says("value=\"chuyến 8\""), "{}", kho.page.body);
    assert!(kho.page.says("đã nhận lại"), "{}", kho.page.body);
    assert_eq!(order(&mut kho, "take-back", &[("transport", "chuyến 9")], &[]), 409, "there is no such one");
    assert_eq!(
        order(&mut kho, "take-back", &[("serials", "4c414200000000000004")], &[]),
        409,
        "it was not sent"
    );

    // One of three is not in the cabinet, and one lies there that was sent: told, and nothing is moved by it.
    let found = "4c414200000000000001\n4c414200000000000003\n4c414200000000000004\n";
    assert_eq!(order(&mut kho, "inventory", &[], &[("file", found.as_bytes())]), 200);
    for said in ["4c414200000000000002", "không có trong tủ", "4c414200000000000003", "sổ ghi khác"] {
        assert!(kho.page.says(said), "{said}: {}", kho.page.body);
    }
    let all = "4c414200000000000001 \n4c414200000000000002\n4c414200000000000004";
    assert_eq!(order(&mut kho, "inventory", &[("serials", all)], &[]), 200);
    assert!(kho.page.says("đúng với sổ"), "{}", kho.page.body);
    assert_eq!(order(&mut kho, "inventory", &[("serials", "12")], &[]), 409);
    assert_eq!((standing(&here, "in-stock"), standing(&here, "sent")), ("3".into(), "1".into()));
    assert_eq!(here.ledger_says("SELECT count(*) FROM audit WHERE line LIKE '%stock-inventory%'"), "2");
    let mut lan = here.officer("lan");
    lan.get("/");
    lan.post_parts("/stock/inventory", &[], &[]);
    assert_eq!(lan.page.status, 403);
}
