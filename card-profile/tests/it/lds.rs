//! The files of the LDS against vectors of their standards.

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::parse_vietnamese_expiry;
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg2::{self, Dg2, FaceImage, FaceRecord, ImageFormat, NotAnImage};
use cccd_card_profile::lds::dg13::{Dg13, NationalData};
use cccd_card_profile::lds::public_key::{self, CurveParameters, PublicKey, PublicKeyInfo};
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos, oid};
use cccd_card_profile::lds::sod::{self, DigestAlgorithm, HashCheck, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, LdsError, QuirkKind, card_access, dg1, dg3, dg14, dg15};
use cccd_card_profile::tlv::{self, Reader, TlvError, Writer};
use cccd_card_profile::validity::Expiry;

use crate::support::{hex_bytes, jp2, jpeg, nguyen_van_an};

const PROFILE: [DataGroupNumber; 6] = [
    DataGroupNumber::DG1,
    DataGroupNumber::DG2,
    DataGroupNumber::DG3,
    DataGroupNumber::DG13,
    DataGroupNumber::DG14,
    DataGroupNumber::DG15,
];

fn dg13_vector() -> Vec<u8> {
    hex_bytes(include_str!("../../vectors/lds/dg13-nguyen-van-an.hex"))
}

#[test]
fn ef_com_lists_the_profile() {
    let vector = hex_bytes(include_str!("../../vectors/lds/ef-com.hex"));
    let com = Com::new(&PROFILE);
    assert_eq!(com.to_bytes(), vector);
    assert_eq!(Com::parse(&vector), Ok(com.clone()));
    assert_eq!(com.data_groups(), PROFILE);
    assert!(com.unknown_tags().is_empty());
    assert_eq!(Com { tags: vec![0x61, 0x5F], ..com }.unknown_tags(), [0x5F]);
}

#[test]
fn ef_card_access_is_that_of_the_cards_in_use() {
    let vector = hex_bytes(include_str!("../../vectors/lds/ef-card-access-cccd.hex"));
    let infos = card_access::cccd(card_access::BRAINPOOL_P256R1);
    assert_eq!(card_access::to_bytes(&infos), vector);
    let read = card_access::parse(&vector).unwrap();
    assert_eq!(read, infos);
    assert_eq!(read.pace().next().unwrap().parameter_id, Some(13));
    assert!(read.offers_terminal_authentication());

    let padded = [vector.as_slice(), &[0; 8]].concat();
    assert_eq!(card_access::parse(&padded), Ok(infos));
}

#[test]
fn dg1_holds_the_zone() {
    let zone = nguyen_van_an().mrz().unwrap();
    let file = dg1::to_bytes(&zone);
    assert_eq!(&file[..5], &[0x61, 0x5D, 0x5F, 0x1F, 0x5A]);
    assert_eq!(dg1::parse(&file), Ok(zone));
    assert!(matches!(dg1::parse(&file[..90]), Err(LdsError::Tlv(TlvError::CutShort { offset: 0 }))));
}

#[test]
fn dg2_carries_a_portrait_of_either_format() {
    for (bytes, format) in [(jpeg(), ImageFormat::Jpeg), (jp2(), ImageFormat::Jpeg2000)] {
        let portrait = FaceImage::from_file(bytes).unwrap();
        assert_eq!((portrait.format, portrait.width, portrait.height), (format, 413, 531));
        let file = dg2::to_bytes(&portrait).unwrap();
        let read = Dg2::parse(&file).unwrap();
        assert_eq!((read.claimed_instances, read.quirks.as_slice()), (1, [].as_slice()));
        assert_eq!(read.portrait(), Some(&portrait));
    }
}

#[test]
fn dg2_header_is_that_of_the_standard() {
    let portrait = FaceImage::from_file(jpeg()).unwrap();
    let length = u8::try_from(portrait.bytes.len()).unwrap();
    let file = dg2::to_bytes(&portrait).unwrap();
    let template = Reader::new(&file).expect(0x75).unwrap().nested().unwrap().expect(0x7F61).unwrap();
    let mut template = template.nested().unwrap();
    assert_eq!(template.expect(0x02).unwrap().value, [1]);
    let mut template = template.expect(0x7F60).unwrap().nested().unwrap();
    let header = template.expect(0xA1).unwrap();
    assert_eq!(header.raw, hex_bytes("A10E 810102 820100 87020101 88020008"));
    let record = template.expect(0x5F2E).unwrap().value;
    let expected = format!("46414300 30313000 000000{:02X} 0001 000000{:02X}", length + 46, length + 32);
    assert_eq!(record[..18], hex_bytes(&expected));
    // No feature points; full frontal, JPEG, 413 × 531, RGB 24, static photograph.
    assert_eq!(
        record[18..46],
        hex_bytes("0000 000000 000000 0000 000000 000000 01 00 019D 0213 01 01 0000 0000")
    );
    assert_eq!(record[46..], portrait.bytes);
}

#[test]
fn dg2_with_several_instances_and_other_formats() {
    let portrait = FaceImage::from_file(jpeg()).unwrap();
    let one = dg2::to_bytes(&portrait).unwrap();
    let group = Reader::new(&one).expect(0x75).unwrap().nested().unwrap().expect(0x7F61).unwrap();
    let template = group.nested().unwrap().find(0x7F60).unwrap().unwrap().raw;
    let mut writer = Writer::new();
    writer.constructed(0x75, |dg2| {
        dg2.constructed(0x7F61, |group| {
            group.primitive(0x02, &[3]).raw(template).raw(template).constructed(0x7F60, |other| {
                other.constructed(0x7F2E, |record| {
                    record.primitive(0x80, b"39794");
                });
            });
        });
    });
    let read = Dg2::parse(&writer.into_bytes()).unwrap();
    assert_eq!((read.claimed_instances, read.instances.len(), read.faces().count()), (3, 3, 2));
    assert!(matches!(read.instances[2].record, FaceRecord::Other(_)));
    assert!(read.quirks.iter().any(|quirk| quirk.kind == QuirkKind::FormatNotRecognised));
}

#[test]
fn dg2_refuses_a_record_that_lies_about_its_length() {
    let file = dg2::to_bytes(&FaceImage::from_file(jpeg()).unwrap()).unwrap();
    let record = file.windows(4).position(|window| window == b"FAC\0").unwrap();
    for (position, what) in [(record + 11, "facial record length"), (record + 17, "facial block")] {
        let mut forged = file.clone();
        forged[position] ^= 0x80;
        match Dg2::parse(&forged) {
            Err(LdsError::Value { what: said, .. }) => assert_eq!(said, what),
            other => panic!("{other:?}"),
        }
    }
    let huge = FaceImage { format: ImageFormat::Jpeg, bytes: vec![], width: 70_000, height: 1 };
    assert_eq!(dg2::to_bytes(&huge), Err(NotAnImage::TooLarge));
}

#[test]
fn dg3_without_an_instance() {
    let file = dg3::empty(&[0xA5; 16]);
    assert_eq!(file, hex_bytes("6318 7F6115 020100 5310 A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"));
    assert_eq!(dg3::instance_count(&file), Ok(0));
}

#[test]
fn dg13_vector_decodes_and_encodes_identically() {
    let vector = dg13_vector();
    assert_eq!(vector.len(), 396);
    let dg13 = Dg13::parse(&vector).unwrap();
    assert_eq!(dg13.version, 1);
    assert_eq!((dg13.unknown.len(), dg13.duplicates.len()), (0, 0));
    assert_eq!(dg13.data, nguyen_van_an().national_data());
    assert_eq!(dg13.data.to_bytes(), vector);
    assert_eq!(dg13.data.chip_id.as_deref(), Some("0123456789ABCDEF"));
    assert_eq!(dg13.data.mother.as_deref(), Some("Trần Thị Mẹ"));
}

/// A DG13 of the given fields, as data objects.
fn dg13_of(fields: &[Vec<u8>]) -> Vec<u8> {
    let fields = tlv::encode(0x31, &fields.concat());
    let content = [hex_bytes("020101 0606 28D316010008"), fields].concat();
    tlv::encode(0x6D, &tlv::encode(0x30, &content))
}

fn field(number: u8, value: &[u8]) -> Vec<u8> {
    tlv::encode_all(0x30, &[&[0x02, 0x01, number], value])
}

#[test]
fn dg13_reads_both_shapes_of_the_parents() {
    let (father, mother) = (tlv::encode(0x0C, b"Cha"), tlv::encode(0x0C, "Mẹ".as_bytes()));
    let per_parent = field(13, &[tlv::encode(0x30, &father), tlv::encode(0x30, &mother)].concat());
    let together = field(13, &tlv::encode(0x30, &[father.clone(), mother.clone()].concat()));
    let bare = field(13, &[father.clone(), mother.clone()].concat());
    for shape in [per_parent, together, bare] {
        let data = Dg13::parse(&dg13_of(&[shape])).unwrap().data;
        assert_eq!((data.father.as_deref(), data.mother.as_deref()), (Some("Cha"), Some("Mẹ")));
    }
    for no_father in [tlv::encode(0x30, &[]), tlv::encode(0x30, &[0x0C, 0x00])] {
        let value = [no_father, tlv::encode(0x30, &mother)].concat();
        let data = Dg13::parse(&dg13_of(&[field(13, &value)])).unwrap().data;
        assert_eq!((data.father.as_deref(), data.mother.as_deref()), (None, Some("Mẹ")));
    }
}

#[test]
fn dg13_keeps_a_single_parent_in_the_right_place() {
    let data = NationalData { mother: Some("Mẹ".to_owned()), ..NationalData::default() };
    assert_eq!(Dg13::parse(&data.to_bytes()).unwrap().data, data);
    let data = NationalData { father: Some("Cha".to_owned()), ..NationalData::default() };
    assert_eq!(Dg13::parse(&data.to_bytes()).unwrap().data, data);
}

#[test]
fn dg13_reads_all_three_forms_of_an_empty_field() {
    let name = field(2, &tlv::encode(0x0C, b"An"));
    for empty in
        [vec![field(15, &[]), name.clone()], vec![field(15, &[0x13, 0x00]), name.clone()], vec![name]]
    {
        let dg13 = Dg13::parse(&dg13_of(&empty)).unwrap();
        assert_eq!(dg13.data.old_number, None);
        assert_eq!(dg13.data.full_name.as_deref(), Some("An"));
        assert!(dg13.unknown.is_empty());
    }
}

#[test]
fn dg13_keeps_what_it_does_not_know_and_reports_duplicates() {
    let unknown = field(17, &tlv::encode(0x0C, b"new"));
    let odd = field(4, &[0x01, 0x01, 0xFF]);
    let dg13 = Dg13::parse(&dg13_of(&[
        field(1, &tlv::encode(0x13, b"first")),
        field(1, &tlv::encode(0x13, b"second")),
        odd.clone(),
        unknown.clone(),
    ]))
    .unwrap();
    assert_eq!(dg13.unknown, [(4, odd), (17, unknown)]);
    assert_eq!(dg13.duplicates, [1]);
    assert_eq!(dg13.data.number.as_deref(), Some("first"));
    let shown = format!("{dg13:?}");
    assert!(!shown.contains("first") && !shown.contains("new"), "{shown}");
}

#[test]
fn dg13_lengths_beyond_127() {
    let long = "Ấp Mẫu, ".repeat(40);
    let data = NationalData { residence: Some(long), ..nguyen_van_an().national_data() };
    let file = data.to_bytes();
    assert_eq!(Dg13::parse(&file).unwrap().data, data);
    let address = tlv::encode(0x0C, "x".repeat(128).as_bytes());
    assert_eq!(&address[..3], &[0x0C, 0x81, 0x80]);
}

#[test]
fn dg13_field_types() {
    let never = NationalData { expiry: Some("Không thời hạn".to_owned()), ..NationalData::default() };
    let read = Dg13::parse(&never.to_bytes()).unwrap().data;
    assert_eq!(parse_vietnamese_expiry(&read.expiry.unwrap()), Some(Expiry::Never));
    // A value that PrintableString cannot hold goes out as UTF8String instead of as broken DER.
    let odd = NationalData { chip_id: Some("số_1".to_owned()), ..NationalData::default() };
    let file = odd.to_bytes();
    assert_eq!(Dg13::parse(&file).unwrap().data, odd);
    assert!(file.windows(2).any(|window| window == [0x0C, 0x06]));
}

#[test]
fn dg14_reads_every_info_and_keeps_unknown_ones() {
    let vector = hex_bytes(include_str!("../../vectors/lds/dg14-ecdsa.hex"));
    let infos = dg14::parse(&vector).unwrap();
    assert_eq!(infos.infos.len(), 4);
    assert_eq!(infos.chip_authentication().next().unwrap().version, 1);
    assert_eq!(infos.active_authentication().unwrap().signature_algorithm, oid::ECDSA_PLAIN_SHA256);
    let unknown = infos.infos.iter().filter(|info| matches!(info, SecurityInfo::Unknown { .. })).count();
    assert_eq!(unknown, 1);
    assert_eq!(dg14::to_bytes(&infos), vector);
}

#[test]
fn dg14_is_a_der_set() {
    let point = [&[0x04][..], &[0x11; 64]].concat();
    let key = PublicKeyInfo::ec(public_key::BRAINPOOL_P256R1, &point).unwrap();
    let mut infos = card_access::cccd(card_access::BRAINPOOL_P256R1);
    infos.infos.insert(0, SecurityInfo::chip_authentication_ecdh_key(key.as_der().to_vec(), Some(1)));
    infos.infos.push(SecurityInfo::active_authentication(oid::ECDSA_PLAIN_SHA256));
    let file = dg14::to_bytes(&infos);
    let set = Reader::new(&file).expect(0x6E).unwrap().nested().unwrap().expect(0x31).unwrap();
    let elements: Vec<&[u8]> = set.nested().unwrap().map(|element| element.unwrap().raw).collect();
    assert!(elements.is_sorted());
    let read = dg14::parse(&file).unwrap();
    assert_eq!(read.infos.len(), infos.infos.len());
    assert!(infos.infos.iter().all(|info| read.infos.contains(info)));
    assert_eq!(read.chip_authentication_keys().next().unwrap().public_key, key.as_der());
}

#[test]
fn a_malformed_info_does_not_hide_the_others() {
    let good = SecurityInfo::pace_ecdh_gm_aes_128(13);
    // PACEInfo without its version; a version of five bytes; not even a sequence
    for bad in ["300C060A04007F00070202040202", "3014060A04007F000702020402020206010000000002", "0401AA"] {
        let set = tlv::encode(0x31, &[hex_bytes(bad), good.to_der()].concat());
        let infos = SecurityInfos::parse(&set).unwrap();
        assert!(matches!(infos.infos[0], SecurityInfo::Unknown { .. }), "{bad}");
        assert_eq!(infos.pace().count(), 1);
    }
}

#[test]
fn an_info_that_is_ber_but_not_der_is_still_read() {
    // parameterId 13 in two bytes
    let set = hex_bytes("3115 3013 060A04007F00070202040202 020102 0202000D");
    let infos = SecurityInfos::parse(&set).unwrap();
    assert_eq!(infos.pace().next().unwrap().parameter_id, Some(13));
}

#[test]
fn dg15_rsa_and_ec() {
    let mut modulus = vec![0xC1; 256];
    modulus.insert(0, 0);
    let rsa = PublicKeyInfo::rsa(&modulus, &[0x01, 0x00, 0x01]).unwrap();
    let file = dg15::to_bytes(&rsa);
    assert_eq!(&file[..8], &[0x6F, 0x82, 0x01, 0x26, 0x30, 0x82, 0x01, 0x22]);
    let read = dg15::parse(&file).unwrap();
    assert_eq!(read, rsa);
    assert_eq!(read.key().rsa_bits(), Some(2048));
    assert_eq!(read.key(), &PublicKey::Rsa { modulus: vec![0xC1; 256], exponent: vec![0x01, 0x00, 0x01] });

    let point = [&[0x04][..], &[0x22; 64]].concat();
    let ec = PublicKeyInfo::ec(public_key::SECP256R1, &point).unwrap();
    let read = dg15::parse(&dg15::to_bytes(&ec)).unwrap();
    assert_eq!(read.key(), &PublicKey::Ec { curve: CurveParameters::Named(public_key::SECP256R1), point });
    assert!(dg15::parse(&hex_bytes("6F05 3003 020101")).is_err());
}

#[test]
fn atr_info_tells_the_buffers() {
    let info = AtrInfo::extended(32_767, 65_538);
    let file = info.to_bytes();
    assert_eq!(file, hex_bytes("4703 940160 7F66 09 0202 7FFF 0203 010002"));
    assert_eq!(AtrInfo::parse(&file), Ok(info));
    // Doc 9303-10 §3.11.1: a filled file, other data objects between
    let foreign = hex_bytes("43 01 B8 47 03 9401E0 7F66 08 0202 03E8 0202 03E8 9000 00 00");
    let read = AtrInfo::parse(&foreign).unwrap();
    assert_eq!((read.extended_length, read.command_chaining), (true, true));
    assert_eq!((read.max_command, read.max_response), (Some(1000), Some(1000)));
    assert_eq!(AtrInfo::parse(&[]), Ok(AtrInfo::default()));
}

fn files() -> BTreeMap<DataGroupNumber, Vec<u8>> {
    BTreeMap::from([(DataGroupNumber::DG1, b"one".to_vec()), (DataGroupNumber::DG13, b"thirteen".to_vec())])
}

#[test]
fn lds_security_object_is_the_asn1_of_the_standard() {
    let object = LdsSecurityObject::new(DigestAlgorithm::Sha256, &files()).unwrap();
    let expected = hex_bytes(
        "3060 020100 300B 0609608648016503040201 304E
        3025 020101 0420 7692C3AD3540BB803C020B3AEE66CD8887123234EA0C6E7143C0ADD73FF431ED
        3025 02010D 0420",
    );
    let der = object.as_der();
    assert_eq!((der.len(), &der[..expected.len()]), (98, expected.as_slice()));
    assert_eq!(LdsSecurityObject::from_der(der).as_ref(), Ok(&object));
    assert_eq!(object.data_groups(), [DataGroupNumber::DG1, DataGroupNumber::DG13]);
}

#[test]
fn lds_security_object_checks_files() {
    for algorithm in [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha224,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        assert_eq!(DigestAlgorithm::from_oid(algorithm.oid()), algorithm);
        let object = LdsSecurityObject::new(algorithm, &files()).unwrap();
        assert_eq!(object.check(DataGroupNumber::DG1, b"one"), HashCheck::Matches);
        assert_eq!(object.check(DataGroupNumber::DG1, b"0ne"), HashCheck::Differs);
        assert_eq!(object.check(DataGroupNumber::DG2, b"one"), HashCheck::NotListed);
    }
    let unknown = DigestAlgorithm::Unknown(oid::ID_TA);
    assert_eq!(LdsSecurityObject::new(unknown, &files()), None);
}

#[test]
fn lds_security_object_with_version_info() {
    let object = LdsSecurityObject::new(DigestAlgorithm::Sha256, &files())
        .and_then(|object| object.with_version_info("0108", "040000"))
        .unwrap();
    let read = LdsSecurityObject::from_der(object.as_der()).unwrap();
    assert_eq!((read.version(), read.version_info()), (1, Some(("0108", "040000"))));
}

#[test]
fn lds_security_object_reports_duplicates_and_impossible_numbers() {
    let hash = |number: u8| [&[0x30, 0x25, 0x02, 0x01, number, 0x04, 0x20][..], &[number; 32]].concat();
    let hashes = [hash(1), hash(1), hash(2), hash(17)].concat();
    let algorithm = hex_bytes("300D 0609608648016503040201 0500");
    let content = [hex_bytes("020100"), algorithm, tlv::encode(0x30, &hashes)].concat();
    let object = LdsSecurityObject::from_der(&tlv::encode(0x30, &content)).unwrap();
    assert_eq!(object.duplicates(), [1]);
    assert_eq!(object.impossible_numbers(), [17]);
    assert_eq!(object.check(DataGroupNumber::DG1, b"x"), HashCheck::Ambiguous);
    assert_eq!(object.hashes().count(), 4);
}

#[test]
fn ef_sod_frame() {
    let file = sod::ef_sod(&[0x30, 0x00]);
    assert_eq!(file, [0x77, 0x02, 0x30, 0x00]);
    assert_eq!(sod::content_info(&file), Ok(&[0x30, 0x00][..]));
    assert!(sod::content_info(&file[..3]).is_err());
}
