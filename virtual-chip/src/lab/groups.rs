//! Content for every data group: an invented person on a card of the laboratory that carries all sixteen.

use cccd_card_profile::lds::dg2::{BiometricInstance, Dg2, FaceImage};
use cccd_card_profile::lds::dg3::{Dg3, FingerInstance};
use cccd_card_profile::lds::dg4::{Dg4, IrisInstance};
use cccd_card_profile::lds::dg11::Dg11;
use cccd_card_profile::lds::dg12::Dg12;
use cccd_card_profile::lds::dg13::{Dg13, NationalData};
use cccd_card_profile::lds::dg16::{Dg16, PersonToNotify};
use cccd_card_profile::lds::displayed_image::{DisplayedImage, DisplayedImages};
use cccd_card_profile::lds::iso19794::finger::{FingerImage, FingerRecord};
use cccd_card_profile::lds::iso19794::iris::{Eye, IrisImage, IrisRecord};
use cccd_card_profile::lds::opaque::OpaqueGroup;
use cccd_card_profile::lds::{DataGroup, DataGroupNumber, NationalGroup, RawObject};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::tlv;

use super::File;

/// The zone of the specimen.
const ZONE: &str =
    "I<UTOL898902C36<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<8ERIKSSON<<ANNA<MARIA<<<<<<<<<<";

/// The head of a JPEG of 480 × 640; nobody decodes it.
const JPEG: [u8; 21] = [
    0xFF, 0xD8, 0xFF, 0xC0, 0x00, 0x11, 0x08, 0x02, 0x80, 0x01, 0xE0, 0x03, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11,
    1,
];

/// The files of DG1 to DG16 but DG14 and DG15, which hold keys that only a chip can make: `dg14` and `dg15` are theirs, if the
/// chip has them. DG2 is a data block of ISO/IEC 39794-5, DG3 and DG4 are records of ISO/IEC 19794.
#[must_use]
pub fn every_data_group(dg14: Option<&[u8]>, dg15: Option<&[u8]>) -> Vec<(File, Vec<u8>)> {
    let mut files: Vec<(File, Vec<u8>)> = groups()
        .iter()
        .filter_map(|group| Some((File::DataGroup(group.number()), group.to_bytes().ok()?)))
        .collect();
    for (number, file) in [(14, dg14), (15, dg15)] {
        if let (Ok(number), Some(file)) = (DataGroupNumber::new(number), file) {
            files.push((File::DataGroup(number), file.to_vec()));
        }
    }
    files
}

fn groups() -> Vec<DataGroup> {
    let text = |text: &str| Some(text.to_owned());
    let picture = || DisplayedImages::of(vec![DisplayedImage(JPEG.to_vec())]);
    let opaque = |claimed: Option<u32>, content: &[u8]| OpaqueGroup {
        claimed,
        objects: vec![RawObject { tag: 0x53, raw: tlv::encode(0x53, content) }],
        ..OpaqueGroup::default()
    };
    let finger = |position: u8| FingerImage {
        position,
        views: 1,
        view: 1,
        quality: 100,
        impression: 0,
        width: 16,
        height: 16,
        data: vec![0xFF, 0xA0, 0xFF, 0xA1],
    };
    let iris = |subtype: u8| IrisRecord {
        capture_device: 0,
        properties: 0,
        diameter: 150,
        image_format: 6,
        width: 480,
        height: 640,
        intensity_depth: 8,
        transformation: 0,
        device_id: [0; 16],
        eyes: vec![Eye {
            subtype,
            images: vec![IrisImage {
                number: 1,
                quality: 100,
                rotation: 0xFFFF,
                rotation_uncertainty: 0xFFFF,
                data: JPEG.to_vec(),
            }],
        }],
    };
    let dg11 = Dg11 {
        full_name: text("ERIKSSON<<ANNA<MARIA"),
        other_names: vec!["ERIKSSON<<ANNIE".to_owned()],
        personal_number: text("ZE184226B"),
        birth_date: text("19740812"),
        place_of_birth: text("ZENITH<UTO"),
        address: text("1 MAIN STREET<ZENITH<UTO"),
        telephone: text("0000000000"),
        profession: text("SPECIMEN"),
        ..Dg11::default()
    };
    let dg12 = Dg12 {
        issuing_authority: text("UTOPIA"),
        issue_date: text("20020415"),
        personalized_at: text("20020415120000"),
        personalized_by: text("LAB"),
        ..Dg12::default()
    };
    let person = PersonToNotify {
        recorded: text("20020415"),
        name: text("ERIKSSON<<ERIK"),
        telephone: text("0000000001"),
        address: text("1 MAIN STREET<ZENITH<UTO"),
    };
    let national = NationalData { full_name: text("Anna Maria Eriksson"), ..NationalData::default() };
    let fingers = [(0x09, 2), (0x0A, 7)];
    let fingers = fingers.map(|(subtype, position)| {
        FingerInstance::iso19794(subtype, FingerRecord::wsq(vec![finger(position)]))
    });
    let mut groups = vec![
        DataGroup::Dg3(Dg3::of(fingers.into())),
        DataGroup::Dg4(Dg4::of([1, 2].map(|eye| IrisInstance::iso19794(eye, iris(eye))).into())),
        DataGroup::Dg5(picture()),
        DataGroup::Dg6(opaque(None, b"reserved")),
        DataGroup::Dg7(picture()),
        DataGroup::Dg8(opaque(Some(1), b"data features")),
        DataGroup::Dg9(opaque(Some(1), b"structure features")),
        DataGroup::Dg10(opaque(Some(1), b"substance features")),
        DataGroup::Dg11(Box::new(dg11)),
        DataGroup::Dg12(Box::new(dg12)),
        DataGroup::Dg16(Dg16::of(vec![person])),
    ];
    groups.extend(Mrz::parse(ZONE).ok().map(DataGroup::Dg1));
    let portrait = FaceImage::from_file(JPEG.to_vec()).ok();
    groups.extend(portrait.map(|portrait| DataGroup::Dg2(Dg2::of(BiometricInstance::iso39794(portrait)))));
    groups.extend(
        Dg13::parse(&national.to_bytes())
            .ok()
            .map(|dg13| DataGroup::Dg13(NationalGroup::Vietnam(Box::new(dg13)))),
    );
    groups
}
