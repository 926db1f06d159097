//! The register is backed up, encrypted to a key, and restored elsewhere; copies that were cut off or altered are refused.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::PathBuf;

use age::x25519::Identity;
use anyhow::{Context as _, Result, ensure};
use cccd_population::backup::{BackupError, backup, restore};
use cccd_population::store::{Place, SqlStore, TableDigest};

use super::{Disturb, Invariant, Scene, Short, Stage, World, noon};

/// A backup, who may open it, and what is in it.
pub(super) struct Kept {
    folder: tempfile::TempDir,
    identity: Identity,
    tables: Vec<TableDigest>,
}

impl Kept {
    fn file(&self) -> PathBuf {
        self.folder.path().join("register.age")
    }

    /// Restores it into an empty register.
    pub(super) fn into(&self, store: &mut SqlStore) -> Result<(), BackupError> {
        let file = BufReader::new(File::open(self.file())?);
        restore(store, file, std::slice::from_ref(&self.identity), &mut |_| true).map(drop)
    }

    /// Tables of a register that are not those of the backup.
    pub(super) fn differing(&self, store: &mut SqlStore) -> Result<u64> {
        let there = store.table_digests()?;
        let missing = self.tables.len().abs_diff(there.len());
        let differing = self.tables.iter().filter(|table| !there.contains(table)).count();
        Ok(missing.max(differing) as u64)
    }

    pub(super) fn tables(&self) -> u64 {
        self.tables.len() as u64
    }
}

pub(super) fn run(world: &mut World) -> Result<Kept> {
    let kept = Kept { folder: tempfile::tempdir()?, identity: Identity::generate(), tables: Vec::new() };
    let out = BufWriter::new(File::create(kept.file())?);
    let to = [kept.identity.to_public()];
    let (mut out, tables) = backup(&mut world.store, out, &to, noon(world.plan.today), &mut |_| true)?;
    out.flush()?;
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let octets = std::fs::metadata(kept.file())?.len();
    world.told("backup", &format!("{rows} rows of {} tables, {octets} octets encrypted", tables.len()));
    Ok(Kept { tables, ..kept })
}

/// Into an empty file, after copies that are not whole were refused there.
pub(super) fn elsewhere(
    world: &World,
    kept: &Kept,
    disturb: &Disturb<'_>,
    invariants: &mut Vec<Invariant>,
) -> Result<()> {
    let place = Place::file(&kept.folder.path().join("restored.db"));
    let mut store = SqlStore::create(&place, noon(world.plan.today))?;
    let empty = store.table_digests()?;
    let whole = std::fs::read(kept.file())?;
    let half = whole.len() / 2;
    let mut altered = whole.clone();
    *altered.get_mut(half).context("an empty backup")? ^= 1;
    for (what, octets) in [("cut off", whole.get(..half).unwrap_or_default()), ("altered", &altered)] {
        let done = restore(&mut store, octets, std::slice::from_ref(&kept.identity), &mut |_| true);
        ensure!(done.is_err(), "a backup that was {what} was restored");
        ensure!(store.table_digests()? == empty, "a backup that was {what} left something");
    }
    kept.into(&mut store)?;
    world.told("backup", "a copy cut off and one altered were refused; the whole one is restored");
    disturb(Scene { stage: Stage::Restored, store: &store, identity: None, short: &mut Short::default() })?;
    invariants.push(Invariant {
        what: "every table comes back from the backup as it was",
        of: kept.tables(),
        violations: kept.differing(&mut store)?,
    });
    Ok(())
}
