//! The question of a counter: do number, name and birth date belong together? Unless all agree, and the person lives,
//! the answer is one constant. Religion, ethnic group, blood group and relatives are never compared.

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::answer::MatchRequest;
use crate::card::same_sex;
use crate::name::{MAX_NAME, agree, comparison_key};
use crate::person::{Life, MAX_TEXT, Person, parse_birth_date};
use crate::store::{Attempt, AttemptResult, Store, StoreError};

/// Failed attempts per number within [`ATTEMPT_WINDOW`]; the next one is refused.
pub const MAX_FAILED_ATTEMPTS: u32 = 5;

/// How long a failed attempt counts.
pub const ATTEMPT_WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// The most further fields in one question.
pub const MAX_FURTHER_FIELDS: usize = 12;

/// What became of one further field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The register says the same.
    Agrees,
    /// The register says otherwise.
    Differs,
    /// Not a field that is compared, or one that the register does not hold.
    NotCompared,
}

/// The answer to a match question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All three agree, and the person lives.
    Match(BTreeMap<String, Agreement>),
    /// Unknown, dead, missing, or one of the three differs.
    NoMatch,
    /// Not answered: too many attempts for this number have failed within the hour.
    TooManyAttempts,
}

/// A question that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field {0} is missing or not of its form")]
pub struct BadField(pub &'static str);

/// The key under which numbers stand in the log of attempts.
pub struct DigestKey(Zeroizing<[u8; 32]>);

impl DigestKey {
    /// A key from its octets.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 of a number: tells two numbers apart, not which they are.
    #[must_use]
    pub fn digest(&self, number: &PersonalNumber) -> [u8; 32] {
        // HMAC takes keys of every length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return [0; 32] };
        mac.update(b"cccd-match-attempt-v1\0");
        mac.update(number.as_str().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// HMAC-SHA-256 over parts, each behind its length: a link of a chain that only a holder of the key can make.
    #[must_use]
    pub(crate) fn chained(&self, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return [0; 32] };
        mac.update(b"cccd-chained-v1\0");
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// HMAC-SHA-256 of what an extract's code says ([`crate::extract`]), under a name of its own.
    #[must_use]
    pub fn seal(&self, text: &str) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return [0; 32] };
        mac.update(b"cccd-extract-v1\0");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl core::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DigestKey(…)")
    }
}

/// Refuses a question whose fields are not of their form.
///
/// # Errors
/// [`BadField`] with the field's name.
pub fn check_form(request: &MatchRequest) -> Result<BirthDate, BadField> {
    if request.full_name.chars().count() > MAX_NAME || request.full_name.trim().is_empty() {
        return Err(BadField("full_name"));
    }
    let further_fits =
        |(name, value): (&String, &String)| name.chars().count() <= 64 && value.chars().count() <= MAX_TEXT;
    if request.also.len() > MAX_FURTHER_FIELDS || !request.also.iter().all(further_fits) {
        return Err(BadField("also"));
    }
    if request.birth_date.contains('/') {
        return Err(BadField("birth_date"));
    }
    parse_birth_date(&request.birth_date).ok_or(BadField("birth_date"))
}

/// Asks the register, counts and logs the attempt.
///
/// # Errors
/// [`StoreError`].
pub fn ask(
    store: &mut dyn Store,
    key: &DigestKey,
    request: &MatchRequest,
    birth_date: BirthDate,
    requester: &str,
    at: Timestamp,
) -> Result<Outcome, StoreError> {
    let person = store.person(&request.number)?;
    // An unknown number is compared like a known one, with somebody who agrees with nothing.
    let known = person.is_some();
    let person = person.unwrap_or_else(|| {
        Person::new(request.number.clone(), "\u{2014}", BirthDate::Year(0), Sex::Unspecified)
    });
    let verdict = known
        & agree(&person.full_name, &request.full_name)
        & (person.birth_date == birth_date)
        & (person.life == Life::Alive);
    let agreement: BTreeMap<_, _> =
        request.also.iter().map(|(field, value)| (field.clone(), compare(&person, field, value))).collect();
    let attempt = Attempt {
        number_digest: key.digest(&request.number),
        requester: requester.to_owned(),
        at,
        result: if verdict { AttemptResult::Match } else { AttemptResult::NoMatch },
    };
    let since = at.checked_sub(ATTEMPT_WINDOW).unwrap_or(Timestamp::MIN);
    Ok(match store.log_attempt(&attempt, since, MAX_FAILED_ATTEMPTS)? {
        AttemptResult::Match => Outcome::Match(agreement),
        AttemptResult::NoMatch => Outcome::NoMatch,
        AttemptResult::Refused => Outcome::TooManyAttempts,
    })
}

/// Compares one further field; only the few that a card shows and that say little about a person's beliefs and kin.
fn compare(person: &Person, field: &str, value: &str) -> Agreement {
    let held = match field {
        "sex" if person.sex == Sex::Unspecified => None,
        "sex" => return same_or_not(same_sex(value, person.sex)),
        "nationality" => Some(person.nationality.as_str()),
        "place_of_origin" => person.place_of_origin.as_deref(),
        "place_of_birth" => person.place_of_birth.as_deref(),
        "birth_registration_place" => person.birth_registration_place.as_deref(),
        "residence" => person.residences.of_record().map(|residence| residence.address.as_str()),
        _ => None,
    };
    held.map_or(Agreement::NotCompared, |held| same_or_not(place_key(held) == place_key(value)))
}

fn same_or_not(same: bool) -> Agreement {
    if same { Agreement::Agrees } else { Agreement::Differs }
}

/// Places as names, with commas not counting: cards set them in lines.
fn place_key(place: &str) -> String {
    comparison_key(&place.replace([',', ';'], " "))
}
