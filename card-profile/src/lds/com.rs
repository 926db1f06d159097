//! EF.COM: versions and the list of data groups present (Doc 9303-10 §4.6.1). Not signed: a hint for reading.

use super::{DataGroupNumber, LdsError};
use crate::tlv::{Reader, Writer};

/// The content of EF.COM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Com {
    /// LDS version `aabb`: `0107`.
    pub lds_version: String,
    /// Unicode version `aabbcc`: `040000`.
    pub unicode_version: String,
    /// Tags of the data groups, as listed.
    pub tags: Vec<u8>,
}

impl Com {
    /// LDS 1.7, Unicode 4.0.0, these data groups.
    #[must_use]
    pub fn new(data_groups: &[DataGroupNumber]) -> Self {
        Self {
            lds_version: "0107".to_owned(),
            unicode_version: "040000".to_owned(),
            tags: data_groups.iter().filter_map(|number| u8::try_from(number.tag()).ok()).collect(),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let content = Reader::new(file).expect(0x60)?.nested()?;
        let text = |tag, what| -> Result<String, LdsError> {
            let object =
                content.clone().find(tag)?.ok_or(LdsError::Value { what, offset: content.offset() })?;
            let digits = object.value.iter().all(u8::is_ascii_digit) && object.value.len() <= 8;
            let text = core::str::from_utf8(object.value).ok().filter(|_| digits);
            text.map(str::to_owned).ok_or(LdsError::Value { what, offset: object.offset })
        };
        let tags =
            content.find(0x5C)?.ok_or(LdsError::Value { what: "tag list", offset: content.offset() })?;
        Ok(Self {
            lds_version: text(0x5F01, "LDS version")?,
            unicode_version: text(0x5F36, "Unicode version")?,
            tags: tags.value.to_vec(),
        })
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.constructed(0x60, |com| {
            com.primitive(0x5F01, self.lds_version.as_bytes())
                .primitive(0x5F36, self.unicode_version.as_bytes())
                .primitive(0x5C, &self.tags);
        });
        writer.into_bytes()
    }

    /// The data groups listed, in order; tags that stand for none are left out ([`Com::unknown_tags`]).
    #[must_use]
    pub fn data_groups(&self) -> Vec<DataGroupNumber> {
        self.tags.iter().filter_map(|tag| DataGroupNumber::from_tag(u32::from(*tag))).collect()
    }

    /// Listed tags that stand for no data group.
    #[must_use]
    pub fn unknown_tags(&self) -> Vec<u8> {
        self.tags.iter().copied().filter(|tag| DataGroupNumber::from_tag(u32::from(*tag)).is_none()).collect()
    }
}
