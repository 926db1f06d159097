//! From an application to a personalised card.
//!
//! | module | what | base |
//! |---|---|---|
//! | [`application`] | the file, the portrait, the register's word, the states | Luật Căn cước 2023 art. 23, 24 |
//! | [`fingerprint`] | prints: which finger, how good, why one is missing | ISO/IEC 19794-4, Luật Căn cước 2023 art. 16 |
//! | [`capture`] | prints and irises from a device, into DG3 and DG4, sealed at rest, purged | Doc 9303-10 §4.7.3 |
//! | [`portrait_quality`] | is a portrait good enough: one face, its place, light and sharpness | ISO/IEC 19794-5 §7, §8 |
//! | [`register`] | the register of persons behind a port: local or HTTP | docs/register-api.md |
//! | [`accounts`] | the officers of a station: who they are, what they may do | – |
//! | [`audit`] | the station's audit log: chained, signed, heads for a second party | – |
//! | [`desk`] | what officers use all day, in a browser | docs/guide.md |
//! | [`deadline`] | working days and holidays | Luật Căn cước 2023 art. 26 |
//! | [`ledger`] | what was asked for, which chip was used, every action | – |
//! | [`issuance`] | from a person to the bytes of a card; pure | Doc 9303-10 |
//! | [`personalize`] | writing a chip, reading it back, locking it, proving the lock | Doc 9303-10 §4.5.1, ISO/IEC 7816-9 |
//! | [`station`] | one application, one blank, one card; and what a crash leaves | – |
//! | [`life`] | the grounds on which a card is held or withdrawn | Luật Căn cước 2023 art. 29 |
//! | [`queue`] | approved applications over many readers and hosts | – |
//! | [`stock`] | blanks: every one from receipt to card, between stations, spoiled, reconciled | – |
//! | [`stock_in`] | a blank makes its keys when it comes to stock | – |
//! | [`card_face`] | front and back after both legal templates | TT 06/2021, TT 16/2024 |
//! | [`report`] | what a station did, counted | – |
//! | [`words`] | what officers read, in Vietnamese and English | – |
//! | [`forms`] | CC01, CC02, CC03 and the receipt of a card on paper | NĐ 70/2024 art. 21, Luật Căn cước 2023 art. 23(3) |
//! | [`output`] | files that appear whole or not at all | – |

pub mod accounts;
pub mod application;
pub mod audit;
pub mod capture;
pub mod card_face;
pub mod deadline;
pub mod desk;
pub mod fingerprint;
pub mod forms;
pub mod issuance;
pub mod ledger;
pub mod life;
pub mod output;
pub mod personalize;
pub mod portrait_quality;
pub mod queue;
pub mod register;
pub mod report;
pub mod station;
pub mod stock;
pub mod stock_in;
pub mod words;
