//! Tables of a key's multiples, beside the key: they change how long a verification takes and nothing else.

use crate::curve::NamedCurve;
use cccd_curves::PreparedKey;
use std::fmt;
use std::sync::Arc;

/// Tables, or none. Two keys are the same with and without.
#[derive(Clone)]
pub(super) struct Tables(Option<Arc<PreparedKey>>);

impl Tables {
    pub(super) const NONE: Self = Self(None);

    /// `None` when the point is none of the curve's, or compressed.
    pub(super) fn of(curve: NamedCurve, point: &[u8]) -> Option<Self> {
        PreparedKey::new(curve, point).ok().map(|key| Self(Some(Arc::new(key))))
    }

    pub(super) fn get(&self) -> Option<&PreparedKey> {
        self.0.as_deref()
    }

    pub(super) fn memory(&self) -> usize {
        self.get().map_or(0, PreparedKey::memory)
    }
}

impl PartialEq for Tables {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Tables {}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
