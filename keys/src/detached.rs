//! Signatures over messages outside certificates: the register's answers and a station's evidence.
//!
//! Each kind has its own prefix, so that a signature of one kind can never pass as another. The key is named by
//! SHA-256 of its `SubjectPublicKeyInfo`, lower-case hex.

use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::public_key::{PublicKey, VerifyError};
use crate::signer::{Signer, SigningFailed};

/// What is being signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// An answer of the register of persons: the exact JSON bytes.
    RegisterAnswer,
    /// Evidence of a reading station.
    Evidence,
    /// The head of a hash-chained log.
    LogHead,
    /// What a station says of blanks: the keys that one made, a list that goes to another station, its receipt.
    StationStock,
    /// The list of cards that are not in use.
    CardStatusList,
}

impl Purpose {
    /// The octets put before the message; they end with a zero octet.
    #[must_use]
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Self::RegisterAnswer => b"cccd-register-answer-v1\0",
            Self::Evidence => b"cccd-evidence-v1\0",
            Self::LogHead => b"cccd-log-head-v1\0",
            Self::StationStock => b"cccd-station-stock-v1\0",
            Self::CardStatusList => b"cccd-card-status-list-v1\0",
        }
    }

    fn message(self, content: &[u8]) -> Vec<u8> {
        [self.prefix(), content].concat()
    }
}

/// Signs `content` for a purpose: DER ECDSA (P-256 with SHA-256 for register and station keys).
///
/// # Errors
/// The key could not sign.
pub fn sign(signer: &dyn Signer, purpose: Purpose, content: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    signer.sign(&purpose.message(content))
}

/// Verifies a signature made by [`sign`] with a P-256 or other EC key and SHA-256.
///
/// # Errors
/// The signature is not one of this content, purpose and key.
pub fn verify(
    key: &PublicKey,
    purpose: Purpose,
    content: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    key.verify(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256), &purpose.message(content), signature)
}

/// Signs an answer of the register, contract `cccd-register-answer-v1`.
///
/// # Errors
/// The key could not sign.
pub fn sign_register_answer(signer: &dyn Signer, answer: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    sign(signer, Purpose::RegisterAnswer, answer)
}

/// Verifies an answer of the register.
///
/// # Errors
/// As [`verify`].
pub fn verify_register_answer(key: &PublicKey, answer: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    verify(key, Purpose::RegisterAnswer, answer, signature)
}

/// Signs the evidence of a reading station, contract `cccd-evidence-v1`.
///
/// # Errors
/// The key could not sign.
pub fn sign_evidence(signer: &dyn Signer, evidence: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    sign(signer, Purpose::Evidence, evidence)
}

/// Verifies the evidence of a reading station.
///
/// # Errors
/// As [`verify`].
pub fn verify_evidence(key: &PublicKey, evidence: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    verify(key, Purpose::Evidence, evidence, signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{CurveEncoding, NamedCurve};
    use crate::signer::SoftwareKey;
    use rand_core::SeedableRng;

    #[test]
    fn a_signature_of_one_purpose_is_none_of_another() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
        let key =
            SoftwareKey::generate(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &mut rng)
                .unwrap();
        let signature = sign_register_answer(&key, b"{}").unwrap();
        assert_eq!(verify_register_answer(key.public_key(), b"{}", &signature), Ok(()));
        assert_eq!(verify_evidence(key.public_key(), b"{}", &signature), Err(VerifyError::Invalid));
        assert_eq!(verify_register_answer(key.public_key(), b"[]", &signature), Err(VerifyError::Invalid));
    }
}
