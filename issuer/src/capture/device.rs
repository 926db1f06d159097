//! The port through which a capture comes: a scanner, a kit of several, or files that somebody else's program left.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Capture, CaptureError, Eye, IrisImage, MAX_IRIS_BYTES};
use crate::fingerprint::print::MAX_BYTES;
use crate::fingerprint::{Finger, MissingReason, PrintImage};

/// What a device says of a finger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Its print.
    Print(PrintImage),
    /// Why there is none.
    Missing(MissingReason),
}

/// Something that takes fingers and eyes. It is asked for each once; what it does not take, it does not have.
pub trait DevicePort {
    /// A name for messages and the audit log: no personal data.
    fn name(&self) -> &str;

    /// A finger; `None` if it was not asked for or not laid on.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn finger(&mut self, finger: Finger) -> Result<Option<Taken>, DeviceError>;

    /// An eye; `None` for a device without a camera for them.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn iris(&mut self, eye: Eye) -> Result<Option<IrisImage>, DeviceError>;
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// A file or the device itself.
    #[error("{what} cannot be read: {source}")]
    Read {
        /// Which file or part; a name of ours.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// `missing.json` is not what it should be.
    #[error("missing.json is no list of fingers and reasons: {0}")]
    Reasons(&'static str),
    /// What came is no capture.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl DeviceError {
    /// Stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "device-unreadable",
            Self::Reasons(_) => "missing-unreadable",
            Self::Capture(error) => error.code(),
        }
    }
}

/// Takes all that a device has.
///
/// # Errors
/// [`DeviceError`].
pub fn take(device: &mut dyn DevicePort) -> Result<Capture, DeviceError> {
    let (mut prints, mut missing, mut irises) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for finger in Finger::ALL {
        match device.finger(finger)? {
            Some(Taken::Print(print)) => drop(prints.insert(finger, print)),
            Some(Taken::Missing(reason)) => drop(missing.insert(finger, reason)),
            None => {}
        }
    }
    for eye in Eye::ALL {
        if let Some(iris) = device.iris(eye)? {
            irises.insert(eye, iris);
        }
    }
    Ok(Capture::new(prints, missing, irises)?)
}

/// A folder: `right-index.png` … `left-little.png`, `right-iris.jpg`, `left-iris.jp2`, and `missing.json`, which says
/// `{"left-index": "amputated"}`.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    missing: BTreeMap<Finger, MissingReason>,
}

/// The longest list of reasons: ten fingers.
const MAX_REASONS_BYTES: usize = 4096;

impl Folder {
    /// Opens the folder and reads its list of missing fingers, if there is one.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn open(path: &Path) -> Result<Self, DeviceError> {
        if !path.is_dir() {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, "no such folder");
            return Err(DeviceError::Read { what: "the folder of prints".to_owned(), source });
        }
        let missing = match read(&path.join("missing.json"), MAX_REASONS_BYTES)? {
            Some(bytes) => reasons(&bytes)?,
            None => BTreeMap::new(),
        };
        Ok(Self { path: path.to_owned(), missing })
    }
}

/// The list of missing fingers.
///
/// # Errors
/// [`DeviceError::Reasons`]; it repeats nothing of the file.
pub fn reasons(json: &[u8]) -> Result<BTreeMap<Finger, MissingReason>, DeviceError> {
    if json.len() > MAX_REASONS_BYTES {
        return Err(DeviceError::Reasons("it is too long"));
    }
    serde_json::from_slice::<Reasons>(json).map(|reasons| reasons.0).map_err(|_| {
        DeviceError::Reasons("names like right-index, reasons amputated, bandaged, deformed, worn-away")
    })
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Reasons(BTreeMap<Finger, MissingReason>);

impl DevicePort for Folder {
    fn name(&self) -> &str {
        "folder"
    }

    fn finger(&mut self, finger: Finger) -> Result<Option<Taken>, DeviceError> {
        let file = read(&self.path.join(format!("{finger}.png")), MAX_BYTES)?;
        let reason = self.missing.get(&finger).copied();
        match (file, reason) {
            (Some(_), Some(_)) => Err(CaptureError::Contradiction(finger).into()),
            (Some(bytes), None) => match PrintImage::from_png(&bytes) {
                Ok(print) => Ok(Some(Taken::Print(print))),
                Err(error) => Err(CaptureError::Print { finger, error }.into()),
            },
            (None, reason) => Ok(reason.map(Taken::Missing)),
        }
    }

    fn iris(&mut self, eye: Eye) -> Result<Option<IrisImage>, DeviceError> {
        for kind in ["jpg", "jp2"] {
            let name = format!("{}-iris.{kind}", eye.as_str());
            // One byte more than is allowed is enough to be refused.
            if let Some(bytes) = read(&self.path.join(name), MAX_IRIS_BYTES)? {
                return Ok(Some(IrisImage::from_file(eye, bytes)?));
            }
        }
        Ok(None)
    }
}

/// A regular file, or `None` if there is none; what is longer than the limit comes one byte longer than it.
fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
    let what = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let failed = |source| DeviceError::Read { what: what.clone(), source };
    match std::fs::metadata(path) {
        Ok(data) if data.is_file() => {}
        // Opening a pipe or a device could wait for ever.
        Ok(_) => {
            return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(failed)?.take(bound).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}
