//! What to ask, from the evidence; and the canonical form of a question, which binds the answer to it.

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::dg13::NationalData;
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_keys::sod::EfSod;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::MatchQuestion;
use crate::Evidence;

/// What the register can be asked about a card.
#[derive(Debug)]
pub struct Questions {
    /// How the card is known.
    pub sod_sha256: Option<[u8; 32]>,
    /// Whom it names, if the data are those that were signed.
    pub person: Option<MatchQuestion>,
}

/// What to ask about the card that gave this evidence.
#[must_use]
pub fn questions(evidence: &Evidence) -> Questions {
    Questions { sod_sha256: evidence.sod_sha256(), person: person(evidence) }
}

fn person(evidence: &Evidence) -> Option<MatchQuestion> {
    let file = evidence.data_group(DataGroupNumber::DG13)?;
    let sod = EfSod::parse(evidence.files.sod.as_deref()?).ok()?;
    sod.verify_signature().ok()?;
    let object = LdsSecurityObject::from_der(sod.econtent()).ok()?;
    if object.check(DataGroupNumber::DG13, file) != HashCheck::Matches {
        return None;
    }
    let data = NationalData::parse(file).ok()?;
    let birth: BirthDate = data.birth_date.as_deref()?.trim().parse().ok()?;
    let birth_date = match birth {
        BirthDate::Day(date) => date.to_string(),
        BirthDate::Month { year, month } => format!("{year:04}-{month:02}"),
        BirthDate::Year(year) => format!("{year:04}"),
    };
    let sex = data.sex.as_deref().and_then(Sex::from_vietnamese).and_then(|sex| match sex {
        Sex::Male => Some("male".to_owned()),
        Sex::Female => Some("female".to_owned()),
        Sex::Unspecified => None,
    });
    let also = [
        ("sex", sex),
        ("nationality", data.nationality),
        ("place_of_origin", data.place_of_origin),
        ("residence", data.residence),
    ];
    let also = also.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Some(MatchQuestion { number: data.number?, full_name: data.full_name?, birth_date, also })
}

/// Members in the order of their names, as the canonical request wants them.
#[derive(Serialize)]
struct CanonicalMatch<'a> {
    also: &'a BTreeMap<String, String>,
    birth_date: &'a str,
    full_name: &'a str,
    kind: &'a str,
    number: &'a str,
}

#[derive(Serialize)]
struct CanonicalCardStatus<'a> {
    kind: &'a str,
    sod_sha256: &'a str,
}

fn digest<T: Serialize>(canonical: &T) -> String {
    // Serializing strings and a map of strings cannot fail.
    hex::encode(Sha256::digest(serde_json::to_vec(canonical).unwrap_or_default()))
}

/// The subject that an answer to this question must name (`docs/register-api.md`, canonical request).
#[must_use]
pub fn subject_of_match(question: &MatchQuestion) -> String {
    digest(&CanonicalMatch {
        also: &question.also,
        birth_date: &question.birth_date,
        full_name: &question.full_name,
        kind: "match",
        number: &question.number,
    })
}

/// The subject that an answer about this card must name.
#[must_use]
pub fn subject_of_card_status(sod_sha256: &[u8; 32]) -> String {
    digest(&CanonicalCardStatus { kind: "card-status", sod_sha256: &hex::encode(sod_sha256) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_answers_of_the_interface() {
        let question = MatchQuestion {
            number: "079099000001".into(),
            full_name: "Nguyễn Văn An".into(),
            birth_date: "1999-01-15".into(),
            also: [("sex".to_owned(), "male".to_owned()), ("residence".to_owned(), "Tổ 1".to_owned())].into(),
        };
        assert_eq!(
            subject_of_match(&question),
            "5eaf3b51790e775ee9c62f216f62bf5ffdc300a0c8c5fc867ae1b71a082f499a"
        );
        assert_eq!(
            subject_of_card_status(&[0; 32]),
            "ca72fd485f7981fb2dff68c3a0d8299a635c240895f0b8e193c75106421b2aae"
        );
    }
}
