//! Data group numbers, tags and identifiers: Doc 9303-10 §4.7 and table 38.

use core::fmt;

use crate::file_system::{FileId, ShortFileId};

/// The number of a data group, 1 to 16.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataGroupNumber(u8);

/// A number that no data group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data groups are numbered 1 to 16, not {0}")]
pub struct NoSuchDataGroup(pub u32);

/// Tags of DG1 … DG16, in order (Doc 9303-10 §4.6.1).
const TAGS: [u8; 16] =
    [0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70];

impl DataGroupNumber {
    /// MRZ.
    pub const DG1: Self = Self(1);
    /// Face.
    pub const DG2: Self = Self(2);
    /// Fingerprints.
    pub const DG3: Self = Self(3);
    /// Irises.
    pub const DG4: Self = Self(4);
    /// Displayed portrait.
    pub const DG5: Self = Self(5);
    /// Reserved.
    pub const DG6: Self = Self(6);
    /// Displayed signature.
    pub const DG7: Self = Self(7);
    /// Data features.
    pub const DG8: Self = Self(8);
    /// Structure features.
    pub const DG9: Self = Self(9);
    /// Substance features.
    pub const DG10: Self = Self(10);
    /// Additional personal details.
    pub const DG11: Self = Self(11);
    /// Additional document details.
    pub const DG12: Self = Self(12);
    /// National data.
    pub const DG13: Self = Self(13);
    /// Security infos.
    pub const DG14: Self = Self(14);
    /// Active Authentication key.
    pub const DG15: Self = Self(15);
    /// Persons to notify.
    pub const DG16: Self = Self(16);

    /// Takes 1 to 16.
    ///
    /// # Errors
    /// [`NoSuchDataGroup`].
    pub fn new(number: u32) -> Result<Self, NoSuchDataGroup> {
        match u8::try_from(number) {
            Ok(small @ 1..=16) => Ok(Self(small)),
            _ => Err(NoSuchDataGroup(number)),
        }
    }

    /// All sixteen, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=16).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// The tag its file starts with, and that EF.COM lists.
    #[must_use]
    pub fn tag(self) -> u32 {
        TAGS.get(usize::from(self.0).saturating_sub(1)).copied().map_or(0, u32::from)
    }

    /// The data group of this tag.
    #[must_use]
    pub fn from_tag(tag: u32) -> Option<Self> {
        Self::all().find(|number| number.tag() == tag)
    }

    /// The file identifier: `0101` … `0110`.
    #[must_use]
    pub const fn file_id(self) -> FileId {
        FileId(u16::from_be_bytes([1, self.0]))
    }

    /// The data group of this file identifier.
    #[must_use]
    pub fn from_file_id(id: FileId) -> Option<Self> {
        Self::all().find(|number| number.file_id() == id)
    }

    /// The short file identifier: `01` … `10`.
    #[must_use]
    pub fn short_file_id(self) -> ShortFileId {
        crate::file_system::ElementaryFile::DataGroup(self).short_file_id()
    }
}

impl fmt::Display for DataGroupNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DG{}", self.0)
    }
}

impl fmt::Debug for DataGroupNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<u32> for DataGroupNumber {
    type Error = NoSuchDataGroup;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        Self::new(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_standard() {
        let row = |number: u32| {
            let group = DataGroupNumber::new(number).unwrap();
            (group.tag(), group.file_id().0, group.short_file_id().value())
        };
        assert_eq!(row(1), (0x61, 0x0101, 0x01));
        assert_eq!(row(2), (0x75, 0x0102, 0x02));
        assert_eq!(row(3), (0x63, 0x0103, 0x03));
        assert_eq!(row(4), (0x76, 0x0104, 0x04));
        assert_eq!(row(13), (0x6D, 0x010D, 0x0D));
        assert_eq!(row(16), (0x70, 0x0110, 0x10));
        for group in DataGroupNumber::all() {
            assert_eq!(DataGroupNumber::from_tag(group.tag()), Some(group));
            assert_eq!(DataGroupNumber::from_file_id(group.file_id()), Some(group));
        }
        assert_eq!(DataGroupNumber::new(0), Err(NoSuchDataGroup(0)));
        assert_eq!(DataGroupNumber::new(17), Err(NoSuchDataGroup(17)));
        assert_eq!(DataGroupNumber::from_tag(0x77), None);
    }
}
