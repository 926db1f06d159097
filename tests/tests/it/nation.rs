//! A simulated year of a small province, and that every line of its table finds what is done behind the register's back.

use std::collections::BTreeSet;

use cccd_population::store::Place;
use cccd_tests::nation::{Outcome, Plan, Scene, Short, Stage, run_disturbed};
use jiff::civil::date;

fn year(failover: bool, disturb: &dyn Fn(Scene<'_>) -> anyhow::Result<()>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { people: 400, seed: 5, today: date(2026, 11, 25), failover };
    let outcome = run_disturbed(plan, &Place::file(&folder.path().join("register.db")), disturb).unwrap();
    assert!(outcome.people >= 400 && outcome.events > 30, "{outcome}");
    outcome
}

fn violated(outcome: &Outcome) -> BTreeSet<&'static str> {
    outcome.invariants.iter().filter(|line| line.violations > 0).map(|line| line.what).collect()
}

/// Statements on the register of a stage.
fn sql(stage: Stage, statements: &[&str]) -> impl Fn(Scene<'_>) -> anyhow::Result<()> {
    move |scene| {
        for statement in statements.iter().filter(|_| scene.stage == stage) {
            assert!(scene.store.raw(statement)? > 0, "{statement} changes nothing");
        }
        Ok(())
    }
}

fn is_of_failover(what: &str) -> bool {
    ["PostgreSQL", "primary", "doubled", "on the replica"].iter().any(|word| what.contains(word))
}

#[test]
fn a_year_leaves_nothing_lost_and_nothing_doubled() {
    let outcome = year(true, &|_| Ok(()));
    assert_eq!(violated(&outcome), BTreeSet::new());
    let of_failover = outcome.invariants.iter().filter(|line| is_of_failover(line.what)).count();
    assert!(of_failover == 4 || std::env::var_os("CCCD_DEMAND_POSTGRES").is_none(), "{of_failover}");
}

/// Somebody on whom no other row leans.
const ALONE: &str = "DELETE FROM person WHERE personal_number = (SELECT max(personal_number) FROM person \
    WHERE lists IS NOT NULL AND personal_number NOT IN (SELECT personal_number FROM person_act) \
    AND personal_number NOT IN (SELECT personal_number FROM person_history) \
    AND personal_number NOT IN (SELECT personal_number FROM outbox) \
    AND personal_number NOT IN (SELECT personal_number FROM linked_step))";

#[test]
fn every_line_of_the_table_can_fail() {
    let mut seen = BTreeSet::new();
    for (statements, found) in [
        (
            &[
                "UPDATE person SET full_name = 'Ai Khác' WHERE personal_number = (SELECT max(personal_number) FROM person)",
            ][..],
            "every record is as it was last told",
        ),
        (&[ALONE], "people in = people out"),
        (&[ALONE], "nobody is named who is not there (orphans)"),
        (
            &["UPDATE person SET lists = NULL WHERE lists IS NOT NULL AND substr(personal_number, 12) < '5'"],
            "what one record says of another, that one says too",
        ),
        (
            &["UPDATE person SET replaced_by = NULL WHERE replaced_by IS NOT NULL"],
            "a number that ended leads to the one that goes on",
        ),
        (
            &["DELETE FROM person_act WHERE act_id = (SELECT max(act_id) FROM person_act)"],
            "every acknowledged act is there, once",
        ),
        (
            &["UPDATE intake_audit SET outcome = 'case' WHERE intake = 'ward-1' AND link = 1"],
            "the chain of every office is whole",
        ),
        (
            &["UPDATE person SET birth_date = '1801-01-01' WHERE life = 'alive'"],
            "no record is wrong in itself",
        ),
        (
            &["UPDATE case_claim SET state = 'open', ruling = NULL WHERE state = 'decided'"],
            "every case is decided",
        ),
        (&["UPDATE bundle_claim SET merged_at = NULL"], "every bundle is merged, once"),
        (
            &["DELETE FROM scanned_sheet WHERE form_serial = (SELECT max(form_serial) FROM scanned_sheet)"],
            "every scanned page lies with its person, once",
        ),
        (
            &[
                "UPDATE card SET status = 'held' WHERE sod_sha256 = (SELECT max(sod_sha256) FROM card WHERE status = 'active')",
            ],
            "every card is as it was told, one in use a holder",
        ),
        (
            &["UPDATE access_log SET grounds = 'case' WHERE link = 1"],
            "every look is logged with its grounds, the logs are whole",
        ),
        (
            &["UPDATE paper_person SET role = 'father' WHERE role = 'child'"],
            "every entry of an old book holds and leads to its person",
        ),
        (
            // Of whom an act of death is: some of them live, the death was annulled.
            &[
                "UPDATE person SET full_name = 'Ai Khác' WHERE personal_number IN (SELECT personal_number FROM person_act WHERE act_id LIKE '%.KT.%')",
            ],
            "every extract given out is counted, and known by its code",
        ),
        (
            &[
                "UPDATE person SET birth_registration_place = 'Xã Mẫu' WHERE substr(personal_number, 1, 1) <> '0'",
            ],
            "who is born abroad bears that country's number",
        ),
        (
            &[
                "UPDATE person SET current_address = 'Doanh trại' WHERE personal_number IN (SELECT personal_number FROM kept_elsewhere)",
            ],
            "what a ministry keeps of its people stands nowhere here",
        ),
        (
            &["UPDATE number_cancelled SET successor = NULL WHERE successor IS NOT NULL"],
            "the engine finds its file sound",
        ),
    ] {
        let outcome = year(false, &sql(Stage::Year, statements));
        assert!(violated(&outcome).contains(found), "{statements:?}: {:?}", violated(&outcome));
        seen.insert(found);
    }
    for (statement, found) in [
        (
            "DELETE FROM identity_item WHERE personal_number = (SELECT max(personal_number) FROM identity_item)",
            "portraits and prints open as taken, with own rights only",
        ),
        (
            "DELETE FROM access_log WHERE link = (SELECT max(link) FROM access_log)",
            "the identity database logged every look, whole",
        ),
    ] {
        let outcome = year(false, &|scene| {
            let Some(identity) = scene.identity.filter(|_| scene.stage == Stage::Year) else { return Ok(()) };
            assert!(identity.raw(statement)? > 0, "{statement} changes nothing");
            Ok(())
        });
        assert_eq!(violated(&outcome), [found].into());
        seen.insert(found);
    }
    for (short, found) in [
        (Short { rejected: true, ..Short::default() }, "rows in = persons + rejected rows"),
        (Short { delivered: true, ..Short::default() }, "every message was delivered once"),
    ] {
        let outcome = year(false, &|scene| {
            *scene.short = short;
            Ok(())
        });
        assert_eq!(violated(&outcome), [found].into());
        seen.insert(found);
    }
    let restored = "every table comes back from the backup as it was";
    let outcome = year(false, &sql(Stage::Restored, &["DELETE FROM intake_head WHERE intake = 'ward-1'"]));
    assert_eq!(violated(&outcome), [restored].into());
    seen.insert(restored);
    let all: BTreeSet<_> = outcome.invariants.iter().map(|line| line.what).collect();
    assert_eq!(seen, all, "a line that nothing makes fail");
}

#[test]
fn what_a_failover_loses_or_doubles_is_found() {
    let restored = sql(Stage::Restored, &["DELETE FROM intake_head WHERE intake = 'ward-1'"]);
    let lost = sql(
        Stage::Failover,
        &[
            "DELETE FROM person_act WHERE act_id = (SELECT max(act_id) FROM person_act WHERE act_id LIKE '00080.%')",
            "INSERT INTO person_act SELECT personal_number, '2026-01-01', act_id FROM person_act \
             WHERE act_id = (SELECT max(act_id) FROM person_act WHERE act_id LIKE '00081.%')",
            "UPDATE intake_audit SET outcome = 'case' WHERE intake = 'desk-0' AND link = 1",
        ],
    );
    let outcome = year(true, &|scene| {
        restored(Scene {
            stage: scene.stage,
            store: scene.store,
            identity: None,
            short: &mut Short::default(),
        })?;
        lost(scene)
    });
    let all: BTreeSet<_> =
        outcome.invariants.iter().map(|line| line.what).filter(|what| is_of_failover(what)).collect();
    let found = violated(&outcome);
    assert!(all.is_subset(&found), "{all:?} {found:?}");
}
