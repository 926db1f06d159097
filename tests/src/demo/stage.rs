//! Builds what a country has before its first card: the nation in its register, the PKI, a trust folder for those who
//! verify, and the register's service.

use crate::story_support::keep_as_founded;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cccd_population::person::Person;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::demo::counter::path;
use crate::programs::{Programs, Running};

/// Marks a folder as the demo's own, so that only such a folder is ever emptied.
const MARK: &str = "made-by-make-demo";

/// The folders and services of the demo.
#[derive(Debug)]
pub struct Stage {
    /// The project's programs.
    pub programs: Programs,
    /// The folder for everything.
    pub out: PathBuf,
    /// Keys, states and logs.
    pub work: PathBuf,
    /// The country's key store.
    pub keys: PathBuf,
    /// The PKI of a neighbour whose CSCA is trusted, too.
    pub foreign_keys: PathBuf,
    /// A PKI that calls itself Vietnam's, and that nobody trusts.
    pub forged_keys: PathBuf,
    /// Trust anchors, CRLs and the register's key.
    pub trust: PathBuf,
    /// The register's file.
    pub database: PathBuf,
    /// The judged time.
    pub now: Timestamp,
    /// When the PKI began: long enough ago for a card to have expired.
    pub founded: Timestamp,
}

impl Stage {
    /// Empties or makes the folder.
    ///
    /// # Errors
    /// If it holds something that is not the demo's.
    pub fn new(programs: Programs, out: &Path, now: Timestamp) -> Result<Self> {
        if out.exists() && !out.join(MARK).exists() && out.read_dir()?.next().is_some() {
            bail!("{} holds files that this demo did not make: choose another folder", out.display());
        }
        if out.exists() {
            std::fs::remove_dir_all(out)?;
        }
        let work = out.join("work");
        std::fs::create_dir_all(&work)?;
        std::fs::create_dir_all(out.join("reports"))?;
        std::fs::write(out.join(MARK), "The demo empties this folder when it starts.\n")?;
        Self::at(programs, out, now)
    }

    /// A folder that an earlier run made.
    ///
    /// # Errors
    /// If there is none.
    pub fn at(programs: Programs, out: &Path, now: Timestamp) -> Result<Self> {
        let out = out.canonicalize()?;
        let work = out.join("work").canonicalize()?;
        let founded = now.to_zoned(TimeZone::UTC).checked_sub(30.months())?.timestamp();
        Ok(Self {
            programs,
            keys: work.join("keys"),
            foreign_keys: work.join("keys-of-a-neighbour"),
            forged_keys: work.join("keys-of-a-forger"),
            trust: out.join("trust"),
            database: work.join("register.sqlite"),
            out,
            work,
            now,
            founded,
        })
    }

    /// The register as the programs' `--db` and `--register` take it.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.database.display())
    }

    /// Makes a PKI whose CSCA dates from `founded`, with a Document Signer of that day and one of today, and
    /// one for cards without expiry.
    ///
    /// # Errors
    /// If the `keys` program fails.
    pub fn pki(&self, directory: &Path, country: &str) -> Result<()> {
        let dir = path(directory)?;
        let founded = self.founded.to_string();
        let now = self.now.to_string();
        let keys = |arguments: &[&str]| self.programs.must("keys", arguments).map(drop);
        keys(&["init", "--dir", dir, "--country", country, "--at", &founded])?;
        keys(&["csca", "--dir", dir, "--at", &founded])?;
        keys(&["ds", "new", "--dir", dir, "--at", &founded])?;
        // Cards without expiry have an authority and a signer of their own.
        keys(&["csca", "--pool", "no-expiry", "--yes", "--dir", dir, "--at", &founded])?;
        // As it is now: later nothing is signed before the newest entry of its log.
        keep_as_founded(directory)?;
        keys(&["ds", "new", "--dir", dir, "--at", &now])?;
        keys(&["ds", "new", "--pool", "no-expiry", "--dir", dir, "--at", &now])?;
        keys(&["crl", "issue", "--dir", dir, "--at", &now])
    }

    /// Exports certificates, CRL and public keys of a PKI into a folder.
    ///
    /// # Errors
    /// If the `keys` program fails.
    pub fn export(&self, directory: &Path, to: &Path) -> Result<()> {
        self.programs.must("keys", &["export", "--dir", path(directory)?, "--out", path(to)?]).map(drop)
    }

    /// Adds another state's anchors and CRLs to the trust folder, as its operator would.
    ///
    /// # Errors
    /// If the `verifier` program fails.
    pub fn trust_too(&self, exported: &Path) -> Result<()> {
        let mut arguments = vec!["trust".to_owned(), "import".to_owned()];
        for folder in ["csca", "link", "crl"] {
            for entry in exported.join(folder).read_dir()? {
                arguments.push(path(&entry?.path())?.to_owned());
            }
        }
        arguments.extend(["--into".to_owned(), path(&self.trust)?.to_owned()]);
        self.programs.must("verifier", &arguments).map(drop)
    }

    /// Generates the nation, imports it into the register and answers the people in it.
    ///
    /// # Errors
    /// If the `population` program fails.
    pub fn nation(&self, people: usize, seed: u64) -> Result<Vec<Person>> {
        let file = self.work.join("nation.json");
        let (people, seed) = (people.to_string(), seed.to_string());
        let now = self.now.to_string();
        let population = |arguments: &[&str]| self.programs.must("population", arguments).map(drop);
        population(&["generate", "--people", &people, "--seed", &seed, "--out", path(&file)?, "--at", &now])?;
        population(&["init", "--db", &self.database_url()])?;
        self.import(&file)?;
        let text = std::fs::read_to_string(&file)?;
        text.lines()
            .map(|line| serde_json::from_str(line).context("a line of the nation is no person"))
            .collect()
    }

    /// Imports a file of persons into the register.
    ///
    /// # Errors
    /// If the `population` program fails.
    pub fn import(&self, file: &Path) -> Result<()> {
        let now = self.now.to_string();
        let db = self.database_url();
        self.programs.must("population", &["import", path(file)?, "--db", &db, "--at", &now]).map(drop)
    }

    /// Starts the register's service; answers its URL, the token file and the running process.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn serve(&self) -> Result<(String, PathBuf, Running)> {
        let ready = self.work.join("register.ready");
        let tokens = self.work.join("register.tokens");
        let log = self.work.join("register.log");
        let db = self.database_url();
        let arguments = [
            "serve",
            "--db",
            &db,
            "--keys",
            path(&self.keys)?,
            "--listen",
            "127.0.0.1:0",
            "--token-file",
            path(&tokens)?,
            "--ready-file",
            path(&ready)?,
        ];
        let running = self.programs.start("population", &arguments, &ready, &log)?;
        let url = std::fs::read_to_string(&ready)?.trim().to_owned();
        Ok((url, tokens, running))
    }
}
