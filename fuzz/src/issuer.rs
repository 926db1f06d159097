//! Bodies for what comes to the issuing desk.

use std::path::Path;

use cccd_issuer::application::{Application, Portrait};
use cccd_issuer::audit::parse_heads;
use cccd_issuer::capture::device::reasons;
use cccd_issuer::capture::sealed::content;
use cccd_issuer::deadline::Calendar;
use cccd_issuer::fingerprint::{PrintImage, assess};
use cccd_issuer::stock::{Signed, parse_serials};
use cccd_verifier::register::status_list::StatusList;

use crate::Body;

/// All bodies of this room.
pub const BODIES: &[Body] = &[
    Body { name: "application", seeds: applications, run: application },
    Body { name: "holidays", seeds: holidays, run: |bytes| drop(text(bytes, Calendar::of_list)) },
    Body { name: "stock-serials", seeds: serials, run: |bytes| drop(text(bytes, parse_serials)) },
    Body { name: "stock-document", seeds: documents, run: |bytes| drop(text(bytes, Signed::parse)) },
    Body { name: "status-list", seeds: status_lists, run: |bytes| drop(StatusList::parse(bytes)) },
    Body { name: "audit-heads", seeds: heads, run: |bytes| drop(text(bytes, parse_heads)) },
    Body { name: "fingerprint", seeds: prints, run: fingerprint },
    Body {
        name: "missing-fingers",
        seeds: || vec![br#"{"left-index":"amputated"}"#.to_vec()],
        run: |bytes| drop(reasons(bytes)),
    },
    Body { name: "capture-content", seeds: contents, run: |bytes| drop(content(bytes)) },
    Body { name: "portrait", seeds: portraits, run: |bytes| drop(Portrait::from_file(bytes)) },
];

fn text<T>(bytes: &[u8], parse: impl FnOnce(&str) -> T) -> Option<T> {
    core::str::from_utf8(bytes).ok().map(parse)
}

fn holidays() -> Vec<Vec<u8>> {
    vec![b"2027-02-05 # before Tet\n\n2027-02-08\n".to_vec()]
}

fn serials() -> Vec<Vec<u8>> {
    vec![b"# box 1\n0102030405060708090a\n\n00112233445566778899 # torn\n".to_vec()]
}

fn documents() -> Vec<Vec<u8>> {
    vec![br#"{"document":"{\"format\":\"cccd-stock-list-1\"}","signature":"3000"}"#.to_vec()]
}

/// One held card and one replaced.
fn status_lists() -> Vec<Vec<u8>> {
    let mut list = b"CCCDSL01".to_vec();
    list.extend([1_800_000_000_000_u64, 1_800_000_086_400].iter().flat_map(|time| time.to_be_bytes()));
    list.extend([0; 32]);
    list.extend([1_u32, 0, 0, 1, 0].iter().flat_map(|count| count.to_be_bytes()));
    list.extend([[1; 8], [2; 8]].concat());
    list.extend([0x30, 0x00]);
    vec![list]
}

fn heads() -> Vec<Vec<u8>> {
    let zeros = "0".repeat(64);
    vec![format!(r#"{{"sequence":1,"hash":"{zeros}","signature":"3000","key":"{zeros}"}}"#).into_bytes()]
}

fn application(bytes: &[u8]) {
    // A portrait named by path is looked for in a folder that is not there.
    drop(Application::parse(bytes, Path::new("/nonexistent")));
}

fn applications() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"person":{"number":"079099000001","full_name":"Nguyễn Văn An","birth_date":"1999-01-15","sex":"male"},"portrait":"an.jpg","reason":"first-issue","template":"2024"}"#,
        r#"{"person":{"number":"079099000001"},"portrait":"data:image/jpeg;base64,/9j/4AAQSkZJRg==","reason":"exchange","ground":"age"}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

fn fingerprint(bytes: &[u8]) {
    // As a file, and as the pixels of a device.
    if let Ok(print) = PrintImage::from_png(bytes) {
        let _ = assess(&print);
    }
    let raw: Vec<u8> = bytes.iter().copied().cycle().take(180 * 180).collect();
    if let Ok(print) = PrintImage::from_raw(180, 180, raw) {
        let _ = assess(&print);
    }
}

/// A PNG of 180 × 180, white, that says 500 pixels per inch.
fn prints() -> Vec<Vec<u8>> {
    let white = PrintImage::from_raw(180, 180, vec![255; 180 * 180]);
    white.and_then(|print| print.to_png()).into_iter().collect()
}

fn contents() -> Vec<Vec<u8>> {
    let none = r#"{"version":1,"prints":{},"missing":{"right-index":"amputated","left-index":"bandaged"},"irises":{}}"#;
    let iris =
        r#"{"version":1,"prints":{"right-index":"iVBORw0KGgo="},"missing":{},"irises":{"left":"/9j/4AAQ"}}"#;
    [none, iris].map(|text| text.as_bytes().to_vec()).to_vec()
}

/// The smallest JPEG and PNG that decoders take: 1 × 1.
fn portraits() -> Vec<Vec<u8>> {
    let png: &[u8] = &[
        0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0,
        0, 0, 1, 8, 0, 0, 0, 0, 0x3A, 0x7E, 0x9B, 0x55, 0, 0, 0, 0x0A, b'I', b'D', b'A', b'T', 0x78, 0x9C,
        0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xAF, 0xA4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42,
        0x60, 0x82,
    ];
    let jpeg: &[u8] =
        &[0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
    vec![png.to_vec(), jpeg.to_vec()]
}
