//! Transactions of many threads in one commit of one file.
//!
//! A commit waits for the disk, and `SQLite` has one writer: the commits of sixteen threads would wait one after another. Here
//! a thread's transaction is a *piece* of the next commit. Pieces are done on one connection, one after another, each
//! between two marks, as `SQLite` does transactions anyway; those that come while the disk is at work with one commit go
//! into the next one, and share its wait and the pages that they all change.
//!
//! - **Nothing is answered before it is on the disk.** A piece is answered when the commit that holds it has come back,
//!   its refusal too: that may rest on another piece of the same commit. [`Together::ahead`] answers sooner, and says so.
//! - **What is written later is on the disk later.** No piece is begun for a hand of which an earlier one was lost.
//! - **A piece that fails goes alone**: everything since its mark is undone, and nothing else.
//! - **A commit that fails takes all its pieces with it**, and each of them is told.
//! - **Nobody else sees a piece before it is on the disk**: other connections read what was committed.
//!
//! Keys that are looked at only when a transaction ends would fail pieces of others: tables here have none.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Retry;
use crate::store::StoreError;
use crate::store::engine::sqlite::{self, Sqlite};
use crate::store::engine::{Apart, Engine as _, Session};

/// Memory for pages of the connection that writes, in KiB.
const PAGES: u32 = 16 * 1024;

/// The one connection that writes, shared by the threads of a process.
pub(super) struct Together {
    line: Mutex<Line>,
    /// A commit has ended, or somebody has to end it.
    news: Condvar,
    /// Threads that wait for their turn.
    coming: AtomicUsize,
}

/// The pieces of one hand that it was not yet told of: the commit of each.
#[derive(Debug, Default)]
pub(super) struct Owed(Vec<u64>);

impl Owed {
    /// Nothing is owed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct Line {
    sqlite: Sqlite,
    /// The commit that gathers pieces now.
    number: u64,
    /// How many it has; at the first it was begun.
    pieces: usize,
    /// Threads that wait for the end of a commit.
    sleeping: usize,
    /// Commits that came to nothing, until each of their pieces is told.
    failed: BTreeMap<u64, Failed>,
}

struct Failed {
    why: StoreError,
    untold: usize,
}

impl Together {
    /// By a connection that nobody else writes with.
    pub(super) fn new(mut sqlite: Sqlite) -> Result<Self, StoreError> {
        sqlite.keep_pages(PAGES)?;
        let line = Line { sqlite, number: 1, pieces: 0, sleeping: 0, failed: BTreeMap::new() };
        Ok(Self { line: Mutex::new(line), news: Condvar::new(), coming: AtomicUsize::new(0) })
    }

    /// One piece; it is on the disk when this answers, and so is everything that this hand wrote before.
    pub(super) fn write<T, E: Retry>(
        &self,
        owed: &mut Owed,
        work: impl Fn(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = self.ahead(owed, work);
        self.settle(owed)?;
        done
    }

    /// One piece, answered before it is on the disk. It is when [`settle`](Self::settle) says so, or when anything is that
    /// this hand writes after it.
    pub(super) fn ahead<T, E: Retry>(
        &self,
        owed: &mut Owed,
        work: impl Fn(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E> {
        self.coming.fetch_add(1, Ordering::SeqCst);
        let line = self.lock();
        self.coming.fetch_sub(1, Ordering::SeqCst);
        let mut turn = Turn { together: self, began_at: line.number, line };
        turn.line.tell(owed)?;
        turn.line.piece(owed, work)
    }

    /// Waits until every piece of this hand is on the disk.
    pub(super) fn settle(&self, owed: &mut Owed) -> Result<(), StoreError> {
        let Some(last) = owed.0.last().copied() else { return Ok(()) };
        let mut line = self.lock();
        while line.number <= last {
            if self.coming.load(Ordering::SeqCst) == 0 {
                line.end();
                self.news.notify_all();
            } else {
                // Whoever comes ends the commit, or wakes one of us to do it.
                line.sleeping += 1;
                line = self.news.wait(line).unwrap_or_else(PoisonError::into_inner);
                line.sleeping -= 1;
            }
        }
        line.tell(owed)
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // A piece that panics is undone before its lock is given up.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread's turn. When it ends and nobody comes, one of those who wait ends the commit; when the commit was lost in it, all
/// of them are told.
struct Turn<'a> {
    together: &'a Together,
    began_at: u64,
    line: MutexGuard<'a, Line>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let is_last = self.together.coming.load(Ordering::SeqCst) == 0;
        if self.line.sleeping > 0 && (is_last || self.line.number != self.began_at) {
            self.together.news.notify_all();
        }
    }
}

impl Line {
    /// Whether a commit that this hand has a part in came to nothing. What has ended is owed no more.
    fn tell(&mut self, owed: &mut Owed) -> Result<(), StoreError> {
        let mut lost = None;
        owed.0.retain(|commit| {
            if self.number <= *commit {
                return true;
            }
            if let Some(failed) = self.failed.get_mut(commit) {
                lost = lost.take().or_else(|| Some(sqlite::same(&failed.why)));
                failed.untold = failed.untold.saturating_sub(1);
                if failed.untold == 0 {
                    self.failed.remove(commit);
                }
            }
            false
        });
        lost.map_or(Ok(()), Err)
    }

    fn piece<T, E: Retry>(
        &mut self,
        owed: &mut Owed,
        work: impl Fn(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.pieces == 0 {
            self.sqlite.begin(Apart::Whole)?;
        }
        self.pieces += 1;
        owed.0.push(self.number);
        // The first needs no mark: the beginning is one.
        let is_marked = self.pieces > 1;
        let mut piece = Piece { line: self, is_whole: false };
        let sqlite = &mut piece.line.sqlite;
        if is_marked {
            sqlite.execute("SAVEPOINT piece", &[])?;
        }
        let done = work(sqlite);
        if done.is_err() && (!is_marked || sqlite.execute("ROLLBACK TO SAVEPOINT piece", &[]).is_err()) {
            // It is alone, or the engine has given up the whole transaction: this piece knows why.
            piece.line.pieces -= 1;
            owed.0.pop();
            return done;
        }
        if is_marked {
            sqlite.execute("RELEASE SAVEPOINT piece", &[])?;
        }
        piece.is_whole = true;
        done
    }

    /// The disk is waited for; then the next commit gathers.
    fn end(&mut self) {
        match self.sqlite.commit() {
            Ok(()) => self.next(),
            Err(why) => self.lose(why),
        }
    }

    fn lose(&mut self, why: StoreError) {
        self.sqlite.rollback();
        if self.pieces > 0 {
            self.failed.insert(self.number, Failed { why, untold: self.pieces });
        }
        self.next();
    }

    fn next(&mut self) {
        self.number += 1;
        self.pieces = 0;
    }
}

/// A piece that is done now. One that ends before it is whole or undone takes the commit with it: it is the first, it panicked,
/// or the engine gave up the whole transaction. Others are pushed aside.
struct Piece<'a> {
    line: &'a mut Line,
    is_whole: bool,
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        if !self.is_whole {
            self.line.lose(StoreError::Busy);
        }
    }
}

#[cfg(test)]
mod tests;
