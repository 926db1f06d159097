//! Bytes in JSON: base64, standard alphabet with padding (RFC 4648 §4), bounded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use super::MAX_FILE;

fn decode<E: serde::de::Error>(text: &str) -> Result<Vec<u8>, E> {
    let bytes = STANDARD.decode(text).map_err(|_| E::custom("not base64"))?;
    if bytes.len() > MAX_FILE { Err(E::custom("longer than any file of a card")) } else { Ok(bytes) }
}

/// A field that is always there.
pub(super) mod base64_required {
    use super::{Deserialize, Deserializer, STANDARD, decode};
    use base64::Engine as _;
    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        decode(&String::deserialize(deserializer)?)
    }
}

/// A field that may be absent.
pub(super) mod base64_bytes {
    use super::{Deserialize, Deserializer, STANDARD, decode};
    use base64::Engine as _;
    use serde::Serializer;

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| decode(&text)).transpose()
    }
}

/// Files by the number of their data group; DG3 and DG4 are refused.
pub(super) mod base64_map {
    use super::{Deserialize, Deserializer, STANDARD, decode};
    use base64::Engine as _;
    use serde::Serializer;
    use serde::de::Error as _;
    use std::collections::BTreeMap;

    pub(crate) fn serialize<S: Serializer>(
        files: &BTreeMap<u8, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(files.iter().map(|(number, file)| (number, STANDARD.encode(file))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u8, Vec<u8>>, D::Error> {
        let texts = BTreeMap::<u8, String>::deserialize(deserializer)?;
        texts
            .into_iter()
            .map(|(number, text)| match number {
                1..=2 | 5..=16 => Ok((number, decode(&text)?)),
                3 | 4 => Err(D::Error::custom("fingerprints and irises are never evidence")),
                _ => Err(D::Error::custom("no such data group")),
            })
            .collect()
    }
}
