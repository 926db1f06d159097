//! Extracts of the books (trích lục hộ tịch, Luật Hộ tịch 2014 art. 4(9), 63; the layout is our own): what an act says, with
//! the number of the act, in both languages, and a code by which the register knows its own extract again.
//!
//! ```text
//! CCCD:TL:1:00070.2026.KS.12:20261126:5E884898DA280471:9F86D081884C7D65
//!         v act              issued   content          seal
//! ```
//!
//! The code names the act and nobody. `content` is a digest of what is printed: the register tells whether it would print the
//! same today. `seal` is the register's own MAC over all before it: only the register can make one, and only it can check.

mod register;

use core::fmt;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::civil_status::paper::{PaperEntry, PaperId, PaperKind, Role};
use crate::civil_status::{Act, ActId, Book, Entry, Kind, Party};
use crate::forms::paper::{Line, Paper};
use crate::matching::DigestKey;
use crate::person::{Life, Others, Person, birth_date_text};

/// The longest code.
pub const MAX_CODE: usize = 120;

const BIRTH: (&str, &str) = ("TRÍCH LỤC KHAI SINH", "EXTRACT FROM THE REGISTER OF BIRTHS");
const DEATH: (&str, &str) = ("TRÍCH LỤC KHAI TỬ", "EXTRACT FROM THE REGISTER OF DEATHS");
const MARRIAGE: (&str, &str) = ("TRÍCH LỤC KẾT HÔN", "EXTRACT FROM THE REGISTER OF MARRIAGES");

/// What is printed of one act.
#[derive(Clone, PartialEq, Eq)]
pub struct Extract {
    /// The act, or the entry of a paper book ([`crate::civil_status::paper::PaperId`]).
    pub name: String,
    /// The title, Vietnamese.
    pub title: &'static str,
    /// The title, English.
    pub title_en: &'static str,
    /// Items in the order of the paper.
    pub lines: Vec<Line>,
}

/// Why there is no extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoExtract {
    /// Of births, deaths and marriages only.
    #[error("extracts are made of births, deaths and marriages")]
    Kind,
    /// Somebody whom the act names is no longer in the register.
    #[error("somebody named in the act is not in the register")]
    UnknownPerson,
}

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Which act or entry.
    pub name: String,
    /// When the extract was made.
    pub issued: Date,
    /// Digest of what is printed: 16 hexadecimal digits.
    pub content: String,
    /// The register's seal: 16 hexadecimal digits.
    pub seal: String,
}

/// What becomes of a code that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Of this register, which would print the same today.
    Same,
    /// Of this register; what it would print today is other.
    ChangedSince,
    /// Not sealed by this register.
    Forged,
    /// Of this register, and the act is no longer among those taken.
    NoAct,
}

impl Checked {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::ChangedSince => "changed-since",
            Self::Forged => "not-of-this-register",
            Self::NoAct => "no-such-act",
        }
    }
}

impl NoExtract {
    /// For people.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Kind => "chỉ cấp trích lục khai sinh, khai tử, kết hôn",
            Self::UnknownPerson => "người được ghi không còn trong cơ sở dữ liệu",
        }
    }
}

impl Extract {
    /// The extract of an act that was taken; `number` is the one that a birth was given, `since` are later acts of those whom it
    /// is about: what changes a fact of it is noted on it with the new one (Luật Hộ tịch 2014 art. 4(9), 62).
    ///
    /// # Errors
    /// [`NoExtract`].
    pub fn of(
        entry: &Entry,
        number: Option<&PersonalNumber>,
        others: &dyn Others,
        since: &[Entry],
    ) -> Result<Self, NoExtract> {
        let known = |number: &PersonalNumber| others.person(number).ok_or(NoExtract::UnknownPerson);
        let mut lines = Lines::default();
        let (title, title_en) = match &entry.act {
            Act::Birth { child, father, mother, .. } => {
                lines.add("Họ, chữ đệm, tên", "Full name", &child.full_name.to_uppercase());
                lines.add("Ngày, tháng, năm sinh", "Date of birth", &day(child.birth_date));
                lines.add("Giới tính", "Sex", sex(child.sex));
                lines.add("Dân tộc", "Ethnic group", &child.ethnic_group);
                lines.add("Quốc tịch", "Nationality", &child.nationality);
                lines.add("Nơi sinh", "Place of birth", &child.place_of_birth);
                lines.add("Quê quán", "Place of origin", &child.place_of_origin);
                lines.add(
                    "Số định danh cá nhân",
                    "Personal number",
                    number.map_or("", PersonalNumber::as_str),
                );
                let now =
                    number.and_then(|number| others.person(number)).map(|person| person.full_name.clone());
                if let Some(now) = now.filter(|now| *now != child.full_name) {
                    lines.add("Họ tên hiện nay", "Name at present", &now.to_uppercase());
                }
                for (parent, vi, en) in [(mother, "MẸ", "MOTHER"), (father, "CHA", "FATHER")] {
                    lines.part(vi, en);
                    match parent {
                        Some(parent) => lines.party(parent, others)?,
                        None => lines.add("Họ, chữ đệm, tên", "Full name", ""),
                    }
                }
                BIRTH
            }
            Act::Death { person, on } => {
                let record = known(person)?;
                lines.add("Họ, chữ đệm, tên", "Full name", &record.full_name.to_uppercase());
                lines.add("Ngày, tháng, năm sinh", "Date of birth", &birth(&record));
                lines.add("Giới tính", "Sex", sex(record.sex));
                lines.add("Dân tộc", "Ethnic group", record.ethnic_group.as_deref().unwrap_or_default());
                lines.add("Quốc tịch", "Nationality", &record.nationality);
                lines.add("Số định danh cá nhân", "Personal number", person.as_str());
                lines.add("Ngày chết", "Date of death", &day(*on));
                if let Life::Dead(known) = record.life
                    && known != *on
                {
                    lines.add("Ngày chết đã sửa", "Date of death as corrected", &day(known));
                }
                DEATH
            }
            Act::Marriage { husband, wife, on } => {
                for (person, vi, en) in [(husband, "CHỒNG", "HUSBAND"), (wife, "VỢ", "WIFE")] {
                    lines.part(vi, en);
                    lines.party(person, others)?;
                }
                lines.part("KẾT HÔN", "MARRIAGE");
                lines.add("Ngày kết hôn", "Date of marriage", &day(*on));
                MARRIAGE
            }
            _ => return Err(NoExtract::Kind),
        };
        lines.part("ĐĂNG KÝ", "REGISTRATION");
        lines.add("Số", "Number of the act", &entry.id.to_string());
        if let Book::Paper { book, page } = &entry.book {
            lines.add("Quyển, trang", "Book, page", &format!("{book}, {page}"));
        }
        lines.add("Ngày đăng ký", "Registered on", &day(entry.registered_on));
        lines.add("Người ký", "Registered by", &entry.registered_by);
        lines.notes(entry, since, others);
        Ok(Self { name: entry.id.to_string(), title, title_en, lines: lines.0 })
    }

    /// The extract of an entry of a paper book that holds.
    #[must_use]
    pub fn of_paper(entry: &PaperEntry) -> Self {
        let mut lines = Lines::default();
        for person in &entry.people {
            let (vi, en) = match person.role {
                Role::Child => ("NGƯỜI ĐƯỢC KHAI SINH", "CHILD"),
                Role::Father => ("CHA", "FATHER"),
                Role::Mother => ("MẸ", "MOTHER"),
                Role::Dead => ("NGƯỜI CHẾT", "DECEASED"),
                Role::Husband => ("CHỒNG", "HUSBAND"),
                Role::Wife => ("VỢ", "WIFE"),
            };
            lines.part(vi, en);
            let date = |text: &Option<String>| text.as_deref().map(turned).unwrap_or_default();
            lines.add("Họ, chữ đệm, tên", "Full name", &person.name.to_uppercase());
            lines.add("Ngày, tháng, năm sinh", "Date of birth", &date(&person.born));
            if person.died.is_some() || person.role == Role::Dead {
                lines.add("Ngày chết", "Date of death", &date(&person.died));
            }
            lines.add("Nơi ghi trong sổ", "Place in the book", person.place.as_deref().unwrap_or_default());
            lines.add("Dân tộc", "Ethnic group", person.ethnic_group.as_deref().unwrap_or_default());
            if let Some(number) = &person.number {
                lines.add("Số định danh cá nhân", "Personal number", number.as_str());
            }
        }
        lines.part("ĐĂNG KÝ", "REGISTRATION");
        let place = format!("{}, {}, {}, {}", entry.book, entry.year, entry.page, entry.number);
        lines.add("Quyển, năm, trang, số", "Book, year, page, number", &place);
        let registered = entry.registered.as_deref().map(turned).unwrap_or_default();
        lines.add("Ngày đăng ký", "Registered on", &registered);
        if let Some(note) = &entry.note {
            lines.add("Ghi chú trong sổ", "Note in the book", note);
        }
        let (title, title_en) = match entry.kind {
            PaperKind::Birth => BIRTH,
            PaperKind::Death => DEATH,
            PaperKind::Marriage => MARRIAGE,
        };
        Self { name: entry.id().to_string(), title, title_en, lines: lines.0 }
    }

    /// A digest of what is printed.
    #[must_use]
    pub fn content(&self) -> String {
        let mut hash = Sha256::new().chain_update(b"cccd-extract-content-v1\0").chain_update(&self.name);
        for line in &self.lines {
            for text in [line.vi, &line.value] {
                let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
                hash = hash.chain_update(length.to_be_bytes()).chain_update(text);
            }
        }
        first(&hash.finalize())
    }

    /// The code of an extract that is made now.
    #[must_use]
    pub fn code(&self, key: &DigestKey, issued: Date) -> Code {
        let mut code = Code { name: self.name.clone(), issued, content: self.content(), seal: String::new() };
        code.seal = first(&key.seal(&code.sealed()));
        code
    }
}

impl Extract {
    /// The extract with its code as a paper of this office, for whoever draws it.
    pub fn on_paper<T>(&self, code: &Code, office: &str, draw: impl FnOnce(&Paper<'_>) -> T) -> T {
        let day = code.issued;
        draw(&Paper {
            form: None,
            office_label: "Cơ quan đăng ký / Registry office",
            office,
            title: self.title,
            title_en: self.title_en,
            portrait: None,
            lines: &self.lines,
            statements: &[
                "Kiểm tra mã: population extract check".to_owned(),
                "Mã chỉ nêu số của việc hộ tịch / The code names the act only.".to_owned(),
                "Thông tin của người được ghi theo số định danh là thông tin hiện có trong cơ sở dữ liệu / Whoever is entered by number is \
                 described as the register knows them now."
                    .to_owned(),
            ],
            signatures: &["NGƯỜI KÝ TRÍCH LỤC / SIGNED BY"],
            code: &code.to_string(),
            caption: &code.seal,
            made: &format!("Cấp ngày / Issued on {:02}/{:02}/{:04}", day.day(), day.month(), day.year()),
            of: &self.name,
        })
    }
}

impl Code {
    fn sealed(&self) -> String {
        let day = self.issued;
        let (name, content) = (&self.name, &self.content);
        format!("CCCD:TL:1:{name}:{:04}{:02}{:02}:{content}", day.year(), day.month(), day.day())
    }

    /// Reads the text of a code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_CODE || !text.is_ascii() {
            return None;
        }
        let parts: Vec<&str> = text.split(':').collect();
        let ["CCCD", "TL", "1", name, issued, content, seal] = parts.as_slice() else { return None };
        let hex = |text: &str| {
            text.len() == 16 && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'A'..=b'F'))
        };
        if issued.len() != 8
            || !issued.bytes().all(|octet| octet.is_ascii_digit())
            || !hex(content)
            || !hex(seal)
        {
            return None;
        }
        let part = |from, to| issued.get(from..to);
        let issued =
            Date::new(part(0, 4)?.parse().ok()?, part(4, 6)?.parse().ok()?, part(6, 8)?.parse().ok()?)
                .ok()?;
        if name.parse::<ActId>().is_err() && name.parse::<PaperId>().is_err() {
            return None;
        }
        let code = Self {
            name: (*name).to_owned(),
            issued,
            content: (*content).to_owned(),
            seal: (*seal).to_owned(),
        };
        // One code is written in one way.
        (code.to_string() == text).then_some(code)
    }

    /// Judges the code against what the register would print today, if it still has the act.
    #[must_use]
    pub fn check(&self, key: &DigestKey, today: Option<&Extract>) -> Checked {
        if first(&key.seal(&self.sealed())) != self.seal {
            return Checked::Forged;
        }
        match today {
            None => Checked::NoAct,
            Some(extract) if extract.name == self.name && extract.content() == self.content => Checked::Same,
            Some(_) => Checked::ChangedSince,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sealed(), self.seal)
    }
}

impl fmt::Debug for Extract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extract").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, vi: &'static str, en: &'static str, value: &str) {
        // What the book does not say is said to be so.
        let value = if value.is_empty() { "–" } else { value };
        self.0.push(Line { vi, en, value: value.to_owned() });
    }

    fn part(&mut self, vi: &'static str, en: &'static str) {
        self.0.push(Line { vi, en, value: String::new() });
    }

    /// What was registered since about the same facts.
    fn notes(&mut self, entry: &Entry, since: &[Entry], others: &dyn Others) {
        let mut notes: Vec<(&Entry, (&'static str, &'static str))> = since
            .iter()
            .filter(|act| act.id != entry.id && act.act.on() >= entry.act.on())
            .filter_map(|act| Some((act, changes(entry.id.kind, act.id.kind)?)))
            .collect();
        notes.sort_by_key(|(act, _)| (act.act.on(), act.id.to_string()));
        notes.dedup_by_key(|(act, _)| &act.id);
        if notes.is_empty() {
            return;
        }
        self.part("GHI CHÚ", "NOTES");
        for (act, (vi, en)) in notes {
            let registered = format!("{} · {}", day(act.act.on()), act.id);
            self.add(
                vi,
                en,
                &[new_fact(&act.act, others), Some(registered)]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" · "),
            );
        }
    }

    /// Somebody as the register knows them now, or as the act names them.
    fn party(&mut self, party: &Party, others: &dyn Others) -> Result<(), NoExtract> {
        match party {
            Party::Known(number) => {
                let person = others.person(number).ok_or(NoExtract::UnknownPerson)?;
                self.relative(&person);
            }
            Party::Named { name, nationality } => {
                self.add("Họ, chữ đệm, tên", "Full name", &name.to_uppercase());
                self.add("Quốc tịch", "Nationality", nationality.as_deref().unwrap_or_default());
            }
        }
        Ok(())
    }

    fn relative(&mut self, person: &Person) {
        self.add("Họ, chữ đệm, tên", "Full name", &person.full_name.to_uppercase());
        self.add("Ngày, tháng, năm sinh", "Date of birth", &birth(person));
        self.add("Dân tộc", "Ethnic group", person.ethnic_group.as_deref().unwrap_or_default());
        self.add("Quốc tịch", "Nationality", &person.nationality);
        self.add("Số định danh cá nhân", "Personal number", person.number.as_str());
    }
}

/// What holds since an act that is noted.
fn new_fact(act: &Act, others: &dyn Others) -> Option<String> {
    let name = |party: &Party| {
        let name = match party {
            Party::Known(number) => others.person(number)?.full_name.clone(),
            Party::Named { name, .. } => name.clone(),
        };
        Some(name.to_uppercase())
    };
    Some(match act {
        Act::NameChanged { full_name, .. } | Act::NameCorrected { full_name, .. } => full_name.to_uppercase(),
        Act::BirthDateCorrected { birth_date, .. } => turned(&birth_date_text(*birth_date)),
        Act::SexRedetermined { sex: now, .. } => sex(*now).to_owned(),
        Act::EthnicGroup { ethnic_group, .. } => ethnic_group.clone(),
        Act::Nationality { nationality, .. } => nationality.clone(),
        Act::Recognition { parent, .. } => name(parent)?,
        Act::Adoption { father, mother, .. } | Act::AdoptionEnded { father, mother, .. } => {
            let parents: Vec<String> = [mother, father].into_iter().flatten().filter_map(name).collect();
            (!parents.is_empty()).then(|| parents.join(", "))?
        }
        _ => return None,
    })
}

/// How an act that changes facts of another is noted on its extract.
pub(crate) fn changes(of: Kind, by: Kind) -> Option<(&'static str, &'static str)> {
    match (of, by) {
        (Kind::Death, Kind::DeathAnnulled) => Some(("ĐÃ HỦY KHAI TỬ", "DEATH ANNULLED")),
        (Kind::Marriage, Kind::Divorce) => Some(("Đã ly hôn", "Divorced")),
        (Kind::Marriage, Kind::MarriageAnnulled) => Some(("ĐÃ HỦY KẾT HÔN", "MARRIAGE ANNULLED")),
        (Kind::Birth, Kind::Recognition) => Some(("Nhận cha, mẹ, con", "Parent recognised")),
        (Kind::Birth, Kind::Adoption) => Some(("Nuôi con nuôi", "Adopted")),
        (Kind::Birth, Kind::AdoptionEnded) => Some(("Chấm dứt nuôi con nuôi", "Adoption ended")),
        (Kind::Birth, Kind::NameChanged) => Some(("Thay đổi họ, tên", "Name changed")),
        (Kind::Birth, Kind::NameCorrected) => Some(("Cải chính họ, tên", "Name corrected")),
        (Kind::Birth, Kind::BirthDateCorrected) => Some(("Cải chính ngày sinh", "Date of birth corrected")),
        (Kind::Birth, Kind::SexRedetermined) => Some(("Xác định lại giới tính", "Sex re-determined")),
        (Kind::Birth, Kind::EthnicGroup) => Some(("Xác định lại dân tộc", "Ethnic group re-determined")),
        (Kind::Birth, Kind::Nationality) => Some(("Thay đổi quốc tịch", "Nationality changed")),
        _ => None,
    }
}

fn first(digest: &[u8]) -> String {
    hex::encode_upper(digest.get(..8).unwrap_or_default())
}

fn day(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// As much of the date as is known, the day first.
fn birth(person: &Person) -> String {
    turned(&birth_date_text(person.birth_date))
}

fn turned(date: &str) -> String {
    date.split('-').rev().collect::<Vec<_>>().join("/")
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "Nam / Male",
        Sex::Female => "Nữ / Female",
        Sex::Unspecified => "–",
    }
}
