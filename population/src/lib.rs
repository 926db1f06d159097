//! The register of persons: what the law says is kept about each (Luật Căn cước 2023 art. 9), the cards issued to
//! them, and the two questions that others may ask.
//!
//! | module | what | base |
//! |---|---|---|
//! | [`person`], [`name`] | a person's 26 items; how names are compared | Luật Căn cước 2023 art. 9 |
//! | [`numbers`] | personal numbers given once, their last digits unpredictable | art. 12, NĐ 137/2015 art. 13 |
//! | [`card`] | cards and the states they can be in | Luật Căn cước 2023 art. 24, 29 |
//! | [`store`] | the port, and one logic over `SQLite` and `PostgreSQL` behind it | docs/decisions/0110 |
//! | [`identity`] | portrait, fingerprints, iris, marks, state of the account, in a database apart | art. 15, docs/decisions/0115 |
//! | [`keepers`] | holders whose details another ministry keeps | docs/decisions/0135 |
//! | [`import`], [`export`] | CSV and JSON, streaming, with a reject report | |
//! | [`text_encoding`] | rows in TCVN3, VNI and other encodings, recognised or refused | TCVN 5712:1993 |
//! | [`search`] | people found by what is known of them, the reasons told | |
//! | [`duplicates`] | one person with two numbers: evidence, weights, cases | docs/duplicates.md |
//! | [`matching`] | number, name and birth date together, or one constant `no-match` | art. 10, 16 |
//! | [`seal`] | sensitive items encrypted under keys that lie elsewhere | docs/decisions/0113 |
//! | [`access`] | who looked at whom and on what grounds, in a chain | docs/decisions/0114 |
//! | [`answer`], [`register_key`] | answers signed over nonce and time | docs/register-api.md |
//! | [`backup`] | one moment of every table, encrypted; restored whole or not at all, on either engine | docs/operating.md |
//! | [`server`] | the HTTP interface on loopback | docs/register-api.md |
//! | [`generate`] | a synthetic nation from a seed | NĐ 137/2015 art. 13 |
//! | [`civil_status`] | acts, and what each changes in the register | Luật Hộ tịch 2014 |
//! | [`cases`] | what the register cannot settle by itself, and what officers decided | docs/civil-status.md |
//! | [`forms`] | DC01 and DC02 for printing, with the barcode by which a scan finds its row | TT 53/2025/TT-BCA |
//! | [`bundle`] | what a station without a line collected, sealed and signed | docs/collection.md |
//! | [`scans`] | scanned sheets filed to their rows by that barcode | docs/collection.md |
//! | [`places`] | administrative units as codes, now and before 1 July 2025 | Nghị quyết 202/2025/QH15 |
//! | [`qcvn`] | the XML message of citizens, in and out | QCVN 109:2017/BTTTT |
//! | [`quality`] | correct, complete, clean, alive: rules, scores, work lists, conflicts | docs/quality.md |
//! | [`statistics`] | counts by province, sex and age band | |
//!
//! Time and randomness are arguments. Personal data is in no `Debug`, log or error message.

pub mod access;
pub mod answer;
pub mod backup;
pub mod bundle;
pub mod card;
pub mod cases;
pub mod civil_status;
mod day;
pub mod duplicates;
pub mod export;
pub mod extract;
pub mod forms;
pub mod generate;
pub mod identity;
pub mod import;
pub mod keepers;
pub mod matching;
pub mod name;
pub mod numbers;
pub mod person;
pub mod places;
pub mod qcvn;
pub mod quality;
pub mod register_key;
pub mod scans;
pub mod seal;
pub mod search;
pub mod server;
pub mod statistics;
pub mod store;
pub mod text_encoding;

pub use day::day_in_vietnam;
