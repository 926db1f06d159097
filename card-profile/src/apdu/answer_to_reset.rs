//! The answer to reset, as far as a terminal needs it: what the historical bytes say about lengths.
//!
//! Contactless readers make an ATR of the card's ATS: `3B 8n 80 01`, the historical bytes, a checksum (PC/SC part 3 §3.1.3.2.3.1).

use super::CommandError;

/// Category indicators that announce COMPACT-TLV data objects (ISO/IEC 7816-4 §12.1.1).
const COMPACT_WITH_STATUS: u8 = 0x00;
const COMPACT: u8 = 0x80;
/// Card capabilities in COMPACT-TLV (ISO/IEC 7816-4 §12.1.1.9).
const CAPABILITIES: u8 = 0x7;
/// Extended Lc and Le, in the third software function table (ISO/IEC 7816-4 table 119).
const EXTENDED_LENGTH: u8 = 0x40;

/// An answer to reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerToReset {
    historical: Vec<u8>,
    protocols: Vec<u8>,
}

impl AnswerToReset {
    /// Longest answer (ISO/IEC 7816-3 §8.2): TS and 32 characters.
    pub const MAX_LENGTH: usize = 33;

    /// Reads the structure of ISO/IEC 7816-3 §8.2: T0, interface characters, historical characters. The checksum is the
    /// reader's affair.
    ///
    /// # Errors
    /// When it is too long, or ends before its historical bytes do.
    pub fn parse(bytes: &[u8]) -> Result<Self, CommandError> {
        let short = || CommandError::TooShort(bytes.len());
        if bytes.len() > Self::MAX_LENGTH {
            return Err(CommandError::TooLong(bytes.len()));
        }
        let mut rest = bytes.iter().copied().skip(1);
        let format = rest.next().ok_or_else(short)?;
        let mut protocols = Vec::new();
        let mut present = format >> 4;
        // TA, TB, TC and TD of each turn; TD tells whether there is another. The bytes run out before the turns do.
        while present != 0 {
            for _ in 0..(present & 0x7).count_ones() {
                rest.next().ok_or_else(short)?;
            }
            present = if present & 0x8 == 0 {
                0
            } else {
                let td = rest.next().ok_or_else(short)?;
                protocols.push(td & 0x0F);
                td >> 4
            };
        }
        let count = usize::from(format & 0x0F);
        let historical: Vec<u8> = rest.take(count).collect();
        if historical.len() < count {
            return Err(short());
        }
        Ok(Self { historical, protocols })
    }

    /// The historical bytes.
    #[must_use]
    pub fn historical(&self) -> &[u8] {
        &self.historical
    }

    /// The transmission protocols offered, T=0 where none is named.
    #[must_use]
    pub fn protocols(&self) -> Vec<u8> {
        if self.protocols.is_empty() { vec![0] } else { self.protocols.clone() }
    }

    /// Whether the historical bytes announce extended Lc and Le; `None` when they do not speak of it.
    #[must_use]
    pub fn extended_length(&self) -> Option<bool> {
        let (category, mut rest) = self.historical.split_first()?;
        match *category {
            COMPACT => {}
            // The last three bytes are the status indicator.
            COMPACT_WITH_STATUS => rest = rest.get(..rest.len().checked_sub(3)?)?,
            _ => return None,
        }
        while let Some((head, after)) = rest.split_first() {
            let (value, next) = after.split_at_checked(usize::from(head & 0x0F))?;
            if head >> 4 == CAPABILITIES {
                return value.get(2).map(|third| third & EXTENDED_LENGTH != 0);
            }
            rest = next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::from_hex;
    use super::*;
    use proptest::prelude::*;

    fn atr(text: &str) -> AnswerToReset {
        AnswerToReset::parse(&from_hex(text).unwrap()).unwrap()
    }

    #[test]
    fn capabilities_of_contactless_and_contact_cards() {
        // As a PC/SC reader makes it of an ATS: capabilities with three tables.
        let contactless = atr("3B85 8001 8073 8401 40 56");
        assert_eq!((contactless.extended_length(), contactless.protocols()), (Some(true), vec![0, 1]));
        assert_eq!(atr("3B85 8001 8073 8401 00 16").extended_length(), Some(false));
        // Two tables only; a proprietary category; no historical bytes.
        assert_eq!(atr("3B84 8001 8072 8401 00").extended_length(), None);
        assert_eq!(atr("3B82 8001 1073 91").extended_length(), None);
        assert_eq!(atr("3B00").extended_length(), None);
    }

    #[test]
    fn the_status_indicator_is_no_data_object() {
        let with_status = atr("3BFA 1800008131FE45 00 31C0 73C40140 078290 00");
        assert_eq!(with_status.historical().first(), Some(&0x00));
        assert_eq!(with_status.protocols(), [1, 1]);
        assert_eq!(with_status.extended_length(), Some(true));
    }

    #[test]
    fn a_cut_answer_is_refused() {
        let whole = from_hex("3B8580018073840140").unwrap();
        for length in 0..whole.len() {
            assert!(AnswerToReset::parse(&whole[..length]).is_err(), "{length}");
        }
        assert!(AnswerToReset::parse(&[0x3B; 34]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(atr) = AnswerToReset::parse(&bytes) {
                prop_assert!(atr.historical().len() <= 15);
                let _ = atr.extended_length();
            }
        }
    }
}
