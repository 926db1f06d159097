//! The application file: JSON, bounded, refused with one sentence when it is not what it should be.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::cases::PaperClaim;
use serde::{Deserialize, Serialize};

use super::ground::Ground;
use super::portrait::MAX_PORTRAIT_BYTES;
use crate::capture::Capture;

/// The longest application file read. A portrait inside it as base64 takes most of that.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// What some programs write before a text in UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The most other papers of an application.
const MAX_PAPERS: usize = 20;

/// Why a card is asked for (Luật Căn cước 2023 art. 23, 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Cấp: the person has no card.
    FirstIssue,
    /// Đổi, art. 24(1).
    Exchange,
    /// Cấp lại, art. 24(2): lost, damaged.
    Reissue,
}

impl Reason {
    /// The word in files and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstIssue => "first-issue",
            Self::Exchange => "exchange",
            Self::Reissue => "reissue",
        }
    }
}

/// A word that names no reason, or no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such reason or template")]
pub struct NotAWord;

impl FromStr for Reason {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        [Self::FirstIssue, Self::Exchange, Self::Reissue]
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or(NotAWord)
    }
}

impl FromStr for Template {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        [Self::CitizenIdentityCard2021, Self::IdentityCard2024]
            .into_iter()
            .find(|template| template.as_str() == text)
            .ok_or(NotAWord)
    }
}

/// Which legal template is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
pub enum Template {
    /// Căn cước công dân: TT 06/2021/TT-BCA.
    #[serde(rename = "2021")]
    #[value(name = "2021")]
    CitizenIdentityCard2021,
    /// Căn cước: TT 16/2024/TT-BCA, in force.
    #[default]
    #[serde(rename = "2024")]
    #[value(name = "2024")]
    IdentityCard2024,
}

impl Template {
    /// The word in files and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CitizenIdentityCard2021 => "2021",
            Self::IdentityCard2024 => "2024",
        }
    }
}

/// What the applicant says of themselves beside the number: each is compared with the register.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asserted {
    /// Họ, chữ đệm và tên khai sinh.
    pub full_name: Option<String>,
    /// Ngày, tháng, năm sinh, `yyyy-mm-dd`.
    pub birth_date: Option<BirthDate>,
    /// Giới tính.
    pub sex: Option<Sex>,
    /// Quốc tịch.
    pub nationality: Option<String>,
    /// Dân tộc.
    pub ethnic_group: Option<String>,
    /// Tôn giáo.
    pub religion: Option<String>,
    /// Quê quán.
    pub place_of_origin: Option<String>,
    /// Nơi cư trú.
    pub residence: Option<String>,
    /// Nơi đăng ký khai sinh.
    pub birth_registration_place: Option<String>,
    /// Đặc điểm nhận dạng.
    pub identification_marks: Option<String>,
    /// Họ tên cha.
    pub father: Option<String>,
    /// Họ tên mẹ.
    pub mother: Option<String>,
    /// Họ tên vợ hoặc chồng.
    pub spouse: Option<String>,
    /// Số CMND.
    pub old_number: Option<String>,
}

/// An application as handed in. Personal data: `Debug` is redacted.
#[derive(Clone)]
pub struct Application {
    /// Whose card.
    pub number: PersonalNumber,
    /// What else was said of the person.
    pub asserted: Asserted,
    /// The portrait file's bytes, not yet looked at; none for a child under six, of whom no picture is taken.
    pub portrait: Vec<u8>,
    /// Why an officer takes the portrait although it should be taken again; the ledger keeps it.
    pub portrait_accepted: Option<String>,
    /// The prints and irises that were taken, if any.
    pub biometrics: Option<Biometrics>,
    /// Why.
    pub reason: Reason,
    /// The legal ground of an exchange or a reissue; a first issue has none.
    pub ground: Option<Ground>,
    /// Which face.
    pub template: Template,
    /// Who acts for a child under 14.
    pub representative: Option<Representative>,
    /// What other papers of the person say, as the officer reads them.
    pub papers: Vec<PaperClaim>,
}

/// Who acts for a child. Personal data: `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Representative {
    /// Their number.
    pub number: PersonalNumber,
    /// Their name.
    pub full_name: String,
}

impl fmt::Debug for Representative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Representative").finish_non_exhaustive()
    }
}

/// What was taken of a person beside the portrait, and how it is known at rest. `Debug` counts only.
#[derive(Debug, Clone)]
pub struct Biometrics {
    /// Prints and irises.
    pub capture: Capture,
    /// The name of the sealed file; `None` where nothing is kept (a laboratory).
    pub sealed_sha256: Option<String>,
    /// Why an officer takes prints that should be taken again; the ledger keeps it.
    pub accepted: Option<String>,
}

impl Biometrics {
    /// What an approval knows it by: the name of the sealed file, or the digest of what was taken.
    #[must_use]
    pub fn name(&self) -> String {
        self.sealed_sha256.clone().unwrap_or_else(|| self.capture.digest())
    }
}

/// Why an application cannot be taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplicationError {
    /// The file cannot be read.
    #[error("the {what} {} cannot be read: {source}", path.display())]
    Read {
        /// Which file.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Longer than any good one.
    #[error("the {what} is longer than {limit} bytes")]
    TooLong {
        /// Which file.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Not JSON, or not the fields expected. The message of the parser names line and column, no value.
    #[error("the application file is not what it should be at line {line}, column {column}: {problem}")]
    Malformed {
        /// Counts from 1.
        line: usize,
        /// Counts from 1.
        column: usize,
        /// Which kind of mistake.
        problem: String,
    },
    /// `person.number` is no personal number.
    #[error("person.number in the application file is not 12 digits")]
    NotANumber,
    /// An exchange or a reissue without a ground, or with one of the other.
    #[error("{} in the application file needs a legal ground of its own: {}", .0.as_str(), grounds(*.0))]
    Ground(Reason),
    /// `portrait` names a path that leaves the file's directory or is neither path nor base64.
    #[error("portrait in the application file is neither a readable path beside the file nor base64 data")]
    PortraitReference,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    person: RawPerson,
    portrait: Option<String>,
    reason: Reason,
    ground: Option<Ground>,
    #[serde(default)]
    template: Template,
    representative: Option<Representative>,
    #[serde(default)]
    papers: Vec<PaperClaim>,
}

// `flatten` and `deny_unknown_fields` do not go together in serde: the number is split off by hand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    number: String,
    full_name: Option<String>,
    birth_date: Option<BirthDate>,
    sex: Option<Sex>,
    nationality: Option<String>,
    ethnic_group: Option<String>,
    religion: Option<String>,
    place_of_origin: Option<String>,
    residence: Option<String>,
    birth_registration_place: Option<String>,
    identification_marks: Option<String>,
    father: Option<String>,
    mother: Option<String>,
    spouse: Option<String>,
    old_number: Option<String>,
}

impl Application {
    /// Reads an application file and the portrait that it names.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub fn read(path: &Path) -> Result<Self, ApplicationError> {
        let json = read_bounded(path, "application file", MAX_FILE_BYTES)?;
        Self::parse(&json, path.parent().unwrap_or(Path::new("")))
    }

    /// Parses an application; a portrait given as a path is looked for beneath `directory`.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub fn parse(json: &[u8], directory: &Path) -> Result<Self, ApplicationError> {
        if json.len() > MAX_FILE_BYTES {
            return Err(ApplicationError::TooLong { what: "application file", limit: MAX_FILE_BYTES });
        }
        // Spreadsheets and editors put a byte order mark before UTF-8; RFC 8259, section 8.1 lets a reader pass over it.
        let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
        let raw: Raw = serde_json::from_slice(json).map_err(|error| malformed(&error))?;
        if raw.papers.len() > MAX_PAPERS {
            return Err(ApplicationError::TooLong { what: "list of papers", limit: MAX_PAPERS });
        }
        let person = raw.person;
        if raw.ground.map_or(Reason::FirstIssue, Ground::reason) != raw.reason {
            return Err(ApplicationError::Ground(raw.reason));
        }
        Ok(Self {
            number: PersonalNumber::parse(&person.number).map_err(|_| ApplicationError::NotANumber)?,
            asserted: Asserted {
                full_name: person.full_name,
                birth_date: person.birth_date,
                sex: person.sex,
                nationality: person.nationality,
                ethnic_group: person.ethnic_group,
                religion: person.religion,
                place_of_origin: person.place_of_origin,
                residence: person.residence,
                birth_registration_place: person.birth_registration_place,
                identification_marks: person.identification_marks,
                father: person.father,
                mother: person.mother,
                spouse: person.spouse,
                old_number: person.old_number,
            },
            portrait: match &raw.portrait {
                Some(reference) => portrait_bytes(reference, directory)?,
                None => Vec::new(),
            },
            portrait_accepted: None,
            biometrics: None,
            reason: raw.reason,
            ground: raw.ground,
            template: raw.template,
            representative: raw.representative,
            papers: raw.papers,
        })
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("number", &self.number)
            .field("reason", &self.reason)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Asserted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asserted").finish_non_exhaustive()
    }
}

/// The words that an application for this may give.
fn grounds(reason: Reason) -> String {
    let own = Ground::ALL.into_iter().filter(|ground| ground.reason() == reason);
    let words: Vec<&str> = own.map(Ground::as_str).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn malformed(error: &serde_json::Error) -> ApplicationError {
    // serde's text may repeat a value of the file, which is personal data: it is left out. The names of fields and the
    // values that were expected come from us.
    let text = error.to_string();
    let expected = text
        .rsplit_once("expected ")
        .map(|(_, rest)| rest.split(" at line").next().unwrap_or_default())
        .map_or_else(String::new, |names| format!(": expected {names}"));
    let problem = if text.starts_with("missing field") {
        text.split(" at line").next().unwrap_or_default().to_owned()
    } else if text.starts_with("unknown field") {
        format!("an unknown field{expected}")
    } else if text.starts_with("unknown variant") {
        format!("an unknown value{expected}")
    } else if error.is_eof() {
        "it ends too early".to_owned()
    } else if error.is_syntax() {
        "not JSON".to_owned()
    } else {
        "a value of the wrong kind".to_owned()
    };
    ApplicationError::Malformed { line: error.line(), column: error.column(), problem }
}

fn portrait_bytes(reference: &str, directory: &Path) -> Result<Vec<u8>, ApplicationError> {
    let data =
        reference.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).map(|(_, data)| data);
    if let Some(data) = data {
        return STANDARD.decode(data.trim()).map_err(|_| ApplicationError::PortraitReference);
    }
    // Base64 of an image starts with these; a path that does is not taken for one.
    let looks_like_data =
        ["/9j/", "iVBORw0KGgo", "AAAADGpQ", "/0//UQ"].iter().any(|start| reference.starts_with(start));
    if looks_like_data || reference.len() > 1024 {
        return STANDARD.decode(reference.trim()).map_err(|_| ApplicationError::PortraitReference);
    }
    read_portrait(&directory.join(reference))
}

/// Reads a portrait file, not yet looked at.
///
/// # Errors
/// [`ApplicationError::Read`], [`ApplicationError::TooLong`].
pub fn read_portrait(path: &Path) -> Result<Vec<u8>, ApplicationError> {
    read_bounded(path, "portrait", MAX_PORTRAIT_BYTES)
}

fn read_bounded(path: &Path, what: &'static str, limit: usize) -> Result<Vec<u8>, ApplicationError> {
    let failed = |source| ApplicationError::Read { what, path: path.to_owned(), source };
    // Opening a pipe or a device could wait for ever.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(bound).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(ApplicationError::TooLong { what, limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JPEG: &str = "/9j/4AAQSkZJRg==";

    fn parse(json: &str) -> Result<Application, ApplicationError> {
        Application::parse(json.as_bytes(), Path::new("/nonexistent"))
    }

    #[test]
    fn a_minimal_file_takes_the_template_in_force() {
        let application = parse(&format!(
            r#"{{"person":{{"number":"079099000001"}},"portrait":"{JPEG}","reason":"first-issue"}}"#
        ))
        .unwrap();
        assert_eq!(application.template, Template::IdentityCard2024);
        assert_eq!(application.reason, Reason::FirstIssue);
        assert!(application.portrait.starts_with(&[0xFF, 0xD8, 0xFF]));
        let without = parse(r#"{"person":{"number":"079099000001"},"reason":"first-issue"}"#).unwrap();
        assert!(without.portrait.is_empty(), "who may go without is told when the register is asked");
        assert!(!format!("{application:?}").contains("079099000001"));
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_once() {
        let json = r#"{"person":{"number":"079099000001"},"reason":"first-issue"}"#;
        let (plain, marked) = (parse(json).unwrap(), parse(&format!("\u{feff}{json}")).unwrap());
        assert_eq!(marked.content_sha256(), plain.content_sha256());
        assert!(parse(&format!("\u{feff}\u{feff}{json}")).is_err());
    }

    #[test]
    fn mistakes_are_named_without_repeating_values() {
        let cases = [
            ("", "it ends too early"),
            ("{", "it ends too early"),
            ("hello", "not JSON"),
            (r#"{"person":{"number":"079099000001"},"portrait":"a"}"#, "missing field `reason`"),
            (
                r#"{"person":{"number":"079099000001","nickname":"X"},"portrait":"a","reason":"first-issue"}"#,
                "an unknown field: expected one of `number`, `full_name`",
            ),
            (
                r#"{"person":{"number":"079099000001"},"portrait":"a","reason":"x expected SECRET"}"#,
                "an unknown value: expected one of `first-issue`, `exchange`, `reissue`",
            ),
            (
                r#"{"person":{"number":79099000001},"portrait":"a","reason":"first-issue"}"#,
                "a value of the wrong kind",
            ),
        ];
        for (json, expected) in cases {
            let message = parse(json).unwrap_err().to_string();
            assert!(message.contains(expected), "{json}: {message}");
            assert!(!message.contains("SECRET") && !message.contains("79099"), "{message}");
        }
        let number = r#"{"person":{"number":"79099000001"},"portrait":"a","reason":"first-issue"}"#;
        assert!(matches!(parse(number), Err(ApplicationError::NotANumber)));
        let missing = r#"{"person":{"number":"079099000001"},"portrait":"a.jpg","reason":"first-issue"}"#;
        assert!(matches!(parse(missing), Err(ApplicationError::Read { what: "portrait", .. })));
        let bad = r#"{"person":{"number":"079099000001"},"portrait":"data:image/jpeg;base64,!!","reason":"first-issue"}"#;
        assert!(matches!(parse(bad), Err(ApplicationError::PortraitReference)));
    }

    #[test]
    fn an_exchange_and_a_reissue_say_on_which_ground_of_the_law() {
        let with = |reason: &str, ground: &str| {
            parse(&format!(
                r#"{{"person":{{"number":"079099000001"}},"portrait":"{JPEG}","reason":"{reason}"{ground}}}"#
            ))
        };
        for ground in Ground::ALL {
            let said = format!(r#","ground":"{ground}""#);
            for reason in [Reason::FirstIssue, Reason::Exchange, Reason::Reissue] {
                let parsed = with(reason.as_str(), &said);
                if reason == ground.reason() {
                    assert_eq!(parsed.unwrap().ground, Some(ground));
                } else {
                    assert!(
                        matches!(parsed, Err(ApplicationError::Ground(found)) if found == reason),
                        "{ground}"
                    );
                }
            }
        }
        let missing = with("reissue", "").unwrap_err().to_string();
        assert!(missing.ends_with("lost-or-damaged, nationality-regained"), "{missing}");
        assert!(with("first-issue", "").is_ok());
    }

    proptest! {
        #[test]
        fn no_input_panics(json in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Application::parse(&json, Path::new("/nonexistent"));
        }
    }
}
