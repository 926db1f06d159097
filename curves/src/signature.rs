//! ECDSA on whichever curve a key names (FIPS 186-5 §6.4, TR-03111 §4.2.1).

use crate::{Curve, Scalar, on_curve};
use ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use elliptic_curve::FieldBytes;

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature<'a> {
    /// r ‖ s, each of the order's width (TR-03111 §5.2.1).
    Plain(&'a [u8]),
    /// DER `ECDSA-Sig-Value` (TR-03111 §5.2.2, RFC 3279 §2.2.3).
    Der(&'a [u8]),
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EcdsaError {
    /// The public key is no finite point of the curve.
    #[error("the public key is not a finite point of its curve")]
    Key,
    /// The bytes are no signature: wrong width or encoding, or r or s out of range.
    #[error("malformed signature")]
    Malformed,
    /// The signature is not this key's over this digest.
    #[error("the signature is not this key's over this digest")]
    Wrong,
}

/// Verifies a signature over a digest of any length: the leftmost bits of a long one count, a short one is a small
/// number. The key is a SEC 1 point.
///
/// # Errors
/// [`EcdsaError`].
pub fn verify_ecdsa(
    curve: Curve,
    key: &[u8],
    digest: &[u8],
    signature: Signature<'_>,
) -> Result<(), EcdsaError> {
    let digest = at_least_half_a_field(digest, curve.field_length());
    on_curve!(curve, C => {
        let key = ecdsa::VerifyingKey::<C>::from_sec1_bytes(key).map_err(|_| EcdsaError::Key)?;
        let signature = match signature {
            Signature::Plain(bytes) => ecdsa::Signature::<C>::from_slice(bytes),
            Signature::Der(bytes) => ecdsa::Signature::<C>::from_der(bytes),
        };
        let signature = signature.map_err(|_| EcdsaError::Malformed)?;
        key.verify_prehash(&digest, &signature).map_err(|_| EcdsaError::Wrong)
    })
}

impl Scalar {
    /// Signs a digest of any length: plain r ‖ s (TR-03111 §5.2.1). The nonce is RFC 6979's, so that no randomness can
    /// betray the key. `None` when no signature comes out, in practice never.
    #[must_use]
    pub fn sign(&self, digest: &[u8]) -> Option<Vec<u8>> {
        let digest = at_least_half_a_field(digest, self.curve().field_length());
        let secret = self.to_secret_bytes();
        on_curve!(self.curve(), C => {
            let repr = zeroize::Zeroizing::new(FieldBytes::<C>::try_from(secret.as_slice()).ok()?);
            let key = ecdsa::SigningKey::<C>::from_bytes(&repr).ok()?;
            let signature: ecdsa::Signature<C> = key.sign_prehash(&digest).ok()?;
            Some(signature.to_bytes().to_vec())
        })
    }
}

/// `RustCrypto` refuses digests shorter than half the field; zeros before them do not change the number.
fn at_least_half_a_field(digest: &[u8], field: usize) -> Vec<u8> {
    let missing = field.div_ceil(2).saturating_sub(digest.len());
    let mut wide = vec![0; missing];
    wide.extend_from_slice(digest);
    wide
}
