//! What each difference between a question and a record costs, in tenths of a bit: −log₂ of how often somebody who means this
//! record would ask so (after Fellegi and Sunter, 1969). The shares are those of the model in docs/duplicates.md: of a hundred
//! questions with an error 30 have a letter wrong, 20 no diacritics, 15 words in another order or left out, 15 a part of the
//! date wrong, 10 another family name, 10 another place. A question that fits is free.

use cccd_card_profile::card_holder::BirthDate;

use crate::duplicates::NameFrequencies;
use crate::name::{Likeness, NameComparison, NameReason, PreparedName, WordPair};

/// From here on nothing is left of a score.
pub(super) const ALL: u32 = 400;

/// Another sex: papers seldom err in it.
pub(super) const OTHER_SEX: u32 = 120;

/// The record does not say where somebody lives.
pub(super) const NO_PLACE: u32 = 33;

/// The record does not name the parent: registers lack those of the old.
pub(super) const NO_PARENT: u32 = 60;

/// A name as it was asked for and as it is held; `mother` is the mother's name in the record.
pub(super) fn name(
    asked: &PreparedName,
    held: &PreparedName,
    comparison: &NameComparison,
    mother: Option<&str>,
    frequencies: &NameFrequencies,
) -> u32 {
    let reason = |reason| comparison.reasons.contains(&reason);
    if comparison.score == 100 {
        return 0;
    }
    if reason(NameReason::Joined) {
        return 40;
    }
    let asked_plain = asked.spelt().eq(asked.plain());
    let held_plain = held.spelt().eq(held.plain());
    let (mut cost, mut plain) = (0, false);
    for pair in &comparison.pairs {
        cost += match pair.likeness {
            Likeness::Same => 0,
            Likeness::WithoutDiacritics if asked_plain || held_plain => {
                plain = true;
                0
            }
            Likeness::HookTilde | Likeness::IForY => 65,
            Likeness::Sound => 75,
            Likeness::OneLetter => 85,
            Likeness::WithoutDiacritics | Likeness::Diacritics => 95,
            Likeness::TwoLetters => 150,
            Likeness::Unlike => 250,
        };
    }
    cost += if plain { 23 } else { 0 };
    cost += if reason(NameReason::Reordered) { 47 } else { 0 };
    if reason(NameReason::Shortened) {
        let (own, theirs) = comparison.lengths;
        // Words are left out; that somebody adds one is rare.
        let first = if own < theirs { 37 } else { 90 };
        cost += first + 20 * u32::try_from(own.abs_diff(theirs).saturating_sub(1)).unwrap_or(0).min(10);
    }
    if reason(NameReason::Surname) {
        cost += surname(asked, mother, frequencies);
    }
    cost += if reason(NameReason::Unmatched) { 200 } else { 0 };
    // Family and middle name are shared by thousands: without the given name little agrees.
    let last = |own: fn(&WordPair) -> usize, length: usize| {
        comparison.pairs.iter().any(|pair| own(pair) + 1 == length)
    };
    let met = last(|pair| pair.one, comparison.lengths.0) || last(|pair| pair.other, comparison.lengths.1);
    if met { cost } else { cost + 150 }
}

/// Another family name: half take the mother's, the others any, as often as people have it.
fn surname(asked: &PreparedName, mother: Option<&str>, frequencies: &NameFrequencies) -> u32 {
    let own = asked.plain().next().unwrap_or_default();
    let any = 43 + u32::try_from(frequencies.information(own)).unwrap_or(0);
    let mothers = mother.map(PreparedName::new).is_some_and(|mother| mother.plain().next() == Some(own));
    if mothers { any.min(43) } else { any }
}

/// A parent's name.
pub(super) fn parent(asked: &PreparedName, held: &PreparedName, comparison: &NameComparison) -> u32 {
    let plain = asked.spelt().eq(asked.plain()) || held.spelt().eq(held.plain());
    match comparison.score {
        100 => 0,
        90.. if plain => 5,
        90.. => 25,
        78.. => 60,
        60.. => 110,
        _ => 160,
    }
}

/// A birth date, and what was found.
pub(super) fn birth_date(asked: BirthDate, held: BirthDate) -> (u32, &'static str) {
    let apart = asked.year().abs_diff(held.year());
    // Years are guessed from an age, or wrong by ten.
    let year = match apart {
        1..=3 => 75,
        10 => 72,
        4..=9 => 130,
        _ => 250,
    };
    let part = |one: Option<i8>, other: Option<i8>| one.zip(other).map(|(one, other)| one == other);
    let (month, day) = (part(asked.month(), held.month()), part(asked.day(), held.day()));
    match (apart, month, day) {
        (0, Some(true), Some(true)) => (0, "same"),
        (0, Some(true), None) => (20, "same-month"),
        (0, None, _) if asked.date().is_some() => (45, "same-year"),
        (0, None, _) => (0, "same-year"),
        (0, Some(false), Some(false)) if asked.month() == held.day() && asked.day() == held.month() => {
            (75, "day-and-month-exchanged")
        }
        (0, Some(true), Some(false)) => (90, "other-day"),
        (0, Some(false), _) if day != Some(false) => (78, "other-month"),
        (0, ..) => (200, "same-year-only"),
        (_, Some(true), Some(true)) => (year, "other-year"),
        (1, None, _) => (year, "next-year"),
        (2..=3, None, _) => (year, "near-year"),
        (10, None, _) => (year, "ten-years"),
        (1..=10, Some(true), _) | (1..=10, _, Some(true)) => (year + 100, "differs"),
        _ => (300, "differs"),
    }
}

/// Another place. Who moved into another province has another ward for certain.
pub(super) fn place(moved_already: bool) -> u32 {
    if moved_already { 10 } else { 83 }
}
