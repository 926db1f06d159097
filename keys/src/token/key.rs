//! A private key in a token.

use super::error::TokenError;
use super::pool::Token;
use super::port::{KeyId, ObjectKind, Unwrapping};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::asn1;
use crate::curve::{CurveEncoding, NamedCurve};
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed};
use rand_core::CryptoRng;
use std::sync::Arc;

/// Where a key is and what it is: all that lies on the disk. Nothing in it is secret; a signature is still verified
/// under the public key, which certificates pin.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeyReference {
    /// `CKA_ID`.
    pub id: KeyId,
    /// The hash that is signed, by its object identifier.
    pub hash: String,
    /// `SubjectPublicKeyInfo`, hex.
    pub public_key: String,
}

impl KeyReference {
    fn read(&self) -> Option<(HashAlgorithm, PublicKey, NamedCurve)> {
        let hash = HashAlgorithm::from_oid(&self.hash.parse().ok()?)?;
        let key = PublicKey::from_spki(&hex::decode(&self.public_key).ok()?).ok()?;
        let curve = key.curve()?;
        Some((hash, key, curve))
    }
}

/// A private key that never leaves its token.
#[derive(Debug)]
pub struct TokenKey {
    token: Arc<Token>,
    id: KeyId,
    name: String,
    hash: HashAlgorithm,
    curve: NamedCurve,
    public_key: PublicKey,
}

impl TokenKey {
    /// Makes a key in the token and lets it prove itself: what it signs must verify under its public half.
    ///
    /// # Errors
    /// [`TokenError`].
    #[expect(clippy::too_many_arguments, reason = "what a key is, and where")]
    pub fn generate(
        token: &Arc<Token>,
        name: &str,
        label: &str,
        curve: NamedCurve,
        hash: HashAlgorithm,
        encoding: CurveEncoding,
        wrappable: bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, TokenError> {
        Self::generate_as(token, KeyId::random(rng), name, label, curve, hash, encoding, wrappable)
    }

    /// The same under an identifier that the caller has written down.
    ///
    /// # Errors
    /// [`TokenError`].
    #[expect(clippy::too_many_arguments, reason = "what a key is, and where")]
    pub fn generate_as(
        token: &Arc<Token>,
        id: KeyId,
        name: &str,
        label: &str,
        curve: NamedCurve,
        hash: HashAlgorithm,
        encoding: CurveEncoding,
        wrappable: bool,
    ) -> Result<Self, TokenError> {
        let mechanisms = token.info().mechanisms;
        let missing = |what: &str| TokenError::Unsupported {
            label: token.label().to_owned(),
            what: format!("mechanism {what}"),
        };
        if !mechanisms.ec_key_pair_gen {
            return Err(missing("CKM_EC_KEY_PAIR_GEN"));
        }
        if !mechanisms.ecdsa {
            return Err(missing("CKM_ECDSA"));
        }
        let mut asked = false;
        let point = token.with("to make a key", name, |session| {
            // Lost after it was made: the second attempt finds it.
            if session.exists(ObjectKind::KeyPair, &id)? {
                return if asked { session.public_point(&id).map(Some) } else { Ok(None) };
            }
            asked = true;
            session.generate_key_pair(&id, label, curve, wrappable).map(Some)
        })?;
        let label = token.label().to_owned();
        let point = point.ok_or(TokenError::KeyExists { label, key: name.to_owned() })?;
        let public_key = PublicKey::from_point(curve, encoding, &point);
        let key = Self { token: Arc::clone(token), id, name: name.to_owned(), hash, curve, public_key };
        key.sign_plain(b"cccd-keys: a new key proves itself")?;
        Ok(key)
    }

    /// The key of a reference; it must be in the token.
    ///
    /// # Errors
    /// [`TokenError::NoKey`]; a reference that makes no sense is [`TokenError::Garbage`].
    pub fn open(token: &Arc<Token>, name: &str, reference: &KeyReference) -> Result<Self, TokenError> {
        let id = reference.id;
        let key = Self::of_reference(token, name, reference)?;
        if token.with("a look for a key", name, |session| session.exists(ObjectKind::KeyPair, &id))? {
            Ok(key)
        } else {
            Err(TokenError::NoKey { label: token.label().to_owned(), key: name.to_owned() })
        }
    }

    fn of_reference(token: &Arc<Token>, name: &str, reference: &KeyReference) -> Result<Self, TokenError> {
        let (hash, public_key, curve) = reference.read().ok_or_else(|| TokenError::Garbage {
            label: token.label().to_owned(),
            key: name.to_owned(),
            what: "its reference on the disk is damaged".to_owned(),
        })?;
        let id = reference.id;
        Ok(Self { token: Arc::clone(token), id, name: name.to_owned(), hash, curve, public_key })
    }

    /// Its wrapped form, proven: it was brought in again beside the key, for as long as that took, and signed.
    ///
    /// # Errors
    /// [`TokenError`]; a key that was made not to leave the token does not.
    pub fn wrap(&self, wrapping: &[u8; 32], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, TokenError> {
        let wrapped = self.token.with("to wrap a key", &self.name, |session| {
            session.wrap(wrapping, ObjectKind::KeyPair, &self.id)
        })?;
        let id = KeyId::random(rng);
        let (_, point) = self.public_key.point().unwrap_or((self.curve, &[]));
        let trial = Unwrapping { id: &id, label: "trial", pair: Some((self.curve, point)), lasting: false };
        let message = b"cccd-keys: a wrapped key proves itself";
        let digest = self.hash.digest(message);
        let digest = digest.get(..self.curve.order_length()).unwrap_or(&digest);
        let signature = self.token.with("to try a wrapped key", &self.name, |session| {
            session.unwrap(wrapping, &wrapped, &trial)?;
            let signature = session.sign(&id, digest);
            session.destroy(ObjectKind::KeyPair, &id)?;
            signature
        })?;
        let verified = self.public_key.verify_plain(self.hash, message, &signature);
        verified.map_err(|error| TokenError::Garbage {
            label: self.token.label().to_owned(),
            key: self.name.clone(),
            what: format!("its wrapped form is of another key: {error}"),
        })?;
        Ok(wrapped)
    }

    /// Brings the key of a reference into a token, if it is not there, and lets it prove itself.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn restore(
        token: &Arc<Token>,
        name: &str,
        label: &str,
        reference: &KeyReference,
        wrapping: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<Self, TokenError> {
        let key = Self::of_reference(token, name, reference)?;
        let (_, point) = key.public_key.point().unwrap_or((key.curve, &[]));
        let unwrapping = Unwrapping { id: &key.id, label, pair: Some((key.curve, point)), lasting: true };
        token.with("to restore a key", name, |session| {
            if session.exists(ObjectKind::KeyPair, &key.id)? {
                return Ok(());
            }
            session.unwrap(wrapping, wrapped, &unwrapping)
        })?;
        key.sign_plain(b"cccd-keys: a restored key proves itself")?;
        Ok(key)
    }

    /// What is kept on the disk.
    #[must_use]
    pub fn reference(&self) -> KeyReference {
        KeyReference {
            id: self.id,
            hash: self.hash.oid().to_string(),
            public_key: hex::encode(self.public_key.spki()),
        }
    }

    /// Destroys the key of a reference in the token, for good. Gone already is fine.
    ///
    /// # Errors
    /// [`TokenError`]; the key still signs then.
    pub fn destroy_by_reference(
        token: &Arc<Token>,
        name: &str,
        reference: &KeyReference,
    ) -> Result<(), TokenError> {
        token.with("to destroy a key", name, |session| {
            if session.exists(ObjectKind::KeyPair, &reference.id)? {
                session.destroy(ObjectKind::KeyPair, &reference.id)
            } else {
                Ok(())
            }
        })
    }

    /// Signs a message: the plain `r ‖ s` of TR-03111 §5.2.1, verified.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn sign_plain(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let digest = self.hash.digest(message);
        // The leftmost octets, as wide as the order: some tokens refuse a longer digest (FIPS 186-5 §6.4.1).
        let digest = digest.get(..self.curve.order_length()).unwrap_or(&digest);
        let signature = self.token.with("to sign", &self.name, |session| session.sign(&self.id, digest))?;
        self.public_key.verify_plain(self.hash, message, &signature).map_err(|error| {
            TokenError::Garbage {
                label: self.token.label().to_owned(),
                key: self.name.clone(),
                what: error.to_string(),
            }
        })?;
        Ok(signature)
    }

    /// Its name in the store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Signer for TokenKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Ecdsa(self.hash)
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let plain = self.sign_plain(message)?;
        let (r, s) = plain.split_at_checked(self.curve.order_length()).unwrap_or_default();
        Ok(asn1::sequence(&[&asn1::integer(r), &asn1::integer(s)]))
    }
}
