//! `search` and `duplicates`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::Shown;
use cccd_population::cases::CaseState;
use cccd_population::duplicates::{
    DEFAULT_THRESHOLD, Evidence, NameFrequencies, REVIEW_THRESHOLD, Subject, find_all,
};
use cccd_population::search::{Hit, Query};
use cccd_population::store::{Found, IndexState, SqlStore, Store as _};
use serde_json::{Value, json};

use super::failure::Failure;
use super::look::{Asked, AskedForMany};
use super::quality::each;
use super::{Db, Setting, data, words};

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population search --db sqlite:register.db --name 'nguyen thi hoa' --born 1999 --officer 'Lê Bình' --case 17/2026/HS
  population search --db sqlite:register.db --name 'Lí Thị Chang' --born 15/01/1999 --province 08 --officer 'Lê Bình' \\
      --break-glass 'tìm người thân của nạn nhân'
  population search --db sqlite:register.db --father 'Y Moan Kđăm' --mother \"H'Bliă Êban\" --officer 'Lê Bình' --case 9/2026

Everybody who is shown is a look in the log of looks (population access-log), on the grounds that are given.
A person is found from the moment of the transaction that wrote the record; those of a file that was loaded without making the index are
found after `population index`, and the answer says how many wait. docs/search.md says how people are found and ranked.")]
pub(super) struct Search {
    #[command(flatten)]
    db: Db,
    /// The name: diacritics, order, a letter may be wrong
    #[arg(long)]
    name: Option<String>,
    /// The birth date, its month or its year: dd/mm/yyyy, yyyy-mm-dd, yyyy-mm, yyyy
    #[arg(long, value_name = "DATE")]
    born: Option<String>,
    /// Nam or Nữ
    #[arg(long)]
    sex: Option<String>,
    /// The father's name
    #[arg(long)]
    father: Option<String>,
    /// The mother's name
    #[arg(long)]
    mother: Option<String>,
    /// Province of residence
    #[arg(long, value_name = "CODE")]
    province: Option<String>,
    /// Ward of residence
    #[arg(long, value_name = "CODE")]
    ward: Option<String>,
    /// How many people at most
    #[arg(long, default_value_t = 10, value_name = "N")]
    most: usize,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population index --db sqlite:register.db

The index of `search` is made anew beside the one in use, and takes its place when it is whole. Others read and write meanwhile; what they
change is found all the same. Best once a night, and after a large load.")]
pub(super) struct Index {
    #[command(flatten)]
    db: Db,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population duplicates --db sqlite:register.db
  population duplicates --db sqlite:register.db --review --officer 'Lê Bình' --case 17/2026/HS

Each pair is a case for an officer (--cases opens them); nothing else is changed. Pairs that were held to be two people are left
out. That it was done, by whom and why, is an entry of the log of looks. The register is held in memory: about a gigabyte for a million people.")]
pub(super) struct Duplicates {
    #[command(flatten)]
    db: Db,
    /// Also pairs that are only worth a look
    #[arg(long)]
    review: bool,
    /// Open a case for each pair that was not asked about before
    #[arg(long)]
    cases: bool,
    #[command(flatten)]
    asked: AskedForMany,
}

impl Search {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let born =
            self.born.as_deref().map(|text| parse_born(text).ok_or_else(|| bad_date(setting))).transpose()?;
        let sex = match self.sex.as_deref() {
            None => None,
            Some(text) => Some(parse_sex(text).ok_or_else(|| bad_sex(setting))?),
        };
        let query = Query {
            name: self.name,
            birth_date: born,
            sex,
            father: self.father,
            mother: self.mother,
            province: self.province,
            ward: self.ward,
        };
        if !query.is_enough() {
            return Err(Failure::usage(
                "too-little-known",
                setting.say("Chừng đó chưa đủ để tìm một người", "This is too little to find a person by"),
                setting.say(
                    "Cho tên cùng năm sinh, nơi cư trú, cha hoặc mẹ; hoặc cả cha lẫn mẹ.",
                    "Give a name with a birth year, a place, a father or a mother; or both parents.",
                ),
            )
            .into());
        }
        let mut store = self.db.open()?;
        let key = self.db.digest_key(setting, &store)?;
        let Found { mut hits, waiting } = store.find(&query, self.most)?;
        // Whose details another ministry keeps is found by the number only, with a case.
        let numbers: Vec<&PersonalNumber> = hits.iter().map(|hit| &hit.record.number).collect();
        let kept = store.kept_elsewhere_among(&numbers)?;
        hits.retain(|hit| !kept.contains_key(&hit.record.number));
        if !hits.is_empty() {
            let found: Vec<PersonalNumber> = hits.iter().map(|hit| hit.record.number.clone()).collect();
            self.asked.log(setting, (&mut store, &key), &found, Shown::Record)?;
        }
        let json = json!({ "hits": hits.iter().map(hit_json).collect::<Vec<_>>(), "not_indexed": waiting });
        setting.answer(&json, || {
            let mut words = hits_words(setting, &hits);
            if waiting > 0 {
                let what = setting.say(
                    "người mới nạp chưa tìm được; chạy population index.",
                    "people of a load are not found yet: run population index.",
                );
                let _ = write!(words, "\n{waiting} {what}");
            }
            words
        })?;
        Ok(if hits.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// With a bar of progress.
pub(super) fn make_index(store: &mut SqlStore, setting: &Setting) -> anyhow::Result<IndexState> {
    let bar = data::bar(store.person_count()?, "{pos}/{len}");
    let state = store.make_index(setting.now(), &mut |people| bar.set_position(people))?;
    bar.finish_and_clear();
    Ok(state)
}

impl Index {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let state = make_index(&mut store, setting)?;
        setting.answer(&json!({ "people": state.people, "waiting": state.waiting }), || {
            format!("{} {}", state.people, setting.say("người trong chỉ mục.", "people in the index."))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Duplicates {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let count = store.person_count()?;
        self.asked.log(setting, &self.db, &mut store, Shown::Compared(count))?;
        let bar = data::bar(count, "{pos}/{len}");
        let mut subjects = Vec::new();
        each(&store, |person| {
            bar.inc(1);
            subjects.push(Subject::new(&person));
            Ok(())
        })?;
        bar.finish_and_clear();
        let frequencies = NameFrequencies::of(subjects.iter().map(Subject::name));
        let threshold = if self.review { REVIEW_THRESHOLD } else { DEFAULT_THRESHOLD };
        let mut whole = find_all(&subjects, &frequencies, threshold);
        let whose = |place: usize| subjects.get(place).map(Subject::number);
        let decided: HashSet<_> = store.pair_cases(CaseState::Decided)?.into_iter().collect();
        whole.found.retain(|found| match (whose(found.one), whose(found.other)) {
            (Some(one), Some(other)) => {
                let pair = if one < other { (one, other) } else { (other, one) };
                !decided.contains(&(pair.0.clone(), pair.1.clone()))
            }
            _ => false,
        });
        let mut opened = 0_u64;
        if self.cases {
            let change = setting.change("duplicates");
            for found in &whole.found {
                let (Some(one), Some(other)) = (whose(found.one), whose(found.other)) else { continue };
                opened += u64::from(store.open_pair((one, other), &found.weighed, &change)?);
            }
        }
        let number = |place: usize| whose(place).map(PersonalNumber::as_str).unwrap_or_default();
        let json = json!({
            "people": subjects.len(), "weighed": whole.weighed, "skipped_keys": whole.skipped_keys,
            "cases_opened": opened,
            "pairs": whole.found.iter().map(|found| json!({
                "one": number(found.one), "other": number(found.other), "opinion": found.weighed.opinion().as_str(),
                "bits": bits(found.weighed.bits),
                "evidence": found.weighed.evidence.iter().map(|one| json!({
                    "item": one.item, "finding": one.finding, "bits": bits(one.bits),
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        });
        setting.answer(&json, || {
            if whole.found.is_empty() {
                return setting
                    .say("Không thấy ai có hai số.", "Nobody seems to have two numbers.")
                    .to_owned();
            }
            let mut text = String::new();
            for found in &whole.found {
                let _ = writeln!(
                    text,
                    "{}  {}  {}",
                    number(found.one),
                    number(found.other),
                    bits(found.weighed.bits)
                );
                let item = |one: &Evidence| {
                    let (item, finding) =
                        (words::item(setting, one.item), words::finding(setting, one.finding));
                    format!("{item}: {finding} {}", bits(one.bits))
                };
                let evidence: Vec<String> = found.weighed.evidence.iter().map(item).collect();
                let _ = writeln!(text, "    {}", evidence.join(" · "));
            }
            text.trim_end().to_owned()
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Tenths of a bit as bits.
fn bits(tenths: i32) -> Value {
    json!(f64::from(tenths) / 10.0)
}

fn hit_json(hit: &Hit) -> Value {
    json!({
        "number": hit.record.number, "full_name": hit.record.name, "birth_date": hit.record.birth_date, "score": hit.score,
        "agreements": hit.agreements.iter().map(|one| json!({
            "item": one.item, "score": one.score, "findings": one.findings,
        })).collect::<Vec<_>>(),
    })
}

fn hits_words(setting: &Setting, hits: &[Hit]) -> String {
    if hits.is_empty() {
        return setting.say("Không tìm thấy ai.", "Nobody was found.").to_owned();
    }
    let mut text = String::new();
    for hit in hits {
        let record = &hit.record;
        let _ = writeln!(
            text,
            "{:>3}  {}  {}  {}",
            hit.score,
            record.number.as_str(),
            record.birth_date,
            record.name
        );
        let findings = |found: &[&'static str]| {
            found.iter().map(|one| words::finding(setting, one)).collect::<Vec<_>>().join(", ")
        };
        let why: Vec<String> = hit
            .agreements
            .iter()
            .map(|one| format!("{}: {}", words::item(setting, one.item), findings(&one.findings)))
            .collect();
        let _ = writeln!(text, "     {}", why.join(" · "));
    }
    text.trim_end().to_owned()
}

fn parse_born(text: &str) -> Option<BirthDate> {
    if text.contains('/') {
        return text.parse().ok();
    }
    serde_json::from_value(Value::String(text.to_owned())).ok()
}

fn parse_sex(text: &str) -> Option<Sex> {
    match text.to_lowercase().as_str() {
        "male" | "nam" => Some(Sex::Male),
        "female" | "nữ" | "nu" => Some(Sex::Female),
        _ => None,
    }
}

fn bad_date(setting: &Setting) -> Failure {
    Failure::usage(
        "bad-birth-date",
        setting.say("Ngày sinh không đúng dạng", "The birth date is not of its form"),
        setting.say(
            "Viết dd/mm/yyyy, yyyy-mm-dd, yyyy-mm hoặc yyyy.",
            "Write dd/mm/yyyy, yyyy-mm-dd, yyyy-mm or yyyy.",
        ),
    )
}

fn bad_sex(setting: &Setting) -> Failure {
    Failure::usage(
        "bad-sex",
        setting.say("Giới tính không đúng dạng", "The sex is not of its form"),
        setting.say("Viết nam hoặc nữ.", "Write nam or nữ, male or female."),
    )
}
