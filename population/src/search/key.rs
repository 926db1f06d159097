//! Keys of an inverted index.

use core::fmt;

/// A key under which a person is found: 64 bits of a text such as `pair|nguyen|lan|1980`. The same text gives the same key in every
/// version; two texts of one key only cost a candidate more, which ranking drops.
///
/// FNV-1a and the finaliser of `SplitMix64`: spreads, hides nothing. A table of keys is personal data like the names it was made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchKey(u64);

impl SearchKey {
    /// The key of a kind and its parts. Parts are parted, so that `("ab", "c")` and `("a", "bc")` differ.
    #[must_use]
    pub fn new<'p>(kind: &str, parts: impl IntoIterator<Item = &'p str>) -> Self {
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        let mut take = |octet: u8| hash = (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01B3);
        kind.bytes().for_each(&mut take);
        for part in parts {
            take(0);
            part.bytes().for_each(&mut take);
        }
        let mut mixed = hash;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(mixed ^ (mixed >> 31))
    }

    /// All 64.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// As databases hold it: BIGINT, INTEGER.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// Reads [`to_i64`](Self::to_i64).
    #[must_use]
    pub fn from_i64(value: i64) -> Self {
        Self(value.cast_unsigned())
    }
}

impl fmt::Debug for SearchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SearchKey({:016x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_as_they_are() {
        // Tables hold them: a change of these values is a migration.
        assert_eq!(
            format!("{:?}", SearchKey::new("pair", ["lan", "nguyen", "1980"])),
            "SearchKey(9e42cccf85f3ad5f)"
        );
        assert_ne!(SearchKey::new("a", ["bc"]), SearchKey::new("ab", ["c"]));
        assert_ne!(SearchKey::new("a", ["b", "c"]), SearchKey::new("a", ["bc"]));
        let key = SearchKey::new("x", ["y"]);
        assert_eq!(SearchKey::from_i64(key.to_i64()), key);
    }
}
