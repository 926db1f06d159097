//! How old what we believe is, and what will be too old soon.

use super::TrustStore;
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use jiff::{SignedDuration, Timestamp};

/// A revocation list whose next update is nearer than this grows old: states make a new one at least every 90 days, and
/// bringing it here takes people.
pub const CRL_WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A master list signed longer ago than this is old: authorities were made since that it does not have.
pub const LIST_AGE: SignedDuration = SignedDuration::from_hours(180 * 24);
/// A master list that will be old within this time grows old.
pub const LIST_WARNING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How a list stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// Nothing to do.
    Fresh,
    /// It will be old soon.
    GrowsOld,
    /// A newer one should be here.
    Old,
    /// It begins later than the time asked about.
    FromTheFuture,
    /// It does not say when it was made.
    Unknown,
}

impl Age {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::GrowsOld => "grows-old",
            Self::Old => "old",
            Self::FromTheFuture => "from-the-future",
            Self::Unknown => "unknown",
        }
    }

    /// Of a master list, by when its signer says that it signed.
    #[must_use]
    pub fn of_master_list(signed_at: Option<Timestamp>, at: Timestamp) -> Self {
        let Some(signed_at) = signed_at else { return Self::Unknown };
        let age = at.duration_since(signed_at);
        if age.is_negative() {
            Self::FromTheFuture
        } else if age > LIST_AGE {
            Self::Old
        } else if age > LIST_AGE.saturating_sub(LIST_WARNING) {
            Self::GrowsOld
        } else {
            Self::Fresh
        }
    }

    /// Of a revocation list. One that does not say when the next is due is old at once: nobody may rely on it.
    #[must_use]
    pub fn of_crl(list: &CertificateRevocationList, at: Timestamp) -> Self {
        match list.next_update() {
            _ if list.this_update() > at => Self::FromTheFuture,
            Some(next) if at > next => Self::Old,
            Some(next) if next.duration_since(at) < CRL_WARNING => Self::GrowsOld,
            Some(_) => Self::Fresh,
            None => Self::Old,
        }
    }
}

impl TrustStore {
    /// The list that speaks for an anchor at a time, and how it stands: the newest of its authority that has begun, else
    /// the next to begin. `None` if there is none.
    #[must_use]
    pub fn crl_of(&self, anchor: &Certificate, at: Timestamp) -> Option<(&CertificateRevocationList, Age)> {
        let of_authority = self.crls.iter().filter(|crl| {
            crl.signed_by.as_ref().is_some_and(|by| super::revocation::is_same(anchor, by))
                && !crl.list.has_unknown_critical_extension()
                && crl.list.limit().is_none()
        });
        of_authority
            .map(|crl| (&crl.list, Age::of_crl(&crl.list, at)))
            .max_by_key(|(list, age)| (*age != Age::FromTheFuture, list.this_update()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_list_grows_old_before_it_is_old() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let signed = Some(at("2026-01-01T00:00:00Z"));
        for (now, age) in [
            ("2025-12-31T23:59:59Z", Age::FromTheFuture),
            ("2026-01-01T00:00:00Z", Age::Fresh),
            ("2026-05-31T00:00:00Z", Age::Fresh),
            ("2026-05-31T00:00:01Z", Age::GrowsOld),
            ("2026-06-30T00:00:00Z", Age::GrowsOld),
            ("2026-06-30T00:00:01Z", Age::Old),
        ] {
            assert_eq!(Age::of_master_list(signed, at(now)), age, "{now}");
        }
        assert_eq!(Age::of_master_list(None, at("2026-01-01T00:00:00Z")), Age::Unknown);
    }
}
