//! `paper`: entries of old books, typed twice.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::paper::{Difference, PaperEntry, PaperId, Role};
use cccd_population::store::{Paper, PaperState, Typed};
use clap::Subcommand;
use serde_json::{Value, json};

use super::lines::{self, Line};
use super::{Db, Setting};

/// The longest entry, in octets.
const MAX_ENTRY: usize = 64 * 1024;

#[derive(clap::Args, Debug)]
#[command(
    after_help = "An entry is one JSON object a line; dates are a year, a month or a day, as the book has them:
  {\"office\":\"00070\",\"kind\":\"birth\",\"book\":\"Quyển 3\",\"year\":1956,\"page\":12,\"number\":34,\"registered\":\"1956-03\",
   \"people\":[{\"role\":\"child\",\"name\":\"Nguyễn Văn An\",\"born\":\"1956\"},{\"role\":\"mother\",\"name\":\"Lê Thị Bình\"}]}

  population paper type --db sqlite:register.db --by 'first typist'  one.jsonl
  population paper type --db sqlite:register.db --by 'second typist' two.jsonl
  population paper show --db sqlite:register.db P0123456789abcdef

Two people type each entry. Where they differ, a third one types it from the book and decides. docs/civil-status.md"
)]
pub(super) struct PaperCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Take typed entries; the answer of each line says what the other typing says differently
    Type {
        #[command(flatten)]
        db: Db,
        /// Entries, one a line
        file: PathBuf,
        /// Who typed them
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Entries: typed once, read differently, or holding
    List {
        #[command(flatten)]
        db: Db,
        /// `typed`, `differs` or `agreed`
        #[arg(long, value_parser = state)]
        state: Option<PaperState>,
        /// Only those of this ward's office
        #[arg(long, value_name = "WARD")]
        office: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 100, value_name = "N")]
        most: u32,
    },
    /// An entry, where its typings differ, and whom of the register it names
    Show {
        #[command(flatten)]
        db: Db,
        /// The entry
        paper: PaperId,
    },
    /// Say who of the register somebody of an entry is
    Link {
        #[command(flatten)]
        db: Db,
        /// The entry
        paper: PaperId,
        /// `child`, `father`, `mother`, `dead`, `husband` or `wife`
        #[arg(long, value_parser = role)]
        role: Role,
        /// Who
        #[arg(long, value_parser = PersonalNumber::parse)]
        number: PersonalNumber,
        /// Who says so
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

fn state(word: &str) -> Result<PaperState, &'static str> {
    PaperState::parse(word).ok_or("typed, differs, agreed")
}

fn role(word: &str) -> Result<Role, &'static str> {
    Role::parse(word).ok_or("child, father, mother, dead, husband, wife")
}

impl PaperCommand {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Type { db, file, by } => take(setting, &db, &file, by.trim()),
            What::List { db, state, office, most } => {
                for paper in db.open()?.papers(state, office.as_deref(), most)? {
                    setting.answer(&paper_json(&paper), || line(setting, &paper))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            What::Show { db, paper } => {
                let Some((paper, links)) = db.open()?.paper(&paper)? else {
                    return Err(cccd_population::store::StoreError::UnknownPaper.into());
                };
                let named: Vec<Value> = links
                    .iter()
                    .map(|link| json!({"role": link.role, "number": link.number, "by": link.by, "reason": link.reason}))
                    .collect();
                let mut value = paper_json(&paper);
                if let Value::Object(items) = &mut value {
                    items.insert("entry".to_owned(), json!(paper.agreed.as_ref().unwrap_or(&paper.one.0)));
                    items.insert("linked".to_owned(), json!(named));
                }
                setting.answer(&value, || {
                    let mut lines = vec![line(setting, &paper)];
                    lines.extend(differing(&paper.differences()));
                    lines.extend(
                        links
                            .iter()
                            .map(|link| format!("  {} → {}", link.role.as_str(), link.number.as_str())),
                    );
                    lines.join("\n")
                })?;
                Ok(ExitCode::SUCCESS)
            }
            What::Link { db, paper, role, number, by, reason } => {
                let change = setting.change(format!("paper:{}", by.trim()));
                db.open_to_write(setting)?.link_paper(
                    &paper,
                    (role, &number),
                    (by.trim(), reason.trim()),
                    &change,
                )?;
                let value = json!({"paper": paper, "role": role, "number": number});
                setting.answer(&value, || format!("{paper} · {} → {}", role.as_str(), number.as_str()))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn take(setting: &Setting, db: &Db, file: &std::path::Path, by: &str) -> anyhow::Result<ExitCode> {
    let mut store = db.open_to_write(setting)?;
    let shown = file.display().to_string();
    let mut reader = BufReader::new(File::open(file).with_context(|| shown.clone())?);
    let change = setting.change(format!("paper:{by}"));
    let mut refused = false;
    for place in 1_u64.. {
        let Some(line) = lines::next(&mut reader, MAX_ENTRY).with_context(|| shown.clone())? else { break };
        let parsed = match &line {
            Line::Text(text) if text.trim().is_empty() => continue,
            Line::Text(text) => serde_json::from_str::<PaperEntry>(text).map_err(|_| ("not-an-entry", None)),
            Line::NotText => Err(("not-utf-8", None)),
            Line::TooLong => Err(("entry-too-long", None)),
        };
        let entry = parsed.and_then(|entry| {
            entry.checked(setting.today()).map_err(|flaw| (flaw.code(), Some(flaw.to_string())))
        });
        let entry = match entry {
            Ok(entry) => entry,
            Err((code, why)) => {
                refused = true;
                setting.answer(&json!({"line": place, "outcome": "refused", "reason": code}), || {
                    let word = setting.say("từ chối", "refused");
                    format!("{place}: {word} · {}", why.as_deref().unwrap_or(code))
                })?;
                continue;
            }
        };
        let id = entry.id();
        let done = store.type_paper(&entry, by, &change, setting.today())?;
        let (outcome, word) = match &done {
            Typed::First => ("typed", setting.say("đã nhập lần một", "typed once")),
            Typed::Again => ("repeat", setting.say("đã có", "known already")),
            Typed::Differs(_) => ("differs", setting.say("hai lần nhập khác nhau", "two typings differ")),
            Typed::Agreed { .. } => ("agreed", setting.say("đã thống nhất", "holds")),
            Typed::Closed(_) => ("closed", setting.say("đã thống nhất khác", "holds already, otherwise")),
        };
        refused |= matches!(done, Typed::Closed(_));
        let (differences, links, perhaps) = match done {
            Typed::Differs(differences) | Typed::Closed(differences) => (differences, Vec::new(), Vec::new()),
            Typed::Agreed { links, perhaps } => (Vec::new(), links, perhaps),
            _ => Default::default(),
        };
        let people = |list: &[(Role, PersonalNumber)]| -> Vec<Value> {
            list.iter().map(|(role, number)| json!({"role": role, "number": number})).collect()
        };
        let value = json!({
            "line": place, "paper": id, "outcome": outcome, "differences": differences,
            "linked": people(&links), "perhaps": people(&perhaps),
        });
        setting.answer(&value, || {
            let mut lines = vec![format!("{place}: {id} · {word}")];
            lines.extend(differing(&differences));
            let named = |sign: &str, list: &[(Role, PersonalNumber)]| -> Vec<String> {
                list.iter()
                    .map(|(role, number)| format!("  {} {sign} {}", role.as_str(), number.as_str()))
                    .collect()
            };
            lines.extend(named("→", &links));
            lines.extend(named("?", &perhaps));
            lines.join("\n")
        })?;
    }
    Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn differing(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(|one| format!("  {}: «{}» ≠ «{}»", one.field, one.first, one.second)).collect()
}

fn paper_json(paper: &Paper) -> Value {
    let entry = paper.agreed.as_ref().unwrap_or(&paper.one.0);
    json!({
        "paper": paper.id, "state": paper.state.as_str(), "office": entry.office, "kind": entry.kind,
        "book": entry.book, "year": entry.year, "page": entry.page, "number": entry.number,
        "typed_by": [Some(&paper.one.1), paper.two.as_ref().map(|(_, by)| by)],
        "decided_by": paper.decided_by, "differences": paper.differences(),
    })
}

fn line(setting: &Setting, paper: &Paper) -> String {
    let entry = paper.agreed.as_ref().unwrap_or(&paper.one.0);
    let state = match paper.state {
        PaperState::Typed => setting.say("nhập một lần", "typed once"),
        PaperState::Differs => setting.say("khác nhau", "differs"),
        PaperState::Agreed => setting.say("thống nhất", "holds"),
    };
    let (page, number) = (setting.say("trang", "page"), setting.say("số", "number"));
    format!(
        "{} · {state} · {} · {} · {} · {page} {} · {number} {}",
        paper.id, entry.office, entry.book, entry.year, entry.page, entry.number
    )
}
