//! Two `PostgreSQL` servers of one's own: a primary, and a replica without which no commit is acknowledged. The primary can be
//! killed and the replica promoted. The tests of the register and `make nation` share this file.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use cccd_population::store::Place;

/// Where Debian has the server's programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// The names of the two sockets in one folder.
const PORTS: [u16; 2] = [5432, 5433];

/// Both servers; they end when the pipe to their shell closes, which the end of this process does in any case.
pub(crate) struct Pair {
    folder: PathBuf,
    shell: Child,
    pipe: Option<ChildStdin>,
}

/// Makes a primary, copies it into a replica that streams from it, and serves both until standard input ends.
const SHELL: &str = r#"
set -eu
cd "$1"
"$2/initdb" -D one -U tests -A trust -E UTF8 --locale=C.UTF-8 --data-checksums --no-sync >init.log 2>&1
serve() {
  exec "$2/postgres" -D "$3" -p "$4" -k "$1" -c listen_addresses= -c max_connections=50 -c shared_buffers=64MB \
    -c max_wal_size=4GB -c unix_socket_permissions=0777 -c hot_standby=on $5 >"$3.log" 2>&1
}
(serve "$1" "$2" one 5432 "-c synchronous_standby_names=*") &
one=$!
# Until the replica is there, commits must not wait for it.
for _ in $(seq 300); do "$2/pg_isready" -q -h "$1" -p 5432 && break; sleep 0.1; done
"$2/pg_basebackup" -D two -h "$1" -p 5432 -U tests -X stream -c fast -R --no-sync >copy.log 2>&1
(serve "$1" "$2" two 5433 "") &
two=$!
cat >/dev/null || true
kill -INT $one $two 2>/dev/null || true
wait $one $two || true
rm -rf one two
"#;

impl Pair {
    /// Starts both and waits until the replica holds what the primary holds; `Err` says why there are none.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn start() -> Result<Self, String> {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            return Err(format!("{PROGRAMS}/initdb is not there: apt-get install postgresql-15"));
        }
        let failed = |error: std::io::Error| error.to_string();
        let folder = tempfile::Builder::new().prefix("cccd-pair").tempdir().map_err(failed)?.keep();
        let mut command = if is_root() {
            // The server refuses to run as root.
            let owned = Command::new("chown").arg("postgres").arg(&folder).status();
            if !owned.is_ok_and(|status| status.success()) {
                return Err("there is no user postgres".to_owned());
            }
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.arg("-c").arg(SHELL).arg("sh").arg(&folder).arg(PROGRAMS);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = command.spawn().map_err(failed)?;
        let pipe = shell.stdin.take();
        let pair = Self { folder, shell, pipe };
        pair.wait_for(0, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")?;
        pair.client(0, "postgres")?
            .batch_execute("CREATE DATABASE register")
            .map_err(|error| error.to_string())?;
        Ok(pair)
    }

    /// The database as programs name it: both hosts, of which they want the one that takes writes.
    pub(crate) fn place(&self) -> Result<Place, String> {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        let [one, two] = PORTS;
        format!("postgres://tests@{folder}:{one},{folder}:{two}/register?target_session_attrs=read-write")
            .parse()
            .map_err(|_| "the place of the pair".to_owned())
    }

    /// The replica alone, which only answers questions.
    #[allow(dead_code, reason = "of the two that share this file, one needs it")]
    pub(crate) fn replica(&self) -> Place {
        Place::from(self.config(1, "register"))
    }

    /// `kill -9` for the primary and all its processes at once, as when a machine loses power.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn kill_primary(&self) -> Result<(), String> {
        let file = self.folder.join("one/postmaster.pid");
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let first = text.lines().next().unwrap_or_default().to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &first]).output();
        let children =
            String::from_utf8_lossy(&children.map_err(|error| error.to_string())?.stdout).into_owned();
        let killed = Command::new("kill").arg("-9").arg(&first).args(children.split_whitespace()).output();
        match killed {
            Ok(_) if self.client(0, "postgres").is_err() => Ok(()),
            Ok(_) => Err("the primary is still there".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Makes the replica the primary, and waits until it takes writes.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn promote(&self) -> Result<(), String> {
        self.client(1, "postgres")?
            .batch_execute("SELECT pg_promote(true, 60)")
            .map_err(|error| error.to_string())?;
        self.wait_for(1, "SELECT 1 WHERE NOT pg_is_in_recovery()")
    }

    fn config(&self, which: usize, database: &str) -> postgres::Config {
        let mut config = postgres::Config::new();
        config.host_path(&self.folder).user("tests").dbname(database);
        config.port(PORTS.get(which).copied().unwrap_or_default());
        config
    }

    fn client(&self, which: usize, database: &str) -> Result<postgres::Client, String> {
        self.config(which, database).connect(postgres::NoTls).map_err(|error| error.to_string())
    }

    fn wait_for(&self, which: usize, sql: &str) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(90);
        while Instant::now() < deadline {
            let rows = self.client(which, "postgres").ok().and_then(|mut client| client.query(sql, &[]).ok());
            if rows.is_some_and(|rows| !rows.is_empty()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the servers of {} do not come: {sql}", self.folder.display()))
    }
}

impl Drop for Pair {
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
