//! Fingerprints and irises behind Terminal Authentication: `LDS_D`, `LDS_E`. The group is signed as it is written; what is wrong is its
//! form. The inspection succeeds when the card is accepted and the group was read and compared.

use anyhow::{Context as _, Result};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::dg3::{Dg3, FingerInstance, FingerprintRecord};
use cccd_card_profile::lds::iso19794::finger::Compression;
use cccd_card_profile::tlv;
use cccd_cvc::{Hash, SignatureAlgorithm};
use cccd_virtual_chip::lab::{File, every_data_group};

use super::terminal::{Setting, equip, succeeded};
use super::{Case, Plan};
use crate::attacks::base::DG3;
use crate::laboratory::country::LabCountry;
use crate::laboratory::stage::Stage;

/// DG4.
const DG4: File = File::DataGroup(DataGroupNumber::DG4);
/// The template of all instances, one instance, its header, its record.
const GROUP: u32 = 0x7F61;
const TEMPLATE: u32 = 0x7F60;
const HEADER: u32 = 0xA1;
const RECORD: u32 = 0x5F2E;

fn group(file: File) -> Result<Vec<u8>> {
    let all = every_data_group(None, None);
    Ok(all.into_iter().find(|(known, _)| *known == file).context("no such group")?.1)
}

/// The card with this group written so.
fn judged(lab: &LabCountry, file: File, content: Vec<u8>) -> Result<bool> {
    let mut stage = Stage::signed_anew(lab)?;
    equip(&mut stage, &Setting::new(SignatureAlgorithm::Ecdsa(Hash::Sha256)))?;
    stage.write(file, content)?;
    let shown = stage.show()?;
    let number = if file == DG3 { 3 } else { 4 };
    let compared =
        shown.read.as_ref().is_ok_and(|(evidence, _)| evidence.files.withheld.contains_key(&number));
    Ok(succeeded(&shown) && compared)
}

/// One data object written otherwise, found by the tags that lead to it; each is the first of its kind unless `last` asks for the
/// last instance. `None` leaves it out.
fn rewritten(
    bytes: &[u8],
    path: &[u32],
    last: bool,
    change: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>> {
    let (wanted, rest) = path.split_first().context("no path")?;
    let objects: Vec<(u32, Vec<u8>)> = tlv::Reader::new(bytes)
        .map(|object| object.map(|one| (one.tag, one.value.to_vec())))
        .collect::<Result<_, _>>()?;
    let places: Vec<usize> =
        objects.iter().enumerate().filter_map(|(at, (tag, _))| (tag == wanted).then_some(at)).collect();
    let place = if last { places.last() } else { places.first() }.context("no such object")?;
    let mut out = Vec::new();
    for (at, (tag, value)) in objects.iter().enumerate() {
        let value = match (at == *place, rest.is_empty()) {
            (true, true) => match change(value) {
                Some(value) => value,
                None => continue,
            },
            (true, false) => rewritten(value, rest, last, change)?,
            (false, _) => value.clone(),
        };
        out.extend(tlv::encode(*tag, &value));
    }
    Ok(out)
}

fn outer(file: File) -> u32 {
    if file == DG3 { 0x63 } else { 0x76 }
}

/// The group with one data object written otherwise, or left out.
fn with(lab: &LabCountry, file: File, path: &[u32], value: Option<&[u8]>) -> Result<bool> {
    let path = [&[outer(file)], path].concat();
    let content = rewritten(&group(file)?, &path, false, &|_| value.map(<[u8]>::to_vec))?;
    judged(lab, file, content)
}

/// The record of the first instance begins otherwise.
fn format_identifier(lab: &LabCountry, file: File, identifier: [u8; 4]) -> Result<bool> {
    let path = [outer(file), GROUP, TEMPLATE, RECORD];
    let content = rewritten(&group(file)?, &path, false, &|record| {
        Some([&identifier, record.get(4..).unwrap_or_default()].concat())
    })?;
    judged(lab, file, content)
}

/// The second instance has no record.
fn without_second_record(lab: &LabCountry, file: File) -> Result<bool> {
    let content = rewritten(&group(file)?, &[outer(file), GROUP, TEMPLATE, RECORD], true, &|_| None)?;
    judged(lab, file, content)
}

fn first_byte(lab: &LabCountry, file: File, tag: u8) -> Result<bool> {
    let mut content = group(file)?;
    *content.first_mut().context("empty")? = tag;
    judged(lab, file, content)
}

/// The outermost length is another than the content's.
fn length(lab: &LabCountry, file: File, by: i8) -> Result<bool> {
    let mut content = group(file)?;
    // The length's last octet stands before the template of all instances, 7F61.
    let at = content.windows(2).position(|pair| pair == [0x7F, 0x61]).context("no template")?;
    let octet = content.get_mut(at - 1).context("no length")?;
    *octet = octet.wrapping_add_signed(by);
    judged(lab, file, content)
}

/// Fingerprints of another number or compression.
fn fingers(lab: &LabCountry, count: usize, compression: Option<Compression>) -> Result<bool> {
    let mut dg3 = Dg3::parse(&group(DG3)?)?;
    let first = dg3.instances.first().cloned().context("no instance")?;
    dg3.instances.resize_with(count, || FingerInstance { ..first.clone() });
    for instance in &mut dg3.instances {
        if let (FingerprintRecord::Iso19794(record), Some(compression)) = (&mut instance.record, compression)
        {
            record.compression = compression;
        }
    }
    judged(lab, DG3, Dg3::of(dg3.instances).to_bytes()?)
}

use Plan::Run;

pub(super) const CASES: &[Case] = &[
    ("LDS_D_01", Run(|lab| fingers(lab, 2, Some(Compression::Jpeg2000)))),
    ("LDS_D_02", Run(|lab| fingers(lab, 2, None))),
    ("LDS_D_03", Run(|lab| fingers(lab, 3, None))),
    ("LDS_D_04", Run(|lab| first_byte(lab, DG3, 0x64))),
    ("LDS_D_05", Run(|lab| length(lab, DG3, -1))),
    ("LDS_D_06", Run(|lab| length(lab, DG3, 1))),
    ("LDS_D_07", Run(|lab| with(lab, DG3, &[GROUP, 0x02], None))),
    ("LDS_D_08", Run(|lab| with(lab, DG3, &[GROUP, TEMPLATE, HEADER, 0x87], Some(&[0x01, 0xFF])))),
    ("LDS_D_09", Run(|lab| with(lab, DG3, &[GROUP, TEMPLATE, HEADER, 0x87], None))),
    ("LDS_D_10", Run(|lab| with(lab, DG3, &[GROUP, TEMPLATE, HEADER, 0x88], Some(&[0x00, 0x09])))),
    ("LDS_D_11", Run(|lab| with(lab, DG3, &[GROUP, TEMPLATE, HEADER, 0x88], None))),
    ("LDS_D_12", Run(|lab| with(lab, DG3, &[GROUP, TEMPLATE, HEADER, 0x82], Some(&[0xFE])))),
    ("LDS_D_13", Run(|lab| with(lab, DG3, &[GROUP, TEMPLATE, HEADER, 0x82], None))),
    ("LDS_D_14", Run(|lab| format_identifier(lab, DG3, [0x50, 0x49, 0x52, 0x00]))),
    ("LDS_D_15", Run(|lab| without_second_record(lab, DG3))),
    ("LDS_D_16", Run(|lab| fingers(lab, 2, Some(Compression::Uncompressed)))),
    ("LDS_E_02", Run(|lab| judged(lab, DG4, group(DG4)?))),
    ("LDS_E_03", Run(|lab| first_byte(lab, DG4, 0x77))),
    ("LDS_E_04", Run(|lab| length(lab, DG4, -1))),
    ("LDS_E_05", Run(|lab| length(lab, DG4, 1))),
    ("LDS_E_06", Run(|lab| with(lab, DG4, &[GROUP, 0x02], None))),
    ("LDS_E_07", Run(|lab| with(lab, DG4, &[GROUP, TEMPLATE, HEADER, 0x87], Some(&[0x01, 0xFF])))),
    ("LDS_E_08", Run(|lab| with(lab, DG4, &[GROUP, TEMPLATE, HEADER, 0x87], None))),
    ("LDS_E_09", Run(|lab| with(lab, DG4, &[GROUP, TEMPLATE, HEADER, 0x88], Some(&[0x00, 0x0F])))),
    ("LDS_E_10", Run(|lab| with(lab, DG4, &[GROUP, TEMPLATE, HEADER, 0x88], None))),
    ("LDS_E_11", Run(|lab| with(lab, DG4, &[GROUP, TEMPLATE, HEADER, 0x82], Some(&[0xFE])))),
    ("LDS_E_12", Run(|lab| with(lab, DG4, &[GROUP, TEMPLATE, HEADER, 0x82], None))),
    ("LDS_E_13", Run(|lab| format_identifier(lab, DG4, [0x46, 0x49, 0x53, 0x00]))),
    ("LDS_E_14", Run(|lab| without_second_record(lab, DG4))),
];
