//! Is a portrait good enough to be printed and recognised? What is measured, what the rules say, and words for the
//! officer who will take the picture again (Doc 9303-3 §3.9, ISO/IEC 19794-5 §7 and §8, ISO/IEC 39794-5 annex D.1).
//!
//! Nothing here recognises anybody: one face is found, or none, or several, and light, sharpness and place are measured.
//! What the limits are and how they were found: `docs/capture.md`.
//!
//! | module | what |
//! |---|---|
//! | `measure` | numbers of a picture |
//! | `tilt` | how far the head leans, from the face's symmetry |
//! | `rules` | the limits, and the remarks on what is beyond them |
//! | `picture` | the picture with the frame in which the face should stand |

mod measure;
mod picture;
mod rules;
mod tilt;

use image::RgbImage;

pub use measure::{FaceBox, FaceFinder, Measured};
pub use picture::annotated;
pub use rules::{Limits, Rules};

/// What shall be done about a remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The officer looks and decides.
    Look,
    /// Take the picture again.
    Retake,
}

impl Weight {
    /// Its stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Retake => "retake",
        }
    }
}

/// One thing that is wrong with a portrait.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Remark {
    /// Stable reason code.
    pub code: &'static str,
    /// Whether the picture has to be taken again.
    pub weight: Weight,
    /// What was measured.
    pub measured: f64,
    /// The limit that it is beyond.
    pub limit: f64,
    /// What is wrong and what to do.
    pub vietnamese: String,
    /// The same in English.
    pub english: String,
}

/// What came of looking at a portrait.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// What was measured.
    pub measured: Measured,
    /// What is wrong; empty when nothing is.
    pub remarks: Vec<Remark>,
}

impl Assessment {
    /// Whether no remark asks for another picture.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.remarks.iter().all(|remark| remark.weight < Weight::Retake)
    }

    /// The remarks that ask for another picture.
    pub fn retakes(&self) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().filter(|remark| remark.weight == Weight::Retake)
    }
}

/// Looks at a portrait.
#[must_use]
pub fn assess(portrait: &RgbImage, finder: &FaceFinder, rules: &Rules) -> Assessment {
    let measured = Measured::of(portrait, finder);
    let remarks = rules.judge(&measured);
    Assessment { measured, remarks }
}
