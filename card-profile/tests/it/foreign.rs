//! Cases of others, from the folder that `CCCD_FOREIGN_DATA` names; without it one line says that they were skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg2::{self, BiometricInstance, Dg2, FaceImage, ImageFormat};
use cccd_card_profile::lds::dg13::Dg13;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::{card_access, dg1, dg14, dg15};
use cccd_card_profile::mrz::{CheckedField, Mrz};
use cccd_card_profile::tlv;
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from);
    if folder.is_none() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| eprintln!("skipped: CCCD_FOREIGN_DATA names no folder of foreign cases"));
    }
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn specimen_zones() {
    let Some(folder) = folder() else { return };
    let specimens = json(&folder.join("mrz/mrz-specimens.json"));
    let mut compared = 0;
    for item in specimens["items"].as_array().unwrap() {
        let lines: Vec<&str> =
            item["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let format = item["format"].as_str().unwrap();
        if !format.starts_with("TD") && !format.starts_with("MRV") {
            continue;
        }
        let Ok(zone) = Mrz::parse(&lines.join("\n")) else {
            // Lower case letters and wrong lengths are no zone.
            assert_ne!(item["all_check_digits_ok"], Value::Bool(true), "{lines:?}");
            continue;
        };
        let expected = &item["check_digits"];
        for digit in zone.check_digits() {
            let (name, long) = match digit.field {
                CheckedField::DocumentNumber => ("document_number", "document_number_long"),
                CheckedField::BirthDate => ("date_of_birth", ""),
                CheckedField::Expiry => ("date_of_expiry", ""),
                CheckedField::Composite => ("composite", ""),
                _ => continue,
            };
            let oracle = if expected[name].is_null() { &expected[long] } else { &expected[name] };
            assert_eq!(oracle["ok"].as_bool(), Some(digit.is_right()), "{lines:?} {digit:?}");
            compared += 1;
        }
    }
    assert!(compared > 100, "only {compared} check digits compared");
}

#[test]
fn security_infos() {
    let Some(folder) = folder() else { return };
    let items = json(&folder.join("lds/securityinfos-dg14-dg15.json"));
    let mut read = 0;
    for item in items["items"].as_array().unwrap() {
        let file = hex::decode(item["hex"].as_str().unwrap()).unwrap();
        let set = match item["kind"].as_str().unwrap() {
            "DG14" => dg14::parse(&file).unwrap(),
            "EF.CardAccess" => card_access::parse(&file).unwrap(),
            "DG15" => {
                // One sample holds a distinguished name where a key belongs.
                let name = item["source"].as_str().unwrap().contains("masterList");
                assert_eq!(dg15::parse(&file).is_ok(), !name, "{item}");
                continue;
            }
            other => panic!("kind {other} is not known"),
        };
        // Whatever their order, the elements come out as they went in.
        let mut elements: Vec<Vec<u8>> = set.infos.iter().map(SecurityInfo::to_der).collect();
        let whole: usize = elements.iter().map(Vec::len).sum();
        elements.sort_unstable();
        assert!(set.to_der().ends_with(&elements.concat()));
        assert!(whole > 0 && file.len() > whole);
        read += 1;
    }
    assert!(read >= 30, "only {read} sets read");
}

#[test]
fn data_groups() {
    let Some(folder) = folder() else { return };
    let lds = |name: &str| fs::read(folder.join("lds").join(name)).unwrap();
    assert_eq!(Com::parse(&lds("com_doc9303.bin")).unwrap().lds_version, "0107");
    assert_eq!(Com::parse(&lds("com_lds18.bin")).unwrap().lds_version, "0108");
    assert_eq!(dg1::parse(&lds("dg1_td1_persosim_default.bin")).unwrap().name().primary, "MUSTERMANN");
    // A control character follows the zone.
    assert_eq!(dg1::parse(&lds("dg1_td2_a.bin")).unwrap().wrong_check_digits(), []);
    let dg13 = Dg13::parse(&lds("dg13_vn_third_party_test.bin")).unwrap();
    assert_eq!(dg13.data.full_name.as_deref(), Some("NGUYEN VAN ANH"));
    assert_eq!(dg13.version, 0);
    for name in ["dg11_doc9303_smith.bin", "dg16_doc9303_two_persons.bin", "dg7_jpeg2000_signature.bin"] {
        let file = lds(name);
        assert_eq!(tlv::length_from_header(&file), Some(file.len()), "{name}");
        assert!(tlv::walk(&file).is_ok(), "{name}");
    }
}

#[test]
fn faces() {
    let Some(folder) = folder() else { return };
    let read = |name: &str| fs::read(folder.join("biometrics").join(name)).unwrap();
    let dg2 = Dg2::parse(&read("iso19794-5/dg2_bsi_erika_mustermann_jp2.bin")).unwrap();
    let face = dg2.portrait().unwrap();
    // The record claims 337 × 449; the image in it is larger.
    assert_eq!((face.format, face.width, face.height), (ImageFormat::Jpeg2000, 413, 531));
    let bare = dg2::parse_record(&read("iso19794-5/face_record_test1.bin")).unwrap();
    assert_eq!((bare.len(), bare[0].width, bare[0].height), (1, 148, 70));
    assert_eq!(bare[0].bytes, read("iso19794-5/face_record_test1_expected.jpg"));
    let other = Dg2::parse(&read("iso39794-5/dg2_silver_mandatory_fields.bin")).unwrap();
    assert!(matches!(other.instances.as_slice(), [BiometricInstance::Other(_)]));
    for (name, format) in [("jpg", ImageFormat::Jpeg), ("jp2", ImageFormat::Jpeg2000)] {
        let image = FaceImage::from_file(read(&format!("portraits/pd_astronaut_413x531.{name}"))).unwrap();
        assert_eq!((image.format, image.width, image.height), (format, 413, 531));
    }
    assert!(FaceImage::from_file(read("portraits/pd_astronaut_413x531.png")).is_err());
}
