//! Distinguished names: kept as received, compared leniently, shown safely.

use crate::algorithm::oids;
use crate::asn1::{Element, Malformed, Reader, tag};
use der::Decode;

/// An issuer's or subject's name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DistinguishedName {
    der: Vec<u8>,
    /// Attributes in a form that can be compared: type, then the text without case and extra blanks; in their order.
    ordered: Vec<(Vec<u8>, Vec<u8>)>,
    /// The same, sorted.
    canonical: Vec<(Vec<u8>, Vec<u8>)>,
    country: Option<String>,
}

impl DistinguishedName {
    pub(crate) fn from_element(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut canonical = Vec::new();
        let mut country = None;
        let mut relative_names = element.reader();
        while !relative_names.is_empty() {
            let mut attributes = relative_names.expect(tag::SET, "a relative distinguished name")?.reader();
            while !attributes.is_empty() {
                let mut attribute = attributes.sequence("an attribute of a name")?;
                let kind = attribute.any()?.oid()?;
                let value = attribute.any()?;
                if kind == oids::COUNTRY_NAME && country.is_none() {
                    country = text_of(&value);
                }
                let comparable = text_of(&value).map_or_else(
                    || value.content.to_vec(),
                    |text| {
                        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
                        words.join(" ").into_bytes()
                    },
                );
                canonical.push((kind.as_bytes().to_vec(), comparable));
            }
        }
        let ordered = canonical.clone();
        // Sorted: the order of relative names differs between encoders of one and the same authority.
        canonical.sort();
        Ok(Self { der: element.raw.to_vec(), ordered, canonical, country })
    }

    /// Reads a name from DER.
    ///
    /// # Errors
    /// Bytes that are no name.
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        Self::from_element(&Reader::new(der).expect(tag::SEQUENCE, "a name")?)
    }

    /// The name as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// countryName in upper case; `D` is Germany's old form of `DE`.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        self.country.as_deref().map(|country| match country.trim().to_ascii_uppercase().as_str() {
            "D" => "DE".to_owned(),
            other => other.to_owned(),
        })
    }

    /// countryName as it was written.
    #[must_use]
    pub fn country_as_written(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The same attributes in the same order, without regard to case, string type and extra blanks (RFC 5280 §7.1).
    #[must_use]
    pub fn matches_in_order(&self, other: &Self) -> bool {
        self.ordered == other.ordered
    }

    /// The same attributes apart from the number of the key: states number the keys of one authority in serialNumber or
    /// at the end of the common name (`csca-germany` 103, `CSCA-HUNGARY 4`, `csca-switzerland-2`).
    #[must_use]
    pub fn is_same_authority(&self, other: &Self) -> bool {
        self.canonical == other.canonical || self.without_numbers() == other.without_numbers()
    }

    fn without_numbers(&self) -> Vec<(&[u8], &[u8])> {
        let common_name = oids::COMMON_NAME.as_bytes();
        self.canonical
            .iter()
            .filter(|(kind, _)| kind != oids::SERIAL_NUMBER.as_bytes())
            .map(|(kind, text)| {
                let text = text.as_slice();
                (kind.as_slice(), if kind == common_name { without_number(text) } else { text })
            })
            .collect()
    }

    /// The same attributes, without regard to order, case, string type and extra blanks (RFC 5280 §7.1, relaxed).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

/// A text without the number at its end, and without what joins the two.
fn without_number(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [before @ .., b'0'..=b'9'] = rest {
        rest = before;
    }
    if rest.len() < text.len() {
        while let [before @ .., b' ' | b'-' | b'_' | b'.'] = rest {
            rest = before;
        }
    }
    rest
}

/// The text of a `DirectoryString`: the same name is written in any of its types (RFC 5280 §4.1.2.4).
fn text_of(value: &Element<'_>) -> Option<String> {
    match value.tag {
        // What is called TeletexString is Latin-1 wherever it is found.
        tag::TELETEX_STRING | tag::VISIBLE_STRING => {
            Some(value.content.iter().copied().map(char::from).collect())
        }
        tag::BMP_STRING => {
            let (units, rest) = value.content.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16(&units).ok().filter(|_| rest.is_empty())
        }
        _ => value.text().map(str::to_owned),
    }
}

impl std::fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match x509_cert::name::Name::from_der(&self.der) {
            // Control characters and bidirectional overrides would rewrite a terminal's line.
            Ok(name) => {
                for c in name.to_string().chars() {
                    let hidden = c.is_control()
                        || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                    write!(f, "{}", if hidden { '\u{fffd}' } else { c })?;
                }
                Ok(())
            }
            Err(_) => f.write_str(&hex::encode(&self.der)),
        }
    }
}

impl std::fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}
