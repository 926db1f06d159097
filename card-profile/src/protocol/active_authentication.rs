//! Active Authentication (Doc 9303-11 §6.1), terminal and chip: RSA by ISO/IEC 9796-2 scheme 1 with message
//! recovery, ECDSA by TR-03111.
//!
//! A signature proves that the chip holds the private key of *this* public key. That it is the genuine chip's
//! follows only when the key is DG15's and DG15's hash stands in a verified EF.SOD; that it is *here and now* only
//! when the challenge was fresh.

mod iso9796;

use super::curve::Curve;
use super::private_key::{PrivateKey, PublicKey};
use crate::apdu::Command;
use cccd_curves::{EcdsaError, Signature, verify_ecdsa};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;

/// The challenge RND.IFD.
pub type Challenge = [u8; 8];

/// The hash of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1: only in RSA signatures of old cards (trailer `BC` or `33CC`).
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// By the object identifier of a plain ECDSA signature (TR-03111 §5.2.1.1, `ecdsa-plain-SHA…`), which
    /// `ActiveAuthenticationInfo` carries (Doc 9303-11 §9.2.4).
    #[must_use]
    pub fn from_ecdsa_plain_oid(oid: ObjectIdentifier) -> Option<Self> {
        let family = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.1.4.1");
        if oid.parent()? != family {
            return None;
        }
        match oid.arcs().last()? {
            1 => Some(Self::Sha1),
            2 => Some(Self::Sha224),
            3 => Some(Self::Sha256),
            4 => Some(Self::Sha384),
            5 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The object identifier of a plain ECDSA signature with this hash.
    #[must_use]
    pub fn ecdsa_plain_oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Sha1 => "0.4.0.127.0.7.1.1.4.1.1",
            Self::Sha224 => "0.4.0.127.0.7.1.1.4.1.2",
            Self::Sha256 => "0.4.0.127.0.7.1.1.4.1.3",
            Self::Sha384 => "0.4.0.127.0.7.1.1.4.1.4",
            Self::Sha512 => "0.4.0.127.0.7.1.1.4.1.5",
        })
    }

    /// The hash of this curve's strength (TR-03111 §4.1.1): what a signature is made with where nothing else is said.
    #[must_use]
    pub fn of_curve(curve: Curve) -> Self {
        match curve.field_length() {
            ..=32 => Self::Sha256,
            33..=48 => Self::Sha384,
            _ => Self::Sha512,
        }
    }

    fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().fold(D::new(), D::chain_update).finalize().to_vec()
        }
        match self {
            Self::Sha1 => run::<sha1::Sha1>(parts),
            Self::Sha224 => run::<sha2::Sha224>(parts),
            Self::Sha256 => run::<sha2::Sha256>(parts),
            Self::Sha384 => run::<sha2::Sha384>(parts),
            Self::Sha512 => run::<sha2::Sha512>(parts),
        }
    }
}

/// Why an answer to INTERNAL AUTHENTICATE does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActiveAuthenticationError {
    /// The answer has not the length or form of a signature of this key.
    #[error("the answer is no signature of this key's kind")]
    Malformed,
    /// The recovered message names a hash that is not known: nothing is proved either way.
    #[error("the signature names an unknown hash (trailer {0:04X})")]
    UnknownHash(u16),
    /// The signature is not over this challenge, or not by this key.
    #[error("the signature is not this key's over this challenge")]
    Signature,
    /// The key or hash cannot sign.
    #[error("the chip's key cannot sign")]
    Key,
}

/// INTERNAL AUTHENTICATE `00 88 00 00 08 <challenge> Le` (Doc 9303-11 §6.1.4.1). An RSA-2048 answer under secure
/// messaging is longer than 256 bytes: give 65,536 on a link with extended length, 256 elsewhere (the chip then
/// answers `61xx`).
#[must_use]
pub fn internal_authenticate(challenge: &Challenge, expected_length: u32) -> Command {
    Command::new(0x00, 0x88, 0x00, 0x00).with_data(*challenge).with_expected_length(expected_length)
}

/// Terminal: checks the answer. RSA names its hash itself. ECDSA, plain or in DER, takes the hash that DG14's
/// `ActiveAuthenticationInfo` names; where none is named, any of the five under which it holds: each shows the key.
/// Gives the hash that was used.
///
/// # Errors
/// [`ActiveAuthenticationError`].
pub fn verify(
    key: &PublicKey,
    challenge: &Challenge,
    answer: &[u8],
    hash: Option<HashAlgorithm>,
) -> Result<HashAlgorithm, ActiveAuthenticationError> {
    let point = match key {
        PublicKey::Rsa(key) => return iso9796::verify(key, challenge, answer),
        PublicKey::DiffieHellman(_) => return Err(ActiveAuthenticationError::Key),
        PublicKey::EllipticCurve(point) => point,
    };
    let width = point.curve().order_length().saturating_mul(2);
    let signature = if answer.len() == width { Signature::Plain(answer) } else { Signature::Der(answer) };
    let named = hash.map(|hash| [hash]);
    let own = HashAlgorithm::of_curve(point.curve());
    let any = [
        own,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
        HashAlgorithm::Sha224,
        HashAlgorithm::Sha1,
    ];
    let candidates = named.as_ref().map_or(any.as_slice(), |named| named.as_slice());
    let mut error = ActiveAuthenticationError::Signature;
    for hash in candidates {
        match verify_ecdsa(point.curve(), point.as_bytes(), &hash.digest(&[challenge]), signature) {
            Ok(()) => return Ok(*hash),
            Err(EcdsaError::Key) => return Err(ActiveAuthenticationError::Key),
            Err(EcdsaError::Malformed) => error = ActiveAuthenticationError::Malformed,
            Err(EcdsaError::Wrong) => {}
        }
    }
    Err(error)
}

/// Checks the representative F = `6A` ‖ M1 ‖ H(M1 ‖ RND.IFD) ‖ trailer that an RSA key opened (§6.1.2.1, ISO/IEC 9796-2
/// §8.2.1). Gives the hash that its trailer names. For worked examples, which print F and no key; a chip is judged by
/// [`verify`].
///
/// # Errors
/// [`ActiveAuthenticationError`].
pub fn check_representative(
    representative: &[u8],
    challenge: &Challenge,
) -> Result<HashAlgorithm, ActiveAuthenticationError> {
    iso9796::check(representative, challenge)
}

/// Chip: signs. RSA recovers a random M1; ECDSA answers plain `r ‖ s` (TR-03111 §5.2.1) and needs no randomness
/// (RFC 6979).
///
/// # Errors
/// [`ActiveAuthenticationError::Key`] when key and hash do not go together.
pub fn sign(
    key: &PrivateKey,
    challenge: &Challenge,
    hash: HashAlgorithm,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, ActiveAuthenticationError> {
    match key {
        PrivateKey::Rsa(key) => iso9796::sign(key, challenge, hash, rng),
        PrivateKey::EllipticCurve(scalar) => {
            scalar.sign(&hash.digest(&[challenge])).ok_or(ActiveAuthenticationError::Key)
        }
        PrivateKey::DiffieHellman(_) => Err(ActiveAuthenticationError::Key),
    }
}

#[cfg(test)]
mod tests;
