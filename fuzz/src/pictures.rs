//! Bodies for the decoders of pictures, in this very process: the child's confinement is not what is tested.

use cccd_pictures::{Limits, Pixels, wsq};

use crate::Body;

/// All bodies of this room. JPEG, JPEG 2000 and PNG are other people's decoders, which is why they run in a child.
pub const BODIES: &[Body] = &[
    Body {
        name: "wsq",
        seeds: || vec![seed()],
        run: |bytes| {
            let small = |width, height| u64::from(width).saturating_mul(u64::from(height)) < 1 << 14;
            drop(wsq::decode(bytes, small));
        },
    },
    Body {
        name: "picture-bounds",
        seeds: || vec![b"1048576 16777216 536870912 5".to_vec()],
        run: |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let words: Vec<&str> = text.split(' ').collect();
            drop((Limits::from_arguments(&words), Pixels::new(2, 2, 1, bytes.to_vec())));
        },
    },
];

/// A file of 48 × 32: filters, bins, frame, a Huffman table of one code, a block of two coefficients.
fn seed() -> Vec<u8> {
    let mut file = vec![0xFF, 0xA0, 0xFF, 0xA4, 0, 16, 1, 1];
    file.extend([0, 1, 0, 0, 0, 7, 0, 1, 0, 0, 0, 3]);
    file.extend([0xFF, 0xA5, 0x01, 0x85, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    file.extend([0; 6 * 63]);
    file.extend([0xFF, 0xA2, 0, 17, 0, 255, 0, 32, 0, 48, 0, 0, 128, 0, 0, 1, 2, 0, 0]);
    file.extend([0xFF, 0xA6, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 103]);
    file.extend([0xFF, 0xA3, 0, 3, 0, 0x00, 0xA0, 0x00, 0x50, 0x3F, 0xFF, 0xA1]);
    file
}
