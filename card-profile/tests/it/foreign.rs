//! Cases of others, from the folder that `CCCD_FOREIGN_DATA` names; without it one line says that they were skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg2::{self, Dg2, FaceImage, FaceRecord, ImageFormat};
use cccd_card_profile::lds::dg3::FingerprintRecord;
use cccd_card_profile::lds::dg4::EyeRecord;
use cccd_card_profile::lds::dg13::Dg13;
use cccd_card_profile::lds::iso19794::finger::Compression;
use cccd_card_profile::lds::iso39794::face::FaceImageData;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::{DataGroup, DataGroupNumber, QuirkKind, card_access, dg1, dg14, dg15};
use cccd_card_profile::mrz::{CheckedField, Mrz};
use cccd_card_profile::protocol::private_key;
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

/// Every key of a DG14 or DG15 that we have is one to compute with.
#[test]
fn keys_of_real_files_are_read() {
    let Some(folder) = folder() else { return };
    let items = json(&folder.join("lds/securityinfos-dg14-dg15.json"));
    let mut files: Vec<(String, Vec<u8>)> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["kind"].as_str().unwrap().to_owned(), hex::decode(item["hex"].as_str().unwrap()).unwrap())
        })
        .collect();
    for name in ["DE", "FR", "SG"] {
        files.push(("DG14".into(), fs::read(folder.join(format!("sod/sod_real_{name}_DG14.bin"))).unwrap()));
    }
    let mut agreement = 0;
    let mut signature = 0;
    for (kind, file) in files {
        if kind == "DG14" {
            for key in dg14::parse(&file).unwrap().chip_authentication_keys() {
                let read = private_key::PublicKey::from_spki(&key.public_key).unwrap();
                assert!(read.element().is_some());
                agreement += 1;
            }
        } else if let ("DG15", Ok(info)) = (kind.as_str(), dg15::parse(&file)) {
            private_key::PublicKey::from_spki(info.as_der()).unwrap();
            signature += 1;
        }
    }
    assert!(agreement >= 5 && signature >= 3, "{agreement} and {signature} keys");
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
}

/// The group of a file, by its first byte, and the leniencies of reading it.
fn group(file: &[u8]) -> (DataGroup, Vec<QuirkKind>) {
    let number = DataGroupNumber::from_tag(u32::from(file[0])).unwrap();
    let group = DataGroup::parse(number, file).unwrap();
    let quirks = group.quirks().iter().map(|quirk| quirk.kind).collect();
    (group, quirks)
}

#[test]
fn every_data_group_case() {
    let Some(folder) = folder() else { return };
    let mut read = 0;
    for case in cases(&folder, "data-group") {
        assert_eq!(case["expected"], "parse", "{case}");
        let file = fs::read(folder.join(case["inputs"]["file"].as_str().unwrap())).unwrap();
        read += 1;
        if file[0] == 0x60 {
            let com = Com::parse(&file).unwrap();
            assert_eq!(com.to_bytes(), file);
            continue;
        }
        let (group, quirks) = group(&file);
        assert_eq!(quirks, [], "{case}");
        let written = group.to_bytes().unwrap();
        match case["id"].as_str().unwrap() {
            // A control character follows the zone, which is not written back.
            "lds/dg1_td2_a.bin" | "lds/dg1_td1_persosim_default.bin" => assert!(written.len() <= file.len()),
            // Its objects stand in the order of its own tag list, not of the clause.
            "lds/dg12_tester.bin" => {
                assert_eq!(DataGroup::parse(group.number(), &written).as_ref(), Ok(&group));
            }
            _ => assert_eq!(written, file, "{case}"),
        }
        let text = |tag: &str| {
            let tag = u32::from_str_radix(tag, 16).unwrap();
            match &group {
                DataGroup::Dg11(dg11) => dg11.text(tag).map(str::to_owned),
                DataGroup::Dg12(dg12) => dg12.text(tag).map(str::to_owned),
                other => panic!("no text in {other:?}"),
            }
        };
        for (tag, value) in case["fields"].as_object().into_iter().flatten() {
            if tag == "format" {
                let DataGroup::Dg1(zone) = &group else { panic!("{case}") };
                assert_eq!(format!("{:?}", zone.format()).to_uppercase(), value.as_str().unwrap());
            } else {
                assert_eq!(text(tag).as_deref(), value.as_str(), "{case}");
            }
        }
        match &group {
            DataGroup::Dg5(images) | DataGroup::Dg7(images) => {
                assert_eq!(images.images.len(), 1);
                assert_eq!(images.images[0].format(), Some(ImageFormat::Jpeg2000));
            }
            DataGroup::Dg16(persons) => {
                let names: Vec<_> = persons.persons.iter().map(|person| person.name.clone()).collect();
                assert_eq!(names, [Some("SMITH<<CHARLES<R".to_owned()), Some("BROWN<<MARY<J".to_owned())]);
            }
            _ => {}
        }
    }
    assert_eq!(read, 10);
}

#[test]
fn fingers_and_irises() {
    let Some(folder) = folder() else { return };
    let read = |name: &str| fs::read(folder.join("biometrics").join(name)).unwrap();
    let file = read("iso19794-4/dg3_bsi_two_fingers.bin");
    let (group_3, quirks) = group(&file);
    let DataGroup::Dg3(dg3) = &group_3 else { panic!("{group_3:?}") };
    assert_eq!((dg3.instances.len(), quirks.as_slice()), (2, [].as_slice()));
    for instance in &dg3.instances {
        let FingerprintRecord::Iso19794(record) = &instance.record else { panic!("{instance:?}") };
        assert_eq!((record.compression, record.image_resolution), (Compression::Wsq, (500, 500)));
        assert_eq!((record.images[0].width, record.images[0].height), (620, 620));
        assert!(record.images[0].data.starts_with(&[0xFF, 0xA0, 0xFF, 0xA4]));
    }
    assert_eq!(dg3.to_bytes().unwrap(), file);

    let file = read("iso19794-6/dg4_bsi_two_irises.bin");
    let (group_4, quirks) = group(&file);
    let DataGroup::Dg4(dg4) = &group_4 else { panic!("{group_4:?}") };
    assert_eq!((dg4.instances.len(), quirks.as_slice()), (2, [].as_slice()));
    for instance in &dg4.instances {
        let EyeRecord::Iso19794(record) = &instance.record else { panic!("{instance:?}") };
        assert_eq!((record.image_format, record.intensity_depth, record.eyes.len()), (16, 24, 1));
        assert_eq!(ImageFormat::of(&record.eyes[0].images[0].data), Some(ImageFormat::Jpeg2000));
    }
    assert_eq!(dg4.to_bytes().unwrap(), file);
}

#[test]
fn files_of_whole_documents_are_written_back_byte_for_byte() {
    let Some(folder) = folder() else { return };
    for (document, numbers) in [("bsi-tr03105-5-refdata-eac", [1, 2, 3, 4]), ("loes-2006-aa", [1, 2, 15, 15])]
    {
        for number in numbers {
            let file = fs::read(folder.join(format!("documents/{document}/EF_DG{number}.bin"))).unwrap();
            let number = DataGroupNumber::new(number).unwrap();
            let group = DataGroup::parse(number, &file).unwrap();
            // Where the record's fields and its image disagree, the image is what is written.
            let differs = group.quirks().iter().any(|quirk| quirk.kind == QuirkKind::ImageSizeDiffers);
            assert_eq!(
                group.to_bytes().unwrap() == file,
                !differs,
                "{document} {number} {:?}",
                group.quirks()
            );
        }
    }
}

fn cases(folder: &Path, kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let cases = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    cases.filter(|case| case["kind"] == kind).collect()
}

#[test]
fn every_zone_ends_as_expected() {
    let Some(folder) = folder() else { return };
    let specimens = json(&folder.join("mrz/mrz-specimens.json"));
    let cases = cases(&folder, "mrz");
    assert_eq!(cases.len(), 52);
    for case in cases {
        let item = &specimens["items"][usize::try_from(case["inputs"]["item"].as_u64().unwrap()).unwrap()];
        let lines: Vec<&str> =
            item["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let zone = Mrz::parse(&lines.join("\n")).unwrap_or_else(|error| panic!("{case} {item} {error}"));
        let expected = if zone.wrong_check_digits().is_empty() { "parse" } else { "check-digit-findings" };
        assert_eq!(case["expected"], expected, "{case} {item} {:?}", zone.wrong_check_digits());
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
    assert_eq!(dg2.quirks.iter().map(|quirk| quirk.kind).collect::<Vec<_>>(), [QuirkKind::ImageSizeDiffers]);
    let (bare, quirks) = dg2::parse_record(&read("iso19794-5/face_record_test1.bin")).unwrap();
    let image = &bare[0].image;
    assert_eq!((bare.len(), image.width, image.height), (1, 148, 70));
    assert_eq!(image.bytes, read("iso19794-5/face_record_test1_expected.jpg"));
    assert_eq!(bare[0].image_information.image_type, 2);
    // It says JPEG 2000 and holds JPEG.
    assert_eq!(quirks.iter().map(|quirk| quirk.kind).collect::<Vec<_>>(), [QuirkKind::ImageFormatDiffers]);
    for name in ["dg2_silver_mandatory_fields.bin", "icao_ap_dg2_mandatory_fields.dat"] {
        let file = read(&format!("iso39794-5/{name}"));
        let dg2 = Dg2::parse(&file).unwrap();
        let FaceRecord::Iso39794(data) = &dg2.instances[0].record else { panic!("{dg2:?}") };
        assert_eq!((data.version.generation, data.version.year), (3, 2019));
        assert_eq!(data.representations[0].information.format, Some(3));
        let face = dg2.portrait().unwrap();
        assert_eq!((face.format, face.width, face.height), (ImageFormat::Jpeg2000, 413, 531));
        assert_eq!(face.bytes, read("jp2/silver_portrait.jp2"));
        assert_eq!((dg2.quirks.as_slice(), dg2.to_bytes().unwrap()), ([].as_slice(), file));
    }
    let bare = FaceImageData::parse(&read("iso39794-5/icao_ap_mandatory_fields.dat")).unwrap().0;
    assert_eq!(bare.representations[0].image.bytes, read("jp2/silver_portrait.jp2"));
    for (name, format) in [("jpg", ImageFormat::Jpeg), ("jp2", ImageFormat::Jpeg2000)] {
        let image = FaceImage::from_file(read(&format!("portraits/pd_astronaut_413x531.{name}"))).unwrap();
        assert_eq!((image.format, image.width, image.height), (format, 413, 531));
    }
    assert!(FaceImage::from_file(read("portraits/pd_astronaut_413x531.png")).is_err());
}
