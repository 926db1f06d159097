//! What the chip authentication mapping shows (Doc 9303-11 §4.4.3.5).

use crate::protocol::curve::DomainParameters;
use crate::protocol::group::{Element, Secret};
use std::fmt;
use zeroize::Zeroizing;

/// The chip's mapping key and the Chip Authentication Data that lead to it from the chip's static key.
///
/// It shows that the chip holds the private half of a static key, **to whoever ran PACE with it**: anyone can make up
/// such a pair. And it is worth as much as the static key, which must be one that the issuer signed.
#[derive(Clone)]
pub struct MappingProof {
    mapping_key: Element,
    data: Zeroizing<Vec<u8>>,
}

impl MappingProof {
    pub(super) fn new(mapping_key: Element, data: Zeroizing<Vec<u8>>) -> Self {
        Self { mapping_key, data }
    }

    /// From its parts, as they were kept; `None` when the mapping key is none of these parameters.
    #[must_use]
    pub fn from_parts(parameters: DomainParameters, mapping_key: &[u8], data: &[u8]) -> Option<Self> {
        let mapping_key = parameters.group().element(mapping_key).ok()?;
        Some(Self { mapping_key, data: Zeroizing::new(data.to_vec()) })
    }

    /// `PK_Map,IC`.
    #[must_use]
    pub fn mapping_key(&self) -> &Element {
        &self.mapping_key
    }

    /// `CA_IC`; empty when the chip sent none that could be decrypted.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether the chip holds the private half of this static key: `PK_Map,IC = KA(CA_IC, PK_IC, D_IC)` (§4.4.3.5.2).
    #[must_use]
    pub fn is_of(&self, static_key: &Element) -> bool {
        let group = self.mapping_key.group();
        let leads_there = || Secret::from_bytes(group, &self.data)?.power(static_key).ok();
        static_key.group() == group && leads_there().is_some_and(|element| element == self.mapping_key)
    }
}

impl fmt::Debug for MappingProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MappingProof({:?})", self.mapping_key.group())
    }
}
