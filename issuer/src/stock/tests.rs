//! The stock of one station; what goes between stations, and what two of them claim, have rooms of their own.

mod claims;
mod parcels;

use std::path::Path;

use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::audit_log::SubjectKey;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signer::{Signer as _, SoftwareKey};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;

use super::*;
use crate::application::{Application, Step};
use crate::ledger::{Act, ApplicationId, Ledger, LedgerError};

fn act() -> Act<'static> {
    Act::new("stock-keeper", Timestamp::UNIX_EPOCH)
}

fn serial(number: u8) -> ChipSerial {
    ChipSerial([number; 10])
}

fn serials(numbers: std::ops::Range<u8>) -> Vec<ChipSerial> {
    numbers.map(serial).collect()
}

fn station(seed: u8) -> (Ledger, PublicKey) {
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let key = SoftwareKey::generate(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &mut rng);
    let key = key.unwrap();
    let public = key.public_key().clone();
    let mut ledger = Ledger::in_memory().unwrap();
    ledger.log_with(Auditor::new(SubjectKey::from_bytes([seed; 32]), Box::new(key)));
    (ledger, public)
}

fn stocked(ledger: &mut Ledger, numbers: std::ops::Range<u8>) {
    ledger.stock().receive("maker", "note 1", &serials(numbers), act()).unwrap();
    assert!(ledger.stock().count("maker", "note 1", None, act()).unwrap().agrees());
}

fn queued(ledger: &mut Ledger, number: &str) -> ApplicationId {
    let json = format!(
        r#"{{"person":{{"number":"{number}"}},"portrait":"/9j/4AAQSkZJRg==","reason":"first-issue"}}"#
    );
    let application = Application::parse(json.as_bytes(), Path::new("")).unwrap();
    let id = ledger.receive(&application, act()).unwrap().id;
    ledger.advance(id, Step::Check, None, &Value::Null, act()).unwrap();
    ledger.capture(id, "what is to be printed", act()).unwrap();
    ledger.approve(id, Act::new("other", Timestamp::UNIX_EPOCH)).unwrap();
    for step in [Step::Prepare, Step::Enqueue] {
        ledger.advance(id, step, None, &Value::Null, act()).unwrap();
    }
    id
}

fn state(ledger: &mut Ledger, number: u8) -> BlankState {
    ledger.stock().blank(&serial(number)).unwrap().unwrap().state
}

fn differences(ledger: &mut Ledger) -> Vec<(String, &'static str)> {
    let found = ledger.stock().reconcile(None).unwrap().differences;
    found.into_iter().map(|one| (one.serial, one.what)).collect()
}

const WHY: Explanation<'static> =
    Explanation { cause: Cause::Damaged, note: Some("bent in the box"), photo_sha256: None };

#[test]
fn a_blank_goes_from_the_delivery_note_to_the_card_and_the_sums_match() {
    let (mut ledger, key) = station(1);
    assert!(!ledger.stock().is_kept().unwrap());
    ledger.stock().receive("maker", "note 1", &serials(1..6), act()).unwrap();
    // Nobody has looked for them yet.
    let expected = ledger.stock().reconcile(None).unwrap();
    assert!(expected.agrees() && expected.open.len() == 5, "{expected:?}");
    // One is missing from the box, one lies in it that the note does not name.
    let found = [serial(1), serial(2), serial(3), serial(4), serial(9)];
    let count = ledger.stock().count("maker", "note 1", Some(&found), act()).unwrap();
    assert_eq!((count.missing.as_slice(), count.surplus.as_slice()), (&[serial(5)][..], &[serial(9)][..]));
    let missed = ledger.stock().reconcile(None).unwrap();
    assert!(!missed.agrees() && missed.batches[0].missing == 1 && missed.open.is_empty(), "{missed:?}");
    assert_eq!(
        (missed.differences[0].serial.clone(), missed.differences[0].what),
        (serial(5).to_string(), "not-found")
    );
    // The one that is nobody's stays in the books until somebody says what it is.
    let last = missed.differences.last().unwrap();
    assert_eq!(
        (last.serial.as_str(), last.what, last.detail.as_str()),
        (serial(9).to_string().as_str(), SURPLUS, "note 1")
    );
    ledger.stock().settle("note 1", &[serial(9)], "the maker's sample, sent back", act()).unwrap();
    ledger.stock().explain(BlankStep::Lose, &[serial(5)], WHY, act()).unwrap();
    ledger.stock().explain(BlankStep::Spoil, &[serial(4)], WHY, act()).unwrap();
    ledger.stock().explain(BlankStep::Destroy, &[serial(4)], WHY, act()).unwrap();

    let first = queued(&mut ledger, "079099000001");
    let unsettled = ledger.assign_chip(first, &serial(1), 1, None, act()).unwrap();
    ledger.settle(unsettled).unwrap();
    assert_eq!(state(&mut ledger, 1), BlankState::Assigned);
    ledger.advance(first, Step::Spoil, Some("the chip does not answer"), &Value::Null, act()).unwrap();
    assert_eq!(state(&mut ledger, 1), BlankState::Spoiled);
    let events = ledger.stock().events(&serial(1)).unwrap();
    assert_eq!(events.last().unwrap().note.as_deref(), Some("the chip does not answer"));
    assert_eq!(events.last().unwrap().cause, Some(Cause::PersonalisationFailed));

    let report = ledger.stock().reconcile(None).unwrap();
    assert!(report.agrees(), "{report:?}");
    let states: Vec<(&str, u64)> = report.states.iter().map(|(state, n)| (state.as_str(), *n)).collect();
    assert_eq!(states, [("in-stock", 2), ("spoiled", 1), ("lost", 1), ("destroyed", 1)]);
    assert_eq!(report.open.len(), 2);
    // Both that were given up, of the stock and of an application, each once.
    let day = jiff::civil::date(1970, 1, 1);
    let told = ledger.report(crate::report::Span::new(day, day).unwrap(), day).unwrap();
    let spoiled: Vec<_> = told.spoilage.iter().map(|(why, count)| (why.as_str(), *count)).collect();
    assert_eq!(spoiled, [("bent in the box", 1), ("the chip does not answer", 1)]);
    assert_eq!((told.total().spoiled, told.units.values().map(|unit| unit.spoiled).sum()), (2, 2));
    // In the cabinet: 2 and the spoiled 1; 3 is missed, 9 is nobody's.
    let report = ledger.stock().reconcile(Some(&[serial(1), serial(2), serial(9)])).unwrap();
    let differences: Vec<(&str, &str)> =
        report.differences.iter().map(|one| (one.serial.as_str(), one.what)).collect();
    let (missed, strange) = (serial(3).to_string(), serial(9).to_string());
    assert_eq!(
        differences,
        [(missed.as_str(), "not-in-cabinet"), (strange.as_str(), "not-expected-in-cabinet")]
    );
    ledger.sign_log().unwrap();
    let proof = ledger.prove_log(&key, &[]).unwrap();
    assert_eq!((proof.lines, proof.actions), (14, 14));
}

#[test]
fn with_a_stock_only_its_blanks_become_cards_and_no_serial_enters_twice() {
    let (mut ledger, _) = station(1);
    // Without one, any chip is taken, once.
    let before = queued(&mut ledger, "079099000001");
    let unsettled = ledger.assign_chip(before, &serial(7), 1, None, act()).unwrap();
    ledger.settle(unsettled).unwrap();
    stocked(&mut ledger, 1..4);
    let id = queued(&mut ledger, "079099000002");
    let refused = ledger.assign_chip(id, &serial(9), 1, None, act()).unwrap_err();
    assert!(matches!(refused, LedgerError::NotInStock { found: None, .. }), "{refused}");
    ledger.stock().explain(BlankStep::Spoil, &[serial(3)], WHY, act()).unwrap();
    let refused = ledger.assign_chip(id, &serial(3), 1, None, act()).unwrap_err();
    assert!(matches!(refused, LedgerError::NotInStock { found: Some(BlankState::Spoiled), .. }), "{refused}");
    assert!(ledger.of_chip(&serial(3)).unwrap().is_none());
    let again = ledger.stock().receive("maker", "note 2", &[serial(8), serial(2)], act()).unwrap_err();
    assert!(matches!(again, StockError::Known { state: BlankState::InStock, .. }), "{again}");
    assert!(ledger.stock().blank(&serial(8)).unwrap().is_none());
    let used = ledger.stock().receive("maker", "note 2", &[serial(7)], act()).unwrap_err();
    assert!(matches!(used, StockError::Used(_)));
    // Nor what left for another station, alone or among others: it comes back by a signed list.
    let (mut there, there_key) = station(2);
    let key = ledger.stock().station_key().unwrap().clone();
    let list = ledger.stock().send("parcel 1", &there_key, &[serial(1)], act()).unwrap();
    let (_, receipt) = there.stock().accept(&list, &key, None, act()).unwrap();
    ledger.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let back = ledger.stock().receive("maker 2", "note 1", &[serial(8), serial(1)], act()).unwrap_err();
    assert!(matches!(back, StockError::Known { state: BlankState::HandedOver, .. }), "{back}");
    assert!(ledger.stock().blank(&serial(8)).unwrap().is_none());
    let note = ledger.stock().receive("maker", "note 1", &[serial(8)], act()).unwrap_err();
    assert!(matches!(note, StockError::NoteKnown));
    let report = ledger.stock().reconcile(None).unwrap();
    assert!(report.agrees() && report.cards_without_blank == 1);
}

/// What lay in the box and on no list is a difference until a note or a list brings it in, or somebody has found out.
#[test]
fn what_was_found_too_much_is_not_forgotten() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    here.stock().receive("maker", "note 1", &serials(1..4), act()).unwrap();
    let boxed = [serial(1), serial(2), serial(3), serial(8), serial(9)];
    let request = Act { request: Some("form 7"), ..act() };
    let count = here.stock().count("maker", "note 1", Some(&boxed), request).unwrap();
    assert_eq!(count.surplus, [serial(8), serial(9)]);
    let surplus = |number| (serial(number).to_string(), SURPLUS);
    assert_eq!(differences(&mut here), [surplus(8), surplus(9)]);
    let report = here.stock().reconcile(None).unwrap();
    assert!(!report.agrees() && !report.batches[0].agrees(), "{report:?}");
    // The same request is answered, and a count that names others does not take it back.
    here.stock().count("maker", "note 1", Some(&boxed), request).unwrap();
    here.stock().count("maker", "note 1", Some(&[serial(1)]), act()).unwrap();
    assert_eq!(differences(&mut here), [surplus(8), surplus(9)]);
    here.stock().receive("maker", "note 2", &[serial(8)], act()).unwrap();
    here.stock().count("maker", "note 2", None, act()).unwrap();
    assert_eq!(differences(&mut here), [surplus(9)]);
    let other = here.stock().settle("note 2", &[serial(9)], "looked", act());
    assert!(matches!(other, Err(StockError::NotClaimed(_))), "{other:?}");
    here.stock().settle("note 1", &[serial(9)], "a sample of the maker, given back", act()).unwrap();
    assert!(here.stock().reconcile(None).unwrap().agrees());
    // Found once more, it is open once more.
    here.stock().count("maker", "note 1", Some(&boxed), act()).unwrap();
    assert_eq!(differences(&mut here), [surplus(9)]);
    here.stock().settle("note 1", &[serial(9)], "given back again", act()).unwrap();
    // Beside another station's list, until that station sends it.
    let list = here.stock().send("P1", &there_key, &[serial(1)], act()).unwrap();
    there.stock().accept(&list, &here_key, Some(&serials(1..3)), act()).unwrap();
    assert_eq!(differences(&mut there), [surplus(2)]);
    let list = here.stock().send("P2", &there_key, &[serial(2)], act()).unwrap();
    there.stock().accept(&list, &here_key, None, act()).unwrap();
    assert_eq!(differences(&mut there), []);
    // Left in the cabinet, found there by a count, and signed for by the other station without a look: it lies here all the same.
    let list = here.stock().send("P3", &there_key, &[serial(3)], act()).unwrap();
    here.stock().count("maker", "note 1", Some(&[serial(3)]), act()).unwrap();
    let (_, receipt) = there.stock().accept(&list, &here_key, None, act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    assert_eq!(differences(&mut here), [surplus(3)]);
    here.stock().settle("note 1", &[serial(3)], "sent after them", act()).unwrap();
    assert_eq!(differences(&mut here), []);
    for (ledger, key) in [(&mut here, here_key), (&mut there, there_key)] {
        ledger.sign_log().unwrap();
        ledger.prove_log(&key, &[]).unwrap();
    }
}

/// A request's name stands for what was asked under it: the same is answered as the first time, anything else is refused.
#[test]
fn a_request_stands_for_what_it_asked_and_nothing_else() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    let named = |name| Act { request: Some(name), ..act() };
    let is_other = |error: StockError| assert!(matches!(error, StockError::RequestReused), "{error:?}");
    here.stock().receive("maker", "note 1", &serials(1..7), named("r")).unwrap();
    here.stock().receive("maker", "note 1", &serials(1..7), named("r")).unwrap();
    is_other(here.stock().receive("maker", "note 1", &serials(11..17), named("r")).unwrap_err());
    let found = [serial(1), serial(2), serial(3), serial(4), serial(5), serial(9)];
    let count = here.stock().count("maker", "note 1", Some(&found), named("c")).unwrap();
    assert_eq!(
        (count.counted.len(), &count.missing[..], &count.surplus[..]),
        (5, &[serial(6)][..], &[serial(9)][..])
    );
    is_other(here.stock().count("maker", "note 1", Some(&[serial(6)]), named("c")).unwrap_err());
    is_other(here.stock().count("maker", "note 1", None, named("c")).unwrap_err());
    here.stock().count("maker", "note 1", Some(&[serial(6)]), act()).unwrap();
    assert_eq!(here.stock().count("maker", "note 1", Some(&found), named("c")).unwrap(), count);
    let three = [serial(1), serial(2), serial(3)];
    let list = here.stock().send("P1", &there_key, &three, named("s")).unwrap();
    let again = here.stock().send("P1", &there_key, &[serial(3), serial(2), serial(1)], named("s")).unwrap();
    assert_eq!(again.to_text(), list.to_text());
    is_other(
        here.stock().send("P1", &there_key, &[serial(1), serial(2), serial(4)], named("s")).unwrap_err(),
    );
    let some = [serial(1), serial(8)];
    let first = there.stock().accept(&list, &here_key, Some(&some), named("a")).unwrap();
    assert_eq!((&first.0.missing[..], &first.0.surplus[..]), (&[serial(2), serial(3)][..], &[serial(8)][..]));
    is_other(there.stock().accept(&list, &here_key, Some(&[serial(2), serial(3)]), named("a")).unwrap_err());
    let (_, later) = there.stock().accept(&list, &here_key, Some(&[serial(2)]), named("b")).unwrap();
    let (count, receipt) = there.stock().accept(&list, &here_key, Some(&some), named("a")).unwrap();
    assert_eq!((count, receipt.to_text()), (first.0, first.1.to_text()));
    // The second receipt of a transport is another paper, and claims what was taken back meanwhile.
    here.stock().take_back(&[serial(2)], act()).unwrap();
    let count = here.stock().acknowledge(&receipt, &there_key, named("k")).unwrap();
    assert_eq!(count.counted, [serial(1)]);
    assert_eq!(here.stock().acknowledge(&receipt, &there_key, named("k")).unwrap(), count);
    is_other(here.stock().acknowledge(&later, &there_key, named("k")).unwrap_err());
    let count = here.stock().acknowledge(&later, &there_key, named("l")).unwrap();
    assert_eq!((&count.counted[..], &count.surplus[..]), (&[][..], &[serial(2)][..]));
    assert_eq!(here.stock().acknowledge(&later, &there_key, named("l")).unwrap(), count);
    for (ledger, key) in [(&mut here, here_key), (&mut there, there_key)] {
        ledger.sign_log().unwrap();
        ledger.prove_log(&key, &[]).unwrap();
    }
}

/// What was stolen on its way and is counted after all does not become a card.
#[test]
fn what_was_stolen_on_its_way_is_not_taken_in_by_a_second_count() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..5);
    let list = here.stock().send("P1", &there_key, &serials(1..4), act()).unwrap();
    there.stock().accept(&list, &here_key, Some(&[serial(1)]), act()).unwrap();
    for (number, cause) in [(2, Cause::Stolen), (3, Cause::Missing)] {
        let why = Explanation { cause, note: Some("not in the box"), photo_sha256: None };
        there.stock().explain(BlankStep::Lose, &[serial(number)], why, act()).unwrap();
    }
    let (count, _) = there.stock().accept(&list, &here_key, Some(&[serial(2), serial(3)]), act()).unwrap();
    assert_eq!((&count.counted[..], &count.surplus[..]), (&[serial(3)][..], &[serial(2)][..]));
    assert_eq!(there.stock().blank(&serial(2)).unwrap().unwrap().state, BlankState::Lost);
    assert_eq!(differences(&mut there), [(serial(2).to_string(), SURPLUS)]);
}

/// What is in the books in stock and was not found the second time has a name; a batch of which anything differs does not agree.
#[test]
fn a_second_count_names_what_it_did_not_find() {
    let (mut ledger, _) = station(1);
    stocked(&mut ledger, 1..4);
    let count = ledger.stock().count("maker", "note 1", Some(&serials(1..3)), act()).unwrap();
    assert_eq!((count.agrees(), count.unseen), (true, vec![serial(3)]));
    assert_eq!(ledger.stock().count("maker", "note 1", None, act()).unwrap().unseen, []);
    let (mut there, there_key) = station(2);
    let key = ledger.stock().station_key().unwrap().clone();
    let list = ledger.stock().send("P1", &there_key, &[serial(1)], act()).unwrap();
    assert!(ledger.stock().reconcile(None).unwrap().batches[0].agrees());
    ledger.stock().take_back(&[serial(1)], act()).unwrap();
    let (_, receipt) = there.stock().accept(&list, &key, None, act()).unwrap();
    ledger.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let report = ledger.stock().reconcile(None).unwrap();
    assert_eq!((report.batches[0].differs, report.batches[0].agrees()), (1, false));
}

#[test]
fn a_photo_is_a_picture() {
    assert_eq!(photo_digest(b"\xff\xd8\xff\xe0 of a box").unwrap().len(), 64);
    assert!(photo_digest(b"\x89PNG\r\n\x1a\n").is_ok());
    for other in [&b""[..], b"<html>", b"\xff\xd8"] {
        assert!(matches!(photo_digest(other), Err(StockError::NoPhoto)));
    }
}

#[test]
fn the_same_request_is_answered_once_and_what_needs_a_cause_gets_one() {
    let (mut ledger, _) = station(1);
    stocked(&mut ledger, 1..4);
    let request = Act { request: Some("form 7"), ..act() };
    for _ in 0..2 {
        ledger.stock().explain(BlankStep::Spoil, &[serial(1)], WHY, request).unwrap();
    }
    assert_eq!(ledger.stock().events(&serial(1)).unwrap().len(), 3);
    let other = ledger.stock().explain(BlankStep::Spoil, &[serial(2)], WHY, request);
    assert!(matches!(other, Err(StockError::RequestReused)));
    let bare = Explanation { note: Some(" "), ..WHY };
    let bare = ledger.stock().explain(BlankStep::Spoil, &[serial(2)], bare, act());
    assert!(matches!(bare, Err(StockError::Unexplained)));
    // All or none.
    let mixed = ledger.stock().explain(BlankStep::Destroy, &[serial(1), serial(2)], WHY, act());
    assert!(matches!(mixed, Err(StockError::Step { .. })));
    assert_eq!(state(&mut ledger, 2), BlankState::InStock);
}
