//! The HTTP interface of docs/register-api.md, on loopback.

mod connections;
mod problem;
mod routes;
mod tokens;

use std::sync::Mutex;

use cccd_keys::signer::Signer;
use jiff::Timestamp;

use crate::matching::DigestKey;
use crate::store::Store;

pub use connections::{Limits, serve, serve_router, serve_within};
pub use tokens::{Role, TokenFileError, Tokens};

/// The register's clock: an argument, so that tests can turn it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// Everything that a served register needs.
pub struct Service {
    /// Persons, cards, log.
    pub store: Mutex<Box<dyn Store>>,
    /// Signs the answers.
    pub signer: Box<dyn Signer>,
    /// Hides numbers in the log of attempts.
    pub digest_key: DigestKey,
    /// Who may ask.
    pub tokens: Tokens,
    /// The time.
    pub clock: Box<dyn Clock>,
}

impl core::fmt::Debug for Service {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Service").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}
