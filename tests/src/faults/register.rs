//! The register's programs are killed, `kill -9`, at every system call by which data leaves them: while they import
//! persons, take acts, give numbers. Then the same command runs again, and the register must hold everything once.
//!
//! `strace` kills at the call that is asked for; where tracing is forbidden, the clock does, at even steps of an
//! undisturbed run.

mod acts;
mod import;
mod killer;
mod numbers;
mod restart;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cccd_population::generate::Nation;
use cccd_population::person::Person;
use cccd_population::store::{Change, Place, SqlStore, Store as _};
use jiff::Timestamp;

use self::killer::{Killer, Moment, Run};
use super::{Length, Outcome, Report};
use crate::postgres_server::Server;
use crate::programs::Programs;

/// People who are there before anything happens.
const TOWN: u64 = 200;

/// Kills of one campaign on one engine.
const KILLS: usize = 160;

/// Kills of imports that go on at their row, on one engine.
const RESTARTS: usize = 24;

/// A register, and where the files of a round lie.
pub(super) struct Desk {
    place: Place,
    folder: PathBuf,
    programs: Programs,
    now: Timestamp,
    town: Vec<Person>,
}

/// What is killed and judged. A round has facts of its own: nothing of an earlier one is touched again.
trait Campaign {
    /// What the table says.
    fn title(&self) -> &'static str;

    /// Writes the file of a round with about `size` facts, and answers the arguments that take it.
    fn prepare(&mut self, desk: &Desk, size: usize) -> Result<Vec<String>>;

    /// Judges what the killed run left, given what it had answered.
    fn after_kill(&mut self, desk: &Desk, store: &SqlStore, answered: &str) -> Result<Option<Outcome>>;

    /// Judges the register after the same command has run to its end.
    fn after_rerun(&mut self, desk: &Desk, store: &SqlStore, answered: &str) -> Result<Option<Outcome>>;

    /// Judges everything at the end of all rounds.
    fn at_the_end(&mut self, desk: &Desk, store: &SqlStore) -> Result<Option<Outcome>>;
}

/// All campaigns on both engines; on the second where its server is.
///
/// # Errors
/// If something could not be tried at all.
pub fn run(length: Length, now: Timestamp, report: &mut Report) -> Result<()> {
    let programs = Programs::beside_this_one()?;
    let killer = Killer::found();
    let kills = if length == Length::Long { KILLS * 6 } else { KILLS };
    let server = match Server::start(&["shared_buffers=64MB", "fsync=off"]) {
        Ok(server) => Some(server),
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => {
            anyhow::bail!("PostgreSQL is demanded: {reason}")
        }
        Err(reason) => {
            println!("faults of the register on PostgreSQL: skipped, {reason}");
            None
        }
    };
    for engine in ["SQLite", "PostgreSQL"] {
        let campaigns: [Box<dyn Campaign>; 3] = [
            Box::<import::Import>::default(),
            Box::<acts::Acts>::default(),
            Box::<numbers::Numbers>::default(),
        ];
        for mut campaign in campaigns {
            let folder = tempfile::tempdir()?;
            let place = match (engine, &server) {
                ("SQLite", _) => Place::file(&folder.path().join("register.db")),
                (_, Some(server)) => server.database().map_err(anyhow::Error::msg)?,
                _ => continue,
            };
            let desk = Desk::new(place, folder.path(), &programs, now)?;
            let title = format!("{} on {engine}, {}", campaign.title(), killer.how());
            report.begin(&title, kills);
            let calls = if engine == "SQLite" { killer::OF_FILES } else { killer::OF_SOCKETS };
            rounds(campaign.as_mut(), &desk, &killer, calls, kills, report)?;
            report.end(&title);
        }
        let folder = tempfile::tempdir()?;
        let place = match (engine, &server) {
            ("SQLite", _) => Place::file(&folder.path().join("register.db")),
            (_, Some(server)) => server.database().map_err(anyhow::Error::msg)?,
            _ => continue,
        };
        let desk = Desk::new(place, folder.path(), &programs, now)?;
        let restarts = kills * RESTARTS / KILLS;
        let title = format!("import that goes on at its row on {engine}, {}", killer.how());
        report.begin(&title, restarts);
        let calls = if engine == "SQLite" { killer::OF_FILES } else { killer::OF_SOCKETS };
        restart::run(&desk, &killer, calls, restarts, report)?;
        report.end(&title);
    }
    Ok(())
}

/// Every call of a kind, one after another, in files that grow until enough was killed.
fn rounds(
    campaign: &mut dyn Campaign,
    desk: &Desk,
    killer: &Killer,
    calls: &[&'static str],
    kills: usize,
    report: &mut Report,
) -> Result<()> {
    let mut done = 0;
    'sizes: for size in [1, 4, 16, 64, 256, 1_024] {
        for call in killer.kinds(calls) {
            for count in 1.. {
                if done == kills {
                    break 'sizes;
                }
                let arguments = campaign.prepare(desk, size)?;
                let moment = Moment { call, count };
                let run = killer.run(desk, &arguments, moment)?;
                if !run.killed {
                    anyhow::ensure!(
                        run.code == Some(0),
                        "{arguments:?} ended with {:?}: {}",
                        run.code,
                        run.errors
                    );
                }
                let mut outcome = judge(campaign, desk, &run, &arguments)?;
                if run.killed {
                    done += 1;
                    let outcome = outcome.take().unwrap_or_else(|| Outcome::good("the next run finished it"));
                    report.fault(count, call, outcome);
                } else {
                    // The moment lies behind the end: every one before it was tried.
                    if let Some(outcome) = outcome {
                        report.fault(count, call, outcome);
                    }
                    break;
                }
            }
        }
    }
    if let Some(outcome) = campaign.at_the_end(desk, &desk.open()?)? {
        report.fault(0, "at the end", outcome);
    }
    Ok(())
}

fn judge(
    campaign: &mut dyn Campaign,
    desk: &Desk,
    run: &Run,
    arguments: &[String],
) -> Result<Option<Outcome>> {
    let store = desk.open()?;
    store.check_integrity().context("after the kill")?;
    if let Some(outcome) = campaign.after_kill(desk, &store, &run.answered)? {
        return Ok(Some(outcome));
    }
    let again = desk.programs.run("population", arguments)?;
    anyhow::ensure!(again.code == 0, "the next run ended with {}: {}", again.code, again.stderr);
    store.check_integrity().context("after the next run")?;
    campaign.after_rerun(desk, &store, &again.stdout)
}

impl Desk {
    fn new(place: Place, folder: &Path, programs: &Programs, now: Timestamp) -> Result<Self> {
        let today = cccd_population::day_in_vietnam(now);
        let town: Vec<Person> = Nation::new(TOWN, 11, today).collect();
        let mut store = SqlStore::create(&place, now)?;
        store.put_persons(&town, &Change { source: "town".to_owned(), at: now })?;
        Ok(Self { place, folder: folder.to_owned(), programs: programs.clone(), now, town })
    }

    fn open(&self) -> Result<SqlStore> {
        Ok(SqlStore::open(&self.place)?)
    }

    /// The arguments of a command of the program, on this register, with a file of these lines.
    fn command(&self, words: &[&str], lines: &[String]) -> Result<Vec<String>> {
        let file = self.folder.join("round.jsonl");
        std::fs::write(&file, lines.concat())?;
        let (first, rest) = words.split_first().context("a command")?;
        let file = file.display().to_string();
        let secrets = self.folder.join("register.db").display().to_string();
        let place = match &self.place {
            Place::Sqlite(path) => format!("sqlite:{}", path.display()),
            Place::Postgres(server) => postgres_text(&server.config),
        };
        let at = self.now.to_string();
        let mut all = vec![(*first).to_owned()];
        all.extend(["--json", "--at", &at, "--db", &place, "--secrets", &secrets].map(str::to_owned));
        all.extend(rest.iter().map(|word| (*word).to_owned()));
        all.push(file);
        Ok(all)
    }
}

/// `postgres://tests@%2Ftmp…/register0`
pub(super) fn postgres_text(config: &postgres::Config) -> String {
    let folder = config.get_hosts().iter().find_map(|host| match host {
        postgres::config::Host::Unix(path) => Some(path.display().to_string().replace('/', "%2F")),
        postgres::config::Host::Tcp(_) => None,
    });
    let (user, database) = (config.get_user().unwrap_or_default(), config.get_dbname().unwrap_or_default());
    format!("postgres://{user}@{}/{database}", folder.unwrap_or_default())
}

/// The answers of a program: one JSON object a line, the torn last one left out.
fn answers(text: &str) -> Vec<serde_json::Value> {
    let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
    whole.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
