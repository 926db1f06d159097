//! What the register holds of those whom a case is about, and what its act says, if it is about one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::cases::{Case, Subject};
use cccd_population::civil_status::{Entry, Kind};
use cccd_population::name::plain;
use cccd_population::person::{Person, Relative, Residence};
use cccd_population::store::{SqlStore, Store as _, StoreError};
use serde_json::{Value, json};

use super::{Setting, vietnamese, words};

/// The numbers of everybody who is looked at with a case, and its act.
pub(super) struct CaseAct {
    entry: Option<Entry>,
    pub(super) numbers: Vec<PersonalNumber>,
    /// Numbers that ended, and the ones under which their people are.
    ended: BTreeMap<PersonalNumber, PersonalNumber>,
}

impl CaseAct {
    pub(super) fn of(store: &SqlStore, case: &Case) -> Result<Self, StoreError> {
        let entry = match &case.subject {
            Subject::Act { act, .. } => store.act(act)?,
            Subject::Facts(_) | Subject::Pair { .. } => None,
        };
        let named = entry.as_ref().map(|entry| entry.act.named()).unwrap_or_default();
        let mut numbers: BTreeSet<_> = named.into_iter().chain(case.persons.clone()).collect();
        let mut ended = BTreeMap::new();
        for number in numbers.clone() {
            let last = store.current_number(&number)?;
            if last != number {
                numbers.insert(last.clone());
                ended.insert(number, last);
            }
        }
        Ok(Self { entry, numbers: numbers.into_iter().collect(), ended })
    }

    /// The records of those numbers, as they are now.
    pub(super) fn people(
        &self,
        store: &SqlStore,
    ) -> Result<Vec<(PersonalNumber, Option<Person>)>, StoreError> {
        self.numbers.iter().map(|number| Ok((number.clone(), store.person(number)?))).collect()
    }

    pub(super) fn json(
        &self,
        people: &[(PersonalNumber, Option<Person>)],
    ) -> serde_json::Result<(Option<Value>, Value)> {
        let register: Vec<Value> = people
            .iter()
            .map(|(number, person)| {
                let ended = self.ended.get(number);
                json!({"number": number, "known": person.as_ref().map(of_register), "successor": ended})
            })
            .collect();
        Ok((self.entry.as_ref().map(serde_json::to_value).transpose()?, json!(register)))
    }

    pub(super) fn words(
        &self,
        setting: &Setting,
        people: &[(PersonalNumber, Option<Person>)],
        text: &mut String,
    ) {
        if let Some(entry) = &self.entry {
            entry_words(setting, entry, text);
        }
        let _ = write!(text, "\n{}:", setting.say("Cơ sở dữ liệu ghi", "The register holds"));
        for (number, person) in people {
            let _ = write!(text, "\n  {} · ", number.as_str());
            match person {
                Some(person) => person_words(setting, person, text),
                None => {
                    let words = match self.ended.get(number) {
                        Some(now) => {
                            format!("{} {}", setting.say("số đã hủy, nay là", "ended, now"), now.as_str())
                        }
                        None => setting.say("không có bản ghi", "no record").to_owned(),
                    };
                    text.push_str(&words);
                }
            }
        }
    }
}

fn entry_words(setting: &Setting, entry: &Entry, text: &mut String) {
    let kind = kind(entry.id.kind);
    let _ = write!(
        text,
        "\n{}: {} · {} {} · {} {}",
        setting.say("Việc hộ tịch ghi", "The act says"),
        setting.say(kind.0, kind.1),
        setting.say("đăng ký ngày", "registered on"),
        words::day(setting, &entry.registered_on.to_string()).unwrap_or_default(),
        setting.say("người ký", "by"),
        plain(&entry.registered_by),
    );
    if let Ok(Value::Object(act)) = serde_json::to_value(&entry.act) {
        act.values().for_each(|said| said_words(setting, said, 1, text));
    }
}

/// Items that acts change or are judged by; nothing of those that lie sealed.
fn of_register(person: &Person) -> Value {
    json!({
        "full_name": person.full_name, "other_names": person.other_names, "birth_date": person.birth_date,
        "sex": person.sex, "ethnic_group": person.ethnic_group, "nationality": person.nationality,
        "life": person.life, "marital_status": person.marital_status, "spouse": person.spouse,
        "father": person.father, "mother": person.mother, "children": person.children,
        "residences": person.residences, "relation_to_head": person.relation_to_head,
    })
}

fn person_words(setting: &Setting, person: &Person, text: &mut String) {
    let sex = vietnamese::count(sex_word(person)).unwrap_or_default();
    let life = vietnamese::count(person.life.as_str()).unwrap_or_default();
    let day = person.life.date().and_then(|day| words::day(setting, &day.to_string()));
    let day = day.map_or_else(String::new, |day| format!(" {day}"));
    let _ = write!(
        text,
        "{} · {} {} · {} · {}{day}",
        plain(&person.full_name),
        setting.say("sinh", "born"),
        person.birth_date,
        setting.say(sex, sex_word(person)),
        setting.say(life, person.life.as_str()),
    );
    if let Some(status) = person.marital_status {
        let _ = write!(text, " · {}", words::value(setting, status.as_str()));
    }
    let relatives = [("spouse", &person.spouse), ("father", &person.father), ("mother", &person.mother)];
    for (item, relative) in relatives {
        if let Some(relative) = relative {
            let _ = write!(text, "\n    {}: {}", words::item(setting, item), relative_words(relative));
        }
    }
    if !person.children.is_empty() {
        let children: Vec<String> = person.children.iter().map(relative_words).collect();
        let _ = write!(text, "\n    {}: {}", words::item(setting, "children"), children.join(", "));
    }
    let homes = [
        ("permanent", &person.residences.permanent),
        ("temporary", &person.residences.temporary),
        ("current", &person.residences.current),
    ];
    for (item, home) in homes {
        if let Some(Residence { address, .. }) = home {
            let _ = write!(text, "\n    {}: {}", words::item(setting, item), plain(address));
        }
    }
}

fn sex_word(person: &Person) -> &'static str {
    use cccd_card_profile::card_holder::Sex;
    match person.sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unspecified => "unspecified",
    }
}

fn relative_words(relative: &Relative) -> String {
    let number =
        relative.number.as_ref().map_or_else(String::new, |number| format!(" ({})", number.as_str()));
    // Of somebody without a number the nationality is most of what is known.
    let nationality = relative.nationality.as_deref().filter(|_| relative.number.is_none());
    let nationality =
        nationality.map_or_else(String::new, |nationality| format!(" ({})", plain(nationality)));
    format!("{}{number}{nationality}", plain(&relative.name))
}

/// Each item of what an act says on a line, those within it further in.
fn said_words(setting: &Setting, said: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let Value::Object(items) = said else {
        let _ = write!(text, "\n{indent}{}", scalar(said));
        return;
    };
    for (item, value) in items {
        match value {
            Value::Null => {}
            Value::Object(_) => {
                let _ = write!(text, "\n{indent}{}:", words::item(setting, item));
                said_words(setting, value, depth + 1, text);
            }
            Value::Array(list) => {
                let _ = write!(text, "\n{indent}{}:", words::item(setting, item));
                list.iter().for_each(|one| said_words(setting, one, depth + 1, text));
            }
            other => {
                let said = scalar(other);
                let said =
                    words::day(setting, &said).unwrap_or_else(|| words::value(setting, &said).to_owned());
                let _ = write!(text, "\n{indent}{}: {said}", words::item(setting, item));
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), plain)
}

fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Birth => ("khai sinh", "birth"),
        Kind::Death => ("khai tử", "death"),
        Kind::Marriage => ("kết hôn", "marriage"),
        Kind::Divorce => ("ly hôn", "divorce"),
        Kind::MarriageAnnulled => ("hủy việc kết hôn", "annulment of a marriage"),
        Kind::AdoptionEnded => ("chấm dứt nuôi con nuôi", "end of an adoption"),
        Kind::Recognition => ("nhận cha, mẹ, con", "recognition of a parent or child"),
        Kind::Adoption => ("nuôi con nuôi", "adoption"),
        Kind::NameChanged => ("thay đổi họ, chữ đệm, tên", "name changed"),
        Kind::NameCorrected => ("cải chính họ, chữ đệm, tên", "name corrected"),
        Kind::BirthDateCorrected => ("cải chính ngày sinh", "birth date corrected"),
        Kind::SexRedetermined => ("xác định lại giới tính", "sex determined again"),
        Kind::EthnicGroup => ("xác định lại dân tộc", "ethnic group determined again"),
        Kind::Nationality => ("thay đổi quốc tịch", "nationality changed"),
        Kind::Missing => ("tuyên bố mất tích", "declared missing"),
        Kind::Returned => ("hủy tuyên bố mất tích", "no longer missing"),
        Kind::DeathAnnulled => ("hủy khai tử", "annulment of a death"),
        Kind::Permanent => ("đăng ký thường trú", "permanent residence"),
        Kind::Temporary => ("đăng ký tạm trú", "temporary residence"),
        Kind::Current => ("nơi ở hiện tại", "current residence"),
        Kind::Absence => ("khai báo tạm vắng", "absence declared"),
        Kind::Removed => ("xóa đăng ký thường trú", "permanent residence removed"),
        Kind::Decided => ("quyết định", "decision"),
    }
}
