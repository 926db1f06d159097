//! Huffman codes and what their symbols say.

use crate::PictureError;

/// A canonical code: lengths 1 to 16.
#[derive(Clone, Debug)]
pub(super) struct HuffmanTable {
    /// For each length: the first code, how many there are, and where their symbols start.
    lengths: [(u32, u32, usize); 16],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    pub(super) fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, PictureError> {
        let mut lengths = [(0, 0, 0); 16];
        let (mut code, mut start) = (0_u32, 0_usize);
        for ((place, count), length) in lengths.iter_mut().zip(counts).zip(1_u32..) {
            let next = code.saturating_add(u32::from(*count));
            // More codes than a length has room for.
            if next > 1 << length {
                return Err(PictureError::Damaged);
            }
            *place = (code, u32::from(*count), start);
            start = start.saturating_add(usize::from(*count));
            code = next << 1;
        }
        Ok(Self { lengths, symbols: symbols.to_vec() })
    }

    /// The next symbol; `None` at the end of the bits. A block is filled to a whole byte with ones, which begin no code.
    fn symbol(&self, bits: &mut Bits<'_>) -> Result<Option<u8>, PictureError> {
        let mut code = 0_u32;
        for (first, count, start) in &self.lengths {
            let Some(bit) = bits.bit() else { return Ok(None) };
            code = (code << 1) | bit;
            if let Some(index) = code.checked_sub(*first).filter(|index| index < count) {
                let index = usize::try_from(index).ok().and_then(|index| index.checked_add(*start));
                let symbol = index.and_then(|index| self.symbols.get(index));
                return symbol.copied().map(Some).ok_or(PictureError::Damaged);
            }
        }
        Err(PictureError::Damaged)
    }
}

struct Bits<'a> {
    bytes: core::slice::Iter<'a, u8>,
    current: u8,
    left: u8,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter(), current: 0, left: 0 }
    }

    fn bit(&mut self) -> Option<u32> {
        if self.left == 0 {
            self.current = *self.bytes.next()?;
            self.left = 8;
        }
        self.left = self.left.saturating_sub(1);
        let bit = (self.current >> self.left) & 1;
        Some(u32::from(bit))
    }

    fn number(&mut self, length: u8) -> Result<u32, PictureError> {
        let mut number = 0;
        for _ in 0..length {
            number = (number << 1) | self.bit().ok_or(PictureError::Damaged)?;
        }
        Ok(number)
    }
}

/// Appends the coefficients of one block, never more than `expected` in all.
pub(super) fn coefficients(
    coded: &[u8],
    table: &HuffmanTable,
    expected: usize,
    values: &mut Vec<i32>,
) -> Result<(), PictureError> {
    let mut bits = Bits::new(coded);
    while let Some(symbol) = table.symbol(&mut bits)? {
        let signed = |number: u32| i32::try_from(number).map_err(|_| PictureError::Damaged);
        let (run, value) = match symbol {
            1..=100 => (u32::from(symbol), 0),
            101 => (1, signed(bits.number(8)?)?),
            102 => (1, signed(bits.number(8)?)?.saturating_neg()),
            103 => (1, signed(bits.number(16)?)?),
            104 => (1, signed(bits.number(16)?)?.saturating_neg()),
            105 => (bits.number(8)?, 0),
            106 => (bits.number(16)?, 0),
            107..=254 => (1, i32::from(symbol).saturating_sub(180)),
            0 | 255 => return Err(PictureError::Damaged),
        };
        let run = usize::try_from(run).map_err(|_| PictureError::Damaged)?;
        let length = values.len().checked_add(run).filter(|length| *length <= expected);
        values.resize(length.ok_or(PictureError::Damaged)?, value);
    }
    Ok(())
}
