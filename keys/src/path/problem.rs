//! Why there is no path.

use crate::algorithm::UnknownAlgorithm;
use crate::public_key::VerifyError;

/// Why no path was found. The later a problem stands here, the further the path came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// Nobody of the name that issued it is known.
    #[error("the issuer is not known")]
    UnknownIssuer,
    /// The path is longer than the policy allows.
    #[error("the path is too long")]
    TooLong,
    /// The named issuer did not sign it.
    #[error("the named issuer did not sign the certificate")]
    SignatureInvalid,
    /// The issuer's key cannot be used at all.
    #[error("the issuer's key is not usable")]
    UnusableKey,
    /// The issuer is no certification authority.
    #[error("the issuer is no certification authority")]
    NotAnAuthority,
    /// The issuer's key may not sign certificates.
    #[error("the issuer's key may not sign certificates")]
    KeyUsage,
    /// An authority above allows fewer authorities below it.
    #[error("a path length constraint is violated")]
    PathLength,
    /// A critical extension that is not processed.
    #[error("a critical extension is not understood")]
    UnknownCriticalExtension,
    /// The same extension twice.
    #[error("an extension is repeated")]
    RepeatedExtension,
    /// A certificate of the path begins later.
    #[error("a certificate of the path is not yet valid")]
    NotYetValid,
    /// A certificate of the path has ended.
    #[error("a certificate of the path has expired")]
    Expired,
    /// Nothing can be said about the revocation of a certificate of the path.
    #[error("revocation is unknown: {0}")]
    RevocationUnknown(RevocationUnknown),
    /// A certificate of the path is revoked.
    #[error("a certificate of the path is revoked")]
    Revoked,
    /// An algorithm or curve that is not known here: undetermined.
    #[error("unknown algorithm {0}")]
    UnknownAlgorithm(String),
    /// More work than the budget allows: undetermined.
    #[error("the search took more work than is allowed")]
    BudgetExhausted,
}

impl PathProblem {
    /// Stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownIssuer => "unknown-issuer",
            Self::TooLong => "path-too-long",
            Self::SignatureInvalid => "signature-invalid",
            Self::UnusableKey => "unusable-key",
            Self::NotAnAuthority => "not-an-authority",
            Self::KeyUsage => "issuer-key-usage",
            Self::PathLength => "path-length",
            Self::UnknownCriticalExtension => "unknown-critical-extension",
            Self::RepeatedExtension => "repeated-extension",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::Expired => "certificate-expired",
            Self::RevocationUnknown(unknown) => unknown.code(),
            Self::Revoked => "certificate-revoked",
            Self::UnknownAlgorithm(_) => "unknown-algorithm",
            Self::BudgetExhausted => "budget-exhausted",
        }
    }

    /// Nothing follows, either way.
    #[must_use]
    pub const fn is_undetermined(&self) -> bool {
        matches!(self, Self::UnknownAlgorithm(_) | Self::BudgetExhausted)
    }
}

impl From<VerifyError> for PathProblem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Invalid | VerifyError::KeyTypeMismatch => Self::SignatureInvalid,
            VerifyError::UnusableKey(_) => Self::UnusableKey,
            VerifyError::Unknown(UnknownAlgorithm(what)) => Self::UnknownAlgorithm(what),
        }
    }
}

/// Why the lists say nothing about a certificate. The later one stands here, the nearer a list came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationUnknown {
    /// No list of its issuer.
    #[error("no list of the issuer")]
    NoCrl,
    /// The lists are of a form that Doc 9303-12 §7.1.4 does not have: no number, a critical number, another critical
    /// extension.
    #[error("the issuer's list has a form that is not processed")]
    NotProcessed,
    /// Nobody who may sign the issuer's lists signed them.
    #[error("nobody who may sign the issuer's list signed it")]
    SignatureInvalid,
    /// The lists begin later.
    #[error("the issuer's list is from the future")]
    FromTheFuture,
    /// The lists have ended.
    #[error("the issuer's list is stale")]
    Stale,
}

impl RevocationUnknown {
    /// Stable reason code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCrl => "no-crl",
            Self::NotProcessed => "crl-not-processed",
            Self::SignatureInvalid => "crl-signature-invalid",
            Self::FromTheFuture => "crl-from-the-future",
            Self::Stale => "crl-stale",
        }
    }
}
