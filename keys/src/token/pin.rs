//! The PIN of a token, and where it is looked for.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Environment variable that names a file with the PIN.
pub const PIN_ENV: &str = "CCCD_KEYS_PIN_FILE";

/// Longest PIN file that is read.
const MAX_PIN: u64 = 1024;

/// What opens a token. Never printed, never cloned, zeroized.
pub struct Pin(Zeroizing<String>);

/// No PIN to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Nothing was named.
    #[error("the token asks for a PIN, and no file with it was named")]
    NotNamed,
    /// What was named cannot be read.
    #[error("no PIN can be read from {path}")]
    Unreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Pin {
    /// From text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// From the file given, else the file that [`PIN_ENV`] names; `-` is standard input. A PIN on the command line or in
    /// the environment would be readable by others, so neither is offered.
    ///
    /// # Errors
    /// [`PinError`].
    pub fn find(file: Option<&Path>) -> Result<Self, PinError> {
        let path = file
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(PIN_ENV).map(PathBuf::from))
            .ok_or(PinError::NotNamed)?;
        let read = if path.as_os_str() == "-" {
            first_line(std::io::stdin().lock())
        } else {
            std::fs::File::open(&path).and_then(|file| first_line(std::io::BufReader::new(file)))
        };
        read.map_err(|source| PinError::Unreadable { path, source })
    }

    /// The octets, for the module only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn first_line(source: impl std::io::BufRead) -> std::io::Result<Pin> {
    let mut line = Zeroizing::new(String::with_capacity(256));
    source.take(MAX_PIN).read_line(&mut line)?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(std::io::ErrorKind::UnexpectedEof.into()),
        pin => Ok(Pin::new(pin.to_owned())),
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_the_first_line_and_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pin");
        std::fs::write(&file, "47 11\r\nnot this\n").unwrap();
        let pin = Pin::find(Some(&file)).unwrap();
        assert_eq!(pin.expose(), "47 11");
        assert!(!format!("{pin:?}").contains("47"));
        std::fs::write(&file, "\n1234\n").unwrap();
        assert!(matches!(Pin::find(Some(&file)), Err(PinError::Unreadable { .. })));
        let missing = folder.path().join("none");
        assert!(matches!(Pin::find(Some(&missing)), Err(PinError::Unreadable { .. })));
    }
}
