//! A desk that is served, and a browser without script.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_issuer::accounts::{Hardness, NewAccount, Password, Role};
use cccd_issuer::audit::Auditor;
use cccd_issuer::capture::device::{DeviceError, DevicePort, Folder};
use cccd_issuer::capture::sealed::Vault;
use cccd_issuer::desk::{Captures, Desk, Laid, NoChip, OpenDevice, ReaderSeen, Readers, Setup, serve};
use cccd_issuer::ledger::{ApplicationId, Ledger};
use cccd_issuer::personalize::CardLink;
use cccd_issuer::register::LocalRegister;
use cccd_issuer::station::StationKeys;
use cccd_population::register_key::make_seal_keys;
use cccd_population::store::{Change, Place, SqlStore, Store as _};
use cccd_virtual_chip::Chip;
use jiff::SignedDuration;
use rand_core::CryptoRng;
use tempfile::TempDir;

use crate::cut_off::CutOff;
use crate::support::{PORTRAIT, at, blank, persons, rng, shared_keys};

/// A reader with a pile of blanks; each is laid once, or waits until the test lets it.
pub(super) struct Pile {
    next: Mutex<u8>,
    held: Arc<AtomicBool>,
    worn: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

/// A chip whose memory gives up once its channel is open and its files are begun.
struct Broken {
    chip: Chip,
    left: u32,
}

impl Transport for Broken {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(vec![0x65, 0x81]) };
        self.left = left;
        self.chip.transmit(command)
    }
}

impl CardLink for Broken {
    fn reset(&mut self) -> Result<(), LinkLost> {
        CardLink::reset(&mut self.chip)
    }
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
        // A reader that is out of order shows the chip before once more.
        if !self.worn.load(Ordering::SeqCst) || *next == 0 {
            *next += 1;
        }
        let chip = blank(*next);
        if self.broken.load(Ordering::SeqCst) {
            return Ok(Laid { link: Box::new(Broken { chip, left: 6 }), extended: true });
        }
        Ok(Laid { link: Box::new(chip), extended: true })
    }

    fn lay_blank(&self, _: &str, _: &mut dyn CryptoRng) -> Result<Laid, NoChip> {
        // The same one until somebody makes a card of it.
        Ok(Laid { link: Box::new(blank(*self.next.lock().unwrap() + 1)), extended: true })
    }
}

/// A desk that is served, its clock, and its folder.
pub(super) struct House {
    pub(super) folder: TempDir,
    pub(super) address: String,
    /// Seconds that went by.
    clock: Arc<AtomicI64>,
    /// Readers are out of order while this is set.
    pub(super) worn: Arc<AtomicBool>,
    /// Chips break while they are written.
    pub(super) broken: Arc<AtomicBool>,
    /// No blank is laid while this is set.
    pub(super) held: Arc<AtomicBool>,
    /// The line to the register breaks after a card was recorded there, while this is set.
    pub(super) cut: Arc<AtomicBool>,
}

const OFFICERS: [(&str, &[Role]); 6] = [
    ("chief", &[Role::Administrator]),
    ("lan", &[Role::Capture, Role::Personalise, Role::Deliver]),
    ("minh", &[Role::Approve, Role::Capture]),
    ("hoa", &[Role::Deliver]),
    ("kho", &[Role::Stock]),
    ("thanh", &[Role::Audit]),
];

pub(super) fn password_of(name: &str) -> String {
    let place = OFFICERS.iter().position(|(known, _)| *known == name).unwrap_or_default();
    format!("a long password, number {place}")
}

impl House {
    pub(super) fn open() -> Self {
        Self::founded(3, None, None)
    }

    /// A station that takes prints, and makes their cards.
    pub(super) fn with_prints(identity: &Identity) -> Self {
        Self::founded(3, None, Some((identity, true)))
    }

    /// A station that takes prints and cannot open them.
    pub(super) fn sealing_only(identity: &Identity) -> Self {
        Self::founded(3, None, Some((identity, false)))
    }

    /// Another station, with keys of its own.
    pub(super) fn open_other() -> Self {
        Self::founded(7, None, None)
    }

    /// A station whose ledger is in the database of a server.
    pub(super) fn on(place: &Place) -> Self {
        Self::founded(3, Some(place), None)
    }

    fn founded(seed: u8, place: Option<&Place>, prints: Option<(&Identity, bool)>) -> Self {
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
        let mut ledger = Ledger::open_at(place.unwrap_or(&Place::file(&path))).unwrap();
        ledger.log_with(Auditor::beside(&path, &mut rng(seed)).unwrap());
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
        let (held, worn) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (drawer_keys, _) = make_seal_keys(&folder.path().join("drawer"), &mut rng(5)).unwrap();
        let (turning, holding) = (Arc::clone(&clock), Arc::clone(&held));
        let wearing = Arc::clone(&worn);
        let broken = Arc::new(AtomicBool::new(false));
        let breaking = Arc::clone(&broken);
        let cut = Arc::new(AtomicBool::new(false));
        let cutting = Arc::clone(&cut);
        let setup = Setup {
            ledger,
            register: Box::new(move || {
                let inner = Box::new(LocalRegister::open(&Place::file(&register), "issuer desk")?);
                Ok(Box::new(CutOff { inner, taken: true, cut: Arc::clone(&cutting) }))
            }),
            keys: shared_keys(),
            readers: Box::new(Pile { next: Mutex::new(0), held: holding, worn: wearing, broken: breaking }),
            drawer: folder.path().join("drawer"),
            drawer_keys,
            captures: prints.map(|(identity, opens)| captures(folder.path(), identity, opens)),
            clock: Box::new(move || at() + SignedDuration::from_secs(turning.load(Ordering::SeqCst))),
            seed: [6; 32],
            host: "desk".to_owned(),
            office: "Công an phường Mẫu".to_owned(),
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
        Self { folder, address: told.recv().unwrap().to_string(), clock, held, worn, broken, cut }
    }

    pub(super) fn passes(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::at(&self.address)
    }

    pub(super) fn officer(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        browser.log_in(name, &password_of(name));
        assert_eq!(browser.page.status, 303, "{}", browser.page.body);
        browser
    }

    pub(super) fn ledger_says(&self, sql: &str) -> String {
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
    pub(super) fn captured(&self, lan: &mut Browser, number: &str) -> String {
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

    pub(super) fn approved(&self, lan: &mut Browser, number: &str) -> String {
        let address = self.captured(lan, number);
        let mut minh = self.officer("minh");
        minh.get(&address);
        minh.post(&format!("{address}/approve"), &[]);
        assert_eq!(minh.page.status, 303, "{}", minh.page.body);
        address
    }
}

/// Sealed captures in the house's folder, and a device for each officer.
fn captures(house: &Path, identity: &Identity, opens: bool) -> Captures {
    let devices = house.join("devices");
    let open: OpenDevice = Box::new(move |officer: &str| -> Result<Box<dyn DevicePort>, DeviceError> {
        Ok(Box::new(Folder::open(&devices.join(officer))?))
    });
    let identity_of = |identity: &Identity| identity.to_string().expose_secret().parse().unwrap();
    Captures::new(Vault::open(&house.join("captures")).unwrap(), identity.to_public())
        .opened_with(opens.then(|| identity_of(identity)))
        .taken_with(Some(open))
}

#[derive(Debug, Default, Clone)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) location: String,
    pub(super) cookies: Vec<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// As it came.
    pub(super) octets: Vec<u8>,
}

impl Page {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of a hidden field, the first of this name.
    pub(super) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&mark).map(|at| at + mark.len());
        at.and_then(|at| self.body[at..].split('"').next()).unwrap_or_default().to_owned()
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

/// What a browser does, without script.
pub(super) struct Browser {
    pub(super) agent: ureq::Agent,
    pub(super) base: String,
    pub(super) session: String,
    pub(super) page: Page,
}

pub(super) fn encoded(text: &str) -> String {
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
    /// One that nobody used, at this address.
    pub(super) fn at(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { agent: config.into(), base: address.to_owned(), session: String::new(), page: Page::default() }
    }

    pub(super) fn take(&mut self, answer: ureq::http::Response<ureq::Body>) {
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
            octets: body,
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

    pub(super) fn get(&mut self, path: &str) {
        let path = path.split('#').next().unwrap();
        let ask = || {
            let request = self.agent.get(format!("http://{}{path}", self.base));
            request.header("cookie", format!("desk={}", self.session)).call()
        };
        // A browser asks again over another line where the one that was kept open is closed: an upload that is too large ends it.
        let answer = match ask() {
            Err(ureq::Error::Io(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => ask(),
            answer => answer,
        };
        self.take(answer.unwrap());
    }

    /// Sends a form of the page that is shown: its hidden fields and these.
    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
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

    pub(super) fn send(&mut self, path: &str, fields: &[(&str, String)], headers: &[(&str, &str)]) {
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

    /// Sends a form with files of the page that is shown.
    pub(super) fn post_parts(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) {
        let mut all: Vec<(String, String)> = ["mark", "request"]
            .into_iter()
            .filter(|name| fields.iter().all(|(known, _)| known != name))
            .map(|name| (name.to_owned(), self.page.hidden(name)))
            .collect();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        all.sort_by_key(|(name, _)| name != "mark");
        let mut body = Vec::new();
        for (name, value) in all {
            let head =
                format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        for (name, content) in files {
            let head = format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
                 content-type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let request = self.agent.post(format!("http://{}{path}", self.base));
        let request = request.header("cookie", format!("desk={}", self.session));
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        let answer = request.send(&body[..]).unwrap();
        self.take(answer);
    }

    pub(super) fn log_in(&mut self, name: &str, password: &str) {
        self.post("/login", &[("name", name), ("password", password)]);
    }

    pub(super) fn look_up(&mut self, text: &str) {
        self.get("/");
        self.post("/look-up", &[("q", text)]);
    }

    pub(super) fn upload(&mut self, visit: &str, file: &[u8]) {
        let mark = self.page.hidden("mark");
        self.upload_with(visit, &mark, file);
    }

    pub(super) fn upload_with(&mut self, visit: &str, mark: &str, file: &[u8]) {
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
    pub(super) fn until(&mut self, path: &str, text: &str) {
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
