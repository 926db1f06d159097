//! A script as data: JSON in `scripts/`, one file per story.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// What state of card a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Card {
    /// A blank, nothing written.
    Blank,
    /// A card that a citizen holds.
    Issued,
}

/// One story told to a card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows, in one sentence.
    pub name: String,
    /// What card it is for.
    pub card: Card,
    /// Whether a card that is not what it should be could be altered by it.
    #[serde(default)]
    pub tries_to_write: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step: either a raw command, or a protocol that opens a session for the steps after it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub name: String,
    /// A command in hexadecimal. Within a session it goes out protected, unless [`Step::plain`].
    pub command: Option<String>,
    /// A protocol to run instead.
    pub protocol: Option<Protocol>,
    /// Sent unprotected although a session is open.
    #[serde(default)]
    pub plain: bool,
    /// Status words that are right, in hexadecimal; `x` stands for any digit.
    pub status: Vec<String>,
    /// What the answer's data must start with, in hexadecimal.
    #[serde(default)]
    pub starts_with: Option<String>,
    /// How many bytes of data the answer must have.
    #[serde(default)]
    pub length: Option<usize>,
}

/// A protocol as one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// PACE with the card's CAN.
    PaceCan,
    /// PACE with another CAN.
    PaceWrongCan,
    /// BAC with the card's MRZ data.
    Bac,
    /// BAC with other MRZ data.
    BacWrongKey,
    /// Power off and on.
    Reset,
}

impl Script {
    /// All scripts of this crate.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn all() -> Result<Vec<Self>> {
        Self::load_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts")))
    }

    /// All scripts of a folder, by file name.
    ///
    /// # Errors
    /// When one can't be read, or there is none.
    pub fn load_folder(folder: &Path) -> Result<Vec<Self>> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .with_context(|| folder.display().to_string())?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        if paths.is_empty() {
            bail!("no scripts in {}", folder.display());
        }
        paths.iter().map(|path| Self::load(path)).collect()
    }

    /// One script.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).with_context(|| path.display().to_string())?;
        let script: Self = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        for step in &script.steps {
            if step.command.is_some() == step.protocol.is_some() {
                bail!("{}: step \u{201c}{}\u{201d} needs a command or a protocol", path.display(), step.name);
            }
            if step.status.is_empty() || step.status.iter().any(|status| status.len() != 4) {
                bail!("{}: step \u{201c}{}\u{201d} expects nothing", path.display(), step.name);
            }
        }
        Ok(script)
    }
}

/// Whether a status word fits a pattern such as `9000` or `6Cxx`.
#[must_use]
pub fn status_fits(pattern: &str, status: u16) -> bool {
    let digits = format!("{status:04X}");
    pattern.len() == 4
        && pattern.chars().zip(digits.chars()).all(|(want, is)| want == 'x' || want.eq_ignore_ascii_case(&is))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(status_fits("61xx", 0x6110));
        assert!(status_fits("6a82", 0x6A82));
        assert!(!status_fits("61xx", 0x9000));
        assert!(!status_fits("", 0x9000));
    }

    #[test]
    fn every_script_of_this_crate_loads() {
        assert!(Script::all().unwrap().len() >= 6);
    }
}
