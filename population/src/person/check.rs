//! What makes a record impossible. The structure of the number is only a hint and never one of these.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::{Life, Person, Relative, Residence, Residences};
use crate::name::{MAX_NAME, clean, is_clean};

/// The longest text of one item, in characters.
pub const MAX_TEXT: usize = 500;

/// The longest list (children, members of a household …) of one person.
pub const MAX_LIST: usize = 64;

/// The greatest age that the register believes, in years.
const MAX_AGE: i16 = 130;

/// Why a record cannot be true. Names the item, never its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// An item that must be there is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// An item is longer than the register holds.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// Control characters, or characters that no text has.
    #[error("{0} has characters that are no text")]
    NoText(&'static str),
    /// A code is not of its form.
    #[error("{0} is not of its form")]
    Form(&'static str),
    /// Two dates contradict each other, or one lies in the future.
    #[error("{0} is not possible")]
    Date(&'static str),
    /// A person named as a relative of themselves.
    #[error("{0} is the person")]
    Oneself(&'static str),
    /// A word or code that the register's lists do not have.
    #[error("{0} is in no list of the register")]
    Unlisted(&'static str),
}

impl Person {
    /// Brings every text into NFC with white space collapsed, turns empty texts into none, and refuses what cannot be
    /// true on `today`.
    ///
    /// # Errors
    /// The first [`Flaw`] found.
    pub fn checked(mut self, today: Date) -> Result<Self, Flaw> {
        checked_name(&mut self.full_name, "full_name")?;
        required(&mut self.nationality, "nationality", MAX_TEXT)?;
        list(&self.other_names, "other_names")?;
        for name in &mut self.other_names {
            required(name, "other_names", MAX_NAME)?;
        }
        for (text, item) in [
            (&mut self.place_of_birth, "place_of_birth"),
            (&mut self.birth_registration_place, "birth_registration_place"),
            (&mut self.place_of_origin, "place_of_origin"),
            (&mut self.ethnic_group, "ethnic_group"),
            (&mut self.religion, "religion"),
            (&mut self.residence_file, "residence_file"),
            (&mut self.relation_to_head, "relation_to_head"),
            (&mut self.phone, "phone"),
            (&mut self.email, "email"),
            (&mut self.other, "other"),
            (&mut self.identification_marks, "identification_marks"),
            (&mut self.old_number, "old_number"),
        ] {
            optional(text, item)?;
        }
        digits(self.old_number.as_deref(), 9, "old_number")?;
        self.check_dates(today)?;
        self.check_family()?;
        let Residences { permanent, temporary, current } = &mut self.residences;
        for place in [permanent, temporary, current].into_iter().flatten() {
            checked_place(place)?;
        }
        if self.cancelled_number.as_ref() == Some(&self.number) {
            return Err(Flaw::Oneself("cancelled_number"));
        }
        Ok(self)
    }

    fn check_dates(&self, today: Date) -> Result<(), Flaw> {
        let born = self.birth_date.earliest();
        if born > today || today.year().saturating_sub(self.birth_date.year()) > MAX_AGE {
            return Err(Flaw::Date("birth_date"));
        }
        match self.life {
            Life::Dead(day) | Life::Missing(day) if day < born || day > today => {
                Err(Flaw::Date("the date of death or of missing"))
            }
            _ => Ok(()),
        }?;
        if let Some(absence) = &self.temporary_absence
            && absence.until.is_some_and(|until| until < absence.from)
        {
            return Err(Flaw::Date("temporary_absence"));
        }
        Ok(())
    }

    fn check_family(&mut self) -> Result<(), Flaw> {
        list(&self.children, "children")?;
        list(&self.representatives, "representatives")?;
        list(&self.represented, "represented")?;
        list(&self.household, "household")?;
        let number = self.number.clone();
        let singles =
            [(&mut self.father, "father"), (&mut self.mother, "mother"), (&mut self.spouse, "spouse")];
        for (relative, item) in singles.into_iter().filter_map(|(one, item)| Some((one.as_mut()?, item))) {
            check_relative(relative, &number, item)?;
        }
        for (relatives, item) in [
            (&mut self.children, "children"),
            (&mut self.representatives, "representatives"),
            (&mut self.represented, "represented"),
        ] {
            for relative in relatives {
                check_relative(relative, &number, item)?;
            }
        }
        for member in &mut self.household {
            required(&mut member.name, "household", MAX_NAME)?;
            required(&mut member.relation, "household", MAX_TEXT)?;
        }
        Ok(())
    }
}

fn check_relative(relative: &mut Relative, number: &PersonalNumber, item: &'static str) -> Result<(), Flaw> {
    required(&mut relative.name, item, MAX_NAME)?;
    optional(&mut relative.nationality, item)?;
    optional(&mut relative.old_number, item)?;
    digits(relative.old_number.as_deref(), 9, item)?;
    if relative.number.as_ref() == Some(number) {
        return Err(Flaw::Oneself(item));
    }
    Ok(())
}

/// A place: its codes are digits, its address a text.
pub(crate) fn checked_place(place: &mut Residence) -> Result<(), Flaw> {
    digits(place.ward_code.as_deref(), 5, "ward_code")?;
    digits(place.province_code.as_deref(), 2, "province_code")?;
    required(&mut place.address, "residence", MAX_TEXT)
}

/// A name: a text with a letter in it.
pub(crate) fn checked_name(text: &mut String, item: &'static str) -> Result<(), Flaw> {
    required(text, item, MAX_NAME)?;
    if text.chars().any(char::is_alphabetic) { Ok(()) } else { Err(Flaw::Form(item)) }
}

/// A text of at most so many characters, brought into the form in which the register keeps it.
pub(crate) fn required(text: &mut String, item: &'static str, max: usize) -> Result<(), Flaw> {
    if text.len() > max.saturating_mul(8) {
        return Err(Flaw::TooLong(item));
    }
    // Line breaks and tabs are white space; other controls and the replacement character are damage.
    if text.chars().any(|c| (c.is_control() && !c.is_whitespace()) || c == '\u{fffd}') {
        return Err(Flaw::NoText(item));
    }
    if !is_clean(text) {
        *text = clean(text);
    }
    if text.is_empty() {
        return Err(Flaw::Empty(item));
    }
    if text.chars().count() > max {
        return Err(Flaw::TooLong(item));
    }
    Ok(())
}

pub(crate) fn optional(text: &mut Option<String>, item: &'static str) -> Result<(), Flaw> {
    match text.as_mut().map(|text| required(text, item, MAX_TEXT)) {
        Some(Err(Flaw::Empty(_))) => {
            *text = None;
            Ok(())
        }
        Some(result) => result,
        None => Ok(()),
    }
}

fn digits(text: Option<&str>, count: usize, item: &'static str) -> Result<(), Flaw> {
    match text {
        Some(text) if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Flaw::Form(item))
        }
        _ => Ok(()),
    }
}

fn list<T>(list: &[T], item: &'static str) -> Result<(), Flaw> {
    if list.len() > MAX_LIST { Err(Flaw::TooLong(item)) } else { Ok(()) }
}
