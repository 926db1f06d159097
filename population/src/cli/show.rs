//! `show`: a person's record, where each item came from, and what it said before.

use std::collections::BTreeMap;
use std::process::ExitCode;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::{Grounds, Shown};
use cccd_population::keepers::Keeper;
use cccd_population::person::items_2014::items_2014;
use cccd_population::person::{Person, SENSITIVE};
use cccd_population::store::{Change, Revision, SqlStore, Store as _, StoreError};
use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::look::{self, Asked};
use super::{Db, Setting, words};

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population show 079099000001 --db sqlite:register.db --officer 'Lê Thị Bình' --case 17/2026/HS
  population show 079099000001 --db sqlite:register.db --officer 'Lê Thị Bình' --case 17/2026/HS --sources --history
  population show 079099000001 --db sqlite:register.db --officer 'Lê Thị Bình' --break-glass 'cấp cứu' --sensitive
  population show 079099000001 --db sqlite:register.db --officer 'Lê Thị Bình' --case 17/2026/HS --items 2014

Every look is written to the log of looks before anything is shown; one without a case stands out there.
Exit codes: 0 shown · 1 the number is cancelled (which one follows it is said), or refused · 3 nobody has this number.")]
pub(super) struct Show {
    #[arg(value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    #[command(flatten)]
    db: Db,
    #[command(flatten)]
    asked: Asked,
    /// Religion, blood group, telephone, mail, other information and identification marks too
    #[arg(long)]
    sensitive: bool,
    /// Where each item came from, and when
    #[arg(long)]
    sources: bool,
    /// Every revision of the record: what it changed, when and from where; under former numbers too
    #[arg(long)]
    history: bool,
    /// Only the items of an earlier law, in its order
    #[arg(long, value_enum, value_name = "LAW", conflicts_with = "history")]
    items: Option<Items>,
}

/// The items of which law.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Items {
    /// The 18 of Luật Căn cước công dân 2014 art. 9(1)
    #[value(name = "2014")]
    Of2014,
}

/// What is shown of one number's past.
struct Past {
    number: PersonalNumber,
    revisions: Vec<Revision>,
}

impl Show {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let key = self.db.digest_key(setting, &store)?;
        let kept = store.kept_elsewhere(&self.number)?.map(|kept| kept.keeper);
        let former = if self.history { store.former_numbers(&self.number)? } else { Vec::new() };
        self.may_look(setting, &store, kept, &former)?;
        let looked = self.asked.log_with(setting, (&mut store, &key), &self.number, &former, self.shown())?;
        let Some(person) = store.person(&self.number)? else {
            return self.cancelled(setting, &store, looked.0);
        };
        let sources =
            if self.sources { store.provenance(&self.number)?.unwrap_or_default() } else { BTreeMap::new() };
        let mut pasts = Vec::new();
        if self.history {
            for number in former.iter().rev().chain([&self.number]) {
                pasts.push(Past { number: number.clone(), revisions: store.history(number)? });
            }
        }
        let record = self.record(&person)?;
        let mut lines = match self.items {
            None => record_lines(setting, &record, &sources),
            Some(Items::Of2014) => self.lines_2014(setting, &person, &sources),
        };
        let mut answer = json!({
            "look": looked.0, "break_glass": matches!(looked.1, Grounds::BreakGlass(_)),
            "details_kept_by": kept.map(Keeper::as_str),
        });
        if let Value::Object(answer) = &mut answer {
            match self.items {
                None => answer.insert("person".to_owned(), Value::Object(record.clone())),
                Some(Items::Of2014) => answer.insert("items_2014".to_owned(), self.json_2014(&person)),
            };
            if self.sources {
                let shown = sources.iter().filter(|(item, _)| record.contains_key(*item));
                let shown: Map<String, Value> =
                    shown.map(|(item, change)| (item.clone(), json!(change))).collect();
                answer.insert("sources".to_owned(), Value::Object(shown));
            }
        }
        lines.extend(kept.map(|keeper| {
            let name = setting.say(keeper.vietnamese(), keeper.as_str());
            format!("{}: {name}", setting.say("Thông tin do bộ quản lý", "Details kept by"))
        }));
        if self.history {
            let (told, history) = self.told(setting, &pasts)?;
            lines.extend(told);
            if let Value::Object(answer) = &mut answer {
                answer.insert("history".to_owned(), Value::Array(history));
            }
        }
        lines.push(logged(setting, &looked));
        if self.sensitive && person.sealed {
            lines.push(sealed_left_out(setting).to_owned());
        }
        setting.answer(&answer, || lines.join("\n"))?;
        Ok(ExitCode::SUCCESS)
    }

    fn shown(&self) -> Shown {
        match (self.history, self.sensitive) {
            (false, false) => Shown::Record,
            (false, true) => Shown::Sensitive,
            (true, false) => Shown::History,
            (true, true) => Shown::SensitiveHistory,
        }
    }

    /// Whose details another ministry keeps is shown for a case only, and what the record said before that not at all.
    fn may_look(
        &self,
        setting: &Setting,
        store: &SqlStore,
        kept: Option<Keeper>,
        former: &[PersonalNumber],
    ) -> anyhow::Result<()> {
        let former: Vec<&PersonalNumber> = former.iter().collect();
        let past_is_kept =
            self.history && (kept.is_some() || !store.kept_elsewhere_among(&former)?.is_empty());
        if !past_is_kept && (kept.is_none() || self.asked.names_a_case()) {
            return Ok(());
        }
        let hint = if past_is_kept {
            setting.say(
                "Bỏ --history: các bản ghi cũ có thể chứa thông tin do bộ đó quản lý.",
                "Leave out --history: older records may tell what that ministry keeps.",
            )
        } else {
            setting.say("Nêu hồ sơ bằng --case.", "Name a case by --case.")
        };
        Err(look::kept(setting, hint).into())
    }

    /// A number that ended leads to the one that follows it.
    fn cancelled(&self, setting: &Setting, store: &SqlStore, look: u64) -> anyhow::Result<ExitCode> {
        let cancelled = store.cancelled(&self.number)?.ok_or(StoreError::UnknownPerson)?;
        let answer = json!({"cancelled": {
            "number": cancelled.number, "since": cancelled.on, "cause": cancelled.cause.as_str(),
            "successor": cancelled.successor}, "look": look});
        setting.answer(&answer, || {
            let why = setting.say(cancelled.cause.vietnamese(), cancelled.cause.english());
            let ended = setting.say("Số định danh này đã bị hủy từ ngày", "This number is cancelled since");
            let next = match &cancelled.successor {
                Some(next) => {
                    format!("{}: {}", setting.say("Số thay thế", "The number that follows it"), next.as_str())
                }
                None => setting.say("Không có số thay thế.", "No number follows it.").to_owned(),
            };
            let logged = setting.say("Đã ghi vào nhật ký tra cứu, mục", "Logged as look");
            format!("{ended} {}: {why}\n{next}\n{logged} {look}", cancelled.on)
        })?;
        Ok(ExitCode::from(1))
    }

    /// The record as it is shown: without sensitive items unless they were asked for.
    fn record(&self, person: &Person) -> anyhow::Result<Map<String, Value>> {
        let Value::Object(mut items) = serde_json::to_value(person)? else { return Ok(Map::new()) };
        items.retain(|item, _| self.shows(item));
        Ok(items)
    }

    fn shows(&self, item: &str) -> bool {
        self.sensitive || !SENSITIVE.contains(&item)
    }

    fn lines_2014(
        &self,
        setting: &Setting,
        person: &Person,
        sources: &BTreeMap<String, Change>,
    ) -> Vec<String> {
        let items = items_2014(person).into_iter().filter(|item| item.of.iter().any(|of| self.shows(of)));
        let line = |item: cccd_population::person::items_2014::Item| {
            let from: Vec<String> = item
                .of
                .iter()
                .filter_map(|of| Some(from(sources.get(*of)?)))
                .filter(|_| !item.value.is_null())
                .collect();
            let name = setting.say(item.vietnamese, item.english);
            format!(
                "{:>2}. {name}: {}{}",
                item.place,
                words::said(setting, &item.value),
                from.first().map_or("", String::as_str)
            )
        };
        items.map(line).collect()
    }

    fn json_2014(&self, person: &Person) -> Value {
        let items = items_2014(person).into_iter().filter(|item| item.of.iter().any(|of| self.shows(of)));
        items
            .map(|item| {
                json!({"item": item.place, "code": item.code, "vi": item.vietnamese, "en": item.english,
                       "value": item.value})
            })
            .collect()
    }

    /// What each revision changed, oldest first, in words and as JSON.
    fn told(&self, setting: &Setting, pasts: &[Past]) -> anyhow::Result<(Vec<String>, Vec<Value>)> {
        let (mut lines, mut history) =
            (vec![String::new(), setting.say("Lịch sử", "History").to_owned()], Vec::new());
        for past in pasts {
            let mut before = Map::new();
            for revision in &past.revisions {
                let Value::Object(now) = serde_json::to_value(&revision.person)? else { continue };
                let mut changed = Map::new();
                let mut hidden = false;
                let names = before.keys().chain(now.keys().filter(|item| !before.contains_key(*item)));
                for item in names.filter(|item| *item != "number" && before.get(*item) != now.get(*item)) {
                    if self.shows(item) {
                        changed.insert(item.clone(), json!({"from": before.get(item), "to": now.get(item)}));
                    } else {
                        hidden = true;
                    }
                }
                lines.push(format!(
                    "{} · {} · {} · {}",
                    past.number.as_str(),
                    revision.revision,
                    revision.change.at,
                    revision.change.source
                ));
                let one = |(item, change): (&String, &Value)| {
                    let (old, new) =
                        (words::said(setting, &change["from"]), words::said(setting, &change["to"]));
                    let name = setting.say(vietnamese(item), item);
                    if change["from"].is_null() {
                        format!("    {name}: {new}")
                    } else {
                        format!("    {name}: {old} → {new}")
                    }
                };
                lines.extend(changed.iter().map(one));
                if hidden {
                    let more =
                        setting.say("mục nhạy cảm: thêm --sensitive", "sensitive items: add --sensitive");
                    lines.push(format!("    ({more})"));
                }
                history.push(json!({
                    "number": past.number, "revision": revision.revision, "at": revision.change.at.to_string(),
                    "source": revision.change.source, "changed": changed, "sensitive_left_out": hidden,
                }));
                before = now;
            }
        }
        Ok((lines, history))
    }
}

fn record_lines(
    setting: &Setting,
    record: &Map<String, Value>,
    sources: &BTreeMap<String, Change>,
) -> Vec<String> {
    let line = |(item, value): (&String, &Value)| {
        let from = sources.get(item).map_or(String::new(), from);
        format!("{}: {}{from}", setting.say(vietnamese(item), item), words::said(setting, value))
    };
    record.iter().map(line).collect()
}

fn from(change: &Change) -> String {
    format!("  [{} · {}]", change.source, change.at)
}

fn logged(setting: &Setting, (link, grounds): &(u64, Grounds)) -> String {
    let words = match grounds {
        Grounds::Case(_) => setting.say("Đã ghi vào nhật ký tra cứu, mục", "Logged as look"),
        Grounds::BreakGlass(_) => setting.say(
            "Tra cứu không có hồ sơ: đã ghi để kiểm tra, mục",
            "A look without a case: logged for review as look",
        ),
    };
    format!("{words} {link}")
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

/// Nobody takes an item that could not be opened for one that is not there.
fn sealed_left_out(setting: &Setting) -> &'static str {
    setting.say(
        "TÔN GIÁO, NHÓM MÁU, ĐIỆN THOẠI, THƯ ĐIỆN TỬ VÀ THÔNG TIN KHÁC ĐANG NIÊM PHONG: khóa không ở đây (--secrets ĐƯỜNG_DẪN)",
        "RELIGION, BLOOD GROUP, TELEPHONE, MAIL AND OTHER INFORMATION ARE SEALED: their key is not here (--secrets PATH)",
    )
}
