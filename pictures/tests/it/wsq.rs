//! WSQ, against the reference decoder of NIST by its statistics, and against damage.

use std::path::PathBuf;

use cccd_pictures::{Limits, PictureError, decode_here, wsq};
use proptest::prelude::*;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: CCCD_FOREIGN_DATA names no folder of foreign cases");
    }
    folder
}

/// A file of 48 × 32 whose lowest subband alone is coded: every coefficient the same, so every pixel nearly the same.
fn flat(value: i16) -> Vec<u8> {
    let mut file = vec![0xFF, 0xA0];
    let mut segment = |marker: u8, content: &[u8]| {
        file.extend([0xFF, marker]);
        file.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        file.extend(content);
    };
    // The 9/7 filters: sign, scale, digits.
    let filters: [(u8, u8, u32); 9] = [
        (0, 9, 852_698_679),
        (0, 10, 3_774_028_556),
        (1, 10, 1_106_244_044),
        (1, 11, 2_384_946_502),
        (0, 11, 3_782_845_551),
        (0, 9, 788_485_616),
        (1, 9, 418_092_273),
        (1, 11, 4_068_941_761),
        (0, 10, 645_388_826),
    ];
    let mut table = vec![9, 7];
    for (sign, scale, digits) in filters {
        table.extend([sign, scale]);
        table.extend(digits.to_be_bytes());
    }
    segment(0xA4, &table);
    // Bin centre 0; bins of width 1 in the first subband, none elsewhere; zero bins of width 0.
    let mut bins = vec![0, 0, 0, 0, 0, 1, 0, 0, 0];
    bins.extend([0; 6 * 63]);
    segment(0xA5, &bins);
    // 48 × 32, shift 128, scale 1.
    segment(0xA2, &[0, 255, 0, 32, 0, 48, 0, 0, 128, 0, 0, 1, 2, 0, 0]);
    // One code of one bit: a coefficient of 16 bits, its sign in the symbol.
    let symbol = if value < 0 { 104 } else { 103 };
    let mut huffman = vec![0, 1];
    huffman.extend([0; 15]);
    huffman.push(symbol);
    segment(0xA6, &huffman);
    segment(0xA3, &[0]);
    // The first subband is 2 × 1.
    let mut bits = String::new();
    for _ in 0..2 {
        bits.push('0');
        bits.push_str(&format!("{:016b}", value.unsigned_abs()));
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        file.push(byte);
        if byte == 0xFF {
            file.push(0);
        }
    }
    file.extend([0xFF, 0xA1]);
    file
}

#[test]
fn a_flat_image_is_flat() {
    // Five splits by filters of gain √2 in each of two directions: 320 is 10 above the shift.
    for (value, grey) in [(0, 128), (320, 138), (-320, 118)] {
        let pixels = decode_here(&flat(value), &Limits::default()).unwrap();
        assert_eq!((pixels.width(), pixels.height(), pixels.channels()), (48, 32, 1));
        let far = pixels.samples().iter().map(|sample| sample.abs_diff(grey)).max().unwrap();
        assert!(far <= 1, "{value}: {far} from {grey}");
    }
}

#[test]
fn a_file_cut_short_or_altered_is_damaged() {
    let file = flat(320);
    for end in 2..file.len() {
        assert_eq!(wsq::decode(&file[..end], |_, _| true), Err(PictureError::Damaged), "cut at {end}");
    }
    // A block more than the frame has room for.
    let mut more = file.clone();
    let block = more.windows(2).position(|pair| pair == [0xFF, 0xA3]).unwrap();
    let again = more[block..more.len() - 2].to_vec();
    more.truncate(more.len() - 2);
    more.extend(again);
    more.extend([0xFF, 0xA1]);
    assert_eq!(wsq::decode(&more, |_, _| true), Err(PictureError::Damaged));
    assert_eq!(wsq::decode(&file, |_, _| false), Err(PictureError::TooLarge));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0..600_usize, byte in any::<u8>(), end in 0..600_usize) {
        let mut file = flat(-77);
        let length = file.len();
        file[at % length] = byte;
        file.truncate(length.min(end.max(4)));
        let _ = wsq::decode(&file, |width, height| u64::from(width) * u64::from(height) < 1 << 16);
    }
}

const REFERENCE_SUM: u64 = 83_723_416;
const REFERENCE_SQUARES: u64 = 20_173_450_870;
const REFERENCE_SAMPLES: [(usize, usize, u8); 8] = [
    (100, 100, 255),
    (310, 310, 133),
    (311, 200, 68),
    (200, 400, 62),
    (450, 150, 255),
    (333, 512, 250),
    (17, 603, 255),
    (610, 11, 255),
];

/// The statistics come from the NIST reference decoder (`wsq` of `PyPI`) over the same file.
#[test]
fn fingerprints_are_those_of_the_reference_decoder() {
    let Some(folder) = folder() else { return };
    let file = std::fs::read(folder.join("biometrics/wsq/fp.wsq")).unwrap();
    let pixels = decode_here(&file, &Limits::default()).unwrap();
    assert_eq!((pixels.width(), pixels.height(), pixels.channels()), (620, 620, 1));
    let sum: u64 = pixels.samples().iter().map(|sample| u64::from(*sample)).sum();
    let squares: u64 = pixels.samples().iter().map(|sample| u64::from(*sample).pow(2)).sum();
    assert!(sum.abs_diff(REFERENCE_SUM) < 200, "{sum}");
    assert!(squares.abs_diff(REFERENCE_SQUARES) < 100_000, "{squares}");
    for (x, y, grey) in REFERENCE_SAMPLES {
        let found = pixels.samples()[y * 620 + x];
        assert!(found.abs_diff(grey) <= 1, "({x}, {y}): {found}, not {grey}");
    }
    for end in (4..file.len()).step_by(997) {
        assert!(decode_here(&file[..end], &Limits::default()).is_err(), "cut at {end}");
    }
}
