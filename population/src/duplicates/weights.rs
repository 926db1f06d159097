//! Evidence, item by item.

use cccd_card_profile::card_holder::{BirthDate, Sex};

use super::subject::{Kin, Subject};
use super::{NameFrequencies, Opinion};
use crate::name::{Likeness, NameReason, PreparedName};

/// However rare a name is: in a village or a clan it is less so.
const MOST_OF_A_NAME: i32 = 180;

/// From this score on two names are one, written otherwise.
const SAME_NAME: u8 = 90;

/// What one item says, in tenths of a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The item, in the words of the import format.
    pub item: &'static str,
    /// What was found: a stable code.
    pub finding: &'static str,
    /// For one person if positive, for two if negative.
    pub bits: i32,
}

/// All evidence about a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The sum, in tenths of a bit.
    pub bits: i32,
    /// What it is made of.
    pub evidence: Vec<Evidence>,
}

impl Weighed {
    /// The opinion at the default thresholds.
    #[must_use]
    pub fn opinion(&self) -> Opinion {
        Opinion::of(self.bits)
    }
}

/// Weighs whether two records are one person's.
#[must_use]
pub fn weigh(one: &Subject, other: &Subject, frequencies: &NameFrequencies) -> Weighed {
    // The same evidence whoever came first.
    let (one, other) = if one.number <= other.number { (one, other) } else { (other, one) };
    let name = best_name(one, other, frequencies);
    let mut evidence = vec![
        Evidence { item: "full_name", finding: name.finding, bits: name.bits },
        birth_date(one.birth_date, other.birth_date),
        sex(one.sex, other.sex),
    ];
    let kin = |item, one: &Option<Kin>, other: &Option<Kin>, agree, differ| {
        let (one, other) = one.as_ref().zip(other.as_ref())?;
        let (finding, bits) = relative(one, other, agree, differ);
        Some(Evidence { item, finding, bits })
    };
    evidence.extend(kin("father", &one.father, &other.father, 60, -80));
    evidence.extend(kin("mother", &one.mother, &other.mother, 60, -80));
    evidence.extend(kin("spouse", &one.spouse, &other.spouse, 60, -30));
    let text = |item, one: &Option<String>, other: &Option<String>, agrees, differs| {
        let (one, other) = one.as_ref().zip(other.as_ref())?;
        let (finding, bits) = if one == other { ("agrees", agrees) } else { ("differs", differs) };
        (bits != 0).then_some(Evidence { item, finding, bits })
    };
    evidence.extend(text("place_of_origin", &one.origin, &other.origin, 60, -30));
    evidence.extend(text("birth_registration_place", &one.birth_place, &other.birth_place, 15, -15));
    evidence.extend(text("ward_code", &one.ward, &other.ward, 25, 0));
    evidence.extend(text("ethnic_group", &one.ethnic_group, &other.ethnic_group, 5, -40));
    evidence.extend(text("identification_marks", &one.marks, &other.marks, 40, -10));
    evidence.extend(text("phone", &one.phone, &other.phone, 40, 0));
    // Who has another given name has another old number if they are two; one person may have two old numbers.
    let other_number = if name.given == Given::Same { -30 } else { -100 };
    evidence.extend(text("old_number", &one.old_number, &other.old_number, 150, other_number));
    let together = rules(&evidence, &name);
    evidence.extend(together);
    evidence.extend(household(one, other, &name, same_birth_date(one.birth_date, other.birth_date)));
    Weighed { bits: evidence.iter().map(|one| one.bits).sum(), evidence }
}

/// Somebody who knows a household has named both: they are two. Not where the list of the one was copied with the record: it
/// names the other number as the person's own. And not where both numbers stand under one name and day, which is one person entered
/// twice there too.
fn household(one: &Subject, other: &Subject, name: &NameWeight, same_birth_date: bool) -> Option<Evidence> {
    let names = |list: &Subject, member: &Subject| list.household.contains(&member.number);
    let side_by_side = (names(one, one) && names(one, other)) || (names(other, one) && names(other, other));
    let named = names(one, other) || names(other, one);
    let is_copied = !side_by_side && name.given != Given::Other;
    let is_one_record = name.given == Given::Same && name.score >= SAME_NAME && same_birth_date;
    (named && !is_copied && !is_one_record).then_some(Evidence {
        item: "household",
        finding: "named-together",
        bits: -300,
    })
}

fn same_birth_date(one: BirthDate, other: BirthDate) -> bool {
    birth_date(one, other).finding == "same"
}

/// What several items say together.
fn rules(evidence: &[Evidence], name: &NameWeight) -> Vec<Evidence> {
    let found = |item, findings: &[&str]| {
        evidence.iter().any(|one| one.item == item && findings.contains(&one.finding))
    };
    let agree = |item| found(item, &["agrees", "same-number", "near"]);
    let differ = |item| found(item, &["differs", "far"]);
    let mut rules = Vec::new();
    // Twins are often given names that differ in a letter: same day, same parents, and both are names.
    let parents = (agree("father") || agree("mother")) && !differ("father") && !differ("mother");
    if name.two_names && parents && found("birth_date", &["same"]) && !found("old_number", &["agrees"]) {
        rules.push(Evidence { item: "full_name", finding: "twins", bits: -300 });
    }
    // Brothers and sisters, cousins: neither the whole name nor the whole date.
    let part_of_date =
        found("birth_date", &["other-day", "other-month", "other-year", "day-and-month-exchanged"]);
    if part_of_date && (name.given != Given::Same || found("full_name", &["unmatched", "surname-differs"])) {
        rules.push(Evidence { item: "birth_date", finding: "name-and-date-differ", bits: -150 });
    }
    rules
}

/// How the given names meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Same,
    Near,
    Other,
}

struct NameWeight {
    /// Of [`PreparedName::compare`].
    score: u8,
    finding: &'static str,
    bits: i32,
    given: Given,
    /// The given names differ, and both are names that many have.
    two_names: bool,
}

/// The names that agree best: a person may be known under several.
fn best_name(one: &Subject, other: &Subject, frequencies: &NameFrequencies) -> NameWeight {
    let mut best = name(&one.name, &other.name, frequencies);
    for (at, mine) in one.names().enumerate() {
        for (place, theirs) in other.names().enumerate().filter(|(place, _)| at + place > 0) {
            let mut weight = name(mine, theirs, frequencies);
            // Another name is one more chance to agree.
            weight.bits -= 10;
            weight.finding = if weight.finding == "same" { "other-name" } else { weight.finding };
            if (at, place) != (0, 0) && weight.bits > best.bits {
                best = weight;
            }
        }
    }
    best
}

fn name(one: &PreparedName, other: &PreparedName, frequencies: &NameFrequencies) -> NameWeight {
    let comparison = one.compare(other);
    let (words, theirs): (Vec<&str>, Vec<&str>) = (one.plain().collect(), other.plain().collect());
    let finding = if comparison.score == 100 {
        "same"
    } else {
        comparison.reasons.last().map_or("unmatched", |reason| reason.as_str())
    };
    if comparison.reasons.contains(&NameReason::Joined) {
        let bits: i32 = words.iter().map(|word| frequencies.information(word)).sum();
        return NameWeight {
            score: comparison.score,
            finding,
            bits: (bits - 20).min(MOST_OF_A_NAME),
            given: Given::Same,
            two_names: false,
        };
    }
    let (last_one, last_other) = (words.len().saturating_sub(1), theirs.len().saturating_sub(1));
    let reordered = comparison.reasons.contains(&NameReason::Reordered);
    let typed_plain = one.spelt().eq(one.plain()) || other.spelt().eq(other.plain());
    let (spelt, their_spelt): (Vec<&str>, Vec<&str>) = (one.spelt().collect(), other.spelt().collect());
    let (mut bits, mut given, mut two_names) = (0, Given::Other, false);
    for pair in &comparison.pairs {
        let (Some(mine), Some(their)) = (words.get(pair.one), theirs.get(pair.other)) else { continue };
        let information = frequencies.information(mine).max(frequencies.information(their));
        // Two words that are both names are seldom a slip of the pen.
        let common =
            |words: &[&str], place: usize| words.get(place).is_some_and(|word| frequencies.is_common(word));
        let both_names = common(&spelt, pair.one) && common(&their_spelt, pair.other);
        // One word without its diacritics among words that have theirs is a slip or another name, not a way of typing.
        let likeness = match pair.likeness {
            Likeness::WithoutDiacritics if !typed_plain => Likeness::Diacritics,
            other => other,
        };
        bits += match likeness {
            Likeness::Same => information,
            Likeness::IForY | Likeness::HookTilde => information - 10,
            Likeness::WithoutDiacritics => information - 15,
            Likeness::Diacritics => information - 60,
            // A rare spelling says that it is rare, not that it agrees.
            Likeness::Sound => information.min(70) - 50,
            _ => information.min(70) - if both_names { 110 } else { 60 },
        };
        if pair.one == last_one || pair.other == last_other || reordered {
            let here = match likeness {
                Likeness::Same | Likeness::IForY | Likeness::HookTilde | Likeness::WithoutDiacritics => {
                    Given::Same
                }
                _ => Given::Near,
            };
            let whole = pair.one == last_one && pair.other == last_other;
            two_names |= whole && here == Given::Near && both_names;
            given = if whole || given == Given::Other { here } else { given };
        }
    }
    for reason in &comparison.reasons {
        bits += match reason {
            NameReason::Reordered => -20,
            NameReason::Shortened => -20,
            NameReason::Surname => -40,
            NameReason::Unmatched => -60,
            _ => 0,
        };
    }
    // Brothers and sisters share all but the given name.
    let met = |own: fn(&crate::name::WordPair) -> usize, place| {
        comparison.pairs.iter().any(|pair| own(pair) == place)
    };
    if !met(|pair| pair.one, last_one) || !met(|pair| pair.other, last_other) {
        let shortened = comparison.reasons.contains(&NameReason::Shortened);
        bits -= if shortened && given != Given::Other { 60 } else { 330 };
    }
    NameWeight { score: comparison.score, finding, bits: bits.min(MOST_OF_A_NAME), given, two_names }
}

fn birth_date(one: BirthDate, other: BirthDate) -> Evidence {
    let same = |part: fn(BirthDate) -> Option<i8>| match (part(one), part(other)) {
        (Some(one), Some(other)) => Some(one == other),
        _ => None,
    };
    let apart = (one.year() - other.year()).abs();
    let exchanged = one.month() == other.day() && one.day() == other.month();
    let (finding, bits) = match (apart, same(BirthDate::month), same(BirthDate::day)) {
        (0, Some(true), Some(true)) => ("same", 130),
        (0, Some(true), None) => ("same-month", 90),
        (0, None, _) => ("same-year", 45),
        (0, Some(true), Some(false)) => ("other-day", 55),
        (0, Some(false), Some(true)) => ("other-month", 65),
        (0, Some(false), Some(false)) if exchanged => ("day-and-month-exchanged", 65),
        (0, ..) => ("same-year-only", -150),
        (1..=10, Some(true), Some(true)) => ("other-year", 55),
        (_, Some(true), Some(true)) => ("far-year", -30),
        (1..=2, None, _) => ("near-year", 0),
        _ => ("differs", -300),
    };
    Evidence { item: "birth_date", finding, bits }
}

fn sex(one: Sex, other: Sex) -> Evidence {
    let (finding, bits) = match (one, other) {
        (Sex::Unspecified, _) | (_, Sex::Unspecified) => ("unknown", 0),
        (one, other) if one == other => ("same", 10),
        _ => ("differs", -80),
    };
    Evidence { item: "sex", finding, bits }
}

fn relative(one: &Kin, other: &Kin, agree: i32, differ: i32) -> (&'static str, i32) {
    if one.number.is_some() && one.number == other.number {
        return ("same-number", agree + 10);
    }
    match one.name.compare(&other.name).score {
        SAME_NAME.. => ("agrees", agree),
        78.. => ("near", agree / 2),
        60.. => ("far", differ / 2),
        _ => ("differs", differ),
    }
}
