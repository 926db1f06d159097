//! What is taken of a person beside the portrait: fingerprints and irises, from a device, into the card, and gone again.
//!
//! | module | what |
//! |---|---|
//! | [`device`] | the port through which images come; a folder of files is the first device |
//! | [`sealed`] | at rest: encrypted to the station's recipient, purged by rule |
//! | [`data_groups`] | DG3 and DG4 of what was taken (Doc 9303-10 §4.7.3, §4.7.4) |
//!
//! Of children under six nothing is taken (Luật Căn cước 2023 art. 23(2)); irises are taken where the station has a device for
//! them (art. 16).

pub mod data_groups;
pub mod device;
pub mod sealed;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fingerprint::finger::NotNamed;
use crate::fingerprint::{Finger, MissingReason, PrintError, PrintImage, PrintQuality, assess};

/// An eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Eye {
    /// Mắt phải.
    Right,
    /// Mắt trái.
    Left,
}

impl Eye {
    /// Both, in the order of ISO/IEC 19794-6: 1 right, 2 left.
    pub const ALL: [Self; 2] = [Self::Right, Self::Left];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
        }
    }

    /// Its number in ISO/IEC 19794-6 and ISO/IEC 7816-11 table C.2.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Right => 1,
            Self::Left => 2,
        }
    }
}

impl FromStr for Eye {
    type Err = NotNamed;

    fn from_str(text: &str) -> Result<Self, NotNamed> {
        Self::ALL.into_iter().find(|eye| eye.as_str() == text).ok_or(NotNamed)
    }
}

/// What was taken of one person. Personal data of the most sensitive kind: `Debug` counts only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Capture {
    prints: BTreeMap<Finger, PrintImage>,
    missing: BTreeMap<Finger, MissingReason>,
    irises: BTreeMap<Eye, IrisImage>,
}

/// The image of an iris, as its file is: JPEG or JPEG 2000, in a frame of 640 × 480 or near it. Nothing is measured of it.
#[derive(Clone, PartialEq, Eq)]
pub struct IrisImage {
    bytes: Vec<u8>,
    jpeg_2000: bool,
}

/// The longest iris file: two of them stand in DG4.
pub const MAX_IRIS_BYTES: usize = 16_000;

/// Why what came from a device is no capture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// An image.
    #[error("{finger}: {error}")]
    Print {
        /// Of which finger.
        finger: Finger,
        /// What is wrong with it.
        error: PrintError,
    },
    /// A finger with an image and a reason why it has none.
    #[error("{0} has a print, and a reason why it has none")]
    Contradiction(Finger),
    /// Neither an image nor a reason.
    #[error(
        "there is neither a print of {0} nor a reason why not; ten fingers are taken, or the two index fingers"
    )]
    Unexplained(Finger),
    /// The iris.
    #[error("the image of the {} iris is neither JPEG nor JPEG 2000, or longer than {MAX_IRIS_BYTES} bytes", .0.as_str())]
    Iris(Eye),
    /// The law forbids it.
    #[error("of a child under six neither prints nor irises are taken")]
    TooYoung,
    /// What was sealed is not what was taken.
    #[error("the sealed capture is damaged")]
    Damaged,
    /// A card cannot hold it.
    #[error("the prints or irises do not fit into the card")]
    DoesNotFit,
}

impl CaptureError {
    /// Stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Print { error: PrintError::Resolution(_), .. } => "print-resolution",
            Self::Print { .. } => "print-unusable",
            Self::Contradiction(_) => "finger-contradiction",
            Self::Unexplained(_) => "finger-unexplained",
            Self::Iris(_) => "iris-unusable",
            Self::TooYoung => "biometrics-too-young",
            Self::Damaged => "capture-damaged",
            Self::DoesNotFit => "capture-does-not-fit",
        }
    }
}

impl IrisImage {
    /// Takes a file.
    ///
    /// # Errors
    /// [`CaptureError::Iris`].
    pub fn from_file(eye: Eye, bytes: Vec<u8>) -> Result<Self, CaptureError> {
        let jpeg = bytes.starts_with(&[0xFF, 0xD8, 0xFF]);
        let jpeg_2000 = bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
            || bytes.starts_with(&[0, 0, 0, 0x0C, b'j', b'P', b' ', b' ']);
        if bytes.len() > MAX_IRIS_BYTES || !(jpeg || jpeg_2000) {
            return Err(CaptureError::Iris(eye));
        }
        Ok(Self { bytes, jpeg_2000 })
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is JPEG 2000.
    #[must_use]
    pub fn is_jpeg_2000(&self) -> bool {
        self.jpeg_2000
    }
}

/// A print that an officer should look at, or have taken again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrintRemark {
    /// Which finger.
    pub finger: Finger,
    /// How good it is.
    pub quality: PrintQuality,
}

impl Capture {
    /// What came from a device: every finger has a print or a reason; all ten, or the two index fingers alone.
    ///
    /// # Errors
    /// [`CaptureError`].
    pub fn new(
        prints: BTreeMap<Finger, PrintImage>,
        missing: BTreeMap<Finger, MissingReason>,
        irises: BTreeMap<Eye, IrisImage>,
    ) -> Result<Self, CaptureError> {
        if let Some(finger) = missing.keys().find(|finger| prints.contains_key(finger)) {
            return Err(CaptureError::Contradiction(*finger));
        }
        let named = |finger: &Finger| prints.contains_key(finger) || missing.contains_key(finger);
        let only_index = prints.keys().chain(missing.keys()).all(|finger| Finger::INDEX.contains(finger));
        let wanted: &[Finger] = if only_index { &Finger::INDEX } else { &Finger::ALL };
        if let Some(finger) = wanted.iter().find(|finger| !named(finger)) {
            return Err(CaptureError::Unexplained(*finger));
        }
        Ok(Self { prints, missing, irises })
    }

    /// The prints.
    #[must_use]
    pub fn prints(&self) -> &BTreeMap<Finger, PrintImage> {
        &self.prints
    }

    /// The fingers without one.
    #[must_use]
    pub fn missing(&self) -> &BTreeMap<Finger, MissingReason> {
        &self.missing
    }

    /// The irises.
    #[must_use]
    pub fn irises(&self) -> &BTreeMap<Eye, IrisImage> {
        &self.irises
    }

    /// SHA-256 over everything that was taken.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (finger, print) in &self.prints {
            hash.update([1, finger.position()]);
            hash.update(print.grey().width().to_be_bytes());
            hash.update(Sha256::digest(print.grey().as_raw()));
        }
        for (finger, reason) in &self.missing {
            hash.update([2, finger.position()]);
            hash.update(Sha256::digest(reason.as_str()));
        }
        for (eye, image) in &self.irises {
            hash.update([3, eye.number()]);
            hash.update(Sha256::digest(&image.bytes));
        }
        hex::encode(hash.finalize())
    }

    /// Every print, measured.
    #[must_use]
    pub fn measured(&self) -> Vec<PrintRemark> {
        self.prints
            .iter()
            .map(|(finger, print)| PrintRemark { finger: *finger, quality: assess(print) })
            .collect()
    }

    /// The prints that should be taken again.
    #[must_use]
    pub fn retakes(&self) -> Vec<PrintRemark> {
        self.measured().into_iter().filter(|remark| !remark.quality.is_usable()).collect()
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Capture({} prints, {} irises)", self.prints.len(), self.irises.len())
    }
}

impl fmt::Debug for IrisImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IrisImage")
    }
}
