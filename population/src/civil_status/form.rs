//! The texts and codes of an act, judged before anybody's record is looked at: by the rules of a record's own items
//! ([`Flaw`]), and by the lists that the register has. An office chooses from those lists; what an import carries over is
//! kept and remarked instead (docs/decisions/0141).

use super::act::{Act, Book, Entry, Newborn, Party};
use crate::name::is_unseen;
use crate::person::{Flaw, MAX_TEXT, Residence, checked_name, checked_place, optional, required};
use crate::places::countries;
use crate::places::provinces;
use crate::qcvn::codes::ethnic_group_code;

/// The act with every text in the form in which records keep it.
///
/// # Errors
/// The first [`Flaw`], which names the item.
pub(super) fn formed(entry: &Entry) -> Result<Entry, Flaw> {
    let mut entry = entry.clone();
    required(&mut entry.registered_by, "registered_by", MAX_TEXT)?;
    if let Book::Paper { book, .. } = &mut entry.book {
        required(book, "book", MAX_TEXT)?;
    }
    match &mut entry.act {
        Act::Birth { child, father, mother, .. } => {
            newborn(child)?;
            parties([(father, "father"), (mother, "mother")])?;
        }
        Act::Adoption { father, mother, .. } | Act::AdoptionEnded { father, mother, .. } => {
            parties([(father, "father"), (mother, "mother")])?;
        }
        Act::Marriage { husband, wife, .. }
        | Act::Divorce { husband, wife, .. }
        | Act::MarriageAnnulled { husband, wife, .. } => {
            party(husband, "husband")?;
            party(wife, "wife")?;
        }
        Act::Recognition { parent, .. } => party(parent, "parent")?,
        Act::NameChanged { full_name, .. } | Act::NameCorrected { full_name, .. } => {
            own_name(full_name)?;
        }
        Act::EthnicGroup { ethnic_group, .. } => {
            required(ethnic_group, "ethnic_group", MAX_TEXT)?;
            if ethnic_group_code(ethnic_group).is_none() {
                return Err(Flaw::Unlisted("ethnic_group"));
            }
        }
        Act::Nationality { nationality: of, .. } => nationality(of)?,
        Act::Permanent { movers, place, .. } => {
            for mover in movers {
                required(&mut mover.relation, "relation_to_head", MAX_TEXT)?;
            }
            place.as_mut().map_or(Ok(()), residence)?;
        }
        Act::Temporary { place: Some(place), .. } => residence(place)?,
        Act::Absence { on, until: Some(until), .. } => {
            if until < on {
                return Err(Flaw::Date("temporary_absence"));
            }
        }
        Act::Death { .. }
        | Act::BirthDateCorrected { .. }
        | Act::SexRedetermined { .. }
        | Act::Missing { .. }
        | Act::Returned { .. }
        | Act::DeathAnnulled { .. }
        | Act::Temporary { place: None, .. }
        | Act::Absence { until: None, .. }
        | Act::Removed { .. } => {}
    }
    Ok(entry)
}

fn parties(all: [(&mut Option<Party>, &'static str); 2]) -> Result<(), Flaw> {
    all.into_iter().try_for_each(|(one, item)| one.as_mut().map_or(Ok(()), |one| party(one, item)))
}

/// Somebody without a number is known by a name, and a nationality that there is.
fn party(party: &mut Party, item: &'static str) -> Result<(), Flaw> {
    let Party::Named { name: of, nationality } = party else { return Ok(()) };
    name(of, item)?;
    // A number in a name is nobody's name, and finds nobody.
    if of.chars().any(|c| c.is_numeric() || matches!(c, '<' | '>' | '{' | '}')) {
        return Err(Flaw::Form(item));
    }
    optional(nationality, item)?;
    if nationality.as_deref().is_some_and(|of| !countries::is_nationality(of)) {
        return Err(Flaw::Unlisted(item));
    }
    Ok(())
}

/// A name that everybody reads alike: no marks that nobody sees, and none that turn the letters around. An import carries over what
/// another database had.
fn name(text: &mut String, item: &'static str) -> Result<(), Flaw> {
    let is_private = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    if text.chars().any(|c| is_unseen(c) || is_private(c)) {
        return Err(Flaw::NoText(item));
    }
    checked_name(text, item)
}

/// A name that an office gives: in Vietnamese or the language of another people of the country, without digits and signs that are no
/// letters (Bộ luật Dân sự 2015 art. 26(3)). All of them are written in Latin letters.
fn own_name(text: &mut String) -> Result<(), Flaw> {
    name(text, "full_name")?;
    let is_latin = |c: char| {
        c.is_alphabetic()
            && !matches!(c, 'ª' | 'º')
            && matches!(c, '\0'..='\u{2bf}' | '\u{1e00}'..='\u{1eff}')
    };
    let joins = |c: char| matches!(c, ' ' | '-' | '\'' | '’' | '.' | '\u{300}'..='\u{36f}');
    let written = text.chars().all(|c| is_latin(c) || joins(c));
    if written && text.split_whitespace().all(|word| word.starts_with(is_latin)) {
        Ok(())
    } else {
        Err(Flaw::Form("full_name"))
    }
}

fn newborn(child: &mut Newborn) -> Result<(), Flaw> {
    own_name(&mut child.full_name)?;
    nationality(&mut child.nationality)?;
    for (text, item) in [
        (&mut child.place_of_birth, "place_of_birth"),
        (&mut child.birth_registration_place, "birth_registration_place"),
        (&mut child.place_of_origin, "place_of_origin"),
        (&mut child.ethnic_group, "ethnic_group"),
    ] {
        // Of a foundling nothing may be known: the item stays empty, as it does in a record.
        match required(text, item, MAX_TEXT) {
            Err(Flaw::Empty(_)) => text.clear(),
            done => done?,
        }
    }
    // The list of the 54 is of citizens; what a foreigner's child is called is their own state's to say.
    let citizen = countries::is_vietnamese(&child.nationality);
    if citizen && !child.ethnic_group.is_empty() && ethnic_group_code(&child.ethnic_group).is_none() {
        return Err(Flaw::Unlisted("ethnic_group"));
    }
    Ok(())
}

fn nationality(text: &mut String) -> Result<(), Flaw> {
    required(text, "nationality", MAX_TEXT)?;
    if countries::is_nationality(text) { Ok(()) } else { Err(Flaw::Unlisted("nationality")) }
}

/// A ward's code is one of those that were ever given, and lies in the province that the place names.
fn residence(place: &mut Residence) -> Result<(), Flaw> {
    checked_place(place)?;
    let lies_in = match place.ward_code.as_deref() {
        Some(ward) => Some(provinces::of_ward(ward).ok_or(Flaw::Unlisted("ward_code"))?),
        None => None,
    };
    if let Some(province) = place.province_code.as_deref() {
        let today = provinces::today(province).ok_or(Flaw::Unlisted("province_code"))?;
        if lies_in.is_some_and(|lies_in| lies_in != today) {
            return Err(Flaw::Form("province_code"));
        }
    }
    Ok(())
}
