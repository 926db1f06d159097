use jiff::ToSpan as _;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;
use crate::ledger::Ledger;
use cccd_population::store::StoreError;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([5; 32])
}

fn password(text: &str) -> Password {
    Password::new(text)
}

/// A station with an administrator and an officer who captures.
fn station() -> Ledger {
    let mut ledger = Ledger::in_memory().unwrap();
    let mut accounts = ledger.accounts();
    add(&mut accounts, None, "chief", &[Role::Administrator], "keeps the accounts").unwrap();
    let chief = accounts.officer("chief", &password("keeps the accounts"), AT).unwrap();
    add(&mut accounts, Some(&chief), "lan", &[Role::Capture, Role::Deliver], "takes the papers").unwrap();
    ledger
}

fn add(
    accounts: &mut Accounts<'_>,
    by: Option<&Officer>,
    name: &str,
    roles: &[Role],
    text: &str,
) -> Result<(), AccountError> {
    let roles = roles.iter().copied().collect();
    let new = NewAccount { name, roles: &roles, password: &password(text), hardness: Hardness::TEST };
    accounts.add(by, &new, AT, &mut rng())
}

#[test]
fn a_full_disk_is_told_as_the_ledgers() {
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    let full = || StoreError::Engine(Box::new(rusqlite::Error::SqliteFailure(full, None)));
    for (code, said) in [
        (AccountError::from(full()).code(), AccountError::from(full()).to_string()),
        (crate::stock::StockError::from(full()).code(), crate::stock::StockError::from(full()).to_string()),
        (
            crate::audit::AuditProblem::from(full()).code(),
            crate::audit::AuditProblem::from(full()).to_string(),
        ),
    ] {
        assert_eq!(
            (code, said.as_str()),
            ("ledger-full", "the ledger failed: the disk of the station's ledger is full")
        );
    }
    let (vietnamese, ..) = crate::words::of_failure("ledger-full").unwrap();
    assert!(vietnamese.contains("sổ cấp thẻ") && vietnamese.contains("đầy"));
}

#[test]
fn the_first_account_keeps_the_others_and_does_nothing_else() {
    let mut ledger = Ledger::in_memory().unwrap();
    let mut accounts = ledger.accounts();
    let first = add(&mut accounts, None, "lan", &[Role::Capture], "takes the papers");
    assert!(matches!(first, Err(AccountError::FirstIsAdministrator)));
    let both = add(&mut accounts, None, "chief", &[Role::Administrator, Role::Approve], "keeps the accounts");
    assert!(matches!(both, Err(AccountError::BadRoles)));
    let mut ledger = station();
    let mut accounts = ledger.accounts();
    let nobody = add(&mut accounts, None, "minh", &[Role::Approve], "reads it all again");
    assert!(matches!(nobody, Err(AccountError::AdministratorNeeded)));
    let lan = accounts.officer("lan", &password("takes the papers"), AT).unwrap();
    let herself = add(&mut accounts, Some(&lan), "minh", &[Role::Approve], "reads it all again");
    assert!(matches!(herself, Err(AccountError::MayNot { role: Role::Administrator, .. })));
    lan.may(Role::Capture).unwrap();
    assert!(matches!(lan.may(Role::Approve), Err(AccountError::MayNot { .. })));
    let chief = accounts.officer("chief", &password("keeps the accounts"), AT).unwrap();
    let again = add(&mut accounts, Some(&chief), "lan", &[Role::Approve], "reads it all again");
    assert!(matches!(again, Err(AccountError::Exists)));
    for name in ["L", "Lan", "lan nguyen", "1lan", "lan\u{301}", &"l".repeat(33)] {
        let bad = add(&mut accounts, Some(&chief), name, &[Role::Approve], "reads it all again");
        assert!(matches!(bad, Err(AccountError::BadName)), "{name}");
    }
}

#[test]
fn five_wrong_passwords_make_an_account_rest() {
    let mut ledger = station();
    let mut accounts = ledger.accounts();
    assert!(matches!(accounts.officer("nobody", &password("x"), AT), Err(AccountError::WrongPassword)));
    for _ in 0..5 {
        assert!(matches!(accounts.officer("lan", &password("guess"), AT), Err(AccountError::WrongPassword)));
    }
    let right = password("takes the papers");
    assert!(matches!(accounts.officer("lan", &right, AT + 14.minutes()), Err(AccountError::Resting)));
    // A clock that is turned back opens no door.
    assert!(matches!(accounts.officer("lan", &right, AT - 1.minute()), Err(AccountError::Resting)));
    accounts.officer("lan", &right, AT + 16.minutes()).unwrap();
    assert!(matches!(accounts.officer("lan", &password("guess"), AT), Err(AccountError::WrongPassword)));
    accounts.officer("lan", &right, AT).unwrap();
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_at_the_end_of_the_day() {
    let mut ledger = station();
    let mut accounts = ledger.accounts();
    let token = accounts.log_in("lan", &password("takes the papers"), AT, &mut rng()).unwrap();
    assert!(!format!("{token:?}").contains(token.reveal()));
    let mut now = AT;
    for _ in 0..47 {
        now += 15.minutes();
        assert_eq!(accounts.of_session(&token, now).unwrap().name(), "lan");
    }
    // Twelve hours later it is over although it was used a moment ago.
    assert!(matches!(accounts.of_session(&token, AT + 721.minutes()), Err(AccountError::NoSession)));
    let mut dice = ChaCha20Rng::from_seed([6; 32]);
    let idle = accounts.log_in("lan", &password("takes the papers"), AT, &mut dice).unwrap();
    assert!(matches!(accounts.of_session(&idle, AT + 16.minutes()), Err(AccountError::NoSession)));
    assert!(matches!(accounts.of_session(&idle, AT - 1.minute()), Err(AccountError::NoSession)));
    // Two requests of one moment come to the store the other way round: neither logs anybody out, and the later one counts.
    accounts.of_session(&idle, AT + 10.minutes()).unwrap();
    accounts.of_session(&idle, AT + 10.minutes() - 40.milliseconds()).unwrap();
    accounts.of_session(&idle, AT + 25.minutes()).unwrap();
    assert!(matches!(accounts.of_session(&idle, AT + 24.minutes()), Err(AccountError::NoSession)));
    assert!(matches!(accounts.of_session(&Token::new("no token"), AT), Err(AccountError::NoSession)));
    accounts.log_out(&idle).unwrap();
    assert!(matches!(accounts.of_session(&idle, AT), Err(AccountError::NoSession)));
}

/// Whoever writes into the database's rows gets nobody else's session and no other role or password: not with a row that is changed for a moment.
#[test]
fn a_row_that_is_changed_for_a_moment_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.log_with(Auditor::beside(&path, &mut rng()).unwrap());
    let mut accounts = ledger.accounts();
    add(&mut accounts, None, "chief", &[Role::Administrator], "keeps the accounts").unwrap();
    let chief = accounts.officer("chief", &password("keeps the accounts"), AT).unwrap();
    add(&mut accounts, Some(&chief), "lan", &[Role::Capture], "takes the papers").unwrap();
    add(&mut accounts, Some(&chief), "minh", &[Role::Approve], "reads every letter").unwrap();
    let hers = password("takes the papers");
    let token = accounts.log_in("lan", &hers, AT, &mut rng()).unwrap();
    let sql = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    sql("UPDATE sessions SET account = 'minh'");
    assert!(matches!(accounts.of_session(&token, AT), Err(AccountError::NoSession)));
    let forged = Token::new(&token.reveal().replace("lan", "minh"));
    assert!(matches!(accounts.of_session(&forged, AT), Err(AccountError::NoSession)));
    sql("UPDATE sessions SET account = 'lan'");
    accounts.of_session(&token, AT).unwrap();
    sql("UPDATE accounts SET roles = 'approve' WHERE name = 'lan'");
    assert!(matches!(accounts.of_session(&token, AT), Err(AccountError::Altered)));
    assert!(matches!(accounts.officer("lan", &hers, AT), Err(AccountError::Altered)));
    sql(
        "UPDATE accounts SET password = (SELECT password FROM accounts WHERE name = 'lan') WHERE name = 'minh'",
    );
    assert!(matches!(accounts.officer("minh", &hers, AT), Err(AccountError::Altered)));
}

#[test]
fn a_lock_and_a_new_password_end_every_session() {
    let mut ledger = station();
    let mut accounts = ledger.accounts();
    let chief = accounts.officer("chief", &password("keeps the accounts"), AT).unwrap();
    let lan = accounts.officer("lan", &password("takes the papers"), AT).unwrap();
    let token = accounts.log_in("lan", &password("takes the papers"), AT, &mut rng()).unwrap();
    assert!(matches!(accounts.lock(&chief, "lan", " ", AT), Err(AccountError::ReasonMissing)));
    assert!(matches!(accounts.lock(&lan, "chief", "x", AT), Err(AccountError::MayNot { .. })));
    assert!(matches!(accounts.lock(&chief, "chief", "x", AT), Err(AccountError::LastAdministrator)));
    accounts.lock(&chief, "lan", "on leave", AT).unwrap();
    assert!(matches!(accounts.of_session(&token, AT), Err(AccountError::NoSession)));
    assert!(matches!(accounts.officer("lan", &password("takes the papers"), AT), Err(AccountError::Locked)));
    assert!(matches!(accounts.officer("lan", &password("guess"), AT), Err(AccountError::WrongPassword)));
    assert_eq!(accounts.list().unwrap()[1].locked.as_deref(), Some("on leave"));
    accounts.unlock(&chief, "lan", AT).unwrap();
    let token = accounts.log_in("lan", &password("takes the papers"), AT, &mut rng()).unwrap();
    let new = password("another phrase of hers");
    let other = accounts.set_password(&lan, "chief", &new, Hardness::TEST, AT, &mut rng());
    assert!(matches!(other, Err(AccountError::MayNot { .. })));
    accounts.set_password(&lan, "lan", &new, Hardness::TEST, AT, &mut rng()).unwrap();
    assert!(matches!(accounts.of_session(&token, AT), Err(AccountError::NoSession)));
    accounts.officer("lan", &new, AT).unwrap();
}

#[test]
fn a_page_that_asks_by_itself_keeps_nobody_logged_in() {
    let mut ledger = station();
    let mut accounts = ledger.accounts();
    let token = accounts.log_in("lan", &password("takes the papers"), AT, &mut rng()).unwrap();
    let mut at = AT;
    for _ in 0..3 {
        at += 4.minutes();
        assert_eq!(accounts.whose_session(&token, at).unwrap().name(), "lan");
    }
    at += 4.minutes();
    assert!(matches!(accounts.whose_session(&token, at), Err(AccountError::NoSession)));
    let mark = token.form_mark();
    assert_eq!(mark, Token::new(token.reveal()).form_mark());
    assert_ne!(mark, token.reveal());
}
