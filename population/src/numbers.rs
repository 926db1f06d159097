//! Personal numbers given (Luật Căn cước 2023 art. 12): twelve digits, once and to one person, the last six of them a
//! keyed permutation of an index, so that nobody outside can tell the next one (docs/decisions/0120).
//!
//! | part | what |
//! |---|---|
//! | [`Prefix`] | the first six digits: place of registration, sex and century, year (NĐ 137/2015 art. 13) |
//! | [`Digits`] | index → last six digits: FF1 of NIST SP 800-38G with cycle-walking |
//! | [`Block`], [`NumberStore`] | a leased range of indices, and the port to what was given |
//! | [`Allocator`] | gives a number once a request, replaces and withdraws |
//! | [`Cause`], [`Cancelled`] | why a number ends (NĐ 70/2024 art. 11, 36); it is kept, linked and never given again |
//!
//! That a number is given once rests on the store's claim of it, not on the key: with another key, or after numbers of an
//! older system were brought in, the next index is taken.

mod allocator;
mod cancelled;
mod digits;
mod ff1;
mod prefix;

use core::fmt;

use cccd_card_profile::personal_number::PersonalNumber;

pub use allocator::{AllocationError, Allocator, DEFAULT_LEASE, withdraw};
pub use cancelled::{Cancelled, Cause, NotThisCause};
pub use digits::{Digits, MAX_WITHHELD, NumberKey, Withheld};
pub use ff1::{Ff1, Ff1Error};
pub use prefix::{Prefix, PrefixError};

/// How many numbers one prefix has.
pub const NUMBERS_OF_A_PREFIX: u32 = 1_000_000;

/// Indices of one prefix, leased to one allocator: from `from` until before `until`. What a crash leaves of it is lost
/// as a range, not as numbers that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The prefix.
    pub prefix: Prefix,
    /// The first index.
    pub from: u32,
    /// The index after the last one.
    pub until: u32,
}

impl Block {
    /// Takes the next index away.
    pub fn take(&mut self) -> Option<u32> {
        if self.from >= self.until {
            return None;
        }
        let index = self.from;
        self.from += 1;
        Some(index)
    }

    /// How many indices are left.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.until.saturating_sub(self.from)
    }
}

/// What asks for a number: the act of birth, the row of an import. Asking again answers the same number.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(String);

impl RequestId {
    /// The longest identifier, in octets.
    pub const MAX: usize = 128;

    /// Takes 1 to [`MAX`](Self::MAX) visible ASCII characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

/// What became of the claim to a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The number is given to the request now.
    Given,
    /// Somebody has it, had it, or it was cancelled.
    Taken,
    /// The request was answered before, with this number.
    Answered(PersonalNumber),
}

/// The port to what was given: every method is whole or without effect.
pub trait NumberStore {
    /// Why the store could not.
    type Error;

    /// Leases the next indices of a prefix, at most `size` and none from `domain` on; `None` when all are leased. No index
    /// is ever leased twice.
    ///
    /// # Errors
    /// The store's.
    fn lease_block(&mut self, prefix: Prefix, size: u32, domain: u32) -> Result<Option<Block>, Self::Error>;

    /// Gives the number to the request, unless it is taken or the request has its answer. One transaction; two claims to
    /// one number, or two of one request, never both succeed.
    ///
    /// # Errors
    /// The store's.
    fn mark_used(&mut self, number: &PersonalNumber, request: &RequestId) -> Result<Claim, Self::Error>;

    /// [`mark_used`](Self::mark_used) of several, each on its own feet; a store that can does them in one transaction. On an
    /// error none, or only the first of them, were given.
    ///
    /// # Errors
    /// The store's.
    fn mark_many(&mut self, wanted: &[(PersonalNumber, RequestId)]) -> Result<Vec<Claim>, Self::Error> {
        wanted.iter().map(|(number, request)| self.mark_used(number, request)).collect()
    }

    /// Whether the number was ever given: to a person, by an older system, or before it was cancelled.
    ///
    /// # Errors
    /// The store's.
    fn is_taken(&mut self, number: &PersonalNumber) -> Result<bool, Self::Error>;

    /// Keeps that a number was cancelled and what follows it. The same cancellation again has no effect.
    ///
    /// # Errors
    /// The store's; also when the number was cancelled otherwise before.
    fn cancel_and_link(&mut self, cancelled: &Cancelled) -> Result<(), Self::Error>;
}
