//! What the register must say before a card is made: the person is known and alive, says the same as the application,
//! and has no card in use that this one does not replace.

use cccd_card_profile::card_holder::{CardData, CardHolder, Sex};
use cccd_card_profile::mrz::MrzError;
use cccd_card_profile::validity::{self, ValidityError};
use cccd_population::card::{Card, CardStatus, SodDigest};
use cccd_population::cases::PaperClaim;
use cccd_population::name;
use cccd_population::person::{Life, Relative};
use cccd_population::places::countries;
use jiff::civil::Date;

use super::file::{Application, Asserted, Reason};
use crate::register::PersonRecord;

/// From this age on nobody acts for the holder (Luật Căn cước 2023 art. 23(1), 23(2)).
pub const ADULT_FOR_CARDS: i16 = 14;

/// One field in which application and register differ. Names only the field: the values are personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The field's name as in the application file.
    pub field: &'static str,
}

/// A rule that forbids the card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No such number.
    #[error("the register does not know this personal number")]
    UnknownPerson,
    /// Art. 9 item 24.
    #[error("the register records this person as dead")]
    Dead,
    /// Art. 9 item 24.
    #[error("the register records this person as missing")]
    Missing,
    /// The application says something else than the register.
    #[error("the application differs from the register in: {}", list(.0))]
    Differs(Vec<Difference>),
    /// A paper says otherwise than the register: which holds is the register's case (several names or birth dates of one
    /// person), and nothing is printed until it is decided.
    #[error("another paper of this person differs from the register in: {}", .0.join(", "))]
    TwoPapers(Vec<&'static str>),
    /// Nobody acts for a child under 14.
    #[error("the holder is under 14 and nobody acts for them: name their father, mother or representative")]
    NotRepresented,
    /// Somebody acts for a child whom the register does not know as father, mother or representative.
    #[error("the register does not know the one who acts for this child as father, mother or representative")]
    NoRepresentative,
    /// Cards are of citizens (Luật Căn cước 2023 art. 19).
    #[error("the register records this person as a citizen of another state")]
    NotACitizen,
    /// A first issue for someone who had a card before.
    #[error("this person had a card before: this is no first issue")]
    HadACard,
    /// An exchange for someone without a card in use, none of whose cards has merely expired (art. 24(1)).
    #[error("this person has no card that could be exchanged")]
    NothingToExchange,
    /// A reissue for someone who never had a card (art. 24(2)).
    #[error("this person never had a card that could be issued again")]
    NeverHadACard,
    /// A first issue for someone who has a card.
    #[error("this personal number is already on an active card")]
    HasActiveCard,
    /// The card in use is held by the authority (Luật Căn cước 2023 art. 29(2)).
    #[error("this person's card is held by the authority")]
    CardHeld,
    /// The register's record has no sex, which a card must print.
    #[error("the register's record lacks the person's sex")]
    SexUnspecified,
    /// Dates contradict each other.
    #[error("the dates contradict each other: {0}")]
    Validity(ValidityError),
    /// The name cannot be written in an MRZ.
    #[error("the name cannot be written in the machine readable zone: {0}")]
    Name(MrzError),
}

/// What a successful check yields.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the card will say; the chip's serial is added when a blank is assigned.
    pub card: CardData,
    /// The card in use that the new one replaces.
    pub replaces: Option<SodDigest>,
}

impl Refusal {
    /// The stable code of machine-readable output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPerson => "unknown-person",
            Self::Dead => "person-dead",
            Self::Missing => "person-missing",
            Self::Differs(_) => "differs-from-register",
            Self::TwoPapers(_) => "two-papers",
            Self::NotRepresented => "not-represented",
            Self::NoRepresentative => "no-representative",
            Self::NotACitizen => "not-a-citizen",
            Self::HadACard => "had-a-card",
            Self::NothingToExchange => "nothing-to-exchange",
            Self::NeverHadACard => "never-had-a-card",
            Self::HasActiveCard => "has-active-card",
            Self::CardHeld => "card-held",
            Self::SexUnspecified => "sex-unspecified",
            Self::Validity(_) => "dates-contradict",
            Self::Name(_) => "name-not-writable",
        }
    }
}

/// Compares an application with what the register knows about its person.
///
/// # Errors
/// [`Refusal`]: the first rule that forbids the card.
pub fn check(
    application: &Application,
    record: Option<PersonRecord>,
    issue_date: Date,
) -> Result<Checked, Refusal> {
    let PersonRecord { holder, life, card_in_use, earlier, represented_by, undecided } =
        record.ok_or(Refusal::UnknownPerson)?;
    match life {
        Life::Alive => {}
        Life::Dead(_) => return Err(Refusal::Dead),
        Life::Missing(_) => return Err(Refusal::Missing),
    }
    // Whatever this application says: which name and which day the card bears is not decided.
    let waiting: Vec<&'static str> =
        ["full_name", "birth_date"].into_iter().filter(|item| undecided.contains(*item)).collect();
    if !waiting.is_empty() {
        return Err(Refusal::TwoPapers(waiting));
    }
    let differences = differences(&application.asserted, &holder);
    if !differences.is_empty() {
        return Err(Refusal::Differs(differences));
    }
    if !countries::is_vietnamese(&holder.nationality) {
        return Err(Refusal::NotACitizen);
    }
    if holder.sex == Sex::Unspecified {
        return Err(Refusal::SexUnspecified);
    }
    if let (None, Some(earlier)) = (&card_in_use, &earlier) {
        misfit(application.reason, earlier).map_or(Ok(()), Err)?;
    }
    let replaces = replaced_card(application.reason, card_in_use)?;
    let card = CardData::new(holder, issue_date, None).map_err(Refusal::Validity)?;
    represented(application, &card.holder, &represented_by, issue_date)?;
    card.mrz().map_err(Refusal::Name)?;
    Ok(Checked { card, replaces })
}

/// For a child under 14 somebody acts whom the register knows as father, mother or representative (art. 23(1)): by number,
/// or by name where the register has no number of theirs.
fn represented(
    application: &Application,
    holder: &CardHolder,
    known: &[Relative],
    day: Date,
) -> Result<(), Refusal> {
    if validity::age_on(holder.birth_date, day) >= ADULT_FOR_CARDS {
        return Ok(());
    }
    let acting = application.representative.as_ref().ok_or(Refusal::NotRepresented)?;
    let is = |relative: &Relative| match &relative.number {
        Some(number) => *number == acting.number,
        None => name::agree(&relative.name, &acting.full_name),
    };
    if known.iter().any(is) { Ok(()) } else { Err(Refusal::NoRepresentative) }
}

/// The papers that say otherwise than the register, and in which items.
#[must_use]
pub fn other_papers<'a>(
    application: &'a Application,
    holder: &CardHolder,
) -> Vec<(&'a PaperClaim, Vec<&'static str>)> {
    let differs = |paper: &'a PaperClaim| (paper, paper.differs(&holder.full_name, holder.birth_date));
    application.papers.iter().map(differs).filter(|(_, items)| !items.is_empty()).collect()
}

/// Why this is not what may be asked for by somebody without a card in use, whose other cards, the newest last, became this.
#[must_use]
pub fn misfit(reason: Reason, earlier: &[CardStatus]) -> Option<Refusal> {
    // A card that was destroyed may never have been handed over: its chip was given up after the register had it.
    let last = earlier.iter().rfind(|status| **status != CardStatus::Destroyed);
    let given_up = earlier.last() == Some(&CardStatus::Destroyed);
    match reason {
        Reason::FirstIssue if last.is_some() => Some(Refusal::HadACard),
        // The newest is what there is to exchange; of one whose successor was given up the exchange goes on.
        Reason::Exchange => match last {
            Some(CardStatus::Expired) => None,
            Some(CardStatus::Replaced) if given_up => None,
            _ => Some(Refusal::NothingToExchange),
        },
        Reason::Reissue if earlier.is_empty() => Some(Refusal::NeverHadACard),
        _ => None,
    }
}

fn replaced_card(reason: Reason, card_in_use: Option<Card>) -> Result<Option<SodDigest>, Refusal> {
    match (reason, card_in_use) {
        (_, None) => Ok(None),
        (_, Some(card)) if card.status == CardStatus::Held => Err(Refusal::CardHeld),
        (Reason::FirstIssue, Some(_)) => Err(Refusal::HasActiveCard),
        (Reason::Exchange | Reason::Reissue, Some(card)) => Ok(Some(card.sod_sha256)),
    }
}

/// The fields in which what was said differs from the register.
#[must_use]
pub fn differences(said: &Asserted, holder: &CardHolder) -> Vec<Difference> {
    let text = |said: &Option<String>, known: Option<&str>| {
        said.as_deref().is_none_or(|said| name::agree(said, known.unwrap_or_default()))
    };
    [
        ("full_name", text(&said.full_name, Some(&holder.full_name))),
        ("birth_date", said.birth_date.is_none_or(|date| date == holder.birth_date)),
        ("sex", said.sex.is_none_or(|sex| sex == holder.sex)),
        ("nationality", text(&said.nationality, Some(&holder.nationality))),
        ("ethnic_group", text(&said.ethnic_group, holder.ethnic_group.as_deref())),
        ("religion", text(&said.religion, holder.religion.as_deref())),
        ("place_of_origin", text(&said.place_of_origin, holder.place_of_origin.as_deref())),
        ("residence", text(&said.residence, holder.residence.as_deref())),
        (
            "birth_registration_place",
            text(&said.birth_registration_place, holder.birth_registration_place.as_deref()),
        ),
        ("identification_marks", text(&said.identification_marks, holder.identification_marks.as_deref())),
        ("father", text(&said.father, holder.father.as_deref())),
        ("mother", text(&said.mother, holder.mother.as_deref())),
        ("spouse", text(&said.spouse, holder.spouse.as_deref())),
        ("old_number", text(&said.old_number, holder.old_number.as_deref())),
    ]
    .into_iter()
    .filter(|(_, agrees)| !agrees)
    .map(|(field, _)| Difference { field })
    .collect()
}

fn list(differences: &[Difference]) -> String {
    differences.iter().map(|difference| difference.field).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cccd_card_profile::validity::Expiry;
    use cccd_population::person::Person;
    use jiff::civil::date;
    use std::path::Path;

    fn application(extra: &str, reason: &str) -> Application {
        let ground = match reason {
            "exchange" => r#","ground":"age""#,
            "reissue" => r#","ground":"lost-or-damaged""#,
            _ => "",
        };
        let json = format!(
            r#"{{"person":{{"number":"079099000001"{extra}}},"portrait":"/9j/4AAQSkZJRg==","reason":"{reason}"{ground}}}"#
        );
        Application::parse(json.as_bytes(), Path::new("")).unwrap()
    }

    fn record(life: Life, status: Option<CardStatus>) -> PersonRecord {
        let person: Person = serde_json::from_value(serde_json::json!({
            "number": "079099000001", "full_name": "Nguyễn Thúy An", "birth_date": "1999-01-15", "sex": "female",
            "place_of_origin": "Xã Mẫu, Huyện Mẫu"
        }))
        .unwrap();
        let card_in_use = status.map(|status| Card {
            number: person.number.clone(),
            sod_sha256: SodDigest::of(b"old"),
            document_number: "099000001".into(),
            chip_serial: "00".repeat(10),
            issued: date(2022, 1, 1),
            expires: None,
            status,
            since: date(2022, 1, 1),
        });
        PersonRecord { life, ..PersonRecord::of(&person, card_in_use) }
    }

    fn outcome(
        application: &Application,
        record: Option<PersonRecord>,
    ) -> Result<Option<SodDigest>, Refusal> {
        check(application, record, date(2026, 11, 21)).map(|checked| checked.replaces)
    }

    #[test]
    fn every_rule_decides() {
        let first = application("", "first-issue");
        assert_eq!(outcome(&first, None), Err(Refusal::UnknownPerson));
        assert_eq!(outcome(&first, Some(record(Life::Dead(date(2025, 1, 1)), None))), Err(Refusal::Dead));
        assert_eq!(
            outcome(&first, Some(record(Life::Missing(date(2025, 1, 1)), None))),
            Err(Refusal::Missing)
        );
        assert_eq!(outcome(&first, Some(record(Life::Alive, None))), Ok(None));
        let active = Some(record(Life::Alive, Some(CardStatus::Active)));
        assert_eq!(outcome(&first, active.clone()), Err(Refusal::HasActiveCard));
        assert_eq!(outcome(&application("", "reissue"), active), Ok(Some(SodDigest::of(b"old"))));
        let held = Some(record(Life::Alive, Some(CardStatus::Held)));
        assert_eq!(outcome(&application("", "exchange"), held), Err(Refusal::CardHeld));
    }

    /// Luật Căn cước 2023 art. 24: what became of the other cards says what may be asked for.
    #[test]
    fn what_is_asked_for_fits_the_cards_that_there_were() {
        use CardStatus::{Destroyed, Expired, Lost, Replaced, Revoked};
        let after = |earlier: Option<&[CardStatus]>, reason: &str| {
            let record =
                PersonRecord { earlier: earlier.map(<[CardStatus]>::to_vec), ..record(Life::Alive, None) };
            outcome(&application("", reason), Some(record)).err()
        };
        for (earlier, first, exchange, reissue) in [
            (&[][..], None, Some(Refusal::NothingToExchange), Some(Refusal::NeverHadACard)),
            (&[Expired], Some(Refusal::HadACard), None, None),
            (&[Lost], Some(Refusal::HadACard), Some(Refusal::NothingToExchange), None),
            (&[Expired, Lost], Some(Refusal::HadACard), Some(Refusal::NothingToExchange), None),
            (&[Revoked, Destroyed], Some(Refusal::HadACard), Some(Refusal::NothingToExchange), None),
            (&[Destroyed], None, Some(Refusal::NothingToExchange), None),
            (&[Replaced, Destroyed], Some(Refusal::HadACard), None, None),
            (&[Replaced], Some(Refusal::HadACard), Some(Refusal::NothingToExchange), None),
        ] {
            assert_eq!(after(Some(earlier), "first-issue"), first, "{earlier:?}");
            assert_eq!(after(Some(earlier), "exchange"), exchange, "{earlier:?}");
            assert_eq!(after(Some(earlier), "reissue"), reissue, "{earlier:?}");
        }
        for reason in ["first-issue", "exchange", "reissue"] {
            assert_eq!(after(None, reason), None, "a register that does not say it refuses nobody");
        }
    }

    #[test]
    fn cards_are_of_citizens() {
        let of = |nationality: &str| {
            let mut record = record(Life::Alive, None);
            record.holder.nationality = nationality.to_owned();
            outcome(&application("", "first-issue"), Some(record)).err()
        };
        assert_eq!(of("Hoa Kỳ"), Some(Refusal::NotACitizen));
        assert_eq!(of("Không quốc tịch"), Some(Refusal::NotACitizen));
        assert_eq!((of("Hoa Kỳ, Việt Nam"), of("VIỆT NAM")), (None, None));
    }

    #[test]
    fn differences_are_listed_by_field_and_spellings_of_one_name_agree() {
        let alive = || Some(record(Life::Alive, None));
        let same = r#", "full_name":"NGUYỄN THUÝ AN","birth_date":"1999-01-15","sex":"female""#;
        assert_eq!(outcome(&application(same, "first-issue"), alive()), Ok(None));
        let other = r#", "full_name":"Nguyen Thuy An","sex":"male","religion":"Không""#;
        let refusal = outcome(&application(other, "first-issue"), alive()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the application differs from the register in: full_name, sex, religion"
        );
    }

    /// A child of this age on 21 November 2026, whose father has a number and whose mother is known by name alone.
    fn child(born: &str) -> PersonRecord {
        let person: Person = serde_json::from_value(serde_json::json!({
            "number": "079216000001", "full_name": "Nguyễn Bé An", "birth_date": born, "sex": "female",
            "father": {"name": "Nguyễn Văn Chung", "number": "079090000001"}, "mother": {"name": "Trần Thị Mẹ"},
            "representatives": [{"name": "Lê Thị Giám Hộ", "number": "079180000002"}]
        }))
        .unwrap();
        PersonRecord::of(&person, None)
    }

    #[test]
    fn for_a_child_under_14_somebody_acts_whom_the_register_knows() {
        let with = |acting: &str| {
            let json = format!(
                r#"{{"person":{{"number":"079216000001"}},"portrait":"/9j/4AAQSkZJRg==","reason":"first-issue"{acting}}}"#
            );
            Application::parse(json.as_bytes(), Path::new("")).unwrap()
        };
        let acting = |number: &str, name: &str| {
            with(&format!(r#","representative":{{"number":"{number}","full_name":"{name}"}}"#))
        };
        // One day before the fourteenth birthday, and on it.
        let eve = || Some(child("2012-11-22"));
        assert_eq!(outcome(&with(""), eve()), Err(Refusal::NotRepresented));
        assert_eq!(outcome(&with(""), Some(child("2012-11-21"))), Ok(None));
        for (number, name, known) in [
            ("079090000001", "whatever is written", true),
            ("079180000002", "Lê Thị Giám Hộ", true),
            // Of the mother the register has no number: her name is what is compared.
            ("079191000003", "TRẦN THỊ MẸ", true),
            ("079191000003", "Nguyễn Văn Chung", false),
            ("079191000003", "Trần Thị Khác", false),
        ] {
            let expected = if known { Ok(None) } else { Err(Refusal::NoRepresentative) };
            assert_eq!(outcome(&acting(number, name), eve()), expected, "{number} {name}");
        }
        assert_ne!(
            acting("079090000001", "A").content_sha256(),
            acting("079180000002", "A").content_sha256()
        );
    }

    #[test]
    fn another_name_on_another_paper_is_told_item_by_item() {
        let with = |papers: &str| {
            let json = format!(
                r#"{{"person":{{"number":"079099000001"}},"portrait":"/9j/4AAQSkZJRg==","reason":"first-issue","papers":[{papers}]}}"#
            );
            let application = Application::parse(json.as_bytes(), Path::new("")).unwrap();
            let holder = record(Life::Alive, None).holder;
            other_papers(&application, &holder).into_iter().map(|(_, items)| items).collect::<Vec<_>>()
        };
        let same = r#"{"paper":"giấy khai sinh","full_name":"NGUYỄN THUÝ AN","birth_date":"1999-01-15"}"#;
        let name = r#"{"paper":"học bạ","full_name":"Vàng Thị An"}"#;
        let both = r#"{"paper":"sổ hộ khẩu","full_name":"Vàng Thị An","birth_date":"1998"}"#;
        assert_eq!(
            with(&format!("{same},{name},{both}")),
            [vec!["full_name"], vec!["full_name", "birth_date"]]
        );
    }

    #[test]
    fn validity_follows_the_age() {
        let checked =
            check(&application("", "first-issue"), Some(record(Life::Alive, None)), date(2026, 11, 21))
                .unwrap();
        assert_eq!(checked.card.expiry, Expiry::On(date(2039, 1, 15)));
        let unborn =
            check(&application("", "first-issue"), Some(record(Life::Alive, None)), date(1990, 1, 1));
        assert!(matches!(unborn, Err(Refusal::Validity(_))));
    }
}
