//! Blanks between stations: lists, receipts, and the order in which they arrive.

use super::*;

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
