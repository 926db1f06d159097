//! A simulated year of a small province, and that its table of invariants finds what is done behind the register's back.

use cccd_population::store::Place;
use cccd_tests::nation::{Plan, run_disturbed};
use jiff::civil::date;

/// What of the table does not hold after `sql`.
fn violated(sql: &str) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { people: 400, seed: 5, today: date(2026, 11, 25) };
    let place = Place::file(&folder.path().join("register.db"));
    let outcome = run_disturbed(plan, &place, |store| {
        if !sql.is_empty() {
            assert!(store.raw(sql)? > 0, "{sql} changes nothing");
        }
        Ok(())
    })
    .unwrap();
    assert!(outcome.people > 400 && outcome.events > 30, "{outcome}");
    outcome.invariants.iter().filter(|line| line.violations > 0).map(|line| line.what).collect()
}

#[test]
fn a_year_leaves_nothing_lost_and_nothing_doubled() {
    assert_eq!(violated(""), [""; 0]);
}

#[test]
fn what_is_lost_or_altered_behind_its_back_is_found() {
    for (sql, found) in [
        (
            "UPDATE person SET full_name = 'Ai Khác' WHERE personal_number = (SELECT max(personal_number) FROM person)",
            "every record is as it was last told",
        ),
        (
            "DELETE FROM person_act WHERE act_id = (SELECT max(act_id) FROM person_act)",
            "every acknowledged act is there, once",
        ),
        (
            "UPDATE intake_audit SET outcome = 'case' WHERE intake = 'ward-1' AND link = 1",
            "the chain of every office is whole",
        ),
    ] {
        let violated = violated(sql);
        assert!(violated.contains(&found), "{sql}: {violated:?}");
    }
}
