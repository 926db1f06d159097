//! Signers that were met before: their path is not searched again, and the keys that return often are laid out in tables.
//!
//! A state has few Document Signers, and each signs hundreds of thousands of cards. What is kept here is about signers
//! only; of a card nothing is kept. Signers that no anchor vouches for are never kept, so that nobody fills this with
//! certificates of his own making, and everything is public, so that variable time tells nothing.

use super::{ChainResult, SignerPath, TrustStore};
use crate::certificate::Certificate;
use crate::public_key::PublicKey;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How much is kept, and when a key is worth its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSignersLimits {
    /// Most signers; the one not met for longest makes room.
    pub signers: usize,
    /// Octets of all tables together: a key takes 0.26 MiB on a curve of 256 bits, 0.57 of 384, 1.2 of 521.
    pub table_memory: usize,
    /// Signatures after which a key gets its tables. They cost as much as some thirty verifications.
    pub uses_before_tables: u32,
}

impl Default for KnownSignersLimits {
    fn default() -> Self {
        Self { signers: 1024, table_memory: 64 << 20, uses_before_tables: 32 }
    }
}

/// The signers that were met under one trust store. It is shared among threads by reference.
pub struct KnownSigners<'t> {
    trust: &'t TrustStore,
    limits: KnownSignersLimits,
    state: RwLock<State>,
    clock: AtomicU64,
}

#[derive(Default)]
struct State {
    signers: HashMap<Vec<u8>, Arc<Known>>,
    table_memory: usize,
}

/// A signer that an anchor vouches for.
struct Known {
    path: RwLock<(Timestamp, Arc<SignerPath>)>,
    uses: AtomicU32,
    last_used: AtomicU64,
    /// Set once, when the tables are made and paid for.
    key: OnceLock<Arc<PublicKey>>,
}

impl Known {
    fn table_memory(&self) -> usize {
        self.key.get().map_or(0, |key| key.table_memory())
    }
}

impl<'t> KnownSigners<'t> {
    /// None met yet.
    #[must_use]
    pub fn new(trust: &'t TrustStore, limits: KnownSignersLimits) -> Self {
        Self { trust, limits, state: RwLock::default(), clock: AtomicU64::new(0) }
    }

    /// Whom we believe.
    #[must_use]
    pub const fn trust(&self) -> &'t TrustStore {
        self.trust
    }

    /// As [`TrustStore::check_signer`]. A signer met before is not searched for again, unless the time is another.
    #[must_use]
    pub fn check_signer(&self, signer: &Certificate, at: Timestamp) -> Arc<SignerPath> {
        if let Some(known) = self.find(signer) {
            let (judged_at, path) = &*read(&known.path);
            if *judged_at == at {
                return Arc::clone(path);
            }
        }
        let path = Arc::new(self.trust.check_signer(signer, at));
        if matches!(path.chain, ChainResult::Trusted { .. }) {
            self.keep(signer, at, &path);
        }
        path
    }

    /// The signer's key in tables, once it is worth them. Each call counts as a use. `None` is no answer about the key:
    /// the certificate's own does the same.
    #[must_use]
    pub fn key_of(&self, signer: &Certificate) -> Option<Arc<PublicKey>> {
        let known = self.find(signer)?;
        known.last_used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        if let Some(key) = known.key.get() {
            return Some(Arc::clone(key));
        }
        // One thread makes the tables; the others go on without.
        if known.uses.fetch_add(1, Ordering::Relaxed) == self.limits.uses_before_tables {
            let key = Arc::new(signer.public_key().with_tables()?);
            self.pay_for(signer, &known, key);
        }
        known.key.get().cloned()
    }

    /// Octets that all tables take now.
    #[must_use]
    pub fn table_memory(&self) -> usize {
        read(&self.state).table_memory
    }

    /// Signers that are kept now.
    #[must_use]
    pub fn len(&self) -> usize {
        read(&self.state).signers.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, signer: &Certificate) -> Option<Arc<Known>> {
        read(&self.state).signers.get(signer.der()).cloned()
    }

    fn keep(&self, signer: &Certificate, at: Timestamp, path: &Arc<SignerPath>) {
        let mut state = write(&self.state);
        if let Some(known) = state.signers.get(signer.der()) {
            *write(&known.path) = (at, Arc::clone(path));
            return;
        }
        if self.limits.signers == 0 {
            return;
        }
        while state.signers.len() >= self.limits.signers && state.forget_oldest(|_| true) {}
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let known = Known {
            path: RwLock::new((at, Arc::clone(path))),
            uses: AtomicU32::new(0),
            last_used: AtomicU64::new(now),
            key: OnceLock::new(),
        };
        state.signers.insert(signer.der().to_vec(), Arc::new(known));
    }

    /// Makes room for a key's tables and keeps them, if the signer is still kept and they can fit at all.
    fn pay_for(&self, signer: &Certificate, known: &Arc<Known>, key: Arc<PublicKey>) {
        let cost = key.table_memory();
        let mut state = write(&self.state);
        let is_kept = state.signers.get(signer.der()).is_some_and(|kept| Arc::ptr_eq(kept, known));
        if !is_kept || cost > self.limits.table_memory {
            return;
        }
        while state.table_memory + cost > self.limits.table_memory {
            if !state.forget_oldest(|other| other.table_memory() > 0) {
                return;
            }
        }
        if known.key.set(key).is_ok() {
            state.table_memory += cost;
        }
    }
}

impl State {
    /// Forgets the one not met for longest. False when there is none.
    fn forget_oldest(&mut self, among: impl Fn(&Known) -> bool) -> bool {
        let oldest = self
            .signers
            .iter()
            .filter(|(_, known)| among(known))
            .min_by_key(|(_, known)| known.last_used.load(Ordering::Relaxed))
            .map(|(certificate, _)| certificate.clone());
        let Some(forgotten) = oldest.and_then(|certificate| self.signers.remove(&certificate)) else {
            return false;
        };
        self.table_memory = self.table_memory.saturating_sub(forgotten.table_memory());
        true
    }
}

/// What a panic elsewhere left is whole: every change is one insertion, removal or assignment.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for KnownSigners<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownSigners({}, {} kB of tables)", self.len(), self.table_memory() / 1024)
    }
}
