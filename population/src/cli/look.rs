//! `show` and `access-log`: looking at a person is written down first.

use std::process::ExitCode;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::{
    AccessEntry, COMMAND_LINE, Grounds, LOGS, LogFault, Look, Shown, VerifyError, verify,
};
use cccd_population::cases::{Case, CaseId};
use cccd_population::keepers::Keeper;
use cccd_population::matching::DigestKey;
use cccd_population::register_key::digest_key;
use cccd_population::store::{SqlStore, Store as _, StoreError};
use serde_json::{Value, json};

use super::failure::Failure;
use super::{Db, Setting, serve};

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
        let key = digest_key(&db.secrets(setting)?, &mut serve::randomness())?;
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

    /// Logs a look at each of these people.
    pub(super) fn log_each(
        &self,
        setting: &Setting,
        db: &Db,
        store: &mut SqlStore,
        (case, numbers, shown): (Option<&str>, &[PersonalNumber], Shown),
    ) -> anyhow::Result<()> {
        let key = digest_key(&db.secrets(setting)?, &mut serve::randomness())?;
        let grounds = grounds(setting, store, case, self.break_glass.as_deref(), None)?;
        let look = |number| Look::new(&key, number, self.officer(), grounds.clone(), shown, setting.now());
        let looks: Result<Vec<Look>, _> = numbers.iter().map(look).collect();
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
    fn names_a_case(&self) -> bool {
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
        let grounds = grounds(setting, store, self.case.as_deref(), self.break_glass.as_deref(), only)?;
        let looks: anyhow::Result<Vec<Look>> =
            numbers.iter().map(|number| self.on(setting, key, number, grounds.clone(), shown)).collect();
        Ok((store.log_access(key, COMMAND_LINE, &looks?)?, grounds))
    }
}

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population show 079099000001 --db sqlite:register.db --officer 'Lê Thị Bình' --case 17/2026/HS
  population show 079099000001 --db sqlite:register.db --officer 'Lê Thị Bình' --break-glass 'cấp cứu' --sensitive

Every look is written to the log of looks before anything is shown; one without a case stands out there.")]
pub(super) struct Show {
    #[arg(value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    #[command(flatten)]
    db: Db,
    #[command(flatten)]
    asked: Asked,
    /// Religion, blood group, telephone, mail and other information too
    #[arg(long)]
    sensitive: bool,
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
}

impl Show {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let shown = if self.sensitive { Shown::Sensitive } else { Shown::Record };
        let mut store = self.db.open()?;
        let key = digest_key(&self.db.secrets(setting)?, &mut serve::randomness())?;
        let kept = store.kept_elsewhere(&self.number)?;
        if kept.is_some() && !self.asked.names_a_case() {
            return Err(Failure {
                code: "kept-elsewhere",
                message: setting
                    .say(
                        "Thông tin của người này do bộ khác quản lý",
                        "Another ministry keeps this person's details",
                    )
                    .to_owned(),
                hint: setting.say("Nêu hồ sơ bằng --case.", "Name a case by --case.").to_owned(),
                exit: 1,
            }
            .into());
        }
        let numbers = std::slice::from_ref(&self.number);
        let (link, grounds) = self.asked.log(setting, (&mut store, &key), numbers, shown)?;
        let broken = matches!(grounds, Grounds::BreakGlass(_));
        let person = store.person(&self.number)?.ok_or(StoreError::UnknownPerson)?;
        let mut record = serde_json::to_value(&person)?;
        if let (Value::Object(items), false) = (&mut record, self.sensitive) {
            for item in ["religion", "blood_group", "phone", "email", "other"] {
                items.remove(item);
            }
        }
        let keeper = kept.as_ref().map(|kept| kept.keeper);
        let answer = json!({
            "person": record, "look": link, "break_glass": broken, "details_kept_by": keeper.map(Keeper::as_str)
        });
        setting.answer(&answer, || {
            let mut lines = Vec::new();
            if let Value::Object(items) = &record {
                let words = |value: &Value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                lines.extend(items.iter().map(|(item, value)| {
                    format!("{}: {}", setting.say(vietnamese(item), item), words(value))
                }));
            }
            lines.extend(keeper.map(|keeper| {
                let name = setting.say(keeper.vietnamese(), keeper.as_str());
                format!("{}: {name}", setting.say("Thông tin do bộ quản lý", "Details kept by"))
            }));
            lines.push(match broken {
                false => {
                    format!("{} {link}", setting.say("Đã ghi vào nhật ký tra cứu, mục", "Logged as look"))
                }
                true => format!(
                    "{} {link}",
                    setting.say(
                        "Tra cứu không có hồ sơ: đã ghi để kiểm tra, mục",
                        "A look without a case: logged for review as look"
                    )
                ),
            });
            lines.join("\n")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl AccessLog {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let store = self.db.open()?;
        let key = digest_key(&self.db.secrets(setting)?, &mut serve::randomness())?;
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

/// Entries, each with the log that it is of.
pub(super) fn told(setting: &Setting, found: &[(&str, AccessEntry)]) -> anyhow::Result<ExitCode> {
    let looks: Vec<Value> = found
        .iter()
        .map(|(log, entry)| {
            json!({"log": log, "look": entry.link, "at": entry.look.at.to_string(),
                       "officer": entry.look.officer, "grounds": entry.look.grounds,
                       "shown": entry.look.shown.to_string(), "records": entry.look.shown.records(),
                       "number_digest": hex::encode(entry.look.number_digest)})
        })
        .collect();
    setting.answer(&json!({"looks": looks}), || {
        let lines: Vec<String> = found
            .iter()
            .map(|(log, entry)| {
                let look = &entry.look;
                let grounds = match &look.grounds {
                    Grounds::Case(case) => format!("{} {case}", setting.say("hồ sơ", "case")),
                    Grounds::BreakGlass(reason) => {
                        format!("{}: {reason}", setting.say("KHÔNG CÓ HỒ SƠ", "BREAK-GLASS"))
                    }
                };
                let many = look.shown.records().map_or(String::new(), |count| {
                    format!("  {count} {}", setting.say("bản ghi", "records"))
                });
                format!("{log} {}  {}  {}  {grounds}{many}", entry.link, look.at, look.officer)
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

/// An item of the record in Vietnamese.
fn vietnamese(item: &str) -> &str {
    match item {
        "number" => "Số định danh cá nhân",
        "full_name" => "Họ, chữ đệm và tên khai sinh",
        "other_names" => "Tên gọi khác",
        "birth_date" => "Ngày, tháng, năm sinh",
        "sex" => "Giới tính",
        "place_of_birth" => "Nơi sinh",
        "birth_registration_place" => "Nơi đăng ký khai sinh",
        "place_of_origin" => "Quê quán",
        "ethnic_group" => "Dân tộc",
        "religion" => "Tôn giáo",
        "nationality" => "Quốc tịch",
        "blood_group" => "Nhóm máu",
        "old_number" => "Số chứng minh nhân dân 9 số",
        "father" => "Cha",
        "mother" => "Mẹ",
        "spouse" => "Vợ hoặc chồng",
        "children" => "Con",
        "representatives" => "Người đại diện hợp pháp",
        "represented" => "Người được đại diện",
        "residences" => "Nơi thường trú, tạm trú, nơi ở hiện tại",
        "temporary_absence" => "Khai báo tạm vắng",
        "residence_file" => "Số hồ sơ cư trú",
        "marital_status" => "Tình trạng hôn nhân",
        "relation_to_head" => "Quan hệ với chủ hộ",
        "household" => "Chủ hộ và các thành viên hộ gia đình",
        "life" => "Tình trạng sống, chết, mất tích",
        "phone" => "Số thuê bao di động",
        "email" => "Thư điện tử",
        "other" => "Thông tin khác",
        "identification_marks" => "Đặc điểm nhận dạng",
        "cancelled_number" => "Số định danh đã hủy",
        "sealed" => "Có mục đã niêm phong",
        other => other,
    }
}
