//! The rules by which keys live, without any I/O: how long they sign, how often, what for, and in which order.
//!
//! | key | signs | its certificate is valid | rule |
//! |---|---|---|---|
//! | CSCA, dated cards | 5 years | 27 years 3 months | its last signer's certificate ends with it (Doc 9303-12 §4.1) |
//! | CSCA, cards without expiry | 5 years | 75 years | likewise |
//! | Document Signer, dated cards | 3 months, [`SIGNATURE_LIMIT`] signatures | 22 years 3 months | the longest card lasts 22 years |
//! | Document Signer, cards without expiry | likewise | 70 years | the holder is at least 58 |
//! | Master List Signer | 1 year | 1 year 3 months | lists are made new |
//!
//! A card without expiry never comes from a signer of dated cards, nor the other way round: what they rest on ends at
//! other times, and the cards without expiry are exchanged when their algorithm's day has come.

use crate::certificate::{BuildError, Certificate, SigningKeyValidity};
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

/// Signatures of one Document Signer, whatever its time of use: a lost key harms this many cards at most.
pub const SIGNATURE_LIMIT: u64 = 250_000;

/// A certificate that lasts longer than this is of the pool without expiry.
const LONGEST_DATED_YEARS: i16 = 50;

/// Which cards a signer signs, and the authority above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Pool {
    /// Cards with a date of expiry.
    #[default]
    Dated,
    /// Cards without.
    NoExpiry,
}

impl Pool {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dated, Self::NoExpiry];

    /// The pool of a card that is valid up to this day, or without end.
    #[must_use]
    pub const fn for_card(expires: Option<Date>) -> Self {
        match expires {
            Some(_) => Self::Dated,
            None => Self::NoExpiry,
        }
    }

    /// The pool of a CSCA or Document Signer: its validity says it.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        let from = certificate.not_before().to_zoned(TimeZone::UTC);
        let longest = from.checked_add(Span::new().years(LONGEST_DATED_YEARS));
        match longest {
            Ok(longest) if certificate.not_after() > longest.timestamp() => Self::NoExpiry,
            _ => Self::Dated,
        }
    }

    /// How long a CSCA key signs and is believed.
    ///
    /// # Errors
    /// A time beyond the calendar.
    pub fn authority_validity(self, from: Timestamp) -> Result<SigningKeyValidity, BuildError> {
        match self {
            Self::Dated => SigningKeyValidity::csca(from),
            Self::NoExpiry => SigningKeyValidity::lasting(from, Span::new().years(5), Span::new().years(75)),
        }
    }

    /// How long a Document Signer's key signs and is believed under this authority: never beyond it.
    ///
    /// # Errors
    /// A time beyond the calendar.
    pub fn signer_validity(
        self,
        from: Timestamp,
        authority: &Certificate,
    ) -> Result<SigningKeyValidity, BuildError> {
        let validity = match self {
            Self::Dated => SigningKeyValidity::document_signer(from),
            Self::NoExpiry => SigningKeyValidity::lasting(from, Span::new().months(3), Span::new().years(70)),
        }?;
        // Calendar months are of different length: on some days the sum is a day beyond.
        Ok(SigningKeyValidity { until: validity.until.min(authority.not_after()), ..validity })
    }

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dated => "dated",
            Self::NoExpiry => "no-expiry",
        }
    }
}

impl std::fmt::Display for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Pool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|pool| pool.name() == text);
        known.ok_or_else(|| format!("unknown pool \"{text}\"; there are dated and no-expiry"))
    }
}

/// How long a Master List Signer signs and is believed.
///
/// # Errors
/// A time beyond the calendar.
pub fn master_list_signer_validity(from: Timestamp) -> Result<SigningKeyValidity, BuildError> {
    SigningKeyValidity::lasting(from, Span::new().years(1), Span::new().years(1).months(3))
}

/// Signatures made, or set aside to be made, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatures {
    /// Set aside before they were made: what a crash loses is counted.
    pub used: u64,
    /// The hard limit.
    pub limit: u64,
}

impl Signatures {
    /// None of `limit`.
    #[must_use]
    pub const fn none_of(limit: u64) -> Self {
        Self { used: 0, limit }
    }

    /// With one more set aside; `None` at the limit.
    #[must_use]
    pub const fn one_more(self) -> Option<Self> {
        if self.used < self.limit { Some(Self { used: self.used + 1, limit: self.limit }) } else { None }
    }

    /// How many are left.
    #[must_use]
    pub const fn left(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Where a Document Signer stands. The first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignerState {
    /// A list names it.
    Revoked,
    /// Its private key is gone.
    Erased,
    /// Its count is not what the signed log says: it was turned back.
    Miscounted,
    /// Its count is missing or cannot be read.
    CountDamaged,
    /// Its time of use has not come.
    NotYet,
    /// Its time of use is over.
    PastUse,
    /// All its signatures are made.
    Exhausted,
    /// It may sign.
    Active,
}

impl SignerState {
    /// The state of a signer at a time; its signatures, if its count can be read.
    #[must_use]
    pub fn of(
        certificate: &Certificate,
        signatures: Option<Signatures>,
        revoked: bool,
        erased: bool,
        at: Timestamp,
    ) -> Self {
        let usage = certificate.private_key_usage();
        let begins = usage.and_then(|usage| usage.not_before).unwrap_or(certificate.not_before());
        if revoked {
            Self::Revoked
        } else if erased {
            Self::Erased
        } else if signatures.is_none() {
            Self::CountDamaged
        } else if at < begins.max(certificate.not_before()) {
            Self::NotYet
        } else if !key_may_sign(certificate, at) {
            Self::PastUse
        } else if signatures.is_none_or(|signatures| signatures.left() == 0) {
            Self::Exhausted
        } else {
            Self::Active
        }
    }

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Erased => "erased",
            Self::Miscounted => "count-turned-back",
            Self::CountDamaged => "count-damaged",
            Self::NotYet => "not-yet",
            Self::PastUse => "past-use",
            Self::Exhausted => "exhausted",
            Self::Active => "active",
        }
    }

    /// Its private key has no further use and is to be erased (Doc 9303-12 §4.1).
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Revoked | Self::Miscounted | Self::CountDamaged | Self::PastUse | Self::Exhausted
        )
    }
}

/// Whether a certificate's key may sign at a time: within its validity and its private key usage period.
#[must_use]
pub fn key_may_sign(certificate: &Certificate, at: Timestamp) -> bool {
    certificate.not_before() <= at
        && at <= certificate.not_after()
        && certificate.private_key_usage().is_none_or(|period| period.covers(at))
}

/// Whole days in which the key may still sign.
#[must_use]
pub fn days_left(certificate: &Certificate, at: Timestamp) -> i64 {
    let end = certificate.private_key_usage().and_then(|usage| usage.not_after);
    let left = end.unwrap_or(certificate.not_after()).duration_since(at);
    left.as_hours().max(0) / 24
}

/// Whether a Document Signer may vouch for a card that is valid up to this day, or without end: it is of the card's pool,
/// and its certificate is still valid on the card's last day (a day in Vietnam).
#[must_use]
pub fn vouches_for(signer: &Certificate, expires: Option<Date>) -> bool {
    let vietnam = Offset::constant(7).to_time_zone();
    Pool::of(signer) == Pool::for_card(expires)
        && expires.is_none_or(|last| last <= signer.not_after().to_zoned(vietnam).date())
}

/// Why the next list of revoked certificates is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListSequence {
    /// A list between the first and the last is missing, or has another's number.
    #[error("the list with the number {0} is missing or is another's")]
    Gap(u64),
    /// The last list was made later.
    #[error("the last list was made later, at {0}")]
    Backwards(Timestamp),
}

/// The number of the next list: lists are numbered 1, 2, 3 … without a gap, in the order of time (RFC 5280 §5.2.3).
///
/// # Errors
/// [`ListSequence`].
pub fn next_list(made: &[(Option<u64>, Timestamp)], at: Timestamp) -> Result<u64, ListSequence> {
    let mut next = 1;
    let mut last = None;
    for (number, time) in made {
        if *number != Some(next) {
            return Err(ListSequence::Gap(next));
        }
        next = next.saturating_add(1);
        last = Some(*time);
    }
    match last {
        Some(last) if at < last => Err(ListSequence::Backwards(last)),
        _ => Ok(next),
    }
}
