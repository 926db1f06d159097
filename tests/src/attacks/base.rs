//! The genuine cards that attacks begin with, each with the verifier that accepts it.

use anyhow::{Context as _, Result};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg12::Dg12;
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg1, dg14, dg15};
use cccd_card_profile::mrz::{Mrz, check_digit};
use cccd_card_profile::protocol::pace::PaceProtocol;
use cccd_card_profile::protocol::private_key::KeyAlgorithm;
use cccd_cvc::{Certificate, TerminalCredentials};
use cccd_keys::trust::TrustStore;
use cccd_verifier::Presented;
use cccd_verifier::inspection::Access;
use cccd_virtual_chip::lab::File;

use crate::laboratory::certificate::{RawCertificate, basic_constraints, name};
use crate::laboratory::chain::Chain;
use crate::laboratory::country::{LabCountry, Whose, dice};
use crate::laboratory::stage::{Delivery, Stage};

/// EF.SOD.
pub const SOD: File = File::Sod;
/// DG1.
pub const DG1: File = File::DataGroup(DataGroupNumber::DG1);
/// DG2.
pub const DG2: File = File::DataGroup(DataGroupNumber::DG2);
/// DG3.
pub const DG3: File = File::DataGroup(DataGroupNumber::DG3);
/// DG13.
pub const DG13: File = File::DataGroup(DataGroupNumber::DG13);
/// DG14.
pub const DG14: File = File::DataGroup(DataGroupNumber::DG14);
/// DG15.
pub const DG15: File = File::DataGroup(DataGroupNumber::DG15);

/// A genuine card and who accepts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// As the station issued it, opened by the card access number.
    Genuine,
    /// The same, read thoroughly: EF.COM and every group that anything lists.
    Thorough,
    /// The same, opened by the machine readable zone, so that Basic Access Control is possible.
    ByZone,
    /// EF.SOD signed under the country's second CSCA, which is trusted.
    SignedAnew,
    /// The same, by RSA keys with RSASSA-PSS.
    SignedByRsa,
    /// The second CSCA is trusted alone, with a revocation list of its own.
    OwnList,
    /// The second CSCA's certificate was imported before and is what it was.
    Pinned,
    /// The second CSCA is believed because an older one, which is trusted, certified it.
    Rollover,
    /// The neighbour's CSCA is trusted beside ours.
    TwoCountries,
    /// A card that knows Basic Access Control only.
    WithoutPace,
    /// The chip maps by its own key in PACE, which DG14 holds.
    Mapped,
    /// The same, with EF.CardSecurity.
    MappedBeside,
    /// A passport of the neighbour, with Chip Authentication.
    Passport,
    /// The same, read thoroughly, with DG12 that tells its date of issue.
    DatedPassport,
    /// A card whose key for Active Authentication is RSA.
    RsaChip,
    /// Read by a terminal that may compare fingerprints.
    Terminal,
    /// The evidence comes from a trusted station, as a file.
    FromStation,
    /// The evidence comes as a file and answers this verifier's challenge.
    Challenged,
}

impl Base {
    /// In plain words.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Genuine => "the card as issued",
            Self::Thorough => "the card as issued, read thoroughly",
            Self::ByZone => "the card as issued, opened by its zone",
            Self::SignedAnew => "signed under the second CSCA",
            Self::SignedByRsa => "signed under the second CSCA, RSA",
            Self::OwnList => "signed under the second CSCA, with its own CRL",
            Self::Pinned => "signed under the second CSCA, imported before",
            Self::Rollover => "signed under a CSCA known by a link certificate",
            Self::TwoCountries => "the neighbour's CSCA is trusted too",
            Self::WithoutPace => "a card with BAC only",
            Self::Mapped => "a card with PACE-CAM",
            Self::MappedBeside => "a card with PACE-CAM and EF.CardSecurity",
            Self::Passport => "a neighbour's passport",
            Self::DatedPassport => "a neighbour's passport with DG12",
            Self::RsaChip => "a card with RSA in its chip",
            Self::Terminal => "read with Terminal Authentication",
            Self::FromStation => "evidence signed by a station",
            Self::Challenged => "evidence for this verifier's challenge",
        }
    }

    /// Sets the stage: nothing is changed yet.
    ///
    /// # Errors
    /// If the stage cannot be set.
    pub fn set(self, lab: &LabCountry) -> Result<Stage<'_>> {
        let mut stage = match self {
            Self::Genuine
            | Self::Thorough
            | Self::ByZone
            | Self::Terminal
            | Self::FromStation
            | Self::Challenged => Stage::genuine(lab)?,
            Self::SignedByRsa => Stage::signed_by_rsa(lab)?,
            _ => Stage::signed_anew(lab)?,
        };
        match self {
            Self::Genuine | Self::SignedAnew | Self::SignedByRsa => {}
            Self::Thorough => stage.options = stage.options.clone().thorough(true),
            Self::ByZone => stage.access = Access::mrz(&lab.zone),
            Self::OwnList => {
                stage.trust = TrustStore::new();
                stage.has_crl = true;
            }
            Self::Pinned => {
                let csca = stage.chain()?.make()?.csca;
                stage.anchors.push(csca);
                stage.trusts_chain = false;
            }
            Self::Rollover => {
                stage.trusts_chain = false;
                let old = old_csca(lab)?;
                stage.anchors.push(old.make()?.csca);
                let link = link(stage.chain()?, &old)?;
                stage.links.push(link.sign(&*lab.key(Whose::OldCsca)?)?);
            }
            Self::TwoCountries => stage.anchors.push(neighbour(lab)?.make()?.csca),
            Self::WithoutPace => without_pace(&mut stage)?,
            Self::Mapped => map(&mut stage, false)?,
            Self::MappedBeside => map(&mut stage, true)?,
            Self::Passport => passport(&mut stage)?,
            Self::DatedPassport => {
                passport(&mut stage)?;
                dated(&mut stage)?;
            }
            Self::RsaChip => rsa_chip(&mut stage)?,
            Self::Terminal => {
                let terminal = &lab.terminal;
                let certificates: Vec<Certificate> = terminal
                    .chain
                    .iter()
                    .map(|certificate| Certificate::parse(certificate))
                    .collect::<Result<_, _>>()?;
                stage.with_terminal(TerminalCredentials::new(certificates, &terminal.key)?);
            }
            Self::FromStation => stage.delivery = Delivery::Signed,
            Self::Challenged => {
                let nonce = vec![0xC5; 16];
                stage.delivery = Delivery::Unsigned;
                stage.nonce = Some(nonce.clone());
                stage.options = stage.options.clone().station("desk").nonce(Some(nonce));
            }
        }
        Ok(stage)
    }
}

/// The chain of the neighbour.
///
/// # Errors
/// If its keys cannot be made.
pub fn neighbour(lab: &LabCountry) -> Result<Chain> {
    Chain::new("LA", lab.key(Whose::Neighbour)?, lab.key(Whose::NeighboursSigner)?, lab.issued)
}

/// The CSCA before the second one.
///
/// # Errors
/// If its key cannot be made.
pub fn old_csca(lab: &LabCountry) -> Result<Chain> {
    let mut old = Chain::new("VN", lab.key(Whose::OldCsca)?, lab.key(Whose::Signer)?, lab.issued)?;
    let subject = name("VN", "CSCA VN 008");
    old.csca.issuer.clone_from(&subject);
    old.csca.subject = subject;
    Ok(old)
}

/// The certificate that an older CSCA gives the newer one.
///
/// # Errors
/// If a key cannot be read.
pub fn link(newer: &Chain, older: &Chain) -> Result<RawCertificate> {
    let mut link = newer.csca.clone();
    link.issuer.clone_from(&older.csca.subject);
    let id = crate::laboratory::certificate::key_identifier(&older.csca.spki)?;
    link.with(crate::laboratory::certificate::authority_key(&id));
    link.with(basic_constraints(true, Some(0)));
    Ok(link)
}

/// The infos of DG14 and of EF.CardAccess.
///
/// # Errors
/// If a file cannot be read.
pub fn infos(stage: &Stage<'_>) -> Result<(SecurityInfos, SecurityInfos)> {
    Ok((dg14::parse(&stage.file(DG14)?)?, card_access::parse(&stage.file(File::CardAccess)?)?))
}

fn without_pace(stage: &mut Stage<'_>) -> Result<()> {
    let (mut signed, _) = infos(stage)?;
    signed.infos.retain(|info| !matches!(info, SecurityInfo::Pace(_)));
    stage.write(DG14, dg14::to_bytes(&signed))?;
    stage.bench.remove(File::CardAccess)?;
    stage.access = Access::mrz(&stage.lab.zone);
    Ok(())
}

/// Announces PACE with chip authentication mapping beside what is announced.
fn map(stage: &mut Stage<'_>, beside: bool) -> Result<()> {
    let (mut signed, mut open) = infos(stage)?;
    let mapping = PaceProtocol::from_name("ECDH-CAM-AES-128").context("no such protocol")?;
    let parameters = open.pace().find_map(|info| info.parameter_id).context("no parameters")?;
    for infos in [&mut signed, &mut open] {
        infos.infos.push(SecurityInfo::pace(mapping.oid(), parameters));
    }
    stage.write(DG14, dg14::to_bytes(&signed))?;
    stage.write(File::CardAccess, card_access::to_bytes(&open))?;
    if beside {
        let key = signed.chip_authentication_keys().next().context("no key")?.public_key.clone();
        let mut infos = open.clone();
        infos.infos.push(SecurityInfo::chip_authentication_ecdh_key(key, Some(parameters)));
        stage.card_security = Some(infos);
    }
    Ok(())
}

/// A passport of the neighbour with the same number and dates, so that the same keys open it.
fn passport(stage: &mut Stage<'_>) -> Result<()> {
    let zone = passport_zone(&stage.lab.zone, "LAO")?;
    stage.chain = Some(neighbour(stage.lab)?);
    stage.has_crl = true;
    stage.bench.remove(DG13)?;
    stage.bench.remove(DG15)?;
    stage.write(DG1, dg1::to_bytes(&zone))?;
    let groups = [1, 2, 3, 14].map(DataGroupNumber::new).into_iter().collect::<Result<Vec<_>, _>>()?;
    stage.write(File::Com, Com::new(&groups).to_bytes())?;
    stage.write(File::AtrInfo, AtrInfo::extended(65_535, 65_535).to_bytes())?;
    stage.presented = Presented::nothing().with_mrz(zone);
    Ok(())
}

/// DG12 with the day of issue.
fn dated(stage: &mut Stage<'_>) -> Result<()> {
    let day = stage.lab.issued.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d").to_string();
    let dg12 = Dg12 { issue_date: Some(day), ..Dg12::default() };
    stage.write(File::DataGroup(DataGroupNumber::DG12), dg12.to_bytes()?)?;
    let groups = [1, 2, 3, 12, 14].map(DataGroupNumber::new).into_iter().collect::<Result<Vec<_>, _>>()?;
    stage.write(File::Com, Com::new(&groups).to_bytes())?;
    stage.options = stage.options.clone().thorough(true);
    Ok(())
}

fn rsa_chip(stage: &mut Stage<'_>) -> Result<()> {
    let key = stage.bench.set_active_authentication_key(KeyAlgorithm::Rsa2048, &mut dice(65))?;
    stage.write(DG15, dg15::to_bytes(&PublicKeyInfo::from_der(&key.to_spki()?)?))
}

/// A passport's zone with the number and the dates of another zone.
fn passport_zone(zone: &Mrz, state: &str) -> Result<Mrz> {
    let digit = |text: &str| check_digit(text).context("no check digit");
    let number = format!("{:<<9}", zone.document_number());
    let (birth, expiry) = (zone.birth_date_field(), zone.expiry_field());
    let optional = "<".repeat(14);
    let fields = [
        format!("{number}{}", digit(&number)?),
        format!("{birth}{}", digit(birth)?),
        format!("{expiry}{}", digit(expiry)?),
        format!("{optional}{}", digit(&optional)?),
    ];
    let composite = digit(&fields.concat())?;
    let [number, birth, expiry, optional] = fields;
    let first = format!("{:<<44}", format!("P<{state}MAU<<NGUOI<LANG<GIENG"));
    Ok(Mrz::parse(&format!("{first}{number}{state}{birth}M{expiry}{optional}{composite}"))?)
}
