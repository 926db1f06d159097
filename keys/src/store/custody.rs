//! Who holds the private keys of a store: the sealed files of a laboratory, or a token.
//!
//! Under a name such as `csca/001` a sealed store keeps `csca/001.key.age`, the key itself; a store in a token keeps
//! `csca/001.key.token`, which says only where the key is. Everything above this module asks by name.

use super::sealed::{Sealer, StoredKey};
use super::unfinished::{Fresh, Intent};
use super::{KeyStore, StoreError, files};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::curve::{CurveEncoding, NamedCurve};
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed, SoftwareKey};
use crate::token::port::{KeyId, ObjectKind};
use crate::token::{KeyReference, Token, TokenError, TokenKey, TokenMaster};
use crate::transport_keys::{ChipSerial, TransportKeyLabel, TransportKeys, TransportMaster};
use rand_core::CryptoRng;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A private key of a store, wherever it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreKey {
    /// In this process's memory.
    Software(SoftwareKey),
    /// In a token, which it never leaves.
    Token(TokenKey),
}

impl StoreKey {
    /// Signs a message: the plain `r ‖ s` of TR-03111 §5.2.1, as card-verifiable certificates carry it.
    ///
    /// # Errors
    /// The key could not be used (token gone, refused, or its answer did not verify).
    pub fn sign_plain(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match self {
            Self::Software(key) => key.sign_plain(message),
            Self::Token(key) => Ok(key.sign_plain(message)?),
        }
    }

    /// Its public half as card-verifiable certificates know keys.
    pub(super) fn verifying_key(&self) -> Option<cccd_cvc::VerifyingKey> {
        let SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256) = self.algorithm() else { return None };
        let algorithm = cccd_cvc::SignatureAlgorithm::Ecdsa(cccd_cvc::Hash::Sha256);
        let (curve, point) = self.public_key().point()?;
        Some(cccd_cvc::VerifyingKey::elliptic_curve(algorithm, curve.point(point).ok()?))
    }
}

impl Signer for StoreKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Software(key) => key.algorithm(),
            Self::Token(key) => key.algorithm(),
        }
    }

    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Software(key) => key.public_key(),
            Self::Token(key) => key.public_key(),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match self {
            Self::Software(key) => key.sign(message),
            Self::Token(key) => key.sign(message),
        }
    }
}

impl From<TransportMaster> for StoreMaster {
    fn from(master: TransportMaster) -> Self {
        Self::Software(master)
    }
}

/// The master of transport keys, wherever it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreMaster {
    /// In this process's memory.
    Software(TransportMaster),
    /// In a token.
    Token(TokenMaster),
}

impl StoreMaster {
    /// The keys of one chip.
    ///
    /// # Errors
    /// The token could not compute them.
    pub fn derive(&self, label: TransportKeyLabel, serial: &ChipSerial) -> Result<TransportKeys, TokenError> {
        match self {
            Self::Software(master) => Ok(master.derive(label, serial)),
            Self::Token(master) => master.derive(label, serial),
        }
    }
}

/// What a new key is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeySpec {
    pub(super) curve: NamedCurve,
    pub(super) hash: HashAlgorithm,
    pub(super) encoding: CurveEncoding,
}

/// Who holds the keys.
#[derive(Debug)]
pub(super) enum Custody {
    Sealed(Sealer),
    Token(Arc<Token>),
}

/// Octets that lie in a token: where.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct DataReference {
    pub(super) id: KeyId,
}

impl KeyStore {
    /// The file that stands for a key.
    pub(super) fn key_path(&self, name: &str) -> PathBuf {
        let extension = match &self.custody {
            Custody::Sealed(_) => "age",
            Custody::Token(_) => "token",
        };
        self.dir().join(format!("{name}.key.{extension}"))
    }

    /// Makes a key. In a token it is there from now on; unless it is finished, it is taken back.
    pub(super) fn new_key(
        &self,
        name: &str,
        spec: KeySpec,
        rng: &mut dyn CryptoRng,
    ) -> Result<Fresh<StoreKey>, StoreError> {
        let KeySpec { curve, hash, encoding } = spec;
        match &self.custody {
            Custody::Sealed(_) => {
                let key = SoftwareKey::generate(curve, hash, encoding, rng)?;
                Ok(Fresh::plain(StoreKey::Software(key)))
            }
            Custody::Token(token) => {
                let (label, id, wrappable) =
                    (self.token_label(name), KeyId::random(rng), self.is_wrappable(name));
                let intent = Intent::begin(self.dir(), token, name, ObjectKind::KeyPair, id)?;
                let key = TokenKey::generate_as(token, id, name, &label, curve, hash, encoding, wrappable)?;
                Ok(Fresh::new(StoreKey::Token(key), intent))
            }
        }
    }

    /// Whether a key that is made now may leave its token in wrapped form: where the store is made so, and never the key
    /// of a Document Signer or terminal, which no backup holds.
    fn is_wrappable(&self, name: &str) -> bool {
        self.settings().wrapped_backup
            && !["ds/", "terminal/", "request/terminal"].iter().any(|prefix| name.starts_with(prefix))
    }

    /// Keeps a key under its name.
    pub(super) fn keep_key(&self, name: &str, key: &StoreKey) -> Result<(), StoreError> {
        let bytes = match (&self.custody, key) {
            (Custody::Sealed(sealer), StoreKey::Software(key)) => sealer.seal(name, &StoredKey::of(key))?,
            (Custody::Token(_), StoreKey::Token(key)) => reference_bytes(&key.reference()),
            _ => return Err(StoreError::Damaged(name.to_owned())),
        };
        files::write(&self.key_path(name), &bytes, true)
    }

    /// The key of a name.
    pub(super) fn open_key(&self, name: &str) -> Result<StoreKey, StoreError> {
        let damaged = || StoreError::Damaged(name.to_owned());
        let bytes = files::read(&self.key_path(name))?;
        match &self.custody {
            Custody::Sealed(sealer) => match sealer.open_sealed(name, &bytes)? {
                StoredKey::Ecdsa { curve, hash, encoding, scalar } => {
                    SoftwareKey::from_scalar(curve, hash, encoding, &scalar)
                        .map(StoreKey::Software)
                        .map_err(|_| damaged())
                }
                StoredKey::Symmetric(_) => Err(damaged()),
            },
            Custody::Token(token) => {
                let reference: KeyReference = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
                Ok(StoreKey::Token(TokenKey::open(token, name, &reference)?))
            }
        }
    }

    /// Destroys a key: in the token, or its file by overwriting.
    pub(super) fn erase_key(&self, name: &str, rng: &mut dyn CryptoRng) -> Result<(), StoreError> {
        let path = self.key_path(name);
        match &self.custody {
            Custody::Sealed(_) => {
                let mut noise = vec![0; files::read(&path)?.len()];
                rng.fill_bytes(&mut noise);
                files::erase(&path, &noise)
            }
            Custody::Token(token) => {
                let damaged = || StoreError::Damaged(name.to_owned());
                let reference: KeyReference =
                    serde_json::from_slice(&files::read(&path)?).map_err(|_| damaged())?;
                TokenKey::destroy_by_reference(token, name, &reference)?;
                files::erase(&path, &[])
            }
        }
    }

    /// Makes the master of transport keys.
    pub(super) fn make_master(&self, rng: &mut dyn CryptoRng) -> Result<Fresh<()>, StoreError> {
        match &self.custody {
            Custody::Sealed(_) => {
                let mut bytes = Zeroizing::new([0; 32]);
                rng.fill_bytes(&mut *bytes);
                self.seal_symmetric("transport", *bytes).map(Fresh::plain)
            }
            Custody::Token(token) => {
                let (label, id) = (self.token_label(TRANSPORT), KeyId::random(rng));
                let intent = Intent::begin(self.dir(), token, TRANSPORT, ObjectKind::SecretKey, id)?;
                let master = TokenMaster::generate_as(token, &id, &label, self.is_wrappable(TRANSPORT))?;
                files::write(&self.key_path(TRANSPORT), &reference_bytes(master.reference()), true)?;
                Ok(Fresh::new((), intent))
            }
        }
    }

    /// The master from which the keys of blanks are derived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn transport_master(&self) -> Result<StoreMaster, StoreError> {
        match &self.custody {
            Custody::Sealed(_) => {
                Ok(StoreMaster::Software(TransportMaster::from_bytes(self.open_symmetric("transport")?)))
            }
            Custody::Token(token) => {
                let bytes = files::read(&self.key_path(TRANSPORT))?;
                let reference =
                    serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged(TRANSPORT.to_owned()))?;
                Ok(StoreMaster::Token(TokenMaster::open(token, &reference)?))
            }
        }
    }

    /// Makes 32 secret octets that this process uses itself.
    pub(super) fn make_secret(&self, name: &str, rng: &mut dyn CryptoRng) -> Result<Fresh<()>, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *bytes);
        match &self.custody {
            Custody::Sealed(_) => self.seal_symmetric(name, *bytes).map(Fresh::plain),
            Custody::Token(token) => {
                let id = KeyId::random(rng);
                let name = format!("secret/{name}");
                let intent = Intent::begin(self.dir(), token, &name, ObjectKind::Data, id)?;
                self.keep_secret(token, &name, id, &bytes)?;
                Ok(Fresh::new((), intent))
            }
        }
    }

    pub(super) fn keep_secret(
        &self,
        token: &Token,
        name: &str,
        id: KeyId,
        bytes: &[u8; 32],
    ) -> Result<(), StoreError> {
        let label = self.token_label(name);
        token.with("to keep a secret", name, |session| {
            if session.exists(ObjectKind::Data, &id)? {
                return Ok(());
            }
            session.store_data(&id, &label, bytes)
        })?;
        files::write(&self.key_path(name), &reference_bytes(&DataReference { id }), true)
    }

    /// Reads them.
    pub(super) fn open_secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        match &self.custody {
            Custody::Sealed(_) => self.open_symmetric(name).map(Zeroizing::new),
            Custody::Token(token) => {
                let name = format!("secret/{name}");
                let damaged = || StoreError::Damaged(name.clone());
                let reference: DataReference =
                    serde_json::from_slice(&files::read(&self.key_path(&name))?).map_err(|_| damaged())?;
                let value =
                    token.with("to read a secret", &name, |session| session.read_data(&reference.id))?;
                <[u8; 32]>::try_from(value.as_slice()).map(Zeroizing::new).map_err(|_| damaged())
            }
        }
    }

    /// Whether the private keys are in a token.
    #[must_use]
    pub const fn is_in_token(&self) -> bool {
        matches!(self.custody, Custody::Token(_))
    }

    /// How the token's own tools show an object of this store.
    pub(super) fn token_label(&self, name: &str) -> String {
        format!("CCCD {} {name}", self.country())
    }

    fn seal_symmetric(&self, name: &str, key: [u8; 32]) -> Result<(), StoreError> {
        let name = format!("secret/{name}");
        let Custody::Sealed(sealer) = &self.custody else { return Err(StoreError::Damaged(name)) };
        let sealed = sealer.seal(&name, &StoredKey::Symmetric(key.into()))?;
        files::write(&self.key_path(&name), &sealed, true)
    }

    fn open_symmetric(&self, name: &str) -> Result<[u8; 32], StoreError> {
        let name = format!("secret/{name}");
        let Custody::Sealed(sealer) = &self.custody else { return Err(StoreError::Damaged(name)) };
        match sealer.open_sealed(&name, &files::read(&self.key_path(&name))?)? {
            StoredKey::Symmetric(key) => Ok(*key),
            StoredKey::Ecdsa { .. } => Err(StoreError::Damaged(name)),
        }
    }
}

pub(super) const TRANSPORT: &str = "secret/transport";

pub(super) fn reference_bytes(reference: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(reference).unwrap_or_default()
}
