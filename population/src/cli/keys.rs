//! `keys`: the keys of sealed items.

use std::process::ExitCode;

use cccd_population::register_key::{add_seal_key, seal_keys};
use cccd_population::store::Store as _;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Db, Setting, serve};

/// People sealed anew in one transaction.
const PAGE: u32 = 500;

#[derive(clap::Args, Debug)]
#[command(after_help = "A new key, in this order:
  population keys new-seal    --db sqlite:register.db     a new key seals from now on, the older ones still open
  (start the programs again that use the register)
  population keys rotate-seal --db sqlite:register.db     what lies under older keys, or plain, is sealed anew

rotate-seal may be stopped and started again at any time, while others read and write.")]
pub(super) struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand, Debug)]
enum KeysCommand {
    /// Name the keys of sealed items
    List(Db),
    /// Make a new key, which seals from now on
    NewSeal(Db),
    /// Seal anew what lies under older keys, or plain since an older version
    RotateSeal(Db),
}

impl Keys {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.command {
            KeysCommand::List(db) => tell(setting, &seal_keys(&db.secrets(setting)?)?),
            KeysCommand::NewSeal(db) => {
                tell(setting, &add_seal_key(&db.secrets(setting)?, &mut serve::randomness())?)
            }
            KeysCommand::RotateSeal(db) => rotate(setting, &db),
        }
    }
}

fn tell(setting: &Setting, keys: &cccd_population::seal::SealKeys) -> anyhow::Result<ExitCode> {
    let ids: Vec<String> = keys.ids().iter().map(ToString::to_string).collect();
    setting.answer(&json!({"seal_keys": ids, "seals": ids.last()}), || match ids.split_last() {
        None => setting.say("Không có khóa nào.", "There is no key.").to_owned(),
        Some((newest, older)) => {
            let mut lines: Vec<String> =
                older.iter().map(|id| format!("{id}  {}", setting.say("chỉ mở", "opens"))).collect();
            lines.push(format!("{newest}  {}", setting.say("mở và niêm phong", "opens and seals")));
            lines.join("\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn rotate(setting: &Setting, db: &Db) -> anyhow::Result<ExitCode> {
    let mut store = db.open()?;
    let bar = ProgressBar::new(store.person_count()?);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let (mut after, mut sealed, mut without_key) = (None, 0, 0);
    loop {
        let page = store.seal_anew(after.as_ref(), PAGE)?;
        sealed += page.sealed;
        without_key += page.without_key;
        bar.inc(u64::from(PAGE));
        let Some(last) = page.last else { break };
        after = Some(last);
    }
    bar.finish_and_clear();
    setting.answer(&json!({"sealed_anew": sealed, "without_key": without_key}), || {
        let mut words = format!("{} {sealed}", setting.say("Đã niêm phong lại:", "Sealed anew:"));
        if without_key > 0 {
            words.push_str(&format!(
                "\n{} {without_key}",
                setting.say("Còn dưới khóa không có ở đây:", "Still under keys that are not here:")
            ));
        }
        words
    })?;
    Ok(if without_key == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
