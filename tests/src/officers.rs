//! The officers of a station in the stories and the demo: one keeps the accounts, one takes applications in and
//! personalises, another approves. Each has a password in a file of their own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::programs::Programs;

/// The accounts of one ledger.
#[derive(Debug, Clone)]
pub struct Officers {
    ledger: PathBuf,
    folder: PathBuf,
}

/// Who takes applications in, personalises and hands over.
pub const CAPTURES: &str = "lan";
/// Who approves.
pub const APPROVES: &str = "minh";

impl Officers {
    /// Makes the accounts in a new ledger; the passwords go into `folder`.
    ///
    /// # Errors
    /// If the `issuer` program fails.
    pub fn hired(programs: &Programs, ledger: &Path, folder: &Path) -> Result<Self> {
        let officers = Self { ledger: ledger.to_owned(), folder: folder.to_owned() };
        for (name, password, roles) in [
            ("chief", "giữ sổ tài khoản", &["administrator"][..]),
            (CAPTURES, "thu nhận hồ sơ", &["capture", "personalise", "deliver"]),
            (APPROVES, "đọc lại từng chữ", &["approve"]),
        ] {
            officers.hire(programs, name, password, roles)?;
        }
        Ok(officers)
    }

    /// Makes one more account; the first of a ledger is made by nobody, the others by the administrator.
    ///
    /// # Errors
    /// If the `issuer` program fails.
    pub fn hire(&self, programs: &Programs, name: &str, password: &str, roles: &[&str]) -> Result<()> {
        let file = self.password_file(name);
        write_private(&file, password)?;
        let mut arguments = ["account", "add", "--json", "--name", name].map(str::to_owned).to_vec();
        arguments.extend(["--new-password-file".to_owned(), text(&file)?]);
        arguments.extend(roles.iter().flat_map(|role| ["--role".to_owned(), (*role).to_owned()]));
        if name == "chief" {
            arguments.extend(["--ledger".to_owned(), text(&self.ledger)?]);
        } else {
            arguments.extend(self.as_officer("chief")?);
        }
        programs.must("issuer", &arguments)?;
        Ok(())
    }

    fn password_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.password"))
    }

    /// `--ledger L --officer NAME --password-file F`.
    ///
    /// # Errors
    /// If a path is not Unicode.
    pub fn as_officer(&self, name: &str) -> Result<Vec<String>> {
        let password = text(&self.password_file(name))?;
        Ok(vec![
            "--ledger".to_owned(),
            text(&self.ledger)?,
            "--officer".to_owned(),
            name.to_owned(),
            "--password-file".to_owned(),
            password,
        ])
    }

    /// One officer takes the application in, another approves it; one that is further already is left as it is.
    ///
    /// # Errors
    /// If the `issuer` program refuses.
    pub fn approve(&self, programs: &Programs, application: &Path, register: &str, at: &str) -> Result<()> {
        let file = text(application)?;
        let mut receive = ["application", "receive", "--json", "--at", at, "--register", register]
            .map(str::to_owned)
            .to_vec();
        receive.extend(["--application".to_owned(), file.clone()]);
        receive.extend(self.as_officer(CAPTURES)?);
        let received = programs.must("issuer", &receive)?.json()?;
        if received["state"] != "captured" {
            return Ok(());
        }
        let mut approve = ["application", "approve", "--json", "--at", at].map(str::to_owned).to_vec();
        approve.extend(["--application".to_owned(), file]);
        approve.extend(self.as_officer(APPROVES)?);
        let approved = programs.must("issuer", &approve)?.json()?;
        ensure!(approved["approved_by"] == APPROVES, "{approved}");
        Ok(())
    }
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not Unicode", path.display()))
}

fn write_private(path: &Path, content: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path)?;
    Ok(file.write_all(content.as_bytes())?)
}
