//! The identity database lies apart: its role is not the register's, its values open under its own keys only, and every
//! look is logged.

use cccd_population::access::{Grounds, LogFault, Look, Shown, VerifyError};
use cccd_population::identity::{EidState, Item};
use cccd_population::matching::DigestKey;
use cccd_population::seal::SealKeys;
use cccd_population::store::{IdentityStore, Place, SqlStore, Store as _, StoreError};
use zeroize::Zeroizing;

use crate::{change, keys, now, number, postgres, somebody};

fn key() -> DigestKey {
    DigestKey::new(Zeroizing::new([3; 32]))
}

fn own_keys() -> SealKeys {
    SealKeys::new([Zeroizing::new([5; 32])])
}

fn look(shown: Shown) -> Look {
    let grounds = Grounds::Case("CC01-17".to_owned());
    Look::new(&key(), &number("079099000001"), "Bình", grounds, shown, now()).unwrap()
}

fn file(dir: &tempfile::TempDir) -> Place {
    Place::file(&dir.path().join("identity.db"))
}

#[test]
fn items_go_in_and_come_out_and_each_look_is_an_entry() {
    let dir = tempfile::tempdir().unwrap();
    for place in [Some(file(&dir)), postgres::database()].into_iter().flatten() {
        let mut store = IdentityStore::create(&place, &own_keys(), now()).unwrap();
        let an = number("079099000001");
        for (count, item) in (1..).zip(Item::all()) {
            let value = item.to_string();
            let put = store.put(&key(), (&an, item), value.as_bytes(), &look(item.written())).unwrap();
            assert_eq!(put, 1);
            assert_eq!(store.verify(&key()).unwrap(), count);
        }
        let portrait = (&an, Item::Portrait);
        assert_eq!(store.put(&key(), portrait, b"newer", &look(Shown::PortraitWritten)).unwrap(), 2);
        drop(store);
        let mut store = IdentityStore::open(&place, &own_keys(), now()).unwrap();
        let read = store.get(&key(), portrait, &look(Shown::Portrait)).unwrap().unwrap();
        assert_eq!(read.as_slice(), b"newer");
        let nobody = (&number("001190000002"), Item::Portrait);
        assert!(store.get(&key(), nobody, &look(Shown::Portrait)).unwrap().is_none());
        assert_eq!(store.items(&key(), &an, &look(Shown::Record)).unwrap().len(), 15);
        let entries = store.accesses(0, 100).unwrap();
        assert_eq!(entries.len(), 15 + 4);
        assert_eq!(entries[16].look, look(Shown::Portrait));
        store.raw("DELETE FROM access_log WHERE link = 17").unwrap();
        assert!(matches!(store.verify(&key()), Err(VerifyError::Fault(LogFault::Altered(17)))));
    }
}

#[test]
fn values_open_for_their_person_item_and_key_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = IdentityStore::create(&file(&dir), &own_keys(), now()).unwrap();
    let (an, other) = (number("079099000001"), number("001190000002"));
    let secret = "nốt ruồi cạnh mũi".as_bytes();
    store.put(&key(), (&an, Item::Marks), secret, &look(Shown::MarksWritten)).unwrap();
    // Nothing of it in the file or in what SQLite keeps beside it.
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!content.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
    }
    store
        .raw("INSERT INTO identity_item SELECT '001190000002', item, sealed, revision, source, recorded_at FROM identity_item")
        .unwrap();
    let stolen = store.get(&key(), (&other, Item::Marks), &look(Shown::Marks));
    assert!(matches!(stolen, Err(StoreError::Altered)));
    store.raw("UPDATE identity_item SET item = 'eid' WHERE personal_number = '001190000002'").unwrap();
    assert!(matches!(store.get(&key(), (&other, Item::Eid), &look(Shown::Eid)), Err(StoreError::Altered)));
    for (wrong, expected) in [(keys(), "another's keys"), (SealKeys::none(), "none")] {
        let mut store = IdentityStore::open(&file(&dir), &wrong, now()).unwrap();
        let read = store.get(&key(), (&an, Item::Marks), &look(Shown::Marks));
        assert!(matches!(read, Err(StoreError::Sealed)), "{expected}");
    }
}

#[test]
fn it_is_never_the_registers_own_file() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::file(&dir.path().join("register.db"));
    SqlStore::create_with(&place, &keys(), now()).unwrap();
    assert!(matches!(IdentityStore::create(&place, &own_keys(), now()), Err(StoreError::NotApart)));
    assert!(matches!(IdentityStore::open(&file(&dir), &own_keys(), now()), Err(StoreError::NotInitialised)));
}

/// Two roles on one server: each reads its own and not the other's.
#[test]
fn the_registers_role_reads_nothing_of_it_and_its_role_nothing_of_the_register() {
    let Some(Place::Postgres(owner)) = postgres::database() else { return };
    let mut client = owner.config.connect(::postgres::NoTls).unwrap();
    let database = owner.config.get_dbname().unwrap();
    let (clerk, keeper) = (format!("clerk_{database}"), format!("keeper_{database}"));
    client
        .batch_execute(&format!(
            "CREATE ROLE {clerk} LOGIN; CREATE ROLE {keeper} LOGIN; GRANT ALL ON SCHEMA public TO {clerk}; \
             GRANT CREATE ON DATABASE {database} TO {keeper}"
        ))
        .unwrap();
    let as_role = |role: &str| {
        let mut config = owner.config.clone();
        config.user(role);
        Place::from(config)
    };
    let mut register = SqlStore::create_with(&as_role(&clerk), &keys(), now()).unwrap();
    register.put_person(&somebody(), &change()).unwrap();
    let mut store = IdentityStore::create(&as_role(&keeper), &own_keys(), now()).unwrap();
    assert!(!store.reads_the_register());
    let an = number("079099000001");
    store.put(&key(), (&an, Item::Eid), b"level-2", &look(Shown::EidWritten)).unwrap();

    let denied = |role: &str, sql: &str| {
        let Place::Postgres(server) = as_role(role) else { panic!() };
        let error = server.config.connect(::postgres::NoTls).unwrap().batch_execute(sql).unwrap_err();
        assert_eq!(error.code(), Some(&::postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {sql}");
    };
    for table in ["identity_item", "access_log", "access_head"] {
        denied(&clerk, &format!("SELECT * FROM identity.{table}"));
        denied(&clerk, &format!("DELETE FROM identity.{table}"));
    }
    denied(&keeper, "SELECT * FROM public.person");
    denied(&keeper, "SELECT * FROM public.access_log");
    assert!(matches!(
        IdentityStore::open(&as_role(&clerk), &own_keys(), now()),
        Err(StoreError::NotInitialised)
    ));
    assert!(register.person(&an).unwrap().is_some());
    assert!(store.get(&key(), (&an, Item::Eid), &look(Shown::Eid)).unwrap().is_some());
    // Whoever reads both is told.
    client.batch_execute(&format!("GRANT SELECT ON public.person TO {keeper}")).unwrap();
    assert!(IdentityStore::open(&as_role(&keeper), &own_keys(), now()).unwrap().reads_the_register());
}

#[test]
fn what_an_item_can_be() {
    for item in Item::all() {
        assert_eq!(item.to_string().parse(), Ok(item));
        assert!(item.check(b"").is_err());
        assert!(item.check(&vec![0xff; 1024 * 1024 + 1]).is_err());
    }
    for text in ["fingerprint-0", "fingerprint-11", "fingerprint-01", "dna", ""] {
        assert!(text.parse::<Item>().is_err(), "{text}");
    }
    assert!(Item::Portrait.check(&[0xff, 0xd8, 0xff, 0xe0]).is_ok());
    assert!(Item::Portrait.check(b"\xff\x4f\xff\x51\0").is_ok());
    assert!(Item::Portrait.check(b"GIF89a").is_err());
    assert!(Item::Marks.check("sẹo\n".as_bytes()).is_err());
    assert!(Item::Marks.check("sẹo 2 cm".as_bytes()).is_ok());
    let locked = EidState { level: 2, locked: true };
    assert_eq!("level-2 locked".parse(), Ok(locked));
    assert_eq!(locked.to_string(), "level-2 locked");
    for text in ["level-3", "locked", "level-1  locked", "level-1 unlocked"] {
        assert!(Item::Eid.check(text.as_bytes()).is_err(), "{text}");
    }
}
