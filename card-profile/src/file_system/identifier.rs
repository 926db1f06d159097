//! How files are addressed (ISO/IEC 7816-4 §7.3).

use core::fmt;

/// A file identifier of two bytes (ISO/IEC 7816-4 §7.3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u16);

impl FileId {
    /// The master file.
    pub const MASTER_FILE: Self = Self(0x3F00);
    /// EF.DIR.
    pub const DIR: Self = Self(0x2F00);
    /// EF.ATR/INFO.
    pub const ATR_INFO: Self = Self(0x2F01);
    /// EF.CardAccess, in the master file.
    pub const CARD_ACCESS: Self = Self(0x011C);
    /// EF.CardSecurity, in the master file: the same identifier as EF.SOD in the application.
    pub const CARD_SECURITY: Self = Self(0x011D);
    /// EF.SOD, in the application.
    pub const SOD: Self = Self(0x011D);
    /// EF.COM, in the application.
    pub const COM: Self = Self(0x011E);
    /// EF.CVCA, in the application: the same identifier as EF.CardAccess in the master file.
    pub const CVCA: Self = Self(0x011C);

    /// The two bytes as SELECT takes them.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({:04X})", self.0)
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// A short EF identifier: 1 to 30 (ISO/IEC 7816-4 §7.3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortFileId(u8);

impl ShortFileId {
    /// EF.ATR/INFO, in the master file.
    pub const ATR_INFO: Self = Self(0x01);
    /// EF.CardAccess, in the master file.
    pub const CARD_ACCESS: Self = Self(0x1C);
    /// EF.CardSecurity, in the master file.
    pub const CARD_SECURITY: Self = Self(0x1D);
    /// EF.SOD, in the application.
    pub const SOD: Self = Self(0x1D);
    /// EF.COM, in the application.
    pub const COM: Self = Self(0x1E);
    /// EF.CVCA, in the application.
    pub const CVCA: Self = Self(0x1C);
    /// EF.DIR, in the master file.
    pub const DIR: Self = Self(0x1E);

    /// `None` unless 1 to 30: 0 means the current file, 31 is reserved.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value >= 1 && value <= 30 { Some(Self(value)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// P1 of READ BINARY by short identifier: bit 8 set (ISO/IEC 7816-4 §11.3.1).
    #[must_use]
    pub const fn read_binary_p1(self) -> u8 {
        0x80 | self.0
    }

    pub(super) const fn of_data_group(number: u8) -> Self {
        Self(number)
    }
}

impl fmt::Debug for ShortFileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortFileId({:02X})", self.0)
    }
}

/// An application identifier of 5 to 16 bytes (ISO/IEC 7816-4 §12.2.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid {
    bytes: [u8; 16],
    length: u8,
}

/// Bytes that cannot be an AID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an application identifier has 5 to 16 bytes")]
pub struct NotAnAid;

impl Aid {
    /// LDS1 eMRTD application (Doc 9303-10 §4.1).
    pub const LDS1: Self =
        Self { bytes: [0xA0, 0, 0, 2, 0x47, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], length: 7 };

    /// Takes 5 to 16 bytes.
    ///
    /// # Errors
    /// [`NotAnAid`].
    pub fn new(aid: &[u8]) -> Result<Self, NotAnAid> {
        let mut bytes = [0; 16];
        let length = u8::try_from(aid.len()).map_err(|_| NotAnAid)?;
        if !(5..=16).contains(&length) {
            return Err(NotAnAid);
        }
        bytes.get_mut(..aid.len()).ok_or(NotAnAid)?.copy_from_slice(aid);
        Ok(Self { bytes, length })
    }

    /// The bytes as SELECT takes them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aid(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02X}")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        assert_eq!(Aid::new(&[0xA0, 0, 0, 2, 0x47, 0x10, 1]), Ok(Aid::LDS1));
        assert_eq!(format!("{:?}", Aid::LDS1), "Aid(A0000002471001)");
        assert_eq!(Aid::new(&[1; 4]), Err(NotAnAid));
        assert_eq!(Aid::new(&[1; 17]), Err(NotAnAid));
        assert_eq!(ShortFileId::new(0), None);
        assert_eq!(ShortFileId::new(31), None);
        assert_eq!(ShortFileId::CARD_ACCESS.read_binary_p1(), 0x9C);
        assert_eq!(FileId::CARD_ACCESS.to_bytes(), [0x01, 0x1C]);
    }
}
