//! The first six digits of a personal number.

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::{PersonalNumber, RegistrationPlace};

/// `PPP G YY` (NĐ 137/2015 art. 13): the province or country where the **birth was registered**, sex and century, the
/// year's last two digits. A person registered abroad has the country's code of TT 07/2016 annex 2, whatever their
/// nationality and wherever they live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix([u8; 6]);

/// Of these facts no number can be made. Numbers that exist with such a prefix are good all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrefixError {
    /// In neither annex of TT 07/2016.
    #[error("{0:03} is no province and no country of TT 07/2016")]
    Place(u16),
    /// The fourth digit knows male and female only.
    #[error("a number needs a sex, male or female")]
    Sex,
    /// Before 1900 or after 2399.
    #[error("a number needs a year of birth from 1900 to 2399")]
    Year,
}

impl Prefix {
    /// The prefix for a birth registered at `place` (three digits).
    ///
    /// # Errors
    /// [`PrefixError`].
    pub fn new(place: u16, sex: Sex, birth_year: i16) -> Result<Self, PrefixError> {
        let female = match sex {
            Sex::Male => 0,
            Sex::Female => 1,
            Sex::Unspecified => return Err(PrefixError::Sex),
        };
        if !(1900..2400).contains(&birth_year) {
            return Err(PrefixError::Year);
        }
        let text = format!("{place:03}{}{:02}", (birth_year / 100 - 19) * 2 + female, birth_year % 100);
        let octets = <[u8; 6]>::try_from(text.as_bytes()).map_err(|_| PrefixError::Place(place))?;
        let prefix = Self(octets);
        match prefix.with(0).map(|number| number.structure().registered_in) {
            Some(RegistrationPlace::Province { .. } | RegistrationPlace::Country { .. }) => Ok(prefix),
            _ => Err(PrefixError::Place(place)),
        }
    }

    /// The prefix of a number.
    #[must_use]
    pub fn of(number: &PersonalNumber) -> Self {
        let mut octets = [b'0'; 6];
        octets.iter_mut().zip(number.as_str().bytes()).for_each(|(to, from)| *to = from);
        Self(octets)
    }

    /// Six digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The number with these last digits; `None` from a million on.
    #[must_use]
    pub fn with(&self, last: u32) -> Option<PersonalNumber> {
        PersonalNumber::parse(&format!("{}{last:06}", self.as_str())).ok()
    }

    /// Place, sex and century, year: what a change of number may change.
    pub(super) fn parts(&self) -> ([u8; 3], Sex, i16) {
        let [a, b, c, ..] = self.0;
        let structure = self.with(0).map(|number| number.structure());
        let (sex, year) = structure.map_or((Sex::Unspecified, 0), |known| (known.sex, known.birth_year));
        ([a, b, c], sex, year)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn facts_become_digits() {
        let prefix =
            |place, sex, year| Prefix::new(place, sex, year).map(|prefix| prefix.as_str().to_owned());
        assert_eq!(prefix(79, Sex::Male, 1999).unwrap(), "079099");
        assert_eq!(prefix(1, Sex::Female, 1960).unwrap(), "001160");
        assert_eq!(prefix(38, Sex::Male, 2026).unwrap(), "038226");
        assert_eq!(prefix(38, Sex::Female, 2305).unwrap(), "038905");
        // Registered in Russia; annex 2.
        assert_eq!(prefix(231, Sex::Female, 1985).unwrap(), "231185");
        // A province merged away keeps its code for those whose birth it registered.
        assert_eq!(prefix(2, Sex::Male, 1980).unwrap(), "002080");
        assert_eq!(prefix(3, Sex::Male, 1980), Err(PrefixError::Place(3)));
        assert_eq!(prefix(1_079, Sex::Male, 1980), Err(PrefixError::Place(1_079)));
        assert_eq!(prefix(79, Sex::Unspecified, 1980), Err(PrefixError::Sex));
        assert_eq!(prefix(79, Sex::Male, 1899), Err(PrefixError::Year));
        assert_eq!(prefix(79, Sex::Male, 2400), Err(PrefixError::Year));
    }

    proptest! {
        #[test]
        fn the_structure_says_what_went_in(place in 0_u16..400, female: bool, year in 1900_i16..2400, last in 0_u32..1_000_000) {
            let sex = if female { Sex::Female } else { Sex::Male };
            if let Ok(prefix) = Prefix::new(place, sex, year) {
                let number = prefix.with(last).unwrap();
                prop_assert_eq!(Prefix::of(&number), prefix);
                prop_assert_eq!(number.structure().sex, sex);
                prop_assert_eq!(number.structure().birth_year, year);
                prop_assert_eq!(number.as_str()[6..].parse::<u32>().unwrap(), last);
            }
        }
    }
}
