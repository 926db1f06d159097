use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;

use jiff::Timestamp;
use tempfile::TempDir;

use super::super::{Database, Tables, Version};
use super::*;
use crate::store::Place;

/// The second table's key is looked at when a transaction ends: a commit that fails.
const TABLES: Tables = Tables {
    versions_in: "room_version",
    versions: &[Version {
        both: "CREATE TABLE thing (name TEXT NOT NULL PRIMARY KEY) STRICT;\n\
               CREATE TABLE late (name TEXT NOT NULL REFERENCES thing (name) DEFERRABLE INITIALLY DEFERRED) STRICT;",
        sqlite: "",
        postgres: "",
    }],
};

fn room() -> (TempDir, Place, Database) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::file(&folder.path().join("room.sqlite"));
    let database = Database::create_for_threads(&place, &TABLES, Timestamp::UNIX_EPOCH).unwrap();
    (folder, place, database)
}

fn insert(session: &mut dyn Session, table: &str, name: &str) -> Result<u64, StoreError> {
    session.execute(&format!("INSERT INTO {table} (name) VALUES (?1)"), &[name.into()])
}

fn put(database: &mut Database, name: &str) -> Result<u64, StoreError> {
    database.write(Apart::Rows, |session| insert(session, "thing", name))
}

fn put_ahead(database: &mut Database, name: &str) -> Result<u64, StoreError> {
    database.write_ahead(Apart::Rows, |session| insert(session, "thing", name))
}

/// What somebody reads who has nothing to do with those who write.
fn names(place: &Place) -> Vec<String> {
    let stranger = Database::create(place, &TABLES, Timestamp::UNIX_EPOCH).unwrap();
    let mut names = Vec::new();
    stranger
        .read(|session| {
            session.query("SELECT name FROM thing ORDER BY name", &[], &mut |row| {
                names.push(row.needed(0)?);
                Ok(())
            })
        })
        .unwrap();
    names
}

#[test]
fn what_was_answered_is_there_whoever_wrote_it() {
    let (_folder, place, first) = room();
    let start = Barrier::new(16);
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (start, place, mut own) = (&start, &place, first.another(&place).unwrap());
            scope.spawn(move || {
                start.wait();
                for turn in 0..20 {
                    let name = format!("{thread:02}-{turn:02}");
                    // Every third thread does not wait for its own.
                    let ahead = thread % 3 == 0 && turn % 4 != 3;
                    if ahead {
                        put_ahead(&mut own, &name).unwrap()
                    } else {
                        put(&mut own, &name).unwrap()
                    };
                    if turn == 19 {
                        assert!(names(place).contains(&name));
                    }
                }
            });
        }
    });
    assert_eq!(names(&place).len(), 16 * 20);
}

#[test]
fn what_is_not_settled_is_seen_by_nobody_else_and_a_later_commit_settles_it() {
    let (_folder, place, mut one) = room();
    let mut other = one.another(&place).unwrap();
    put_ahead(&mut one, "a").unwrap();
    assert!(names(&place).is_empty());
    put(&mut other, "b").unwrap();
    assert_eq!(names(&place), ["a", "b"]);
    one.settle().unwrap();

    put_ahead(&mut one, "c").unwrap();
    assert_eq!(names(&place), ["a", "b"]);
    one.settle().unwrap();
    assert_eq!(names(&place), ["a", "b", "c"]);

    put_ahead(&mut one, "d").unwrap();
    drop(one);
    assert_eq!(names(&place), ["a", "b", "c", "d"]);
}

#[test]
fn a_piece_that_fails_goes_alone() {
    let (_folder, place, mut one) = room();
    let mut other = one.another(&place).unwrap();
    put_ahead(&mut one, "a").unwrap();
    let failed = other.write(Apart::Rows, |session| {
        insert(session, "thing", "b")?;
        insert(session, "thing", "a")
    });
    assert!(failed.is_err());
    one.settle().unwrap();
    assert_eq!(names(&place), ["a"]);
    put(&mut other, "b").unwrap();
    assert_eq!(names(&place), ["a", "b"]);
}

#[test]
fn a_commit_that_fails_takes_all_with_it_and_each_is_told() {
    let (_folder, place, mut one) = room();
    let mut others: Vec<Database> = (0..3).map(|_| one.another(&place).unwrap()).collect();
    put_ahead(&mut one, "a").unwrap();
    put_ahead(&mut one, "b").unwrap();
    for (other, name) in others.iter_mut().zip(["c", "d", "e"]) {
        put_ahead(other, name).unwrap();
    }
    let mut bad = one.another(&place).unwrap();
    bad.write_ahead(Apart::Rows, |session| insert(session, "late", "nobody")).unwrap();
    let told = bad.settle().unwrap_err();
    assert!(crate::store::engine::refused_row(&told), "{told}");
    for mut other in others {
        assert!(crate::store::engine::refused_row(&other.settle().unwrap_err()));
        other.settle().unwrap();
    }
    // What comes after something that was lost is not begun, once.
    assert!(put(&mut one, "f").is_err());
    assert!(names(&place).is_empty());
    put(&mut one, "f").unwrap();
    assert_eq!(names(&place), ["f"]);
}

#[test]
fn a_piece_that_panics_pushes_the_others_aside() {
    let (_folder, place, mut one) = room();
    let mut other = one.another(&place).unwrap();
    put_ahead(&mut one, "a").unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _: Result<u64, StoreError> = other.write(Apart::Rows, |session| {
            insert(session, "thing", "b")?;
            panic!("as it must not be")
        });
    }));
    assert!(panicked.is_err());
    assert!(matches!(one.settle(), Err(StoreError::Busy)));
    assert!(names(&place).is_empty());
    put(&mut one, "a").unwrap();
    assert_eq!(names(&place), ["a"]);
}

#[test]
fn what_the_engine_gives_up_whole_pushes_the_others_aside() {
    let (_folder, place, mut one) = room();
    let mut other = one.another(&place).unwrap();
    put_ahead(&mut one, "a").unwrap();
    let failed: Result<u64, StoreError> = other.write(Apart::Rows, |session| {
        session.execute("ROLLBACK", &[])?;
        Err(StoreError::UnknownPerson)
    });
    assert!(matches!(failed, Err(StoreError::UnknownPerson)));
    assert!(matches!(one.settle(), Err(StoreError::Busy)));
    put(&mut one, "a").unwrap();
    assert_eq!(names(&place), ["a"]);
}
