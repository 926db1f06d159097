//! A `PostgreSQL` server of one's own: made in a temporary folder, reached through a socket in it, gone with the
//! process that asked for it. The tests of the register and the benchmarks share this file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cccd_population::store::Place;

/// Where Debian has the server's programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A server. It ends when the pipe to its shell closes, which the end of this process does in any case.
pub(crate) struct Server {
    folder: PathBuf,
    shell: Child,
    pipe: Option<ChildStdin>,
    databases: AtomicU32,
    port: Option<u16>,
}

/// Makes a database cluster and serves it until standard input ends; then ends the server and clears away.
const SHELL: &str = r#"
set -eu
cd "$1"
"$2/initdb" -D data -U tests -A trust -E UTF8 --locale=C.UTF-8 --no-sync >init.log 2>&1
"$2/postgres" -D data -k "$1" -c listen_addresses= -c max_connections=50 -c unix_socket_permissions=0777 \
  $3 >server.log 2>&1 &
server=$!
cat >/dev/null || true
kill -INT $server 2>/dev/null || true
wait $server || true
rm -rf data
"#;

impl Server {
    /// Starts a server with settings such as `shared_buffers=64MB`; `Err` says why there is none.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn start(settings: &[&str]) -> Result<Self, String> {
        Self::start_with(settings, &[], None)
    }

    /// Starts a server that also listens on a free port of 127.0.0.1 and offers TLS with this certificate and key (PEM).
    ///
    /// # Errors
    /// A sentence.
    #[allow(dead_code, reason = "of the two that share this file, one needs it")]
    pub(crate) fn start_encrypted(certificate: &str, key: &str) -> Result<Self, String> {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        let of_port = format!("port={port}");
        // Relative to the folder of the data.
        let files = [("server.crt", certificate), ("server.key", key)];
        let settings = ["listen_addresses=127.0.0.1", &of_port, "ssl=on"];
        let named = ["ssl_cert_file=../server.crt", "ssl_key_file=../server.key"];
        Self::start_with(&[&settings[..], &named[..]].concat(), &files, Some(port))
    }

    /// The port of 127.0.0.1, if it listens there.
    #[allow(dead_code, reason = "of the two that share this file, one needs it")]
    pub(crate) fn port(&self) -> Option<u16> {
        self.port
    }

    fn start_with(settings: &[&str], files: &[(&str, &str)], port: Option<u16>) -> Result<Self, String> {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            return Err(format!("{PROGRAMS}/initdb is not there: apt-get install postgresql-15"));
        }
        let options: String = settings.iter().map(|setting| format!(" -c {setting}")).collect();
        let failed = |error: std::io::Error| error.to_string();
        let folder = tempfile::Builder::new().prefix("cccd-pg").tempdir().map_err(failed)?.keep();
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(failed)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        }
        let mut command = if is_root() {
            // The server refuses to run as root.
            let owned = Command::new("chown").args(["-R", "postgres"]).arg(&folder).status();
            if !owned.is_ok_and(|status| status.success()) {
                return Err("there is no user postgres".to_owned());
            }
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.arg("-c").arg(SHELL).arg("sh").arg(&folder).arg(PROGRAMS).arg(options);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = command.spawn().map_err(failed)?;
        let pipe = shell.stdin.take();
        let server = Self { folder, shell, pipe, databases: AtomicU32::new(0), port };
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if server.config("postgres").connect(postgres::NoTls).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the server did not come up: {}", server.folder.join("server.log").display()))
    }

    fn config(&self, database: &str) -> postgres::Config {
        let mut config = postgres::Config::new();
        config.host_path(&self.folder).user("tests").dbname(database).port(self.port.unwrap_or(5432));
        config
    }

    /// An empty database.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn database(&self) -> Result<Place, String> {
        let name = format!("register{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut client =
            self.config("postgres").connect(postgres::NoTls).map_err(|error| error.to_string())?;
        client.batch_execute(&format!("CREATE DATABASE {name}")).map_err(|error| error.to_string())?;
        Ok(Place::from(self.config(&name)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.shell.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"0"))
}
