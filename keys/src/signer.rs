//! The port through which everything is signed: a software key here, a PKCS#11 token later.

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

/// A key that could not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign: {0}")]
pub struct SigningFailed(pub String);
