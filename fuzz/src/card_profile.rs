//! Bodies for what a card or a printed code sends.

use cccd_card_profile::apdu::{AnswerToReset, Command, Replay, Response};
use cccd_card_profile::lds::dg2::{BiometricInstance, Dg2, FaceImage, ImageFormat};
use cccd_card_profile::lds::dg3::{Dg3, FingerInstance};
use cccd_card_profile::lds::dg4::{Dg4, IrisInstance};
use cccd_card_profile::lds::dg11::Dg11;
use cccd_card_profile::lds::dg16::{Dg16, PersonToNotify};
use cccd_card_profile::lds::displayed_image::{DisplayedImage, DisplayedImages};
use cccd_card_profile::lds::iso19794::finger::{FingerImage, FingerRecord};
use cccd_card_profile::lds::iso19794::iris::{Eye, IrisImage, IrisRecord};
use cccd_card_profile::lds::iso39794::VersionBlock;
use cccd_card_profile::lds::iso39794::finger::{FingerImageData, FingerRepresentation};
use cccd_card_profile::lds::{
    DataGroup, DataGroupNumber, atr_info, card_access, card_security, com, dg1, dg3, dg13, dg14, dg15, dir,
    sod,
};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::{qr, tlv};

use crate::Body;

/// The synthetic person of every seed.
const DG13: &str = include_str!("../../card-profile/vectors/lds/dg13-nguyen-van-an.hex");
const DG14: &str = include_str!("../../card-profile/vectors/lds/dg14-ecdsa.hex");
const CARD_ACCESS: &str = include_str!("../../card-profile/vectors/lds/ef-card-access-cccd.hex");
const COM: &str = include_str!("../../card-profile/vectors/lds/ef-com.hex");
const MRZ: &str =
    "IDVNM0990000017079099000001<<7\n9901155M3901153VNM<<<<<<<<<<<6\nNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<";
const QR: &str =
    "079099000001|012345678|Nguyễn Văn An|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu|20042022";

/// All bodies of this room.
pub const BODIES: &[Body] = &[
    Body { name: "tlv", seeds: files, run: |bytes| ignore(tlv::walk(bytes)) },
    Body { name: "mrz", seeds: || vec![MRZ.into()], run: |bytes| text(bytes, |s| drop(Mrz::parse(s))) },
    Body {
        name: "qr",
        seeds: || vec![QR.into()],
        run: |bytes| text(bytes, |s| drop((qr::Qr2021::parse(s), PersonalNumber::parse(s)))),
    },
    Body { name: "dg1", seeds: dg1_seed, run: |bytes| drop(dg1::parse(bytes)) },
    Body { name: "dg2", seeds: faces, run: |bytes| drop(Dg2::parse(bytes)) },
    Body {
        name: "data-group",
        seeds: groups,
        run: |bytes| {
            let number = bytes.first().and_then(|tag| DataGroupNumber::from_tag(u32::from(*tag)));
            if let Some(group) = number.and_then(|number| DataGroup::parse(number, bytes).ok()) {
                drop((group.to_bytes(), group.quirks()));
            }
        },
    },
    Body {
        name: "ef-dir",
        seeds: || vec![dir::Dir::lds1().to_bytes()],
        run: |bytes| drop(dir::Dir::parse(bytes)),
    },
    Body {
        name: "ef-card-security",
        seeds: || hex(&[CARD_ACCESS]),
        run: |bytes| drop((card_security::content_info(bytes).is_ok(), card_security::parse(bytes))),
    },
    Body {
        name: "dg3",
        seeds: || vec![dg3::empty(&[7; 16])],
        run: |bytes| ignore(dg3::instance_count(bytes)),
    },
    Body { name: "dg13", seeds: || hex(&[DG13]), run: |bytes| drop(dg13::NationalData::parse(bytes)) },
    Body { name: "dg14", seeds: || hex(&[DG14]), run: |bytes| drop(dg14::parse(bytes)) },
    Body { name: "dg15", seeds: || hex(&[DG14]), run: |bytes| drop(dg15::parse(bytes)) },
    Body {
        name: "chip-key",
        seeds: chip_keys,
        run: |bytes| drop(cccd_card_profile::protocol::private_key::PublicKey::from_spki(bytes)),
    },
    Body { name: "group-element", seeds: elements, run: group_element },
    Body { name: "ef-com", seeds: || hex(&[COM]), run: |bytes| drop(com::Com::parse(bytes)) },
    Body {
        name: "ef-card-access",
        seeds: || hex(&[CARD_ACCESS]),
        run: |bytes| drop(card_access::parse(bytes)),
    },
    Body {
        name: "ef-atr-info",
        seeds: || vec![atr_info::AtrInfo::extended(65_535, 65_535).to_bytes()],
        run: |bytes| drop(atr_info::AtrInfo::parse(bytes)),
    },
    Body {
        name: "lds-security-object",
        seeds: || hex(&[DG13]),
        run: |bytes| drop((sod::LdsSecurityObject::from_der(bytes), sod::content_info(bytes))),
    },
    Body {
        name: "answer-to-reset",
        seeds: || hex(&["3B858001807384014056", "3BFA1800008131FE450031C073C4014007829000"]),
        run: |bytes| drop(AnswerToReset::parse(bytes).map(|atr| (atr.extended_length(), atr.protocols()))),
    },
    Body {
        name: "apdu-dump",
        seeds: || vec![b"# atr 3B00\n> 00B09C0000\n< 31009000\n# 24 ms\n> 00B0820000\n!\n".to_vec()],
        run: |bytes| text(bytes, |s| drop(Replay::parse(s))),
    },
    Body { name: "apdu", seeds: apdus, run: |bytes| drop((Command::parse(bytes), Response::parse(bytes))) },
];

fn text(bytes: &[u8], run: impl Fn(&str)) {
    run(&String::from_utf8_lossy(bytes));
}

fn files() -> Vec<Vec<u8>> {
    hex(&[DG13, DG14, CARD_ACCESS, COM])
}

fn dg1_seed() -> Vec<Vec<u8>> {
    Mrz::parse(MRZ).map(|mrz| dg1::to_bytes(&mrz)).into_iter().collect()
}

fn portrait() -> FaceImage {
    FaceImage { format: ImageFormat::Jpeg, bytes: vec![0xFF, 0xD8, 0xFF], width: 413, height: 531 }
}

fn faces() -> Vec<Vec<u8>> {
    let instances = [BiometricInstance::iso19794(portrait()), BiometricInstance::iso39794(portrait())];
    instances.into_iter().filter_map(|instance| Dg2::of(instance).to_bytes().ok()).collect()
}

fn groups() -> Vec<Vec<u8>> {
    let data = vec![0xFF, 0xA0];
    let finger = FingerImage {
        position: 2,
        views: 1,
        view: 1,
        quality: 100,
        impression: 0,
        width: 620,
        height: 620,
        data: data.clone(),
    };
    let fingers = FingerImageData {
        version: VersionBlock::FIRST,
        representations: vec![FingerRepresentation::wsq(2, data.clone())],
    };
    let iris = IrisImage { number: 1, quality: 50, rotation: 0, rotation_uncertainty: 0, data };
    let eyes = IrisRecord {
        capture_device: 0,
        properties: 0,
        diameter: 150,
        image_format: 16,
        width: 163,
        height: 149,
        intensity_depth: 24,
        transformation: 0,
        device_id: [0; 16],
        eyes: vec![Eye { subtype: 1, images: vec![iris] }],
    };
    let text = |text: &str| Some(text.to_owned());
    let dg11 = Dg11 {
        full_name: text("SMITH<<JOHN<J"),
        other_names: vec!["SMITH<<JACK".to_owned()],
        birth_date: text("19700101"),
        ..Dg11::default()
    };
    let person = PersonToNotify { name: text("SMITH<<CHARLES<R"), ..PersonToNotify::default() };
    let groups = [
        DataGroup::Dg3(Dg3::of(vec![
            FingerInstance::iso19794(9, FingerRecord::wsq(vec![finger])),
            FingerInstance::iso39794(9, fingers),
        ])),
        DataGroup::Dg4(Dg4::of(vec![IrisInstance::iso19794(1, eyes)])),
        DataGroup::Dg5(DisplayedImages::of(vec![DisplayedImage(vec![0xFF, 0xD8, 0xFF])])),
        DataGroup::Dg11(Box::new(dg11)),
        DataGroup::Dg16(Dg16::of(vec![person])),
    ];
    groups.iter().filter_map(|group| group.to_bytes().ok()).chain(faces()).collect()
}

/// Keys of every kind, as DG14 and DG15 carry them.
fn chip_keys() -> Vec<Vec<u8>> {
    use cccd_card_profile::protocol::curve::DomainParameters;
    use cccd_card_profile::protocol::group::Element;
    use cccd_card_profile::protocol::private_key::PublicKey;
    DomainParameters::ALL
        .into_iter()
        .filter_map(|parameters| {
            match parameters.group().generator() {
                Element::Point(point) => PublicKey::EllipticCurve(point),
                Element::Residue(residue) => PublicKey::DiffieHellman(residue),
            }
            .to_spki()
            .ok()
        })
        .collect()
}

fn elements() -> Vec<Vec<u8>> {
    use cccd_card_profile::protocol::curve::DomainParameters;
    DomainParameters::ALL
        .map(|parameters| [&[parameters.id()], parameters.group().generator().as_bytes()].concat())
        .into()
}

/// The first byte names the group, the rest is a public value of it, or not.
fn group_element(bytes: &[u8]) {
    use cccd_card_profile::protocol::curve::DomainParameters;
    let Some((number, value)) = bytes.split_first() else { return };
    let Some(parameters) = DomainParameters::from_id(*number) else { return };
    if let Ok(element) = parameters.group().element(value) {
        assert_eq!(parameters.group().element(element.as_bytes()), Ok(element));
    }
}

fn apdus() -> Vec<Vec<u8>> {
    hex(&[
        "00A4040C07A0000002471001",
        "00B0820000",
        "0CB08200000015970200008E08AABBCCDDEEFF00110000",
        "6E009000",
    ])
}

/// Hexadecimal digits, white space ignored.
fn hex(texts: &[&str]) -> Vec<Vec<u8>> {
    texts
        .iter()
        .map(|text| {
            let digits: Vec<u8> = text
                .lines()
                .filter(|line| !line.starts_with('#'))
                .flat_map(str::chars)
                .filter_map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
                .collect();
            digits
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit))
                .collect()
        })
        .collect()
}

/// The result does not matter: what matters is that there is one.
fn ignore<T>(_: T) {}
