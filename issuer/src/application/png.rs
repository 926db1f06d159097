//! PNG files of strangers: only the chunks that the picture itself needs go to a decoder. A profile or a text of a few kilobytes
//! unpacks to hundreds of megabytes, and no card shows either.

/// How a PNG begins (PNG §5.2).
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The file with its critical chunks (PNG §4.8: the first letter is a capital), transparency and the size of a pixel; `None` for what is
/// no PNG or was cut short.
pub(crate) fn essential(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(SIGNATURE)?;
    let mut kept = SIGNATURE.to_vec();
    while let [l0, l1, l2, l3, k0, k1, k2, k3, ..] = *rest {
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).ok()?;
        // Length, name, content and checksum.
        let whole = length.checked_add(12)?;
        let (chunk, after) = rest.split_at_checked(whole)?;
        let name = [k0, k1, k2, k3];
        if k0.is_ascii_uppercase() || name == *b"tRNS" || name == *b"pHYs" {
            kept.extend_from_slice(chunk);
        }
        if name == *b"IEND" {
            return Some(kept);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], name, content, &[0; 4]].concat()
    }

    #[test]
    fn profiles_and_texts_stay_outside() {
        let of = |chunks: &[Vec<u8>]| [SIGNATURE, &chunks.concat()].concat();
        let (head, size, body, end) = (
            chunk(b"IHDR", &[1; 13]),
            chunk(b"pHYs", &[2; 9]),
            chunk(b"IDAT", &[3; 40]),
            chunk(b"IEND", &[]),
        );
        let file = of(&[
            head.clone(),
            chunk(b"iCCP", &[9; 900]),
            chunk(b"zTXt", &[9; 90]),
            size.clone(),
            chunk(b"eXIf", &[9; 9]),
            body.clone(),
            chunk(b"iTXt", &[9; 9]),
            end.clone(),
        ]);
        assert_eq!(essential(&file).unwrap(), of(&[head.clone(), size, body.clone(), end]));
        assert!(essential(&of(&[head, body])).is_none(), "no end");
        assert!(essential(b"GIF89a").is_none());
    }

    proptest! {
        #[test]
        fn no_octets_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = essential(&[SIGNATURE, &bytes[..]].concat());
            let _ = essential(&bytes);
        }
    }
}
