//! `biometric`: records of faces, fingers and eyes, bare or in their data groups, and the pictures in them.

use cccd_card_profile::lds::dg2::{self, FaceRecord};
use cccd_card_profile::lds::dg3::FingerprintRecord;
use cccd_card_profile::lds::dg4::EyeRecord;
use cccd_card_profile::lds::iso39794::face::FaceImageData;
use cccd_card_profile::lds::{DataGroup, DataGroupNumber, Quirk};
use cccd_pictures::{Limits, PictureFormat, decode_here};

use super::data_group::{comes_out_again, with_quirks};
use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem};

/// Reads the record or the group, and decodes every picture of it.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.file(case.input("file")?)?;
    if PictureFormat::of(&file).is_some() {
        return Ok(match decodes(&file) {
            Ok(()) => Outcome::parsed(),
            Err(why) => Outcome::refused(why),
        });
    }
    let number = file.first().and_then(|tag| DataGroupNumber::from_tag(u32::from(*tag)));
    if let Some(number) = number {
        let group = match DataGroup::parse(number, &file) {
            Ok(group) => group,
            Err(error) => return Ok(Outcome::refused(error)),
        };
        let Some(pictures) = pictures(&group) else {
            return Ok(Outcome::refused("a biometric record of a format that is not known"));
        };
        comes_out_again(&group)?;
        return of_pictures(&pictures, with_quirks(&group));
    }
    // A record without its templates: ISO/IEC 19794-5 begins with its own name, ISO/IEC 39794-5 is ASN.1.
    let (pictures, quirks): (Vec<Vec<u8>>, Vec<Quirk>) = if file.starts_with(b"FAC\0") {
        match dg2::parse_record(&file) {
            Ok((faces, quirks)) => (faces.into_iter().map(|face| face.image.bytes).collect(), quirks),
            Err(error) => return Ok(Outcome::refused(error)),
        }
    } else {
        match FaceImageData::parse(&file) {
            Ok((data, quirks)) => {
                (data.representations.into_iter().map(|one| one.image.bytes).collect(), quirks)
            }
            Err(error) => return Ok(Outcome::refused(error)),
        }
    };
    let leniencies: Vec<String> = quirks.iter().map(|quirk| quirk.kind.code().to_owned()).collect();
    let read = if leniencies.is_empty() { Outcome::parsed() } else { Outcome::Accepted { leniencies } };
    of_pictures(&pictures, read)
}

/// The pictures of a group; `None` when a record is of a format that nobody here knows.
fn pictures(group: &DataGroup) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    match group {
        DataGroup::Dg2(faces) => {
            for instance in &faces.instances {
                match &instance.record {
                    FaceRecord::Iso19794(_) | FaceRecord::Iso39794(_) => {
                        found.extend(instance.images().map(|image| image.bytes.clone()));
                    }
                    _ => return None,
                }
            }
        }
        DataGroup::Dg3(fingers) => {
            for instance in &fingers.instances {
                match &instance.record {
                    FingerprintRecord::Iso19794(record) => {
                        found.extend(record.images.iter().map(|image| image.data.clone()));
                    }
                    FingerprintRecord::Iso39794(_) => {}
                    _ => return None,
                }
            }
        }
        DataGroup::Dg4(eyes) => {
            for instance in &eyes.instances {
                match &instance.record {
                    EyeRecord::Iso19794(record) => {
                        let images = record.eyes.iter().flat_map(|eye| &eye.images);
                        found.extend(images.map(|image| image.data.clone()));
                    }
                    EyeRecord::Iso39794(_) => {}
                    _ => return None,
                }
            }
        }
        _ => return None,
    }
    Some(found)
}

fn of_pictures(pictures: &[Vec<u8>], read: Outcome) -> Result<Outcome, Problem> {
    for picture in pictures.iter().filter(|picture| PictureFormat::of(picture).is_some()) {
        decodes(picture)?;
    }
    Ok(read)
}

/// The picture can be shown. The verifier does that in a confined child; here the pictures are test data.
fn decodes(picture: &[u8]) -> Result<(), Problem> {
    decode_here(picture, &Limits::default())
        .map(drop)
        .map_err(|error| Problem::new(format!("a picture of {} octets: {error}", picture.len())))
}
