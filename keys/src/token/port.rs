//! The port: what is asked of a PKCS#11 module, and the ways in which it can fail.

use super::Pin;
use crate::curve::NamedCurve;
use rand_core::CryptoRng;

/// How a key or secret is known in a token: `CKA_ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(pub [u8; 16]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl KeyId {
    /// A fresh one.
    #[must_use]
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        Self(id)
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id).map_err(|_| "a key is known by 32 hexadecimal digits")?;
        Ok(Self(id))
    }
}

/// A token that a module shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of CK_TOKEN_INFO")]
pub struct TokenInfo {
    /// The slot it is in; may change at every start of the module.
    pub slot: u64,
    /// Its label, without the padding.
    pub label: String,
    /// Its serial number, without the padding.
    pub serial: String,
    /// `CKF_TOKEN_INITIALIZED`.
    pub initialized: bool,
    /// `CKF_USER_PIN_COUNT_LOW`: a wrong PIN was given since the last right one.
    pub pin_count_low: bool,
    /// `CKF_USER_PIN_FINAL_TRY`: another wrong PIN locks it.
    pub pin_final_try: bool,
    /// `CKF_USER_PIN_LOCKED`.
    pub pin_locked: bool,
    /// `CKF_HW_SLOT`, or `CKF_HW` of its ECDSA: the keys are in a device, not in software behind the same interface.
    pub hardware: bool,
    /// What it can do.
    pub mechanisms: Mechanisms,
}

/// The mechanisms this house uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "five mechanisms, there or not")]
pub struct Mechanisms {
    /// `CKM_EC_KEY_PAIR_GEN`.
    pub ec_key_pair_gen: bool,
    /// `CKM_ECDSA`.
    pub ecdsa: bool,
    /// `CKM_AES_KEY_GEN`.
    pub aes_key_gen: bool,
    /// `CKM_AES_CMAC`.
    pub aes_cmac: bool,
    /// `CKM_AES_KEY_WRAP_PAD`.
    pub aes_key_wrap_pad: bool,
}

/// Why a call failed, as far as it matters to what is done next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Session, login or device is lost; another session may do.
    #[error("the connection to the token is lost ({0})")]
    Lost(String),
    /// The session is from before a restart of the module: nobody's fault, and no sign of a token that is gone.
    #[error("the module was restarted meanwhile")]
    Stale,
    /// `CKR_PIN_INCORRECT`.
    #[error("the PIN is wrong")]
    PinWrong,
    /// `CKR_PIN_LOCKED`.
    #[error("the PIN is locked")]
    PinLocked,
    /// `CKR_PIN_LEN_RANGE`, `CKR_PIN_INVALID`, `CKR_PIN_EXPIRED`, `CKR_USER_PIN_NOT_INITIALIZED`.
    #[error("the PIN cannot be used ({0})")]
    PinUnusable(String),
    /// The module has not this mechanism or curve.
    #[error("the token has no {0}")]
    Unsupported(String),
    /// No object has this identifier.
    #[error("the token has no such key")]
    NoKey,
    /// Anything else that the token says no to.
    #[error("the token refuses ({0})")]
    Refused(String),
    /// The module itself cannot be loaded or started.
    #[error("the module {path} cannot be used ({why})")]
    Module {
        /// Its file.
        path: String,
        /// Why.
        why: String,
    },
}

/// A PKCS#11 module.
pub trait Port: Send + Sync + std::fmt::Debug {
    /// The tokens in its slots.
    ///
    /// # Errors
    /// [`Fault`].
    fn tokens(&self) -> Result<Vec<TokenInfo>, Fault>;

    /// A session with the token in this slot.
    ///
    /// # Errors
    /// [`Fault`].
    fn open(&self, slot: u64) -> Result<Box<dyn Session>, Fault>;

    /// How often the module was restarted.
    fn restarts(&self) -> u64;

    /// Starts the module anew, as some need before they see a token again, unless somebody did since the caller saw
    /// `seen` restarts. Sessions from before are [`Fault::Stale`].
    ///
    /// # Errors
    /// [`Fault`].
    fn restart(&self, seen: u64) -> Result<(), Fault>;
}

/// Which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A private key and its public half.
    KeyPair,
    /// A secret key.
    SecretKey,
    /// Octets that only a logged-in user reads.
    Data,
}

/// A key that is brought into a token from its wrapped form.
#[derive(Debug, Clone, Copy)]
pub struct Unwrapping<'a> {
    /// `CKA_ID` from now on.
    pub id: &'a KeyId,
    /// `CKA_LABEL`.
    pub label: &'a str,
    /// Curve and public point of a key pair; `None` for an AES-256 key for CMAC.
    pub pair: Option<(NamedCurve, &'a [u8])>,
    /// It stays (`CKA_TOKEN`), and can be wrapped again; else it ends with the session.
    pub lasting: bool,
}

impl Unwrapping<'_> {
    /// What comes out.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        if self.pair.is_some() { ObjectKind::KeyPair } else { ObjectKind::SecretKey }
    }
}

/// A session with a token. Dropping closes it.
pub trait Session: Send {
    /// Logs the application in. Already logged in is fine.
    ///
    /// # Errors
    /// [`Fault`].
    fn login(&mut self, pin: &Pin) -> Result<(), Fault>;

    /// Makes a key pair for ECDSA in the token: sensitive, and not extractable unless `wrappable`. Gives the public
    /// point, uncompressed (SEC1).
    ///
    /// # Errors
    /// [`Fault`].
    fn generate_key_pair(
        &mut self,
        id: &KeyId,
        label: &str,
        curve: NamedCurve,
        wrappable: bool,
    ) -> Result<Vec<u8>, Fault>;

    /// The public point of a key pair that exists.
    ///
    /// # Errors
    /// [`Fault::NoKey`].
    fn public_point(&mut self, id: &KeyId) -> Result<Vec<u8>, Fault>;

    /// Whether there is an object with this identifier.
    ///
    /// # Errors
    /// [`Fault`].
    fn exists(&mut self, kind: ObjectKind, id: &KeyId) -> Result<bool, Fault>;

    /// `CKM_ECDSA` over a digest: `r ‖ s`, as the token says it.
    ///
    /// # Errors
    /// [`Fault`].
    fn sign(&mut self, id: &KeyId, digest: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Makes an AES-256 key for CMAC in the token: sensitive, and not extractable unless `wrappable`.
    ///
    /// # Errors
    /// [`Fault`].
    fn generate_secret_key(&mut self, id: &KeyId, label: &str, wrappable: bool) -> Result<(), Fault>;

    /// Puts an AES-256 key for CMAC into the token: sensitive, not extractable from then on.
    ///
    /// # Errors
    /// [`Fault`].
    fn import_secret_key(&mut self, id: &KeyId, label: &str, key: &[u8; 32]) -> Result<(), Fault>;

    /// `CKM_AES_CMAC` over a message, 16 octets.
    ///
    /// # Errors
    /// [`Fault`].
    fn mac(&mut self, id: &KeyId, message: &[u8]) -> Result<Vec<u8>, Fault>;

    /// `CKM_AES_KEY_WRAP_PAD` of a key that is extractable, under an AES-256 key that is in the token for this one call.
    ///
    /// # Errors
    /// [`Fault`]; a key that was made not to leave the token does not.
    fn wrap(&mut self, wrapping: &[u8; 32], kind: ObjectKind, id: &KeyId) -> Result<Vec<u8>, Fault>;

    /// The other way: the key is in the token from then on, sensitive as before.
    ///
    /// # Errors
    /// [`Fault`].
    fn unwrap(
        &mut self,
        wrapping: &[u8; 32],
        wrapped: &[u8],
        unwrapping: &Unwrapping<'_>,
    ) -> Result<(), Fault>;

    /// Keeps octets that only a logged-in user reads.
    ///
    /// # Errors
    /// [`Fault`].
    fn store_data(&mut self, id: &KeyId, label: &str, value: &[u8]) -> Result<(), Fault>;

    /// Reads them.
    ///
    /// # Errors
    /// [`Fault::NoKey`].
    fn read_data(&mut self, id: &KeyId) -> Result<zeroize::Zeroizing<Vec<u8>>, Fault>;

    /// Destroys the object or key pair.
    ///
    /// # Errors
    /// [`Fault::NoKey`].
    fn destroy(&mut self, kind: ObjectKind, id: &KeyId) -> Result<(), Fault>;
}
