//! What a chip announces in its answer to reset.

/// Whether a chip announces extended length: card capabilities in the historical bytes, COMPACT-TLV `73`, third byte,
/// bit 7 (ISO/IEC 7816-4 §12.1.1.9).
#[must_use]
pub fn announces_extended_length(atr: &[u8]) -> bool {
    let Some(capabilities) = historical_bytes(atr).and_then(|bytes| {
        let mut objects = bytes.strip_prefix(&[0x80])?;
        loop {
            let [head, rest @ ..] = objects else { return None };
            let (value, next) = rest.split_at_checked(usize::from(head & 0x0F))?;
            if head >> 4 == 0x7 {
                return value.get(2).copied();
            }
            objects = next;
        }
    }) else {
        return false;
    };
    capabilities & 0x40 != 0
}

/// Interface bytes are skipped as T0 and each TD announce them (ISO/IEC 7816-3 §8.2).
fn historical_bytes(atr: &[u8]) -> Option<&[u8]> {
    let [_, format, rest @ ..] = atr else { return None };
    let count = usize::from(format & 0x0F);
    let mut indicator = format >> 4;
    let mut rest = rest;
    loop {
        let skipped = usize::try_from((indicator & 0x07).count_ones()).ok()?;
        rest = rest.get(skipped..)?;
        if indicator & 0x08 == 0 {
            return rest.get(..count);
        }
        let [next, after @ ..] = rest else { return None };
        indicator = next >> 4;
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_found_and_nonsense_is_none() {
        let with = [0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x01, 0x40, 0x17];
        assert!(announces_extended_length(&with));
        let without = [0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x01, 0x00, 0x57];
        assert!(!announces_extended_length(&without));
        for end in 0..with.len() - 1 {
            assert!(!announces_extended_length(&with[..end]), "{end}");
        }
        assert!(!announces_extended_length(&[0xFF; 40]));
    }
}
