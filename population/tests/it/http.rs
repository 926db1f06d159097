//! The interface over a real socket.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_keys::public_key::PublicKey;
use cccd_population::access::{Grounds, HTTP, verify};
use cccd_population::answer::{
    Answer, CardStatusRequest, Kind, MatchRequest, MatchResult, NotBelieved, SignedAnswer, TimeWindow,
};
use cccd_population::cases::{Intake, Ruling, Verdict};
use cccd_population::civil_status::{Act, Entry};
use cccd_population::person::{Life, Person};
use cccd_population::quality::conflict::Standing;
use cccd_population::register_key::{digest_key, signing_key};
use cccd_population::server::{Limits, Service, Tokens, serve_within};
use cccd_population::store::{Change, SqlStore, Store as _};
use jiff::{SignedDuration, Timestamp};
use rand_core::SeedableRng as _;
use serde_json::{Value, json};

use crate::civil_status::entry;
use crate::{TODAY, change, new_card, now, number, somebody};

const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw==";

struct Register {
    address: SocketAddr,
    verifier: String,
    issuer: String,
    key: PublicKey,
    clock: Arc<AtomicI64>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    dir: tempfile::TempDir,
}

impl Register {
    fn start() -> Self {
        Self::within(Limits::default())
    }

    fn within(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("register.db");
        let mut store = SqlStore::create_file(&db, now()).unwrap();
        store.put_person(&somebody(), &change()).unwrap();
        let dead = Person::new(number("001190000002"), "Lê Thị Mất", BirthDate::Year(1990), Sex::Female);
        store.put_person(&dead, &change()).unwrap();
        store.set_life(&dead.number, Life::Dead(TODAY), &change(), TODAY).unwrap();
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let (signer, _) = signing_key(&db, &mut rng).unwrap();
        let key = PublicKey::from_spki(&std::fs::read(dir.path().join("register.db.register.pub")).unwrap());
        let token_file = dir.path().join("tokens");
        let (tokens, fresh) = Tokens::open(&token_file, &mut rng).unwrap();
        assert!(fresh);
        assert_private(&token_file);
        assert_private(&dir.path().join("register.db.register-key"));
        let text = std::fs::read_to_string(&token_file).unwrap();
        let token = |role: &str| {
            text.lines().find_map(|line| line.strip_prefix(role)?.strip_prefix(':')).unwrap().to_owned()
        };
        let clock = Arc::new(AtomicI64::new(now().as_second()));
        let hands = clock.clone();
        let service = Arc::new(Service {
            store: Mutex::new(Box::new(store)),
            signer: Box::new(signer),
            digest_key: digest_key(&db, &mut rng).unwrap(),
            tokens,
            clock: Box::new(move || Timestamp::from_second(hands.load(Ordering::SeqCst)).unwrap()),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                serve_within(limits, listener, service, async {
                    let _ = stopped.await;
                })
                .await;
            });
        });
        Self {
            address: told.recv().unwrap(),
            verifier: token("verifier"),
            issuer: token("issuer"),
            key: key.unwrap(),
            clock,
            stop: Some(stop),
            thread: Some(thread),
            dir,
        }
    }

    fn raw(&self, request: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned())
    }

    fn send(&self, method: &str, path: &str, token: &str, body: &[u8]) -> (u16, Value) {
        self.send_with(method, path, token, "", body)
    }

    fn db(&self) -> std::path::PathBuf {
        self.dir.path().join("register.db")
    }

    /// With further headers, each with its end of line.
    fn send_with(&self, method: &str, path: &str, token: &str, headers: &str, body: &[u8]) -> (u16, Value) {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: register\r\nAuthorization: Bearer {token}\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend(body);
        let (status, body) = self.raw(&request);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, token, body.to_string().as_bytes())
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    fn matched(&self, request: &MatchRequest) -> Answer {
        let (status, body) = self.post("/v1/match", &self.verifier, &json!(request));
        assert_eq!(status, 200, "{body}");
        let signed: SignedAnswer = serde_json::from_value(body).unwrap();
        let keys = [self.key.clone()];
        let window = TimeWindow::default();
        signed.verify(&keys, Kind::Match, NONCE, &request.subject(), self.now(), window).unwrap()
    }

    fn status_of(&self, sod: u8) -> Answer {
        let request = CardStatusRequest { nonce: NONCE.to_owned(), sod_sha256: new_card(sod).sod_sha256 };
        let (status, body) = self.post("/v1/card-status", &self.verifier, &json!(request));
        assert_eq!(status, 200, "{body}");
        let signed: SignedAnswer = serde_json::from_value(body).unwrap();
        let keys = [self.key.clone()];
        let window = TimeWindow::default();
        signed.verify(&keys, Kind::CardStatus, NONCE, &request.subject(), self.now(), window).unwrap()
    }
}

impl Drop for Register {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
}

fn request() -> MatchRequest {
    MatchRequest {
        nonce: NONCE.to_owned(),
        number: somebody().number,
        full_name: "Nguyễn Văn An".to_owned(),
        birth_date: "1999-01-15".to_owned(),
        also: [("sex".to_owned(), "male".to_owned())].into(),
    }
}

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn a_match_is_signed_and_bound_to_the_question() {
    let register = Register::start();
    let answer = register.matched(&request());
    assert_eq!(answer.result, Some(MatchResult::Match));
    assert_eq!(answer.agree.unwrap().len(), 1);

    let (_, body) = register.post("/v1/match", &register.verifier, &json!(request()));
    let signed: SignedAnswer = serde_json::from_value(body).unwrap();
    let subject = request().subject();
    let (at, window) = (register.now(), TimeWindow::default());
    let keys = [register.key.clone()];
    let later = at.checked_add(SignedDuration::from_mins(6)).unwrap();
    let early = at.checked_sub(SignedDuration::from_mins(3)).unwrap();
    let believe = |signed: &SignedAnswer, keys: &[PublicKey], kind, nonce: &str, subject: &str, at| {
        signed.verify(keys, kind, nonce, subject, at, window).map(|_| ())
    };
    assert_eq!(believe(&signed, &keys, Kind::Match, NONCE, &subject, at), Ok(()));
    assert_eq!(believe(&signed, &[], Kind::Match, NONCE, &subject, at), Err(NotBelieved::UnknownKey));
    for result in [
        believe(&signed, &keys, Kind::CardStatus, NONCE, &subject, at),
        believe(&signed, &keys, Kind::Match, "other", &subject, at),
        believe(&signed, &keys, Kind::Match, NONCE, "other", at),
    ] {
        assert_eq!(result, Err(NotBelieved::OtherQuestion));
    }
    for at in [later, early] {
        assert_eq!(believe(&signed, &keys, Kind::Match, NONCE, &subject, at), Err(NotBelieved::Time));
    }
    let other = MatchRequest { full_name: "Lê An".to_owned(), ..request() };
    let (_, body) = register.post("/v1/match", &register.verifier, &json!(other));
    let no_match: SignedAnswer = serde_json::from_value(body).unwrap();
    let forged = SignedAnswer { answer: signed.answer.clone(), ..no_match };
    assert_eq!(believe(&forged, &keys, Kind::Match, NONCE, &subject, at), Err(NotBelieved::Signature));
}

#[test]
fn no_match_is_one_constant() {
    let register = Register::start();
    let mut inner = Vec::new();
    for (number_asked, name, birth) in [
        ("079099000001", "Lê An", "1999-01-15"),
        ("079099000001", "Nguyễn Văn An", "1999-01-16"),
        ("079099000009", "Nguyễn Văn An", "1999-01-15"),
        ("001190000002", "Lê Thị Mất", "1990"),
    ] {
        let request = MatchRequest {
            number: number(number_asked),
            full_name: name.to_owned(),
            birth_date: birth.to_owned(),
            ..request()
        };
        let answer = register.matched(&request);
        assert_eq!((answer.result, &answer.agree), (Some(MatchResult::NoMatch), &None));
        inner.push(serde_json::to_string(&Answer { subject: String::new(), ..answer }).unwrap());
    }
    inner.dedup();
    assert_eq!(inner.len(), 1, "{inner:?}");
}

#[test]
fn attempts_are_limited_by_the_clock() {
    let register = Register::start();
    let wrong = MatchRequest { full_name: "Lê An".to_owned(), ..request() };
    for _ in 0..5 {
        register.matched(&wrong);
    }
    let (status, body) = register.post("/v1/match", &register.verifier, &json!(request()));
    assert_eq!((status, code(&body)), (429, "too-many-attempts"));
    register.clock.fetch_add(3_600, Ordering::SeqCst);
    assert_eq!(register.matched(&request()).result, Some(MatchResult::Match));
}

#[test]
fn many_at_once_do_not_slip_through() {
    let register = Register::start();
    let wrong = MatchRequest { full_name: "Lê An".to_owned(), ..request() };
    let answered = std::thread::scope(|scope| {
        let ask = || register.post("/v1/match", &register.verifier, &json!(wrong)).0;
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|status| *status == 200).count()
    });
    assert_eq!(answered, 5);
}

#[test]
fn cards_from_issue_to_loss() {
    let register = Register::start();
    assert_eq!(register.status_of(1).status.as_deref(), Some("unknown"));
    let card = json!(new_card(1));
    assert_eq!(register.post("/v1/cards", &register.issuer, &card).0, 201);
    let (status, body) = register.post("/v1/cards", &register.issuer, &card);
    assert_eq!((status, body["status"].as_str()), (200, Some("active")));
    let (status, body) = register.post("/v1/cards", &register.issuer, &json!(new_card(2)));
    assert_eq!((status, code(&body)), (409, "card-in-use"));
    assert_eq!(register.status_of(1).status.as_deref(), Some("active"));

    let path = format!("/v1/persons/{}", somebody().number.as_str());
    let (status, body) = register.send("GET", &path, &register.issuer, b"");
    assert_eq!((status, &body["full_name"]), (200, &json!("Nguyễn Văn An")));
    assert_eq!(body["card_in_use"]["sod_sha256"], json!(new_card(1).sod_sha256));
    let (status, body) = register.send("GET", "/v1/persons/000000000000", &register.issuer, b"");
    assert_eq!((status, code(&body)), (404, "unknown-person"));

    let path = format!("/v1/cards/{}/status", new_card(1).sod_sha256);
    let lost = json!({"status": "lost", "reason": "mất ở chợ"});
    assert_eq!(register.post(&path, &register.issuer, &lost).0, 200);
    assert_eq!(register.post(&path, &register.issuer, &lost).0, 200);
    let (status, body) =
        register.post(&path, &register.issuer, &json!({"status": "active", "reason": "found"}));
    assert_eq!((status, code(&body)), (409, "card-conflict"));
    let answer = register.status_of(1);
    assert_eq!((answer.status.as_deref(), answer.since), (Some("lost"), Some(TODAY)));
    let path = format!("/v1/cards/{}/status", new_card(9).sod_sha256);
    assert_eq!(register.post(&path, &register.issuer, &lost).0, 404);
}

#[test]
fn looking_at_a_person_over_http_is_logged_with_its_grounds() {
    let register = Register::start();
    let path = format!("/v1/persons/{}", somebody().number.as_str());
    let look = |headers: &str| register.send_with("GET", &path, &register.issuer, headers, b"").0;
    assert_eq!(look("Register-Case: application 7\r\nRegister-Officer: Lê Bình\r\n"), 200);
    assert_eq!(look("Register-Reason: cấp cứu\r\n"), 200);
    assert_eq!(look(""), 200);
    assert_eq!(look("Register-Case: 079099000001\r\n"), 400, "a number has no place in the log");
    assert_eq!(register.send("GET", "/v1/persons/000000000000", &register.issuer, b"").0, 404);
    assert_eq!(register.send("GET", &path, &register.verifier, b"").0, 403);
    let store = SqlStore::open_file(&register.db()).unwrap();
    let key = digest_key(&register.db(), &mut rand_chacha::ChaCha20Rng::seed_from_u64(2)).unwrap();
    assert_eq!(verify(&store, &key, HTTP).unwrap(), 4);
    let looks: Vec<_> = store
        .accesses(HTTP, 0, 100)
        .unwrap()
        .into_iter()
        .map(|entry| (entry.look.officer, entry.look.grounds))
        .collect();
    let broken = |reason: &str| Grounds::BreakGlass(reason.to_owned());
    assert_eq!(looks[0], ("issuer:2 Lê Bình".to_owned(), Grounds::Case("application 7".to_owned())));
    assert_eq!(looks[1], ("issuer:2".to_owned(), broken("cấp cứu")));
    assert_eq!(looks[2].1, broken("no reason was told"));
    assert_eq!(looks[3].1, broken("no reason was told"), "whom the register does not know, too");
}

/// Who asks for the old number of somebody is told which one follows it; a counter that only matches is told nothing.
#[test]
fn a_cancelled_number_leads_to_its_successor_for_the_issuer_only() {
    let register = Register::start();
    let old = somebody().number;
    let act = Act::SexRedetermined { person: old.clone(), sex: Sex::Female, on: TODAY };
    let entry = Entry { registered_on: TODAY, ..entry(act) };
    let mut store = SqlStore::open_file(&register.dir.path().join("register.db")).unwrap();
    store.record_act(&entry, Some(&number("079199000009")), "desk", &change(), TODAY).unwrap();
    let (status, body) =
        register.send("GET", &format!("/v1/persons/{}", old.as_str()), &register.issuer, b"");
    assert_eq!((status, code(&body)), (404, "number-cancelled"));
    let expected = json!({"since": TODAY, "cause": "sex-redetermined", "successor": "079199000009"});
    assert_eq!(body["cancelled"], expected);
    assert_eq!(store.accesses(HTTP, 0, 10).unwrap().len(), 1, "that was a look");
    let asked = serde_json::to_vec(&request()).unwrap();
    let (status, body) = register.send("POST", "/v1/match", &register.verifier, &asked);
    assert!(status == 200 && !body.to_string().contains("079199000009"), "{body}");
}

#[test]
fn a_case_of_the_register_is_checked_before_it_is_grounds() {
    let register = Register::start();
    let mut store = SqlStore::open_file(&register.db()).unwrap();
    // A list says something else of An than the register knows: a case about him.
    let intake =
        Intake { standing: Some(Standing::Carried), by: "list".to_owned(), as_of: None, duplicates: false };
    store.take_in_by(Some(intake)).unwrap();
    let mut other = somebody();
    other.ethnic_group = Some("Mường".to_owned());
    store.put_person(&other, &Change { source: "import:carried:list".to_owned(), at: now() }).unwrap();
    let [case] = store.cases(None, None, 10).unwrap().try_into().unwrap();
    let mut stranger = somebody();
    stranger.number = number("079099000008");
    store.take_in_by(None).unwrap();
    store.put_person(&stranger, &change()).unwrap();
    let look = |whose: &str, case: &str| {
        let headers = format!("Register-Case: {case}\r\n");
        register.send_with("GET", &format!("/v1/persons/{whose}"), &register.issuer, &headers, b"")
    };
    let an = somebody().number;
    assert_eq!(look(an.as_str(), case.id.as_str()).0, 200);
    assert_eq!(look(stranger.number.as_str(), "CC01-17").0, 200, "another's case is taken as it is named");
    for (whose, case) in [(stranger.number.as_str(), case.id.as_str()), (an.as_str(), "C0123456789abcdef")] {
        let (status, body) = look(whose, case);
        assert_eq!((status, code(&body)), (403, "no-such-grounds"));
        assert!(body.get("full_name").is_none());
    }
    let ruling = Ruling { verdict: Verdict::Keep, by: "officer".to_owned(), reason: "papers".to_owned() };
    store.decide_case(&case.id, &ruling, None, now(), TODAY).unwrap();
    assert_eq!(look(an.as_str(), case.id.as_str()).0, 403, "a closed case");
    assert_eq!(store.accesses(HTTP, 0, 100).unwrap().len(), 2);
}

#[test]
fn a_card_expires_with_the_calendar() {
    let register = Register::start();
    register.post("/v1/cards", &register.issuer, &json!(new_card(1)));
    let last: Timestamp = "2039-01-15T16:59:59Z".parse().unwrap();
    register.clock.store(last.as_second(), Ordering::SeqCst);
    assert_eq!(register.status_of(1).status.as_deref(), Some("active"), "the last second in Vietnam");
    register.clock.fetch_add(1, Ordering::SeqCst);
    assert_eq!(register.status_of(1).status.as_deref(), Some("expired"));
}

#[test]
fn who_may_ask_what() {
    let register = Register::start();
    let card = json!(new_card(1));
    let table = [
        ("/v1/match", json!(request()), "", 401),
        ("/v1/match", json!(request()), "x", 401),
        ("/v1/cards", card.clone(), &register.verifier, 403),
        ("/v1/cards", card, "", 401),
        ("/v1/match", json!(request()), &register.issuer, 200),
        ("/v2/match", json!(request()), &register.issuer, 404),
    ];
    for (path, body, token, expected) in table {
        assert_eq!(register.post(path, token, &body).0, expected, "{path}");
    }
    let path = format!("/v1/persons/{}", somebody().number.as_str());
    assert_eq!(register.send("GET", &path, &register.verifier, b"").0, 403);
    assert_eq!(register.send("GET", "/v1/match", &register.verifier, b"").0, 404);
}

#[test]
fn bad_bodies() {
    let register = Register::start();
    let token = &register.verifier;
    let mut unknown = json!(request());
    unknown["religion"] = json!("Không");
    let mut short = json!(request());
    short["nonce"] = json!("AAAA");
    let mut nobody = json!(request());
    nobody["number"] = json!("' OR 1=1 --");
    let table: [(Vec<u8>, u16, &str); 8] = [
        (b"".to_vec(), 400, "malformed-json"),
        (b"{".to_vec(), 400, "malformed-json"),
        (b"\xff\xfe".to_vec(), 400, "malformed-json"),
        ("[".repeat(10_000).into_bytes(), 400, "bad-field"),
        (unknown.to_string().into_bytes(), 400, "bad-field"),
        (short.to_string().into_bytes(), 400, "bad-field"),
        (nobody.to_string().into_bytes(), 400, "bad-field"),
        (vec![b' '; 17 * 1024], 413, "body-too-large"),
    ];
    for (body, status, expected) in table {
        let (got, answer) = register.send("POST", "/v1/match", token, &body);
        assert!((got, code(&answer)) == (status, expected) || (got == 0 && status == 413), "{got} {answer}");
        assert!(!answer.to_string().contains("OR 1=1"), "an error repeats what was sent");
    }
    let text = format!(
        "POST /v1/match HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 2\r\n\
         Connection: close\r\n\r\n{{}}"
    );
    assert_eq!(register.raw(text.as_bytes()).0, 415);
    assert_eq!(register.matched(&request()).result, Some(MatchResult::Match), "still there");
}

#[test]
fn slow_clients_hold_nobody_up() {
    let limits = Limits { connections: 4, headers: Duration::from_millis(400) };
    let register = Register::within(limits);
    let mut slow: Vec<_> = (0..8).map(|_| TcpStream::connect(register.address).unwrap()).collect();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for stream in &mut slow {
            scope.spawn(move || {
                stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
                // One header that never ends, a drop at a time, until cut off.
                let mut drops = b"POST /v1/match HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x'));
                while begun.elapsed() < Duration::from_secs(10) {
                    let cut = stream.write_all(&[*drops.next().unwrap()]).is_err()
                        || matches!(stream.read(&mut [0; 256]), Ok(0));
                    if cut {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                panic!("never cut off");
            });
        }
        // Eight of them have taken all four places twice; then it is our turn.
        assert_eq!(register.matched(&request()).result, Some(MatchResult::Match));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    });
    // Nor does one who says nothing at all.
    let mut silent = TcpStream::connect(register.address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(matches!(silent.read(&mut [0; 16]), Ok(0)), "a silent client is kept");
}
