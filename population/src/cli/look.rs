//! Who looks and on what grounds, written down before anything is shown; and `access-log`, which tells it.

use std::process::ExitCode;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::{
    AccessEntry, COMMAND_LINE, Grounds, LOGS, LogFault, Look, Shown, VerifyError, verify,
};
use cccd_population::cases::{Case, CaseId};
use cccd_population::matching::DigestKey;
use cccd_population::name::plain;
use cccd_population::store::{SqlStore, Store as _};
use serde_json::{Value, json};

use super::failure::Failure;
use super::{Db, Setting};

/// Entries read at once.
const PAGE: u32 = 1_000;

/// Who looks, and on what grounds.
#[derive(clap::Args, Debug)]
pub(super) struct Asked {
    /// Who looks
    #[arg(long)]
    officer: String,
    /// The case or the application that asks for it
    #[arg(long, value_name = "REF", required_unless_present = "break_glass")]
    case: Option<String>,
    /// Look without a case, for this reason
    #[arg(long, value_name = "REASON", conflicts_with = "case")]
    break_glass: Option<String>,
}

/// Who looks at many records, and on what grounds. Without any, it is a look without a case, and stands out in the log as one.
#[derive(clap::Args, Debug)]
pub(super) struct AskedForMany {
    /// Who asks
    #[arg(long)]
    officer: Option<String>,
    /// The case that asks for it
    #[arg(long, value_name = "REF")]
    case: Option<String>,
    /// Without a case, for this reason
    #[arg(long, value_name = "REASON", conflicts_with = "case")]
    break_glass: Option<String>,
}

/// What the log says where nothing was told.
const NOT_TOLD: (&str, &str) = ("not named", "no reason was told");

impl AskedForMany {
    /// Logs a look at many records; whatever fails here, nothing may be shown.
    pub(super) fn log(
        &self,
        setting: &Setting,
        db: &Db,
        store: &mut SqlStore,
        shown: Shown,
    ) -> anyhow::Result<()> {
        let key = db.digest_key(setting, store)?;
        let grounds = grounds(setting, store, self.case.as_deref(), self.break_glass.as_deref(), None)?;
        let look =
            Look::at_many(self.officer(), grounds, shown, setting.now()).map_err(|_| bad_look(setting))?;
        store.log_access(&key, COMMAND_LINE, &[look])?;
        Ok(())
    }

    /// Logs looks at the persons of a case. The case is the grounds while it waits for a decision.
    pub(super) fn log_case(
        &self,
        setting: &Setting,
        db: &Db,
        store: &mut SqlStore,
        case: &Case,
    ) -> anyhow::Result<()> {
        let own = (case.stands_for(None) && self.break_glass.is_none()).then(|| case.id.to_string());
        let reference = self.case.clone().or(own);
        self.log_each(setting, db, store, (reference.as_deref(), &case.persons, Shown::Record))
    }

    /// Logs a look at each of these people; where nobody of the register is named, one of nobody in particular.
    pub(super) fn log_each(
        &self,
        setting: &Setting,
        db: &Db,
        store: &mut SqlStore,
        (case, numbers, shown): (Option<&str>, &[PersonalNumber], Shown),
    ) -> anyhow::Result<()> {
        let key = db.digest_key(setting, store)?;
        let grounds = grounds(setting, store, case, self.break_glass.as_deref(), None)?;
        let look = |number| Look::new(&key, number, self.officer(), grounds.clone(), shown, setting.now());
        let mut looks: Result<Vec<Look>, _> = numbers.iter().map(look).collect();
        if numbers.is_empty() {
            looks =
                Look::at_many(self.officer(), grounds.clone(), shown, setting.now()).map(|look| vec![look]);
        }
        store.log_access(&key, COMMAND_LINE, &looks.map_err(|_| bad_look(setting))?)?;
        Ok(())
    }

    /// The case that was named.
    pub(super) fn case(&self) -> Option<&str> {
        self.case.as_deref()
    }

    /// Who asks.
    pub(super) fn officer(&self) -> &str {
        self.officer.as_deref().unwrap_or(NOT_TOLD.0)
    }
}

/// The grounds. The name of a case of the register has to be that of one that is open, and about this person.
fn grounds(
    setting: &Setting,
    store: &SqlStore,
    case: Option<&str>,
    glass: Option<&str>,
    number: Option<&PersonalNumber>,
) -> anyhow::Result<Grounds> {
    let Some(reference) = case else {
        return Ok(Grounds::BreakGlass(glass.unwrap_or(NOT_TOLD.1).to_owned()));
    };
    if let Ok(id) = reference.parse::<CaseId>()
        && !store.case(&id)?.0.stands_for(number)
    {
        return Err(Failure::usage(
            "no-such-grounds",
            setting.say(
                "Hồ sơ này đã đóng, hoặc không liên quan đến người này",
                "This case is closed, or is not about this person",
            ),
            setting.say(
                "Nêu hồ sơ khác, hoặc --break-glass LÝ_DO.",
                "Name another case, or --break-glass REASON.",
            ),
        )
        .into());
    }
    Ok(Grounds::Case(reference.to_owned()))
}

fn bad_look(setting: &Setting) -> Failure {
    Failure::usage(
        "bad-look",
        setting.say(
            "Tên cán bộ, số hồ sơ hoặc lý do bị thiếu, quá dài, hoặc có số định danh của ai đó",
            "The officer's name, the case or the reason is missing, too long, or holds somebody's number",
        ),
        setting.say("Ghi lại, không ghi số định danh.", "Write them out without a number."),
    )
}

impl Asked {
    pub(super) fn names_a_case(&self) -> bool {
        self.case.is_some()
    }

    /// A look at something that is not the register's: a case of the register is taken as it is named.
    pub(super) fn look(
        &self,
        setting: &Setting,
        key: &DigestKey,
        number: &PersonalNumber,
        shown: Shown,
    ) -> anyhow::Result<Look> {
        let grounds = match &self.case {
            Some(case) => Grounds::Case(case.clone()),
            None => Grounds::BreakGlass(self.break_glass.clone().unwrap_or_default()),
        };
        self.on(setting, key, number, grounds, shown)
    }

    fn on(
        &self,
        setting: &Setting,
        key: &DigestKey,
        number: &PersonalNumber,
        grounds: Grounds,
        shown: Shown,
    ) -> anyhow::Result<Look> {
        let look = Look::new(key, number, &self.officer, grounds, shown, setting.now());
        look.map_err(|_| bad_look(setting).into())
    }

    /// Logs looks at these people; answers the place of the last. Whatever fails here, nothing may be shown.
    pub(super) fn log(
        &self,
        setting: &Setting,
        (store, key): (&mut SqlStore, &DigestKey),
        numbers: &[PersonalNumber],
        shown: Shown,
    ) -> anyhow::Result<(u64, Grounds)> {
        let only = if let [number] = numbers { Some(number) } else { None };
        self.log_on(setting, (store, key), (only, numbers), shown)
    }

    /// Logs a look at somebody, on grounds that are about them, and at what stood under other numbers of theirs.
    pub(super) fn log_with(
        &self,
        setting: &Setting,
        store_and_key: (&mut SqlStore, &DigestKey),
        number: &PersonalNumber,
        former: &[PersonalNumber],
        shown: Shown,
    ) -> anyhow::Result<(u64, Grounds)> {
        let numbers: Vec<PersonalNumber> = former.iter().chain([number]).cloned().collect();
        self.log_on(setting, store_and_key, (Some(number), &numbers), shown)
    }

    fn log_on(
        &self,
        setting: &Setting,
        (store, key): (&mut SqlStore, &DigestKey),
        (about, numbers): (Option<&PersonalNumber>, &[PersonalNumber]),
        shown: Shown,
    ) -> anyhow::Result<(u64, Grounds)> {
        let grounds = grounds(setting, store, self.case.as_deref(), self.break_glass.as_deref(), about)?;
        let looks: anyhow::Result<Vec<Look>> =
            numbers.iter().map(|number| self.on(setting, key, number, grounds.clone(), shown)).collect();
        Ok((store.log_access(key, COMMAND_LINE, &looks?)?, grounds))
    }
}

/// Whose details another ministry keeps is shown in a case only.
pub(super) fn refuse_kept(
    setting: &Setting,
    store: &SqlStore,
    number: &PersonalNumber,
    names_a_case: bool,
) -> anyhow::Result<()> {
    match names_a_case || store.kept_elsewhere(number)?.is_none() {
        true => Ok(()),
        false => Err(kept(setting, setting.say("Nêu hồ sơ bằng --case.", "Name a case by --case.")).into()),
    }
}

/// Another ministry keeps the details; what would help.
pub(super) fn kept(setting: &Setting, hint: &str) -> Failure {
    let words = setting
        .say("Thông tin của người này do bộ khác quản lý", "Another ministry keeps this person's details");
    Failure { code: "kept-elsewhere", message: words.to_owned(), hint: hint.to_owned(), exit: 1 }
}

#[derive(clap::Args, Debug)]
pub(super) struct AccessLog {
    #[command(flatten)]
    db: Db,
    /// Looks at this person only
    #[arg(long, value_parser = PersonalNumber::parse)]
    number: Option<PersonalNumber>,
    /// Looks by this officer only
    #[arg(long)]
    officer: Option<String>,
    /// Looks without a case only
    #[arg(long)]
    break_glass: bool,
    /// Whether the whole log is there and as it was written
    #[arg(long, conflicts_with_all = ["number", "officer", "break_glass"])]
    verify: bool,
    /// The log is ahead of the true time, because a clock was: note it for this reason, and go on from now
    #[arg(long, value_name = "REASON", requires = "officer", conflicts_with_all = ["number", "break_glass", "verify"])]
    correct_clock: Option<String>,
}

impl AccessLog {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let key = match self.verify || self.correct_clock.is_some() {
            true => self.db.digest_key_as_it_is(setting, &store)?,
            false => self.db.digest_key(setting, &store)?,
        };
        if let (Some(reason), Some(officer)) = (self.correct_clock, &self.officer) {
            let look = unasked(setting, officer, reason, Shown::ClockCorrected)?;
            let mut corrected = Vec::new();
            for log in LOGS {
                corrected.extend(store.correct_clock(&key, log, &look)?.map(|place| (log, place)));
            }
            return clock_corrected(setting, &corrected);
        }
        if self.verify {
            return whole(setting, &store, &key);
        }
        let digest = self.number.as_ref().map(|number| key.digest(number));
        let asked = |entry: &AccessEntry| {
            digest.is_none_or(|digest| entry.look.number_digest == digest)
                && self.officer.as_ref().is_none_or(|officer| entry.look.officer == *officer)
                && (!self.break_glass || matches!(entry.look.grounds, Grounds::BreakGlass(_)))
        };
        let mut found = Vec::new();
        for log in LOGS {
            let mut after = 0;
            loop {
                let page = store.accesses(log, after, PAGE)?;
                let Some(last) = page.last() else { break };
                after = last.link;
                found.extend(page.into_iter().filter(&asked).map(|entry| (log, entry)));
            }
        }
        told(setting, &found)
    }
}

/// An entry about something that no case asked for, and that shows nobody.
pub(super) fn unasked(
    setting: &Setting,
    officer: &str,
    reason: String,
    shown: Shown,
) -> anyhow::Result<Look> {
    let look = Look::at_many(officer, Grounds::BreakGlass(reason), shown, setting.now());
    look.map_err(|_| bad_look(setting).into())
}

/// Which logs were corrected, and by which entry.
pub(super) fn clock_corrected(setting: &Setting, corrected: &[(&str, u64)]) -> anyhow::Result<ExitCode> {
    let places: serde_json::Map<String, Value> =
        corrected.iter().map(|(log, place)| ((*log).to_owned(), json!(place))).collect();
    setting.answer(&json!({"corrected": places}), || {
        if corrected.is_empty() {
            return setting
                .say(
                    "Nhật ký không đi trước giờ thật: không chỉnh gì.",
                    "No log is ahead: nothing was changed.",
                )
                .to_owned();
        }
        let lines = corrected.iter().map(|(log, place)| format!("{log} {place}"));
        format!("{} {}", setting.say("Đã ghi:", "Noted:"), lines.collect::<Vec<_>>().join(", "))
    })?;
    Ok(if corrected.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Entries, each with the log that it is of.
pub(super) fn told(setting: &Setting, found: &[(&str, AccessEntry)]) -> anyhow::Result<ExitCode> {
    let looks: Vec<Value> = found
        .iter()
        .map(|(log, entry)| {
            json!({"log": log, "look": entry.link, "at": entry.look.at.to_string(),
                       "officer": entry.look.officer, "grounds": entry.look.grounds,
                       "shown": entry.look.shown.to_string(), "written": entry.look.shown.is_written(),
                       "records": entry.look.shown.records(),
                       "number_digest": hex::encode(entry.look.number_digest)})
        })
        .collect();
    setting.answer(&json!({"looks": looks}), || {
        let lines: Vec<String> = found
            .iter()
            .map(|(log, entry)| {
                let look = &entry.look;
                let grounds = match &look.grounds {
                    Grounds::Case(case) => format!("{} {}", setting.say("hồ sơ", "case"), plain(case)),
                    Grounds::BreakGlass(reason) => {
                        format!("{}: {}", setting.say("KHÔNG CÓ HỒ SƠ", "BREAK-GLASS"), plain(reason))
                    }
                };
                let many = look.shown.records().map_or(String::new(), |count| {
                    format!(" · {count} {}", setting.say("bản ghi", "records"))
                });
                let done = if look.shown.is_written() { ("ghi", "written") } else { ("xem", "seen") };
                let done = setting.say(done.0, done.1);
                let what = setting.say(look.shown.vietnamese(), look.shown.english());
                format!(
                    "{log} {}  {}  {}  {grounds}  {done}: {what}{many}",
                    entry.link,
                    look.at,
                    plain(&look.officer)
                )
            })
            .collect();
        if lines.is_empty() {
            setting.say("Không có lần tra cứu nào.", "No looks.").to_owned()
        } else {
            lines.join("\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn whole(setting: &Setting, store: &SqlStore, key: &DigestKey) -> anyhow::Result<ExitCode> {
    let mut counts = serde_json::Map::new();
    for log in LOGS {
        match verify(store, key, log) {
            Ok(count) => {
                counts.insert(log.to_owned(), json!(count));
            }
            Err(VerifyError::Fault(fault)) => return Err(altered(setting, log, fault).into()),
            Err(error) => return Err(error.into()),
        }
    }
    setting.answer(&json!({"whole": counts}), || {
        let counts: Vec<String> = counts.iter().map(|(log, count)| format!("{log} {count}")).collect();
        format!("{} {}", setting.say("Nguyên vẹn:", "Whole:"), counts.join(", "))
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn altered(setting: &Setting, log: &str, fault: LogFault) -> Failure {
    let vi = match fault {
        LogFault::Altered(place) => {
            format!("Nhật ký tra cứu {log}: mục {place} bị sửa, bị đổi chỗ, hoặc có mục ngay trước đó bị xóa")
        }
        _ => format!("Nhật ký tra cứu {log}: các mục cuối bị xóa, hoặc điểm kết thúc bị sửa"),
    };
    let en = format!("{log}: {fault}");
    Failure {
        code: "access-log-altered",
        message: setting.say(&vi, &en).to_owned(),
        hint: setting
            .say("Báo người phụ trách an ninh; so với bản sao lưu.", "Report it; compare with a backup.")
            .to_owned(),
        exit: 1,
    }
}
