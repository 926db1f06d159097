//! `places`: looks a code up on both maps, or makes the file of places out of published trees and mergers.

use std::fs::File;
use std::io::{BufWriter, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_population::places::file::MAX_FILE;
use cccd_population::places::{Became, Level, Map, Places, Unit, published};
use serde_json::{Value, json};

use super::Setting;
use super::failure::Failure;

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population places --present new.json --before old.json --mergers mergers.json --out places.csv
  population places --map places.csv --code 00004

The file's form is in docs/guide.md; `population quality --places FILE` judges residences by it.")]
pub(super) struct PlacesCommand {
    /// A file of places
    #[arg(long, value_name = "FILE", requires = "code", required_unless_present = "present")]
    map: Option<PathBuf>,
    /// What this code is on each map, and what became of it
    #[arg(long)]
    code: Option<String>,
    /// Published tree of today: provinces and wards, JSON
    #[arg(long, value_name = "FILE", requires_all = ["before", "mergers", "out"], conflicts_with = "map")]
    present: Option<PathBuf>,
    /// Published tree of before: provinces, districts, wards, JSON
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
    /// Published list of mergers in words, JSON
    #[arg(long, value_name = "FILE")]
    mergers: Option<PathBuf>,
    /// The file of places to write
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Reads an operator's file of places.
pub(super) fn read(path: &Path) -> anyhow::Result<Places> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Places::read(file).with_context(|| path.display().to_string())
}

impl PlacesCommand {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        if let (Some(present), Some(before), Some(mergers), Some(out)) =
            (&self.present, &self.before, &self.mergers, &self.out)
        {
            return convert(setting, [present, before, mergers], out);
        }
        let (Some(map), Some(code)) = (self.map, self.code) else {
            let hint = setting.say("Thêm --map và --code.", "Give --map and --code.");
            let message = setting.say("Thiếu tệp hoặc mã", "The file or the code is missing");
            return Err(Failure::usage("usage", message, hint).into());
        };
        look_up(setting, &read(&map)?, &code)
    }
}

fn convert(setting: &Setting, files: [&PathBuf; 3], out: &Path) -> anyhow::Result<ExitCode> {
    let mut texts = Vec::new();
    for path in files {
        let mut text = Vec::new();
        let file = File::open(path).with_context(|| path.display().to_string())?;
        // One octet more than is allowed: the reader refuses it.
        file.take(MAX_FILE + 1).read_to_end(&mut text).with_context(|| path.display().to_string())?;
        texts.push(text);
    }
    let [present, before, mergers] = [0, 1, 2].map(|place| texts.get(place).map_or(&[][..], Vec::as_slice));
    let (places, unclear) =
        published::read(present, before, mergers).with_context(|| files[0].display().to_string())?;
    let file = File::create(out).with_context(|| out.display().to_string())?;
    places.write(BufWriter::new(file)).with_context(|| out.display().to_string())?;
    let counts = [
        (setting.say("tỉnh", "provinces"), places.count(Map::Present, Level::Province)),
        (setting.say("xã, phường", "wards"), places.count(Map::Present, Level::Ward)),
        (setting.say("tỉnh trước đây", "provinces before"), places.count(Map::Before, Level::Province)),
        (setting.say("huyện trước đây", "districts before"), places.count(Map::Before, Level::District)),
        (setting.say("xã, phường trước đây", "wards before"), places.count(Map::Before, Level::Ward)),
    ];
    let split = places
        .units(Map::Before)
        .filter(|unit| unit.level() == Some(Level::Ward) && unit.became.len() > 1)
        .count();
    let json = json!({
        "out": out, "provinces": counts[0].1, "wards": counts[1].1, "before_provinces": counts[2].1,
        "before_districts": counts[3].1, "before_wards": counts[4].1, "several_candidates": split,
        "without_origin": unclear.without_origin, "without_future": unclear.without_future,
        "unknown_codes": unclear.unknown_codes,
    });
    setting.answer(&json, || {
        let mut words: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        words.push(format!("{split} {}", setting.say("có nhiều khả năng", "with several candidates")));
        words.push(format!(
            "{} {}",
            unclear.without_future.len(),
            setting.say("không rõ nay là đâu", "of which nothing is said")
        ));
        format!("{}\n→ {}", words.join(" · "), out.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn look_up(setting: &Setting, places: &Places, code: &str) -> anyhow::Result<ExitCode> {
    let (present, before) = (places.unit(Map::Present, code), places.unit(Map::Before, code));
    if present.is_none() && before.is_none() {
        let message = setting.say("Không bản đồ nào có mã này", "Neither map has this code");
        let hint = setting.say("Kiểm tra lại mã.", "Check the code.");
        return Err(Failure { exit: 1, ..Failure::usage("no-such-place", message, hint) }.into());
    }
    let (state, now): (_, Vec<&Unit>) = match places.became(code) {
        Became::NoSuchUnit => ("none", Vec::new()),
        Became::NotSaid => ("not-said", Vec::new()),
        Became::One(unit) => ("one", vec![unit]),
        Became::Several(units) => ("several", units),
    };
    let name = |map, unit: &Unit| places.full_name(map, &unit.code).unwrap_or_default();
    let from = places.came_from(code);
    let show = |map, units: &[&Unit]| -> Vec<Value> {
        units.iter().map(|unit| json!({"code": unit.code, "name": name(map, unit)})).collect()
    };
    let json = json!({
        "code": code,
        "present": present.map(|unit| name(Map::Present, unit)),
        "came_from": show(Map::Before, &from),
        "before": before.map(|unit| name(Map::Before, unit)),
        "became": {"state": state, "units": show(Map::Present, &now)},
    });
    setting.answer(&json, || {
        let mut lines = Vec::new();
        if let Some(unit) = present {
            lines.push(format!("{}: {}", setting.say("Hiện nay", "Present"), name(Map::Present, unit)));
            lines.extend(from.iter().map(|unit| format!("  ← {} {}", unit.code, name(Map::Before, unit))));
        }
        if let Some(unit) = before {
            let title = setting.say("Trước 1/7/2025", "Before 1 July 2025");
            lines.push(format!("{title}: {}", name(Map::Before, unit)));
            lines.extend(now.iter().map(|unit| format!("  → {} {}", unit.code, name(Map::Present, unit))));
            match state {
                "several" => lines.push(
                    setting
                        .say(
                            "  Đã chia cho nhiều đơn vị: phải biết địa chỉ mới chọn được.",
                            "  Split over several: only somebody who knows the address can tell.",
                        )
                        .to_owned(),
                ),
                "not-said" => lines
                    .push(setting.say("  Không rõ nay là đâu.", "  Nothing is said of today.").to_owned()),
                _ => {}
            }
        }
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
