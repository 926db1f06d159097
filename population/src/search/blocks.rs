//! The index as blocks of octets: keys in order, each with the numbers of its people. A block is a row of a table; a
//! question reads the few blocks that its keys lie in.
//!
//! A block is entries one after another: the key (8 octets, big-endian), the length of the list in octets (LEB128), and the
//! list: differences between numbers in order (LEB128 each).

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write as _};

use super::{Handle, Postings, SearchKey};

/// Files that keys are sorted through: one for each value of the first octet of a key.
const PARTS: usize = 256;

/// The name of a block, and what is in it.
pub type Block = (i64, Vec<u8>);

/// The fewest bits that name a block: no block spans two parts.
const FEWEST_BITS: u32 = 8;

/// How many bits of a key name its block, so that a block is about a thousand octets.
#[must_use]
pub fn bits_for(people: u64) -> u32 {
    (people / 8).max(1).ilog2().clamp(FEWEST_BITS, 28)
}

/// The block that a key lies in.
#[must_use]
pub fn block_of(key: SearchKey, bits: u32) -> i64 {
    let block = key.bits().checked_shr(64 - bits.clamp(FEWEST_BITS, 31)).unwrap_or(0);
    i64::try_from(block).unwrap_or(0)
}

/// Up to `limit` people under a key of this block. `None`: the block is damaged.
#[must_use]
pub fn find(block: &[u8], key: SearchKey, limit: usize) -> Option<Postings> {
    let mut rest = block;
    while !rest.is_empty() {
        let (found, after) = rest.split_first_chunk::<8>()?;
        let (length, after) = number(after)?;
        let (list, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        let found = u64::from_be_bytes(*found);
        if found > key.bits() {
            break;
        }
        if found == key.bits() {
            return people(list, limit);
        }
        rest = after;
    }
    Some(Postings::default())
}

fn people(mut list: &[u8], limit: usize) -> Option<Postings> {
    let (mut handles, mut last) = (Vec::new(), 0_u64);
    while !list.is_empty() && handles.len() < limit {
        let (step, after) = number(list)?;
        last = last.checked_add(step)?;
        handles.push(Handle(last));
        list = after;
    }
    Some(Postings { handles, more: !list.is_empty() })
}

fn number(octets: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (place, octet) in octets.iter().enumerate().take(9) {
        value |= u64::from(octet & 0x7F) << (7 * place);
        if octet & 0x80 == 0 {
            return Some((value, octets.get(place + 1..)?));
        }
    }
    None
}

fn put_number(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(value & 0x7F).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Blocks of pairs that are in order.
fn encode(pairs: &[(u64, u64)], bits: u32, each: &mut dyn FnMut(i64, Vec<u8>)) {
    let (mut block, mut content, mut list) = (None, Vec::new(), Vec::new());
    for people in pairs.chunk_by(|one, other| one.0 == other.0) {
        let Some((key, _)) = people.first() else { continue };
        let place = block_of(SearchKey::from_i64(key.cast_signed()), bits);
        if block != Some(place) {
            if let Some(block) = block {
                each(block, core::mem::take(&mut content));
            }
            block = Some(place);
        }
        list.clear();
        let mut last = 0;
        for (_, person) in people {
            put_number(person - last, &mut list);
            last = *person;
        }
        content.extend_from_slice(&key.to_be_bytes());
        put_number(u64::try_from(list.len()).unwrap_or(0), &mut content);
        content.append(&mut list);
    }
    if let Some(block) = block {
        each(block, content);
    }
}

/// Keys of a whole register on their way into order: nameless files that end with the process, so that memory does not
/// grow with the register.
pub struct Sorter {
    parts: Vec<BufWriter<File>>,
}

impl core::fmt::Debug for Sorter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Sorter")
    }
}

impl Sorter {
    /// Takes files for temporary use where the system keeps such.
    ///
    /// # Errors
    /// The file system's.
    pub fn new() -> std::io::Result<Self> {
        let parts = (0..PARTS).map(|_| Ok(BufWriter::with_capacity(1 << 15, tempfile::tempfile()?)));
        Ok(Self { parts: parts.collect::<std::io::Result<_>>()? })
    }

    /// A person under a key.
    ///
    /// # Errors
    /// The file system's.
    pub fn add(&mut self, key: SearchKey, person: Handle) -> std::io::Result<()> {
        let octets = key.bits().to_be_bytes();
        let [first, ..] = octets;
        let Some(part) = self.parts.get_mut(usize::from(first)) else { return Ok(()) };
        part.write_all(&octets)?;
        part.write_all(&person.0.to_be_bytes())
    }

    /// The blocks of each part, in order.
    ///
    /// # Errors
    /// The file system's, or what `each` says.
    pub fn blocks<E: From<std::io::Error>>(
        self,
        bits: u32,
        each: &mut dyn FnMut(Vec<Block>) -> Result<(), E>,
    ) -> Result<(), E> {
        for part in self.parts {
            let mut file = part.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut pairs = Vec::new();
            let mut reader = BufReader::with_capacity(1 << 16, file);
            let mut pair = [0; 16];
            while !std::io::BufRead::fill_buf(&mut reader)?.is_empty() {
                reader.read_exact(&mut pair)?;
                let [key, person] = [pair.first_chunk::<8>(), pair.last_chunk::<8>()]
                    .map(|half| half.copied().map_or(0, u64::from_be_bytes));
                pairs.push((key, person));
            }
            pairs.sort_unstable();
            pairs.dedup();
            let mut blocks = Vec::new();
            encode(&pairs, bits, &mut |block, content| blocks.push((block, content)));
            each(blocks)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_is_found_and_a_damaged_block_is_told() {
        let key = |count: u64| SearchKey::new("test", [count.to_string().as_str()]);
        let mut sorter = Sorter::new().unwrap();
        for count in 0..5_000 {
            for person in 0..=count % 7 {
                sorter.add(key(count), Handle(1_000_000_000 * person + count)).unwrap();
            }
        }
        let bits = bits_for(5_000);
        let mut blocks = std::collections::BTreeMap::new();
        let mut take = |part: Vec<(i64, Vec<u8>)>| {
            blocks.extend(part);
            Ok::<(), std::io::Error>(())
        };
        sorter.blocks(bits, &mut take).unwrap();
        for count in 0..5_000 {
            let postings = find(&blocks[&block_of(key(count), bits)], key(count), 4).unwrap();
            let expected: Vec<Handle> =
                (0..=count % 7).take(4).map(|person| Handle(1_000_000_000 * person + count)).collect();
            assert_eq!((postings.handles, postings.more), (expected, count % 7 > 3));
        }
        let (_, block) = blocks.first_key_value().unwrap();
        let nobody = SearchKey::from_i64(-1);
        assert!(find(block, nobody, 10).unwrap().handles.is_empty());
        assert!(find(&block[..block.len() - 1], nobody, 10).is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_block_makes_it_panic(block in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100), key: i64) {
            let _ = find(&block, SearchKey::from_i64(key), 5);
        }
    }
}
