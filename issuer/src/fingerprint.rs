//! Fingerprints: images at 500 pixels per inch, which finger, how good, and why one is missing (ISO/IEC 19794-4,
//! ISO/IEC 39794-4; Luật Căn cước 2023 art. 16, 23).
//!
//! Nothing here compares or recognises: there is no extraction of minutiae and no matcher.
//!
//! | module | what |
//! |---|---|
//! | [`finger`] | the ten fingers, their numbers in the standards, and reasons why one is missing |
//! | [`mod@print`] | PNG or raw grey, within limits, at the right resolution |
//! | [`quality`] | a score from the structure of the ridges; **not** NFIQ 2 |
//! | [`synthetic`] | prints of nobody, for tests and demos |

pub mod finger;
pub mod print;
pub mod quality;
pub mod synthetic;

pub use finger::{Finger, MissingReason};
pub use print::{PrintError, PrintImage};
pub use quality::{PrintQuality, Ridges, assess};
