//! The register from outside: store, import, matching, HTTP.

#![allow(clippy::unwrap_used, reason = "helpers of tests outside #[test] functions")]

mod access;
mod acts;
mod backup;
mod births;
mod bundle;
mod cases;
mod civil_status;
mod cli;
mod cli_acts;
mod distribution;
mod duplicates;
mod failover;
mod forms;
mod generate;
mod guards;
mod http;
mod identity;
mod impediments;
mod import;
mod keepers;
mod linked;
mod matching;
mod moves;
mod numbers;
mod papers;
mod places;
mod postgres;
mod qcvn;
mod quality;
mod rollup;
mod scans;
mod seal;
mod search;
mod shown;
mod statistics;
mod store;
mod strangers;
mod strangers_kept;
mod text_encoding;
mod tls;
mod together;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{NewCard, SodDigest};
use cccd_population::person::{Person, Relative, Residence};
use cccd_population::seal::SealKeys;
use cccd_population::store::{Change, SqlStore};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use zeroize::Zeroizing;

const TODAY: Date = date(2026, 11, 21);

fn now() -> Timestamp {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

fn change() -> Change {
    Change { source: "test".to_owned(), at: now() }
}

fn number(text: &str) -> PersonalNumber {
    PersonalNumber::parse(text).unwrap()
}

/// The keys of a test's sealed items.
fn keys() -> SealKeys {
    SealKeys::new([Zeroizing::new([7; 32])])
}

fn empty() -> SqlStore {
    SqlStore::in_memory(now()).unwrap()
}

/// Somebody with something in most items.
fn somebody() -> Person {
    let mut person =
        Person::new(number("079099000001"), "Nguyễn Văn An", BirthDate::Day(date(1999, 1, 15)), Sex::Male);
    person.place_of_origin = Some("Xã Mẫu, Huyện Mẫu, Tỉnh Mẫu".to_owned());
    person.religion = Some("Không".to_owned());
    person.ethnic_group = Some("Kinh".to_owned());
    person.old_number = Some("012345678".to_owned());
    person.other_names = vec!["An Còi".to_owned()];
    person.father = Some(Relative::new("Nguyễn Văn Cha", Some(number("079072000001"))));
    person.children = vec![Relative::new("Nguyễn Thị Con", None)];
    person.residences.permanent = Some(Residence::new("Số 10 Đường Mẫu, Phường Mẫu, TP Mẫu"));
    person
}

fn new_card(seed: u8) -> NewCard {
    NewCard {
        number: number("079099000001"),
        sod_sha256: SodDigest::from_bytes([seed; 32]),
        document_number: "099000001".to_owned(),
        chip_serial: format!("{seed:020x}"),
        issued: date(2026, 1, 10),
        expires: Some(date(2039, 1, 15)),
        replaces: None,
    }
}
