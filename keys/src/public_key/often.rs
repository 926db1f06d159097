//! A key of one's own that verifies often: its tables come when they are worth their making.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::PublicKey;

/// Uses after which a key gets its tables. They cost as much as some thirty verifications.
const USES: u32 = 32;

/// A public key, laid out in tables once it was used often.
#[derive(Debug)]
pub struct OftenUsed {
    key: PublicKey,
    uses: AtomicU32,
    tables: OnceLock<PublicKey>,
}

impl OftenUsed {
    /// Not used yet.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self { key, uses: AtomicU32::new(0), tables: OnceLock::new() }
    }

    /// The key as it is.
    #[must_use]
    pub const fn plain(&self) -> &PublicKey {
        &self.key
    }

    /// The key, with tables if it has them. Each call counts as a use.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        // One thread makes the tables; the others go on without.
        if self.tables.get().is_none()
            && self.uses.fetch_add(1, Ordering::Relaxed) == USES
            && let Some(tables) = self.key.with_tables()
        {
            let _ = self.tables.set(tables);
        }
        self.tables.get().unwrap_or(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::HashAlgorithm;
    use crate::curve::{CurveEncoding, NamedCurve};
    use crate::signer::{Signer as _, SoftwareKey};
    use rand_core::SeedableRng as _;

    #[test]
    fn a_key_answers_the_same_before_and_after_it_has_tables() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
        let curve = NamedCurve::BrainpoolP384r1;
        let key =
            SoftwareKey::generate(curve, HashAlgorithm::Sha256, CurveEncoding::Named, &mut rng).unwrap();
        let signature = key.sign(b"one").unwrap();
        let often = OftenUsed::new(key.public_key().clone());
        for turn in 0..=USES + 1 {
            let used = often.key();
            assert_eq!(used.table_memory() > 0, turn >= USES, "{turn}");
            assert!(used.verify(key.algorithm(), b"one", &signature).is_ok());
            assert!(used.verify(key.algorithm(), b"two", &signature).is_err());
        }
        assert_eq!(often.plain().table_memory(), 0);
    }
}
