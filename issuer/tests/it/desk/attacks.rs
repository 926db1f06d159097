//! What must not work: other officers, second clicks, other sessions and pages, hostile files and names.

use super::house::{House, password_of};
use crate::support::{NUMBER, OTHER_NUMBER, PORTRAIT};
use std::sync::atomic::Ordering;

#[test]
fn who_captured_does_not_approve_and_roles_hold() {
    let house = House::open();
    let mut minh = house.officer("minh");
    let address = house.captured(&mut minh, NUMBER);
    minh.get(&address);
    assert!(minh.page.says("một cán bộ khác phải duyệt") && !minh.page.says("/approve"));
    let captured = house.ledger_says("SELECT captured_sha256 FROM applications");
    let fields = [("request", "0".repeat(32)), ("captured", captured), ("mark", minh.page.hidden("mark"))];
    minh.send(&format!("{address}/approve"), &fields, &[]);
    assert_eq!(minh.page.status, 409, "{}", minh.page.body);
    let mut hoa = house.officer("hoa");
    for (path, status) in [("approve", 403), ("refuse", 403), ("make", 403), ("spoil", 403), ("deliver", 409)]
    {
        hoa.get(&address);
        let fields =
            [("mark", hoa.page.hidden("mark")), ("request", "1".repeat(32)), ("face", "yes".to_owned())];
        hoa.send(&format!("{address}/{path}"), &fields, &[]);
        assert_eq!(hoa.page.status, status, "{path}");
    }
    hoa.look_up(NUMBER);
    assert_eq!(
        (hoa.page.status, &*hoa.page.location),
        (303, &*address),
        "an open application is found by all"
    );
    let mut chief = house.officer("chief");
    chief.get(&address);
    assert_eq!(chief.page.status, 403, "an administrator sees no citizen");
    assert_eq!(house.ledger_says("SELECT state FROM applications"), "captured");
}

/// Whoever keeps accounts, the stock or the log sees nobody: no list, no paper, no face.
#[test]
fn only_who_works_with_citizens_sees_them() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let address = house.captured(&mut lan, NUMBER);
    let mut paths: Vec<String> = [
        "/applications",
        "/applications?state=captured",
        "/cards",
        "/readers",
        "/live/readers?stops=0000000000000000",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(format!("/live{address}"));
    for rest in
        ["", "/portrait.jpg", "/front.png", "/back.png", "/card.pdf", "/cc01.pdf", "/cc02.pdf", "/receipt"]
    {
        paths.push(format!("{address}{rest}"));
    }
    for (name, first) in [("chief", "/accounts"), ("kho", "/stock"), ("thanh", "/reports")] {
        let mut officer = house.officer(name);
        officer.get("/");
        assert_eq!(officer.page.location, first, "{name}");
        for path in &paths {
            officer.get(path);
            assert_eq!(officer.page.status, 403, "{name} {path}");
            assert!(!officer.page.says(NUMBER) && !officer.page.says("Nguyễn Văn An"), "{name} {path}");
        }
        for (path, field) in [("/cards/find", "number"), ("/look-up", "q")] {
            officer.get("/reports");
            officer.post(path, &[(field, NUMBER)]);
            assert_eq!(officer.page.status, 403, "{name} {path}");
        }
        officer.get(first);
        assert!(officer.page.status == 200 && !officer.page.says("href=\"/applications\""), "{name}");
    }
    assert_eq!(house.ledger_says("SELECT count(*) FROM audit WHERE line LIKE '%form-printed%'"), "0");
}

#[test]
fn a_second_click_and_a_form_that_is_sent_again_do_nothing_more() {
    let house = House::open();
    let mut lan = house.officer("lan");
    lan.look_up(NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    lan.upload(&visit, &PORTRAIT);
    lan.get(&visit);
    let mark = lan.page.hidden("mark");
    // Two clicks at once, from two connections.
    let (mut one, mut two) = (house.browser(), house.browser());
    (one.session, two.session) = (lan.session.clone(), lan.session.clone());
    let capture = format!("{visit}/capture");
    std::thread::scope(|scope| {
        for browser in [&mut one, &mut two] {
            let (capture, mark) = (capture.clone(), mark.clone());
            scope.spawn(move || browser.send(&capture, &[("mark", mark)], &[]));
        }
    });
    assert_eq!((one.page.status, two.page.status), (303, 303), "{} {}", one.page.body, two.page.body);
    assert_eq!(one.page.location, two.page.location);
    // Back, and again.
    lan.send(&capture, &[("mark", mark)], &[]);
    assert_eq!(lan.page.location, one.page.location);
    lan.get(&visit);
    assert_eq!(lan.page.location, one.page.location);
    assert_eq!(house.ledger_says("SELECT count(*) FROM applications"), "1");

    let address = one.page.location.clone();
    let mut minh = house.officer("minh");
    minh.get(&address);
    let shown = minh.page.clone();
    for _ in 0..3 {
        minh.page = shown.clone();
        minh.post(&format!("{address}/approve"), &[]);
        assert_eq!(minh.page.status, 303);
    }
    assert_eq!(house.ledger_says("SELECT count(*) FROM actions WHERE action = 'approve'"), "1");
    // Another request, after it was done: told, not done.
    let fields =
        [("mark", shown.hidden("mark")), ("request", "2".repeat(32)), ("captured", shown.hidden("captured"))];
    minh.send(&format!("{address}/approve"), &fields, &[]);
    assert_eq!(minh.page.status, 409);

    // Two officers, two readers, one application: one chip.
    house.held.store(true, Ordering::SeqCst);
    lan.get(&address);
    let shown = lan.page.clone();
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    assert_eq!(lan.page.status, 303);
    lan.page = shown.clone();
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    assert_eq!(lan.page.status, 303, "the same click again");
    lan.page = shown.clone();
    lan.post(&format!("{address}/make"), &[("reader", "Reader 01")]);
    assert_eq!(lan.page.status, 409, "{}", lan.page.body);
    house.held.store(false, Ordering::SeqCst);
    lan.until(&address, "đã cấp");
    lan.page = shown;
    lan.post(&format!("{address}/make"), &[("reader", "Reader 01")]);
    assert_eq!(lan.page.status, 303, "sent again afterwards, it finds the card");
    assert_eq!(house.ledger_says("SELECT count(*) FROM chips"), "1");
}

#[test]
fn what_was_not_shown_is_not_approved_and_still_waits() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let address = house.captured(&mut lan, NUMBER);
    let mut minh = house.officer("minh");
    for shown in [None, Some("0".repeat(64))] {
        minh.get(&address);
        let mut fields = vec![("mark", minh.page.hidden("mark")), ("request", minh.page.hidden("request"))];
        fields.extend(shown.map(|shown| ("captured", shown)));
        minh.send(&format!("{address}/approve"), &fields, &[]);
        assert_eq!(minh.page.status, 409, "{}", minh.page.body);
        assert!(minh.page.says("vẫn chờ duyệt") && !minh.page.says("bị trả lại"), "{}", minh.page.body);
        assert_eq!(house.ledger_says("SELECT state FROM applications"), "captured");
    }
    minh.get(&address);
    minh.post(&format!("{address}/approve"), &[]);
    assert_eq!(minh.page.status, 303, "{}", minh.page.body);
}

#[test]
fn another_session_and_another_page_change_nothing() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let address = house.captured(&mut lan, NUMBER);
    let mut minh = house.officer("minh");
    minh.get(&address);
    let own = [
        ("mark", minh.page.hidden("mark")),
        ("request", minh.page.hidden("request")),
        ("captured", minh.page.hidden("captured")),
    ];
    let approve = format!("{address}/approve");
    let with = |mark: &str| {
        own.clone().map(|(name, value)| if name == "mark" { (name, mark.to_owned()) } else { (name, value) })
    };
    lan.get(&address);
    let session = minh.session.clone();
    for mark in ["", "0", &lan.page.hidden("mark"), &session] {
        minh.send(&approve, &with(mark), &[]);
        assert_eq!(minh.page.status, 403, "mark {mark}");
    }
    for headers in [
        [("origin", "http://evil.example")],
        [("origin", "null")],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
    ] {
        minh.send(&approve, &own, &headers);
        assert_eq!(minh.page.status, 403, "{headers:?}");
    }
    minh.send(&approve, &own, &[("host", "evil.example")]);
    assert_eq!(minh.page.status, 421);
    let mut nobody = house.browser();
    nobody.send(&approve, &own, &[]);
    assert_eq!(nobody.page.status, 401);
    assert_eq!(house.ledger_says("SELECT state FROM applications"), "captured");
    // Somebody's visit is nobody else's.
    lan.look_up(OTHER_NUMBER);
    let visit = lan.page.location.clone();
    minh.get(&visit);
    assert_eq!(minh.page.status, 410);
    // The cookie is for this site and no script; the page lets nothing foreign in.
    let mut fresh = house.browser();
    fresh.log_in("minh", &password_of("minh"));
    let cookie = &fresh.page.cookies[0];
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    for path in ["/", &address, "/static/desk.js", "/static/camera.js", "/nothing", "/login"] {
        minh.get(path);
        let policy = minh.page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(minh.page.header("x-content-type-options"), "nosniff");
        // A camera for this page's own portrait, and nothing else of the officer's machine.
        let allowed = minh.page.header("permissions-policy");
        assert!(allowed.contains("camera=(self)") && allowed.contains("microphone=()"), "{path}: {allowed}");
        assert!(
            !minh.page.says("<style") && !minh.page.says(" style=") && !minh.page.says("onclick"),
            "{path}"
        );
    }
    minh.send(
        &approve,
        &own,
        &[("origin", &format!("http://{}", house.address)), ("sec-fetch-site", "same-origin")],
    );
    assert_eq!(minh.page.status, 303, "{}", minh.page.body);
}

#[test]
fn a_session_ends_and_what_was_begun_is_there_after_the_next_login() {
    let house = House::open();
    let mut lan = house.officer("lan");
    lan.look_up(NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    let shown = lan.page.clone();
    house.passes(16 * 60);
    lan.post(&format!("{visit}/asked"), &[("for", "first-issue"), ("template", "2021")]);
    assert_eq!(lan.page.status, 401);
    assert!(!lan.page.says("issuer account") && !lan.page.says("nobody is logged in"), "{}", lan.page.body);
    assert!(lan.page.says("Đăng nhập") && lan.page.cookies.iter().any(|cookie| cookie.contains("Max-Age=0")));
    lan.get(&visit);
    assert_eq!(lan.page.status, 401);
    lan.post("/login", &[("name", "lan"), ("password", &password_of("lan")), ("next", &visit)]);
    assert_eq!(lan.page.location, visit);
    // The form of the session before is not taken.
    lan.page = shown;
    lan.post(&format!("{visit}/asked"), &[("for", "first-issue"), ("template", "2021")]);
    assert_eq!(lan.page.status, 403);
    lan.get(&visit);
    assert_eq!(lan.page.status, 200);
    lan.post("/logout", &[]);
    assert_eq!(lan.page.status, 303);
    // Wrong passwords rest the account; and nobody is sent elsewhere by a login.
    let mut other = house.browser();
    for _ in 0..5 {
        other.log_in("minh", "wrong");
        assert_eq!(other.page.status, 401);
    }
    other.log_in("minh", &password_of("minh"));
    assert_eq!(other.page.status, 429);
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "/a?b"] {
        let mut hoa = house.browser();
        hoa.post("/login", &[("name", "hoa"), ("password", &password_of("hoa")), ("next", next)]);
        assert_eq!(hoa.page.location, "/", "{next}");
    }
}

#[test]
fn an_officer_changes_their_own_password_and_nobody_does_anything_else_by_mistake() {
    let house = House::open();
    let mut lan = house.officer("lan");
    let (own, new) = (password_of("lan"), "hoa sen trong ao");
    for (old, typed, again, status) in [
        ("not the password", new, new, 403),
        (&*own, new, "hoa sen ngoài ao", 422),
        (&*own, "ngắn", "ngắn", 422),
        (&*own, &*own, &*own, 422),
    ] {
        lan.get("/password");
        assert_eq!(lan.page.status, 200);
        lan.post("/password", &[("old", old), ("new", typed), ("again", again)]);
        assert_eq!(lan.page.status, status, "{typed} {again}: {}", lan.page.body);
    }
    lan.get("/password");
    lan.post("/password", &[("mark", "0"), ("old", &own), ("new", new), ("again", new)]);
    assert_eq!(lan.page.status, 403, "a form of another session");
    lan.get("/password");
    lan.post("/password", &[("old", &own), ("new", new), ("again", new)]);
    assert_eq!((lan.page.status, &*lan.page.location), (303, "/login"));
    lan.get("/");
    assert_eq!(lan.page.status, 401, "every session of the account is over");
    let mut again = house.browser();
    again.log_in("lan", &own);
    assert_eq!(again.page.status, 401);
    again.log_in("lan", new);
    assert_eq!(again.page.status, 303);
    // Whoever set the first password knew it; nobody else knows this one.
    again.get("/");
    assert!(!again.page.says("Người khác đã đặt mật khẩu này"), "{}", again.page.body);
    let mut minh = house.officer("minh");
    minh.get("/");
    assert!(minh.page.says("Người khác đã đặt mật khẩu này"), "{}", minh.page.body);
    let by = "SELECT group_concat(actor) FROM account_actions WHERE account = 'lan' AND action = 'password'";
    assert_eq!(house.ledger_says(by), "lan");
    // An order that nobody knows sets no password.
    let mut chief = house.officer("chief");
    chief.get("/accounts");
    chief.post("/accounts/change", &[("name", "lan"), ("do", "burn"), ("password", "another long word")]);
    assert_eq!(chief.page.status, 422);
    assert_eq!(house.ledger_says(by), "lan");
}

#[test]
fn hostile_uploads_are_told_and_nothing_breaks() {
    let house = House::open();
    let mut lan = house.officer("lan");
    lan.look_up(NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    let page = lan.page.clone();
    // A picture of 60,000 × 60,000 pixels in a few octets, as a header says; a bomb of white that is small in the file.
    let mut huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    huge.extend([0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 2, 0, 0, 0, 0, 0, 0, 0]);
    let mut bomb = Vec::new();
    image::DynamicImage::ImageLuma8(image::GrayImage::new(7_900, 11_000))
        .write_to(&mut std::io::Cursor::new(&mut bomb), image::ImageFormat::Png)
        .unwrap();
    let mut wide = Vec::new();
    image::DynamicImage::ImageLuma8(image::GrayImage::new(800, 400))
        .write_to(&mut std::io::Cursor::new(&mut wide), image::ImageFormat::Png)
        .unwrap();
    let cases: [(&str, Vec<u8>, u16); 9] = [
        ("nothing", Vec::new(), 422),
        ("a page", b"<html><script>alert(1)</script></html>".to_vec(), 422),
        ("a drawing", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(), 422),
        ("an animation", b"GIF89a\x01\x00\x01\x00".to_vec(), 422),
        ("half a picture", PORTRAIT[..PORTRAIT.len() / 2].to_vec(), 422),
        ("huge pixels", huge, 422),
        ("a bomb", bomb, 422),
        ("a landscape", wide, 422),
        ("one octet too many", vec![0xFF; (8 << 20) + 1], 413),
    ];
    for (what, file, status) in cases {
        lan.page = page.clone();
        lan.upload(&visit, &file);
        assert_eq!(lan.page.status, status, "{what}: {}", lan.page.body);
        assert!(lan.page.says("notice bad"), "{what}");
    }
    lan.upload_with(&visit, "not the mark", &PORTRAIT);
    assert_eq!(lan.page.status, 403);
    lan.page = page.clone();
    lan.upload(&visit, &PORTRAIT);
    assert_eq!(lan.page.status, 303);
    lan.get(&format!("{visit}/portrait.jpg"));
    assert_eq!(lan.page.header("content-type"), "image/jpeg");
    // A form without end, and one with a thousand fields.
    lan.send("/look-up", &[("q", "1".repeat(100_000))], &[]);
    assert_eq!(lan.page.status, 413);
    let many: Vec<(&str, String)> = (0..1000).map(|_| ("q", "1".to_owned())).collect();
    lan.send("/look-up", &many, &[]);
    assert_eq!(lan.page.status, 422);
}

#[test]
fn a_script_in_a_name_is_a_name() {
    let house = House::open();
    let mut lan = house.officer("lan");
    lan.look_up("001199000004");
    let visit = lan.page.location.clone();
    lan.get(&visit);
    assert!(lan.page.says("&lt;script&gt;alert(1)&lt;/script&gt;") && !lan.page.says("<script>alert"));
    let evil = "\"><script>alert(2)</script>";
    lan.post(&format!("{visit}/said"), &[("full_name", evil), ("residence", evil)]);
    lan.get(&visit);
    assert!(!lan.page.says("<script>alert") && lan.page.says("&quot;&gt;&lt;script&gt;"));
    let address = house.captured(&mut lan, OTHER_NUMBER);
    let mut minh = house.officer("minh");
    minh.get(&address);
    minh.post(&format!("{address}/refuse"), &[("reason", evil)]);
    assert_eq!(minh.page.status, 303);
    minh.get(&address);
    assert!(!minh.page.says("<script>alert") && minh.page.says("đã từ chối"));
    for text in [
        "12345678901x",
        "<script>",
        "0790990000011",
        &"9".repeat(4000),
        "a|b|c",
        "||||||",
        "079099000001|||||||",
    ] {
        lan.look_up(text);
        assert_eq!(lan.page.status, 422, "{text}");
        assert!(!lan.page.says("<script>alert"));
    }
}
