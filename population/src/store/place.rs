//! Where a register lies: `sqlite:FILE`, or `postgres://…`.

use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

/// Where a register lies. Shown without the password.
#[derive(Clone)]
pub enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a `PostgreSQL` server.
    Postgres(Box<postgres::Config>),
}

/// Text that names no place. The text is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write sqlite:FILE or postgres://USER@HOST/DATABASE")]
pub struct BadPlace;

impl Place {
    /// A file of `SQLite`.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }

    /// The file beside which the register's own keys lie; a server's register has none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl FromStr for Place {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => {
                text.parse().map(|config| Self::Postgres(Box::new(config))).map_err(|_| BadPlace)
            }
            _ => Err(BadPlace),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(config) => {
                let host = config.get_hosts().first().map_or("local".to_owned(), |host| match host {
                    postgres::config::Host::Tcp(name) => name.clone(),
                    postgres::config::Host::Unix(path) => path.display().to_string(),
                });
                write!(f, "postgres://{host}/{}", config.get_dbname().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

/// Whether every host is this machine: a socket, or a loopback address.
pub(super) fn is_here(config: &postgres::Config) -> bool {
    let addresses = config.get_hostaddrs();
    let named = config.get_hosts().iter().all(|host| match host {
        postgres::config::Host::Unix(_) => true,
        postgres::config::Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    });
    if addresses.is_empty() { named } else { addresses.iter().all(core::net::IpAddr::is_loopback) }
}
