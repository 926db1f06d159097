//! The benchmarks behind `make bench`.
//!
//! | group | what | beside |
//! |---|---|---|
//! | `sod` | EF.SOD verified per second | OpenSSL's `CMS_verify`, same files |
//! | `judge` | cards judged, signers known | the fastest bare verification and hashing of this machine |
//! | [`read`] | APDUs, bytes and time of a whole reading | the least that the protocols need: 16 APDUs |
//! | [`register`] | load, look-up, events and numbers of the register | the engine's own floor |
//! | [`issue`] | cards per second of a station and its readers | the cryptography that nobody can leave out, alone |
//! | [`audit`] | lines of the station's audit log appended and verified per second | SHA-256 over the same lines |
//!
//! [`country`] is what the last two have in common, [`measure`] how all of them measure and report.

pub use crate::country;

pub mod audit;
pub mod issue;
#[cfg(feature = "openssl-reference")]
pub mod judge;
pub mod measure;
pub mod read;
pub mod register;
#[cfg(feature = "openssl-reference")]
pub mod sod;
