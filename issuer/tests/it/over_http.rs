//! The same station against a register over a real socket.

use std::sync::{Arc, Mutex};

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::application::Application;
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::NoMonitor;
use cccd_issuer::register::{HttpRegister, Register, RegisterError, day_in_vietnam};
use cccd_issuer::station::{Blank, IssueError, Job, Station};
use cccd_population::card::{CardStatus, SodDigest};
use cccd_population::cases::{CaseState, PaperClaim, Ruling, Verdict};
use cccd_population::register_key::{digest_key, signing_key};
use cccd_population::server::{Limits, Service, Tokens, serve_within};
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_virtual_chip::{Chip, LifeCycle};

use crate::support::{NUMBER, OTHER_NUMBER, Office, application, at, blank, persons, rng};

/// A served register; gives its address and token file.
fn serve(folder: &std::path::Path) -> (String, std::path::PathBuf) {
    let db = folder.join("register.db");
    let mut store = SqlStore::create_file(&db, at()).unwrap();
    store.put_persons(&persons(), &Change { source: "import".to_owned(), at: at() }).unwrap();
    let mut rng = rng(4);
    let (signer, _) = signing_key(&db, &mut rng).unwrap();
    let token_file = folder.join("tokens");
    let (tokens, _) = Tokens::open(&token_file, &mut rng).unwrap();
    let service = Arc::new(Service {
        store: Mutex::new(Box::new(store)),
        signer: Box::new(signer),
        digest_key: digest_key(&db, &mut rng).unwrap(),
        tokens,
        clock: Box::new(at),
    });
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            serve_within(Limits::default(), listener, service, std::future::pending()).await;
        });
    });
    (format!("http://{}", told.recv().unwrap()), token_file)
}

#[test]
fn a_card_is_issued_against_the_served_register_and_lives_its_life() {
    let folder = tempfile::tempdir().unwrap();
    let (address, tokens) = serve(folder.path());
    let mut register = HttpRegister::open(&address, &tokens).unwrap();
    let mut ledger = Ledger::in_memory().unwrap();
    let keys = Office::new().keys;
    let mut make = |register: &mut HttpRegister, chip: &mut Chip, application: &Application| {
        let mut station = Station {
            ledger: &mut ledger,
            register,
            keys,
            actor: "officer-1",
            at: at(),
            extended: true,
            blank: Blank::Icao9,
            job: Job::Production,
        };
        station.issue_into(chip, application, "second-officer", &mut NoMonitor, &mut rng(9))
    };
    // Two names on two papers: the register has the case, and nothing is printed.
    let mut two_names = application(OTHER_NUMBER, "first-issue");
    two_names.papers = vec![PaperClaim {
        paper: "giấy khai sinh".to_owned(),
        full_name: Some("Vàng Thị Bình".to_owned()),
        birth_date: None,
    }];
    let mut chip = blank(9);
    let refused = make(&mut register, &mut chip, &two_names).unwrap_err();
    assert_eq!(refused.code(), "two-papers");
    assert_eq!(chip.state().life_cycle(), LifeCycle::Blank);
    let mut store = SqlStore::open_file(&folder.path().join("register.db")).unwrap();
    let cases = store.cases_of(&PersonalNumber::parse(OTHER_NUMBER).unwrap()).unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].state, CaseState::Open);
    assert_eq!(make(&mut register, &mut chip, &two_names).unwrap_err().code(), "two-papers", "it waits");
    // Leaving the paper out decides nothing.
    let without = application(OTHER_NUMBER, "first-issue");
    assert_eq!(make(&mut register, &mut chip, &without).unwrap_err().code(), "two-papers", "the case waits");
    let ruling = Ruling {
        verdict: Verdict::Keep,
        by: "officer".to_owned(),
        reason: "the paper is another person's".to_owned(),
    };
    store.decide_case(&cases[0].id, &ruling, None, at(), day_in_vietnam(at())).unwrap();
    make(&mut register, &mut chip, &two_names).expect("once it is decided, the card is made");
    let mut issue = |register: &mut HttpRegister, serial: u8, number: &str, reason: &str| {
        make(register, &mut blank(serial), &application(number, reason))
    };
    let first = issue(&mut register, 1, NUMBER, "first-issue").unwrap();
    let today = day_in_vietnam(at());
    let (status, since) = register.card_status(&first.sod_sha256, &[1; 16], today).unwrap();
    assert_eq!((status, since), (CardStatus::Active, Some(today)));
    let refused = issue(&mut register, 2, NUMBER, "first-issue").unwrap_err();
    assert_eq!(refused.code(), "has-active-card");
    let second = issue(&mut register, 3, NUMBER, "exchange").unwrap();
    assert_eq!(register.card_status(&first.sod_sha256, &[2; 16], today).unwrap().0, CardStatus::Replaced);
    let lost = register.set_card_status(&second.sod_sha256, CardStatus::Lost, "reported", at()).unwrap();
    assert_eq!(lost.status, CardStatus::Lost);
    let back = register.set_card_status(&second.sod_sha256, CardStatus::Active, "found", at()).unwrap_err();
    assert!(matches!(back, RegisterError::Refused(_)), "{back}");
    let unknown = SodDigest::of(b"unknown");
    assert_eq!(register.card_status(&unknown, &[3; 16], today), Err(RegisterError::UnknownCard));
    assert!(matches!(
        register.set_card_status(&unknown, CardStatus::Lost, "x", at()),
        Err(RegisterError::UnknownCard)
    ));
    let dead = issue(&mut register, 4, crate::support::DEAD_NUMBER, "first-issue").unwrap_err();
    assert_eq!(dead.code(), "person-dead");
    let nobody = issue(&mut register, 5, "001099999999", "first-issue").unwrap_err();
    assert_eq!(nobody.code(), "unknown-person");
    let mut stranger = HttpRegister::with_token(&address, "not-a-token").unwrap();
    let error = issue(&mut stranger, 6, NUMBER, "reissue").unwrap_err();
    assert!(matches!(error, IssueError::Register(RegisterError::Token(_))), "{error}");
}
