//! Whether DG3 and DG4 are what their standard says (Doc 9303-10 §4.7.3, §4.7.4): seen while they are read, because they are not
//! kept.

use cccd_card_profile::lds::cbeff::BiometricHeader;
use cccd_card_profile::lds::dg3::Dg3;
use cccd_card_profile::lds::dg4::Dg4;
use cccd_card_profile::lds::{DataGroupNumber, Quirk, QuirkKind};

/// CBEFF biometric types and format types of ISO/IEC 19794 and 39794.
const FINGER: (u32, [u16; 2]) = (0x08, [0x0007, 0x0029]);
const IRIS: (u32, [u16; 2]) = (0x10, [0x0009, 0x002B]);

/// Whether the file is what its standard says, as far as its templates tell.
pub(super) fn is_well_formed(group: DataGroupNumber, file: &[u8]) -> bool {
    match group {
        DataGroupNumber::DG3 => Dg3::parse(file).is_ok_and(|group| {
            let headers = group.instances.iter().map(|one| &one.header);
            are_tolerable(&group.quirks) && headers.into_iter().all(|header| fits(header, FINGER, is_finger))
        }),
        DataGroupNumber::DG4 => Dg4::parse(file).is_ok_and(|group| {
            let headers = group.instances.iter().map(|one| &one.header);
            are_tolerable(&group.quirks) && headers.into_iter().all(|header| fits(header, IRIS, is_eye))
        }),
        _ => true,
    }
}

/// Leniencies about images stay leniencies; those about the templates do not.
fn are_tolerable(quirks: &[Quirk]) -> bool {
    use QuirkKind::{CountDiffers, FormatDiffers, FormatNotRecognised, Repeated};
    !quirks
        .iter()
        .any(|quirk| matches!(quirk.kind, CountDiffers | FormatDiffers | FormatNotRecognised | Repeated))
}

fn fits(header: &BiometricHeader, (kind, formats): (u32, [u16; 2]), subtype: fn(u8) -> bool) -> bool {
    header.biometric_type.is_none_or(|found| found == kind)
        && header.format_type.is_some_and(|found| formats.contains(&found))
        && header.subtype.is_some_and(subtype)
}

/// ISO/IEC 7816-11 table C.2: two bits for the hand, three for the finger.
fn is_finger(subtype: u8) -> bool {
    subtype & 0xE0 == 0 && subtype & 0x03 != 0x03 && subtype >> 2 <= 5
}

/// Right, left, or not said.
fn is_eye(subtype: u8) -> bool {
    subtype <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_container_and_the_ten_fingers() {
        assert!(is_well_formed(DataGroupNumber::DG3, &cccd_card_profile::lds::dg3::empty(&[7; 16])));
        assert!(!is_well_formed(DataGroupNumber::DG3, &[0x63, 0x00]));
        let fingers = (1..=5).flat_map(|finger| [finger << 2 | 1, finger << 2 | 2]);
        assert!(fingers.into_iter().all(is_finger) && is_finger(0));
        assert!(!is_finger(0xFE) && !is_finger(0x03) && !is_finger(0x19));
    }
}
