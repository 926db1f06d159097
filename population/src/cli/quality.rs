//! `quality`: scores by province or ward, what breaks most often, and the work list of an office.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::Shown;
use cccd_population::cases::{Case, CaseState};
use cccd_population::day_in_vietnam;
use cccd_population::generate::province_name;
use cccd_population::keepers::concerns_the_register;
use cccd_population::person::{Others, Person};
use cccd_population::places::{Map, Places};
use cccd_population::qcvn::codes::ethnic_group_code;
use cccd_population::quality::clean::Clean;
use cccd_population::quality::{
    Codes, Context, Part, Policy, Remark, Score, Scoreboard, Trend, WorkList, assess,
};
use cccd_population::store::{SqlStore, Store, StoreError};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::failure::Failure;
use super::look::AskedForMany;
use super::{Db, Language, Setting, cases, data, places};

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population quality --db sqlite:register.db                       scores by province
  population quality --db sqlite:register.db --province 01         scores by ward
  population quality --db sqlite:register.db --office 00070        what this ward's office has to do
  population quality --db sqlite:register.db --trend scores.jsonl  keep today's scores, show the change

A record counts as sound when it breaks no rule that weighs as an error; docs/quality.md lists the rules.")]
pub(super) struct Quality {
    #[command(flatten)]
    db: Db,
    /// Only this province, ward by ward
    #[arg(long, value_name = "CODE", conflicts_with = "office")]
    province: Option<String>,
    /// The work list of the office of this ward, with full numbers
    #[arg(long, value_name = "WARD")]
    office: Option<String>,
    /// Tasks of a work list
    #[arg(long, default_value_t = 50, value_name = "N")]
    longest: usize,
    /// File of places (`population places`): wards and provinces of residences are judged by it
    #[arg(long, value_name = "FILE")]
    places: Option<PathBuf>,
    /// File of earlier scores, a line a day; today's are added
    #[arg(long, value_name = "FILE", conflicts_with = "office")]
    trend: Option<PathBuf>,
    #[command(flatten)]
    asked: AskedForMany,
}

/// Records read at once.
const PAGE: u32 = 1_000;

/// Cases of a work list.
const CASES: u32 = 1_000;

/// Days that a trend looks back.
const LOOK_BACK: i32 = 30;

/// The longest file of earlier scores: a century of days.
const MAX_TREND: u64 = 64 << 20;

/// The operator's map of places, if there is one, and the ethnic groups.
struct Lists(Option<Places>);

impl Codes for Lists {
    fn ward(&self, code: &str) -> Option<bool> {
        self.0.as_ref()?.ward(code)
    }
    fn provinces_of(&self, ward: &str) -> Option<Vec<String>> {
        self.0.as_ref()?.provinces_of(ward)
    }
    fn ethnic_group(&self, name: &str) -> Option<bool> {
        Some(ethnic_group_code(name).is_some())
    }
}

impl Lists {
    /// What the ward is called now, else before.
    fn ward_name(&self, code: &str) -> String {
        let unit = self
            .0
            .as_ref()
            .and_then(|places| places.unit(Map::Present, code).or_else(|| places.unit(Map::Before, code)));
        unit.map(|unit| unit.name.clone()).unwrap_or_default()
    }
}

/// Looks relatives up in the register; remembers the first failure, because a rule can only be told "not there".
struct InStore<'s> {
    store: &'s dyn Store,
    failed: RefCell<Option<StoreError>>,
}

impl Others for InStore<'_> {
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        match self.store.person(number) {
            Ok(person) => person.map(Arc::new),
            Err(error) => {
                self.failed.borrow_mut().get_or_insert(error);
                None
            }
        }
    }
}

impl Quality {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let earlier = self.trend.as_deref().map(read_trend).transpose()?;
        let mut store = self.db.open()?;
        let count = store.person_count()?;
        self.asked.log(setting, &self.db, &mut store, Shown::Judged(count))?;
        let lists = Lists(self.places.as_deref().map(places::read).transpose()?);
        let (board, list) = self.look(&store, &lists, setting)?;
        if let Some(office) = &self.office {
            let mut waiting = store.cases(Some(office), None, CASES)?;
            waiting.retain(cases::waits);
            return answer_office(setting, office, &list, &waiting);
        }
        let whole = board.whole();
        let mut change = None;
        if let (Some(path), Some(mut trend)) = (&self.trend, earlier) {
            trend.record(setting.today(), whole.clone());
            append(path, setting.today(), &whole).with_context(|| path.display().to_string())?;
            change = trend.change(LOOK_BACK).map(|(_, change)| change);
        }
        let areas: Vec<(String, String, Score)> = match &self.province {
            None => board
                .provinces()
                .into_iter()
                .map(|(code, score)| {
                    let name = province_name(&code).unwrap_or_default().to_owned();
                    (code, name, score)
                })
                .collect(),
            Some(province) => board
                .wards()
                .filter(|(code, ..)| code == province)
                .map(|(_, ward, score)| (ward.to_owned(), lists.ward_name(ward), score.clone()))
                .collect(),
        };
        if areas.is_empty() && self.province.is_some() {
            return Err(Failure::usage(
                "no-such-area",
                setting.say("Không có ai ở tỉnh này", "Nobody lives in this province"),
                setting.say("Kiểm tra mã tỉnh.", "Check the code of the province."),
            )
            .into());
        }
        let json = json!({
            "day": setting.today(), "whole": score_json(&whole), "change_30_days": change,
            "areas": areas.iter().map(|(code, name, score)| {
                let mut area = score_json(score);
                if let Value::Object(fields) = &mut area {
                    fields.insert("code".to_owned(), json!(code));
                    fields.insert("name".to_owned(), json!(name));
                }
                area
            }).collect::<Vec<_>>(),
        });
        setting.answer(&json, || words(setting, &whole, &areas, change))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Passes the whole register by, once for what each record says and what records say of one another.
    fn look(
        &self,
        store: &SqlStore,
        lists: &Lists,
        setting: &Setting,
    ) -> anyhow::Result<(Scoreboard, WorkList)> {
        let bar = data::bar(store.person_count()?.saturating_mul(2), "{pos}/{len}");
        let others = InStore { store, failed: RefCell::new(None) };
        let mut clean = Clean::new();
        each(store, |person| {
            clean.see(&person);
            bar.inc(1);
            Ok(())
        })?;
        for state in [CaseState::Open, CaseState::Papers] {
            for (one, other) in store.pair_cases(state)? {
                clean.duplicate(&one, &other);
            }
        }
        let across = clean.finish(&others);
        let context =
            Context { today: setting.today(), policy: Policy::default(), codes: lists, others: &others };
        let (mut board, mut list) = (Scoreboard::new(), WorkList::new(self.longest));
        each(store, |person| {
            // Whoever recorded the person last has confirmed the record.
            let confirmed =
                store.history(&person.number)?.last().map(|revision| day_in_vietnam(revision.change.at));
            let mut remarks = assess(&person, confirmed, &context);
            if !store.kept_elsewhere_among(&[&person.number])?.is_empty() {
                remarks.retain(concerns_the_register);
            }
            remarks.extend(across.get(&person.number).into_iter().flatten());
            board.add(&person, &remarks);
            list.add(&person, &remarks);
            bar.inc(1);
            others.failed.take().map_or(Ok(()), Err)
        })?;
        bar.finish_and_clear();
        Ok((board, list))
    }
}

pub(super) fn each(
    store: &dyn Store,
    mut see: impl FnMut(Person) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after: Option<PersonalNumber> = None;
    loop {
        let page = store.persons_after(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.number.clone());
        page.into_iter().try_for_each(&mut see)?;
    }
}

fn answer_office(
    setting: &Setting,
    office: &str,
    list: &WorkList,
    waiting: &[Case],
) -> anyhow::Result<ExitCode> {
    let (tasks, left_out) = list.of(office);
    let remark = |remark: &Remark| {
        json!({
            "rule": remark.rule, "item": remark.item, "weight": remark.rule.weight(),
            "text": setting.say(remark.rule.vietnamese(), remark.rule.english()),
        })
    };
    let json = json!({
        "office": office, "left_out": left_out,
        "cases": waiting.iter().map(cases::case_json).collect::<Vec<_>>(),
        "tasks": tasks.iter().map(|task| json!({
            "urgency": task.urgency, "number": task.number,
            "remarks": task.remarks.iter().map(remark).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    setting.answer(&json, || {
        if tasks.is_empty() && waiting.is_empty() {
            return setting.say("Không có việc nào.", "Nothing to do.").to_owned();
        }
        let mut text = String::new();
        if !waiting.is_empty() {
            let _ = writeln!(text, "{}", cases::list_words(setting, waiting));
        }
        for task in &tasks {
            let _ = writeln!(text, "{}", task.number.as_str());
            for remark in &task.remarks {
                let words = setting.say(remark.rule.vietnamese(), remark.rule.english());
                let _ = writeln!(text, "    {} ({}) · {words}", remark.rule.code(), remark.item);
            }
        }
        if left_out > 0 {
            let _ = writeln!(text, "… {left_out} {}", setting.say("người nữa", "more"));
        }
        text.trim_end().to_owned()
    })?;
    Ok(ExitCode::SUCCESS)
}

fn score_json(score: &Score) -> Value {
    let share = |hundredths: Option<u64>| hundredths.map(|hundredths| percent(hundredths, '.'));
    json!({
        "persons": score.persons, "sound": score.sound, "sound_percent": share(score.sound_share()),
        "parts": Part::ALL.into_iter().map(|part| (part.english(), share(score.part_share(part))))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "remarks": score.most_frequent().into_iter()
            .map(|(remark, count)| json!({"rule": remark.rule, "item": remark.item, "count": count}))
            .collect::<Vec<_>>(),
    })
}

fn percent(hundredths: u64, point: char) -> String {
    format!("{}{point}{:02}", hundredths / 100, hundredths % 100)
}

fn words(setting: &Setting, whole: &Score, areas: &[(String, String, Score)], change: Option<i64>) -> String {
    let point = match setting.lang {
        Language::Vi => ',',
        Language::En => '.',
    };
    let share = |hundredths: Option<u64>| hundredths.map_or("–".to_owned(), |share| percent(share, point));
    let mut text = format!("{:<26}{:>11}", setting.today(), setting.say("người", "persons"));
    for part in Part::ALL {
        let _ = write!(text, "{:>10}", setting.say(part.vietnamese(), part.english()));
    }
    let _ = writeln!(text, "{:>10}", setting.say("cả bốn", "all four"));
    let everybody = ("".to_owned(), setting.say("Tất cả", "All").to_owned(), whole.clone());
    for (code, name, score) in areas.iter().chain([&everybody]) {
        let _ = write!(text, "{:<26}{:>11}", format!("{code} {name}").trim(), score.persons);
        for part in Part::ALL {
            let _ = write!(text, "{:>10}", share(score.part_share(part)));
        }
        let eighths = score.sound_share().unwrap_or_default() / 625;
        let bar: String = "█".repeat(usize::try_from(eighths).unwrap_or_default());
        let _ = writeln!(text, "{:>10}  {bar}", share(score.sound_share()));
    }
    if let Some(change) = change {
        let sign = if change < 0 { '-' } else { '+' };
        let points = percent(change.unsigned_abs(), point);
        let _ =
            writeln!(text, "{} {sign}{points}", setting.say("So với 30 ngày trước:", "Since 30 days ago:"));
    }
    let frequent = whole.most_frequent();
    if !frequent.is_empty() {
        let _ = writeln!(text, "\n{}", setting.say("Thường gặp nhất", "Most frequent"));
    }
    for (remark, count) in frequent.into_iter().take(12) {
        let words = setting.say(remark.rule.vietnamese(), remark.rule.english());
        let name = format!("{} ({})", remark.rule.code(), remark.item);
        let _ = writeln!(text, "{count:>11}  {name:<42} {words}");
    }
    text.trim_end().to_owned()
}

/// Lines of `{"day": …, "persons": …, "sound": …}`.
fn read_trend(path: &Path) -> anyhow::Result<Trend> {
    let mut trend = Trend::default();
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(trend),
        opened => opened.with_context(|| path.display().to_string())?,
    };
    anyhow::ensure!(file.metadata()?.len() <= MAX_TREND, "{}: too long", path.display());
    for (place, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| path.display().to_string())?;
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        let number = |name: &str| value.get(name).and_then(Value::as_u64);
        let day = value.get("day").and_then(Value::as_str).and_then(|day| day.parse().ok());
        let (Some(day), Some(persons), Some(sound)) = (day, number("persons"), number("sound")) else {
            anyhow::bail!("{}: line {} holds no scores", path.display(), place + 1);
        };
        trend.record(day, Score { persons, sound, ..Score::default() });
    }
    Ok(trend)
}

fn append(path: &Path, day: Date, whole: &Score) -> std::io::Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    let line =
        json!({"day": day, "persons": whole.persons, "sound": whole.sound, "with_error": whole.with_error});
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}
