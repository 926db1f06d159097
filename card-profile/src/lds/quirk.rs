//! What a file has that its clause does not allow, and that is read all the same because documents in the field have it.

use core::fmt;

/// One leniency that reading a file took. What is hashed is always the file as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quirk {
    /// Which.
    pub kind: QuirkKind,
    /// Where in the file the data object starts that has it.
    pub offset: usize,
}

/// The kinds of leniency. [`QuirkKind::code`] is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum QuirkKind {
    /// The file says another number of elements than it holds.
    CountDiffers,
    /// The record names another image format than the image has.
    ImageFormatDiffers,
    /// The record names another image size than the image has.
    ImageSizeDiffers,
    /// The image is of no format that is known here, or its header tells no size.
    ImageNotRecognised,
    /// The image, or a part of the record that must be there, is empty.
    EmptyValue,
    /// A biometric data block of a format that is not known here, kept as it stands.
    FormatNotRecognised,
    /// The header of the biometric data block names another format than the block has.
    FormatDiffers,
    /// A date as binary coded decimals: editions of the LDS before 1.7 had it.
    DateAsBcd,
    /// A date that is not digits of the length that its clause gives.
    DateOfOtherForm,
    /// Text that is not UTF-8; it is read as ISO/IEC 8859-1.
    TextNotUtf8,
    /// No tag list.
    TagListMissing,
    /// The tag list does not name what is there.
    TagListDiffers,
    /// Names of others outside the data object `A0` that should hold them.
    OutsideTemplate,
    /// A data object twice where it may stand once; the first one counts.
    Repeated,
    /// A data object that the clause does not have, kept as it stands.
    UnknownObject,
    /// Bytes behind the last element, left alone.
    TrailingBytes,
    /// The key is none that can be read.
    NoPublicKey,
}

impl QuirkKind {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CountDiffers => "count-differs",
            Self::ImageFormatDiffers => "image-format-differs",
            Self::ImageSizeDiffers => "image-size-differs",
            Self::ImageNotRecognised => "image-not-recognised",
            Self::EmptyValue => "empty-value",
            Self::FormatNotRecognised => "format-not-recognised",
            Self::FormatDiffers => "format-differs",
            Self::DateAsBcd => "date-as-bcd",
            Self::DateOfOtherForm => "date-of-other-form",
            Self::TextNotUtf8 => "text-not-utf8",
            Self::TagListMissing => "tag-list-missing",
            Self::TagListDiffers => "tag-list-differs",
            Self::OutsideTemplate => "outside-template",
            Self::Repeated => "repeated",
            Self::UnknownObject => "unknown-object",
            Self::TrailingBytes => "trailing-bytes",
            Self::NoPublicKey => "no-public-key",
        }
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.kind.code(), self.offset)
    }
}

/// Collects leniencies, bounded: a hostile file has as many as it likes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Quirks(Vec<Quirk>);

/// The most leniencies that one file is told of.
const MAX_QUIRKS: usize = 64;

impl Quirks {
    pub(super) fn note(&mut self, kind: QuirkKind, offset: usize) {
        if self.0.len() < MAX_QUIRKS {
            self.0.push(Quirk { kind, offset });
        }
    }

    pub(super) fn note_if(&mut self, condition: bool, kind: QuirkKind, offset: usize) {
        if condition {
            self.note(kind, offset);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Quirk> {
        self.0
    }
}
