//! EF.CVCA: the CVCA keys that the chip knows, by name (TR-03110-3 §A.5; FID `011C`, short identifier `1C`): a terminal chooses its
//! certificates by them.
//!
//! ```text
//! 42 <reference> [42 <reference>] 00 … 00       36 bytes in all
//! ```

use super::LdsError;
use crate::tlv::{self, Reader};
use cccd_cvc::Reference;

/// The length of the file: two references of 16 characters.
pub const LENGTH: usize = 36;

/// The file, the newest key first. References beyond the second are left out.
#[must_use]
pub fn to_bytes(references: &[Reference]) -> Vec<u8> {
    let mut file: Vec<u8> =
        references.iter().take(2).flat_map(|reference| tlv::encode(0x42, reference.as_bytes())).collect();
    file.resize(LENGTH, 0);
    file
}

/// Reads the file: one or two references, the rest zeros.
///
/// # Errors
/// [`LdsError`].
pub fn parse(file: &[u8]) -> Result<Vec<Reference>, LdsError> {
    let mut references = Vec::new();
    let mut reader = Reader::new(file);
    while references.len() < 2 && reader.remaining().first().is_some_and(|byte| *byte != 0) {
        let object = reader.expect(0x42)?;
        let reference = Reference::from_bytes(object.value).map_err(|_| LdsError::Value {
            what: "certification authority reference",
            offset: object.offset,
        })?;
        references.push(reference);
    }
    if references.is_empty() || reader.remaining().iter().any(|byte| *byte != 0) {
        return Err(LdsError::Value { what: "list of references", offset: reader.offset() });
    }
    Ok(references)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_or_two_names() {
        let names: Vec<Reference> =
            ["VNCVCA00002", "VNCVCA00001"].iter().map(|name| name.parse().unwrap()).collect();
        for known in [&names[..1], &names[..]] {
            let file = to_bytes(known);
            assert_eq!(file.len(), LENGTH);
            assert_eq!(parse(&file).unwrap(), known);
        }
        let mut file = to_bytes(&names[..1]);
        *file.last_mut().unwrap() = 1;
        assert!(parse(&file).is_err());
        assert!(parse(&[0; LENGTH]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
