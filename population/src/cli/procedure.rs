//! `procedure`: the linked procedures that a birth or a death begins.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::ActId;
use cccd_population::civil_status::holidays::Holidays;
use cccd_population::civil_status::linked::{LinkedStep, Step, StepAnswer, StepState};
use cccd_population::store::Answered;
use clap::{ArgGroup, Subcommand, ValueEnum};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Db, Setting};

/// The longest file of holidays, in octets.
const MAX_LIST: u64 = 256 * 1024;

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population procedure list   --db sqlite:register.db
  population procedure show   --db sqlite:register.db --number 001226000009
  population procedure answer --db sqlite:register.db --number 001226000009 --act 00070.2026.KS.12 \\
      --step residence --done --reference CT-17 --on 2026-11-25

A step is asked for in the outbox when the one before it is done; each answer is taken once.")]
pub(super) struct Procedure {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Steps that wait for an answer, the most urgent first
    List {
        #[command(flatten)]
        db: Db,
        /// Only those past their time limit
        #[arg(long)]
        overdue: bool,
        /// How many at most
        #[arg(long, default_value_t = 100, value_name = "N")]
        most: u32,
        /// Days on which no office works, one a line; they lengthen the time limits
        #[arg(long, value_name = "FILE")]
        holidays: Option<PathBuf>,
    },
    /// The steps of a person's procedures
    Show {
        #[command(flatten)]
        db: Db,
        /// Whose
        #[arg(long, value_parser = PersonalNumber::parse)]
        number: PersonalNumber,
        /// Days on which no office works, one a line
        #[arg(long, value_name = "FILE")]
        holidays: Option<PathBuf>,
    },
    /// Take the answer of the system that was asked
    Answer(Answer),
}

#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("outcome").required(true)))]
struct Answer {
    #[command(flatten)]
    db: Db,
    /// Whose procedure, by the number at the time of the act
    #[arg(long, value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    /// The act that began it
    #[arg(long, value_name = "OFFICE.YEAR.BOOK.NUMBER")]
    act: ActId,
    /// Which step
    #[arg(long, value_enum)]
    step: StepName,
    /// It is done
    #[arg(long, group = "outcome")]
    done: bool,
    /// It is refused
    #[arg(long, group = "outcome", requires = "reason")]
    refused: bool,
    /// The other system's own file
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// Why it is refused
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The day of the decision
    #[arg(long, value_name = "DATE")]
    on: Date,
    /// Days on which no office works, one a line
    #[arg(long, value_name = "FILE")]
    holidays: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StepName {
    Residence,
    HealthInsurance,
    ResidenceRemoved,
    FuneralBenefit,
}

impl From<StepName> for Step {
    fn from(name: StepName) -> Self {
        match name {
            StepName::Residence => Self::Residence,
            StepName::HealthInsurance => Self::HealthInsurance,
            StepName::ResidenceRemoved => Self::ResidenceRemoved,
            StepName::FuneralBenefit => Self::FuneralBenefit,
        }
    }
}

impl Procedure {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.what {
            What::List { db, overdue, most, holidays } => {
                let mut steps = db.open()?.linked_steps_asked(most)?;
                lengthen(&mut steps, holidays.as_deref())?;
                steps.retain(|step| !overdue || step.due.is_some_and(|due| due < setting.today()));
                answer(setting, &steps)?;
            }
            What::Show { db, number, holidays } => {
                let mut steps = db.open()?.linked_steps_of(&number)?;
                lengthen(&mut steps, holidays.as_deref())?;
                answer(setting, &steps)?;
            }
            What::Answer(given) => return given.run(setting),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Answer {
    fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let step = Step::from(self.step);
        let given =
            StepAnswer { done: self.done, reference: self.reference, reason: self.reason, on: self.on };
        let change = setting.change(format!("answer:{}", step.as_str()));
        let mut store = self.db.open()?;
        let mut steps = store.linked_steps_of(&self.number)?;
        lengthen(&mut steps, self.holidays.as_deref())?;
        let mut done =
            store.answer_step(&self.number, (&self.act, step), &given, &change, setting.today())?;
        if let Answered::Taken { late } = &mut done {
            let due =
                steps.iter().find(|one| one.act == self.act && one.step == step).and_then(|one| one.due);
            *late = due.is_some_and(|due| self.on > due);
        }
        let (outcome, words) = match done {
            Answered::Taken { late: false } => ("taken", setting.say("đã ghi nhận trả lời", "answer taken")),
            Answered::Taken { late: true } => {
                ("late", setting.say("đã ghi nhận trả lời, quá hạn", "answer taken, after its time limit"))
            }
            Answered::Repeat => ("repeat", setting.say("trả lời này đã có", "known already")),
        };
        let json = json!({"act": self.act, "step": step.as_str(), "outcome": outcome});
        setting.answer(&json, || format!("{} · {words}", self.act))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Time limits over the holidays of a list.
fn lengthen(steps: &mut [LinkedStep], list: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = list else { return Ok(()) };
    let named = || path.display().to_string();
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(MAX_LIST).read_to_string(&mut text)).with_context(named)?;
    let holidays = Holidays::parse(&text).with_context(named)?;
    for step in steps {
        step.due = step.due.map(|due| step.step.due_over(due, &holidays));
    }
    Ok(())
}

fn answer(setting: &Setting, steps: &[LinkedStep]) -> anyhow::Result<()> {
    let late = |step: &LinkedStep| {
        step.state == StepState::Asked && step.due.is_some_and(|due| due < setting.today())
    };
    let json: Vec<Value> = steps
        .iter()
        .map(|step| {
            json!({
                "number": step.person, "act": step.act, "place": step.place, "step": step.step.as_str(),
                "state": step.state.as_str(), "due": step.due, "overdue": late(step), "answer": step.answer,
            })
        })
        .collect();
    setting.answer(&json!({ "steps": json }), || {
        if steps.is_empty() {
            return setting.say("Không có bước nào.", "No step.").to_owned();
        }
        let line = |step: &LinkedStep| {
            let what = match step.step {
                Step::Residence => setting.say("đăng ký thường trú cho trẻ", "residence of the child"),
                Step::HealthInsurance => setting.say("thẻ bảo hiểm y tế", "health insurance card"),
                Step::ResidenceRemoved => setting.say("xóa đăng ký thường trú", "residence removed"),
                Step::FuneralBenefit => setting.say("mai táng phí", "funeral benefit"),
            };
            let state = match step.state {
                StepState::Waiting => setting.say("chờ bước trước", "waits for the step before"),
                StepState::Asked if late(step) => setting.say("quá hạn", "overdue"),
                StepState::Asked => setting.say("chờ trả lời", "asked"),
                StepState::Done => setting.say("đã xong", "done"),
                StepState::Refused => setting.say("bị từ chối", "refused"),
            };
            let due = step.due.map_or_else(String::new, |due| format!(" · {due}"));
            format!("{} · {} · {what} · {state}{due}", step.person.as_str(), step.act)
        };
        steps.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
