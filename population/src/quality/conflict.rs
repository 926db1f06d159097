//! Two sources say different things of one person. Who has more standing wins by itself; among equals an officer
//! decides, and says why. One person under several names, birth years or surnames on several papers is one conflict
//! with several claims, never several people.

use core::fmt;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::name::comparison_key;
use crate::person::Person;

/// Items that stay what they are: two sources with two values contradict each other. The others (residence, household,
/// telephone, marital status, life) change in the course of a life; there the later event counts, not the better paper.
pub const LASTING: [&str; 12] = [
    "full_name",
    "birth_date",
    "sex",
    "place_of_birth",
    "birth_registration_place",
    "place_of_origin",
    "ethnic_group",
    "nationality",
    "blood_group",
    "old_number",
    "father",
    "mother",
];

/// The item whose parts come and go one by one.
const RESIDENCES: &str = "residences";

/// The shortest reason that is one, in characters.
pub const SHORTEST_REASON: usize = 5;

/// How much a source's word counts, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Carried over from another database, or typed from a list.
    Carried,
    /// What the person declared and signed (DC01, DC02).
    Declared,
    /// What an officer saw in a paper that proves it.
    Proven,
    /// An act of the civil register, or a court's judgement.
    Act,
}

/// What one source says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Which source: the file, paper or office.
    pub source: String,
    /// How much its word counts.
    pub standing: Standing,
    /// When it was said.
    pub at: Timestamp,
    /// Who brought it in.
    pub by: String,
    /// What it says: the item in the form of the JSON import.
    pub value: Value,
}

/// Claims about one item that do not agree.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Whose item.
    pub number: PersonalNumber,
    /// One of [`LASTING`].
    pub item: String,
    /// Two or more, each with another value.
    pub claims: Vec<Claim>,
}

/// How a conflict ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The value that holds from now on.
    pub value: Value,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Why a decision does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotDecided {
    /// There is no such claim.
    #[error("there is no claim of this number")]
    NoSuchClaim,
    /// A decision without a reason.
    #[error("a decision needs a reason, of {} characters or more", SHORTEST_REASON)]
    NoReason,
    /// A decision without a name.
    #[error("a decision needs the name of who decides")]
    Nobody,
    /// Who brought a claim in cannot choose it.
    #[error("who brought a claim in cannot decide for it")]
    OwnClaim,
}

/// What becomes of two records of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What the register keeps for now: what was known, with what is new, and with the word of higher standing.
    pub person: Person,
    /// What an officer must decide; the item keeps its known value until then.
    pub conflicts: Vec<Conflict>,
}

/// A record with what is to be known of where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Told<'p> {
    /// The record.
    pub person: &'p Person,
    /// Which source.
    pub source: &'p str,
    /// How much its word counts.
    pub standing: Standing,
    /// When.
    pub at: Timestamp,
    /// Who brought it in.
    pub by: &'p str,
}

/// Where one item came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Which source.
    pub source: String,
    /// How much its word counts.
    pub standing: Standing,
    /// When.
    pub at: Timestamp,
    /// Who brought it in.
    pub by: String,
}

impl Origin {
    /// What this source says of an item.
    #[must_use]
    pub fn claim(&self, value: &Value) -> Claim {
        Claim {
            source: self.source.clone(),
            standing: self.standing,
            at: self.at,
            by: self.by.clone(),
            value: value.clone(),
        }
    }
}

impl Told<'_> {
    fn origin(&self) -> Origin {
        Origin {
            source: self.source.to_owned(),
            standing: self.standing,
            at: self.at,
            by: self.by.to_owned(),
        }
    }
}

/// Joins what a source says with what is known of the same number. Nothing known is lost: an item that the incoming
/// record leaves out stays, an item that it adds is taken, a lasting item that differs is settled by standing or
/// becomes a conflict (two days of death are one too), any other item is taken from the later record. What was carried over
/// does not replace a residence, spouse or marital status of better standing: that is a conflict too. A death is never undone
/// here.
///
/// # Errors
/// [`serde_json::Error`] only if a record does not survive its own form.
pub fn join(known: &Told<'_>, incoming: &Told<'_>) -> Result<Joined, serde_json::Error> {
    join_items(known.person, (&|_| known.origin(), &|_| None), incoming)
}

/// Where a known item came from.
pub type OriginOf<'f> = dyn Fn(&str) -> Origin + 'f;

/// What took an item away that a record does not say; `None` where it never did.
pub type GoneBy<'f> = dyn Fn(&str) -> Option<Origin> + 'f;

/// [`join`] where each known item has an origin of its own, and so has what the record no longer says: an older word, or one of less
/// standing than the act that took it away, does not bring it back.
///
/// # Errors
/// As there.
pub fn join_items(
    known: &Person,
    (origin, gone): (&OriginOf<'_>, &GoneBy<'_>),
    incoming: &Told<'_>,
) -> Result<Joined, serde_json::Error> {
    let news = incoming.origin();
    let mut items = match serde_json::to_value(known)? {
        Value::Object(items) => items,
        _ => serde_json::Map::new(),
    };
    let mut conflicts = Vec::new();
    let Value::Object(told) = serde_json::to_value(incoming.person)? else {
        return Ok(Joined { person: known.clone(), conflicts });
    };
    for (item, mut value) in told {
        let outdated =
            |item: &str| gone(item).is_some_and(|gone| news.at < gone.at || is_better(&gone, &news));
        if let (RESIDENCES, Value::Object(places)) = (item.as_str(), &mut value) {
            // Each place was taken away by itself.
            let stands = |kind: &str| items.get(RESIDENCES).is_some_and(|known| known.get(kind).is_some());
            places.retain(|kind, _| stands(kind) || !outdated(&format!("{RESIDENCES}.{kind}")));
        }
        let Some(old) = items.get(&item) else {
            if item == RESIDENCES || !outdated(&item) {
                items.insert(item, value);
            }
            continue;
        };
        let before = origin(&item);
        match weigh(&item, old, &value, &before, &news) {
            Outcome::Keep => {}
            Outcome::Take(value) => {
                items.insert(item, value);
            }
            Outcome::Contradiction(claimed) => {
                let claims = vec![before.claim(old), news.claim(&claimed)];
                conflicts.push(Conflict { number: known.number.clone(), item, claims });
            }
        }
    }
    let person = serde_json::from_value(Value::Object(items))?;
    Ok(Joined { person, conflicts })
}

/// What was carried over from another database says less than what is known.
fn is_better(known: &Origin, incoming: &Origin) -> bool {
    incoming.standing == Standing::Carried && known.standing > Standing::Carried
}

enum Outcome {
    Keep,
    Take(Value),
    /// What the incoming record claims.
    Contradiction(Value),
}

/// What becomes of one item that both records have.
fn weigh(item: &str, old: &Value, new: &Value, known: &Origin, incoming: &Origin) -> Outcome {
    let alive = |value: &Value| value.as_str() == Some("alive");
    let later = incoming.at >= known.at;
    let better = is_better(known, incoming);
    match (item, old, new) {
        ("number", ..) => Outcome::Keep,
        _ if same(old, new) => Outcome::Keep,
        // Saying that somebody lives is no news of a death undone, and silence is none of a death.
        ("life", ..) if alive(new) => Outcome::Keep,
        ("life", ..) if alive(old) => Outcome::Take(new.clone()),
        ("residences", Value::Object(old), Value::Object(new)) => {
            let (mut joined, mut gainsaid) = (old.clone(), false);
            for (kind, place) in new {
                match old.get(kind) {
                    Some(there) if same(there, place) => {}
                    // A list that was carried over does not move whom an act has moved, unless it tells of a later move.
                    Some(there) if better && !moved_later(there, place) => {
                        joined.insert(kind.clone(), place.clone());
                        gainsaid = true;
                    }
                    Some(_) if !later => {}
                    _ => {
                        joined.insert(kind.clone(), place.clone());
                    }
                }
            }
            if gainsaid {
                return Outcome::Contradiction(Value::Object(joined));
            }
            Outcome::Take(Value::Object(joined))
        }
        ("spouse" | "marital_status", ..) if better => Outcome::Contradiction(new.clone()),
        ("other_names" | "children", Value::Array(old), Value::Array(new)) => {
            let mut joined = old.clone();
            joined.extend(new.iter().filter(|one| !old.iter().any(|known| same(known, one))).cloned());
            Outcome::Take(Value::Array(joined))
        }
        _ if LASTING.contains(&item) || item == "life" => {
            if refines(old, new) {
                Outcome::Keep
            } else if refines(new, old) {
                Outcome::Take(new.clone())
            } else {
                match incoming.standing.cmp(&known.standing) {
                    core::cmp::Ordering::Greater => Outcome::Take(new.clone()),
                    core::cmp::Ordering::Less => Outcome::Keep,
                    // A source that says it anew corrects itself.
                    core::cmp::Ordering::Equal if known.source == incoming.source && later => {
                        Outcome::Take(new.clone())
                    }
                    core::cmp::Ordering::Equal => Outcome::Contradiction(new.clone()),
                }
            }
        }
        _ if later && !better => Outcome::Take(new.clone()),
        _ => Outcome::Keep,
    }
}

/// Whether a place says of itself that it is newer than another.
fn moved_later(there: &Value, here: &Value) -> bool {
    let since = |place: &Value| place.get("since").and_then(Value::as_str).map(str::to_owned);
    match (since(there), since(here)) {
        (Some(there), Some(here)) => here > there,
        _ => false,
    }
}

/// Equal, or spelt alike.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => comparison_key(one) == comparison_key(other),
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|more| same(value, more)))
        }
        _ => one == other,
    }
}

/// Whether `full` says all that `part` says, and more: 1960-05-12 refines 1960, a parent with number one without.
fn refines(full: &Value, part: &Value) -> bool {
    match (full, part) {
        (Value::String(full), Value::String(part)) => {
            let date = |text: &str| crate::person::parse_birth_date(text).is_some();
            date(full)
                && date(part)
                && full.strip_prefix(part.as_str()).is_some_and(|more| more.starts_with('-'))
        }
        (Value::Object(full), Value::Object(part)) => {
            part.len() < full.len()
                && part.iter().all(|(key, value)| full.get(key).is_some_and(|more| same(value, more)))
        }
        _ => false,
    }
}

impl Conflict {
    /// Adds what a further paper says; a value that is claimed already adds nothing.
    pub fn add(&mut self, claim: Claim) {
        if !self.claims.iter().any(|known| same(&known.value, &claim.value)) {
            self.claims.push(claim);
        }
    }

    /// Whether somebody claims this value, however it is spelt.
    #[must_use]
    pub fn has_claim(&self, value: &Value) -> bool {
        self.claims.iter().any(|known| same(&known.value, value))
    }

    /// Decides for one of the claims. The register then takes [`Decision::value`].
    ///
    /// # Errors
    /// [`NotDecided`].
    pub fn decide(
        &self,
        claim: usize,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Decision, NotDecided> {
        let chosen = self.claims.get(claim).ok_or(NotDecided::NoSuchClaim)?;
        let (by, reason) = (by.trim(), reason.trim());
        if by.is_empty() {
            return Err(NotDecided::Nobody);
        }
        if reason.chars().count() < SHORTEST_REASON {
            return Err(NotDecided::NoReason);
        }
        if crate::name::same_user(&chosen.by, by) {
            return Err(NotDecided::OwnClaim);
        }
        Ok(Decision { value: chosen.value.clone(), by: by.to_owned(), reason: reason.to_owned(), at })
    }

    /// The record with a decision carried out. A name that was not chosen stays known as another name, so that a
    /// person is found under every paper they hold.
    ///
    /// # Errors
    /// [`serde_json::Error`] if the value is none for the item.
    pub fn settle(&self, person: &Person, decision: &Decision) -> Result<Person, serde_json::Error> {
        let mut record = serde_json::to_value(person)?;
        if let Value::Object(items) = &mut record {
            items.insert(self.item.clone(), decision.value.clone());
        }
        let mut settled: Person = serde_json::from_value(record)?;
        if self.item == "full_name" {
            for name in self.claims.iter().filter_map(|claim| claim.value.as_str()) {
                let known = core::iter::once(&settled.full_name).chain(&settled.other_names);
                if !known.into_iter().any(|other| crate::name::agree(other, name)) {
                    settled.other_names.push(name.to_owned());
                }
            }
        }
        Ok(settled)
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("source", &self.source)
            .field("standing", &self.standing)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflict")
            .field("number", &self.number)
            .field("item", &self.item)
            .field("claims", &self.claims)
            .finish()
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").field("by", &self.by).field("at", &self.at).finish_non_exhaustive()
    }
}
