//! The items of a person that are several, as one text of the row. Relatives stand by position, and whoever of the household
//! is a relative by the place among these: half as long as by names, and as much less to log, to keep in memory and to parse.
//! Rows that were written by names are read as well.

use core::fmt;

use cccd_card_profile::personal_number::PersonalNumber;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json;
use crate::person::{HouseholdMember, Person, Relative};
use crate::store::StoreError;

/// The nationality that goes without saying here.
const OWN: &str = "Việt Nam";

/// A text with short names; none if all lists are empty.
#[derive(Serialize, Deserialize)]
#[serde(bound(
    serialize = "N: Serialize, R: Serialize, H: Serialize",
    deserialize = "N: Deserialize<'de>, R: Deserialize<'de>, H: Deserialize<'de>"
))]
struct Lists<N, R, H> {
    #[serde(default, rename = "n", skip_serializing_if = "Option::is_none")]
    other_names: Option<N>,
    #[serde(default, rename = "f", skip_serializing_if = "Option::is_none")]
    father: Option<R>,
    #[serde(default, rename = "m", skip_serializing_if = "Option::is_none")]
    mother: Option<R>,
    #[serde(default, rename = "s", skip_serializing_if = "Option::is_none")]
    spouse: Option<R>,
    #[serde(default = "Vec::new", rename = "c", skip_serializing_if = "Vec::is_empty")]
    children: Vec<R>,
    #[serde(default = "Vec::new", rename = "r", skip_serializing_if = "Vec::is_empty")]
    representatives: Vec<R>,
    #[serde(default = "Vec::new", rename = "p", skip_serializing_if = "Vec::is_empty")]
    represented: Vec<R>,
    #[serde(default = "Vec::new", rename = "h", skip_serializing_if = "Vec::is_empty")]
    household: Vec<H>,
}

/// Father, mother, spouse and children, in this order: the places that members of the household refer to.
fn family(person: &Person) -> impl Iterator<Item = &Relative> {
    [&person.father, &person.mother, &person.spouse].into_iter().flatten().chain(&person.children)
}

/// The text of a person's lists.
pub(super) fn text(person: &Person) -> Result<Option<String>, StoreError> {
    let place = |member: &HouseholdMember| {
        family(person).position(|relative| relative.name == member.name && relative.number == member.number)
    };
    let lists = Lists {
        other_names: (!person.other_names.is_empty()).then_some(&person.other_names),
        father: person.father.as_ref().map(Written),
        mother: person.mother.as_ref().map(Written),
        spouse: person.spouse.as_ref().map(Written),
        children: person.children.iter().map(Written).collect(),
        representatives: person.representatives.iter().map(Written).collect(),
        represented: person.represented.iter().map(Written).collect(),
        household: person.household.iter().map(|member| WrittenMember(member, place(member))).collect(),
    };
    let text = json(&lists)?;
    Ok((text != "{}").then_some(text))
}

/// Gives a person the lists of a text.
pub(super) fn read(text: &str, person: &mut Person) -> Result<(), StoreError> {
    const WHAT: StoreError = StoreError::Inconsistent("the lists of a person");
    let lists: Lists<Vec<String>, Read, ReadMember> = serde_json::from_str(text).map_err(|_| WHAT)?;
    let all = |read: Vec<Read>| read.into_iter().map(|Read(relative)| relative).collect();
    person.other_names = lists.other_names.unwrap_or_default();
    person.father = lists.father.map(|Read(father)| father);
    person.mother = lists.mother.map(|Read(mother)| mother);
    person.spouse = lists.spouse.map(|Read(spouse)| spouse);
    person.children = all(lists.children);
    person.representatives = all(lists.representatives);
    person.represented = all(lists.represented);
    let members = lists.household.into_iter().map(|member| match member {
        ReadMember::Other(member) => Ok(member),
        ReadMember::Relative(place, relation) => {
            let relative = family(person).nth(place).ok_or(WHAT)?;
            Ok(HouseholdMember { name: relative.name.clone(), number: relative.number.clone(), relation })
        }
    });
    person.household = members.collect::<Result<_, StoreError>>()?;
    Ok(())
}

/// `[name, number]`, the number if it is known; what is unusual behind it: `[name, number, old number, nationality]`.
struct Written<'p>(&'p Relative);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Relative { name, number, old_number, nationality } = self.0;
        let usual = old_number.is_none() && nationality.as_deref() == Some(OWN);
        let mut sequence = serializer.serialize_seq(None)?;
        sequence.serialize_element(name)?;
        if number.is_some() || !usual {
            sequence.serialize_element(number)?;
        }
        if !usual {
            sequence.serialize_element(old_number)?;
            sequence.serialize_element(nationality)?;
        }
        sequence.end()
    }
}

/// `[place, relation]` of a relative, `[name, number or null, relation]` of anybody else.
struct WrittenMember<'p>(&'p HouseholdMember, Option<usize>);

impl Serialize for WrittenMember<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(HouseholdMember { name, number, relation }, place) = self;
        match place {
            Some(place) => (place, relation).serialize(serializer),
            None => (name, number, relation).serialize(serializer),
        }
    }
}

struct Read(Relative);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Read;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a relative")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read, A::Error> {
                Relative::deserialize(MapAccessDeserializer::new(map)).map(Read)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Read, A::Error> {
                let name: String = needed(&mut sequence)?;
                let number: Option<PersonalNumber> = sequence.next_element()?.flatten();
                let mut relative = Relative { name, number, old_number: None, nationality: None };
                match sequence.next_element::<Option<String>>()? {
                    None => relative.nationality = Some(OWN.to_owned()),
                    Some(old_number) => {
                        relative.old_number = old_number;
                        relative.nationality = needed(&mut sequence)?;
                        at_end(&mut sequence)?;
                    }
                }
                Ok(Read(relative))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

enum ReadMember {
    Relative(usize, String),
    Other(HouseholdMember),
}

impl<'de> Deserialize<'de> for ReadMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ReadMember;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member of the household")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReadMember, A::Error> {
                HouseholdMember::deserialize(MapAccessDeserializer::new(map)).map(ReadMember::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<ReadMember, A::Error> {
                let member = match needed(&mut sequence)? {
                    First::Place(place) => ReadMember::Relative(place, needed(&mut sequence)?),
                    First::Name(name) => ReadMember::Other(HouseholdMember {
                        name,
                        number: needed(&mut sequence)?,
                        relation: needed(&mut sequence)?,
                    }),
                };
                at_end(&mut sequence)?;
                Ok(member)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What a member's text begins with.
enum First {
    Place(usize),
    Name(String),
}

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a place or a name")
            }

            fn visit_u64<E: serde::de::Error>(self, place: u64) -> Result<First, E> {
                usize::try_from(place).map(First::Place).map_err(E::custom)
            }

            fn visit_str<E>(self, name: &str) -> Result<First, E> {
                Ok(First::Name(name.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn needed<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(sequence: &mut A) -> Result<T, A::Error> {
    sequence.next_element()?.ok_or_else(|| A::Error::custom("too short"))
}

fn at_end<'de, A: SeqAccess<'de>>(sequence: &mut A) -> Result<(), A::Error> {
    match sequence.next_element::<IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(A::Error::custom("too long")),
    }
}

#[cfg(test)]
mod tests {
    use cccd_card_profile::card_holder::Sex;
    use proptest::prelude::*;

    use super::*;
    use crate::person::parse_birth_date;

    fn number(text: &str) -> PersonalNumber {
        PersonalNumber::parse(text).unwrap()
    }

    fn somebody() -> Person {
        Person::new(number("001310000001"), "An", parse_birth_date("2010-08-11").unwrap(), Sex::Female)
    }

    fn relative(name: &str, known: Option<&str>, old: Option<&str>, nationality: Option<&str>) -> Relative {
        Relative {
            name: name.to_owned(),
            number: known.map(number),
            old_number: old.map(str::to_owned),
            nationality: nationality.map(str::to_owned),
        }
    }

    fn member(name: &str, known: Option<&str>, relation: &str) -> HouseholdMember {
        HouseholdMember { name: name.to_owned(), number: known.map(number), relation: relation.to_owned() }
    }

    fn family() -> Person {
        let mut person = somebody();
        person.other_names = vec!["Bé Ba".to_owned()];
        person.father = Some(relative("Cha", Some("001082000001"), None, Some(OWN)));
        person.mother = Some(relative("Mẹ", Some("001180000001"), Some("012345678"), None));
        person.representatives = vec![relative("Bà", None, None, Some("Lào"))];
        person.household = vec![
            member("Cha", Some("001082000001"), "Chủ hộ"),
            member("Mẹ", Some("001180000001"), "Vợ"),
            member("Em", Some("001312000001"), "Con"),
            // Of the father's name, and somebody else.
            member("Cha", None, "Khác"),
        ];
        person
    }

    #[test]
    fn relatives_stand_by_position_and_members_by_their_place_among_them() {
        let written = text(&family()).unwrap().unwrap();
        assert_eq!(
            written,
            r#"{"n":["Bé Ba"],"f":["Cha","001082000001"],"m":["Mẹ","001180000001","012345678",null],"r":[["Bà",null,null,"Lào"]],"h":[[0,"Chủ hộ"],[1,"Vợ"],["Em","001312000001","Con"],["Cha",null,"Khác"]]}"#
        );
        assert_eq!(text(&somebody()).unwrap(), None);
    }

    #[test]
    fn rows_of_before_are_read_by_names() {
        let before = r#"{"n":["Bé Ba"],"f":{"name":"Cha","number":"001082000001","nationality":"Việt Nam"},"m":{"name":"Mẹ","number":"001180000001","old_number":"012345678"},"r":[{"name":"Bà","nationality":"Lào"}],"h":[{"name":"Cha","number":"001082000001","relation":"Chủ hộ"},{"name":"Mẹ","number":"001180000001","relation":"Vợ"},{"name":"Em","number":"001312000001","relation":"Con"},{"name":"Cha","relation":"Khác"}]}"#;
        let mut person = somebody();
        read(before, &mut person).unwrap();
        assert_eq!(person, family());
    }

    #[test]
    fn what_no_row_says_is_refused() {
        for text in [
            r#"{"f":[]}"#,
            r#"{"f":["Cha","12"]}"#,
            r#"{"f":["Cha",null,null]}"#,
            r#"{"f":["Cha",null,null,null,null]}"#,
            r#"{"f":["Cha"],"h":[[1,"Vợ"]]}"#,
            r#"{"f":["Cha"],"h":[[-1,"Vợ"]]}"#,
            r#"{"f":["Cha"],"h":[[0]]}"#,
            r#"{"h":[["Cha",null,"Khác","?"]]}"#,
            r#"{"f":{"name":"Cha","other":1}}"#,
        ] {
            assert!(read(text, &mut somebody()).is_err(), "{text}");
        }
    }

    fn any_relative() -> impl Strategy<Value = Relative> {
        let name = prop::sample::select(vec!["Cha", "Mẹ", "\"", ""]);
        let known = prop::sample::select(vec![None, Some("001082000001"), Some("001180000001")]);
        let old = prop::sample::select(vec![None, Some("012345678")]);
        let nationality = prop::sample::select(vec![None, Some(OWN), Some("Lào"), Some("")]);
        (name, known, old, nationality)
            .prop_map(|(name, known, old, nationality)| relative(name, known, old, nationality))
    }

    fn any_member() -> impl Strategy<Value = HouseholdMember> {
        (any_relative(), prop::sample::select(vec!["Chủ hộ", "Con"])).prop_map(|(one, relation)| {
            HouseholdMember { name: one.name, number: one.number, relation: relation.to_owned() }
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            parents in (prop::option::of(any_relative()), prop::option::of(any_relative())),
            spouse in prop::option::of(any_relative()),
            lists in (prop::collection::vec(any_relative(), 0..4), prop::collection::vec(any_relative(), 0..3)),
            represented in prop::collection::vec(any_relative(), 0..3),
            household in prop::collection::vec(any_member(), 0..6),
        ) {
            let mut person = somebody();
            (person.father, person.mother) = parents;
            person.spouse = spouse;
            (person.children, person.representatives) = lists;
            (person.represented, person.household) = (represented, household);
            let mut again = somebody();
            if let Some(written) = text(&person).unwrap() {
                read(&written, &mut again).unwrap();
            }
            prop_assert_eq!(again, person);
        }
    }
}
