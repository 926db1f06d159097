//! What goes wrong with a token, in words that say what happened and what to do.

use super::port::Fault;
use crate::signer::SigningFailed;

/// How near a PIN is to being locked, as far as the token tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    /// The token says nothing about it.
    NotSaid,
    /// `CKF_USER_PIN_COUNT_LOW`.
    Low,
    /// `CKF_USER_PIN_FINAL_TRY`.
    Last,
}

impl std::fmt::Display for Retries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotSaid => "the token does not say how many tries are left",
            Self::Low => "the token counts wrong PINs",
            Self::Last => "ONE try is left before the token locks",
        })
    }
}

/// What went wrong with a token. Nothing that was not verified left it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The module cannot be loaded or started.
    #[error("the PKCS#11 module {path} cannot be used: {why}")]
    Module {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// No token of this label.
    #[error("no token is labelled {label:?}; there are: {present}")]
    NoToken {
        /// What was asked for.
        label: String,
        /// What is there.
        present: String,
    },
    /// Several tokens of this label.
    #[error("several tokens are labelled {label:?}: {present}")]
    Ambiguous {
        /// What was asked for.
        label: String,
        /// What is there.
        present: String,
    },
    /// A token of this label, but not the one the store was made with.
    #[error("the token {label:?} has the serial number {found}, but this store's keys are in {expected}")]
    OtherToken {
        /// The label.
        label: String,
        /// Of the store.
        expected: String,
        /// Of the token.
        found: String,
    },
    /// Wrong PIN.
    #[error("the PIN of the token {label:?} is wrong; {retries}")]
    PinWrong {
        /// Which token.
        label: String,
        /// How near it is to being locked.
        retries: Retries,
    },
    /// Only one try is left, and nobody said that it may be spent.
    #[error("the token {label:?} has one try left before its PIN locks; it was not spent")]
    LastTry {
        /// Which token.
        label: String,
    },
    /// Locked.
    #[error("the PIN of the token {label:?} is locked")]
    PinLocked {
        /// Which token.
        label: String,
    },
    /// The PIN is none that the token takes at all.
    #[error("the PIN of the token {label:?} cannot be used: {why}")]
    PinUnusable {
        /// Which token.
        label: String,
        /// Why.
        why: String,
    },
    /// A mechanism or curve is missing.
    #[error("the token {label:?} has no {what}")]
    Unsupported {
        /// Which token.
        label: String,
        /// What it lacks.
        what: String,
    },
    /// A key is not there.
    #[error("the token {label:?} has no key {key}")]
    NoKey {
        /// Which token.
        label: String,
        /// Its name.
        key: String,
    },
    /// There is an object of this identifier already.
    #[error("the token {label:?} has an object {key} already")]
    KeyExists {
        /// Which token.
        label: String,
        /// Its name.
        key: String,
    },
    /// The token's answer does not verify; it was thrown away.
    #[error("the token {label:?} answered garbage for {key}: {what}")]
    Garbage {
        /// Which token.
        label: String,
        /// Which key.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// Lost, and not found again.
    #[error("the token {label:?} was lost and did not come back in {attempts} attempts: {why}")]
    Lost {
        /// Which token.
        label: String,
        /// How often it was tried.
        attempts: u32,
        /// The last reason.
        why: String,
    },
    /// It says no.
    #[error("the token {label:?} refuses {what}: {why}")]
    Refused {
        /// Which token.
        label: String,
        /// What was asked.
        what: &'static str,
        /// Its reason.
        why: String,
    },
    /// Production needs a device.
    #[error("the token {label:?} is software: its slot says nothing of hardware (CKF_HW_SLOT)")]
    NotHardware {
        /// Which token.
        label: String,
    },
}

impl TokenError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Module { .. } => "token-module",
            Self::NoToken { .. } => "token-missing",
            Self::Ambiguous { .. } => "token-ambiguous",
            Self::OtherToken { .. } => "token-other",
            Self::PinWrong { .. } => "token-pin-wrong",
            Self::LastTry { .. } => "token-pin-last-try",
            Self::PinLocked { .. } => "token-pin-locked",
            Self::PinUnusable { .. } => "token-pin-unusable",
            Self::Unsupported { .. } => "token-unsupported",
            Self::NoKey { .. } => "token-no-key",
            Self::KeyExists { .. } => "token-key-exists",
            Self::Garbage { .. } => "token-garbage",
            Self::Lost { .. } => "token-lost",
            Self::Refused { .. } => "token-refuses",
            Self::NotHardware { .. } => "token-not-hardware",
        }
    }

    /// One sentence: what to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Module { .. } => "name the vendor's library with --pkcs11 and check its own configuration",
            Self::NoToken { .. } => "connect the token, or name one of these with --token",
            Self::Ambiguous { .. } => "give each token a label of its own; which one is meant is not guessed",
            Self::OtherToken { .. } => "connect the token that this store was made with",
            Self::PinWrong { .. } => "give the right PIN with --pin-file; do not guess",
            Self::LastTry { .. } => {
                "make sure of the PIN, then repeat with --spend-last-pin-try; a wrong one locks the token"
            }
            Self::PinLocked { .. } => "have the token's security officer set a new PIN",
            Self::PinUnusable { .. } => "have the token's security officer set a PIN, or check its length",
            Self::Unsupported { .. } => "use a token that can, or another --profile for a new store",
            Self::NoKey { .. } => "connect the token that holds this key, or restore the key from its backup",
            Self::KeyExists { .. } => "nothing was changed; run the command again",
            Self::Garbage { .. } => "nothing was issued with it; stop using this token and have it examined",
            Self::Lost { .. } => {
                "connect the token again and repeat the command; it goes on where it stopped"
            }
            Self::Refused { .. } => "see the token's own log; nothing was issued",
            Self::NotHardware { .. } => {
                "production keys belong in a device; use a laboratory store for a software token"
            }
        }
    }

    /// Of a fault, in the words of what was asked for.
    pub(super) fn of(fault: Fault, label: &str, what: &'static str, key: &str) -> Self {
        let (label, key) = (label.to_owned(), key.to_owned());
        match fault {
            Fault::Stale => Self::Lost { label, attempts: 1, why: fault.to_string() },
            Fault::Lost(why) => Self::Lost { label, attempts: 1, why },
            Fault::PinWrong => Self::PinWrong { label, retries: Retries::NotSaid },
            Fault::PinLocked => Self::PinLocked { label },
            Fault::PinUnusable(why) => Self::PinUnusable { label, why },
            Fault::Unsupported(what) => Self::Unsupported { label, what },
            Fault::NoKey => Self::NoKey { label, key },
            Fault::Refused(why) => Self::Refused { label, what, why },
            Fault::Module { path, why } => Self::Module { path, why },
        }
    }
}

impl From<TokenError> for SigningFailed {
    fn from(error: TokenError) -> Self {
        Self::with_advice(error.to_string(), error.code(), error.hint())
    }
}
