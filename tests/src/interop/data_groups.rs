//! Every data group that JMRTD has a class for, as we encode it: parsed there and encoded again. It has none for DG8, DG9,
//! DG10, DG13 and DG16. Persons, pictures and fingers are invented.

use anyhow::{Result, bail};
use cccd_card_profile::lds::dg2::{BiometricInstance, Dg2, FaceImage};
use cccd_card_profile::lds::dg3::{Dg3, FingerInstance};
use cccd_card_profile::lds::dg4::{Dg4, IrisInstance};
use cccd_card_profile::lds::dg11::Dg11;
use cccd_card_profile::lds::dg12::Dg12;
use cccd_card_profile::lds::displayed_image::{DisplayedImage, DisplayedImages};
use cccd_card_profile::lds::iso19794::finger::{FingerImage, FingerRecord};
use cccd_card_profile::lds::iso19794::iris::{Eye, IrisImage, IrisRecord};
use cccd_card_profile::lds::iso39794::VersionBlock;
use cccd_card_profile::lds::iso39794::finger::{FingerImageData, FingerRepresentation};
use cccd_card_profile::lds::{DataGroup, dg3};
use cccd_issuer::application::Portrait;

use super::peer::Peer;
use super::readers::{JMRTD, start_jmrtd};
use super::table::Table;
use crate::portrait;

/// One line for each group and form.
pub fn run(table: &mut Table) {
    let mut java = match start_jmrtd() {
        Ok(java) => java,
        Err(error) => return table.skip(JMRTD, &["data groups, encoded by us"], &format!("{error:#}")),
    };
    match groups() {
        Ok(groups) => {
            for (name, number, file) in groups {
                table.result(JMRTD, &format!("{name}, encoded by us"), parse(&mut java, number, &file));
            }
        }
        Err(error) => table.result(JMRTD, "data groups, encoded by us", Err(error)),
    }
}

fn parse(java: &mut Peer, number: u8, file: &[u8]) -> Result<String> {
    let answer = java.result(&format!("parse file=01{number:02x} content={}", hex::encode(file)))?;
    Ok(match answer.as_str() {
        "same" => "parsed, encoded again the same".to_owned(),
        "otherwise" => "parsed, encoded again otherwise".to_owned(),
        _ => bail!("it answers {answer}"),
    })
}

fn groups() -> Result<Vec<(&'static str, u8, Vec<u8>)>> {
    let picture = Portrait::from_file(&portrait::draw(7, true, 34)?)?.face().bytes.clone();
    let face = || FaceImage::from_file(picture.clone());
    let text = |text: &str| Some(text.to_owned());
    let group =
        |name, group: DataGroup| -> Result<_> { Ok((name, group.number().value(), group.to_bytes()?)) };
    let pictures = || DisplayedImages::of(vec![DisplayedImage(picture.clone())]);
    let two = FingerRecord::wsq(vec![finger(2), finger(7)]);
    let data = FingerImageData {
        version: VersionBlock::FIRST,
        representations: vec![FingerRepresentation::wsq(7, WSQ.to_vec())],
    };
    let dg11 = Dg11 {
        full_name: text("NGUYEN<<VAN<AN"),
        other_names: vec!["NGUYEN<<AN".to_owned()],
        personal_number: text("079204000123"),
        birth_date: text("20040615"),
        place_of_birth: text("HA<NOI"),
        address: text("12 TRANG TIEN<HA NOI"),
        telephone: text("84900000000"),
        profession: text("TEACHER"),
        ..Dg11::default()
    };
    let dg12 = Dg12 {
        issuing_authority: text("BO CONG AN"),
        issue_date: text("20260115"),
        endorsements: text("NONE"),
        personalized_at: text("20260115120000"),
        personalized_by: text("HCM01"),
        ..Dg12::default()
    };
    Ok(vec![
        group("DG2 (ISO/IEC 19794-5)", DataGroup::Dg2(Dg2::of(BiometricInstance::iso19794(face()?))))?,
        group("DG2 (ISO/IEC 39794-5)", DataGroup::Dg2(Dg2::of(BiometricInstance::iso39794(face()?))))?,
        group("DG3 (ISO/IEC 19794-4)", DataGroup::Dg3(Dg3::of(vec![FingerInstance::iso19794(9, two)])))?,
        group("DG3 (ISO/IEC 39794-4)", DataGroup::Dg3(Dg3::of(vec![FingerInstance::iso39794(10, data)])))?,
        ("DG3 without a finger", 3, dg3::empty(&[0x5A; 16])),
        group(
            "DG4 (ISO/IEC 19794-6)",
            DataGroup::Dg4(Dg4::of(vec![IrisInstance::iso19794(1, iris(&picture))])),
        )?,
        group("DG5", DataGroup::Dg5(pictures()))?,
        group("DG7", DataGroup::Dg7(pictures()))?,
        group("DG11", DataGroup::Dg11(Box::new(dg11)))?,
        group("DG12", DataGroup::Dg12(Box::new(dg12)))?,
    ])
}

/// Not a picture, but what it starts with: nobody decodes it here.
const WSQ: &[u8] = b"\xFF\xA0\xFF\xA8invented\xFF\xA1";

fn finger(position: u8) -> FingerImage {
    FingerImage {
        position,
        views: 1,
        view: 1,
        quality: 100,
        impression: 0,
        width: 620,
        height: 620,
        data: WSQ.to_vec(),
    }
}

fn iris(picture: &[u8]) -> IrisRecord {
    let image = IrisImage {
        number: 1,
        quality: 0x33,
        rotation: 0xFFFF,
        rotation_uncertainty: 0xFFFF,
        data: picture.to_vec(),
    };
    IrisRecord {
        capture_device: 0,
        properties: 0,
        diameter: 150,
        image_format: 6,
        width: 163,
        height: 149,
        intensity_depth: 24,
        transformation: 0,
        device_id: [0; 16],
        eyes: vec![Eye { subtype: 1, images: vec![image] }],
    }
}
