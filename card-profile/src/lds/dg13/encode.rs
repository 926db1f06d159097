//! Writing DG13, byte for byte as the cards in use.

use super::{ENCODING_OID, NationalData};
use crate::lds::integer_bytes;
use crate::tlv::Writer;

const UTF8_STRING: u32 = 0x0C;
const PRINTABLE_STRING: u32 = 0x13;

impl NationalData {
    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.constructed(0x6D, |dg13| {
            dg13.constructed(0x30, |content| {
                content.primitive(0x02, &[1]).primitive(0x06, &ENCODING_OID).constructed(0x31, |fields| {
                    for number in 1..=16 {
                        fields.constructed(0x30, |field| {
                            field.primitive(0x02, &integer_bytes(number));
                            self.write_value(number, field);
                        });
                    }
                });
            });
        });
        writer.into_bytes()
    }

    fn write_value(&self, number: u32, field: &mut Writer) {
        match number {
            13 => self.write_parents(field),
            14 => {
                if let Some(spouse) = &self.spouse {
                    field.constructed(0x30, |name| {
                        name.primitive(UTF8_STRING, spouse.as_bytes());
                    });
                }
            }
            _ => {
                if let Some(text) = self.single(number).and_then(Option::as_ref) {
                    let printable = matches!(number, 1 | 3 | 11 | 15 | 16) && text.bytes().all(is_printable);
                    let tag = if printable { PRINTABLE_STRING } else { UTF8_STRING };
                    field.primitive(tag, text.as_bytes());
                }
            }
        }
    }

    /// One sequence per parent. Of a single parent the other slot holds an empty string, so that a mother never
    /// reads as a father; what real cards do here is not known.
    fn write_parents(&self, field: &mut Writer) {
        if self.father.is_none() && self.mother.is_none() {
            return;
        }
        for parent in [&self.father, &self.mother] {
            field.constructed(0x30, |name| {
                name.primitive(UTF8_STRING, parent.as_deref().unwrap_or_default().as_bytes());
            });
        }
    }
}

/// The characters of `PrintableString` (ISO/IEC 8824-1 §41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}
