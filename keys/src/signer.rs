//! The port through which everything is signed: a software key here, a key in a token in [`crate::token`].

mod software;

pub use software::{SoftwareKey, SoftwareKeyError};

use crate::algorithm::SignatureAlgorithm;
use crate::public_key::PublicKey;

/// A private key that signs and never leaves its place.
pub trait Signer: Send + Sync {
    /// The algorithm that [`sign`](Self::sign) uses.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The public key.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message: hash and signature. The answer is in the form of X.509 and CMS: for ECDSA the DER
    /// `Ecdsa-Sig-Value`.
    ///
    /// # Errors
    /// The key could not be used (token gone, refused).
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed>;
}

impl<S: Signer + ?Sized> Signer for &S {
    fn algorithm(&self) -> SignatureAlgorithm {
        (**self).algorithm()
    }
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        (**self).sign(message)
    }
}

impl<S: Signer + ?Sized> Signer for Box<S> {
    fn algorithm(&self) -> SignatureAlgorithm {
        (**self).algorithm()
    }
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        (**self).sign(message)
    }
}

/// A key that could not sign: what happened, with the code and the advice of whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign: {what}")]
pub struct SigningFailed {
    what: String,
    code: &'static str,
    hint: &'static str,
}

impl SigningFailed {
    /// Of a key that has no particular advice to give.
    #[must_use]
    pub const fn new(what: String) -> Self {
        Self { what, code: "signing-failed", hint: "try again; nothing was issued" }
    }

    /// With a stable code and a sentence what to do.
    #[must_use]
    pub const fn with_advice(what: String, code: &'static str, hint: &'static str) -> Self {
        Self { what, code, hint }
    }

    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// One sentence: what to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        self.hint
    }
}
