//! A server of `PostgreSQL` whose databases are copied as the house's folder is.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use cccd_population::store::Place;
use postgres::{Client, Config, NoTls};

use super::super::register::postgres_text;
use crate::postgres_server::Server;

/// Which of a house's two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Ledger,
    Register,
}

/// The server.
pub(super) struct Bank {
    config: Config,
    admin: Mutex<Client>,
    /// It ends with the last house.
    _server: Server,
}

impl std::fmt::Debug for Bank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bank").finish_non_exhaustive()
    }
}

impl Bank {
    /// Starts a server; a sentence where there is none.
    pub(super) fn open() -> Result<Result<Self, String>> {
        let server = match Server::start(&["shared_buffers=64MB", "fsync=off"]) {
            Ok(server) => server,
            Err(reason) => return Ok(Err(reason)),
        };
        let Place::Postgres(first) = server.database().map_err(anyhow::Error::msg)? else {
            anyhow::bail!("a server without a database")
        };
        let config = first.config.clone();
        let admin = Mutex::new(config.clone().dbname("postgres").connect(NoTls)?);
        Ok(Ok(Self { config, admin, _server: server }))
    }

    /// The database of the house in this folder: both are named alike.
    fn name(folder: &Path, which: Which) -> Result<String> {
        let folder = folder.file_name().and_then(|name| name.to_str()).context("a folder without a name")?;
        let which = match which {
            Which::Ledger => "ledger",
            Which::Register => "persons",
        };
        Ok(format!("{which}_{}", folder.replace('-', "_")))
    }

    pub(super) fn config(&self, folder: &Path, which: Which) -> Result<Config> {
        let mut config = self.config.clone();
        config.dbname(&Self::name(folder, which)?);
        Ok(config)
    }

    /// As a command line says it.
    pub(super) fn address(&self, folder: &Path, which: Which) -> Result<String> {
        Ok(postgres_text(&self.config(folder, which)?))
    }

    fn administer(&self, sql: &str) -> Result<()> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        admin.batch_execute(sql).with_context(|| sql.to_owned())
    }

    /// Both databases of a house, empty.
    pub(super) fn found(&self, folder: &Path) -> Result<()> {
        for which in [Which::Ledger, Which::Register] {
            self.administer(&format!("CREATE DATABASE {}", Self::name(folder, which)?))?;
        }
        Ok(())
    }

    /// Both databases of a house as those of another. Whoever is still connected is thrown out.
    pub(super) fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        for which in [Which::Ledger, Which::Register] {
            let (from, to) = (Self::name(from, which)?, Self::name(to, which)?);
            self.administer(&format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)"))?;
            // A killed client's session ends a moment after it.
            self.administer(&format!(
                "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = '{from}'"
            ))?;
            self.administer(&format!("CREATE DATABASE {to} TEMPLATE {from}"))?;
        }
        Ok(())
    }
}
