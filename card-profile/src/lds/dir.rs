//! EF.DIR: the applications of the chip (Doc 9303-10 §3.11.2, ISO/IEC 7816-4 §12.2.3). Readable by everyone and unsigned.
//!
//! ```text
//! 61 { 4F AID, 50 label, … } …
//! ```

use super::LdsError;
use super::raw_object::RawObject;
use crate::file_system::Aid;
use crate::tlv::{Reader, Writer};

/// The most applications read.
const MAX_APPLICATIONS: usize = 32;

/// The content of EF.DIR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dir {
    /// The applications, in the order found.
    pub applications: Vec<ApplicationTemplate>,
    /// AIDs outside a template: ISO/IEC 7816-4 allows them.
    pub identifiers: Vec<Aid>,
}

/// One application template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationTemplate {
    /// DO'4F' its identifier.
    pub aid: Aid,
    /// DO'50' its label.
    pub label: Option<String>,
    /// The other data objects.
    pub other: Vec<RawObject>,
}

impl Dir {
    /// The eMRTD application alone.
    #[must_use]
    pub fn lds1() -> Self {
        let template = ApplicationTemplate { aid: Aid::LDS1, label: None, other: Vec::new() };
        Self { applications: vec![template], identifiers: Vec::new() }
    }

    /// Reads the file. Filling bytes 00 and FF end it.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut read = Self::default();
        let mut objects = Reader::new(file);
        while let Some(first) = objects.remaining().first() {
            if matches!(first, 0x00 | 0xFF) {
                break;
            }
            let object = objects.read()?;
            if read.applications.len().saturating_add(read.identifiers.len()) == MAX_APPLICATIONS {
                return Err(LdsError::Value { what: "number of applications", offset: object.offset });
            }
            let aid = |value: &[u8]| {
                Aid::new(value)
                    .map_err(|_| LdsError::Value { what: "application identifier", offset: object.offset })
            };
            match object.tag {
                0x4F => read.identifiers.push(aid(object.value)?),
                0x61 => {
                    let (mut found, mut label, mut other) = (None, None, Vec::new());
                    for field in object.nested()? {
                        let field = field?;
                        match field.tag {
                            0x4F if found.is_none() => found = Some(aid(field.value)?),
                            0x50 if label.is_none() => {
                                label = Some(String::from_utf8_lossy(field.value).into_owned());
                            }
                            _ => other.push(RawObject::from(&field)),
                        }
                    }
                    let missing = LdsError::Value { what: "application template", offset: object.offset };
                    let aid = found.ok_or(missing)?;
                    read.applications.push(ApplicationTemplate { aid, label, other });
                }
                _ => {}
            }
        }
        Ok(read)
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        for application in &self.applications {
            writer.constructed(0x61, |template| {
                template.primitive(0x4F, application.aid.as_bytes());
                if let Some(label) = &application.label {
                    template.primitive(0x50, label.as_bytes());
                }
                for object in &application.other {
                    template.raw(&object.raw);
                }
            });
        }
        for aid in &self.identifiers {
            writer.primitive(0x4F, aid.as_bytes());
        }
        writer.into_bytes()
    }

    /// Whether the application is named.
    #[must_use]
    pub fn lists(&self, aid: &Aid) -> bool {
        self.identifiers.contains(aid) || self.applications.iter().any(|template| template.aid == *aid)
    }
}
