//! The data groups that a CCCD does not carry, and the records of biometrics, against their clauses.

use cccd_card_profile::file_system::Aid;
use cccd_card_profile::lds::cbeff::BiometricHeader;
use cccd_card_profile::lds::dg2::{BiometricInstance, Dg2, FaceImage, FaceRecord};
use cccd_card_profile::lds::dg3::{Dg3, FingerInstance, FingerprintRecord};
use cccd_card_profile::lds::dg4::{Dg4, EyeRecord, IrisInstance};
use cccd_card_profile::lds::dg11::Dg11;
use cccd_card_profile::lds::dg12::Dg12;
use cccd_card_profile::lds::dg16::{Dg16, PersonToNotify};
use cccd_card_profile::lds::dir::Dir;
use cccd_card_profile::lds::displayed_image::{DisplayedImage, DisplayedImages};
use cccd_card_profile::lds::iso19794::finger::{FingerImage, FingerRecord};
use cccd_card_profile::lds::iso19794::iris::{Eye, IrisImage, IrisRecord};
use cccd_card_profile::lds::iso39794::face::FaceImageData;
use cccd_card_profile::lds::iso39794::finger::{FingerImageData, FingerRepresentation};
use cccd_card_profile::lds::iso39794::{CaptureDateTime, Quality, VersionBlock};
use cccd_card_profile::lds::opaque::OpaqueGroup;
use cccd_card_profile::lds::{
    DataGroup, DataGroupNumber, EncodeError, KeyGroup, LdsError, NationalGroup, QuirkKind, RawObject,
    card_access, card_security, name_parts,
};
use cccd_card_profile::tlv::{self, Reader};

use crate::support::{hex_bytes, jp2, jpeg, nguyen_van_an};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn quirks(group: &DataGroup) -> Vec<QuirkKind> {
    group.quirks().iter().map(|quirk| quirk.kind).collect()
}

/// One good file of each number.
pub(crate) fn all_groups() -> Vec<DataGroup> {
    let portrait = || FaceImage::from_file(jpeg()).unwrap();
    let picture = || DisplayedImages::of(vec![DisplayedImage(jpeg())]);
    let features = |content: &[u8]| OpaqueGroup {
        claimed: Some(1),
        objects: vec![RawObject { tag: 0x53, raw: tlv::encode(0x53, content) }],
        ..OpaqueGroup::default()
    };
    vec![
        DataGroup::Dg1(nguyen_van_an().mrz().unwrap()),
        DataGroup::Dg2(Dg2::of(BiometricInstance::iso39794(portrait()))),
        DataGroup::Dg3(Dg3::of(vec![
            FingerInstance::iso19794(0x09, FingerRecord::wsq(vec![finger(2)])),
            FingerInstance::iso39794(0x0A, finger_data()),
        ])),
        DataGroup::Dg4(Dg4::of(vec![IrisInstance::iso19794(1, iris())])),
        DataGroup::Dg5(picture()),
        DataGroup::Dg6(OpaqueGroup { claimed: None, ..features(b"reserved") }),
        DataGroup::Dg7(picture()),
        DataGroup::Dg8(features(b"data")),
        DataGroup::Dg9(features(b"structure")),
        DataGroup::Dg10(features(b"substance")),
        DataGroup::Dg11(Box::new(dg11())),
        DataGroup::Dg12(Box::new(dg12())),
        DataGroup::Dg13(NationalGroup::Other(b"\x04\x02of".to_vec())),
        DataGroup::Dg14(card_access::cccd(card_access::BRAINPOOL_P256R1)),
        DataGroup::Dg15(KeyGroup::Key(
            cccd_card_profile::lds::public_key::PublicKeyInfo::rsa(&[0xC1; 128], &[1, 0, 1]).unwrap(),
        )),
        DataGroup::Dg16(Dg16::of(vec![smith(), PersonToNotify::default()])),
    ]
}

fn finger(position: u8) -> FingerImage {
    FingerImage {
        position,
        views: 1,
        view: 1,
        quality: 100,
        impression: 0,
        width: 620,
        height: 620,
        data: b"\xFF\xA0wsq".to_vec(),
    }
}

fn finger_data() -> FingerImageData {
    let mut finger = FingerRepresentation::wsq(7, b"\xFF\xA0wsq".to_vec());
    finger.captured = Some(CaptureDateTime { parts: [Some(2026), Some(11), None, None, None, None, None] });
    finger.quality = vec![
        Quality { organization: 257, algorithm: 1, score: Some(87) },
        Quality { organization: 257, algorithm: 2, score: None },
    ];
    FingerImageData { version: VersionBlock::FIRST, representations: vec![finger] }
}

fn iris() -> IrisRecord {
    let image =
        IrisImage { number: 1, quality: 0x33, rotation: 0xFFFF, rotation_uncertainty: 0xFFFF, data: jp2() };
    IrisRecord {
        capture_device: 0,
        properties: 0,
        diameter: 150,
        image_format: 16,
        width: 163,
        height: 149,
        intensity_depth: 24,
        transformation: 0,
        device_id: [0; 16],
        eyes: vec![Eye { subtype: 1, images: vec![image] }],
    }
}

/// The example of Doc 9303-10 §4.7.11, with other names.
fn dg11() -> Dg11 {
    Dg11 {
        full_name: text("SMITH<<JOHN<J"),
        other_names: vec!["SMITH<<JACK".to_owned(), "J<<JJ".to_owned()],
        birth_date: text("19700101"),
        place_of_birth: text("ANYTOWN<MN"),
        address: text("123 MAPLE RD<ANYTOWN<MN"),
        telephone: text("16125551212"),
        profession: text("TRAVEL<AGENT"),
        ..Dg11::default()
    }
}

fn dg12() -> Dg12 {
    Dg12 {
        issuing_authority: text("UNITED STATES OF AMERICA"),
        issue_date: text("20020531"),
        other_persons: vec!["SMITH<<BRENDA<P".to_owned()],
        personalized_at: text("20020531120000"),
        ..Dg12::default()
    }
}

fn smith() -> PersonToNotify {
    PersonToNotify {
        recorded: text("20020101"),
        name: text("SMITH<<CHARLES<R"),
        telephone: text("19525551212"),
        address: text("123 MAPLE RD<ANYTOWN<MN<55100"),
    }
}

#[test]
fn every_number_reads_back_what_was_written() {
    let groups = all_groups();
    assert_eq!(groups.len(), 16);
    for (group, number) in groups.iter().zip(DataGroupNumber::all()) {
        let file = group.to_bytes().unwrap();
        assert_eq!((group.number(), u32::from(file[0])), (number, number.tag()));
        let read = DataGroup::parse(number, &file).unwrap();
        let expected: &[QuirkKind] = match number.value() {
            13 => &[QuirkKind::FormatNotRecognised],
            _ => &[],
        };
        assert_eq!(quirks(&read), expected, "{number}");
        // Quirks aside, what is read is what was written.
        if number != DataGroupNumber::DG14 {
            assert_eq!(&read, group);
        }
        assert_eq!(read.to_bytes().unwrap(), file, "{number}");
        let other = DataGroupNumber::new(u32::from(number.value()) % 16 + 1).unwrap();
        assert!(DataGroup::parse(other, &file).is_err(), "{number} is no {other}");
    }
}

#[test]
fn dg11_of_the_standard() {
    // Doc 9303-10 §4.7.11, example.
    let file = hex_bytes(
        "6B60 5C0A5F0E5F115F425F125F13 5F0E0D534D4954483C3C4A4F484E3C4A 5F110A414E59544F574E3C4D4E \
         5F4217313233204D41504C452052443C414E59544F574E3C4D4E 5F120B3136313235353531323132 5F130C54524156454C3C4147454E54",
    );
    let dg11 = Dg11::parse(&file).unwrap();
    assert_eq!(dg11.quirks, []);
    assert_eq!(name_parts(dg11.full_name.as_deref().unwrap()), ("SMITH".to_owned(), "JOHN J".to_owned()));
    assert_eq!(dg11.address.as_deref(), Some("123 MAPLE RD<ANYTOWN<MN"));
    assert_eq!(dg11.to_bytes().unwrap(), file);
    assert!(!format!("{dg11:?}").contains("SMITH"));
}

#[test]
fn what_is_odd_in_dg11_is_read_and_told() {
    let kinds = |file: &str| {
        let dg11 = Dg11::parse(&hex_bytes(file)).unwrap();
        (dg11.clone(), dg11.quirks.iter().map(|quirk| quirk.kind).collect::<Vec<_>>())
    };
    // Binary coded decimals for a date of birth.
    let (dg11, quirks) = kinds("6B0B 5C025F2B 5F2B0419701201");
    assert_eq!(
        (dg11.birth_date.as_deref(), quirks.as_slice()),
        (Some("19701201"), [QuirkKind::DateAsBcd].as_slice())
    );
    // A date of six digits.
    let (dg11, quirks) = kinds("6B0D 5C025F2B 5F2B06373031323031");
    assert_eq!(
        (dg11.birth_date.as_deref(), quirks.as_slice()),
        (Some("701201"), [QuirkKind::DateOfOtherForm].as_slice())
    );
    // An empty name.
    let (dg11, quirks) = kinds("6B07 5C025F0E 5F0E00");
    assert_eq!(
        (dg11.full_name.as_deref(), quirks.as_slice()),
        (Some(""), [QuirkKind::EmptyValue].as_slice())
    );
    // No tag list; a tag list of something else; other names without their template; ISO/IEC 8859-1; a name twice.
    assert_eq!(kinds("6B04 5F0E0141").1, [QuirkKind::TagListMissing]);
    assert_eq!(kinds("6B08 5C025F11 5F0E0141").1, [QuirkKind::TagListDiffers]);
    let (dg11, quirks) = kinds("6B08 5C025F0F 5F0F0141");
    assert_eq!(
        (dg11.other_names.as_slice(), quirks.as_slice()),
        (["A".to_owned()].as_slice(), [QuirkKind::OutsideTemplate].as_slice())
    );
    let (dg11, quirks) = kinds("6B09 5C025F0E 5F0E0241FC");
    assert_eq!(
        (dg11.full_name.as_deref(), quirks.as_slice()),
        (Some("Aü"), [QuirkKind::TextNotUtf8].as_slice())
    );
    assert_eq!(kinds("6B0C 5C025F0E 5F0E0141 5F0E0142").1, [QuirkKind::Repeated]);
    // A private tag is kept and written back.
    let file = hex_bytes("6B0C 5C045F0E5F77 5F0E0141 5F770142");
    let dg11 = Dg11::parse(&[&file[..1], &[0x0E], &file[2..]].concat()).unwrap();
    assert_eq!((dg11.unknown.len(), dg11.quirks[0].kind), (1, QuirkKind::UnknownObject));
    // The template of other names counts wrongly.
    assert_eq!(kinds("6B0D 5C025F0F A007 020102 5F0F0141").1, [QuirkKind::CountDiffers]);
    assert!(matches!(Dg11::parse(&hex_bytes("6B03 5C015F")), Err(LdsError::Value { what: "tag list", .. })));
}

#[test]
fn dg12_dates_in_both_forms() {
    let bcd = Dg12::parse(&hex_bytes("6C17 5C045F265F55 5F260420180326 5F550720180326123456")).unwrap();
    assert_eq!(bcd.issue_date.as_deref(), Some("20180326"));
    assert_eq!(bcd.personalized_at.as_deref(), Some("20180326123456"));
    assert_eq!(bcd.quirks.iter().map(|quirk| quirk.kind).collect::<Vec<_>>(), [QuirkKind::DateAsBcd; 2]);
    // What is written is digits.
    let again = Dg12::parse(&bcd.to_bytes().unwrap()).unwrap();
    assert_eq!((again.issue_date, again.quirks.len()), (bcd.issue_date, 0));
}

#[test]
fn dg16_of_the_standard() {
    let file = Dg16::of(vec![smith()]).to_bytes().unwrap();
    assert_eq!(file[..12], hex_bytes("7051 020101 A14C 5F5008 3230"));
    let sixteen = Dg16::of(vec![smith(); 16]);
    assert_eq!(sixteen.to_bytes(), Err(EncodeError::TooMany { what: "persons to notify" }));
    let claims_two = [&file[..4], &[2], &file[5..]].concat();
    assert_eq!(Dg16::parse(&claims_two).unwrap().quirks[0].kind, QuirkKind::CountDiffers);
}

#[test]
fn the_face_of_iso_39794_5_has_the_bytes_of_its_schema() {
    let portrait = FaceImage::from_file(jpeg()).unwrap();
    let length = u8::try_from(portrait.bytes.len()).unwrap();
    let file = Dg2::of(BiometricInstance::iso39794(portrait.clone())).to_bytes().unwrap();
    let template = Reader::new(&file).expect(0x75).unwrap().nested().unwrap().expect(0x7F61).unwrap();
    let template = template.nested().unwrap().find(0x7F60).unwrap().unwrap();
    let mut template = template.nested().unwrap();
    assert_eq!(template.expect(0xA1).unwrap().raw, hex_bytes("A10E 810102 820100 87020101 8802002A"));
    let block = template.expect(0x7F2E).unwrap();
    // [APPLICATION 5] { version { 3, 2019 }, { SEQUENCE { id 0, base 2D { image …
    let image = |extra: u8| format!("80{length:02X}{}A1{extra:02X}", hex::encode_upper(&portrait.bytes));
    let information = "A003 800102 A708 8002019D 81020213";
    let head = "A0078001038102 07E3";
    let whole = hex::encode_upper(block.value);
    assert!(whole.contains(&hex::encode_upper(hex_bytes(head))), "{whole}");
    assert!(
        whole.ends_with(&hex::encode_upper(hex_bytes(&format!("{}{information}", image(15))))),
        "{whole}"
    );
    let read = Dg2::parse(&file).unwrap();
    assert_eq!((read.portrait(), read.quirks.as_slice()), (Some(&portrait), [].as_slice()));
}

#[test]
fn blocks_of_iso_39794_that_are_not_interpreted_are_written_back() {
    let mut data = FaceImageData::of_portrait(FaceImage::from_file(jpeg()).unwrap());
    let one = &mut data.representations[0];
    one.captured = Some(CaptureDateTime { parts: [Some(2026), Some(11), Some(25), None, None, None, None] });
    one.quality = vec![Quality { organization: 257, algorithm: 3, score: Some(100) }];
    // identityMetadataBlock [8] { gender [0] extensionBlock [1] { fallback [0] female } }, and an extension [20].
    let metadata = hex_bytes("A807 A005 A103 800103");
    one.other =
        vec![RawObject { tag: 0xA8, raw: metadata }, RawObject { tag: 0xB4, raw: hex_bytes("B403 800101") }];
    // lossyTransformationAttempts [3], and the kind of image as an extension with a fallback.
    one.information.other = vec![
        RawObject { tag: 0xA1, raw: hex_bytes("A105 A103 800100") },
        RawObject { tag: 0xA3, raw: hex_bytes("A303 800101") },
    ];
    one.information.kind = Some(0);
    let instance =
        BiometricInstance { header: BiometricHeader::new(2, 0, 0x2A), record: FaceRecord::Iso39794(data) };
    let dg2 = Dg2::of(instance);
    let file = dg2.to_bytes().unwrap();
    assert_eq!(Dg2::parse(&file), Ok(dg2));
}

#[test]
fn fields_of_iso_39794_out_of_order_or_repeated_are_refused() {
    let of = |representation: &str| {
        let representation = tlv::encode(0x30, &hex_bytes(representation));
        let block = [hex_bytes("A007 800103 810207E3"), tlv::encode(0xA1, &representation)].concat();
        FaceImageData::parse(&tlv::encode(0xA1, &tlv::encode(0x65, &block)))
    };
    let picture = "A10F A00D A00B 8004 FFD8FFE0 A103 800102";
    let good = "A110 A00E A00C 8003 FFD8FF A105 A003 800102";
    assert!(of(&format!("800100 {good}")).is_ok());
    for bad in [
        format!("{good} 800100"),
        format!("800100 800100 {good}"),
        "800100".to_owned(),
        format!("800100 {picture}"),
        format!("800100 {good} A200"),
        format!("800100 {good} A303 300102"),
    ] {
        assert!(of(&bad).is_err(), "{bad}");
    }
}

#[test]
fn records_that_lie_about_their_length_are_refused() {
    let fingers = Dg3::of(vec![FingerInstance::iso19794(9, FingerRecord::wsq(vec![finger(2), finger(7)]))]);
    let irises = Dg4::of(vec![IrisInstance::iso19794(1, iris())]);
    for (file, identifier, positions) in
        [(fingers.to_bytes().unwrap(), b"FIR\0", [13, 35]), (irises.to_bytes().unwrap(), b"IIR\0", [11, 57])]
    {
        let record = file.windows(4).position(|window| window == identifier).unwrap();
        for position in positions {
            let mut forged = file.clone();
            forged[record + position] ^= 0x40;
            let number = DataGroupNumber::from_tag(u32::from(file[0])).unwrap();
            assert!(DataGroup::parse(number, &forged).is_err(), "{number} at {position}");
        }
    }
}

#[test]
fn two_views_of_one_finger_count_as_one_finger_or_two_images() {
    let record = FingerRecord::wsq(vec![finger(2), FingerImage { view: 2, ..finger(2) }]);
    let file = Dg3::of(vec![FingerInstance::iso19794(9, record)]).to_bytes().unwrap();
    let count = file.windows(4).position(|window| window == b"FIR\0").unwrap() + 18;
    for (claimed, noted) in [(1, false), (2, false), (3, true)] {
        let mut file = file.clone();
        file[count] = claimed;
        let dg3 = Dg3::parse(&file).unwrap();
        assert_eq!(!dg3.quirks.is_empty(), noted);
        assert!(
            matches!(&dg3.instances[0].record, FingerprintRecord::Iso19794(record) if record.images.len() == 2)
        );
    }
    let file = Dg4::of(vec![IrisInstance::iso19794(1, iris())]).to_bytes().unwrap();
    assert!(matches!(Dg4::parse(&file).unwrap().instances[0].record, EyeRecord::Iso19794(_)));
}

#[test]
fn ef_dir_names_the_application() {
    let file = Dir::lds1().to_bytes();
    assert_eq!(file, hex_bytes("6109 4F07 A0000002471001"));
    assert!(Dir::parse(&file).unwrap().lists(&Aid::LDS1));
    // Other applications, a label, filling.
    let others = hex_bytes("6112 4F0D E80704007F00070302 00000000 5001 41 4F06 A00000020101 0000");
    let dir = Dir::parse(&others).unwrap();
    assert!(!dir.lists(&Aid::LDS1));
    assert_eq!((dir.applications[0].label.as_deref(), dir.identifiers.len()), (Some("A"), 1));
    assert_eq!(Dir::parse(&dir.to_bytes()), Ok(dir));
    assert!(Dir::parse(&hex_bytes("6103 5001 41")).is_err());
    assert!(Dir::parse(&hex_bytes("6104 4F02 A000")).is_err());
}

#[test]
fn ef_card_security_holds_security_infos_under_cms() {
    let infos = card_access::cccd(card_access::NIST_P256);
    let econtent = card_security::to_econtent(&infos);
    assert_eq!(card_security::parse(&econtent).unwrap().to_der(), econtent);
    let padded = [tlv::encode(0x30, b"signed"), vec![0; 4]].concat();
    assert_eq!(card_security::content_info(&padded).unwrap(), tlv::encode(0x30, b"signed"));
    assert!(card_security::content_info(&econtent).is_err());
}
