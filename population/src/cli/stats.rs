//! `stats`: counts on the terminal, and what is published of them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_population::access::Shown;
use cccd_population::statistics::page::page;
use cccd_population::statistics::publication::Publication;
use cccd_population::store::Anew;
use serde_json::json;

use super::data::whole_file;
use super::failure::Failure;
use super::look::unasked;
use super::{Db, Setting, data};

#[derive(clap::Args, Debug)]
pub(super) struct Stats {
    #[command(flatten)]
    db: Db,
    /// Count from scratch, to see that what is kept with each change is the same; says how many cells differed
    #[arg(long)]
    recount: bool,
    /// Write a page with charts and a map; no number below 5
    #[arg(long, value_name = "FILE.html")]
    page: Option<PathBuf>,
    /// Write every published table as CSV into this folder
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Publish the page of this month anew at GET /statistics; refused where it would tell, with what was published before in the
    /// month, of fewer than five people
    #[arg(long, requires = "officer", requires = "reason", conflicts_with_all = ["recount", "page", "csv"])]
    publish: bool,
    /// Who publishes
    #[arg(long, requires = "publish")]
    officer: Option<String>,
    /// Why: stands in the log of looks
    #[arg(long, requires = "publish")]
    reason: Option<String>,
}

impl Stats {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        if let (true, Some(officer), Some(reason)) = (self.publish, &self.officer, &self.reason) {
            return publish(setting, &self.db, officer, reason.clone());
        }
        if !self.recount && self.page.is_none() && self.csv.is_none() {
            return data::stats(setting, &self.db);
        }
        let mut store = self.db.open()?;
        let recount = if self.recount { Some(store.recount(setting.now())?) } else { None };
        let mut written = Vec::new();
        if self.page.is_some() || self.csv.is_some() {
            store.fold_statistics()?;
            if store.roll_up()?.is_none() {
                store.recount(setting.now())?;
            }
            let rollup = store.roll_up()?.map(|(_, rollup)| rollup).unwrap_or_default();
            let publication = Publication::new(&rollup, setting.today());
            if let Some(path) = self.page {
                let html = page(&publication);
                whole_file(&path, |mut file| {
                    file.write_all(html.as_bytes())?;
                    Ok(1)
                })?;
                written.push(path);
            }
            if let Some(folder) = self.csv {
                std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
                for sheet in publication.sheets() {
                    let path = folder.join(format!("{}.csv", safe(&sheet.name)));
                    whole_file(&path, |mut file| {
                        file.write_all(sheet.csv().as_bytes())?;
                        Ok(1)
                    })?;
                    written.push(path);
                }
            }
        }
        let cells = recount.map(|recount| recount.cells);
        let differed = recount.and_then(|recount| recount.differed);
        setting.answer(&json!({"cells": cells, "differed": differed, "written": written}), || {
            let mut lines = Vec::new();
            if let Some(cells) = cells {
                lines.push(format!("{cells} {}", setting.say("ô số liệu", "cells")));
            }
            if let Some(differed) = differed {
                let words = setting.say("ô khác lần trước", "cells differ from before");
                lines.push(format!("{differed} {words}"));
            }
            lines.extend(written.iter().map(|path| format!("→ {}", path.display())));
            lines.join("\n")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn publish(setting: &Setting, db: &Db, officer: &str, reason: String) -> anyhow::Result<ExitCode> {
    let mut store = db.open()?;
    let key = db.digest_key(setting, &store)?;
    let look = unasked(setting, officer, reason, Shown::StatisticsPublished)?;
    let (code, words) = match store.publish_anew(setting.today(), &key, &look)? {
        Anew::Published => {
            let words =
                setting.say("Đã công bố lại trang của tháng này.", "This month's page is published anew.");
            return setting
                .answer(&json!({"published": true}), || words.to_owned())
                .map(|()| ExitCode::SUCCESS);
        }
        Anew::Same => {
            let words =
                setting.say("Trang của tháng này vẫn như vậy.", "This month's page says the same already.");
            return setting
                .answer(&json!({"published": false}), || words.to_owned())
                .map(|()| ExitCode::SUCCESS);
        }
        Anew::Empty => (
            "nothing-to-publish",
            setting.say("Không có số liệu nào công bố được", "There is no number that can be published"),
        ),
        Anew::TellsOfFew => (
            "tells-of-few",
            setting.say(
                "So với trang đã công bố trong tháng, trang mới sẽ cho biết về dưới 5 người",
                "Together with what was published this month, the new page would tell of fewer than 5 people",
            ),
        ),
    };
    let hint = setting.say(
        "Đợi tháng sau, hoặc thử lại khi có nhiều thay đổi hơn.",
        "Wait for the next month, or until more has changed.",
    );
    Err(Failure { code, message: words.to_owned(), hint: hint.to_owned(), exit: 1 }.into())
}

/// A code of a record in the name of a file.
fn safe(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
