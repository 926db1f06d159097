//! A case as data: JSON in `scripts/conformity/`, one file per unit.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use serde::Deserialize;

use super::abilities::Ability;
use super::checks::Check;
use super::session::{Alter, Run};
use super::tamper::Tamper;

/// Cases about one thing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name: the start of its cases' identifiers.
    pub unit: String,
    /// What it is about.
    pub title: String,
    /// Its cases.
    pub cases: Vec<Template>,
}

/// A case before it is expanded: one for each session and each file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its identifier.
    pub id: String,
    /// What it shows, in one sentence. `{file}` stands for the file's name.
    pub purpose: String,
    /// The clause it rests on.
    pub reference: String,
    /// What the card must offer.
    #[serde(default)]
    pub requires: Vec<Ability>,
    /// In which sessions it is run. The session is open, and the application selected, before the first step.
    #[serde(default = "plain")]
    pub sessions: Vec<SessionKind>,
    /// For which files it is run. `{FID}`, `{SFI}` (with bit 8) and `{TAG}` stand for theirs in commands and data.
    #[serde(default)]
    pub files: Vec<String>,
    /// A card that is not what it should be could be altered by it.
    #[serde(default)]
    pub writes: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

fn plain() -> Vec<SessionKind> {
    vec![SessionKind::Plain]
}

/// How the card is open when a case begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// After a reset, nothing selected.
    Plain,
    /// The application is selected, in clear.
    Selected,
    /// BAC.
    Bac,
    /// PACE with the card's CAN, or its MRZ.
    Pace,
}

impl SessionKind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Plain | Self::Selected => "",
            Self::Bac => "-BAC",
            Self::Pace => "-PACE",
        }
    }
}

/// One step: a command, a protocol, or a check of files' content.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows, where the case's purpose does not say it.
    pub name: Option<String>,
    /// A command in hexadecimal. Within a session it goes out protected, unless [`Step::plain`].
    pub command: Option<String>,
    /// A protocol to run.
    pub run: Option<Run>,
    /// One message of the protocol is altered; its answer is the step's.
    pub alter: Option<Alter>,
    /// A check of files' content.
    pub check: Option<Check>,
    /// Sent unprotected although a session is open.
    #[serde(default)]
    pub plain: bool,
    /// What is done to the protected command on its way.
    pub tamper: Option<Tamper>,
    /// How the answer must come. By default protected when the command was, and was not tampered with.
    pub answer: Option<Protection>,
    /// Status words that are right, in hexadecimal; `x` stands for any digit.
    #[serde(default)]
    pub status: Vec<String>,
    /// What the answer's data must start with, in hexadecimal.
    pub starts_with: Option<String>,
    /// How many bytes of data the answer must have.
    pub length: Option<usize>,
    /// How many it must have at least.
    pub min_length: Option<usize>,
    /// Keeps the answer's data under this name.
    pub remember: Option<String>,
    /// The answer's data must be those kept under this name.
    pub same_as: Option<String>,
    /// The answer's data must differ from those kept under this name.
    pub differs_from: Option<String>,
}

/// Whether an answer is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Under secure messaging.
    Protected,
    /// In clear, and without data.
    Plain,
}

/// A case to run.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its identifier.
    pub id: String,
    /// What it shows.
    pub purpose: String,
    /// The clause it rests on.
    pub reference: String,
    /// What the card must offer.
    pub requires: Vec<Ability>,
    /// The file it is about.
    pub file: Option<ElementaryFile>,
    /// How the card is open.
    pub session: SessionKind,
    /// It tries to write.
    pub writes: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Unit {
    /// All units of this crate.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn all() -> Result<Vec<Self>> {
        Self::load_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/conformity")))
    }

    /// All units of a folder, by file name.
    ///
    /// # Errors
    /// When one can't be read, there is none, or two cases have one identifier.
    pub fn load_folder(folder: &Path) -> Result<Vec<Self>> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .with_context(|| folder.display().to_string())?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        ensure!(!paths.is_empty(), "no cases in {}", folder.display());
        let units: Vec<Self> = paths.iter().map(|path| Self::load(path)).collect::<Result<_>>()?;
        let mut seen = std::collections::BTreeSet::new();
        for case in units.iter().flat_map(Self::expanded) {
            ensure!(seen.insert(case.id.clone()), "two cases are called {}", case.id);
        }
        Ok(units)
    }

    fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).with_context(|| path.display().to_string())?;
        let unit: Self = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        for case in &unit.cases {
            case.validate(&unit.unit).with_context(|| format!("{}, {}", path.display(), case.id))?;
        }
        Ok(unit)
    }

    /// Every case of the unit, for each of its sessions and files.
    pub fn expanded(&self) -> impl Iterator<Item = Case> + '_ {
        self.cases.iter().flat_map(Template::expanded)
    }
}

impl Template {
    fn validate(&self, unit: &str) -> Result<()> {
        ensure!(self.id.starts_with(&format!("{unit}_")), "its identifier does not name its unit");
        ensure!(!self.steps.is_empty() && !self.sessions.is_empty(), "nothing to do");
        for file in &self.files {
            file_named(file)?;
        }
        for step in &self.steps {
            let kinds = [step.command.is_some(), step.run.is_some(), step.check.is_some()];
            ensure!(
                kinds.into_iter().filter(|kind| *kind).count() == 1,
                "a step is a command, a protocol or a check"
            );
            ensure!(
                step.check.is_some() == step.status.is_empty(),
                "a step expects a status, a check does not"
            );
            ensure!(step.status.iter().all(|status| status.len() == 4), "a status word has four digits");
            ensure!(step.alter.is_none() || step.run.is_some(), "only a protocol's message is altered so");
            ensure!(step.tamper.is_none() || step.command.is_some(), "only a command is tampered with");
        }
        Ok(())
    }

    fn expanded(&self) -> Vec<Case> {
        let files: Vec<Option<ElementaryFile>> = if self.files.is_empty() {
            vec![None]
        } else {
            self.files.iter().filter_map(|name| file_named(name).ok()).map(Some).collect()
        };
        let mut cases = Vec::new();
        for file in files {
            for session in &self.sessions {
                cases.push(self.of(file, *session));
            }
        }
        cases
    }

    fn of(&self, file: Option<ElementaryFile>, session: SessionKind) -> Case {
        let name = file.map(ElementaryFile::name).unwrap_or_default();
        let fill = |text: &str| match file {
            None => text.to_owned(),
            Some(file) => text
                .replace("{file}", &name)
                .replace("{FID}", &format!("{:04X}", file.file_id().0))
                .replace("{SFI}", &format!("{:02X}", 0x80 | file.short_file_id().value()))
                .replace("{TAG}", &format!("{:02X}", file.tag().unwrap_or(0))),
        };
        let mut steps = self.steps.clone();
        for step in &mut steps {
            step.command = step.command.as_deref().map(fill);
            step.starts_with = step.starts_with.as_deref().map(fill);
        }
        let of_file = file.map(|_| format!("-{}", name.trim_start_matches("EF.").replace('/', "")));
        Case {
            id: format!("{}{}{}", self.id, of_file.unwrap_or_default(), session.suffix()),
            purpose: fill(&self.purpose),
            reference: self.reference.clone(),
            requires: self.requires.clone(),
            file,
            session,
            writes: self.writes,
            steps,
        }
    }
}

/// A file by the name that reports use.
///
/// # Errors
/// When there is no such file.
pub fn file_named(name: &str) -> Result<ElementaryFile> {
    let short = name.trim_start_matches("EF.");
    let file = match short {
        "ATR/INFO" => ElementaryFile::AtrInfo,
        "CardAccess" => ElementaryFile::CardAccess,
        "CardSecurity" => ElementaryFile::CardSecurity,
        "DIR" => ElementaryFile::Dir,
        "COM" => ElementaryFile::Com,
        "SOD" => ElementaryFile::Sod,
        _ => match short.strip_prefix("DG").and_then(|number| number.parse().ok()) {
            Some(number) => ElementaryFile::DataGroup(DataGroupNumber::new(number)?),
            None => bail!("no file is called {name}"),
        },
    };
    Ok(file)
}
