//! Pictures to be shown: DG5 the displayed portrait (Doc 9303-10 §4.7.5), DG7 the signature or usual mark (§4.7.7).
//!
//! ```text
//! 65 { 02 count, 5F40 image … }      67 { 02 count, 5F43 image … }
//! ```

use core::fmt;

use super::quirk::{Quirk, QuirkKind, Quirks};
use super::{DataGroupNumber, EncodeError, ImageFormat, LdsError, small_integer};
use crate::tlv::{Reader, Writer};

/// The most pictures read (§4.7.5: 1 to 9).
const MAX_IMAGES: usize = 9;

/// What DG5 or DG7 holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayedImages {
    /// The number of pictures that the file claims.
    pub claimed: u32,
    /// The pictures found.
    pub images: Vec<DisplayedImage>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

/// One picture. `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct DisplayedImage(pub Vec<u8>);

impl DisplayedImage {
    /// JPEG or JPEG 2000, by its first bytes.
    #[must_use]
    pub fn format(&self) -> Option<ImageFormat> {
        ImageFormat::of(&self.0)
    }
}

impl fmt::Debug for DisplayedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisplayedImage({:?}, {} bytes)", self.format(), self.0.len())
    }
}

/// Tag of the pictures in this group: portraits in DG5, signatures in DG7.
fn image_tag(group: DataGroupNumber) -> u32 {
    if group == DataGroupNumber::DG7 { 0x5F43 } else { 0x5F40 }
}

impl DisplayedImages {
    /// These pictures.
    #[must_use]
    pub fn of(images: Vec<DisplayedImage>) -> Self {
        Self { claimed: u32::try_from(images.len()).unwrap_or(u32::MAX), images, quirks: Vec::new() }
    }

    pub(super) fn parse(file: &[u8], group: DataGroupNumber) -> Result<Self, LdsError> {
        let mut content = Reader::new(file).expect(group.tag())?.nested()?;
        let count = content.expect(0x02)?;
        let claimed = small_integer(&count, "number of pictures")?;
        let (mut images, mut quirks) = (Vec::new(), Quirks::default());
        for object in content {
            let object = object?;
            if object.tag != image_tag(group) {
                quirks.note(QuirkKind::UnknownObject, object.offset);
                continue;
            }
            if images.len() == MAX_IMAGES {
                return Err(LdsError::Value { what: "number of pictures", offset: object.offset });
            }
            let image = DisplayedImage(object.value.to_vec());
            if image.0.is_empty() {
                quirks.note(QuirkKind::EmptyValue, object.offset);
            } else if image.format().is_none() {
                quirks.note(QuirkKind::ImageNotRecognised, object.offset);
            }
            images.push(image);
        }
        let found = u32::try_from(images.len()).ok();
        quirks.note_if(found != Some(claimed), QuirkKind::CountDiffers, count.offset);
        Ok(Self { claimed, images, quirks: quirks.into_vec() })
    }

    pub(super) fn to_bytes(&self, group: DataGroupNumber) -> Result<Vec<u8>, EncodeError> {
        let too_many = EncodeError::TooMany { what: "pictures" };
        let count = u8::try_from(self.images.len()).map_err(|_| too_many)?;
        if self.images.len() > MAX_IMAGES {
            return Err(too_many);
        }
        let mut writer = Writer::new();
        writer.constructed(group.tag(), |content| {
            content.primitive(0x02, &[count]);
            for image in &self.images {
                content.primitive(image_tag(group), &image.0);
            }
        });
        Ok(writer.into_bytes())
    }
}
