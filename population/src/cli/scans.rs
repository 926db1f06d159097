//! `scans`: a folder of scanned sheets is filed to its rows.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::forms::Slip;
use cccd_population::scans::filing::{self, Sheet};
use cccd_population::scans::{Limits, Unreadable};
use cccd_population::store::{Place, ScannedSheet, SheetOutcome, SqlStore, StoreError};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use super::usage::BadValue;
use super::{Db, Language, Setting, data, parse_db};

#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  population scans --from scanned/ --into rows/ --db sqlite:register.db
  population scans --from scanned/ --into rows/ --db sqlite:register.db --give 0123456789ABCDEF=001090123457

Scans are PDF (one image a page), PNG and JPEG; they stay where they are. Each page is copied to INTO/ROW/ under the row
that its barcode names, and entered in the register under the person of that row. A form that was printed blank belongs to
nobody until --give names its person. Run it again after an interruption: what is done is not done twice.")]
pub(super) struct Scans {
    /// Folder of scans
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Folder of rows
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// The register in which the pages are entered
    #[arg(long, value_parser = parse_db, value_name = "sqlite:FILE|postgres://…")]
    db: Option<Place>,
    /// Where the register's own keys lie [default: beside the file]
    #[arg(long, value_name = "PATH", requires = "db")]
    secrets: Option<PathBuf>,
    /// A blank form's person: the form's serial, `=`, the personal number
    #[arg(long, value_name = "SERIAL=NUMBER", value_parser = parse_gift, requires = "db")]
    give: Vec<(String, PersonalNumber)>,
    /// A line for every page: CSV, or JSON lines with the ending .jsonl [default: INTO/report.csv]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Sheets older than so many days are flagged
    #[arg(long, default_value_t = 45, value_name = "DAYS")]
    days: i32,
}

impl Scans {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let secrets = self.secrets.clone();
        let mut store = self.db.clone().map(|db| Db { db, secrets }.open()).transpose()?;
        if let Some(store) = &mut store {
            for (serial, number) in &self.give {
                store.claim_form_row(serial, number)?;
            }
        }
        let limits = Limits { days: self.days, ..Limits::default() };
        let files = filing::list(&self.from).with_context(|| self.from.display().to_string())?;
        let passed_over = filing::passed_over(&self.from).with_context(|| self.from.display().to_string())?;
        let bar = data::bar(files.len() as u64, "{pos}/{len}");
        let mut sheets: Vec<Sheet> = Vec::new();
        let summary = filing::run(&files, &self.into, &limits, setting.today(), |done| {
            sheets.extend_from_slice(done);
            bar.inc(1);
        })
        .with_context(|| self.into.display().to_string())?;
        bar.finish_and_clear();
        let entered = store.as_mut().map(|store| enter(store, &sheets, setting.today())).transpose()?;
        let incomplete = filing::incomplete(&self.into).with_context(|| self.into.display().to_string())?;
        let report = self.report.unwrap_or_else(|| self.into.join("report.csv"));
        let as_json = report.extension().is_some_and(|ending| ending == "jsonl" || ending == "json");
        data::whole_file(&report, |mut file| {
            if as_json {
                for sheet in &sheets {
                    writeln!(file, "{}", serde_json::to_string(sheet)?)?;
                }
                return Ok(sheets.len() as u64);
            }
            let mut writer = csv::Writer::from_writer(file);
            writer
                .write_record(["file", "page", "outcome", "slip", "filed_as", "days", "flagged", "sha256"])?;
            for sheet in &sheets {
                writer.write_record([
                    sheet.file.as_str(),
                    &sheet.page.to_string(),
                    &sheet.outcome,
                    sheet.slip.as_deref().unwrap_or_default(),
                    sheet.filed_as.as_deref().unwrap_or_default(),
                    &sheet.days.map(|days| days.to_string()).unwrap_or_default(),
                    if sheet.flagged { "yes" } else { "" },
                    sheet.sha256.as_deref().unwrap_or_default(),
                ])?;
            }
            writer.flush()?;
            Ok(sheets.len() as u64)
        })?;
        let json = json!({"summary": summary, "passed_over": passed_over, "register": entered, "incomplete": incomplete, "report": report});
        setting.answer(&json, || {
            let mut lines = vec![format!(
                "{} {} · {} {} · {} {} · {} {} · {} {}",
                summary.files,
                setting.say("tệp", "files"),
                summary.filed,
                setting.say("trang đã xếp", "pages filed"),
                summary.again,
                setting.say("trùng", "there already"),
                summary.unreadable,
                setting.say("không đọc được", "unreadable"),
                summary.flagged,
                setting.say("quá hạn ngày", "flagged for age"),
            )];
            if passed_over > 0 {
                let what = setting.say(
                    "liên kết hoặc thư mục con không đọc: chép tệp thật vào chính thư mục này",
                    "links or folders were not read: put the files themselves into this folder",
                );
                lines.push(format!("  {passed_over} {what}"));
            }
            for sheet in sheets.iter().filter(|sheet| !matches!(sheet.outcome.as_str(), "filed" | "again")) {
                let why = Unreadable::ALL.into_iter().find(|why| why.code() == sheet.outcome);
                let why = why.map(|why| match setting.lang {
                    Language::Vi => why.vietnamese().to_owned(),
                    Language::En => why.to_string(),
                });
                lines.push(format!("  {} · {} · {}", sheet.file, sheet.page, why.unwrap_or_default()));
            }
            if let Some(entered) = &entered {
                lines.push(format!(
                    "{} {} · {} {}",
                    entered.entered,
                    setting.say("trang mới trong cơ sở dữ liệu", "pages entered in the register"),
                    entered.known,
                    setting.say("đã có", "known there"),
                ));
                for row in &entered.no_person {
                    lines.push(format!(
                        "  {row}: {}",
                        setting.say("chưa biết của ai (--give)", "nobody's yet (--give)")
                    ));
                }
            }
            for (form, missing) in &incomplete {
                let pages: Vec<String> = missing.iter().map(u8::to_string).collect();
                lines.push(format!(
                    "  {form}: {} {}",
                    setting.say("thiếu trang", "pages missing:"),
                    pages.join(", ")
                ));
            }
            lines.push(format!("{} {}", setting.say("Báo cáo:", "Report:"), report.display()));
            lines.join("\n")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What the register made of the pages.
#[derive(Default, Serialize)]
struct Entered {
    entered: u64,
    known: u64,
    /// Rows whose person is not known here.
    no_person: BTreeSet<String>,
}

/// Pages entered in one transaction.
const BATCH: usize = 500;

/// Enters what is filed, also what an earlier run filed before it was broken off.
fn enter(store: &mut SqlStore, sheets: &[Sheet], today: Date) -> Result<Entered, StoreError> {
    let filed: Vec<(Slip, ScannedSheet)> = sheets.iter().filter_map(|sheet| sheet.as_filed(today)).collect();
    let mut done = Entered::default();
    for batch in filed.chunks(BATCH) {
        for (outcome, (slip, _)) in store.enter_sheets(batch)?.into_iter().zip(batch) {
            match outcome {
                SheetOutcome::Entered => done.entered += 1,
                SheetOutcome::Known => done.known += 1,
                SheetOutcome::NoPerson => {
                    done.no_person.insert(slip.row.clone());
                }
            }
        }
    }
    Ok(done)
}

fn parse_gift(text: &str) -> Result<(String, PersonalNumber), BadValue> {
    let (serial, number) = text.split_once('=').ok_or(BadValue::Gift)?;
    let hex = serial.len() == 16 && serial.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    let number = PersonalNumber::parse(number).map_err(|_| BadValue::Gift)?;
    if hex { Ok((serial.to_owned(), number)) } else { Err(BadValue::Gift) }
}
