//! Clans: founders, their children, and the families that these found with one another.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::RegistrationPlace;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Chance;
use super::names::{self, heritage};
use super::numbers::Numbers;
use super::tables::{People, Province, RELIGIONS, peoples, provinces};
use crate::person::{BloodGroup, HouseholdMember, Life, MaritalStatus, Person, Relative, Residence};

const OLDEST: i64 = 95;

/// Nobody becomes a parent after this age, and no parent dies before it.
const PARENT_UNTIL: i64 = 53;

/// Countries of births abroad, by the codes of TT 07/2016/TT-BCA annex 2: Germany, South Korea, the United States, Laos,
/// Russia, Japan, Czechia.
const ABROAD: [&str; 7] = ["155", "174", "175", "193", "231", "232", "252"];

/// A person in the making.
struct Member {
    person: Person,
    born: Date,
    family_name: String,
    people: &'static People,
    home: &'static Province,
    ward: (&'static str, &'static str),
    parents: Option<(usize, usize)>,
    spouse: Option<usize>,
    divorced: bool,
    children: Vec<usize>,
    household: usize,
}

/// All of one clan, household by household.
pub(super) fn clan(founders: usize, today: Date, chance: &mut Chance, numbers: &mut Numbers) -> Vec<Person> {
    let mut maker = Maker { members: Vec::new(), households: 0, today, chance, numbers };
    let mut couples: Vec<(usize, usize)> = (0..founders).filter_map(|_| maker.found()).collect();
    while !couples.is_empty() {
        let children: Vec<usize> =
            couples.iter().flat_map(|(father, mother)| maker.have_children(*father, *mother)).collect();
        couples = maker.marry(&children);
    }
    maker.finish()
}

struct Maker<'m> {
    members: Vec<Member>,
    households: usize,
    today: Date,
    chance: &'m mut Chance,
    numbers: &'m mut Numbers,
}

impl Maker<'_> {
    /// A couple without known parents.
    fn found(&mut self) -> Option<(usize, usize)> {
        let people = self.chance.weighted(peoples())?;
        let home = self.home_of(people)?;
        let ward = *self.chance.one_of(&home.wards)?;
        let household = self.new_household();
        let age = self.chance.between(50, OLDEST - 5);
        let husband_born = self.birthday(age);
        let apart = self.chance.between(-1, 6);
        let wife_born = self.birthday((age - apart).clamp(45, OLDEST));
        let (his, hers) = (names::family(people, self.chance), names::family(people, self.chance));
        let husband = self.add(Sex::Male, husband_born, his, people, home, ward, None, household)?;
        let wife = self.add(Sex::Female, wife_born, hers, people, home, ward, None, household)?;
        self.join(husband, wife);
        Some((husband, wife))
    }

    fn home_of(&mut self, people: &People) -> Option<&'static Province> {
        // One in six lives away from where most of the group do.
        if !people.provinces.is_empty() && !self.chance.happens(160) {
            let code = *self.chance.one_of(&people.provinces)?;
            return provinces().iter().map(|(province, _)| province).find(|province| province.code == code);
        }
        self.chance.weighted(provinces())
    }

    fn have_children(&mut self, father: usize, mother: usize) -> Vec<usize> {
        let Some((his, hers)) = self.members.get(father).zip(self.members.get(mother)) else {
            return Vec::new();
        };
        let (people, home, ward) = (his.people, hers.home, hers.ward);
        let family_name = heritage(people, &his.family_name, &hers.family_name).to_owned();
        let (mother_born, father_born, household) = (hers.born, his.born, hers.household);
        let wanted = match mother_born.year() {
            ..1955 => self.chance.between(2, 6),
            1955..1975 => self.chance.between(1, 4),
            _ => self.chance.between(1, 3),
        };
        let mut children = Vec::new();
        let mut age = self.chance.between(20, 27) * 365;
        for _ in 0..wanted {
            age += self.chance.between(0, 364);
            let born = mother_born.saturating_add(age.days());
            let father_old_enough = father_born.saturating_add(18.years()) <= born;
            if born > self.today || age > 44 * 365 {
                break;
            }
            age += self.chance.between(500, 1_800);
            if !father_old_enough {
                continue;
            }
            let sex = if self.chance.happens(522) { Sex::Male } else { Sex::Female };
            let parents = Some((father, mother));
            let child = self.add(sex, born, family_name.clone(), people, home, ward, parents, household);
            children.extend(child);
        }
        for parent in [father, mother] {
            if let Some(parent) = self.members.get_mut(parent) {
                parent.children.extend(&children);
            }
        }
        children
    }

    /// Pairs those of one group and of like age; never brother and sister.
    fn marry(&mut self, candidates: &[usize]) -> Vec<(usize, usize)> {
        let grown = self.today.saturating_sub(22.years());
        let mut waiting: Vec<usize> = Vec::new();
        let mut couples = Vec::new();
        let mut candidates: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|one| {
                self.members.get(*one).is_some_and(|member| member.born <= grown && !died_young(member))
            })
            .collect();
        candidates.sort_by_key(|one| self.members.get(*one).map(|member| member.born));
        for one in candidates {
            if self.chance.happens(120) {
                continue;
            }
            match waiting.iter().position(|other| self.fit(*other, one)) {
                Some(place) => {
                    let other = waiting.remove(place);
                    let male = self.members.get(one).is_some_and(|member| member.person.sex == Sex::Male);
                    let (husband, wife) = if male { (one, other) } else { (other, one) };
                    self.join(husband, wife);
                    let household = self.new_household();
                    self.move_to(husband, wife, household);
                    couples.push((husband, wife));
                }
                None => waiting.push(one),
            }
        }
        // Those who found nobody within the clan marry into it: spouses whose parents are not in the register.
        for one in waiting {
            if !self.chance.happens(700) {
                continue;
            }
            let Some(member) = self.members.get(one) else { continue };
            let (sex, born, people, home, ward) =
                (member.person.sex, member.born, member.people, member.home, member.ward);
            let family_name = names::family(people, self.chance);
            let other_sex = if sex == Sex::Male { Sex::Female } else { Sex::Male };
            let apart = self.chance.between(-700, 700);
            let other_born = born.saturating_add(apart.days()).min(grown);
            let household = self.new_household();
            let Some(other) =
                self.add(other_sex, other_born, family_name, people, home, ward, None, household)
            else {
                continue;
            };
            let (husband, wife) = if sex == Sex::Male { (one, other) } else { (other, one) };
            self.join(husband, wife);
            self.move_to(husband, wife, household);
            couples.push((husband, wife));
        }
        couples
    }

    fn fit(&self, one: usize, other: usize) -> bool {
        let Some((one, other)) = self.members.get(one).zip(self.members.get(other)) else { return false };
        one.person.sex != other.person.sex
            && one.people.name == other.people.name
            && one.parents != other.parents
            && (one.born.year() - other.born.year()).abs() <= 6
    }

    fn join(&mut self, husband: usize, wife: usize) {
        for (one, other) in [(husband, wife), (wife, husband)] {
            if let Some(member) = self.members.get_mut(one) {
                if died_young(member) {
                    member.person.life = Life::Alive;
                }
                member.spouse = Some(other);
            }
        }
    }

    fn move_to(&mut self, husband: usize, wife: usize, household: usize) {
        let Some((home, ward)) = self.members.get(husband).map(|member| (member.home, member.ward)) else {
            return;
        };
        for one in [husband, wife] {
            if let Some(member) = self.members.get_mut(one) {
                (member.home, member.ward, member.household) = (home, ward, household);
            }
        }
    }

    fn new_household(&mut self) -> usize {
        self.households += 1;
        self.households
    }

    /// A day in the year that makes somebody `age` years old today.
    fn birthday(&mut self, age: i64) -> Date {
        let days = self.chance.between(0, 364);
        self.today.saturating_sub(age.years()).saturating_sub(days.days())
    }

    #[expect(clippy::too_many_arguments, reason = "what makes a person, once")]
    fn add(
        &mut self,
        sex: Sex,
        born: Date,
        family_name: String,
        people: &'static People,
        home: &'static Province,
        ward: (&'static str, &'static str),
        parents: Option<(usize, usize)>,
        household: usize,
    ) -> Option<usize> {
        // Contract work and study abroad began in the seventies; who was born there is registered at an embassy.
        let abroad = parents.is_some() && born.year() >= 1975 && self.chance.happens(6);
        let place = *self.chance.one_of(if abroad { &ABROAD } else { home.prefixes.as_slice() })?;
        let number = self.numbers.personal(place, sex, born.year())?;
        let country = match number.structure().registered_in {
            RegistrationPlace::Country { name, .. } => Some(name),
            _ => None,
        };
        let full_name = names::full(people, &family_name, sex, born.year(), self.chance);
        // Of some of the old only the year was ever recorded.
        let year_only = born.year() < 1955 && self.chance.happens(80);
        let birth_date = if year_only { BirthDate::Year(born.year()) } else { BirthDate::Day(born) };
        let mut person = Person::new(number, &full_name, birth_date, sex);
        person.ethnic_group = Some(people.name.to_owned());
        person.religion = self.chance.weighted(&RELIGIONS).map(|religion| (*religion).to_owned());
        let blood = [(BloodGroup::O, 42), (BloodGroup::B, 31), (BloodGroup::A, 21), (BloodGroup::Ab, 6)];
        person.blood_group = self.chance.weighted(&blood).copied().filter(|_| self.chance.happens(300));
        person.place_of_origin = Some(format!("{}, {}", ward.1, home.name));
        person.birth_registration_place = match country {
            Some(country) => Some(format!("Cơ quan đại diện Việt Nam tại {country}")),
            None => person.place_of_origin.clone(),
        };
        person.place_of_birth = Some(country.unwrap_or(home.name).to_owned());
        if born.year() <= 2001 && self.chance.happens(850) {
            person.old_number = Some(self.numbers.old());
        }
        self.set_life(&mut person, born);
        self.members.push(Member {
            person,
            born,
            family_name,
            people,
            home,
            ward,
            parents,
            spouse: None,
            divorced: false,
            children: Vec::new(),
            household,
        });
        Some(self.members.len() - 1)
    }

    fn set_life(&mut self, person: &mut Person, born: Date) {
        let age = i64::from(self.today.year() - born.year());
        let risk = if age > 55 { ((age - 55) * (age - 55)) / 4 } else { 3 };
        if age >= 1 && self.chance.happens(u32::try_from(risk).unwrap_or(0).min(600)) {
            let lived = if age > 55 { self.chance.between(PARENT_UNTIL, age - 1) } else { 0 };
            let day = born.saturating_add(lived.years()).saturating_add(self.chance.between(1, 300).days());
            person.life = Life::Dead(day.min(self.today));
        } else if age > 18 && self.chance.happens(1) {
            let day = born.saturating_add(18.years()).saturating_add(self.chance.between(1, 300).days());
            person.life = Life::Missing(day.min(self.today));
        }
    }

    /// Writes what follows from the others: relatives, household, residence.
    fn finish(mut self) -> Vec<Person> {
        self.divorce();
        let moved: Vec<Option<Residence>> = (0..=self.households).map(|_| self.moved()).collect();
        let addresses: Vec<Residence> = (0..=self.households).map(|_| self.address()).collect();
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by_key(|one| self.members.get(*one).map(|member| member.household));
        let mut finished = Vec::with_capacity(order.len());
        let roll = self.rolls(&order);
        for one in order {
            let Some(member) = self.members.get(one) else { continue };
            let mut person = member.person.clone();
            let relative = |other: usize| {
                let person = &self.members.get(other)?.person;
                let mut relative = Relative::new(&person.full_name, Some(person.number.clone()));
                relative.nationality = Some(person.nationality.clone());
                Some(relative)
            };
            if let Some((father, mother)) = member.parents {
                person.father = relative(father);
                person.mother = relative(mother);
            }
            person.spouse = member.spouse.and_then(relative);
            person.children = member.children.iter().filter_map(|child| relative(*child)).collect();
            person.marital_status = Some(self.marital_status(member));
            if let Some(household) = roll.get(member.household) {
                person.household.clone_from(household);
                person.relation_to_head = household
                    .iter()
                    .find(|one| one.number.as_ref() == Some(&person.number))
                    .map(|one| one.relation.clone());
            }
            if let Some(place) = addresses.get(member.household) {
                let (code, ward) = member.ward;
                person.residences.permanent = Some(Residence {
                    address: format!("{}, {ward}, {}", place.address, member.home.name),
                    ward_code: Some(code.to_owned()),
                    province_code: Some(member.home.code.to_owned()),
                    since: None,
                });
            }
            if person.life == Life::Alive {
                person.residences.current =
                    moved.get(member.household).cloned().flatten().map(|mut place| {
                        // Born after the household had moved.
                        place.since = place.since.map(|since| since.max(member.born));
                        place
                    });
                if let Some(place) = away(member, self.today, self.chance) {
                    person.residences.current = Some(place.clone());
                    person.residences.temporary = Some(place);
                }
            }
            person.residence_file = Some(format!("HS{}{:05}", member.home.code, member.household));
            let grown = member.born <= self.today.saturating_sub(14.years());
            person.identification_marks = grown.then(|| marks(self.chance));
            finished.push(person);
        }
        finished
    }

    /// The living of each household, head first.
    fn rolls(&self, order: &[usize]) -> Vec<Vec<HouseholdMember>> {
        let mut rolls: Vec<Vec<HouseholdMember>> = vec![Vec::new(); self.households + 1];
        for one in order {
            let Some(member) = self.members.get(*one) else { continue };
            let Some(roll) = rolls.get_mut(member.household) else { continue };
            if member.person.life != Life::Alive {
                continue;
            }
            let relation = match (roll.is_empty(), member.person.sex, member.spouse.is_some()) {
                (true, ..) => "Chủ hộ",
                (_, Sex::Female, true) => "Vợ",
                (_, _, true) => "Chồng",
                _ => "Con",
            };
            roll.push(HouseholdMember {
                name: member.person.full_name.clone(),
                number: Some(member.person.number.clone()),
                relation: relation.to_owned(),
            });
        }
        rolls
    }

    fn marital_status(&self, member: &Member) -> MaritalStatus {
        let spouse = member.spouse.and_then(|spouse| self.members.get(spouse));
        match spouse.map(|spouse| (spouse.person.life, member.person.life)) {
            // Of two who are dead, the one who lived longer was widowed.
            Some((Life::Dead(day), Life::Dead(own))) if own < day => MaritalStatus::Married,
            Some((Life::Dead(_), _)) => MaritalStatus::Widowed,
            Some(_) => MaritalStatus::Married,
            None if member.divorced => MaritalStatus::Divorced,
            None => MaritalStatus::Single,
        }
    }

    /// Some couples part: neither names the other any more, and the wife keeps a household of her own.
    fn divorce(&mut self) {
        for husband in 0..self.members.len() {
            let couple = self.members.get(husband).and_then(|member| {
                let wife = member.spouse.filter(|_| member.person.sex == Sex::Male)?;
                let alive = |member: &Member| member.person.life == Life::Alive;
                (alive(member) && alive(self.members.get(wife)?)).then_some(wife)
            });
            let Some(wife) = couple else { continue };
            if !self.chance.happens(45) {
                continue;
            }
            let household = self.new_household();
            for (one, leaves) in [(husband, false), (wife, true)] {
                if let Some(member) = self.members.get_mut(one) {
                    (member.spouse, member.divorced) = (None, true);
                    if leaves {
                        member.household = household;
                    }
                }
            }
        }
    }

    fn address(&mut self) -> Residence {
        Residence::new(&street(self.chance))
    }

    /// One household in forty lives elsewhere than where it is registered.
    fn moved(&mut self) -> Option<Residence> {
        if self.chance.happens(25) { somewhere(self.chance, self.today) } else { None }
    }
}

/// The young and single who work or study away from home: registered there for the time being.
fn away(member: &Member, today: Date, chance: &mut Chance) -> Option<Residence> {
    let age = today.year() - member.born.year();
    let single = member.spouse.is_none() && !member.divorced;
    if (20..=40).contains(&age) && single && chance.happens(150) { somewhere(chance, today) } else { None }
}

/// A place that people move to, since some day of the last two years.
fn somewhere(chance: &mut Chance, today: Date) -> Option<Residence> {
    let province = chance.weighted(provinces())?;
    let (code, ward) = *chance.one_of(&province.wards)?;
    Some(Residence {
        address: format!("{}, {ward}, {}", street(chance), province.name),
        ward_code: Some(code.to_owned()),
        province_code: Some(province.code.to_owned()),
        since: Some(today.saturating_sub(chance.between(20, 700).days())),
    })
}

fn street(chance: &mut Chance) -> String {
    let words = ["Tổ", "Thôn", "Xóm", "Ấp", "Khu phố"];
    let word = chance.one_of(&words).copied().unwrap_or("Tổ");
    format!("Số nhà {}, {word} {}", chance.between(1, 240), chance.between(1, 20))
}

/// Died or went missing before founding a family.
fn died_young(member: &Member) -> bool {
    member.person.life.date().is_some_and(|day| day < member.born.saturating_add(PARENT_UNTIL.years()))
}

fn marks(chance: &mut Chance) -> String {
    let kinds = ["Nốt ruồi", "Sẹo chấm", "Sẹo thẳng", "Nốt ruồi"];
    let places = [
        "dưới sau đuôi mắt",
        "trên trước đầu lông mày",
        "trên sau mép",
        "dưới trước cánh mũi",
        "trước dái tai",
    ];
    let kind = chance.one_of(&kinds).copied().unwrap_or("Nốt ruồi");
    let place = chance.one_of(&places).copied().unwrap_or("trên sau mép");
    let side = if chance.happens(500) { "phải" } else { "trái" };
    format!("{kind} cách {}cm {place} {side}", chance.between(1, 4))
}
