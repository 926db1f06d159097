//! `cases`: what waits for an officer, and what was decided.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::ExitCode;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::Shown;
use cccd_population::cases::{Case, CaseId, CaseKind, CaseState, Ruled, Ruling, Subject, Verdict};
use cccd_population::civil_status::Contradiction;
use clap::{ArgGroup, Subcommand};
use serde_json::{Value, json};

use super::case_act::CaseAct;
use super::look::AskedForMany;
use super::usage::BadValue;
use super::{Db, Setting, words};

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population cases list   --db sqlite:register.db --office 00070
  population cases show   --db sqlite:register.db C0123456789abcdef
  population cases decide --db sqlite:register.db C0123456789abcdef --merge-into 001099000001 --by 'an officer' --reason 'one birth certificate'

Every decision needs a name and a reason; who brought a claim in cannot choose it. docs/civil-status.md")]
pub(super) struct Cases {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Cases that wait, oldest first
    List {
        #[command(flatten)]
        db: Db,
        /// Only those of this ward's office
        #[arg(long, value_name = "WARD")]
        office: Option<String>,
        /// Decided and overtaken ones too
        #[arg(long)]
        all: bool,
        /// How many at most
        #[arg(long, default_value_t = 100, value_name = "N")]
        most: u32,
        #[command(flatten)]
        asked: AskedForMany,
    },
    /// A case with its evidence, what its act says beside what the register holds, and what was done in it
    Show {
        #[command(flatten)]
        db: Db,
        /// The case
        #[arg(id = "shown", value_name = "CASE")]
        case: CaseId,
        #[command(flatten)]
        asked: AskedForMany,
    },
    /// Decide a case; the register changes with it
    Decide(Decide),
}

#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("verdict").required(true)))]
struct Decide {
    #[command(flatten)]
    db: Db,
    /// The case
    case: CaseId,
    /// What the register says holds; an act goes back to its office
    #[arg(long, group = "verdict")]
    keep: bool,
    /// The act holds and is taken; of facts, with --claim
    #[arg(long, group = "verdict")]
    take: bool,
    /// One person: their record goes on under this number, the other one is cancelled
    #[arg(long, group = "verdict", value_name = "NUMBER", value_parser = PersonalNumber::parse)]
    merge_into: Option<PersonalNumber>,
    /// Two people indeed: never asked again
    #[arg(long, group = "verdict")]
    two_people: bool,
    /// Ask for papers; the case waits
    #[arg(long, group = "verdict")]
    papers: bool,
    /// With --take: the claim that holds for an item, as `show` counts them
    #[arg(long, value_name = "ITEM=N", value_parser = claim, requires = "take")]
    claim: Vec<(String, usize)>,
    /// With --take: what the act contradicts as well, by its code, and holds all the same
    #[arg(long, value_name = "CODE", requires = "take")]
    also: Vec<String>,
    /// With --merge-into: an item that the ending record has right
    #[arg(long, value_name = "ITEM", requires = "merge_into")]
    item: Vec<String>,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

fn claim(text: &str) -> Result<(String, usize), BadValue> {
    let (item, place) = text.split_once('=').ok_or(BadValue::Claim)?;
    Ok((item.to_owned(), place.parse().map_err(|_| BadValue::Claim)?))
}

impl Cases {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.what {
            What::List { db, office, all, most, asked } => {
                let mut store = db.open()?;
                let mut cases = store.cases(office.as_deref(), None, most)?;
                cases.retain(|case| all || waits(case));
                let persons: BTreeSet<_> = cases.iter().flat_map(|case| &case.persons).collect();
                let count = u64::try_from(persons.len()).unwrap_or(u64::MAX);
                asked.log(setting, &db, &mut store, Shown::Listed(count))?;
                let json = json!({ "cases": cases.iter().map(case_json).collect::<Vec<_>>() });
                setting.answer(&json, || list_words(setting, &cases))?;
            }
            What::Show { db, case, asked } => {
                let mut store = db.open()?;
                let (case, actions) = store.case(&case)?;
                let act = CaseAct::of(&store, &case)?;
                // Everybody who is shown is looked at.
                let persons = act.numbers.clone();
                asked.log_case(setting, &db, &mut store, &Case { persons, ..case.clone() })?;
                let people = act.people(&store)?;
                let mut json = case_json(&case);
                let done: Vec<Value> = actions
                    .iter()
                    .map(
                        |one| json!({"action": one.action, "by": one.by, "reason": one.reason, "at": one.at}),
                    )
                    .collect();
                if let Value::Object(fields) = &mut json {
                    fields.insert("subject".to_owned(), serde_json::to_value(&case.subject)?);
                    fields.insert("ruling".to_owned(), serde_json::to_value(&case.ruling)?);
                    fields.insert("actions".to_owned(), json!(done));
                    let (said, held) = act.json(&people)?;
                    fields.extend(said.map(|said| ("act".to_owned(), said)));
                    fields.insert("register".to_owned(), held);
                }
                setting.answer(&json, || {
                    let mut text = list_words(setting, core::slice::from_ref(&case));
                    subject_words(setting, &case.subject, &mut text);
                    act.words(setting, &people, &mut text);
                    for one in &actions {
                        let what = setting.say(action(&one.action), &one.action);
                        let _ = write!(text, "\n{} · {what} · {} · {}", one.at, one.by, one.reason);
                    }
                    text
                })?;
            }
            What::Decide(decide) => return decide.run(setting),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Decide {
    fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let verdict = if let Some(keep) = self.merge_into {
            Verdict::Merge { keep, take: self.item.into_iter().collect::<BTreeSet<_>>() }
        } else if self.take {
            let also = self.also.into_iter().map(|code| (code, 0));
            Verdict::Take(self.claim.into_iter().chain(also).collect::<BTreeMap<_, _>>())
        } else if self.two_people {
            Verdict::TwoPeople
        } else if self.papers {
            Verdict::Papers
        } else {
            Verdict::Keep
        };
        let mut store = self.db.open_to_write(setting)?;
        let (case, _) = store.case(&self.case)?;
        let takes = matches!(verdict, Verdict::Take(_) | Verdict::TwoPeople);
        let mut allocator = None;
        if case.subject.kind() == CaseKind::Act && takes {
            allocator = Some(self.db.allocator(setting, &store)?);
        }
        let ruling = Ruling { verdict, by: self.by, reason: self.reason };
        let done =
            store.decide_case(&self.case, &ruling, allocator.as_mut(), setting.now(), setting.today())?;
        let (outcome, number) = match done {
            Ruled::Done { number } => ("done", number),
            Ruled::Repeat => ("repeat", None),
        };
        let json = json!({
            "case": self.case, "verdict": ruling.verdict.as_str(), "outcome": outcome, "number": number});
        setting.answer(&json, || {
            let word = match outcome {
                "done" => setting.say("đã quyết định", "decided"),
                _ => setting.say("đã quyết định như vậy từ trước", "decided so before"),
            };
            let number = number.as_ref().map_or_else(String::new, |number| {
                format!(" · {} {}", setting.say("số định danh", "number"), number.as_str())
            });
            format!("{} · {word}{number}", self.case)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn waits(case: &Case) -> bool {
    matches!(case.state, CaseState::Open | CaseState::Papers)
}

pub(super) fn case_json(case: &Case) -> Value {
    json!({
        "case": case.id, "kind": case.subject.kind().as_str(), "state": case.state.as_str(),
        "persons": case.persons, "province": case.province, "ward": case.ward,
        "opened_at": case.opened_at, "changed_at": case.changed_at,
    })
}

pub(super) fn list_words(setting: &Setting, cases: &[Case]) -> String {
    if cases.is_empty() {
        return setting.say("Không có hồ sơ nào chờ xử lý.", "No case waits.").to_owned();
    }
    let line = |case: &Case| {
        let kind = match case.subject.kind() {
            CaseKind::Facts => setting.say("các nguồn nói khác nhau", "sources contradict each other"),
            CaseKind::Act => setting.say("việc hộ tịch mâu thuẫn", "an act contradicts the register"),
            CaseKind::Pair => setting.say("có thể là một người", "may be one person"),
        };
        let state = match case.state {
            CaseState::Open => setting.say("chờ quyết định", "open"),
            CaseState::Papers => setting.say("chờ giấy tờ", "waits for papers"),
            CaseState::Decided => setting.say("đã quyết định", "decided"),
            CaseState::Overtaken => setting.say("đã thay bằng hồ sơ khác", "overtaken"),
        };
        let persons: Vec<&str> = case.persons.iter().map(PersonalNumber::as_str).collect();
        format!("{} · {} · {kind} · {state}", case.id, persons.join(", "))
    };
    cases.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn subject_words(setting: &Setting, subject: &Subject, text: &mut String) {
    match subject {
        Subject::Facts(conflicts) => {
            for conflict in conflicts {
                // The name by which a decision takes it stands beside what it means.
                let _ = write!(text, "\n{} ({})", words::item(setting, &conflict.item), conflict.item);
                for (place, claim) in conflict.claims.iter().enumerate() {
                    let value = claim.value.as_str().map_or_else(|| claim.value.to_string(), str::to_owned);
                    let (value, standing) =
                        (words::value(setting, &value), words::standing(setting, claim.standing.as_str()));
                    let _ = write!(text, "\n  {place}: {value} · {} · {standing}", claim.source);
                }
            }
        }
        Subject::Act { act, contradicts } => {
            let why = Contradiction::ALL.iter().find(|one| one.code() == contradicts);
            let why = why
                .map_or_else(String::new, |why| setting.say(why.vietnamese(), &why.to_string()).to_owned());
            let _ = write!(text, "\n{act} · {why}");
        }
        Subject::Pair { bits, evidence } => {
            let _ = write!(text, "\n{}", f64::from(*bits) / 10.0);
            for line in evidence {
                let (item, finding) =
                    (words::item(setting, &line.item), words::finding(setting, &line.finding));
                let _ = write!(text, "\n  {item}: {finding} {}", f64::from(line.bits) / 10.0);
            }
        }
    }
}

fn action(word: &str) -> &'static str {
    match word {
        "opened" => "mở hồ sơ",
        "claimed" => "có thêm ý kiến",
        "papers" => "yêu cầu giấy tờ",
        "decided" => "quyết định",
        _ => "đã thay bằng hồ sơ khác",
    }
}
