//! The port through which a capture comes: a scanner, a kit of several, or files that somebody else's program left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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

    /// What lies in it now. A device that keeps nothing from one person to the next has nothing.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn left(&mut self) -> Result<Left, DeviceError> {
        Ok(Left::default())
    }

    /// Takes away what lies in it, in clear.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn clear(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// What lies in a device: each thing's name, length and time, so that it is known again. What lay there before somebody came is
/// not theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left(BTreeSet<(String, u64, Option<SystemTime>)>);

impl Left {
    /// Whether something of this still lies there.
    #[must_use]
    pub fn remains_in(&self, now: &Self) -> bool {
        !self.0.is_disjoint(&now.0)
    }
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

    /// What an officer reads.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Read { what, source } => format!("Không đọc được {what} của thiết bị ({source})"),
            Self::Reasons(_) => "Tệp missing.json của thiết bị không đúng mẫu".to_owned(),
            Self::Capture(error) => error.vietnamese(),
        }
    }

    /// Whether there is nothing at all: no device, no folder.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == ErrorKind::NotFound)
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
    /// Read with the first finger.
    missing: Option<BTreeMap<Finger, MissingReason>>,
}

/// The longest list of reasons: ten fingers.
const MAX_REASONS_BYTES: usize = 4096;

impl Folder {
    /// Opens the folder.
    ///
    /// # Errors
    /// [`DeviceError::Read`] when there is none.
    pub fn open(path: &Path) -> Result<Self, DeviceError> {
        if !path.is_dir() {
            let source = std::io::Error::new(ErrorKind::NotFound, "no such folder");
            return Err(DeviceError::Read { what: "the folder of prints".to_owned(), source });
        }
        Ok(Self { path: path.to_owned(), missing: None })
    }

    fn reason(&mut self, finger: Finger) -> Result<Option<MissingReason>, DeviceError> {
        if self.missing.is_none() {
            let list = read(&self.path.join(REASONS), MAX_REASONS_BYTES)?;
            self.missing = Some(list.map(|bytes| reasons(&bytes)).transpose()?.unwrap_or_default());
        }
        Ok(self.missing.as_ref().and_then(|missing| missing.get(&finger)).copied())
    }

    /// Every name that a device may leave.
    fn names() -> impl Iterator<Item = String> {
        let prints = Finger::ALL.into_iter().map(print_name);
        let irises = Eye::ALL.into_iter().flat_map(|eye| IRISES.map(|kind| iris_name(eye, kind)));
        prints.chain(irises).chain([REASONS.to_owned()])
    }
}

/// Why fingers have no print.
const REASONS: &str = "missing.json";

/// Kinds of iris files.
const IRISES: [&str; 2] = ["jpg", "jp2"];

fn print_name(finger: Finger) -> String {
    format!("{finger}.png")
}

fn iris_name(eye: Eye, kind: &str) -> String {
    format!("{}-iris.{kind}", eye.as_str())
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
        let reason = self.reason(finger)?;
        let file = read(&self.path.join(print_name(finger)), MAX_BYTES)?;
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
        for kind in IRISES {
            // One byte more than is allowed is enough to be refused.
            if let Some(bytes) = read(&self.path.join(iris_name(eye, kind)), MAX_IRIS_BYTES)? {
                return Ok(Some(IrisImage::from_file(eye, bytes)?));
            }
        }
        Ok(None)
    }

    fn left(&mut self) -> Result<Left, DeviceError> {
        let mut left = BTreeSet::new();
        for name in Self::names() {
            match std::fs::symlink_metadata(self.path.join(&name)) {
                Ok(data) => drop(left.insert((name, data.len(), data.modified().ok()))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(DeviceError::Read { what: name, source }),
            }
        }
        Ok(Left(left))
    }

    fn clear(&mut self) -> Result<(), DeviceError> {
        self.missing = None;
        for name in Self::names() {
            match std::fs::remove_file(self.path.join(&name)) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(DeviceError::Read { what: name, source });
                }
                _ => {}
            }
        }
        Ok(())
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
            return Err(failed(std::io::Error::new(ErrorKind::InvalidInput, "not a regular file")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(failed)?.take(bound).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}
