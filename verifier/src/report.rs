//! The judgement for people (Vietnamese, English) and for machines (JSON, `docs/verdict.md`).

mod json;
mod sanitize;
mod text;
mod trust;
mod words;

pub use json::to_json;
pub use sanitize::printable;
pub use text::to_text;
pub use trust::{ListFacts, TrustReport, TrustWarning, WarningCode};
pub use words::{check_name, decision_name, does_not_prove, proves, reason_text, status_name};

use cccd_card_profile::card_holder::{Sex, vietnamese_date, vietnamese_expiry};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::mrz::Mrz;
use serde::Serialize;

use crate::finding::{Check, Finding, coded};
use crate::judge::Case;
use crate::judge::content::expiry_of;
use crate::judge::facts::Facts;

coded! {
    /// The language of words for people.
    pub enum Lang {
        /// Vietnamese.
        Vi = "vi",
        /// English.
        En = "en",
    }
}

/// A value of the card, and whether it is what a known issuer signed. Personal data: nothing in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The value.
    pub value: String,
    /// Signed by an issuer that we know, and unaltered.
    pub authentic: bool,
    /// The data group that it stands in.
    pub source: &'static str,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Field({}, authentic: {})", self.source, self.authentic)
    }
}

/// What the card says about its holder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Issuing state of the zone.
    pub issuing_state: Option<Field>,
    /// Personal number, or the document number of a foreign document.
    pub number: Option<Field>,
    /// Full name, with diacritics where the card has them.
    pub full_name: Option<Field>,
    /// `dd/mm/yyyy`, or less where less is known.
    pub birth_date: Option<Field>,
    /// `Nam`, `Nữ`, or the letter of the zone.
    pub sex: Option<Field>,
    /// `dd/mm/yyyy` or `Không thời hạn`.
    pub expiry: Option<Field>,
    /// Nơi thường trú, nơi cư trú.
    pub residence: Option<Field>,
    /// The portrait's format and size, if DG2 was read.
    pub portrait: Option<Portrait>,
}

/// The portrait in DG2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Portrait {
    /// `jpg` or `jp2`.
    pub format: &'static str,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Signed by an issuer that we know, and unaltered.
    pub authentic: bool,
}

impl Document {
    pub(crate) fn of(case: &Case<'_>, facts: &Facts, findings: &[Finding]) -> Self {
        // A signer that may not vouch for the card makes nothing authentic, whatever its signature says.
        let signer = [
            Check::SodSignature,
            Check::SignerChain,
            Check::SignerCountry,
            Check::SignerDocumentType,
            Check::SignerValidity,
            Check::Revocation,
        ];
        let refused = findings.iter().any(|finding| signer.contains(&finding.check) && finding.is_failed());
        let vouched = facts.is_chain_trusted() && !refused;
        let signed = |number| vouched && facts.is_signed(case.evidence, number);
        let (dg1, dg13) = (signed(DataGroupNumber::DG1), signed(DataGroupNumber::DG13));
        let national = |value: Option<&String>| {
            value.map(|value| Field { value: value.clone(), authentic: dg13, source: "DG13" })
        };
        let zone = |value: Option<String>| value.map(|value| Field { value, authentic: dg1, source: "DG1" });
        let data = facts.national().map(|dg13| &dg13.data);
        let mrz = facts.mrz();
        let read = crate::judge::vietnamese_day(case.evidence.read_at);
        let number = mrz.map(|mrz| {
            mrz.personal_number().map_or_else(|| mrz.document_number(), |number| number.as_str().to_owned())
        });
        let sex = mrz.and_then(Mrz::sex).map(|sex| match sex {
            Sex::Unspecified => "X".to_owned(),
            other => other.vietnamese().to_owned(),
        });
        let expiry = match data.and_then(|data| data.expiry.as_ref()) {
            Some(value) => national(Some(value)),
            None => zone(expiry_of(case, facts).map(vietnamese_expiry)),
        };
        let portrait = case.evidence.data_group(DataGroupNumber::DG2).and_then(|file| {
            let dg2 = cccd_card_profile::lds::dg2::Dg2::parse(file).ok()?;
            let face = dg2.portrait()?;
            Some(Portrait {
                format: face.format.extension(),
                width: face.width,
                height: face.height,
                authentic: signed(DataGroupNumber::DG2),
            })
        });
        Self {
            issuing_state: zone(mrz.map(|mrz| mrz.issuing_state().to_owned())),
            number: national(data.and_then(|data| data.number.as_ref())).or_else(|| zone(number)),
            full_name: national(data.and_then(|data| data.full_name.as_ref()))
                .or_else(|| zone(mrz.map(|mrz| mrz.name().full()))),
            birth_date: national(data.and_then(|data| data.birth_date.as_ref())).or_else(|| {
                zone(mrz.and_then(|mrz| mrz.birth_date(read)).map(|birth| match birth.date() {
                    Some(date) => vietnamese_date(date),
                    None => birth.to_string(),
                }))
            }),
            sex: national(data.and_then(|data| data.sex.as_ref())).or_else(|| zone(sex)),
            expiry,
            residence: national(data.and_then(|data| data.residence.as_ref())),
            portrait,
        }
    }
}
