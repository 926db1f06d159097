//! Every combination of right and wrong, and the limit of attempts.

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::BirthDate;
use cccd_population::answer::MatchRequest;
use cccd_population::matching::{Agreement, DigestKey, MAX_FAILED_ATTEMPTS, Outcome, ask, check_form};
use cccd_population::person::{BloodGroup, Life};
use cccd_population::store::{AttemptResult, SqlStore, Store as _};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::{TODAY, change, empty, now, number, somebody};

fn key() -> DigestKey {
    DigestKey::new(Zeroizing::new([7; 32]))
}

fn request() -> MatchRequest {
    MatchRequest {
        nonce: String::new(),
        number: somebody().number,
        full_name: "NGUYỄN  văn an".to_owned(),
        birth_date: "1999-01-15".to_owned(),
        also: BTreeMap::new(),
    }
}

fn asked(store: &mut SqlStore, request: &MatchRequest, at: Timestamp) -> Outcome {
    ask(store, &key(), request, check_form(request).unwrap(), "verifier:1", at).unwrap()
}

#[test]
fn all_three_or_nothing() {
    for bits in 0..16_u8 {
        let (known, name, birth, alive) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0);
        let mut store = empty();
        store.put_person(&somebody(), &change()).unwrap();
        if !alive {
            let life = if bits & 1 != 0 { Life::Dead(TODAY) } else { Life::Missing(TODAY) };
            store.set_life(&somebody().number, life, &change(), TODAY).unwrap();
        }
        let mut request = request();
        request.also.insert("sex".to_owned(), "male".to_owned());
        if !known {
            request.number = number("079099000009");
        }
        if !name {
            request.full_name = "Nguyễn Văn Ân".to_owned();
        }
        if !birth {
            request.birth_date = "1999-01-16".to_owned();
        }
        let expected = if bits == 15 {
            Outcome::Match([("sex".to_owned(), Agreement::Agrees)].into())
        } else {
            Outcome::NoMatch
        };
        assert_eq!(asked(&mut store, &request, now()), expected, "{bits:04b}");
    }
}

#[test]
fn a_birth_date_is_compared_as_it_was_recorded() {
    let mut person = somebody();
    person.birth_date = BirthDate::Year(1999);
    let mut store = empty();
    store.put_person(&person, &change()).unwrap();
    let mut request = request();
    assert_eq!(asked(&mut store, &request, now()), Outcome::NoMatch);
    request.birth_date = "1999".to_owned();
    assert!(matches!(asked(&mut store, &request, now()), Outcome::Match(_)));
}

#[test]
fn what_else_agrees_and_what_is_never_said() {
    let mut person = somebody();
    person.blood_group = Some(BloodGroup::O);
    let mut store = empty();
    store.put_person(&person, &change()).unwrap();
    let table = [
        ("sex", "Nam", Agreement::Agrees),
        ("nationality", "Viet Nam", Agreement::Differs),
        ("place_of_origin", "xã mẫu huyện mẫu, tỉnh mẫu", Agreement::Agrees),
        ("residence", "Số 10 Đường Mẫu, Phường Mẫu, TP Khác", Agreement::Differs),
        ("birth_registration_place", "x", Agreement::NotCompared),
        ("religion", "Không", Agreement::NotCompared),
        ("ethnic_group", "Kinh", Agreement::NotCompared),
        ("blood_group", "O", Agreement::NotCompared),
        ("father", "Nguyễn Văn Cha", Agreement::NotCompared),
        ("old_number", "012345678", Agreement::NotCompared),
        ("'; DROP TABLE person; --", "x", Agreement::NotCompared),
    ];
    let mut request = request();
    request.also = table.map(|(field, value, _)| (field.to_owned(), value.to_owned())).into();
    let expected = table.map(|(field, _, agreement)| (field.to_owned(), agreement)).into();
    assert_eq!(asked(&mut store, &request, now()), Outcome::Match(expected));
    assert_eq!(store.person_count().unwrap(), 1);
}

#[test]
fn five_failures_an_hour_then_silence_for_known_and_unknown_alike() {
    for target in [somebody().number, number("999999999999")] {
        let mut store = empty();
        store.put_person(&somebody(), &change()).unwrap();
        let right = MatchRequest { number: target.clone(), ..request() };
        let wrong = MatchRequest { full_name: "Ai Đó".to_owned(), ..right.clone() };
        let minute = |count: i64| now().checked_add(SignedDuration::from_mins(count)).unwrap();
        let known = target == somebody().number;
        if known {
            for _ in 0..20 {
                assert!(
                    matches!(asked(&mut store, &right, now()), Outcome::Match(_)),
                    "success costs nothing"
                );
            }
        }
        for count in 0..i64::from(MAX_FAILED_ATTEMPTS) {
            assert_eq!(asked(&mut store, &wrong, minute(count)), Outcome::NoMatch);
        }
        assert_eq!(asked(&mut store, &wrong, minute(5)), Outcome::TooManyAttempts);
        assert_eq!(asked(&mut store, &right, minute(59)), Outcome::TooManyAttempts, "right ones too");
        // Others are not touched.
        let other = MatchRequest { number: number("001099000001"), ..wrong.clone() };
        assert_eq!(asked(&mut store, &other, minute(59)), Outcome::NoMatch);
        // The first failure is an hour old: one attempt is free again.
        assert_eq!(asked(&mut store, &wrong, minute(60)), Outcome::NoMatch);
        assert_eq!(asked(&mut store, &wrong, minute(60)), Outcome::TooManyAttempts);
        let log = store.attempts(&key().digest(&target)).unwrap();
        let count = |result| log.iter().filter(|attempt| attempt.result == result).count();
        assert_eq!(count(AttemptResult::NoMatch), 6);
        assert_eq!(count(AttemptResult::Refused), 3);
        assert_eq!(count(AttemptResult::Match), if known { 20 } else { 0 });
        assert!(log.iter().all(|attempt| attempt.requester == "verifier:1"));
    }
}

#[test]
fn the_log_holds_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.db");
    let mut store = SqlStore::create_file(&path, now()).unwrap();
    asked(&mut store, &request(), now());
    let digits = somebody().number;
    let found: bool = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row(
            "SELECT count(*) FROM match_attempt WHERE instr(number_digest, CAST(?1 AS BLOB)) OR instr(requester, ?1)",
            [digits.as_str()],
            |row| row.get(0),
        )
        .unwrap();
    assert!(!found);
    let other = DigestKey::new(Zeroizing::new([8; 32]));
    assert_ne!(key().digest(&digits), other.digest(&digits));
}

#[test]
fn questions_that_are_none() {
    type Spoil = fn(&mut MatchRequest);
    let spoils: [Spoil; 6] = [
        |request| request.full_name = " ".to_owned(),
        |request| request.full_name = "x".repeat(201),
        |request| request.birth_date = "15/01/1999".to_owned(),
        |request| request.birth_date = "1999-02-30".to_owned(),
        |request| request.also = (0..13).map(|count| (count.to_string(), String::new())).collect(),
        |request| request.also = [("sex".to_owned(), "x".repeat(501))].into(),
    ];
    for spoil in spoils {
        let mut request = request();
        spoil(&mut request);
        assert!(check_form(&request).is_err());
    }
    assert_eq!(check_form(&request()), Ok(date(1999, 1, 15).into()));
}
