//! What is taken of a person beside the portrait: fingerprints and irises, from a device, into the card, and gone again.
//!
//! | module | what |
//! |---|---|
//! | [`device`] | the port through which images come; a folder of files is the first device |
//! | `iris` | eyes and their images |
//! | [`sealed`] | at rest: encrypted to the station's recipient, purged by rule |
//! | [`data_groups`] | DG3 and DG4 of what was taken (Doc 9303-10 §4.7.3, §4.7.4) |
//!
//! Of children under six nothing is taken (Luật Căn cước 2023 art. 23(2)); irises are taken where the station has a device for
//! them (art. 16).

pub mod data_groups;
pub mod device;
mod iris;
pub mod sealed;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

pub use iris::{Eye, IrisImage, MAX_IRIS_BYTES};

use crate::fingerprint::{Finger, MissingReason, PrintError, PrintImage, PrintQuality, assess};

/// What was taken of one person. Personal data of the most sensitive kind: `Debug` counts only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Capture {
    prints: BTreeMap<Finger, PrintImage>,
    missing: BTreeMap<Finger, MissingReason>,
    irises: BTreeMap<Eye, IrisImage>,
}

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
    #[error("the image of the {} iris is no JPEG or JPEG 2000 of at most {MAX_IRIS_BYTES} bytes and 160 to 2,048 pixels on a side", .0.as_str())]
    Iris(Eye),
    /// The law forbids it.
    #[error("of a child under six neither portrait nor prints nor irises are taken")]
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

    /// What an officer reads.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Print { finger, error } => format!("{}: {}", finger.vietnamese(), error.vietnamese()),
            Self::Contradiction(finger) => {
                format!("{}: vừa có ảnh vân tay vừa có lý do không lấy được", finger.vietnamese())
            }
            Self::Unexplained(finger) => format!(
                "{}: chưa có ảnh vân tay và cũng chưa có lý do; lấy đủ mười ngón hoặc hai ngón trỏ",
                finger.vietnamese()
            ),
            Self::Iris(eye) => format!(
                "Ảnh mống {} không phải JPEG hoặc JPEG 2000 dưới 16 kB, cạnh 160 đến 2048 điểm ảnh",
                eye.vietnamese()
            ),
            Self::TooYoung => {
                "Không thu nhận ảnh khuôn mặt, vân tay, mống mắt của trẻ dưới 6 tuổi".to_owned()
            }
            Self::Damaged => "Dữ liệu niêm phong bị hỏng".to_owned(),
            Self::DoesNotFit => "Vân tay hoặc mống mắt không vừa với chíp".to_owned(),
        }
    }
}

/// Whether these fingers, each with a print or a reason, are those that are asked for: all ten, or the two index fingers alone.
///
/// # Errors
/// [`CaptureError::Unexplained`].
pub fn named(fingers: &BTreeSet<Finger>) -> Result<(), CaptureError> {
    let only_index = fingers.iter().all(|finger| Finger::INDEX.contains(finger));
    let wanted: &[Finger] = if only_index { &Finger::INDEX } else { &Finger::ALL };
    match wanted.iter().find(|finger| !fingers.contains(finger)) {
        Some(finger) => Err(CaptureError::Unexplained(*finger)),
        None => Ok(()),
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
        named(&prints.keys().chain(missing.keys()).copied().collect())?;
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
            hash.update(Sha256::digest(image.bytes()));
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
