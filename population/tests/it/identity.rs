//! The identity database lies apart: its role is not the register's, its values open under its own keys only, and every
//! look is logged.

use age::x25519::Identity;
use cccd_population::access::{Grounds, LogFault, Look, Shown, VerifyError};
use cccd_population::backup::{BackupError, backup, restore};
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

/// A grey picture.
pub(crate) fn small_jpeg() -> Vec<u8> {
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg)
        .encode(&[128; 64], 8, 8, image::ColorType::L8.into())
        .unwrap();
    jpeg
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
    let jpeg = small_jpeg();
    assert!(Item::Portrait.check(&jpeg).is_ok());
    let jpeg_2000 = b"\xff\x4f\xff\x51\0\x29\0\0\0\0\x01\x90\0\0\x02\0";
    assert!(Item::Portrait.check(jpeg_2000).is_ok());
    let boxes = [b"\0\0\0\x0cjP  \x0d\x0a\x87\x0a\0\0\0\x14ftypjp2 ".as_slice(), jpeg_2000].concat();
    assert!(Item::Portrait.check(&boxes).is_ok());
    for none in [&jpeg[..20], b"\xff\xd8\xff\xe0pict", &jpeg_2000[..12], &boxes[..24], b"GIF89a"] {
        assert!(Item::Portrait.check(none).is_err(), "{none:?}");
    }
    assert!(Item::Marks.check("sẹo\n".as_bytes()).is_err());
    assert!(Item::Marks.check("sẹo 2 cm".as_bytes()).is_ok());
    let locked = EidState { level: 2, locked: true };
    assert_eq!("level-2 locked".parse(), Ok(locked));
    assert_eq!(locked.to_string(), "level-2 locked");
    for text in ["level-3", "locked", "level-1  locked", "level-1 unlocked"] {
        assert!(Item::Eid.check(text.as_bytes()).is_err(), "{text}");
    }
}

/// Places of both engines, empty.
fn places() -> Vec<(tempfile::TempDir, Place)> {
    let dir = tempfile::tempdir().unwrap();
    let place = file(&dir);
    let mut places = vec![(dir, place)];
    places.extend(postgres::database().map(|place| (tempfile::tempdir().unwrap(), place)));
    places
}

/// Everybody's portrait under the older of two keys, one value under the newer.
fn filled(place: &Place, older: &SealKeys, both: &SealKeys) -> u64 {
    let mut store = IdentityStore::create(place, older, now()).unwrap();
    for last in 1..=120_u32 {
        let number = number(&format!("079099{last:06}"));
        let value = [b"\xff\xd8\xff".as_slice(), &last.to_be_bytes()].concat();
        store.put(&key(), (&number, Item::Portrait), &value, &look(Shown::PortraitWritten)).unwrap();
    }
    let mut store = IdentityStore::open(place, both, now()).unwrap();
    let an = number("079099000001");
    store.put(&key(), (&an, Item::Marks), "sẹo".as_bytes(), &look(Shown::MarksWritten)).unwrap();
    store.verify(&key()).unwrap()
}

fn two_keys() -> (SealKeys, SealKeys, SealKeys) {
    let older = || Zeroizing::new([5; 32]);
    let newer = || Zeroizing::new([6; 32]);
    (SealKeys::new([older()]), SealKeys::new([older(), newer()]), SealKeys::new([newer()]))
}

#[test]
fn a_backup_restored_without_the_keys_cannot_be_read_and_with_them_can() {
    let (older, both, newer) = two_keys();
    let reader = Identity::generate();
    for (_from, from) in places() {
        let looks = filled(&from, &older, &both);
        // Who makes backups has no key.
        let mut store = IdentityStore::open(&from, &SealKeys::none(), now()).unwrap();
        let (octets, tables) =
            backup(&mut store, Vec::new(), &[reader.to_public()], now(), &mut |_| true).unwrap();
        assert_eq!(tables, store.table_digests().unwrap());
        for (_to, to) in places() {
            let mut restored = IdentityStore::create(&to, &SealKeys::none(), now()).unwrap();
            let back = |store: &mut IdentityStore, octets: &[u8]| {
                restore(store, octets, std::slice::from_ref(&reader), &mut |_| true)
            };
            assert!(back(&mut restored, &octets[..octets.len() / 2]).is_err());
            assert_eq!(back(&mut restored, &octets).unwrap(), tables);
            assert!(matches!(back(&mut restored, &octets), Err(BackupError::NotEmpty(_))));
            let portrait = (&number("079099000077"), Item::Portrait);
            for wrong in [SealKeys::none(), keys(), newer.share()] {
                let mut restored = IdentityStore::open(&to, &wrong, now()).unwrap();
                let read = restored.get(&key(), portrait, &look(Shown::Portrait));
                assert!(matches!(read, Err(StoreError::Sealed)), "{wrong:?}");
            }
            let mut restored = IdentityStore::open(&to, &both, now()).unwrap();
            let read = restored.get(&key(), portrait, &look(Shown::Portrait)).unwrap().unwrap();
            assert_eq!(*read, [b"\xff\xd8\xff".as_slice(), &77_u32.to_be_bytes()].concat());
            // Its log came with it, and goes on.
            assert_eq!(restored.verify(&key()).unwrap(), looks + 4);
        }
        // Neither of the two databases becomes the other.
        let mut register = SqlStore::in_memory(now()).unwrap();
        let other = restore(&mut register, octets.as_slice(), std::slice::from_ref(&reader), &mut |_| true);
        assert!(matches!(other, Err(BackupError::NoBackup(_))), "{other:?}");
        let (octets, _) =
            backup(&mut register, Vec::new(), &[reader.to_public()], now(), &mut |_| true).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut empty = IdentityStore::create(&file(&dir), &both, now()).unwrap();
        let other = restore(&mut empty, octets.as_slice(), std::slice::from_ref(&reader), &mut |_| true);
        assert!(matches!(other, Err(BackupError::NoBackup(_))), "{other:?}");
    }
}

#[test]
fn values_are_sealed_anew_page_by_page_and_the_older_key_can_go() {
    let (older, both, newer) = two_keys();
    for (_dir, place) in places() {
        let looks = filled(&place, &older, &both);
        let mut store = IdentityStore::open(&place, &both, now()).unwrap();
        // Stopped after a page, and begun again from the start.
        let page = store.seal_anew(None, 7).unwrap();
        assert_eq!((page.seen, page.sealed), (7, 6), "the first person's marks lie under the newer key");
        let (mut after, mut sealed, mut seen) = (None, 0, 0);
        loop {
            let page = store.seal_anew(after.as_ref(), 50).unwrap();
            (sealed, seen) = (sealed + page.sealed, seen + page.seen);
            assert_eq!(page.without_key, 0);
            let Some(last) = page.last else { break };
            after = Some(last);
        }
        assert_eq!((sealed, seen), (114, 121));
        let mut alone = IdentityStore::open(&place, &newer, now()).unwrap();
        for last in [1_u32, 7, 120] {
            let number = number(&format!("079099{last:06}"));
            let read = alone.get(&key(), (&number, Item::Portrait), &look(Shown::Portrait)).unwrap().unwrap();
            assert_eq!(*read, [b"\xff\xd8\xff".as_slice(), &last.to_be_bytes()].concat());
        }
        assert_eq!(alone.verify(&key()).unwrap(), looks + 3);
        // Without a key nothing is sealed; under another nothing can be.
        let mut none = IdentityStore::open(&place, &SealKeys::none(), now()).unwrap();
        assert!(matches!(none.seal_anew(None, 10), Err(StoreError::Sealed)));
        let mut stranger = IdentityStore::open(&place, &keys(), now()).unwrap();
        let page = stranger.seal_anew(None, 10).unwrap();
        assert_eq!((page.sealed, page.without_key), (0, 10));
    }
}
