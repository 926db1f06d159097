//! Reading and writing records of fixed fields, as ISO/IEC 19794 has them.

use super::LdsError;

/// Bytes that are taken one field after the other; an error tells where the field should have been.
pub(super) struct Bytes<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Bytes<'a> {
    /// `offset` is where `bytes` starts in the file.
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, offset }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], LdsError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(LdsError::Value { what, offset: self.offset })?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(length);
        Ok(taken)
    }

    pub(super) fn part(&mut self, length: usize, what: &'static str) -> Result<Self, LdsError> {
        let offset = self.offset;
        Ok(Self { rest: self.take(length, what)?, offset })
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        self.offset = self.offset.saturating_add(self.rest.len());
        core::mem::take(&mut self.rest)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], LdsError> {
        let offset = self.offset;
        self.take(N, what)?.try_into().map_err(|_| LdsError::Value { what, offset })
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, LdsError> {
        let [byte] = self.array(what)?;
        Ok(byte)
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, LdsError> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// A length in `N` bytes.
    pub(super) fn length<const N: usize>(&mut self, what: &'static str) -> Result<usize, LdsError> {
        let offset = self.offset;
        let bytes: [u8; N] = self.array(what)?;
        let number = bytes.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        usize::try_from(number).map_err(|_| LdsError::Value { what, offset })
    }
}
