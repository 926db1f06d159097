//! The desk over HTTP, as a browser speaks to it: the whole way of an application, and everything that must not work.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cccd_issuer::accounts::{Hardness, NewAccount, Password, Role};
use cccd_issuer::audit::Auditor;
use cccd_issuer::desk::{Desk, Laid, NoChip, ReaderSeen, Readers, Setup, serve};
use cccd_issuer::ledger::{ApplicationId, Ledger};
use cccd_issuer::register::LocalRegister;
use cccd_issuer::station::StationKeys;
use cccd_population::register_key::make_seal_keys;
use cccd_population::store::{Change, Place, SqlStore, Store as _};
use jiff::SignedDuration;
use rand_core::CryptoRng;
use tempfile::TempDir;

use crate::support::{DEAD_NUMBER, NUMBER, OTHER_NUMBER, PORTRAIT, at, blank, persons, rng, shared_keys};

/// A reader with a pile of blanks; each is laid once, or waits until the test lets it.
struct Pile {
    next: Mutex<u8>,
    held: Arc<AtomicBool>,
}

impl Readers for Pile {
    fn list(&self) -> Vec<ReaderSeen> {
        let reader = |name: &str| ReaderSeen { name: name.to_owned(), card_present: true };
        vec![reader("Reader 00"), reader("Reader 01")]
    }

    fn lay(
        &self,
        _: &str,
        _: ApplicationId,
        _: &StationKeys,
        stop: &Arc<AtomicBool>,
        _: &mut dyn CryptoRng,
    ) -> Result<Laid, NoChip> {
        while self.held.load(Ordering::SeqCst) && !stop.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut next = self.next.lock().unwrap();
        *next += 1;
        Ok(Laid { link: Box::new(blank(*next)), extended: true })
    }
}

/// A desk that is served, its clock, and its folder.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) address: String,
    /// Seconds that went by.
    clock: Arc<AtomicI64>,
    /// No blank is laid while this is set.
    pub(crate) held: Arc<AtomicBool>,
}

const OFFICERS: [(&str, &[Role]); 4] = [
    ("chief", &[Role::Administrator]),
    ("lan", &[Role::Capture, Role::Personalise, Role::Deliver]),
    ("minh", &[Role::Approve, Role::Capture]),
    ("hoa", &[Role::Deliver]),
];

pub(crate) fn password_of(name: &str) -> String {
    let place = OFFICERS.iter().position(|(known, _)| *known == name).unwrap_or_default();
    format!("a long password, number {place}")
}

impl House {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, register) = (folder.path().join("ledger.sqlite"), folder.path().join("register.sqlite"));
        let mut store = SqlStore::create_file(&register, at()).unwrap();
        let mut people = persons();
        people.push(
            serde_json::from_value(serde_json::json!({
                "number": "001199000004", "full_name": "<script>alert(1)</script>", "birth_date": "1999-05-20",
                "sex": "female", "life": "alive"
            }))
            .unwrap(),
        );
        let change = Change { source: "import test".to_owned(), at: at() };
        for person in &people {
            store.put_person(person, &change).unwrap();
        }
        let mut ledger = Ledger::open(&path).unwrap();
        ledger.log_with(Auditor::beside(&path, &mut rng(3)).unwrap());
        let mut chief = None;
        for (name, roles) in OFFICERS {
            let (roles, password) = (roles.iter().copied().collect(), Password::new(&password_of(name)));
            let new = NewAccount { name, roles: &roles, password: &password, hardness: Hardness::TEST };
            ledger.accounts().add(chief.as_ref(), &new, at(), &mut rng(4)).unwrap();
            if chief.is_none() {
                chief = Some(ledger.accounts().officer(name, &password, at()).unwrap());
            }
        }
        let clock = Arc::new(AtomicI64::new(0));
        let held = Arc::new(AtomicBool::new(false));
        let (drawer_keys, _) = make_seal_keys(&folder.path().join("drawer"), &mut rng(5)).unwrap();
        let (turning, holding) = (Arc::clone(&clock), Arc::clone(&held));
        let setup = Setup {
            ledger,
            register: Box::new(move || {
                Ok(Box::new(LocalRegister::open(&Place::file(&register), "issuer desk")?))
            }),
            keys: shared_keys(),
            readers: Box::new(Pile { next: Mutex::new(0), held: holding }),
            drawer: folder.path().join("drawer"),
            drawer_keys,
            clock: Box::new(move || at() + SignedDuration::from_secs(turning.load(Ordering::SeqCst))),
            seed: [6; 32],
            hosts: Vec::new(),
            secure: false,
        };
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, Desk::open(setup), std::future::pending()).await;
            });
        });
        Self { folder, address: told.recv().unwrap().to_string(), clock, held }
    }

    fn passes(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn browser(&self) -> Browser {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Browser {
            agent: config.into(),
            base: self.address.clone(),
            session: String::new(),
            page: Page::default(),
        }
    }

    fn officer(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        browser.log_in(name, &password_of(name));
        assert_eq!(browser.page.status, 303, "{}", browser.page.body);
        browser
    }

    fn ledger_says(&self, sql: &str) -> String {
        let connection = rusqlite::Connection::open(self.folder.path().join("ledger.sqlite")).unwrap();
        connection
            .query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| match value {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            })
            .unwrap()
    }

    /// An application of this number, captured by lan; its address.
    fn captured(&self, lan: &mut Browser, number: &str) -> String {
        lan.look_up(number);
        let visit = lan.page.location.clone();
        lan.get(&visit);
        lan.upload(&visit, &PORTRAIT);
        assert_eq!(lan.page.status, 303, "{}", lan.page.body);
        lan.get(&visit);
        lan.post(&format!("{visit}/capture"), &[]);
        assert_eq!(lan.page.status, 303, "{}", lan.page.body);
        lan.page.location.clone()
    }

    fn approved(&self, lan: &mut Browser, number: &str) -> String {
        let address = self.captured(lan, number);
        let mut minh = self.officer("minh");
        minh.get(&address);
        minh.post(&format!("{address}/approve"), &[]);
        assert_eq!(minh.page.status, 303, "{}", minh.page.body);
        address
    }
}

#[derive(Debug, Default, Clone)]
struct Page {
    status: u16,
    location: String,
    cookies: Vec<String>,
    headers: Vec<(String, String)>,
    body: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of a hidden field, the first of this name.
    fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&mark).map(|at| at + mark.len());
        at.and_then(|at| self.body[at..].split('"').next()).unwrap_or_default().to_owned()
    }

    fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

/// What a browser does, without script.
struct Browser {
    agent: ureq::Agent,
    base: String,
    session: String,
    page: Page,
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

impl Browser {
    fn take(&mut self, answer: ureq::http::Response<ureq::Body>) {
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let status = answer.status().as_u16();
        let body = answer.into_body().into_with_config().limit(64 << 20).read_to_vec().unwrap();
        let of = |name: &str| {
            let found = headers.iter().filter(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let page = Page {
            status,
            location: of("location").first().cloned().unwrap_or_default(),
            cookies: of("set-cookie"),
            body: String::from_utf8_lossy(&body).into_owned(),
            headers,
        };
        // As a browser: where a redirect answers, the forms that are shown stay those of the page before.
        for cookie in &page.cookies {
            if let Some(rest) = cookie.strip_prefix("desk=") {
                self.session = rest.split(';').next().unwrap().to_owned();
            }
        }
        self.page = page;
    }

    fn get(&mut self, path: &str) {
        let path = path.split('#').next().unwrap();
        let request = self.agent.get(format!("http://{}{path}", self.base));
        let answer = request.header("cookie", format!("desk={}", self.session)).call().unwrap();
        self.take(answer);
    }

    /// Sends a form of the page that is shown: its hidden fields and these.
    fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        let mut all = Vec::new();
        for name in ["mark", "request", "captured"] {
            let value = self.page.hidden(name);
            if !value.is_empty() && fields.iter().all(|(known, _)| known != &name) {
                all.push((name, value));
            }
        }
        all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.send(path, &all, &[]);
    }

    fn send(&mut self, path: &str, fields: &[(&str, String)], headers: &[(&str, &str)]) {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let mut request = self.agent.post(format!("http://{}{path}", self.base));
        request = request.header("cookie", format!("desk={}", self.session));
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send(body.join("&").as_bytes()).unwrap();
        self.take(answer);
    }

    fn log_in(&mut self, name: &str, password: &str) {
        self.post("/login", &[("name", name), ("password", password)]);
    }

    fn look_up(&mut self, text: &str) {
        self.get("/");
        self.post("/look-up", &[("q", text)]);
    }

    fn upload(&mut self, visit: &str, file: &[u8]) {
        let mark = self.page.hidden("mark");
        self.upload_with(visit, &mark, file);
    }

    fn upload_with(&mut self, visit: &str, mark: &str, file: &[u8]) {
        let mut body = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"mark\"\r\n\r\n{mark}\r\n--edge\r\ncontent-disposition: \
             form-data; name=\"portrait\"; filename=\"a.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        let request = self.agent.post(format!("http://{}{visit}/portrait", self.base));
        let request = request.header("cookie", format!("desk={}", self.session));
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        let answer = request.send(&body[..]).unwrap();
        self.take(answer);
    }

    /// Looks again until the page says this.
    fn until(&mut self, path: &str, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            self.get(path);
            if self.page.says(text) {
                return;
            }
            assert!(Instant::now() < deadline, "{path} never says {text}: {}", self.page.body);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

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
    assert!(lan.page.says("099000001") && lan.page.says("Nguyễn Văn An"));

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
    assert_eq!(hoa.page.status, 403);
    let mut chief = house.officer("chief");
    chief.get(&address);
    assert_eq!(chief.page.status, 403, "an administrator sees no citizen");
    assert_eq!(house.ledger_says("SELECT state FROM applications"), "captured");
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
    for path in ["/", &address, "/static/desk.js", "/nothing", "/login"] {
        minh.get(path);
        let policy = minh.page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(minh.page.header("x-content-type-options"), "nosniff");
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
