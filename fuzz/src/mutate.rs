//! Small mutations of good input: what a coverage-guided fuzzer does in its havoc stage.

use rand_core::Rng;

/// The longest input that a body is given.
const LONGEST: usize = 1 << 16;

/// A mutated copy of `seed`: one to eight edits.
pub fn mutate(seed: &[u8], rng: &mut dyn Rng) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..=below(rng, 8) {
        edit(&mut input, rng);
    }
    input.truncate(LONGEST);
    input
}

/// A number in `0..bound` (0 if the bound is 0).
pub fn below(rng: &mut dyn Rng, bound: usize) -> usize {
    let random = usize::try_from(rng.next_u32()).unwrap_or_default();
    random.checked_rem(bound).unwrap_or_default()
}

fn edit(input: &mut Vec<u8>, rng: &mut dyn Rng) {
    const INTERESTING: [u8; 12] = [0, 1, 0x0F, 0x1F, 0x30, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFE, 0xFF];
    let at = below(rng, input.len());
    let [random, choice, ..] = rng.next_u32().to_le_bytes();
    match choice % 8 {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << (random % 8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = INTERESTING.get(usize::from(random) % INTERESTING.len()).copied().unwrap_or_default();
            }
        }
        2 => input.insert(at, random),
        3 => {
            if !input.is_empty() {
                input.remove(at);
            }
        }
        4 => input.truncate(at),
        5 => {
            let end = (at + 1 + below(rng, 32)).min(input.len());
            let part = input.get(at..end).unwrap_or_default().to_vec();
            let to = below(rng, input.len() + 1);
            input.splice(to..to, part);
        }
        6 => {
            let end = (at + 1 + below(rng, 64)).min(input.len());
            input.drain(at..end);
        }
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte = byte.wrapping_add(random % 16).wrapping_sub(8);
            }
        }
    }
}
