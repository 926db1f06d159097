//! Telling pictures apart by their first bytes.

/// The formats that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureFormat {
    /// JPEG (ISO/IEC 10918-1): SOI, then another marker.
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444-1): a JP2 file or a bare codestream (SOC, SIZ).
    Jpeg2000,
    /// WSQ: the FBI's grey-scale fingerprint image compression: SOI is `FFA0`.
    Wsq,
    /// PNG (ISO/IEC 15948).
    Png,
}

impl PictureFormat {
    /// By the first bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const JP2: &[u8] = b"\0\0\0\x0CjP  \r\n\x87\n";
        let starts = |with: &[u8]| bytes.starts_with(with);
        match () {
            () if starts(&[0xFF, 0xD8, 0xFF]) => Some(Self::Jpeg),
            () if starts(JP2) || starts(&[0xFF, 0x4F, 0xFF, 0x51]) => Some(Self::Jpeg2000),
            () if starts(&[0xFF, 0xA0, 0xFF]) => Some(Self::Wsq),
            () if starts(b"\x89PNG\r\n\x1A\n") => Some(Self::Png),
            () => None,
        }
    }
}
