//! The identity database behind a connection of its own: nothing here reaches the register, and nothing there reaches this.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::database::{Database, Tables, Version};
use super::engine::postgres::Postgres;
use super::engine::{Apart, Session};
use super::persons::timestamp;
use super::{Change, Place, StoreError, TableDigest, access, dump};
use crate::access::{AccessEntry, AccessHead, Look, VerifyError, verify_pages};
use crate::backup::{Backed, BackupError};
use crate::identity::{Item, LOG};
use crate::matching::DigestKey;
use crate::seal::{SealError, SealKeys};

/// The schema of a server's database in which it lies.
const SCHEMA: &str = "identity";

const TABLES: Tables = Tables {
    versions_in: "identity_version",
    versions: &[
        Version { both: include_str!("../../migrations/identity_0001.sql"), sqlite: "", postgres: "" },
        Version { both: include_str!("../../migrations/0010_access.sql"), sqlite: "", postgres: "" },
    ],
};

/// Its tables in a backup.
#[expect(clippy::cast_possible_truncation, reason = "a handful of versions")]
const FORM: dump::Form = dump::Form {
    of: Some("identity"),
    versions_in: TABLES.versions_in,
    version: TABLES.versions.len() as u32,
};

/// What one page of sealing anew came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsSealedAnew {
    /// The last value looked at; `None` when there are no more.
    pub last: Option<(PersonalNumber, String)>,
    /// Values looked at.
    pub seen: u64,
    /// How many of them were sealed anew.
    pub sealed: u64,
    /// How many lie under keys that are not here.
    pub without_key: u64,
}

/// An item that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub item: Item,
    /// Counts from 1; every change is one more.
    pub revision: u64,
    /// Who wrote it last, and when.
    pub change: Change,
}

/// The identity database, open.
pub struct IdentityStore {
    database: Database,
    keys: SealKeys,
    /// Whether the connection's role can read the register of the same server.
    reads_the_register: bool,
}

impl IdentityStore {
    /// Makes it, in a file of its own or in the schema `identity` of a server's database. Doing it again is harmless.
    ///
    /// # Errors
    /// [`StoreError::NotApart`] in the register's own file.
    pub fn create(place: &Place, keys: &SealKeys, at: Timestamp) -> Result<Self, StoreError> {
        if let Place::Postgres(server) = place {
            let mut engine = Postgres::connect(server, SealKeys::none())?;
            if !answers(&mut engine, "SELECT 1 FROM pg_namespace WHERE nspname = 'identity'")? {
                engine
                    .script(&format!("CREATE SCHEMA {SCHEMA}; REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC"))?;
            }
        }
        Self::connect(place, keys, at)
    }

    /// Opens an existing one, and brings it to this program's version.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if there is none, or this role has no rights on it.
    pub fn open(place: &Place, keys: &SealKeys, at: Timestamp) -> Result<Self, StoreError> {
        let there = match place {
            Place::Sqlite(path) => path.is_file(),
            Place::Postgres(server) => answers(
                &mut Postgres::connect(server, SealKeys::none())?,
                "SELECT 1 FROM pg_namespace WHERE nspname = 'identity' AND has_schema_privilege(oid, 'USAGE')",
            )?,
        };
        if there { Self::connect(place, keys, at) } else { Err(StoreError::NotInitialised) }
    }

    fn connect(place: &Place, keys: &SealKeys, at: Timestamp) -> Result<Self, StoreError> {
        let (place, reads_the_register) = match place {
            Place::Sqlite(path) => {
                if path.is_file() && super::SqlStore::open(place).is_ok() {
                    return Err(StoreError::NotApart);
                }
                (place.clone(), false)
            }
            Place::Postgres(server) => {
                let mut engine = Postgres::connect(server, SealKeys::none())?;
                let reads = answers(
                    &mut engine,
                    "SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                     WHERE relname = 'person' AND relkind IN ('r', 'p') \
                     AND has_schema_privilege(relnamespace, 'USAGE') \
                     AND has_table_privilege(pg_class.oid, 'SELECT')",
                )?;
                // Only this schema, so that no table of another is met by its bare name.
                let mut server = server.clone();
                server.config.options(&format!("-c search_path={SCHEMA}"));
                (Place::Postgres(server), reads)
            }
        };
        let database = Database::create(&place, &TABLES, at)?;
        Ok(Self { database, keys: keys.share(), reads_the_register })
    }

    /// Whether this connection's role can read the register of the same server too: then the two are not apart.
    #[must_use]
    pub fn reads_the_register(&self) -> bool {
        self.reads_the_register
    }

    /// Writes an item, and that it was written, in one transaction. Answers its revision.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] without a key.
    pub fn put(
        &mut self,
        log_key: &DigestKey,
        (number, item): (&PersonalNumber, Item),
        value: &[u8],
        look: &Look,
    ) -> Result<u64, StoreError> {
        let sealed = self.keys.seal(&associated(item), number, value).map_err(seal_failed)?;
        self.database.write(Apart::Rows, |session| {
            access::log(session, log_key, LOG, std::slice::from_ref(look))?;
            put(session, (number, item), &sealed, look)
        })
    }

    /// Reads an item; that it was asked for is logged first, also where there is none.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] without its key, [`StoreError::Altered`].
    pub fn get(
        &mut self,
        log_key: &DigestKey,
        (number, item): (&PersonalNumber, Item),
        look: &Look,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.log(log_key, look)?;
        let mut sealed = None;
        self.database.read(|session| {
            session.query(
                "SELECT sealed FROM identity_item WHERE personal_number = ?1 AND item = ?2",
                &[number.as_str().into(), item.to_string().into()],
                &mut |row| {
                    sealed = row.bytes(0)?;
                    Ok(())
                },
            )
        })?;
        let Some(sealed) = sealed else { return Ok(None) };
        self.keys.open(&associated(item), number, &sealed).map(Some).map_err(seal_failed)
    }

    /// What is there of somebody, not what it says. Logged like reading.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn items(
        &mut self,
        log_key: &DigestKey,
        number: &PersonalNumber,
        look: &Look,
    ) -> Result<Vec<Kept>, StoreError> {
        self.log(log_key, look)?;
        let mut kept = Vec::new();
        self.database.read(|session| {
            session.query(
                "SELECT item, revision, source, recorded_at FROM identity_item \
                 WHERE personal_number = ?1 ORDER BY item",
                &[number.as_str().into()],
                &mut |row| {
                    let item = row.needed(0)?.parse();
                    kept.push(Kept {
                        item: item
                            .map_err(|_| StoreError::Inconsistent("an item of the identity database"))?,
                        revision: row.count(1)?,
                        change: Change { source: row.needed(2)?, at: timestamp(&row.needed(3)?)? },
                    });
                    Ok(())
                },
            )
        })?;
        Ok(kept)
    }

    /// Entries of the log of this database after a place, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accesses(&self, after: u64, limit: u32) -> Result<Vec<AccessEntry>, StoreError> {
        self.database.read(|session| access::entries(session, LOG, after, limit))
    }

    /// Follows the log of this database to its end; answers how many entries there are.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, log_key: &DigestKey) -> Result<u64, VerifyError> {
        let end: Option<AccessHead> = self.database.read(|session| access::head_of(session, LOG))?;
        verify_pages(end, |after, limit| self.accesses(after, limit), log_key, LOG)
    }

    /// Acknowledges that the log of this database is ahead of the true time: from this entry on it is followed anew. Answers its
    /// place; `None` where nothing is to be corrected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn correct_clock(&mut self, log_key: &DigestKey, look: &Look) -> Result<Option<u64>, StoreError> {
        self.database.write(Apart::Rows, |session| access::correct(session, log_key, LOG, look))
    }

    fn log(&mut self, log_key: &DigestKey, look: &Look) -> Result<u64, StoreError> {
        self.database
            .write(Apart::Rows, |session| access::log(session, log_key, LOG, std::slice::from_ref(look)))
    }

    /// Seals up to `limit` values anew that do not lie under the newest key, after a place; answers where to go on. Each call
    /// is one transaction; after a crash, from the start or from any answer, it goes on. Nothing is shown, so nothing is logged.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] without a key; [`StoreError::Altered`].
    pub fn seal_anew(
        &mut self,
        after: Option<&(PersonalNumber, String)>,
        limit: u32,
    ) -> Result<ItemsSealedAnew, StoreError> {
        let keys = self.keys.share();
        let newest = keys.newest().ok_or(StoreError::Sealed)?;
        let (number, item) = after.map_or(("", ""), |(number, item)| (number.as_str(), item.as_str()));
        self.database.write(Apart::Rows, |session| {
            let mut done = ItemsSealedAnew { last: None, seen: 0, sealed: 0, without_key: 0 };
            let mut page = Vec::new();
            session.query(
                "SELECT personal_number, item, sealed FROM identity_item WHERE personal_number > ?1 \
                 OR (personal_number = ?1 AND item > ?2) ORDER BY personal_number, item LIMIT ?3",
                &[number.into(), item.into(), limit.into()],
                &mut |row| {
                    let sealed = row.bytes(2)?.ok_or(StoreError::Inconsistent("a value without octets"))?;
                    page.push((super::persons::number(&row.needed(0)?)?, row.needed(1)?, sealed));
                    Ok(())
                },
            )?;
            done.last = page.last().map(|(number, item, _)| (number.clone(), item.clone()));
            for (number, item, sealed) in page {
                done.seen += 1;
                if newest.sealed(&sealed) {
                    continue;
                }
                let associated = format!("identity/{item}");
                let plain = match keys.open(&associated, &number, &sealed) {
                    Ok(plain) => plain,
                    Err(SealError::NoKey) => {
                        done.without_key += 1;
                        continue;
                    }
                    Err(SealError::Altered) => return Err(StoreError::Altered),
                };
                let anew = keys.seal(&associated, &number, &plain).map_err(seal_failed)?;
                // Somebody may have written the value since: then it lies under the newest key already.
                done.sealed += session.execute(
                    "UPDATE identity_item SET sealed = ?3 WHERE personal_number = ?1 AND item = ?2 AND sealed = ?4",
                    &[number.as_str().into(), (&item).into(), anew.as_slice().into(), sealed.as_slice().into()],
                )?;
            }
            Ok(done)
        })
    }

    /// Count and digest of every table, in one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn table_digests(&mut self) -> Result<Vec<TableDigest>, StoreError> {
        dump::snapshot_digests(self.database.engine_mut(), FORM)
    }

    /// Statements of a test, to see what the tables hold and refuse.
    ///
    /// # Errors
    /// [`StoreError`].
    #[doc(hidden)]
    pub fn raw(&self, sql: &str) -> Result<u64, StoreError> {
        self.database.read(|session| session.execute(sql, &[]))
    }
}

impl Backed for IdentityStore {
    fn dump(
        &mut self,
        at: Timestamp,
        write: &mut dyn FnMut(&str) -> Result<(), BackupError>,
    ) -> Result<Vec<TableDigest>, BackupError> {
        dump::snapshot(self.database.engine_mut(), FORM, at, write)
    }

    fn undump(
        &mut self,
        next: &mut dyn FnMut() -> Result<Option<String>, BackupError>,
    ) -> Result<Vec<TableDigest>, BackupError> {
        dump::filled(self.database.engine_mut(), FORM, next)
    }
}

fn answers(session: &mut dyn Session, sql: &str) -> Result<bool, StoreError> {
    let mut there = false;
    session.query(sql, &[], &mut |_| {
        there = true;
        Ok(())
    })?;
    Ok(there)
}

fn put(
    session: &mut dyn Session,
    (number, item): (&PersonalNumber, Item),
    sealed: &[u8],
    look: &Look,
) -> Result<u64, StoreError> {
    let name = item.to_string();
    let mut revision = 1_u64;
    session.query(
        "SELECT revision FROM identity_item WHERE personal_number = ?1 AND item = ?2 FOR UPDATE",
        &[number.as_str().into(), (&name).into()],
        &mut |row| {
            revision = row.count(0)?.saturating_add(1);
            Ok(())
        },
    )?;
    let place = i64::try_from(revision).map_err(|_| StoreError::Inconsistent("a revision"))?;
    session.execute(
        "INSERT INTO identity_item (personal_number, item, sealed, revision, source, recorded_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (personal_number, item) DO UPDATE SET \
         sealed = excluded.sealed, revision = excluded.revision, source = excluded.source, \
         recorded_at = excluded.recorded_at",
        &[
            number.as_str().into(),
            (&name).into(),
            sealed.into(),
            place.into(),
            (&look.officer).into(),
            look.at.to_string().into(),
        ],
    )?;
    Ok(revision)
}

/// A value of this database opens nowhere else.
fn associated(item: Item) -> String {
    format!("identity/{item}")
}

fn seal_failed(error: SealError) -> StoreError {
    match error {
        SealError::NoKey => StoreError::Sealed,
        SealError::Altered => StoreError::Altered,
    }
}

impl core::fmt::Debug for IdentityStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IdentityStore").finish_non_exhaustive()
    }
}
