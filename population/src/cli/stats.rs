//! `stats`: counts on the terminal, and what is published of them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_population::statistics::page::page;
use cccd_population::statistics::publication::Publication;
use serde_json::json;

use super::data::whole_file;
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
}

impl Stats {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
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

/// A code of a record in the name of a file.
fn safe(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
