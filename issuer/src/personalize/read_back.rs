//! The read-back: the card as a citizen's verifier meets it, compared with what was meant.

use std::collections::BTreeMap;

use cccd_card_profile::apdu::{LinkLost, StatusWord};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::protocol::active_authentication::{self, Challenge, HashAlgorithm};
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_keys::sod::EfSod;
use cccd_verifier::Evidence;
use cccd_verifier::evidence::ChipAuthenticationOutcome;
use cccd_verifier::inspection::{Access, InspectionOptions, ReadError, inspect};
use cccd_verifier::session::{BlockSizes, FileError, OpenError, Session};
use jiff::Timestamp;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use super::CardLink;
use crate::issuance::{CardFiles, CardLayout};

/// What the card must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The card access number.
    pub can: &'a str,
    /// The machine readable zone.
    pub mrz: &'a Mrz,
    /// The hash of ECDSA in Active Authentication.
    pub active_authentication_hash: Option<HashAlgorithm>,
    /// Which files it has, which proofs it owes, and whether it opens by PACE.
    pub layout: CardLayout,
}

/// Why the card is not what was meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBackError {
    /// The card is gone; nothing is known about it.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// It does not open to a citizen.
    #[error("the card does not open to a citizen's reader: {0}")]
    Open(String),
    /// A file differs, is missing or is one too many.
    #[error("{0} reads back differently from what was written")]
    Differs(String),
    /// EF.SOD on the card is not the one that was signed for it.
    #[error("EF.SOD on the card is not the one that the ledger knows")]
    OtherSod,
    /// EF.SOD's own signature or a hash in it does not hold.
    #[error("EF.SOD on the card does not hold: {0}")]
    Sod(String),
    /// The chip did not prove its key.
    #[error("the chip did not prove itself by {0}")]
    NotProven(&'static str),
    /// Fingerprints are open.
    #[error("the chip gives DG3 or DG4 to everyone ({0})")]
    FingerprintsOpen(String),
}

impl ReadBackError {
    /// The card may be good; only another look tells.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Link(_))
    }
}

/// What a citizen's reader must not get: prints and irises (Doc 9303-11 §7.1).
pub(crate) fn is_closed(group: DataGroupNumber) -> bool {
    matches!(group, DataGroupNumber::DG3 | DataGroupNumber::DG4)
}

/// Reads a written card back and compares every byte; every chip protocol that it lists must hold, DG3 and DG4 must be
/// refused. The signature of EF.SOD is not verified again: it was when it was made, and the chip has the same octets.
///
/// # Errors
/// [`ReadBackError`].
pub fn read_back(
    link: &mut dyn CardLink,
    files: &CardFiles,
    expected: &Expected<'_>,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), ReadBackError> {
    let evidence = read(link, expected, at, rng)?;
    let same = |name: &str, read: Option<&[u8]>, written: &[u8]| {
        if read == Some(written) { Ok(()) } else { Err(ReadBackError::Differs(name.to_owned())) }
    };
    same("EF.SOD", evidence.files.sod.as_deref(), &files.sod)?;
    same("EF.COM", evidence.files.com.as_deref(), &files.com)?;
    if evidence.files.card_access != files.card_access {
        return Err(ReadBackError::Differs("EF.CardAccess".to_owned()));
    }
    let readable = files.data_groups.iter().filter(|(number, _)| !is_closed(**number));
    for (number, file) in readable.clone() {
        same(&format!("EF.{number}"), evidence.data_group(*number), file)?;
    }
    if evidence.files.data_groups.len() != readable.count() {
        return Err(ReadBackError::Differs("the list of data groups".to_owned()));
    }
    check_evidence(&evidence, &parse(&files.sod)?, expected)?;
    refuses_fingerprints(link, expected, rng)
}

/// Looks at a locked card that an interrupted run left: it must be the card that the ledger knows, whole and proven.
/// Gives its data groups.
///
/// # Errors
/// [`ReadBackError`].
pub fn verify_locked_card(
    link: &mut dyn CardLink,
    sod_sha256: &[u8; 32],
    expected: &Expected<'_>,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<BTreeMap<DataGroupNumber, Vec<u8>>, ReadBackError> {
    let evidence = read(link, expected, at, rng)?;
    let sod = evidence.files.sod.as_deref().ok_or(ReadBackError::OtherSod)?;
    if <[u8; 32]>::from(Sha256::digest(sod)) != *sod_sha256 {
        return Err(ReadBackError::OtherSod);
    }
    let sod = parse(sod)?;
    sod.verify_signature().map_err(|error| ReadBackError::Sod(error.to_string()))?;
    check_evidence(&evidence, &sod, expected)?;
    refuses_fingerprints(link, expected, rng)?;
    let groups = expected
        .layout
        .data_groups()
        .into_iter()
        .filter_map(|number| Some((number, evidence.data_group(number)?.to_vec())))
        .collect();
    Ok(groups)
}

fn read(
    link: &mut dyn CardLink,
    expected: &Expected<'_>,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Evidence, ReadBackError> {
    link.reset()?;
    let access = if expected.layout.card_access {
        Access::can(expected.can).map_err(|error| ReadBackError::Open(error.to_string()))?
    } else {
        Access::mrz_information(expected.mrz.information(), expected.mrz.information())
    };
    let options = InspectionOptions::new(at).thorough(true);
    let evidence = inspect(&mut *link, &access, &options, rng, &mut |_| {}).map_err(|error| match error {
        ReadError::Link(lost) => ReadBackError::Link(lost),
        other => ReadBackError::Open(other.to_string()),
    })?;
    if !evidence.complete {
        return Err(ReadBackError::Link(LinkLost::new("the card left while it was read back")));
    }
    Ok(evidence)
}

fn parse(sod: &[u8]) -> Result<EfSod, ReadBackError> {
    EfSod::parse(sod).map_err(|error| ReadBackError::Sod(error.to_string()))
}

/// Every hash in EF.SOD, and the chip's proofs with the keys under those hashes.
fn check_evidence(evidence: &Evidence, sod: &EfSod, expected: &Expected<'_>) -> Result<(), ReadBackError> {
    let bad = |error: &dyn std::fmt::Display| ReadBackError::Sod(error.to_string());
    let object = LdsSecurityObject::from_der(sod.econtent()).map_err(|error| bad(&error))?;
    let listed = expected.layout.data_groups();
    if object.data_groups() != listed {
        return Err(ReadBackError::Sod("it lists other data groups than the card has".to_owned()));
    }
    for number in listed.into_iter().filter(|number| !is_closed(*number)) {
        let file =
            evidence.data_group(number).ok_or_else(|| ReadBackError::Differs(format!("EF.{number}")))?;
        if object.check(number, file) != HashCheck::Matches {
            return Err(ReadBackError::Sod(format!("the hash of {number} is another")));
        }
    }
    let chip = evidence.chip_authentication.as_ref();
    if expected.layout.chip_authentication
        && chip.is_none_or(|record| record.outcome != ChipAuthenticationOutcome::Confirmed)
    {
        return Err(ReadBackError::NotProven("Chip Authentication"));
    }
    if !expected.layout.active_authentication {
        return Ok(());
    }
    let proven = || {
        let record = evidence.active_authentication.as_ref()?;
        let challenge: Challenge = record.challenge.as_slice().try_into().ok()?;
        let file = evidence.data_group(DataGroupNumber::DG15)?;
        let info = cccd_card_profile::lds::dg15::parse(file).ok()?;
        let key = PublicKey::from_spki(info.as_der()).ok()?;
        let answer = record.answer.as_deref()?;
        active_authentication::verify(&key, &challenge, answer, expected.active_authentication_hash).ok()
    };
    proven().map(drop).ok_or(ReadBackError::NotProven("Active Authentication"))
}

/// DG3, and DG4 if there is one, are `6982` to a citizen's reader. Opened by BAC: so the keys of the MRZ are proven as well.
fn refuses_fingerprints(
    link: &mut dyn CardLink,
    expected: &Expected<'_>,
    rng: &mut dyn CryptoRng,
) -> Result<(), ReadBackError> {
    link.reset()?;
    let session = Session::connect(&mut *link).bac(&expected.mrz.information(), rng);
    let mut session = session.map_err(|not_opened| match not_opened.error {
        OpenError::Link(lost) => ReadBackError::Link(lost),
        other => ReadBackError::Open(other.to_string()),
    })?;
    for group in expected.layout.data_groups().into_iter().filter(|group| is_closed(*group)) {
        match session.read_file(ElementaryFile::DataGroup(group), BlockSizes::SHORT) {
            Err(FileError::Refused(StatusWord::SECURITY_STATUS_NOT_SATISFIED)) => {}
            Err(FileError::Link(lost)) => return Err(ReadBackError::Link(lost)),
            Err(other) => return Err(ReadBackError::FingerprintsOpen(other.to_string())),
            Ok(_) => return Err(ReadBackError::FingerprintsOpen("9000".to_owned())),
        }
    }
    Ok(())
}
