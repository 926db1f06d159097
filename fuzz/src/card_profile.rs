//! Bodies for what a card or a printed code sends.

use cccd_card_profile::apdu::{AnswerToReset, Command, Replay, Response};
use cccd_card_profile::lds::{atr_info, card_access, com, dg1, dg2, dg3, dg13, dg14, dg15, sod};
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
    Body {
        name: "dg2",
        seeds: || vec![tlv::encode(0x75, &[0x7F, 0x61, 0x03, 0x02, 0x01, 0x01])],
        run: |bytes| drop(dg2::Dg2::parse(bytes)),
    },
    Body {
        name: "dg3",
        seeds: || vec![dg3::empty(&[7; 16])],
        run: |bytes| ignore(dg3::instance_count(bytes)),
    },
    Body { name: "dg13", seeds: || hex(&[DG13]), run: |bytes| drop(dg13::NationalData::parse(bytes)) },
    Body { name: "dg14", seeds: || hex(&[DG14]), run: |bytes| drop(dg14::parse(bytes)) },
    Body { name: "dg15", seeds: || hex(&[DG14]), run: |bytes| drop(dg15::parse(bytes)) },
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
