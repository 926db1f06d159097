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
    for (ledger, key) in [(&mut here, here_key), (&mut there, there_key)] {
        ledger.sign_log().unwrap();
        ledger.prove_log(&key, &[]).unwrap();
    }
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

#[test]
fn blanks_go_to_another_station_and_both_sign_for_them() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let list = here.stock().send("parcel 1", &there_key, &serials(1..4), act()).unwrap();
    let list = Signed::parse(&list.to_text()).unwrap();
    assert_eq!(state(&mut here, 1), BlankState::Sent);
    // One fell out on the way.
    let found = [serial(1), serial(3)];
    let (count, receipt) = there.stock().accept(&list, &here_key, Some(&found), act()).unwrap();
    assert_eq!(count.missing, [serial(2)]);
    assert_eq!(state(&mut there, 1), BlankState::InStock);
    let twice = there.stock().accept(&list, &here_key, Some(&found), act());
    assert!(matches!(twice, Err(StockError::TransportKnown)));
    let count = here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    assert_eq!(count.missing, [serial(2)]);
    let twice = here.stock().acknowledge(&receipt, &there_key, act());
    assert!(twice.is_err());
    let states = |ledger: &mut Ledger| [1, 2, 3, 4].map(|number| state(ledger, number).as_str());
    assert_eq!(states(&mut here), ["handed-over", "sent", "handed-over", "in-stock"]);
    // Both ends look for it until somebody says what became of it.
    for (ledger, what) in [(&mut here, "not-received"), (&mut there, "not-found")] {
        let report = ledger.stock().reconcile(None).unwrap();
        let found: Vec<_> = report.differences.iter().map(|one| (one.serial.clone(), one.what)).collect();
        assert_eq!((report.agrees(), found), (false, vec![(serial(2).to_string(), what)]));
    }
    let why = Explanation { cause: Cause::Missing, note: Some("torn box"), photo_sha256: None };
    here.stock().explain(BlankStep::Lose, &[serial(2)], why, act()).unwrap();
    there.stock().explain(BlankStep::Lose, &[serial(2)], why, act()).unwrap();
    // What came back is expected again, under the other's list.
    let back = there.stock().send("back", &here_key, &[serial(3)], act()).unwrap();
    let (_, receipt) = here.stock().accept(&back, &there_key, None, act()).unwrap();
    there.stock().acknowledge(&receipt, &here_key, act()).unwrap();
    assert_eq!(state(&mut here, 3), BlankState::InStock);
    assert_eq!(state(&mut there, 3), BlankState::HandedOver);
    for ledger in [&mut here, &mut there] {
        let report = ledger.stock().reconcile(None).unwrap();
        assert!(report.agrees(), "{report:?}");
    }
    assert_eq!(here.stock().reconcile(None).unwrap().batches[0].moved, 1);
}

#[test]
fn what_turns_up_at_the_receiver_later_is_signed_for_by_a_later_receipt() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let list = here.stock().send("parcel 1", &there_key, &serials(1..5), act()).unwrap();
    let (_, first) = there.stock().accept(&list, &here_key, Some(&[serial(1)]), act()).unwrap();
    here.stock().acknowledge(&first, &there_key, act()).unwrap();
    assert!(matches!(there.stock().accept(&list, &here_key, None, act()), Err(StockError::TransportKnown)));
    let (count, second) = there.stock().accept(&list, &here_key, Some(&[serial(3)]), act()).unwrap();
    assert_eq!((count.counted, count.missing), (vec![serial(3)], vec![serial(2), serial(4)]));
    let (_, third) = there.stock().accept(&list, &here_key, Some(&[serial(4)]), act()).unwrap();
    assert_eq!(there.stock().paper_of(&here_key.fingerprint(), "parcel 1").unwrap(), Some(third.to_text()));
    // The last one says all: the second may have been lost on its way, and comes too late then.
    let count = here.stock().acknowledge(&third, &there_key, act()).unwrap();
    assert_eq!((count.counted, count.missing), (vec![serial(3), serial(4)], vec![serial(2)]));
    assert!(matches!(here.stock().acknowledge(&second, &there_key, act()), Err(StockError::TransportKnown)));
    let states = |ledger: &mut Ledger| [1, 2, 3, 4].map(|number| state(ledger, number).as_str());
    assert_eq!(states(&mut here), ["handed-over", "sent", "handed-over", "handed-over"]);
    assert_eq!(states(&mut there), ["in-stock", "expected", "in-stock", "in-stock"]);
    let answer = |ledger: &mut Ledger| ledger.stock().transports(9).unwrap()[0].answer;
    assert_eq!((answer(&mut here), answer(&mut there)), (Some((1, 0)), Some((1, 0))));
    let counted =
        there.stock().count(&format!("station {}", here_key.fingerprint()), "parcel 1", None, act());
    assert!(matches!(counted, Err(StockError::ByItsList)), "{counted:?}");
}

/// Taken back at the sender, as if it had never left, and in the receiver's hands: one of the two is mistaken, and both say that they
/// have it until somebody at the sender has looked.
#[test]
fn what_both_ends_say_they_have_is_told_until_one_of_them_looks() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let list = here.stock().send("parcel 1", &there_key, &serials(1..4), act()).unwrap();
    let (_, first) = there.stock().accept(&list, &here_key, Some(&[serial(1)]), act()).unwrap();
    here.stock().acknowledge(&first, &there_key, act()).unwrap();
    here.stock().take_back(&[serial(2)], act()).unwrap();
    let (_, late) = there.stock().accept(&list, &here_key, Some(&[serial(2)]), act()).unwrap();
    let count = here.stock().acknowledge(&late, &there_key, act()).unwrap();
    assert_eq!((count.counted, count.surplus), (vec![], vec![serial(2)]));
    let told = |ledger: &mut Ledger| {
        let found = ledger.stock().reconcile(None).unwrap().differences;
        found.into_iter().map(|one| (one.serial, one.what)).collect::<Vec<_>>()
    };
    let twice = (serial(2).to_string(), "signed-for-elsewhere");
    assert_eq!(told(&mut here), [twice.clone(), (serial(3).to_string(), "not-received")]);
    // A later receipt about another blank does not make it forgotten.
    let (_, later) = there.stock().accept(&list, &here_key, Some(&[serial(3)]), act()).unwrap();
    here.stock().acknowledge(&later, &there_key, act()).unwrap();
    assert_eq!(told(&mut here), [twice]);
    // The officer looks, and it is not in the cabinet.
    let why =
        Explanation { cause: Cause::Missing, note: Some("it is at the other station"), photo_sha256: None };
    here.stock().explain(BlankStep::Lose, &[serial(2)], why, act()).unwrap();
    assert_eq!(told(&mut here), []);
}

/// Two parcels, and the second is there first: what it brought is not asked for again under the first.
#[test]
fn parcels_may_arrive_in_the_other_order() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let first = here.stock().send("parcel 1", &there_key, &serials(1..4), at(0)).unwrap();
    here.stock().take_back(&[serial(2), serial(3)], at(1)).unwrap();
    let second = here.stock().send("parcel 2", &there_key, &serials(2..5), at(2)).unwrap();
    // One of the second parcel is still looked for when the first comes in, and is in that one.
    let came = [serial(2), serial(4)];
    let (_, receipt) = there.stock().accept(&second, &here_key, Some(&came), at(3)).unwrap();
    here.stock().acknowledge(&receipt, &there_key, at(4)).unwrap();
    let (count, receipt) =
        there.stock().accept(&first, &here_key, Some(&[serial(1), serial(3)]), at(5)).unwrap();
    assert_eq!((count.counted, count.missing, count.surplus), (vec![serial(1), serial(3)], vec![], vec![]));
    let count = here.stock().acknowledge(&receipt, &there_key, at(6)).unwrap();
    assert_eq!((count.counted, count.surplus), (vec![serial(1)], vec![serial(3)]));
    assert_eq!([1, 2, 3, 4].map(|number| state(&mut there, number)), [BlankState::InStock; 4]);
    assert!(there.stock().reconcile(None).unwrap().agrees());
    // Its receipt for the first names what the sender has on the way with the second: both are told until somebody looks.
    let told = |ledger: &mut Ledger| differences(ledger);
    assert_eq!(
        told(&mut here),
        [(serial(3), "signed-for-elsewhere"), (serial(3), "not-received")]
            .map(|(one, what)| (one.to_string(), what))
    );
    let why = Explanation { cause: Cause::Missing, note: Some("it went with parcel 1"), photo_sha256: None };
    here.stock().explain(BlankStep::Lose, &[serial(3)], why, at(7)).unwrap();
    assert_eq!(told(&mut here), []);
}

fn differences(ledger: &mut Ledger) -> Vec<(String, &'static str)> {
    let found = ledger.stock().reconcile(None).unwrap().differences;
    found.into_iter().map(|one| (one.serial, one.what)).collect()
}

/// A blank that the receiver has already is on a list once more: the others of the parcel come in, and this one is named.
#[test]
fn what_is_here_already_does_not_keep_a_parcel_out() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..3);
    let list = here.stock().send("parcel 1", &there_key, &[serial(1)], act()).unwrap();
    there.stock().accept(&list, &here_key, None, act()).unwrap();
    here.stock().take_back(&[serial(1)], act()).unwrap();
    let again = here.stock().send("parcel 2", &there_key, &serials(1..3), act()).unwrap();
    let (count, receipt) = there.stock().accept(&again, &here_key, None, act()).unwrap();
    assert_eq!((count.counted, count.elsewhere), (vec![serial(2)], vec![serial(1)]));
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    assert_eq!(differences(&mut here), [(serial(1).to_string(), "not-received")]);
    assert!(there.stock().reconcile(None).unwrap().agrees());
}

/// Blanks go round three stations, and the parcels that were sent first come last.
#[test]
fn an_old_list_takes_nothing_back_that_came_and_went() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    let (mut third, third_key) = station(3);
    stocked(&mut here, 1..5);
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let delayed = here.stock().send("P0", &there_key, &serials(1..4), at(0)).unwrap();
    here.stock().take_back(&[serial(1), serial(3)], at(1)).unwrap();
    // One goes there with the next parcel, and comes back.
    let next = here.stock().send("P1", &there_key, &[serial(1)], at(2)).unwrap();
    let (_, receipt) = there.stock().accept(&next, &here_key, None, at(3)).unwrap();
    here.stock().acknowledge(&receipt, &there_key, at(4)).unwrap();
    let back = there.stock().send("Q1", &here_key, &[serial(1)], at(5)).unwrap();
    let (_, receipt) = here.stock().accept(&back, &there_key, None, at(6)).unwrap();
    there.stock().acknowledge(&receipt, &here_key, at(7)).unwrap();
    // Another one comes by way of a third station.
    let round = here.stock().send("P2", &third_key, &[serial(3)], at(8)).unwrap();
    let (_, receipt) = third.stock().accept(&round, &here_key, None, at(9)).unwrap();
    here.stock().acknowledge(&receipt, &third_key, at(10)).unwrap();
    let round = third.stock().send("R1", &there_key, &[serial(3)], at(11)).unwrap();
    let (_, receipt) = there.stock().accept(&round, &third_key, None, at(12)).unwrap();
    third.stock().acknowledge(&receipt, &there_key, at(13)).unwrap();
    // The first parcel arrives: of its three only the one that lies in it comes.
    let (count, receipt) = there.stock().accept(&delayed, &here_key, None, at(14)).unwrap();
    assert_eq!((count.counted, count.elsewhere), (vec![serial(2)], vec![serial(1), serial(3)]));
    here.stock().acknowledge(&receipt, &there_key, at(15)).unwrap();
    for ledger in [&mut here, &mut there, &mut third] {
        let report = ledger.stock().reconcile(None).unwrap();
        assert!(report.agrees() && report.open.is_empty(), "{report:?}");
    }
}

/// Looked for under the first station's list, and brought by another one.
#[test]
fn what_one_station_left_out_another_one_may_bring() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    let (mut third, third_key) = station(3);
    stocked(&mut here, 1..3);
    let first = here.stock().send("P1", &there_key, &serials(1..3), act()).unwrap();
    let (_, receipt) = there.stock().accept(&first, &here_key, Some(&[serial(2)]), act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    here.stock().take_back(&[serial(1)], act()).unwrap();
    let round = here.stock().send("P2", &third_key, &[serial(1)], act()).unwrap();
    let (_, receipt) = third.stock().accept(&round, &here_key, None, act()).unwrap();
    here.stock().acknowledge(&receipt, &third_key, act()).unwrap();
    let round = third.stock().send("Q1", &there_key, &[serial(1)], act()).unwrap();
    let (count, receipt) = there.stock().accept(&round, &third_key, None, act()).unwrap();
    assert_eq!(count.counted, [serial(1)]);
    third.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    for ledger in [&mut here, &mut there, &mut third] {
        let report = ledger.stock().reconcile(None).unwrap();
        assert!(report.agrees() && report.open.is_empty(), "{report:?}");
    }
}

/// Whatever becomes of the blank here, what another station signed for is told until somebody says what they found.
#[test]
fn what_a_receiver_claims_is_told_until_it_is_settled() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    let (mut third, third_key) = station(3);
    stocked(&mut here, 1..6);
    let list = here.stock().send("P1", &there_key, &[serial(1)], act()).unwrap();
    let boxed = [serial(1), serial(2)];
    // One more lay in the box than the list names.
    let (count, receipt) = there.stock().accept(&list, &here_key, Some(&boxed), act()).unwrap();
    assert_eq!(count.surplus, [serial(2)]);
    here.stock().take_back(&[serial(1)], act()).unwrap();
    let on = here.stock().send("P2", &third_key, &[serial(1)], act()).unwrap();
    let (_, other) = third.stock().accept(&on, &here_key, None, act()).unwrap();
    here.stock().acknowledge(&other, &third_key, act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let claimed = |number| (serial(number).to_string(), "signed-for-elsewhere");
    assert_eq!(differences(&mut here), [claimed(1), claimed(2)]);
    let other = here.stock().settle("P1", &[serial(3)], "looked", act());
    assert!(matches!(other, Err(StockError::NotClaimed(one)) if one == serial(3)), "{other:?}");
    assert!(matches!(here.stock().settle("P1", &[serial(2)], " ", act()), Err(StockError::Unexplained)));
    here.stock().settle("P1", &[serial(2)], "it lies here, their count was wrong", act()).unwrap();
    assert_eq!(differences(&mut here), [claimed(1)]);
    here.stock().settle("P1", &[serial(1)], "the third station showed it", act()).unwrap();
    assert_eq!(differences(&mut here), []);
}

/// A receipt repeats what those before it said; what it says anew, nobody had heard when they looked.
#[test]
fn a_newer_word_of_the_receiver_opens_a_settled_claim_again() {
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..7);
    let listed = [serial(1), serial(3), serial(4), serial(5)];
    let list = here.stock().send("P1", &there_key, &listed, at(0)).unwrap();
    here.stock().take_back(&[serial(1)], at(1)).unwrap();
    let boxed = [serial(1), serial(3), serial(2)];
    let (_, receipt) = there.stock().accept(&list, &here_key, Some(&boxed), at(2)).unwrap();
    here.stock().acknowledge(&receipt, &there_key, at(3)).unwrap();
    here.stock().settle("P1", &serials(1..3), "both lie here", at(1000)).unwrap();
    let missed = |number| (serial(number).to_string(), "not-received");
    assert_eq!(differences(&mut here), [missed(4), missed(5)]);
    // Another blank turned up: the receipt names the first one once more, as it must.
    let (_, later) = there.stock().accept(&list, &here_key, Some(&[serial(4)]), at(2000)).unwrap();
    here.stock().acknowledge(&later, &there_key, at(2001)).unwrap();
    assert_eq!(differences(&mut here), [missed(5)]);
    // They found it again, and say so.
    let (_, newer) = there.stock().accept(&list, &here_key, Some(&[serial(5), serial(2)]), at(3000)).unwrap();
    let count = here.stock().acknowledge(&newer, &there_key, at(3001)).unwrap();
    assert_eq!(count.surplus, [serial(2)]);
    assert_eq!(differences(&mut here), [(serial(2).to_string(), "signed-for-elsewhere")]);
    here.stock().settle("P1", &[serial(2)], "it lies here, seen by two", at(3002)).unwrap();
    assert_eq!(differences(&mut here), []);
}

/// Where a blank went is read off its history, and what is still asked about it.
#[test]
fn the_history_of_a_blank_names_transports_and_stations() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..4);
    let list = here.stock().send("P1", &there_key, &serials(1..3), act()).unwrap();
    here.stock().take_back(&[serial(2)], act()).unwrap();
    let (_, receipt) = there.stock().accept(&list, &here_key, Some(&[serial(2)]), act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let (_, receipt) = there.stock().accept(&list, &here_key, Some(&[serial(1)]), act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let told = |ledger: &mut Ledger, number| {
        let events = ledger.stock().events(&serial(number)).unwrap();
        let told =
            |event: BlankEvent| (event.to.as_str(), event.transport.map(|way| (way.reference, way.other)));
        events.into_iter().map(told).collect::<Vec<_>>()
    };
    let with = |key: &PublicKey| Some(("P1".to_owned(), key.fingerprint()));
    let came = [("expected", None), ("in-stock", None), ("sent", with(&there_key))];
    assert_eq!(told(&mut here, 1), [&came[..], &[("handed-over", with(&there_key))]].concat());
    assert_eq!(told(&mut here, 2), [&came[..], &[("in-stock", with(&there_key))]].concat());
    let arrived = [("expected", with(&here_key)), ("in-stock", with(&here_key))];
    assert_eq!((told(&mut there, 1), told(&mut there, 2)), (arrived.to_vec(), arrived.to_vec()));
    assert_eq!(here.stock().claims(&serial(2)).unwrap(), ["P1"]);
    assert_eq!(here.stock().claims(&serial(1)).unwrap(), <[String; 0]>::default());
}

/// A blank that the books have otherwise stops the parcel with its name, and the others come in without it.
#[test]
fn one_blank_does_not_keep_the_others_of_a_parcel_out() {
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..4);
    let first = here.stock().send("P1", &there_key, &[serial(1)], at(0)).unwrap();
    here.stock().take_back(&[serial(1)], at(1)).unwrap();
    there.stock().accept(&first, &here_key, None, at(2)).unwrap();
    there.stock().explain(BlankStep::Spoil, &[serial(1)], WHY, at(3)).unwrap();
    there.stock().explain(BlankStep::Destroy, &[serial(1)], WHY, at(4)).unwrap();
    let list = here.stock().send("P2", &there_key, &serials(1..4), at(5)).unwrap();
    let stopped = there.stock().accept(&list, &here_key, None, at(6)).unwrap_err();
    let said = stopped.to_string();
    assert!(said.contains(&serial(1).to_string()) && said.contains("destroyed"), "{said}");
    let (count, receipt) = there.stock().accept(&list, &here_key, Some(&serials(2..4)), at(7)).unwrap();
    assert_eq!((count.counted, count.missing), (serials(2..4), vec![serial(1)]));
    assert_eq!(differences(&mut there), [], "its books do not look for what was destroyed");
    here.stock().acknowledge(&receipt, &there_key, at(8)).unwrap();
    assert_eq!(differences(&mut here), [(serial(1).to_string(), "not-received")]);
    there.sign_log().unwrap();
    there.prove_log(&there_key, &[]).unwrap();
}

/// A list of tomorrow would make everything that is signed until then read as older.
#[test]
fn a_list_of_a_time_to_come_brings_nothing() {
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..3);
    let list = here.stock().send("P1", &there_key, &[serial(1)], at(86_400)).unwrap();
    let early = there.stock().accept(&list, &here_key, None, at(0)).unwrap_err();
    assert!(matches!(early, StockError::Future { .. }), "{early}");
    assert!(there.stock().blank(&serial(1)).unwrap().is_none());
    // Two clocks are never quite the same.
    there.stock().accept(&list, &here_key, None, at(86_400 - 299)).unwrap();
}

/// Signed for by mistake, settled, and sent after all: the receiver has it in its books and says so, alone and among others.
#[test]
fn what_a_receiver_signed_for_too_early_is_handed_over_when_it_is_sent_after_all() {
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let list = here.stock().send("P1", &there_key, &serials(1..4), at(0)).unwrap();
    here.stock().take_back(&serials(1..3), at(1)).unwrap();
    let (_, receipt) = there.stock().accept(&list, &here_key, None, at(2)).unwrap();
    here.stock().acknowledge(&receipt, &there_key, at(3)).unwrap();
    here.stock().settle("P1", &serials(1..3), "in the cabinet here", at(4)).unwrap();
    let said = here.stock().settlements(&serial(1)).unwrap();
    assert_eq!(
        (said.len(), said[0].reference.as_str(), said[0].note.as_str()),
        (1, "P1", "in the cabinet here")
    );
    assert_eq!(here.stock().settlements(&serial(3)).unwrap(), []);
    for (reference, blanks) in [("P2", vec![serial(1)]), ("P3", vec![serial(2), serial(4)])] {
        let list = here.stock().send(reference, &there_key, &blanks, at(5)).unwrap();
        let (count, receipt) = there.stock().accept(&list, &here_key, None, at(6)).unwrap();
        assert_eq!((count.agrees(), count.elsewhere.len()), (true, 0), "{reference}");
        assert_eq!(count.counted, blanks, "{reference}");
        let mut count = here.stock().acknowledge(&receipt, &there_key, at(7)).unwrap();
        count.counted.sort_unstable_by_key(|serial| serial.0);
        assert_eq!((count.agrees(), &count.counted), (true, &blanks), "{reference}");
        // The same parcel once more brings nothing.
        let again = there.stock().accept(&list, &here_key, Some(&blanks), at(8));
        assert!(matches!(again, Err(StockError::TransportKnown)), "{again:?}");
        for blank in blanks {
            assert_eq!(here.stock().blank(&blank).unwrap().unwrap().state, BlankState::HandedOver);
            assert_eq!(there.stock().blank(&blank).unwrap().unwrap().state, BlankState::InStock);
        }
    }
    for ledger in [&mut here, &mut there] {
        assert!(ledger.stock().reconcile(None).unwrap().agrees());
    }
}

/// Of what was signed for too early a later list of the same sender speaks; one that was signed in between brings nothing more.
#[test]
fn the_last_list_of_a_sender_says_where_a_blank_is() {
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let first = here.stock().send("P1", &there_key, &serials(1..4), at(0)).unwrap();
    here.stock().take_back(&serials(1..4), at(1)).unwrap();
    let (_, too_early) = there.stock().accept(&first, &here_key, None, at(2)).unwrap();
    // Left out of a parcel that is long on its way, and sent with another one.
    let slow = here.stock().send("P2", &there_key, &[serial(1), serial(4)], at(3)).unwrap();
    here.stock().take_back(&[serial(1)], at(4)).unwrap();
    let second = here.stock().send("P3", &there_key, &serials(1..4), at(5)).unwrap();
    // Of three that were in the books one is not in the box: it is in stock no more.
    let (count, receipt) = there.stock().accept(&second, &here_key, Some(&serials(1..3)), at(6)).unwrap();
    assert_eq!((count.counted, count.missing), (serials(1..3), vec![serial(3)]));
    assert_eq!(there.stock().blank(&serial(3)).unwrap().unwrap().state, BlankState::Expected);
    here.stock().acknowledge(&receipt, &there_key, at(7)).unwrap();
    // The word about the first list comes last, and claims nothing of what was handed over since.
    here.stock().acknowledge(&too_early, &there_key, at(8)).unwrap();
    let open: Vec<_> =
        differences(&mut here).into_iter().map(|(serial, what)| (serial, what.to_owned())).collect();
    let of = |what: &str| (serial(3).to_string(), what.to_owned());
    assert_eq!(open, [of("signed-for-elsewhere"), of("not-received")]);
    let (_, later) = there.stock().accept(&second, &here_key, Some(&[serial(3)]), at(9)).unwrap();
    here.stock().acknowledge(&later, &there_key, at(10)).unwrap();
    // The slow parcel is older than the list by which the first one came, whether it lies here still or went back.
    let back = there.stock().send("Q1", &here_key, &[serial(1)], at(11)).unwrap();
    let (_, answer) = here.stock().accept(&back, &there_key, None, at(12)).unwrap();
    there.stock().acknowledge(&answer, &here_key, at(13)).unwrap();
    let (count, receipt) = there.stock().accept(&slow, &here_key, None, at(14)).unwrap();
    assert_eq!((count.counted, count.elsewhere), (vec![serial(4)], vec![serial(1)]));
    here.stock().acknowledge(&receipt, &there_key, at(15)).unwrap();
    assert_eq!(here.stock().blank(&serial(1)).unwrap().unwrap().state, BlankState::InStock);
    assert_eq!(there.stock().blank(&serial(1)).unwrap().unwrap().state, BlankState::HandedOver);
    for ledger in [&mut here, &mut there] {
        assert_eq!(differences(ledger), []);
    }
}

/// Sent back, and here before the word that it was handed over: the list waits for that word, and nothing is passed over.
#[test]
fn what_is_still_on_its_way_back_is_not_passed_over() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..3);
    let first = here.stock().send("A", &there_key, &[serial(1)], act()).unwrap();
    let (_, receipt) = there.stock().accept(&first, &here_key, None, act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let back = there.stock().send("R", &here_key, &[serial(1)], act()).unwrap();
    let (_, slow) = here.stock().accept(&back, &there_key, None, act()).unwrap();
    let at = |seconds: i64| Act { at: Timestamp::from_second(1_790_000_000 + seconds).unwrap(), ..act() };
    let again = here.stock().send("C", &there_key, &serials(1..3), at(0)).unwrap();
    let early = there.stock().accept(&again, &here_key, None, at(1));
    assert!(matches!(early, Err(StockError::Known { state: BlankState::Sent, .. })), "{early:?}");
    let early = early.unwrap_err();
    let said = early.to_string();
    assert_eq!(early.code(), "blank-held");
    assert!(
        said.contains(&serial(1).to_string()) && said.contains("sent with the transport \u{201c}R\u{201d}"),
        "{said}"
    );
    there.stock().acknowledge(&slow, &here_key, at(2)).unwrap();
    let (count, receipt) = there.stock().accept(&again, &here_key, None, at(3)).unwrap();
    assert_eq!((count.counted, count.elsewhere), (serials(1..3), vec![]));
    here.stock().acknowledge(&receipt, &there_key, at(4)).unwrap();
    for ledger in [&mut here, &mut there] {
        assert!(ledger.stock().reconcile(None).unwrap().agrees());
    }
}

/// What one receipt says holds until it is settled or the blank is handed over; a later receipt about others says nothing of it.
#[test]
fn a_claim_is_neither_forgotten_nor_raised_after_a_hand_over() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..8);
    let list = here.stock().send("A", &there_key, &serials(1..4), act()).unwrap();
    let boxed = [serial(1), serial(2), serial(5)];
    let (_, receipt) = there.stock().accept(&list, &here_key, Some(&boxed), act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    let (_, later) = there.stock().accept(&list, &here_key, Some(&[serial(3)]), act()).unwrap();
    here.stock().acknowledge(&later, &there_key, act()).unwrap();
    assert_eq!(differences(&mut here), [(serial(5).to_string(), "signed-for-elsewhere")]);
    // It was meant to go, and its list follows: handed over, it is claimed no more, also after it came back.
    let list = here.stock().send("B", &there_key, &[serial(5)], act()).unwrap();
    let (_, receipt) = there.stock().accept(&list, &here_key, None, act()).unwrap();
    here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    assert_eq!(differences(&mut here), []);
    let back = there.stock().send("R", &here_key, &[serial(5)], act()).unwrap();
    let (_, receipt) = here.stock().accept(&back, &there_key, None, act()).unwrap();
    there.stock().acknowledge(&receipt, &here_key, act()).unwrap();
    assert_eq!(differences(&mut here), []);
}

/// One that was noted as lost at the sender is handed over like the others once the receiver signs that it has it.
#[test]
fn a_late_receipt_hands_over_what_it_can() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..6);
    let list = here.stock().send("parcel 1", &there_key, &serials(1..4), act()).unwrap();
    let (_, first) = there.stock().accept(&list, &here_key, Some(&[serial(1)]), act()).unwrap();
    here.stock().acknowledge(&first, &there_key, act()).unwrap();
    let why = Explanation { cause: Cause::Missing, note: Some("torn box"), photo_sha256: None };
    here.stock().explain(BlankStep::Lose, &[serial(2)], why, act()).unwrap();
    let late = [serial(2), serial(3)];
    let (_, second) = there.stock().accept(&list, &here_key, Some(&late), act()).unwrap();
    let count = here.stock().acknowledge(&second, &there_key, act()).unwrap();
    assert_eq!((count.counted, count.surplus), (vec![serial(2), serial(3)], vec![]));
    let states = |ledger: &mut Ledger| [1, 2, 3].map(|number| state(ledger, number).as_str());
    assert_eq!(states(&mut here), ["handed-over", "handed-over", "handed-over"]);
}

/// Lost at both ends, and found in the torn box: the list brings it in, and both books say so.
#[test]
fn what_was_lost_on_the_way_and_turns_up_at_the_receiver_is_in_its_stock() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..4);
    let list = here.stock().send("parcel 1", &there_key, &serials(1..3), act()).unwrap();
    let (_, first) = there.stock().accept(&list, &here_key, Some(&[serial(1)]), act()).unwrap();
    here.stock().acknowledge(&first, &there_key, act()).unwrap();
    let why = Explanation { cause: Cause::Missing, note: Some("torn box"), photo_sha256: None };
    for ledger in [&mut here, &mut there] {
        ledger.stock().explain(BlankStep::Lose, &[serial(2)], why, act()).unwrap();
    }
    let (count, second) = there.stock().accept(&list, &here_key, Some(&[serial(2)]), act()).unwrap();
    assert_eq!(count.counted, [serial(2)]);
    here.stock().acknowledge(&second, &there_key, act()).unwrap();
    assert_eq!((state(&mut here, 2), state(&mut there, 2)), (BlankState::HandedOver, BlankState::InStock));
    // Missed from the cabinet is another thing: nobody knows what became of it.
    here.stock().explain(BlankStep::Lose, &[serial(3)], why, act()).unwrap();
    assert!(matches!(here.stock().take_back(&[serial(3)], act()), Err(StockError::Step { .. })));
}

#[test]
fn a_blank_that_goes_anew_is_not_of_the_transport_that_it_was_taken_back_from() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    stocked(&mut here, 1..4);
    let first = here.stock().send("first", &there_key, &serials(1..3), act()).unwrap();
    here.stock().take_back(&serials(1..3), act()).unwrap();
    here.stock().send("second", &there_key, &serials(1..2), act()).unwrap();
    let on_the_way = |ledger: &mut Ledger| {
        let all = ledger.stock().transports(9).unwrap();
        all.into_iter().map(|one| (one.reference, one.blanks, one.on_the_way)).collect::<Vec<_>>()
    };
    assert_eq!(on_the_way(&mut here), [("second".to_owned(), 1, 1), ("first".to_owned(), 2, 0)]);
    // The first is over: neither its name nor a receipt for it moves what goes with the second.
    assert!(matches!(here.stock().take_back_transport("first", act()), Err(StockError::Empty)));
    let (_, receipt) = there.stock().accept(&first, &here_key, None, act()).unwrap();
    let answered = here.stock().acknowledge(&receipt, &there_key, act()).unwrap();
    assert_eq!((answered.counted, answered.surplus), (vec![], vec![serial(1), serial(2)]));
    assert_eq!(state(&mut here, 1), BlankState::Sent);
    assert_eq!(here.stock().take_back_transport("second", act()).unwrap(), [serial(1)]);
    assert_eq!(state(&mut here, 1), BlankState::InStock);
}

#[test]
fn what_is_signed_by_somebody_else_or_for_somebody_else_moves_nothing() {
    let (mut here, here_key) = station(1);
    let (mut there, there_key) = station(2);
    let (mut third, third_key) = station(3);
    stocked(&mut here, 1..4);
    let list = here.stock().send("parcel 1", &there_key, &[serial(1)], act()).unwrap();
    assert!(matches!(there.stock().accept(&list, &third_key, None, act()), Err(StockError::Signature(_))));
    assert!(matches!(third.stock().accept(&list, &here_key, None, act()), Err(StockError::OtherStation(_))));
    let text = list.to_text().replace(&serial(1).to_string(), &serial(2).to_string());
    let changed = Signed::parse(&text).unwrap();
    assert!(matches!(there.stock().accept(&changed, &here_key, None, act()), Err(StockError::Signature(_))));
    let (_, receipt) = there.stock().accept(&list, &here_key, None, act()).unwrap();
    let wrong = here.stock().acknowledge(&receipt, &third_key, act());
    assert!(matches!(wrong, Err(StockError::Signature(_))));
    assert_eq!(state(&mut here, 1), BlankState::Sent);
}
