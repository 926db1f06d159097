//! The errors that registers have: people entered twice, and people who only look so. The model of docs/duplicates.md.

use std::collections::HashSet;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::Chance;
use super::tables::{names, provinces};
use crate::name::{comparison_key, fold};
use crate::person::{HouseholdMember, Person, Relative, Residence};

/// What stands beside a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Twist {
    /// A second record, one letter of the name wrong.
    Typed,
    /// A second record without diacritics.
    Plain,
    /// A second record, the words of the name in another order or one left out.
    Reordered,
    /// A second record, one part of the birth date wrong.
    BirthDate,
    /// A second record under another family name.
    Surname,
    /// A second record at another place of residence.
    Moved,
    /// A twin: another person.
    Twin,
    /// A neighbour of the same name: another person.
    Neighbour,
}

impl Twist {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Typed,
        Self::Plain,
        Self::Reordered,
        Self::BirthDate,
        Self::Surname,
        Self::Moved,
        Self::Twin,
        Self::Neighbour,
    ];

    /// Whether both records are one person's.
    #[must_use]
    pub fn is_duplicate(self) -> bool {
        !matches!(self, Self::Twin | Self::Neighbour)
    }

    /// How many there are among ten thousand people.
    #[must_use]
    pub fn per_ten_thousand(self) -> u64 {
        match self {
            Self::Typed => 60,
            Self::Plain => 40,
            Self::Reordered | Self::BirthDate | Self::Neighbour => 30,
            Self::Surname | Self::Moved => 20,
            Self::Twin => 15,
        }
    }
}

/// A population with errors, and the truth about them.
#[derive(Debug)]
pub struct WithErrors {
    /// The people as they were, some with a household member more, then the records that were added.
    pub people: Vec<Person>,
    /// Who was there, the record that was added, and what it is.
    pub pairs: Vec<(PersonalNumber, PersonalNumber, Twist)>,
}

/// Adds the errors of the model.
#[must_use]
pub fn with_errors(mut people: Vec<Person>, seed: u64) -> WithErrors {
    let count = people.len();
    let mut maker = Maker {
        chance: Chance(ChaCha20Rng::seed_from_u64(seed ^ 0x5EED_E440)),
        taken: people.iter().map(|person| person.number.clone()).collect(),
        old: 0,
    };
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        let other = maker.chance.below(u32::try_from(at + 1).unwrap_or(u32::MAX));
        order.swap(at, usize::try_from(other).unwrap_or(0));
    }
    let (mut added, mut pairs) = (Vec::new(), Vec::new());
    let mut order = order.into_iter();
    for twist in Twist::ALL {
        let wanted =
            twist.per_ten_thousand().saturating_mul(u64::try_from(count).unwrap_or(0)).div_ceil(10_000);
        let mut made = 0;
        // Who does not fit (a name without diacritics, a person without parents) is passed over.
        while made < wanted {
            let Some(at) = order.next() else { break };
            let Some(record) = people.get_mut(at).and_then(|person| maker.make(twist, person)) else {
                continue;
            };
            pairs.extend(people.get(at).map(|person| (person.number.clone(), record.number.clone(), twist)));
            added.push(record);
            made += 1;
        }
    }
    people.extend(added);
    WithErrors { people, pairs }
}

struct Maker {
    chance: Chance,
    taken: HashSet<PersonalNumber>,
    old: u32,
}

impl Maker {
    fn make(&mut self, twist: Twist, person: &mut Person) -> Option<Person> {
        match twist {
            Twist::Twin => self.twin(person),
            Twist::Neighbour => self.neighbour(person),
            _ => {
                let mut copy = self.copy(person);
                self.spoil(twist, &mut copy)?;
                copy.number = self.number(&copy)?;
                Some(copy)
            }
        }
    }

    /// A second record of a person, from another paper: not every item was asked for or known.
    fn copy(&mut self, person: &Person) -> Person {
        let mut copy = Person::new(person.number.clone(), &person.full_name, person.birth_date, person.sex);
        let mut keep = |per_mille| self.chance.happens(per_mille);
        let bare = |relative: &Option<Relative>| {
            relative.as_ref().map(|relative| Relative::new(&relative.name, None))
        };
        copy.father = bare(&person.father).filter(|_| keep(900));
        copy.mother = bare(&person.mother).filter(|_| keep(900));
        copy.spouse = bare(&person.spouse).filter(|_| keep(500));
        copy.place_of_origin = person.place_of_origin.clone().filter(|_| keep(900));
        copy.place_of_birth = person.place_of_birth.clone().filter(|_| keep(700));
        copy.birth_registration_place = person.birth_registration_place.clone().filter(|_| keep(700));
        copy.ethnic_group = person.ethnic_group.clone().filter(|_| keep(900));
        copy.old_number = person.old_number.clone().filter(|_| keep(600));
        copy.residences.permanent = person.residences.permanent.clone().filter(|_| keep(900));
        copy.identification_marks = person.identification_marks.clone().filter(|_| keep(100));
        copy.marital_status = person.marital_status.filter(|_| keep(500));
        // The list is copied from the household's book as it stands there, with the number that the person had before.
        if keep(300) {
            copy.household.clone_from(&person.household);
            copy.relation_to_head.clone_from(&person.relation_to_head);
        }
        copy
    }

    fn spoil(&mut self, twist: Twist, copy: &mut Person) -> Option<()> {
        match twist {
            Twist::Typed => copy.full_name = self.one_letter(&copy.full_name)?,
            Twist::Plain => {
                let plain = title(&fold(&copy.full_name));
                if comparison_key(&plain) == comparison_key(&copy.full_name) {
                    return None;
                }
                copy.full_name = plain;
                // Who types without diacritics does so on the whole form.
                for relative in [&mut copy.father, &mut copy.mother, &mut copy.spouse].into_iter().flatten() {
                    relative.name = title(&fold(&relative.name));
                }
                for text in
                    [&mut copy.place_of_origin, &mut copy.place_of_birth, &mut copy.birth_registration_place]
                {
                    *text = text.as_deref().map(|text| title(&fold(&text.replace(',', " "))));
                }
            }
            Twist::Reordered => copy.full_name = self.reordered(&copy.full_name)?,
            Twist::BirthDate => copy.birth_date = self.other_date(copy.birth_date)?,
            Twist::Surname => {
                let (first, rest) = copy.full_name.split_once(' ')?;
                // Y, A and H' are no family names.
                if first.chars().count() < 2 || first.contains(['\'', '’']) {
                    return None;
                }
                let mothers = copy.mother.as_ref().and_then(|mother| mother.name.split(' ').next());
                let other = match mothers.filter(|_| self.chance.happens(500)) {
                    Some(name) => name.to_owned(),
                    None => self.element("family"),
                };
                if fold(&other) == fold(first) {
                    return None;
                }
                copy.full_name = format!("{other} {rest}");
            }
            Twist::Moved => {
                let before = copy.residences.permanent.take().and_then(|place| place.ward_code);
                let province = self.chance.weighted(provinces())?;
                let (code, ward) = *self.chance.one_of(&province.wards)?;
                if before.as_deref() == Some(code) {
                    return None;
                }
                copy.residences.permanent = Some(Residence {
                    address: format!("Số nhà {}, {ward}, {}", self.chance.between(1, 240), province.name),
                    ward_code: Some(code.to_owned()),
                    province_code: Some(province.code.to_owned()),
                    since: None,
                });
            }
            Twist::Twin | Twist::Neighbour => return None,
        }
        Some(())
    }

    /// One letter added, left out, exchanged with its neighbour, hit beside, heard as another, or with another diacritic.
    fn one_letter(&mut self, name: &str) -> Option<String> {
        for _ in 0..20 {
            let mut words: Vec<Vec<char>> = name.split(' ').map(|word| word.chars().collect()).collect();
            let at = usize::try_from(self.chance.below(u32::try_from(words.len()).ok()?)).ok()?;
            let word = words.get_mut(at)?;
            if word.len() < 2 {
                continue;
            }
            let place = usize::try_from(self.chance.below(u32::try_from(word.len()).ok()?)).ok()?;
            match self.chance.below(6) {
                0 => drop(word.remove(place)),
                1 => word.insert(place, *word.get(place)?),
                2 if place + 1 < word.len() => word.swap(place, place + 1),
                3 => *word.get_mut(place)? = self.beside(*word.get(place)?)?,
                4 => {
                    let heard = heard(&word.iter().collect::<String>(), &mut self.chance);
                    *word = heard.chars().collect();
                }
                5 => *word.get_mut(place)? = self.other_diacritic(*word.get(place)?)?,
                _ => continue,
            }
            let typed = words
                .into_iter()
                .map(|word| word.into_iter().collect::<String>())
                .collect::<Vec<_>>()
                .join(" ");
            let typed = title(&typed.to_lowercase());
            if comparison_key(&typed) != comparison_key(name) {
                return Some(typed);
            }
        }
        None
    }

    fn beside(&mut self, letter: char) -> Option<char> {
        const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
        let base = fold(&letter.to_string()).chars().next()?;
        let row = ROWS.iter().find(|row| row.contains(base))?;
        let place = row.find(base)?;
        let place = if place == 0 || (self.chance.happens(500) && place + 1 < row.len()) {
            place + 1
        } else {
            place - 1
        };
        row.chars().nth(place)
    }

    fn other_diacritic(&mut self, letter: char) -> Option<char> {
        const FAMILIES: [&str; 7] = [
            "aàáảãạăằắẳẵặâầấẩẫậ",
            "eèéẻẽẹêềếểễệ",
            "iìíỉĩị",
            "oòóỏõọôồốổỗộơờớởỡợ",
            "uùúủũụưừứửữự",
            "yỳýỷỹỵ",
            "dđ",
        ];
        let small = letter.to_lowercase().next()?;
        let family: Vec<char> = FAMILIES.iter().find(|family| family.contains(small))?.chars().collect();
        self.chance.one_of(&family).copied()
    }

    fn reordered(&mut self, name: &str) -> Option<String> {
        let words: Vec<&str> = name.split(' ').collect();
        let (first, rest) = words.split_first()?;
        let (last, middle) = rest.split_last()?;
        if !middle.is_empty() && self.chance.happens(500) {
            // One of the words between is left out.
            let left_out = usize::try_from(self.chance.below(u32::try_from(middle.len()).ok()?)).ok()?;
            let kept = middle.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, word)| *word);
            return Some(core::iter::once(*first).chain(kept).chain([*last]).collect::<Vec<_>>().join(" "));
        }
        // The given name before or after the family name, as foreigners write.
        let parts: Vec<&str> = if self.chance.happens(500) {
            core::iter::once(*last).chain([*first]).chain(middle.iter().copied()).collect()
        } else {
            middle.iter().copied().chain([*last, *first]).collect()
        };
        let other = parts.join(" ");
        (comparison_key(&other) != comparison_key(name)).then_some(other)
    }

    fn other_date(&mut self, date: BirthDate) -> Option<BirthDate> {
        let shift = |chance: &mut Chance, most| {
            let by = chance.between(1, most);
            i16::try_from(if chance.happens(500) { by } else { -by }).unwrap_or(1)
        };
        let year = |chance: &mut Chance, year: i16| match chance.below(3) {
            0 => year.saturating_add(if chance.happens(500) { 10 } else { -10 }),
            _ => year.saturating_add(shift(chance, 3)),
        };
        match date {
            BirthDate::Day(day) => {
                let wrong = match self.chance.below(3) {
                    0 => Date::new(day.year(), day.month(), i8::try_from(self.chance.between(1, 28)).ok()?),
                    1 => Date::new(day.year(), i8::try_from(self.chance.between(1, 12)).ok()?, day.day()),
                    _ => Date::new(year(&mut self.chance, day.year()), day.month(), day.day()),
                };
                wrong
                    .ok()
                    .filter(|wrong| *wrong != day && (1900..=2026).contains(&wrong.year()))
                    .map(BirthDate::Day)
            }
            // Where only the year is known there is no other part to be right.
            _ => None,
        }
    }

    fn twin(&mut self, person: &mut Person) -> Option<Person> {
        let (father, mother) = (person.father.clone()?, person.mother.clone()?);
        let words: Vec<&str> = person.full_name.split(' ').collect();
        let given = *words.last()?;
        let sex = match (person.sex, self.chance.happens(650)) {
            (sex, true) => sex,
            (Sex::Male, false) => Sex::Female,
            (_, false) => Sex::Male,
        };
        let list = if sex == Sex::Female { "given-female" } else { "given-male" };
        let alike = self.chance.happens(350);
        let other = (0..40).map(|_| self.element(list)).find(|other| {
            comparison_key(other) != comparison_key(given)
                && (!alike || fold(other).chars().next() == fold(given).chars().next())
        })?;
        let mut kept: Vec<&str> = words.get(..words.len() - 1)?.to_vec();
        kept.push(&other);
        let mut twin = person.clone();
        twin.full_name = kept.join(" ");
        twin.sex = sex;
        (twin.father, twin.mother) = (Some(father), Some(mother));
        (twin.spouse, twin.children, twin.marital_status, twin.identification_marks) =
            (None, Vec::new(), None, None);
        twin.old_number = person.old_number.as_ref().map(|_| self.old_number());
        twin.number = self.number(&twin)?;
        // Children of one house stand on one list; who has founded a family stands on another.
        let at_home = person.relation_to_head.as_deref() == Some("Con");
        if at_home {
            let member = HouseholdMember {
                name: twin.full_name.clone(),
                number: Some(twin.number.clone()),
                relation: "Con".to_owned(),
            };
            person.household.push(member.clone());
            twin.household.push(member);
        } else {
            (twin.household, twin.relation_to_head, twin.residence_file) = (Vec::new(), None, None);
        }
        Some(twin)
    }

    fn neighbour(&mut self, person: &Person) -> Option<Person> {
        let residence = person.residences.permanent.clone()?;
        let years = self.chance.between(-15, 15);
        let year = person.birth_date.year().saturating_add(i16::try_from(years).ok()?);
        let born = Date::new(
            year,
            i8::try_from(self.chance.between(1, 12)).ok()?,
            i8::try_from(self.chance.between(1, 28)).ok()?,
        )
        .ok()?;
        let latest = person.birth_date.date().map_or(2000, Date::year).max(2000);
        if born.year() > latest || born.year() < 1930 || Some(born) == person.birth_date.date() {
            return None;
        }
        let mut other =
            Person::new(person.number.clone(), &person.full_name, BirthDate::Day(born), person.sex);
        let family = person.full_name.split(' ').next()?.to_owned();
        let parent = |maker: &mut Self, family: Option<&str>, list: [&str; 2]| {
            let family = family.map_or_else(|| maker.element("family"), str::to_owned);
            let name = format!("{family} {} {}", maker.element(list[0]), maker.element(list[1]));
            maker.chance.happens(900).then(|| Relative::new(&name, None))
        };
        other.father = parent(self, Some(&family), ["middle-male", "given-male"]);
        other.mother = parent(self, None, ["middle-female", "given-female"]);
        other.place_of_origin.clone_from(&person.place_of_origin);
        other.birth_registration_place.clone_from(&person.birth_registration_place);
        other.place_of_birth.clone_from(&person.place_of_birth);
        other.ethnic_group.clone_from(&person.ethnic_group);
        other.old_number = (born.year() <= 2001 && self.chance.happens(850)).then(|| self.old_number());
        let tail = residence.address.split_once(',').map_or("", |(_, tail)| tail).to_owned();
        other.residences.permanent = Some(Residence {
            address: format!("Số nhà {},{tail}", self.chance.between(241, 400)),
            ..residence
        });
        other.number = self.number(&other)?;
        Some(other)
    }

    /// A number that nobody has, as the record's own facts make it.
    fn number(&mut self, person: &Person) -> Option<PersonalNumber> {
        let place = person.number.as_str().get(..3)?.parse().ok()?;
        let prefix = crate::numbers::Prefix::new(place, person.sex, person.birth_date.year()).ok()?;
        (0..1_000).find_map(|_| {
            let number = prefix.with(self.chance.below(1_000_000))?;
            self.taken.insert(number.clone()).then_some(number)
        })
    }

    /// Nine digits beyond those of the nation, which count from below.
    fn old_number(&mut self) -> String {
        self.old += 1;
        format!("9{:08}", u64::from(self.old) * 7_919 % 100_000_000)
    }

    fn element(&mut self, list: &str) -> String {
        self.chance.weighted(names(list)).copied().unwrap_or("An").to_owned()
    }
}

/// A letter heard as another: s/x, tr/ch, l/n, d/gi/r, i/y, hỏi/ngã.
fn heard(word: &str, chance: &mut Chance) -> String {
    const PAIRS: [(&str, &str); 7] =
        [("s", "x"), ("tr", "ch"), ("l", "n"), ("d", "gi"), ("gi", "d"), ("r", "d"), ("ch", "tr")];
    const TONES: [(char, char); 12] = [
        ('ả', 'ã'),
        ('ẳ', 'ẵ'),
        ('ẩ', 'ẫ'),
        ('ẻ', 'ẽ'),
        ('ể', 'ễ'),
        ('ỉ', 'ĩ'),
        ('ỏ', 'õ'),
        ('ổ', 'ỗ'),
        ('ở', 'ỡ'),
        ('ủ', 'ũ'),
        ('ử', 'ữ'),
        ('ỷ', 'ỹ'),
    ];
    let small = word.to_lowercase();
    let mut ways: Vec<String> = Vec::new();
    for (one, other) in PAIRS.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]) {
        ways.extend(small.strip_prefix(one).map(|rest| format!("{other}{rest}")));
    }
    for (one, other) in TONES.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]) {
        if small.contains(one) {
            ways.push(small.replacen(one, &other.to_string(), 1));
        }
    }
    if small.ends_with(['i', 'ì', 'í', 'ỉ', 'ĩ', 'ị', 'y', 'ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ']) {
        const ENDS: [(char, char); 6] =
            [('i', 'y'), ('ì', 'ỳ'), ('í', 'ý'), ('ỉ', 'ỷ'), ('ĩ', 'ỹ'), ('ị', 'ỵ')];
        let last = small.chars().next_back().unwrap_or(' ');
        let other = ENDS.iter().find_map(|(one, other)| match last {
            last if last == *one => Some(*other),
            last if last == *other => Some(*one),
            _ => None,
        });
        if let Some(other) = other {
            ways.push(format!("{}{other}", small.trim_end_matches(last)));
        }
    }
    chance.one_of(&ways).cloned().unwrap_or(small)
}

/// Every word with a capital.
fn title(name: &str) -> String {
    let words = name.split(' ').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}
