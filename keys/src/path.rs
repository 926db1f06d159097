//! Certification paths, RFC 5280 §6: from any certificate to a trust anchor over intermediates, with revocation.
//!
//! [`crate::trust`] judges a Document Signer by its country's authorities; this is the general rule behind it: link
//! certificates, signers of master lists, and every hierarchy that is deeper than one step. Policies and name
//! constraints are not processed; Doc 9303-12 has neither, and a critical one makes a path unusable.
//!
//! Time, trust, lists and policy are arguments. A path that was verified is a [`VerifiedPath`], which cannot be made
//! otherwise. Work is bounded by a [`Budget`], whatever the certificates claim of each other.
//!
//! | module | what |
//! |---|---|
//! | `build` | the search, deepest last, without recursion |
//! | `validate` | RFC 5280 §6.1: one path, from the anchor down |
//! | `revocation` | RFC 5280 §6.3: what the lists say, and whether their signer may say it |

mod build;
mod problem;
mod revocation;
mod validate;

pub use problem::{PathProblem, RevocationUnknown};

use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use build::Search;
use jiff::Timestamp;

/// Longest path, anchor not counted, whatever the policy allows.
pub const MAX_PATH: usize = 16;

/// The certificates and lists that a path may be made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct PathMaterial<'a> {
    /// Whom we believe.
    pub anchors: &'a [Certificate],
    /// Hints, not believed: whatever came along.
    pub intermediates: &'a [Certificate],
    /// Revocation lists, not believed before their signature.
    pub crls: &'a [CertificateRevocationList],
}

/// What is demanded of a path. The default is the strict one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPolicy {
    /// Whether every certificate of the path must be known as not revoked.
    pub revocation: RevocationDemand,
    /// Most intermediates between end and anchor; self-issued ones do not count (RFC 5280 §6.1.4 (l)).
    pub max_intermediates: Option<usize>,
    /// Whether names must chain attribute by attribute, or may differ in their order.
    pub names: NameChaining,
}

impl Default for PathPolicy {
    fn default() -> Self {
        Self {
            revocation: RevocationDemand::WholePath,
            max_intermediates: None,
            names: NameChaining::InOrder,
        }
    }
}

/// What is asked about revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationDemand {
    /// Each certificate must be on none of its issuer's lists, and a list must say so: unknown is never good.
    WholePath,
    /// Nothing: whoever asks judges revocation otherwise.
    NotAsked,
}

/// How issuer and subject names are compared (RFC 5280 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameChaining {
    /// The same attributes in the same order.
    InOrder,
    /// The same attributes; another order is reported as `name-order`.
    AnyOrder,
}

/// How much work a search may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    signatures: u32,
    steps: u32,
}

impl Budget {
    /// Signatures that may be verified, and pairs of names that may be compared.
    #[must_use]
    pub const fn new(signatures: u32, steps: u32) -> Self {
        Self { signatures, steps }
    }

    /// Signatures that may still be verified.
    #[must_use]
    pub const fn signatures_left(&self) -> u32 {
        self.signatures
    }

    pub(crate) fn signature(&mut self) -> Result<(), PathProblem> {
        self.signatures = self.signatures.checked_sub(1).ok_or(PathProblem::BudgetExhausted)?;
        Ok(())
    }

    pub(crate) fn step(&mut self) -> Result<(), PathProblem> {
        self.steps = self.steps.checked_sub(1).ok_or(PathProblem::BudgetExhausted)?;
        Ok(())
    }
}

impl Default for Budget {
    /// Enough for every hierarchy of Doc 9303 many times over; below a second of work.
    fn default() -> Self {
        Self::new(256, 100_000)
    }
}

/// A path that was verified under a policy at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPath {
    certificates: Vec<Certificate>,
    anchor: Certificate,
    leniencies: Vec<&'static str>,
}

impl VerifiedPath {
    /// Builds and verifies a path from `end` to an anchor. Without `at`, no period of validity is judged: neither of
    /// certificates nor of lists.
    ///
    /// # Errors
    /// The [`PathProblem`] of the path that came furthest; [`PathProblem::BudgetExhausted`] before any other.
    pub fn build(
        end: &Certificate,
        material: PathMaterial<'_>,
        at: Option<Timestamp>,
        policy: &PathPolicy,
        budget: &mut Budget,
    ) -> Result<Self, PathProblem> {
        Search::new(material, at, policy).run(end, 0, budget)
    }

    /// The certificates, end first, the anchor not among them.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The anchor.
    #[must_use]
    pub const fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// What was tolerated along the path, by stable code.
    #[must_use]
    pub fn leniencies(&self) -> &[&'static str] {
        &self.leniencies
    }
}
