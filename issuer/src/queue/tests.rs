use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::*;
use crate::application::{Application, Step};
use crate::ledger::Ledger;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn approved(ledger: &mut Ledger, number: &str) -> ApplicationId {
    let json = format!(
        r#"{{"person":{{"number":"{number}"}},"portrait":"/9j/4AAQSkZJRg==","reason":"first-issue"}}"#
    );
    let application = Application::parse(json.as_bytes(), Path::new("")).unwrap();
    let act = Act::new("lan", at(0));
    let id = ledger.receive(&application, act).unwrap().id;
    ledger.advance(id, Step::Check, None, &Value::Null, act).unwrap();
    ledger.capture(id, "what is to be printed", act).unwrap();
    ledger.approve(id, Act::new("minh", at(0))).unwrap();
    id
}

#[test]
fn an_application_is_in_one_hand_until_its_lease_ends() {
    let mut ledger = Ledger::in_memory().unwrap();
    let first = approved(&mut ledger, "079099000001");
    let second = approved(&mut ledger, "079099000002");
    let mut queue = ledger.queue();
    assert_eq!(queue.waiting(at(0), 10).unwrap(), [first, second]);
    assert!(queue.lease(first, "a", at(0), at(60)).unwrap());
    assert!(!queue.lease(first, "b", at(1), at(61)).unwrap());
    assert_eq!(queue.waiting(at(1), 10).unwrap(), [second]);
    // Who is at work keeps it; who says nothing more loses it.
    queue.renew(&[first], "a", at(90)).unwrap();
    assert!(!queue.lease(first, "b", at(61), at(120)).unwrap());
    assert!(queue.lease(first, "b", at(90), at(150)).unwrap());
    queue.renew(&[first], "a", at(500)).unwrap();
    queue.release(first, "a").unwrap();
    let held: Vec<(String, Timestamp)> =
        queue.leases().unwrap().into_iter().map(|lease| (lease.holder, lease.expires)).collect();
    assert_eq!(held, [("b".to_owned(), at(150))]);
    queue.release(first, "b").unwrap();
    assert!(queue.leases().unwrap().is_empty());
}

#[test]
fn what_stands_still_says_why_and_goes_on() {
    let mut ledger = Ledger::in_memory().unwrap();
    let act = Act::new("lan", at(0));
    let mut queue = ledger.queue();
    queue.stop(ALL, StopKind::Pause, "lunch", act).unwrap();
    queue.stop("host/reader", StopKind::Tripped, "3 failures in a row", act).unwrap();
    queue.stop(ALL, StopKind::Drain, "end of the day", act).unwrap();
    let stops: Vec<(String, StopKind, String)> =
        queue.stops().unwrap().into_iter().map(|stop| (stop.name, stop.kind, stop.reason)).collect();
    assert_eq!(
        stops,
        [
            ("host/reader".to_owned(), StopKind::Tripped, "3 failures in a row".to_owned()),
            (ALL.to_owned(), StopKind::Drain, "end of the day".to_owned()),
        ]
    );
    assert!(queue.resume(ALL, act).unwrap());
    assert!(!queue.resume(ALL, act).unwrap());
    assert!(queue.stop(ALL, StopKind::Pause, " ", act).is_err());
}

#[test]
fn a_chip_that_a_dead_run_left_in_work_is_seen() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = approved(&mut ledger, "079099000001");
    let act = Act::new("lan", at(0));
    for step in [Step::Prepare, Step::Enqueue] {
        ledger.advance(id, step, None, &Value::Null, act).unwrap();
    }
    assert!(ledger.queue().lease(id, "a", at(0), at(60)).unwrap());
    let serial = cccd_keys::transport_keys::ChipSerial([1; 10]);
    let unsettled = ledger.assign_chip(id, &serial, 1, None, act).unwrap();
    ledger.settle(unsettled).unwrap();
    assert!(ledger.queue().waiting(at(61), 10).unwrap().is_empty());
    assert!(!ledger.queue().is_any_interrupted(at(59)).unwrap());
    assert!(ledger.queue().is_any_interrupted(at(60)).unwrap());
}
