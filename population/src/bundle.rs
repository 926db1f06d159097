//! Bundles: collection in districts without a line. A station takes persons, acts of civil status and scanned forms into a
//! bundle, seals it, and carries it to the register, which merges it without doubling anyone (docs/collection.md).
//!
//! ```text
//! CCCD-BUNDLE 1                      the version
//! {"station":…,"sequence":…,…}       the header: one line of JSON
//! 3045…                              its signature by the station's P-256 key, over version and header, in hexadecimal
//! age-encryption.org/v1 …            the items, encrypted to the register (X25519), to the end of the file
//! ```
//!
//! The header holds length and SHA-256 of what follows, so that signature covers every octet. Inside, each item is a line
//! with its place and the SHA-256 of its content. Nothing of a bundle is used before all of it was checked.

use core::fmt;

use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::Signer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::civil_status::Entry;
use crate::person::Person;

/// The first line.
pub const VERSION: &str = "CCCD-BUNDLE 1";

/// The longest bundle, in octets.
pub const MAX_BUNDLE: usize = 256 << 20;

/// The most items of one bundle.
pub const MAX_ITEMS: usize = 100_000;

/// The longest scanned form in a bundle, in octets.
pub const MAX_SCAN: usize = 16 << 20;

/// The longest line of the head.
const MAX_HEAD: usize = 4_096;

/// What is put before version and header when they are signed.
const PURPOSE: &[u8] = b"cccd-collection-bundle-v1\0";

/// The key that opens bundles, and the one to which they are sealed.
pub use age::x25519::{Identity as OpeningKey, Recipient as SealingKey};

/// One thing that was collected.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A person as collected.
    Person {
        /// When it was collected: what the register learnt later is not undone by it.
        collected: Timestamp,
        /// The record.
        person: Box<Person>,
    },
    /// An act of civil status.
    Act(Box<Entry>),
    /// A scanned form (PDF, PNG, JPEG), to be filed by its barcode.
    Scan {
        /// The name of the file at the station.
        name: String,
        /// The file, base64.
        content: String,
    },
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person { .. } => "Person(…)",
            Self::Act(_) => "Act(…)",
            Self::Scan { .. } => "Scan(…)",
        })
    }
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// SHA-256 of the station's public key (`SubjectPublicKeyInfo`), hexadecimal.
    pub station: String,
    /// Counts a station's bundles from 1.
    pub sequence: u64,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// How many items.
    pub items: usize,
    /// Length of what is encrypted.
    pub length: usize,
    /// SHA-256 of what is encrypted, hexadecimal.
    pub sha256: String,
}

/// Why a bundle is not taken. Nothing of it was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    /// Not a bundle.
    #[error("it is not a bundle of this version")]
    NoBundle,
    /// Longer, or with more items, than allowed.
    #[error("the bundle is too large")]
    TooLarge,
    /// No trusted station has this key.
    #[error("the bundle is of a station that is not trusted")]
    UnknownStation,
    /// The signature is not one of this header.
    #[error("the bundle's signature does not verify")]
    Signature,
    /// What follows the header is not what was signed.
    #[error("the bundle is damaged or cut short")]
    Damaged,
    /// Encrypted to somebody else.
    #[error("the bundle is sealed to another register")]
    OtherRegister,
    /// What is inside is not in its form: the station's program made it wrongly.
    #[error("an item of the bundle is not in its form")]
    Item,
    /// Another bundle of the station came under its sequence number.
    #[error("another bundle of this station was merged under this sequence number")]
    SequenceUsed,
}

impl NotTaken {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoBundle => "no-bundle",
            Self::TooLarge => "too-large",
            Self::UnknownStation => "unknown-station",
            Self::Signature => "signature",
            Self::Damaged => "damaged",
            Self::OtherRegister => "other-register",
            Self::Item => "item",
            Self::SequenceUsed => "sequence-used",
        }
    }

    /// For people.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::NoBundle => "không phải gói thu thập của phiên bản này",
            Self::TooLarge => "gói quá lớn",
            Self::UnknownStation => "gói của một điểm thu thập chưa được tin cậy",
            Self::Signature => "chữ ký của gói không đúng",
            Self::Damaged => "gói bị hỏng hoặc bị cắt",
            Self::OtherRegister => "gói được niêm phong cho cơ sở dữ liệu khác",
            Self::Item => "một mục trong gói không đúng dạng",
            Self::SequenceUsed => "một gói khác của điểm này đã được nhập với số thứ tự này",
        }
    }
}

/// Why a bundle cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSealed {
    /// Longer, or with more items, than allowed.
    #[error("the bundle is too large: seal it and begin another")]
    TooLarge,
    /// The key, or the encryption, failed.
    #[error("the bundle could not be sealed")]
    Failed,
}

/// A line inside.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    place: usize,
    sha256: String,
    /// The content as text, so that its digest is over its octets.
    item: String,
}

/// Seals items to the register, signed by the station.
///
/// # Errors
/// [`NotSealed`].
pub fn seal(
    items: &[Item],
    sequence: u64,
    at: Timestamp,
    station: &dyn Signer,
    register: &SealingKey,
) -> Result<Vec<u8>, NotSealed> {
    if items.len() > MAX_ITEMS {
        return Err(NotSealed::TooLarge);
    }
    let mut plain = Vec::new();
    for (place, item) in (1..).zip(items) {
        let text = serde_json::to_string(item).map_err(|_| NotSealed::Failed)?;
        let sha256 = hex::encode(Sha256::digest(&text));
        serde_json::to_writer(&mut plain, &Line { place, sha256, item: text })
            .map_err(|_| NotSealed::Failed)?;
        plain.push(b'\n');
        if plain.len() > MAX_BUNDLE / 2 {
            return Err(NotSealed::TooLarge);
        }
    }
    let sealed = age::encrypt(register, &plain).map_err(|_| NotSealed::Failed)?;
    let header = Header {
        station: station.public_key().fingerprint(),
        sequence,
        sealed: at,
        items: items.len(),
        length: sealed.len(),
        sha256: hex::encode(Sha256::digest(&sealed)),
    };
    let header = serde_json::to_string(&header).map_err(|_| NotSealed::Failed)?;
    let signature = station.sign(&message(&header)).map_err(|_| NotSealed::Failed)?;
    let head = format!("{VERSION}\n{header}\n{}\n", hex::encode(signature));
    Ok([head.as_bytes(), &sealed].concat())
}

/// Checks a bundle and opens it: everything, before anything is used.
///
/// # Errors
/// [`NotTaken`].
pub fn open(
    bundle: &[u8],
    trusted: &[PublicKey],
    register: &OpeningKey,
) -> Result<(Header, Vec<Item>), NotTaken> {
    let (header, sealed) = check(bundle, trusted)?;
    let plain = age::decrypt(register, sealed).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => NotTaken::OtherRegister,
        _ => NotTaken::Damaged,
    })?;
    let items = items(&plain)?;
    if items.len() == header.items { Ok((header, items)) } else { Err(NotTaken::Item) }
}

/// Head, signature and digest of a bundle; what is encrypted is not opened.
///
/// # Errors
/// [`NotTaken`].
pub fn check<'b>(bundle: &'b [u8], trusted: &[PublicKey]) -> Result<(Header, &'b [u8]), NotTaken> {
    if bundle.len() > MAX_BUNDLE {
        return Err(NotTaken::TooLarge);
    }
    let (version, rest) = line(bundle)?;
    let (text, rest) = line(rest)?;
    let (signature, sealed) = line(rest)?;
    if version != VERSION {
        return Err(NotTaken::NoBundle);
    }
    let header: Header = serde_json::from_str(text).map_err(|_| NotTaken::NoBundle)?;
    let key = trusted.iter().find(|key| key.fingerprint() == header.station);
    let key = key.ok_or(NotTaken::UnknownStation)?;
    let signature = hex::decode(signature).map_err(|_| NotTaken::Signature)?;
    key.verify(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256), &message(text), &signature)
        .map_err(|_| NotTaken::Signature)?;
    if sealed.len() != header.length || hex::encode(Sha256::digest(sealed)) != header.sha256 {
        return Err(NotTaken::Damaged);
    }
    if header.items > MAX_ITEMS {
        return Err(NotTaken::TooLarge);
    }
    Ok((header, sealed))
}

/// The items of an opened bundle: each in its place, of its digest.
///
/// # Errors
/// [`NotTaken::Item`], [`NotTaken::TooLarge`].
pub fn items(plain: &[u8]) -> Result<Vec<Item>, NotTaken> {
    let mut items = Vec::new();
    for text in plain.split_inclusive(|octet| *octet == b'\n') {
        if items.len() == MAX_ITEMS {
            return Err(NotTaken::TooLarge);
        }
        let line: Line = serde_json::from_slice(text).map_err(|_| NotTaken::Item)?;
        if line.place != items.len() + 1 || hex::encode(Sha256::digest(&line.item)) != line.sha256 {
            return Err(NotTaken::Item);
        }
        items.push(serde_json::from_str(&line.item).map_err(|_| NotTaken::Item)?);
    }
    Ok(items)
}

fn message(header: &str) -> Vec<u8> {
    [PURPOSE, VERSION.as_bytes(), b"\n", header.as_bytes()].concat()
}

fn line(text: &[u8]) -> Result<(&str, &[u8]), NotTaken> {
    let head = text.get(..text.len().min(MAX_HEAD)).unwrap_or_default();
    let end = head.iter().position(|octet| *octet == b'\n').ok_or(NotTaken::NoBundle)?;
    let line = core::str::from_utf8(head.get(..end).unwrap_or_default()).map_err(|_| NotTaken::NoBundle)?;
    Ok((line, text.get(end + 1..).unwrap_or_default()))
}
