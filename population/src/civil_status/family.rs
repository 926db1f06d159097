//! How lists of relatives and households follow an act: items 15, 22 and 23 are copies in several records, and all of
//! them change together or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::act::Act;
use crate::name::{agree, comparison_key, fold};
use crate::person::{Flaw, HEAD, HouseholdMember, Others, Person, Relative};

/// The records that an act touches, each read once and changed in memory.
pub(crate) struct Touched<'o> {
    others: &'o dyn Others,
    records: BTreeMap<PersonalNumber, Record>,
}

/// A record as it was, and as it is once somebody wrote in it.
struct Record {
    before: Arc<Person>,
    after: Option<Person>,
}

impl<'o> Touched<'o> {
    pub(crate) fn new(others: &'o dyn Others) -> Self {
        Self { others, records: BTreeMap::new() }
    }

    /// The record as changed so far, to be looked at.
    pub(crate) fn look(&mut self, number: &PersonalNumber) -> Option<&Person> {
        let record = self.record(number)?;
        Some(record.after.as_ref().unwrap_or(&record.before))
    }

    /// The record as it is so far, to be kept.
    pub(crate) fn shared(&mut self, number: &PersonalNumber) -> Option<Arc<Person>> {
        let record = self.record(number)?;
        Some(
            record.after.as_ref().map_or_else(|| Arc::clone(&record.before), |after| Arc::new(after.clone())),
        )
    }

    /// The record as changed so far, to be written in.
    pub(crate) fn get(&mut self, number: &PersonalNumber) -> Option<&mut Person> {
        let record = self.record(number)?;
        Some(record.after.get_or_insert_with(|| Person::clone(&record.before)))
    }

    fn record(&mut self, number: &PersonalNumber) -> Option<&mut Record> {
        if !self.records.contains_key(number) {
            let before = self.others.person(number)?;
            self.records.insert(number.clone(), Record { before, after: None });
        }
        self.records.get_mut(number)
    }

    /// The records that differ from what they were, by number, each in the form in which records are kept.
    ///
    /// # Errors
    /// The [`Flaw`] of a record that has become impossible. What was wrong with one before (a man of 131 years) is no reason
    /// against an act about him.
    pub(crate) fn changed(self, today: Date) -> Result<Vec<Person>, Flaw> {
        let mut changed = Vec::new();
        for Record { before, after } in self.records.into_values() {
            let Some(after) = after.filter(|after| *after != *before) else { continue };
            changed.push(match after.clone().checked(today) {
                Ok(checked) if checked == *before => continue,
                Ok(checked) => checked,
                Err(flaw) if Person::clone(&before).checked(today) == Err(flaw) => after,
                Err(flaw) => return Err(flaw),
            });
        }
        Ok(changed)
    }

    /// [`around`] of somebody's record as changed so far.
    pub(crate) fn around(&mut self, number: &PersonalNumber) -> Vec<PersonalNumber> {
        self.look(number).map(around).unwrap_or_default()
    }

    /// Puts another number or name for a person into every record around them.
    pub(crate) fn rename(&mut self, old: &PersonalNumber, new: &PersonalNumber, name: &str) {
        for other in self.around(old) {
            let Some(record) = self.get(&other) else { continue };
            let singles = [&mut record.father, &mut record.mother, &mut record.spouse].into_iter().flatten();
            let lists =
                record.children.iter_mut().chain(&mut record.representatives).chain(&mut record.represented);
            for relative in singles.chain(lists).filter(|relative| relative.number.as_ref() == Some(old)) {
                relative.number = Some(new.clone());
                name.clone_into(&mut relative.name);
            }
            for member in record.household.iter_mut().filter(|member| member.number.as_ref() == Some(old)) {
                member.number = Some(new.clone());
                name.clone_into(&mut member.name);
            }
        }
    }

    /// Puts another nationality of a person into every record that names them as a relative.
    pub(crate) fn renationalise(&mut self, number: &PersonalNumber, nationality: &str) {
        for other in self.around(number) {
            let Some(record) = self.get(&other) else { continue };
            let singles = [&mut record.father, &mut record.mother, &mut record.spouse].into_iter().flatten();
            let lists =
                record.children.iter_mut().chain(&mut record.representatives).chain(&mut record.represented);
            for relative in singles.chain(lists).filter(|relative| relative.number.as_ref() == Some(number)) {
                relative.nationality = Some(nationality.to_owned());
            }
        }
    }

    /// Another name, or number, in the person's own list of their household.
    pub(crate) fn own_name(&mut self, record: &PersonalNumber, old: &PersonalNumber, name: &str) {
        if let Some(person) = self.get(record) {
            let own = person.number.clone();
            for member in person.household.iter_mut().filter(|member| member.number.as_ref() == Some(old)) {
                member.number = Some(own.clone());
                name.clone_into(&mut member.name);
            }
        }
    }

    /// Writes one list of members into the record of every member who has one.
    fn share_household(&mut self, list: &[HouseholdMember], also: &[PersonalNumber]) {
        let members = list.iter().filter_map(|member| member.number.clone());
        for number in members.chain(also.iter().cloned()).collect::<Vec<_>>() {
            if let Some(record) = self.get(&number) {
                record.household = list.to_vec();
            }
        }
    }

    /// Takes somebody out of their household, in the list of each member: a list of theirs that is out of date (of one who has died)
    /// is nobody's. Answers whether the household has lost its head.
    pub(crate) fn leave_household(&mut self, number: &PersonalNumber) -> bool {
        let Some(person) = self.get(number) else { return false };
        let list = core::mem::take(&mut person.household);
        let was_head = person.relation_to_head.take().is_some_and(|relation| agree(&relation, HEAD));
        let others = list.into_iter().filter(|member| member.number.as_ref() != Some(number));
        let mut left = false;
        for other in others {
            left = true;
            if let Some(record) = other.number.as_ref().and_then(|other| self.get(other)) {
                record.household.retain(|member| member.number.as_ref() != Some(number));
            }
        }
        was_head && left
    }

    /// Puts people into the household of `host`, or makes one of them. Their records are those of [`get`](Self::get).
    pub(crate) fn gather(&mut self, movers: &[HouseholdMember], host: Option<&PersonalNumber>) {
        let mut list = host.and_then(|host| self.get(host)).map(own_household).unwrap_or_default();
        list.retain(|known| movers.iter().all(|mover| mover.number != known.number));
        list.extend_from_slice(movers);
        self.share_household(&list, &[]);
        for mover in movers {
            if let Some(record) = mover.number.as_ref().and_then(|number| self.get(number)) {
                record.relation_to_head = Some(mover.relation.clone());
            }
        }
    }

    /// Puts a newborn into the household of the one it lives with. The child's own record is not touched here;
    /// answers its list and its relation to the head.
    pub(crate) fn join_household(
        &mut self,
        child: (&PersonalNumber, &str),
        with: &PersonalNumber,
    ) -> Option<(Vec<HouseholdMember>, String)> {
        let host = self.get(with)?;
        let relation = relation_of_child(host.relation_to_head.as_deref()?);
        let mut list = own_household(host);
        let (number, name) = child;
        list.push(HouseholdMember {
            name: name.to_owned(),
            number: Some(number.clone()),
            relation: relation.to_owned(),
        });
        self.share_household(&list, core::slice::from_ref(with));
        Some((list, relation.to_owned()))
    }
}

/// The list of members; of one whose list was never written, themselves.
fn own_household(person: &mut Person) -> Vec<HouseholdMember> {
    if person.household.is_empty()
        && let Some(relation) = person.relation_to_head.clone()
    {
        let (name, number) = (person.full_name.clone(), Some(person.number.clone()));
        return vec![HouseholdMember { name, number, relation }];
    }
    person.household.clone()
}

/// Everybody whose record names this person, because theirs is named here: parents, spouse, children, those who stand
/// for them and those they stand for, and the household. In the order of their numbers.
pub(crate) fn around(person: &Person) -> Vec<PersonalNumber> {
    let singles = [&person.father, &person.mother, &person.spouse].into_iter().flatten();
    let lists = person.children.iter().chain(&person.representatives).chain(&person.represented);
    let relatives = singles.chain(lists).filter_map(|relative| relative.number.clone());
    let household = person.household.iter().filter_map(|member| member.number.clone());
    let mut around: Vec<PersonalNumber> =
        relatives.chain(household).filter(|one| *one != person.number).collect();
    around.sort_unstable();
    around.dedup();
    around
}

/// Of those around somebody whom an act names, whom it looks at: read with the others beforehand. Who is left out and looked at all
/// the same is read when asked for.
pub(crate) fn looked_at(act: &Act, person: &Person) -> Vec<PersonalNumber> {
    let spouse = || person.spouse.iter().filter_map(|spouse| spouse.number.clone());
    let household = || person.household.iter().filter_map(|member| member.number.clone());
    let mut beside: Vec<PersonalNumber> = match act {
        Act::Birth { child, resides_with, .. } => {
            let children = person.children.iter().filter_map(|child| child.number.clone());
            let near = children.filter(|other| born_near(other, child.birth_date.year()));
            let at_home = resides_with.as_ref() == Some(&person.number);
            near.chain(household().filter(|_| at_home)).collect()
        }
        Act::Divorce { .. } | Act::MarriageAnnulled { .. } => Vec::new(),
        Act::Marriage { .. } => {
            let parents = [&person.father, &person.mother].into_iter().flatten();
            spouse().chain(parents.filter_map(|parent| parent.number.clone())).collect()
        }
        Act::Death { .. } => {
            let children = person.children.iter().filter_map(|child| child.number.clone());
            spouse().chain(household()).chain(children).collect()
        }
        _ => around(person),
    };
    beside.retain(|one| *one != person.number);
    beside
}

/// Whether somebody's number is of this year or the ones beside it.
pub(crate) fn born_near(number: &PersonalNumber, year: i16) -> bool {
    number.structure().birth_year.abs_diff(year) <= 1
}

/// What a child of somebody with this relation is to the head.
fn relation_of_child(of_parent: &str) -> &'static str {
    let is = |words: &[&str]| words.iter().any(|word| agree(word, of_parent));
    if is(&["Chủ hộ", "Vợ", "Chồng"]) {
        "Con"
    } else if is(&["Con", "Con đẻ", "Con trai", "Con gái", "Con dâu", "Con rể", "Em", "Anh", "Chị"])
    {
        "Cháu"
    } else {
        "Thành viên khác"
    }
}

/// Whether two spellings are one name of somebody without a number: hyphens, blanks, case, marks that one of the two has, and the
/// place of the family name differ from paper to paper (`KIM MIN-JUN`, `Minjun Kim`).
pub(crate) fn is_one_name(one: &str, other: &str) -> bool {
    // Marks that only one of the two papers has say nothing; those that both have do (Hùng, Hưng).
    let is_marked = |name: &str| !name.is_ascii();
    let with_marks = is_marked(one) && is_marked(other);
    let words = |name: &str| -> Vec<String> {
        if with_marks {
            let words = name.split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty());
            return words.map(comparison_key).collect();
        }
        fold(name).split_whitespace().map(str::to_owned).collect()
    };
    let (first, second) = (words(one), words(other));
    if first.is_empty() || second.is_empty() {
        return agree(one, other);
    }
    // Family name first or last, and the rest in one word or in two.
    let is_turned = |words: &[String], other: &[String]| {
        let turn = |at: usize| words.iter().cycle().skip(at).take(words.len()).cloned().collect::<String>();
        (0..words.len()).any(|at| turn(at) == other.concat())
    };
    is_turned(&first, &second) || is_turned(&second, &first)
}

/// Whether two records or acts name one person: by the number where both have it, by the name else.
pub(crate) fn is_one(one: &Relative, other: &Relative) -> bool {
    match (&one.number, &other.number) {
        (Some(one), Some(other)) => one == other,
        _ => is_one_name(&one.name, &other.name) && may_be_of(one, other),
    }
}

/// Two nationalities that are both known and differ are of two people, or a question.
fn may_be_of(one: &Relative, other: &Relative) -> bool {
    one.nationality.as_ref().zip(other.nationality.as_ref()).is_none_or(|(one, other)| agree(one, other))
}

/// Names a person as a relative.
pub(crate) fn relative(person: &Person) -> Relative {
    let mut relative = Relative::new(&person.full_name, Some(person.number.clone()));
    relative.nationality = Some(person.nationality.clone());
    relative
}

/// Adds a child to a parent's list once.
pub(crate) fn add_child(parent: &mut Person, child: &Relative) {
    if !parent.children.iter().any(|known| known.number.is_some() && known.number == child.number) {
        parent.children.push(child.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::is_one_name;

    #[test]
    fn a_name_is_one_in_every_spelling_and_two_names_are_two() {
        for other in ["Kim  Min-Jun", "KIM MINJUN", "Min-jun Kim", "MINJUN KIM", "陳"] {
            let is_same = other != "陳";
            assert_eq!(is_one_name("KIM MIN-JUN", other), is_same, "{other}");
            assert_eq!(is_one_name(other, "KIM MIN-JUN"), is_same, "{other}");
        }
        // Nobody's letters are turned within a word, and none are left out.
        for (one, other) in [
            ("Nguyễn Minh Anh", "Nguyễn Anh Minh"),
            ("NGUYEN MINH ANH", "NGUYEN ANH MINH"),
            ("Anna", "Naan"),
            ("Lan", "Lan Anh"),
            ("An", "Ân Hà"),
            ("陳大文", "李小龍"),
        ] {
            assert!(!is_one_name(one, other), "{one} {other}");
        }
        assert!(is_one_name("陳大文", "陳大文"));
        // Marks tell names apart where both papers have them.
        assert!(!is_one_name("Trần Văn Hùng", "Trần Văn Hưng"));
        assert!(is_one_name("Trần Văn Hùng", "TRAN VAN HUNG") && is_one_name("Trần Văn Hoà", "TRẦN VĂN HÒA"));
    }
}
