//! Who gets a card in the demo: twelve invented people who show what differs from card to card.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cccd_card_profile::card_holder::Sex;
use cccd_population::person::{Life, Person};
use jiff::civil::Date;
use serde_json::json;

use crate::country::representative_of;
use crate::demo::counter::path;
use crate::portrait;

/// One person of the demo with the folder for their card.
#[derive(Debug)]
pub struct Applicant {
    /// As the register knows them.
    pub person: Person,
    /// Why this person was chosen.
    pub because: &'static str,
    /// Age on the day of issue.
    pub age: i16,
    /// The application file.
    pub application: PathBuf,
    /// Where the issuer writes pictures and the card's record.
    pub folder: PathBuf,
    /// The chip's state.
    pub chip: PathBuf,
}

impl Applicant {
    /// The name, shortened to what a story needs: the last word and the year of birth.
    #[must_use]
    pub fn called(&self) -> String {
        format!("{} (born {})", self.person.full_name, self.person.birth_date.year())
    }
}

type Wish = (&'static str, fn(&Person, i16) -> bool);

const WISHES: [Wish; 12] = [
    ("a child of school age, card until 14", |_, age| (6..12).contains(&age)),
    ("a pupil, card until 25", |_, age| (14..20).contains(&age)),
    ("a young woman, card until 25", |p, age| p.sex == Sex::Female && (20..23).contains(&age)),
    ("a young man, card until 40", |p, age| p.sex == Sex::Male && (25..35).contains(&age)),
    ("from an ethnic minority", |p, _| p.ethnic_group.as_deref().is_some_and(|g| g != "Kinh")),
    ("a name with an apostrophe, which the MRZ cannot hold", |p, _| p.full_name.contains(['\'', '’'])),
    ("with an old nine-digit number in the QR code", |p, _| p.old_number.is_some()),
    ("married, spouse in DG13", |p, age| p.spouse.is_some() && age > 25),
    ("card until 60", |_, age| (42..56).contains(&age)),
    ("no expiry: 60 and older", |_, age| (60..75).contains(&age)),
    ("a very old person", |_, age| age > 75),
    ("the longest address", |_, age| age > 18),
];

/// Chooses twelve people from the nation and writes their application files.
///
/// # Errors
/// If the nation has too few people or a file cannot be written.
pub fn choose(nation: &[Person], today: Date, folder: &Path) -> Result<Vec<Applicant>> {
    let mut chosen: Vec<Applicant> = Vec::new();
    for (index, (because, wish)) in WISHES.iter().enumerate() {
        let mut fitting: Vec<(&Person, i16)> = nation
            .iter()
            .filter(|p| p.life == Life::Alive && p.birth_date.date().is_some())
            .filter(|p| chosen.iter().all(|c| c.person.number != p.number))
            .map(|p| (p, cccd_card_profile::validity::age_on(p.birth_date, today)))
            .filter(|(p, age)| *age >= 6 && wish(p, *age))
            .collect();
        if because.contains("longest") {
            let length = |p: &Person| {
                p.residences.of_record().map_or(0, |residence| residence.address.chars().count())
            };
            fitting.sort_by_key(|(p, _)| std::cmp::Reverse(length(p)));
        }
        let (person, age) = *fitting
            .first()
            .or(None)
            .with_context(|| format!("the generated nation has nobody who is {because}: take more people"))?;
        let template = if index % 3 == 2 { "2021" } else { "2024" };
        chosen.push(apply(person, age, because, template, index + 1, folder)?);
    }
    Ok(chosen)
}

/// Writes the application of one person: the JSON file and the drawn portrait.
///
/// # Errors
/// If a file cannot be written.
pub fn apply(
    person: &Person,
    age: i16,
    because: &'static str,
    template: &str,
    number: usize,
    folder: &Path,
) -> Result<Applicant> {
    let name = format!("{number:02}");
    let cards = folder.join("cards").join(&name);
    let work = folder.join("work");
    std::fs::create_dir_all(&cards)?;
    std::fs::create_dir_all(&work)?;
    let portrait = work.join(format!("{name}-portrait.jpg"));
    let seed = person.number.as_str().bytes().fold(17_u64, |s, b| s.wrapping_mul(31).wrapping_add(b.into()));
    let age_years = u32::try_from(age).unwrap_or_default();
    std::fs::write(&portrait, portrait::draw(seed, person.sex == Sex::Female, age_years)?)?;
    let application = work.join(format!("{name}-application.json"));
    let mut content = json!({
        "person": { "number": person.number.as_str(), "full_name": person.full_name },
        "portrait": path(&portrait)?,
        "reason": "first-issue",
        "template": template,
    });
    if age < 14
        && let Some(acting) = representative_of(person)
    {
        content["representative"] = json!({"number": acting.number.as_str(), "full_name": acting.full_name});
    }
    std::fs::write(&application, serde_json::to_vec_pretty(&content)?)?;
    Ok(Applicant {
        person: person.clone(),
        because,
        age,
        application,
        folder: cards,
        chip: work.join(format!("{name}-chip.json")),
    })
}
