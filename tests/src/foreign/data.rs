//! The files of the folder.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::case::Case;
use super::outcome::Problem;

/// Larger files than this are not read.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// More files than this in one folder are not looked at.
const MAX_FILES: usize = 10_000;

/// A folder of cases.
#[derive(Debug)]
pub struct Data {
    folder: PathBuf,
    documents: Mutex<HashMap<String, Arc<Value>>>,
}

impl Data {
    /// A folder; nothing is read yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), documents: Mutex::default() }
    }

    /// The cases of the folder.
    ///
    /// # Errors
    /// `cases.jsonl` cannot be read or holds something else.
    pub fn cases(&self) -> Result<Vec<Case>, Problem> {
        let bytes = self.file("cases.jsonl")?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::new("cases.jsonl is no UTF-8"))?;
        Case::read_all(text)
    }

    /// A file by its name below the folder.
    ///
    /// # Errors
    /// It lies elsewhere, cannot be read or is larger than any case needs.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, Problem> {
        let relative = Path::new(name);
        if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(Problem::new(format!("{name} is not below the folder")));
        }
        let read = || -> std::io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            fs::File::open(self.folder.join(relative))?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|error| Problem::new(format!("{name} cannot be read: {error}")))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE) {
            return Err(Problem::new(format!("{name} is larger than 64 MiB")));
        }
        Ok(bytes)
    }

    /// The files in the same folder as this one, sorted.
    ///
    /// # Errors
    /// The folder cannot be listed, or holds more files than any case needs.
    pub fn beside(&self, name: &str) -> Result<Vec<String>, Problem> {
        self.file(name)?;
        let folder = Path::new(name).parent().unwrap_or_else(|| Path::new(""));
        let cannot =
            |error: std::io::Error| Problem::new(format!("{} cannot be listed: {error}", folder.display()));
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder.join(folder)).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            if entry.file_type().map_err(cannot)?.is_file() {
                found.push(folder.join(entry.file_name()).to_string_lossy().into_owned());
            }
            if found.len() > MAX_FILES {
                return Err(Problem::new(format!("{} has more than {MAX_FILES} files", folder.display())));
            }
        }
        found.sort();
        Ok(found)
    }

    /// A JSON file; read once, however many cases lie in it.
    ///
    /// # Errors
    /// As [`file`](Self::file), or it is no JSON.
    pub fn json(&self, name: &str) -> Result<Arc<Value>, Problem> {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = documents.get(name) {
            return Ok(Arc::clone(known));
        }
        let value: Value = serde_json::from_slice(&self.file(name)?)
            .map_err(|error| Problem::new(format!("{name} is no JSON: {error}")))?;
        let value = Arc::new(value);
        documents.insert(name.to_owned(), Arc::clone(&value));
        Ok(value)
    }
}

/// A member that is text.
///
/// # Errors
/// It is missing or something else.
pub fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Problem> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| Problem::new(format!("the file has no '{name}'")))
}

/// A member that is bytes in hex.
///
/// # Errors
/// It is missing or something else.
pub fn hex_bytes(value: &Value, name: &str) -> Result<Vec<u8>, Problem> {
    hex::decode(text(value, name)?).map_err(|_| Problem::new(format!("'{name}' is not hex")))
}

/// Bytes in base64, with or without PEM armour.
///
/// # Errors
/// They are neither.
pub fn base64_or_pem(text: &str) -> Result<Vec<u8>, Problem> {
    use base64::Engine as _;
    let bad = || Problem::new("what should be base64 or PEM is neither");
    if text.trim_start().starts_with("-----BEGIN ") {
        return cccd_keys::asn1::der_or_pem(text.as_bytes()).map_err(|_| bad());
    }
    let digits: String = text.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(digits).map_err(|_| bad())
}
