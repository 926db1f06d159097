//! `SoftHSM2` for tests: tokens in a folder of their own.
//!
//! The module reads its configuration from the environment when it starts, and a process that runs cannot change its
//! own environment safely. So a test runs itself again in a child whose environment names the folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the folder, in the child.
const FOLDER_ENV: &str = "CCCD_SOFTHSM_FOLDER";

/// When set, a machine without `SoftHSM2` is a failure and not a reason to skip.
const DEMAND_ENV: &str = "CCCD_DEMAND_SOFTHSM";

/// Where Debian and others put it.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

/// A folder with tokens.
#[derive(Debug)]
pub struct SoftHsm {
    folder: PathBuf,
    module: PathBuf,
}

impl SoftHsm {
    /// The PIN of every token made here.
    pub const PIN: &'static str = "4711-laboratory";

    /// Makes the configuration in a folder. `None` where `SoftHSM2` is not installed.
    ///
    /// # Errors
    /// Not installed though `CCCD_DEMAND_SOFTHSM` demands it; a folder that cannot be written.
    pub fn in_folder(folder: &Path) -> Result<Option<Self>, String> {
        let Some(module) = MODULES.iter().map(PathBuf::from).find(|path| path.exists()) else {
            return if std::env::var_os(DEMAND_ENV).is_some() {
                Err("SoftHSM2 is demanded and not installed".to_owned())
            } else {
                Ok(None)
            };
        };
        let hsm = Self { folder: folder.to_owned(), module };
        let conf = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            hsm.tokens().display()
        );
        std::fs::create_dir_all(hsm.tokens())
            .and_then(|()| std::fs::write(hsm.configuration(), conf))
            .and_then(|()| std::fs::write(hsm.pin_file(), Self::PIN))
            .map_err(|error| error.to_string())?;
        Ok(Some(hsm))
    }

    /// Runs a test in a child that has this folder: in the child the body runs, in the parent the child is started and
    /// waited for. `name` is the test's own path, as the harness prints it.
    ///
    /// # Errors
    /// The child failed; with its output.
    pub fn story(name: &str, folder: &Path, body: impl FnOnce(&Self)) -> Result<(), String> {
        if let Some(folder) = std::env::var_os(FOLDER_ENV) {
            let hsm = Self::in_folder(Path::new(&folder))?.ok_or("SoftHSM2 went away")?;
            body(&hsm);
            return Ok(());
        }
        let Some(hsm) = Self::in_folder(folder)? else {
            println!("{name}: skipped, SoftHSM2 is not installed");
            return Ok(());
        };
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = hsm
            .environment(Command::new(program).args(["--exact", name, "--nocapture"]))
            .env(FOLDER_ENV, folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let ran = text.contains("1 passed");
        if output.status.success() && ran {
            print!("{text}");
            Ok(())
        } else {
            Err(format!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// Gives a command the environment in which the module finds this folder.
    pub fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("SOFTHSM2_CONF", self.configuration())
    }

    /// Makes a token.
    ///
    /// # Errors
    /// What its tool says.
    pub fn make_token(&self, label: &str) -> Result<(), String> {
        let mut command = Command::new("softhsm2-util");
        command.args(["--init-token", "--free", "--label", label, "--so-pin", "so-laboratory"]);
        let output = self
            .environment(command.args(["--pin", Self::PIN]))
            .output()
            .map_err(|error| format!("softhsm2-util: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The module.
    #[must_use]
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// The folder of the tokens: move it away, and the tokens are gone.
    #[must_use]
    pub fn tokens(&self) -> PathBuf {
        self.folder.join("tokens")
    }

    /// A file with the PIN.
    #[must_use]
    pub fn pin_file(&self) -> PathBuf {
        self.folder.join("pin")
    }

    /// What `SOFTHSM2_CONF` names.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }
}
