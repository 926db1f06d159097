//! DG14, DG15, EF.CardAccess, EF.CardSecurity and EF.ATR/INFO: `LDS_F`, `LDS_I`, `LDS_J`, `LDS_K`, `ISO7816_G`. The files are signed as they
//! are written; the inspection succeeds when the card is accepted.

use anyhow::{Context as _, Result};
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::lds::{card_access, dg14};
use cccd_keys::asn1::{self, tag};
use cccd_virtual_chip::lab::File;
use const_oid::ObjectIdentifier;

use super::{Case, Left, Plan};
use crate::attacks::base::{Base, DG14, DG15, infos};
use crate::laboratory::country::{LabCountry, dice};
use crate::laboratory::stage::Stage;

fn accepted(stage: Stage<'_>) -> Result<bool> {
    Ok(stage.show()?.told().0 == "accepted")
}

/// A card whose only proof is Chip Authentication.
fn without_dg15(lab: &LabCountry) -> Result<Stage<'_>> {
    let mut stage = Stage::signed_anew(lab)?;
    stage.bench.remove(DG15)?;
    Ok(stage)
}

fn written(lab: &LabCountry, file: File, change: fn(&mut Vec<u8>)) -> Result<bool> {
    let mut stage = if file == DG14 { without_dg15(lab)? } else { Stage::signed_anew(lab)? };
    let mut content = stage.file(file)?;
    change(&mut content);
    stage.write(file, content)?;
    accepted(stage)
}

/// The outermost length is another than the content's.
fn lengthened(content: &mut [u8], by: i8) {
    let header = match content.get(1) {
        Some(0x82) => 3,
        Some(0x81) => 2,
        _ => 1,
    };
    if let Some(octet) = content.get_mut(header) {
        *octet = octet.wrapping_add_signed(by);
    }
}

fn tagged(content: &mut [u8], tag: u8) {
    if let Some(first) = content.first_mut() {
        *first = tag;
    }
}

/// An info as its protocol and what follows.
fn raw(protocol: Option<&str>, rest: &[u8]) -> SecurityInfo {
    let oid = protocol.map(|oid| asn1::oid(&ObjectIdentifier::new_unwrap(oid))).unwrap_or_default();
    SecurityInfo::Unknown { protocol: None, raw: asn1::sequence(&[&oid, rest]) }
}

fn is_chip_info(info: &SecurityInfo) -> bool {
    matches!(info, SecurityInfo::ChipAuthentication(_))
}

fn is_chip_key(info: &SecurityInfo) -> bool {
    matches!(info, SecurityInfo::ChipAuthenticationPublicKey(_))
}

/// DG14 with the infos of one kind written otherwise; EF.CardAccess keeps what still stands in both.
fn chip_infos(
    lab: &LabCountry,
    which: fn(&SecurityInfo) -> bool,
    change: fn(&SecurityInfo) -> SecurityInfo,
) -> Result<bool> {
    let mut stage = without_dg15(lab)?;
    let (mut signed, mut open) = infos(&stage)?;
    for infos in [&mut signed, &mut open] {
        infos.infos =
            infos.infos.iter().map(|info| if which(info) { change(info) } else { info.clone() }).collect();
    }
    stage.write(DG14, dg14::to_bytes(&signed))?;
    stage.write(File::CardAccess, card_access::to_bytes(&open))?;
    accepted(stage)
}

/// `ChipAuthenticationInfo` with this version, or none.
fn with_version(info: &SecurityInfo, version: &[u8]) -> SecurityInfo {
    let protocol = info.protocol().map(|oid| oid.to_string()).unwrap_or_default();
    raw(Some(&protocol), version)
}

/// A card with EF.CardSecurity whose infos are written otherwise.
fn card_security(lab: &LabCountry, change: fn(&mut SecurityInfos)) -> Result<bool> {
    let mut stage = Base::MappedBeside.set(lab)?;
    change(stage.card_security.as_mut().context("no EF.CardSecurity")?);
    accepted(stage)
}

/// A card whose key for the mapping stands in EF.CardSecurity alone.
fn key_beside(lab: &LabCountry) -> Result<Stage<'_>> {
    let mut stage = Base::MappedBeside.set(lab)?;
    let (mut signed, mut open) = infos(&stage)?;
    signed.infos.retain(|info| !is_chip_info(info) && !is_chip_key(info));
    open.infos.retain(|info| !is_chip_info(info));
    stage.write(DG14, dg14::to_bytes(&signed))?;
    stage.write(File::CardAccess, card_access::to_bytes(&open))?;
    if let Some(infos) = &mut stage.card_security {
        infos.infos.retain(|info| !is_chip_info(info));
    }
    stage.bench.remove(DG15)?;
    Ok(stage)
}

fn is_pace(info: &SecurityInfo) -> bool {
    matches!(info, SecurityInfo::Pace(_))
}

use Plan::{Left as L, Run};

pub(super) const CASES: &[Case] = &[
    (
        "ISO7816_G_36",
        Run(|lab| {
            let mut stage = Stage::signed_anew(lab)?;
            let (mut signed, mut open) = infos(&stage)?;
            // A mapping of a number that no standard has, beside one that is known.
            let unknown = "0.4.0.127.0.7.2.2.4.6.9";
            let info = raw(Some(unknown), &[asn1::integer(&[2]), asn1::integer(&[12])].concat());
            for infos in [&mut signed, &mut open] {
                infos.infos.push(info.clone());
            }
            stage.write(DG14, dg14::to_bytes(&signed))?;
            stage.write(File::CardAccess, card_access::to_bytes(&open))?;
            stage.card_security = Some(open);
            accepted(stage)
        }),
    ),
    ("LDS_F_01", Run(|lab| written(lab, DG14, |file| tagged(file, 0x6F)))),
    ("LDS_F_02", Run(|lab| written(lab, DG14, |file| lengthened(file, -1)))),
    ("LDS_F_03", Run(|lab| written(lab, DG14, |file| lengthened(file, 1)))),
    (
        "LDS_F_04",
        Run(|lab| {
            chip_infos(lab, is_chip_key, |info| {
                let SecurityInfo::ChipAuthenticationPublicKey(key) = info else { return info.clone() };
                raw(Some("0.4.0.127.0.7.2.2.1.3"), &key.public_key)
            })
        }),
    ),
    (
        "LDS_F_05",
        Run(|lab| {
            chip_infos(lab, is_chip_key, |info| {
                let SecurityInfo::ChipAuthenticationPublicKey(key) = info else { return info.clone() };
                raw(None, &key.public_key)
            })
        }),
    ),
    (
        "LDS_F_06",
        Run(|lab| {
            chip_infos(lab, is_chip_info, |info| with_version(info, &asn1::tlv(tag::INTEGER, &[0x10])))
        }),
    ),
    ("LDS_F_07", Run(|lab| chip_infos(lab, is_chip_info, |info| with_version(info, &[])))),
    ("LDS_I_01", Run(|lab| written(lab, DG15, |file| tagged(file, 0x70)))),
    ("LDS_I_02", Run(|lab| written(lab, DG15, |file| lengthened(file, -1)))),
    ("LDS_I_03", Run(|lab| written(lab, DG15, |file| lengthened(file, 1)))),
    (
        "LDS_J_01",
        Run(|lab| {
            card_security(lab, |infos| {
                infos.infos.push(raw(Some("0.4.0.127.0.7.2.2.6"), &asn1::integer(&[1])));
            })
        }),
    ),
    ("LDS_J_02", Run(|lab| card_security(lab, |infos| infos.infos.retain(|info| !is_pace(info))))),
    (
        "LDS_J_03",
        Run(|lab| {
            card_security(lab, |infos| {
                for info in &mut infos.infos {
                    if let SecurityInfo::Pace(pace) = info {
                        pace.parameter_id = Some(16);
                    }
                }
            })
        }),
    ),
    (
        "LDS_J_04",
        Run(|lab| {
            let mut stage = key_beside(lab)?;
            let curve = cccd_card_profile::protocol::curve::Curve::P256;
            let group = cccd_card_profile::protocol::group::Group::Curve(curve);
            let other = stage.bench.add_chip_authentication_key(9, group.into(), &mut dice(31))?.to_spki()?;
            for info in stage.card_security.iter_mut().flat_map(|infos| &mut infos.infos) {
                if let SecurityInfo::ChipAuthenticationPublicKey(key) = info {
                    key.public_key.clone_from(&other);
                }
            }
            accepted(stage)
        }),
    ),
    (
        "LDS_H_93",
        Run(|lab| {
            let mut stage = key_beside(lab)?;
            stage.on_card_security.push(Box::new(|signed, _| {
                for signer in &mut signed.signers {
                    signer.is_broken = true;
                }
                Ok(())
            }));
            accepted(stage)
        }),
    ),
    ("LDS_K_03", L(Left::AtrInfoIsAdvice)),
    ("LDS_K_04", L(Left::AtrInfoIsAdvice)),
];
