//! `extract`: extracts of the books as PDF, and their codes checked.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::Shown;
use cccd_population::civil_status::ActId;
use cccd_population::civil_status::paper::PaperId;
use cccd_population::extract::{Checked, Code, Extract};
use cccd_population::forms::FormRenderer;
use cccd_population::store::{GivenExtract, SqlStore};
use clap::{ArgGroup, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::look::AskedForMany;
use super::{Db, Language, Setting, data};

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population extract make  --db sqlite:register.db --act 00070.2026.KH.12 --out extract.pdf
  population extract check --db sqlite:register.db CCCD:TL:1:00070.2026.KH.12:20261126:…

The code names the act and nobody; what it stands for is shown, and logged as a look at everybody it names. Exit code of check: 0 of this register and the same today, 1 otherwise.")]
pub(super) struct ExtractCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// The extract of a birth, a death or a marriage
    Make(Make),
    /// Whether this register made an extract, and would print the same today
    Check {
        #[command(flatten)]
        db: Db,
        /// What the code says
        code: String,
        #[command(flatten)]
        asked: AskedForMany,
    },
    /// Which extracts of an act or entry were given out
    Given {
        #[command(flatten)]
        db: Db,
        /// The act, or the entry of a paper book
        name: String,
    },
}

#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("which").required(true)))]
struct Make {
    #[command(flatten)]
    db: Db,
    /// Of this act
    #[arg(long, group = "which")]
    act: Option<ActId>,
    /// Of this entry of a paper book
    #[arg(long, group = "which")]
    paper: Option<PaperId>,
    /// The office's name, as it is printed [default: its code]
    #[arg(long, value_name = "TEXT")]
    office: Option<String>,
    /// The PDF to write (mode 0600, replaced when complete)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    asked: AskedForMany,
}

impl ExtractCommand {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Make(make) => make.run(setting),
            What::Check { db, code, asked } => check(setting, &db, &code, &asked),
            What::Given { db, name } => given(setting, &db, &name),
        }
    }
}

impl Make {
    fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let name = match (&self.act, &self.paper) {
            (Some(act), _) => act.to_string(),
            (None, Some(paper)) => paper.to_string(),
            (None, None) => String::new(),
        };
        let Some((extract, office_code)) = of(setting, &store, &name)? else { return Err(unknown(setting)) };
        let code = extract.code(&self.db.digest_key(setting, &store)?, setting.today());
        let named = named(&store, &name)?;
        self.asked.log_each(setting, &self.db, &mut store, (self.asked.case(), &named, Shown::Extract))?;
        let office = self.office.unwrap_or_else(|| format!("{} {office_code}", setting.say("mã", "code")));
        let renderer = FormRenderer::new()?;
        let mut given = String::new();
        // Nothing counts as given out that cannot be written down: the file is there first.
        data::whole_file(&self.out, |mut file| {
            given = store.give_extract(&office_code, &code, self.asked.officer(), setting.now())?;
            let office = format!("{office} · Số / No. {given}");
            let pdf = extract.on_paper(&code, &office, |paper| renderer.paper_pdf(paper))?;
            file.write_all(&pdf).with_context(|| self.out.display().to_string())?;
            Ok(1)
        })?;
        let value =
            json!({"out": self.out, "extract": extract.name, "given": given, "code": code.to_string()});
        setting.answer(&value, || format!("{given} · {} → {}\n{code}", extract.name, self.out.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Those of the register whom it names.
fn named(store: &SqlStore, name: &str) -> anyhow::Result<Vec<PersonalNumber>> {
    if let Ok(act) = name.parse::<ActId>() {
        let people = store.act_with_people(&act)?.map(|(_, _, people)| people).unwrap_or_default();
        return Ok(people.into_values().map(|person| person.number).collect());
    }
    let Ok(paper) = name.parse::<PaperId>() else { return Ok(Vec::new()) };
    let links = store.paper(&paper)?.map(|(_, links)| links).unwrap_or_default();
    Ok(links.into_iter().map(|link| link.number).collect())
}

/// The extract of an act or of an entry of a paper book, by name, and the office that keeps it.
fn of(setting: &Setting, store: &SqlStore, name: &str) -> anyhow::Result<Option<(Extract, String)>> {
    let made = if let Ok(act) = name.parse::<ActId>() {
        let Some(made) = Extract::of_act(store, &act)? else { return Ok(None) };
        made.map(|extract| (extract, act.office))
    } else if let Ok(paper) = name.parse::<PaperId>() {
        let agreed = store.paper(&paper)?.and_then(|(paper, _)| paper.agreed);
        let Some(entry) = agreed else { return Ok(None) };
        Ok((Extract::of_paper(&entry), entry.office))
    } else {
        return Ok(None);
    };
    made.map(Some).map_err(|why| {
        Failure {
            code: "no-extract",
            message: match setting.lang {
                Language::Vi => why.vietnamese().to_owned(),
                Language::En => why.to_string(),
            },
            hint: setting.say("Xem population extract --help.", "See population extract --help.").to_owned(),
            exit: 1,
        }
        .into()
    })
}

fn given(setting: &Setting, db: &Db, name: &str) -> anyhow::Result<ExitCode> {
    let given = db.open()?.extracts_given(name)?;
    let json: Vec<_> = given
        .iter()
        .map(|one| {
            json!({"given": one.given, "content": one.content, "officer": one.officer, "at": one.at.to_string()})
        })
        .collect();
    setting.answer(&json!({"extract": name, "given": json}), || {
        if given.is_empty() {
            return setting.say("Chưa cấp trích lục nào.", "None was given.").to_owned();
        }
        let line = |one: &GivenExtract| format!("{} · {} · {}", one.given, one.at, one.officer);
        given.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(setting: &Setting) -> anyhow::Error {
    Failure {
        code: "unknown-act",
        message: setting.say("Không có việc hộ tịch này trong sổ", "The books have no such act").to_owned(),
        hint: setting.say("Kiểm tra số của việc.", "Check the number of the act.").to_owned(),
        exit: 1,
    }
    .into()
}

fn check(setting: &Setting, db: &Db, text: &str, asked: &AskedForMany) -> anyhow::Result<ExitCode> {
    let mut store = db.open()?;
    let Some(code) = Code::parse(text.trim()) else {
        return Err(Failure::usage(
            "not-a-code",
            setting.say("Đây không phải mã của trích lục", "This is no code of an extract"),
            setting.say("Đọc lại mã QR.", "Read the QR code again."),
        )
        .into());
    };
    let key = db.digest_key(setting, &store)?;
    // An act of which no extract can be made any more is one that is gone.
    let today = of(setting, &store, &code.name).unwrap_or(None).map(|(extract, _)| extract);
    let checked = code.check(&key, today.as_ref());
    // What the extract says is shown only where it is ours and still the same.
    if checked == Checked::Same {
        let named = named(&store, &code.name)?;
        asked.log_each(setting, db, &mut store, (asked.case(), &named, Shown::Extract))?;
    }
    let value = json!({"checked": checked.as_str(), "extract": code.name, "issued": code.issued});
    setting.answer(&value, || {
        let words = match checked {
            Checked::Same => setting.say(
                "của cơ sở dữ liệu này; hôm nay vẫn in như vậy: so với giấy",
                "of this register, which would print the same today: compare with the paper",
            ),
            Checked::ChangedSince => setting.say(
                "của cơ sở dữ liệu này; thông tin đã thay đổi sau đó",
                "of this register; what it says has changed since",
            ),
            Checked::Forged => setting.say("không do cơ sở dữ liệu này cấp", "not made by this register"),
            Checked::NoAct => setting.say("việc hộ tịch này không còn", "the act is no longer there"),
        };
        let mut lines = vec![format!("{} · {} · {words}", code.name, code.issued)];
        if let (Checked::Same, Some(extract)) = (checked, &today) {
            let said = extract.lines.iter().filter(|line| !line.value.is_empty());
            lines.extend(said.map(|line| format!("  {}: {}", setting.say(line.vi, line.en), line.value)));
        }
        lines.join("\n")
    })?;
    Ok(if checked == Checked::Same { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
