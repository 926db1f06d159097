//! `init --distributed`: where there is no Citus it says so and changes nothing. Where there is one, it is given statements
//! that name tables and columns that there are; a stand-in for its functions checks that on the real server.

use cccd_population::seal::SealKeys;
use cccd_population::store::{Place, SqlStore, StoreError};

use crate::{now, postgres};

#[test]
fn without_citus_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r.db");
    let refused = SqlStore::create_distributed(&Place::file(&file), &SealKeys::none(), now());
    assert!(matches!(refused, Err(StoreError::NotDistributed(_))) && !file.exists());
    let Some(place) = postgres::database() else { return };
    let refused = SqlStore::create_distributed(&place, &SealKeys::none(), now());
    assert!(matches!(refused, Err(StoreError::NotDistributed(_))));
    assert!(matches!(SqlStore::open(&place), Err(StoreError::NotInitialised)));
}

/// Functions of the same names and arguments, which refuse a column that is not part of every unique key.
const STAND_IN: [&str; 3] = [
    "CREATE TABLE laid_out (name text PRIMARY KEY)",
    "CREATE FUNCTION create_reference_table(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN INSERT INTO laid_out VALUES (t::text); END $$",
    "CREATE FUNCTION create_distributed_table(t regclass, col text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE place smallint;
BEGIN
  SELECT attnum INTO STRICT place FROM pg_attribute WHERE attrelid = t AND attname = col;
  IF EXISTS (SELECT 1 FROM pg_index WHERE indrelid = t AND indisunique AND NOT (place = ANY (indkey))) THEN
    RAISE EXCEPTION 'a unique key of % lacks %', t, col;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = t AND contype = 'f' AND NOT (place = ANY (conkey))) THEN
    RAISE EXCEPTION 'a reference of % lacks %', t, col;
  END IF;
  IF colocate_with <> 'none' AND NOT EXISTS (SELECT 1 FROM laid_out WHERE name = colocate_with) THEN
    RAISE EXCEPTION '% comes before %', t, colocate_with;
  END IF;
  INSERT INTO laid_out VALUES (t::text);
END $$",
];

#[test]
fn the_statements_fit_the_tables_that_there_are() {
    let Some(place) = postgres::database() else { return };
    let mut store = SqlStore::create(&place, now()).unwrap();
    let tables = store.table_digests().unwrap().len();
    for statement in STAND_IN {
        store.raw(statement).unwrap();
    }
    for statement in SqlStore::distribution() {
        store.raw(&statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    // Every table once (a second time is refused by the key), and that of versions.
    assert_eq!(SqlStore::distribution().len(), tables + 1);
    assert!(store.raw("SELECT create_distributed_table('card', 'chip_serial', 'none')").is_err());
}
