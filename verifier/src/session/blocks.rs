//! How much is asked for at a time.

use cccd_card_profile::apdu::AnswerToReset;
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::protocol::kdf::Cipher;

/// How much one READ BINARY asks for, and how a file is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSizes {
    /// Whether extended length may be used.
    pub extended: bool,
    /// The longest answer of the chip with its status word, for extended length.
    pub max_response: u32,
    /// No READ BINARY asks for more.
    pub most: u32,
    /// Files are selected before they are read: for chips that do not take short identifiers.
    pub by_selection: bool,
}

impl BlockSizes {
    /// Short commands only.
    pub const SHORT: Self = Self { extended: false, max_response: 258, most: 256, by_selection: false };
    /// The longest answer that is asked for: PC/SC bridges end at 65,535 bytes with the status word.
    const LONGEST: u32 = 65_535;
    /// What is asked for of a chip that announces extended length and no buffer: every such chip known carries it.
    const WITHOUT_BUFFER: u32 = 2_048;
    /// What chips take that refuse whole short blocks.
    const SMALLER: [u32; 2] = [160, 112];

    /// What EF.ATR/INFO announces: extended length only where the chip tells its buffer.
    #[must_use]
    pub fn announced(info: &AtrInfo) -> Self {
        match info.max_response {
            Some(length) if info.extended_length && length > 512 => Self {
                extended: true,
                max_response: length.min(Self::LONGEST),
                most: u32::MAX,
                ..Self::SHORT
            },
            _ => Self::SHORT,
        }
    }

    /// What the answer to reset announces, where there is no EF.ATR/INFO. It has no place for a buffer.
    #[must_use]
    pub fn announced_by_reset(atr: &AnswerToReset) -> Self {
        if atr.extended_length() == Some(true) {
            Self { extended: true, max_response: Self::WITHOUT_BUFFER, most: u32::MAX, ..Self::SHORT }
        } else {
            Self::SHORT
        }
    }

    /// The next smaller, for a chip that refused these; `None` when no chip is known to need smaller ones.
    #[must_use]
    pub fn smaller(self) -> Option<Self> {
        if self.extended {
            return Some(Self { by_selection: self.by_selection, ..Self::SHORT });
        }
        let most = Self::SMALLER.into_iter().find(|most| *most < self.most)?;
        Some(Self { most, ..self })
    }

    /// Bytes of a file per READ BINARY under this cipher: what is left of the answer beside status word, checksum,
    /// status object and padding. 231 and 223 for short answers under 3DES and AES.
    #[must_use]
    pub fn block(self, cipher: Cipher) -> u32 {
        let block: u32 = if cipher == Cipher::TripleDes { 8 } else { 16 };
        // SW1 SW2 (2), DO'99' (4), DO'8E' (10), and of DO'87' tag, length and padding indicator.
        let head = if self.extended { 6 } else { 4 };
        let room = self.max_response.saturating_sub(2 + 4 + 10 + head);
        (room / block * block).saturating_sub(1).max(1).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fill_the_answer() {
        assert_eq!(BlockSizes::SHORT.block(Cipher::TripleDes), 231);
        assert_eq!(BlockSizes::SHORT.block(Cipher::Aes128), 223);
        let info = AtrInfo::extended(65_536, 65_538);
        assert_eq!(BlockSizes::announced(&info).max_response, 65_535);
        assert_eq!(BlockSizes::announced(&info).block(Cipher::Aes256), 65_503);
        assert_eq!(BlockSizes::announced(&AtrInfo::default()), BlockSizes::SHORT);
        // A buffer told without the capability, or the capability without a buffer, is no announcement.
        let silent = AtrInfo { extended_length: true, ..AtrInfo::default() };
        assert_eq!(BlockSizes::announced(&silent), BlockSizes::SHORT);
    }

    #[test]
    fn refused_blocks_shrink_and_end() {
        let mut blocks = BlockSizes::announced(&AtrInfo::extended(65_535, 65_535));
        let mut sizes = vec![blocks.block(Cipher::TripleDes)];
        while let Some(smaller) = blocks.smaller() {
            blocks = smaller;
            sizes.push(blocks.block(Cipher::TripleDes));
        }
        assert_eq!(sizes, [65_511, 231, 160, 112]);
    }

    #[test]
    fn the_answer_to_reset_announces_no_more_than_every_such_chip_carries() {
        let atr = |third| AnswerToReset::parse(&[0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x01, third, 0]);
        let announced = BlockSizes::announced_by_reset(&atr(0x40).unwrap());
        assert!(announced.extended);
        assert_eq!(announced.block(Cipher::Aes128), 2_015);
        assert_eq!(BlockSizes::announced_by_reset(&atr(0x00).unwrap()), BlockSizes::SHORT);
    }
}
