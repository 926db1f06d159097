//! How a program opens a key store: in software by passphrase, in a token by module and PIN.

use super::open_token;
use crate::store::{KeyStore, Passphrase, PassphraseError, StoreError, read_settings};
use crate::token::{Pin, PinError, Token, TokenIdentity, TokenLimits};
use std::path::Path;
use std::sync::Arc;

/// What a program was told about a token.
#[derive(Debug, Clone, Copy)]
pub struct TokenAccess<'a> {
    /// The module, a shared library.
    pub module: &'a Path,
    /// The token's label; the store's own by default.
    pub label: Option<&'a str>,
    /// The file with the PIN, `-` for standard input; else what [`PIN_ENV`](crate::token::PIN_ENV) names.
    pub pin_file: Option<&'a Path>,
    /// A wrong PIN may lock the token.
    pub spend_last_pin_try: bool,
}

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The store, or its token.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// No PIN.
    #[error(transparent)]
    Pin(#[from] PinError),
}

impl AccessError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Passphrase(_) => "no-passphrase",
            Self::Pin(_) => "no-pin",
        }
    }

    /// One sentence: what to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::Passphrase(_) => "give the file with --passphrase-file or CCCD_KEYS_PASSPHRASE_FILE",
            Self::Pin(_) => "give the file with --pin-file or CCCD_KEYS_PIN_FILE; - is standard input",
        }
    }
}

impl TokenAccess<'_> {
    /// Opens the token.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn open(&self, expected: Option<&TokenIdentity>) -> Result<Arc<Token>, AccessError> {
        let own = expected.map(|identity| identity.label.as_str());
        let label = self.label.or(own).unwrap_or_default();
        let limits = TokenLimits { spend_last_pin_try: self.spend_last_pin_try, ..TokenLimits::default() };
        let token = open_token(self.module, label, expected, Pin::find(self.pin_file)?, limits);
        Ok(Arc::new(token.map_err(StoreError::from)?))
    }
}

/// Opens a store, wherever its keys are.
///
/// # Errors
/// [`AccessError`]; a token that was named for a store in software, and the other way round.
pub fn open_store(
    dir: &Path,
    passphrase_file: Option<&Path>,
    token: Option<TokenAccess<'_>>,
) -> Result<KeyStore, AccessError> {
    let settings = read_settings(dir)?;
    match (&settings.token, token) {
        (Some(identity), Some(access)) => Ok(KeyStore::open_in_token(dir, access.open(Some(identity))?)?),
        (Some(identity), None) => Err(StoreError::InToken(identity.label.clone()).into()),
        (None, Some(_)) => Err(StoreError::NotInToken.into()),
        (None, None) => Ok(KeyStore::open(dir, &Passphrase::for_store(dir, passphrase_file)?)?),
    }
}
