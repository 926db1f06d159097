//! Classes 33 and 35: files that are bombs, and words that say more than was found.

use cccd_verifier::Check::{ChipAuthentication, DataGroupHashes, SodSignature};
use cccd_verifier::Reason;
use cccd_virtual_chip::lab::File;

use super::super::Variant;
use super::super::base::{Base, DG2, DG14};
use super::{refused, undetermined};

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        class: 33,
        name: "portrait-of-a-gigabyte",
        told: "DG2 announces a gigabyte",
        base: Base::Genuine,
        expected: undetermined(DataGroupHashes, Reason::DataGroupNotRead),
        change: |stage| stage.write(DG2, [&[0x75, 0x84, 0x40, 0, 0, 0][..], &[0; 40]].concat()),
    },
    Variant {
        class: 33,
        name: "sod-of-four-gigabytes",
        told: "EF.SOD announces four gigabytes",
        base: Base::Genuine,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.write(File::Sod, [&[0x77, 0x84, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0; 40]].concat())
        },
    },
    Variant {
        class: 35,
        name: "not-offered",
        told: "a passport whose issuer gave it neither proof: not refused, and not genuine either",
        base: Base::Passport,
        expected: undetermined(ChipAuthentication, Reason::ProtocolNotOffered),
        change: |stage| {
            stage.bench.remove(DG14)?;
            stage.bench.remove(File::CardAccess)?;
            stage.access = cccd_verifier::inspection::Access::mrz(&cccd_card_profile::lds::dg1::parse(
                &stage.file(super::super::base::DG1)?,
            )?);
            Ok(())
        },
    },
    Variant {
        class: 35,
        name: "not-checked",
        told: "a passport whose proof nobody asked for",
        base: Base::Passport,
        expected: undetermined(ChipAuthentication, Reason::ProtocolNotUsed),
        change: |stage| {
            stage.options = stage.options.clone().without_chip_protocols();
            Ok(())
        },
    },
];
