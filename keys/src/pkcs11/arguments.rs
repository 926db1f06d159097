//! The options by which every program names a token.

use super::TokenAccess;
use std::path::PathBuf;

/// Where the keys are, if not in files.
#[derive(Debug, Default, clap::Args)]
pub struct TokenArguments {
    /// The keys are in a token: the PKCS#11 module that reaches it, a shared library.
    #[arg(long, value_name = "MODULE", global = true)]
    pub pkcs11: Option<PathBuf>,

    /// The token's whole label; needed where a store is made, afterwards the store knows it.
    #[arg(long, value_name = "LABEL", global = true, requires = "pkcs11")]
    pub token: Option<String>,

    /// File whose first line is the token's PIN, - for standard input; else the file named by `CCCD_KEYS_PIN_FILE`.
    #[arg(long, value_name = "F", global = true)]
    pub pin_file: Option<PathBuf>,

    /// Give the PIN even if one try is left; a wrong one locks the token.
    #[arg(long, global = true)]
    pub spend_last_pin_try: bool,
}

impl TokenArguments {
    /// What was named, if a token was.
    #[must_use]
    pub fn access(&self) -> Option<TokenAccess<'_>> {
        self.pkcs11.as_deref().map(|module| TokenAccess {
            module,
            label: self.token.as_deref(),
            pin_file: self.pin_file.as_deref(),
            spend_last_pin_try: self.spend_last_pin_try,
        })
    }
}
