//! Where a register lies: `sqlite:FILE`, or `postgres://…`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::path::{Path, PathBuf};

use postgres::config::SslMode;

/// Where a register lies. Shown without the password.
#[derive(Clone)]
pub enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a `PostgreSQL` server.
    Postgres(Box<Server>),
}

/// A `PostgreSQL` server, or several of which one takes writes.
#[derive(Clone)]
pub struct Server {
    /// Hosts, user, database.
    pub config: postgres::Config,
    /// The certificates that count (`sslrootcert`): the line is encrypted, and the host's certificate leads to one of them.
    pub root: Option<PathBuf>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("root", &self.root).finish_non_exhaustive()
    }
}

impl From<postgres::Config> for Place {
    /// A server on this machine, or behind a tunnel that ends here: a line without encryption.
    fn from(config: postgres::Config) -> Self {
        Self::Postgres(Box::new(Server { config, root: None }))
    }
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
                server(text).map(|server| Self::Postgres(Box::new(server)))
            }
            _ => Err(BadPlace),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(server) => {
                let hosts = server.config.get_hosts().iter().map(|host| match host {
                    postgres::config::Host::Tcp(name) => name.clone(),
                    postgres::config::Host::Unix(path) => path.display().to_string(),
                });
                let hosts = hosts.collect::<Vec<_>>().join(",");
                let hosts = if hosts.is_empty() { "local" } else { &hosts };
                write!(f, "postgres://{hosts}/{}", server.config.get_dbname().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

/// `postgres://…` with the parameters of libpq, of which two are ours: `sslrootcert`, and `sslmode=verify-full`, which
/// `require` means too.
fn server(text: &str) -> Result<Server, BadPlace> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut kept, mut root, mut encrypted) = (Vec::new(), None, false);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslrootcert", path)) => root = Some(PathBuf::from(decoded(path)?)),
            Some(("sslmode", "require" | "verify-full")) => encrypted = true,
            _ => kept.push(pair),
        }
    }
    let mut config: postgres::Config =
        format!("{address}?{}", kept.join("&")).trim_end_matches('?').parse().map_err(|_| BadPlace)?;
    if encrypted || root.is_some() {
        config.ssl_mode(SslMode::Require);
    }
    // A machine that has gone says nothing: without limits one would wait for it for hours.
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(15));
    }
    Ok(Server { config, root })
}

/// `%2F` → `/`.
fn decoded(text: &str) -> Result<String, BadPlace> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        octets.extend_from_slice(before.as_bytes());
        let (digits, after) = after.split_at_checked(2).ok_or(BadPlace)?;
        octets.push(u8::from_str_radix(digits, 16).map_err(|_| BadPlace)?);
        rest = after;
    }
    octets.extend_from_slice(rest.as_bytes());
    String::from_utf8(octets).map_err(|_| BadPlace)
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
