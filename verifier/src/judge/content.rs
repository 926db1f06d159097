//! What the files say: among themselves, beside what is printed, and on the calendar.

use std::collections::BTreeSet;

use cccd_card_profile::card_holder::{BirthDate, Sex, parse_vietnamese_date, parse_vietnamese_expiry};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg13::NationalData;
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::qr::Qr2021;
use cccd_card_profile::transliteration::mrz_words;
use cccd_card_profile::validity::Expiry;
use unicode_normalization::UnicodeNormalization as _;

use super::facts::Facts;
use super::presented::PresentedQr;
use super::{Case, vietnamese_day};
use crate::evidence::{AccessProtocol, MissingCause};
use crate::finding::{Check, Finding, Reason, Scope};
use crate::session::parse_card_access;

pub(super) fn findings(case: &Case<'_>, facts: &Facts) -> Vec<Finding> {
    vec![
        expiry(case, facts),
        mrz(case, facts),
        qr(case, facts),
        card_access(case, facts),
        consistent(case, facts),
        com(case, facts),
        holder(case),
    ]
}

/// When the card expires: DG13 says it with its century, DG1 for every document.
pub(crate) fn expiry_of(case: &Case<'_>, facts: &Facts) -> Option<Expiry> {
    let zone = facts.mrz().and_then(|mrz| mrz.expiry(vietnamese_day(case.evidence.read_at)));
    let national = facts.national().and_then(|dg13| parse_vietnamese_expiry(dg13.data.expiry.as_deref()?));
    match (zone, national) {
        // Of two that contradict each other the earlier one counts; the contradiction is a finding of its own.
        (Some(Expiry::On(one)), Some(Expiry::On(other))) => Some(Expiry::On(one.min(other))),
        (Some(on @ Expiry::On(_)), _) | (_, Some(on @ Expiry::On(_))) => Some(on),
        (one, other) => one.or(other),
    }
}

fn expiry(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::DocumentExpiry;
    if facts.mrz.is_none() && facts.national.is_none() {
        return Finding::unavailable(check, Reason::NotRead);
    }
    match expiry_of(case, facts) {
        None => Finding::inconclusive(check, Reason::NoExpiryDate),
        Some(expiry) if expiry.is_past(case.day()) => {
            let date = expiry.date().map(|date| date.to_string()).unwrap_or_default();
            Finding::failed(check, Reason::DocumentExpired).with_detail(date)
        }
        Some(_) => Finding::passed(check),
    }
}

fn mrz(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::DocumentMrz;
    let mrz = match &facts.mrz {
        None => return Finding::unavailable(check, Reason::NotRead),
        Some(Err(error)) => {
            return Finding::failed(check, Reason::MalformedData).with_detail(error.to_string());
        }
        Some(Ok(mrz)) => mrz,
    };
    if let Some(printed) = &case.presented.mrz
        && printed.as_str() != mrz.as_str()
    {
        return Finding::failed(check, Reason::MrzMismatch).in_scope(Scope::OpticalCompared);
    }
    if let Some(wrong) = mrz.wrong_check_digits().first() {
        return Finding::failed(check, Reason::CheckDigitWrong).with_detail(format!("{:?}", wrong.field));
    }
    let scope = if case.presented.mrz.is_some() { Scope::OpticalCompared } else { Scope::ChipOnly };
    Finding::passed(check).in_scope(scope)
}

/// NFC, one space between words: how a printed text and the chip's may differ without differing.
fn same_text(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(one) == plain(other)
}

fn qr(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::DocumentQr;
    let qr = match &case.presented.qr {
        None => return Finding::unavailable(check, Reason::NotPresented),
        Some(PresentedQr::Other(error)) => {
            return Finding::failed(check, Reason::MalformedData).with_detail(error.to_string());
        }
        Some(PresentedQr::Card(qr)) => &qr.base,
    };
    let differing = match (facts.national(), facts.mrz()) {
        (Some(dg13), _) => qr_against_national(qr, &dg13.data),
        (None, Some(mrz)) => qr_against_mrz(case, qr, mrz),
        (None, None) => return Finding::unavailable(check, Reason::NotRead),
    };
    if differing.is_empty() {
        Finding::passed(check)
    } else {
        Finding::failed(check, Reason::QrMismatch).with_detail(differing.join(", "))
    }
}

fn qr_against_national(qr: &Qr2021, data: &NationalData) -> Vec<&'static str> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let old_number = qr.old_number.clone().unwrap_or_default();
    let fields = [
        ("number", text(&data.number) == qr.number.as_str()),
        ("old_number", text(&data.old_number) == old_number),
        ("full_name", same_text(&text(&data.full_name), &qr.full_name)),
        ("birth_date", text(&data.birth_date).trim().parse::<BirthDate>() == Ok(qr.birth_date)),
        ("sex", Sex::from_vietnamese(&text(&data.sex)) == Some(qr.sex)),
        ("residence", same_text(&text(&data.residence), &qr.residence)),
        ("issue_date", parse_vietnamese_date(&text(&data.issue_date)) == Some(qr.issue_date)),
    ];
    fields.into_iter().filter_map(|(name, agrees)| (!agrees).then_some(name)).collect()
}

fn qr_against_mrz(case: &Case<'_>, qr: &Qr2021, mrz: &Mrz) -> Vec<&'static str> {
    let number = match mrz.personal_number() {
        Some(number) => number == qr.number,
        None => mrz.document_number() == qr.number.document_number(),
    };
    let fields = [
        ("number", number),
        ("full_name", name_agrees(&qr.full_name, mrz).unwrap_or(true)),
        ("birth_date", mrz.birth_date(vietnamese_day(case.evidence.read_at)) == Some(qr.birth_date)),
        ("sex", mrz.sex() == Some(qr.sex)),
    ];
    fields.into_iter().filter_map(|(name, agrees)| (!agrees).then_some(name)).collect()
}

/// EF.CardAccess is read before anything is authenticated, by design. DG14 repeats it under the signature
/// (Doc 9303-11 §9.2.11), and so does EF.CardSecurity where the chip has one (Doc 9303-10 §3.11.4): every info must stand in
/// each of them that is authentic, byte for byte as re-encoded. One is enough to compare with.
fn card_access(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::CardAccessAuthentic;
    if case.evidence.access.protocol == AccessProtocol::None {
        return Finding::unavailable(check, Reason::NotRead);
    }
    let Some(file) = &case.evidence.files.card_access else {
        return Finding::not_applicable(check, Reason::ProtocolNotOffered);
    };
    let Some(infos) = parse_card_access(file) else { return Finding::failed(check, Reason::MalformedData) };
    let number = DataGroupNumber::DG14;
    let group = facts.security_infos().filter(|_| facts.is_signed(case.evidence, number));
    let card_security = facts.card_security.as_ref().and_then(|file| file.as_ref().ok());
    let own_signature = card_security.filter(|file| file.is_authentic).map(|file| &file.infos);
    let repeats = [("DG14", group), ("EF.CardSecurity", own_signature)];
    let compared: Vec<(&str, bool)> = repeats
        .into_iter()
        .filter_map(|(name, repeated)| Some((name, is_repeated(&infos, repeated?))))
        .collect();
    let differing: Vec<&str> =
        compared.iter().filter_map(|(name, agrees)| (!agrees).then_some(*name)).collect();
    if !differing.is_empty() {
        return Finding::failed(check, Reason::CardAccessMismatch).with_detail(differing.join(", "));
    }
    if !compared.is_empty() {
        return Finding::passed(check);
    }
    if facts.security_infos().is_some() || card_security.is_some() {
        return Finding::inconclusive(check, Reason::KeyNotAuthentic);
    }
    if facts.object().is_some() && !facts.lists(number) {
        return Finding::inconclusive(check, Reason::UnsignedContent);
    }
    Finding::unavailable(check, Reason::DataGroupNotRead)
}

/// Whether every info stands in the other file too.
fn is_repeated(infos: &SecurityInfos, other: &SecurityInfos) -> bool {
    let repeated: BTreeSet<Vec<u8>> = other.infos.iter().map(SecurityInfo::to_der).collect();
    infos.infos.iter().all(|info| repeated.contains(&info.to_der()))
}

/// Whether a name with diacritics is the name of a zone: the same words in A–Z, or, where the zone's field is full,
/// words of which each begins one of the name's, in order, the first and the last among them (Doc 9303-3 §4.6).
/// `None` when the name has letters that no zone has.
pub(crate) fn name_agrees(full_name: &str, mrz: &Mrz) -> Option<bool> {
    let words = mrz_words(full_name).ok()?;
    let name = mrz.name();
    let zone: Vec<String> =
        name.full().split(' ').map(str::to_owned).filter(|word| !word.is_empty()).collect();
    if words == zone {
        return Some(true);
    }
    if !name.may_be_truncated {
        return Some(false);
    }
    let begins = |short: Option<&String>, long: Option<&String>| match (short, long) {
        (Some(short), Some(long)) => long.starts_with(short.as_str()),
        _ => false,
    };
    let mut rest = words.iter();
    let in_order = zone.iter().all(|short| rest.any(|long| long.starts_with(short.as_str())));
    Some(in_order && begins(zone.first(), words.first()) && begins(zone.last(), words.last()))
}

fn consistent(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::DataGroupsConsistent;
    let malformed: Vec<String> =
        case.evidence.files.malformed.iter().map(|number| format!("DG{number}")).collect();
    if !malformed.is_empty() {
        return Finding::inconclusive(check, Reason::MalformedData).with_detail(malformed.join(", "));
    }
    let number = DataGroupNumber::DG13;
    let dg13 = match &facts.national {
        None if facts.object().is_some() && !facts.lists(number) => {
            return Finding::not_applicable(check, Reason::DataGroupAbsent);
        }
        None => return Finding::unavailable(check, Reason::NotRead),
        Some(Err(error)) => {
            return Finding::failed(check, Reason::MalformedData).with_detail(error.to_string());
        }
        Some(Ok(dg13)) => dg13,
    };
    let Some(mrz) = facts.mrz() else { return Finding::unavailable(check, Reason::NotRead) };
    if !dg13.duplicates.is_empty() {
        return Finding::failed(check, Reason::DataMismatch).with_detail("repeated field");
    }
    let data = &dg13.data;
    let day = vietnamese_day(case.evidence.read_at);
    let agrees = |value: &Option<String>, same: &dyn Fn(&str) -> bool, required: bool| match value {
        Some(value) => same(value),
        None => !required,
    };
    let fields = [
        ("number", agrees(&data.number, &|text| mrz_number_is(mrz, text), true)),
        ("full_name", agrees(&data.full_name, &|text| name_agrees(text, mrz).unwrap_or(true), true)),
        (
            "birth_date",
            agrees(
                &data.birth_date,
                &|text| text.trim().parse::<BirthDate>().ok() == mrz.birth_date(day),
                true,
            ),
        ),
        ("sex", agrees(&data.sex, &|text| Sex::from_vietnamese(text) == mrz.sex(), false)),
        ("expiry", agrees(&data.expiry, &|text| parse_vietnamese_expiry(text) == mrz.expiry(day), true)),
    ];
    let differing: Vec<&str> =
        fields.into_iter().filter_map(|(name, agrees)| (!agrees).then_some(name)).collect();
    if !differing.is_empty() {
        return Finding::failed(check, Reason::DataMismatch).with_detail(differing.join(", "));
    }
    let unknown_letters = data.full_name.as_deref().is_some_and(|name| name_agrees(name, mrz).is_none());
    if unknown_letters {
        return Finding::inconclusive(check, Reason::MalformedData).with_detail("full_name");
    }
    Finding::passed(check)
}

fn mrz_number_is(mrz: &Mrz, number: &str) -> bool {
    let document_number = number.get(number.len().saturating_sub(9)..);
    let whole = mrz.personal_number().is_none_or(|personal| personal.as_str() == number);
    whole && document_number == Some(mrz.document_number().as_str())
}

fn com(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::ComSodConsistent;
    let Some(file) = &case.evidence.files.com else {
        return match case.evidence.missing(ElementaryFile::Com).map(|missing| missing.cause) {
            Some(MissingCause::Absent) => Finding::not_applicable(check, Reason::NotRead),
            Some(MissingCause::AccessDenied | MissingCause::Refused) => {
                Finding::unavailable(check, Reason::AccessDenied)
            }
            Some(_) => Finding::unavailable(check, Reason::TransportFailure),
            None => Finding::unavailable(check, Reason::NotRead),
        };
    };
    let Ok(com) = Com::parse(file) else { return Finding::failed(check, Reason::MalformedData) };
    let Some(object) = facts.object() else { return Finding::unavailable(check, Reason::NoSod) };
    let listed: BTreeSet<DataGroupNumber> = com.data_groups().into_iter().collect();
    let signed: BTreeSet<DataGroupNumber> = object.data_groups().into_iter().collect();
    if listed == signed && com.unknown_tags().is_empty() {
        return Finding::passed(check);
    }
    let differing: Vec<String> = listed.symmetric_difference(&signed).map(ToString::to_string).collect();
    Finding::failed(check, Reason::ComSodMismatch).with_detail(differing.join(", "))
}

fn holder(case: &Case<'_>) -> Finding {
    let check = Check::HolderPortrait;
    match case.presented.holder_is_bearer {
        Some(true) => Finding::passed(check),
        Some(false) => Finding::failed(check, Reason::BearerDiffers),
        None => Finding::unavailable(check, Reason::NotCompared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Mrz {
        let text = format!("IDVNM0990000011079099000001<<29901156M3901151VNM<<<<<<<<<<<6{name:<<30}");
        Mrz::parse(&text).unwrap()
    }

    #[test]
    fn names_agree_modulo_diacritics_and_truncation_only() {
        let agrees = |name, field| name_agrees(name, &zone(field));
        assert_eq!(agrees("Nguyễn Văn An", "NGUYEN<<VAN<AN"), Some(true));
        assert_eq!(agrees("Nguyễn Văn Ân", "NGUYEN<<VAN<AN"), Some(true));
        assert_eq!(agrees("Nguyễn Văn Giả", "NGUYEN<<VAN<AN"), Some(false));
        assert_eq!(agrees("Nguyễn Văn", "NGUYEN<<VAN<AN"), Some(false));
        let cut = "NGUYENPHUOC<<CONG<NU<HUO<GIANG";
        assert_eq!(agrees("Nguyễnphước Côngtằngtôn Nữ Hương Giang", cut), Some(true));
        assert_eq!(agrees("Nguyễnphước Côngtằngtôn Nữ Hương Giao", cut), Some(false));
        assert_eq!(agrees("Trần Côngtằngtôn Nữ Hương Giang", cut), Some(false));
        assert_eq!(agrees("阮文安", "NGUYEN<<VAN<AN"), None);
    }

    #[test]
    fn printed_texts_may_differ_in_form_only() {
        assert!(same_text("Tổ  1, Phường Mẫu", "To\u{302}\u{309} 1, Phường Mẫu"));
        assert!(!same_text("Tổ 1", "To 1"));
    }
}
