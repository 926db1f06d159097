//! Decodes the pictures that strangers put on their cards: JPEG, JPEG 2000 and WSQ.
//!
//! Decoders are large and are fed by whoever made the chip. So they run in a child process ([`child`]) that holds nothing
//! worth taking: it confines itself (memory, processor time, no files, no descriptors but its three) before it reads the
//! first byte, takes the picture on standard input and gives bare pixels on standard output. The parent ([`Decoder`])
//! bounds what goes in and comes out and how long it takes, and kills the child when that is over. A picture is never
//! decoded on the way to a verdict. `docs/decisions/0052-pictures-in-a-child.md` tells why.

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)
)]

pub mod child;
mod decode;
mod format;
mod limits;
mod parent;
mod pixels;
pub mod wsq;

pub use decode::decode_here;
pub use format::PictureFormat;
pub use limits::Limits;
pub use parent::{Decoder, DecoderError};
pub use pixels::Pixels;

/// Why a picture is none that can be shown. [`PictureError::code`] is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Neither JPEG nor JPEG 2000 nor WSQ nor PNG.
    #[error("the bytes are no picture of a format that is known here")]
    NotAPicture,
    /// More bytes or pixels than allowed.
    #[error("the picture is larger than any picture of a card")]
    TooLarge,
    /// Cut short, or not as its format says.
    #[error("the picture is damaged")]
    Damaged,
}

impl PictureError {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAPicture => "not-a-picture",
            Self::TooLarge => "picture-too-large",
            Self::Damaged => "picture-damaged",
        }
    }
}
