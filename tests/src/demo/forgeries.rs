//! Ten forgeries. Each is made from a card that was accepted a moment ago and differs from it in one thing; the check
//! that must decide is written beside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::{DataGroupNumber, dg13::NationalData};
use cccd_card_profile::tlv;
use cccd_keys::store::KeyStore;
use cccd_virtual_chip::lab::{Bench, File};
use jiff::Timestamp;

use crate::demo::counter::Presented;

/// What is put on the teller's desk.
#[derive(Debug)]
pub struct Forged {
    /// The chip.
    pub chip: PathBuf,
    /// What comes with it.
    pub presented: Presented,
    /// Whether the teller looks at everything that the chip says it has.
    pub thorough: bool,
}

/// One forgery: what was done, and which check must refuse it.
#[derive(Debug, Clone, Copy)]
pub struct Forgery {
    /// Short name, also of its report.
    pub name: &'static str,
    /// What was done, in plain words.
    pub told: &'static str,
    /// The check that must decide.
    pub check: &'static str,
    /// The reason that it must give.
    pub reason: &'static str,
}

/// The ten forgeries, in the order in which they are presented.
pub const FORGERIES: [Forgery; 10] = [
    Forgery {
        name: "changed-name",
        told: "the name in DG13 was changed",
        check: "passive.dg-hashes",
        reason: "hash-mismatch",
    },
    Forgery {
        name: "added-group",
        told: "a data group was added that nobody signed",
        check: "passive.dg-hashes",
        reason: "unsigned-content",
    },
    Forgery {
        name: "foreign-sod",
        told: "EF.SOD was copied from another genuine card",
        check: "passive.dg-hashes",
        reason: "hash-mismatch",
    },
    Forgery {
        name: "foreign-signer",
        told: "signed by a genuine signer of another country",
        check: "passive.signer-country",
        reason: "country-mismatch",
    },
    Forgery {
        name: "self-made-csca",
        told: "signed under a self-made CSCA that calls itself Vietnam's",
        check: "passive.signer-chain",
        reason: "chain-not-trusted",
    },
    Forgery {
        name: "clone",
        told: "every byte copied to another chip, which lacks the private keys",
        check: "chip.chip-authentication",
        reason: "key-agreement-failed",
    },
    Forgery {
        name: "expired",
        told: "a genuine child's card that expired yesterday",
        check: "document.expiry",
        reason: "document-expired",
    },
    Forgery {
        name: "lost",
        told: "a genuine card that its holder reported lost",
        check: "register.card-status",
        reason: "card-lost",
    },
    Forgery {
        name: "foreign-qr",
        told: "the printed QR code is another person's",
        check: "document.qr",
        reason: "qr-mismatch",
    },
    Forgery {
        name: "cut-sod",
        told: "EF.SOD was cut short",
        check: "passive.sod-signature",
        reason: "malformed-data",
    },
];

/// Copies a chip's state and lets `change` alter it.
///
/// # Errors
/// If the state cannot be read, changed or written.
pub fn alter(genuine: &Path, forged: &Path, change: impl FnOnce(&mut Bench) -> Result<()>) -> Result<()> {
    std::fs::copy(genuine, forged)?;
    let mut bench = Bench::open(forged)?;
    change(&mut bench)?;
    bench.save()?;
    Ok(())
}

/// Another person's name in DG13, correctly encoded.
///
/// # Errors
/// If DG13 cannot be read.
pub fn change_name(bench: &mut Bench) -> Result<()> {
    let file = bench.read(File::DataGroup(DataGroupNumber::DG13)).context("the chip has no DG13")?;
    let mut data = NationalData::parse(file)?;
    data.full_name = Some("Nguyễn Văn Giả".to_owned());
    bench.replace(File::DataGroup(DataGroupNumber::DG13), data.to_bytes())?;
    Ok(())
}

/// DG11 with an invented detail, entered into EF.COM.
///
/// # Errors
/// If EF.COM cannot be read.
pub fn add_group(bench: &mut Bench) -> Result<()> {
    let com = Com::parse(bench.read(File::Com).context("the chip has no EF.COM")?)?;
    let mut groups = com.data_groups();
    groups.push(DataGroupNumber::DG11);
    groups.sort_unstable();
    let name = tlv::encode(0x5F0E, b"GIA<<NGUYEN<VAN");
    let dg11 = tlv::encode(0x6B, &[tlv::encode(0x5C, &[0x5F, 0x0E]), name].concat());
    bench.replace(File::Com, Com::new(&groups).to_bytes())?;
    bench.add(File::DataGroup(DataGroupNumber::DG11), dg11)?;
    Ok(())
}

/// EF.SOD over the same content, signed by the Document Signer of another key store.
///
/// # Errors
/// If the key store has no signer or EF.SOD cannot be read.
pub fn sign_again(bench: &mut Bench, keys: &KeyStore, at: Timestamp) -> Result<Vec<u8>> {
    let genuine = cccd_keys::sod::EfSod::parse(bench.read(File::Sod).context("the chip has no EF.SOD")?)?;
    let signer = keys.active_document_signer(at)?;
    let forged = signer.sign_ef_sod(genuine.econtent(), at)?;
    bench.replace(File::Sod, forged.clone())?;
    Ok(forged)
}
