//! Who may ask: tokens from a file of mode 0600, compared in constant time.

use std::path::{Path, PathBuf};

use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::register_key::{KeyFileError, read_secret, write_secret};

/// The shortest token.
const MIN_TOKEN: usize = 32;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Match and card status.
    Verifier,
    /// Also persons and cards.
    Issuer,
}

/// The tokens in force.
pub struct Tokens(Vec<(Role, Zeroizing<Vec<u8>>)>);

/// A token file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFileError {
    /// It is open to others, or cannot be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// A line is not `role:token`.
    #[error("line {line} of {path} is not `role:token` with a role that exists and at least 32 characters")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counts from 1.
        line: usize,
    },
    /// No token at all.
    #[error("{0} holds no token")]
    Empty(PathBuf),
}

impl Tokens {
    /// Reads the file, or makes it with one random token for each role. Answers whether it was made.
    ///
    /// # Errors
    /// [`TokenFileError`].
    pub fn open(path: &Path, rng: &mut dyn CryptoRng) -> Result<(Self, bool), TokenFileError> {
        let fresh = !path.exists();
        if fresh {
            let mut token = || {
                let mut bytes = Zeroizing::new([0_u8; 32]);
                rng.fill_bytes(bytes.as_mut_slice());
                Zeroizing::new(hex::encode(bytes.as_slice()))
            };
            let text = Zeroizing::new(format!("verifier:{}\nissuer:{}\n", *token(), *token()));
            match write_secret(path, text.as_bytes()) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(KeyFileError::Io { path: path.to_owned(), source }.into()),
            }
        }
        let content = read_secret(path, 64 * 1024)?;
        Self::parse(&content, path).map(|tokens| (tokens, fresh))
    }

    fn parse(content: &[u8], path: &Path) -> Result<Self, TokenFileError> {
        let mut tokens = Vec::new();
        for (line, text) in (1..).zip(content.split(|byte| *byte == b'\n')) {
            let text = text.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            let (role, token) = if let Some(token) = text.strip_prefix(b"verifier:") {
                (Role::Verifier, token)
            } else if let Some(token) = text.strip_prefix(b"issuer:") {
                (Role::Issuer, token)
            } else {
                return Err(TokenFileError::Line { path: path.to_owned(), line });
            };
            if token.len() < MIN_TOKEN || !token.iter().all(u8::is_ascii_graphic) {
                return Err(TokenFileError::Line { path: path.to_owned(), line });
            }
            tokens.push((role, Zeroizing::new(token.to_vec())));
        }
        if tokens.is_empty() { Err(TokenFileError::Empty(path.to_owned())) } else { Ok(Self(tokens)) }
    }

    /// The role of a token, and its place in the file as the requester's name. Every token is compared.
    pub(super) fn role_of(&self, token: &[u8]) -> Option<(Role, usize)> {
        let mut found = None;
        for (place, (role, known)) in self.0.iter().enumerate() {
            if bool::from(known.as_slice().ct_eq(token)) {
                found = Some((*role, place));
            }
        }
        found
    }
}

impl core::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_token_file() {
        let token = "t".repeat(32);
        let text = format!("# ours\nverifier:{token}1\n\nissuer:{token}2\r\n");
        let tokens = Tokens::parse(text.as_bytes(), Path::new("t")).unwrap();
        assert_eq!(tokens.role_of(format!("{token}1").as_bytes()), Some((Role::Verifier, 0)));
        assert_eq!(tokens.role_of(format!("{token}2").as_bytes()), Some((Role::Issuer, 1)));
        assert_eq!(tokens.role_of(b""), None);
        assert_eq!(tokens.role_of(token.as_bytes()), None);
        for bad in
            ["", "# nothing", "verifier:short", &format!("king:{token}"), &format!("verifier:{token} x")]
        {
            assert!(Tokens::parse(bad.as_bytes(), Path::new("t")).is_err(), "{bad}");
        }
    }
}
