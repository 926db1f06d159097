//! Card-verifiable certificates: by them a terminal shows a chip what it may read (TR-03110-3 §2, §C, §D).
//!
//! | module | what | clause |
//! |---|---|---|
//! | [`Certificate`], [`CertificateContent`] | read, build, verify one certificate | TR-03110-3 §C.1 |
//! | [`Request`], [`AuthenticatedRequest`] | a key asks to be certified | §C.2 |
//! | [`Chat`], [`Reference`], [`Date`] | who, until when, with which rights | §C.4, §D.2.1 |
//! | [`PublicKey`], [`VerifyingKey`], [`PrivateKey`], [`SignatureAlgorithm`] | keys and algorithms | §A.6, §D.3 |
//! | [`TerminalCredentials`] | what a reading station holds | – |
//! | [`chain`] | the chip's rule: trust points, current date, effective rights; the terminal's way through its certificates | §2.5, §2.6 |
//!
//! What is read is bounded, keeps its bytes and tells the offset of what is wrong. Time and randomness are arguments.
//! `docs/decisions/` tells why this is a crate of its own.

macro_rules! with_hash {
    ($hash:expr, $name:ident => $body:expr) => {
        match $hash {
            $crate::algorithm::Hash::Sha1 => {
                type $name = sha1::Sha1;
                $body
            }
            $crate::algorithm::Hash::Sha224 => {
                type $name = sha2::Sha224;
                $body
            }
            $crate::algorithm::Hash::Sha256 => {
                type $name = sha2::Sha256;
                $body
            }
            $crate::algorithm::Hash::Sha384 => {
                type $name = sha2::Sha384;
                $body
            }
            $crate::algorithm::Hash::Sha512 => {
                type $name = sha2::Sha512;
                $body
            }
        }
    };
}

mod algorithm;
mod certificate;
pub mod chain;
mod chat;
mod credentials;
mod date;
mod private_key;
mod public_key;
mod reference;
mod request;
mod tlv;

pub use algorithm::{Hash, ID_TA, SignatureAlgorithm};
pub use cccd_curves::{Curve, Scalar};
pub use certificate::{Certificate, CertificateContent};
pub use chat::{Chat, InspectionRights, Role, TerminalType};
pub use credentials::{NoCertificate, TerminalCredentials};
pub use date::{Date, NotADate};
pub use private_key::{PrivateKey, SigningError};
pub use public_key::{PublicKey, VerifyError, VerifyingKey};
pub use reference::{NotAReference, Reference};
pub use request::{AuthenticatedRequest, Request};

/// The longest certificate or request read: three RSA-4096 keys' worth.
pub const MAX_LENGTH: usize = 4096;

/// Why bytes are no certificate or request. Offsets count from the start of what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Longer than [`MAX_LENGTH`].
    #[error("{length} bytes are more than any certificate has")]
    TooLong {
        /// How long.
        length: usize,
    },
    /// The bytes end inside a tag, a length or a value.
    #[error("data object cut short at offset {offset}")]
    CutShort {
        /// Where the data object starts.
        offset: usize,
    },
    /// A tag of more than two bytes.
    #[error("tag longer than two bytes at offset {offset}")]
    Tag {
        /// Where the data object starts.
        offset: usize,
    },
    /// The length form `80` (indefinite) or `83` and above.
    #[error("length form not accepted at offset {offset}")]
    Length {
        /// Where the data object starts.
        offset: usize,
    },
    /// A data object that must be there is not.
    #[error("no data object {expected:X} at offset {offset}")]
    Missing {
        /// The tag asked for.
        expected: u16,
        /// Where it should start.
        offset: usize,
    },
    /// Bytes follow the last data object.
    #[error("trailing bytes at offset {offset}")]
    Trailing {
        /// Where they start.
        offset: usize,
    },
    /// A value that the standard does not allow.
    #[error("not a {what} at offset {offset}")]
    Value {
        /// What it should be.
        what: &'static str,
        /// Where the data object starts.
        offset: usize,
    },
}
