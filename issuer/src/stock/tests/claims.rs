//! What a receiver says it has and the sender's books do not give it.

use super::*;

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
