//! The master of transport keys, in a token.

use super::error::TokenError;
use super::pool::Token;
use super::port::{Fault, KeyId, ObjectKind, Session, Unwrapping};
use crate::transport_keys::{ChipSerial, TransportKeyLabel, TransportKeys};
use rand_core::CryptoRng;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The AES-256 master in its token: a card's keys are CMACs that the token computes, held in memory for that card.
#[derive(Debug)]
pub struct TokenMaster {
    token: Arc<Token>,
    reference: MasterReference,
}

/// Where the master is: all that lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MasterReference {
    /// `CKA_ID`.
    pub id: KeyId,
    /// Check value: the first three octets of the CMAC over sixteen zeros, hex. Wrong keys would lock blanks.
    pub check: String,
}

impl TokenMaster {
    /// Makes a master in the token.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn generate(token: &Arc<Token>, label: &str, rng: &mut dyn CryptoRng) -> Result<Self, TokenError> {
        Self::generate_as(token, &KeyId::random(rng), label, false)
    }

    /// The same under an identifier that the caller has written down; extractable under a wrapping key if `wrappable`.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn generate_as(
        token: &Arc<Token>,
        id: &KeyId,
        label: &str,
        wrappable: bool,
    ) -> Result<Self, TokenError> {
        Self::make(token, *id, |session, id| session.generate_secret_key(id, label, wrappable))
    }

    /// Puts a master into the token that came from elsewhere, such as the chips' maker.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn import(
        token: &Arc<Token>,
        label: &str,
        master: &Zeroizing<[u8; 32]>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, TokenError> {
        Self::make(token, KeyId::random(rng), |session, id| session.import_secret_key(id, label, master))
    }

    fn make(
        token: &Arc<Token>,
        id: KeyId,
        mut make: impl FnMut(&mut dyn Session, &KeyId) -> Result<(), Fault>,
    ) -> Result<Self, TokenError> {
        let mechanisms = token.info().mechanisms;
        if !(mechanisms.aes_cmac && mechanisms.aes_key_gen) {
            return Err(TokenError::Unsupported {
                label: token.label().to_owned(),
                what: "mechanism CKM_AES_CMAC with CKM_AES_KEY_GEN".to_owned(),
            });
        }
        let mut asked = false;
        let made = token.with("to make the transport master", NAME, |session| {
            if session.exists(ObjectKind::SecretKey, &id)? {
                return Ok(asked);
            }
            asked = true;
            make(session, &id).map(|()| true)
        })?;
        let key = || NAME.to_owned();
        if !made {
            return Err(TokenError::KeyExists { label: token.label().to_owned(), key: key() });
        }
        let mut master =
            Self { token: Arc::clone(token), reference: MasterReference { id, check: String::new() } };
        master.reference.check = master.check_value()?;
        Ok(master)
    }

    /// The master of a reference: it must be in the token, and the same.
    ///
    /// # Errors
    /// [`TokenError::NoKey`]; [`TokenError::Garbage`] when it has another check value.
    pub fn open(token: &Arc<Token>, reference: &MasterReference) -> Result<Self, TokenError> {
        let master = Self { token: Arc::clone(token), reference: reference.clone() };
        if master.check_value()? == reference.check {
            Ok(master)
        } else {
            Err(master.garbage("another check value than the master had when it was made".to_owned()))
        }
    }

    /// Its wrapped form, proven: it was brought in again beside the master, for as long as that took, and has its check
    /// value.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn wrap(&self, wrapping: &[u8; 32], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, TokenError> {
        let wrapped = self.token.with("to wrap a key", NAME, |session| {
            session.wrap(wrapping, ObjectKind::SecretKey, &self.reference.id)
        })?;
        let id = KeyId::random(rng);
        let trial = Unwrapping { id: &id, label: "trial", pair: None, lasting: false };
        let check = self.token.with("to try a wrapped key", NAME, |session| {
            session.unwrap(wrapping, &wrapped, &trial)?;
            let mac = session.mac(&id, &[0; 16]);
            session.destroy(ObjectKind::SecretKey, &id)?;
            mac.map(Zeroizing::new)
        })?;
        if hex::encode(check.get(..3).unwrap_or_default()) == self.reference.check {
            Ok(wrapped)
        } else {
            Err(self.garbage("its wrapped form is of another key".to_owned()))
        }
    }

    /// Brings the master of a reference into a token, if it is not there.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::Garbage`] when it has another check value.
    pub fn restore(
        token: &Arc<Token>,
        label: &str,
        reference: &MasterReference,
        wrapping: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<Self, TokenError> {
        let unwrapping = Unwrapping { id: &reference.id, label, pair: None, lasting: true };
        token.with("to restore a key", NAME, |session| {
            if session.exists(ObjectKind::SecretKey, &reference.id)? {
                return Ok(());
            }
            session.unwrap(wrapping, wrapped, &unwrapping)
        })?;
        Self::open(token, reference)
    }

    /// What is kept on the disk.
    #[must_use]
    pub const fn reference(&self) -> &MasterReference {
        &self.reference
    }

    fn check_value(&self) -> Result<String, TokenError> {
        self.cmac(&[0; 16]).map(|mac| hex::encode(mac.get(..3).unwrap_or_default()))
    }

    fn cmac(&self, message: &[u8]) -> Result<[u8; 16], TokenError> {
        let call = |session: &mut dyn Session| session.mac(&self.reference.id, message).map(Zeroizing::new);
        let mac = self.token.with("a CMAC", NAME, call)?;
        // CMACs have no public half that could verify them: at least they must be whole.
        <[u8; 16]>::try_from(mac.as_slice())
            .map_err(|_| self.garbage(format!("a CMAC of {} octets", mac.len())))
    }

    fn garbage(&self, what: String) -> TokenError {
        TokenError::Garbage { label: self.token.label().to_owned(), key: NAME.to_owned(), what }
    }

    /// The keys of one chip: the same as [`TransportMaster`](crate::transport_keys::TransportMaster) derives.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn derive(&self, label: TransportKeyLabel, serial: &ChipSerial) -> Result<TransportKeys, TokenError> {
        TransportKeys::derive_by(label, serial, |message| {
            // Wrong keys spoil a chip or lock it for ever, and nothing public could tell: so twice, and compared.
            let (key, again) = (Zeroizing::new(self.cmac(message)?), Zeroizing::new(self.cmac(message)?));
            if bool::from(key.ct_eq(&*again)) {
                Ok(*key)
            } else {
                Err(self.garbage("two different CMACs of one message".to_owned()))
            }
        })
    }
}

const NAME: &str = "secret/transport";
