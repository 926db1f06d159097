//! Officers at the desk, over HTTP as a browser speaks, who remember the form that they sent last; and the desk itself, as a child
//! process under `strace`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::injector::{self, Fault};

/// How long a desk may take to open, and a card to be made.
const PATIENCE: Duration = Duration::from_secs(120);

/// A desk that is served; killed when it is dropped, as by a power cut.
#[derive(Debug)]
pub(super) struct Served {
    child: Child,
    address: String,
    trace: Option<PathBuf>,
}

impl Served {
    /// Starts it, perhaps with calls counted or a fault in one. One that dies while it opens is answered as it is: dead.
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        folder: &Path,
        watched: Option<(&[&'static str], Option<Fault>)>,
    ) -> Result<Self> {
        let (ready, trace) = (folder.join("desk.ready"), folder.join("desk.trace"));
        for old in [&ready, &trace] {
            let _ = std::fs::remove_file(old);
        }
        let mut command = match watched {
            // The desk is our child, and strace its watcher beside it.
            Some((kinds, fault)) => {
                let mut command = Command::new("strace");
                command.args(["-D", "-f", "-qq", "-o"]).arg(&trace).args(injector::watching(kinds, fault));
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        let log = std::fs::File::create(folder.join("desk.log"))?;
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("the desk")?;
        let mut served = Self { child, address: String::new(), trace: watched.map(|_| trace) };
        let deadline = Instant::now() + PATIENCE;
        while served.address.is_empty() && !served.is_dead() {
            ensure!(Instant::now() < deadline, "the desk never opens");
            if let Ok(url) = std::fs::read_to_string(&ready)
                && url.ends_with('/')
            {
                served.address = url.trim_end_matches('/').to_owned();
            } else {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(served)
    }

    pub(super) fn is_dead(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether it is dead, or will be in a moment: its connections end before it does.
    pub(super) fn dies(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(3);
        while !self.is_dead() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.is_dead()
    }

    /// Ends it; how many calls of each kind it made.
    pub(super) fn end(mut self, kinds: &[&'static str]) -> Result<BTreeMap<&'static str, usize>> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let trace = self.trace.take().context("nobody counted")?;
        // The watcher writes until it has seen the last thread end.
        let deadline = Instant::now() + PATIENCE;
        let last = format!("{} ", self.child.id());
        loop {
            let text = std::fs::read_to_string(&trace)?;
            let ended = text.lines().any(|line| line.starts_with(&last) && line.contains("+++"));
            if ended {
                return Ok(injector::counted(&text, kinds));
            }
            ensure!(Instant::now() < deadline, "strace does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the desk answered.
#[derive(Debug, Default)]
struct Page {
    status: u16,
    location: String,
    session: Option<String>,
    body: String,
}

impl Page {
    /// The value of a hidden field, the first of this name.
    fn hidden(&self, name: &str) -> Option<String> {
        let rest = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    }

    /// In the desk's own words.
    fn said(&self) -> String {
        let what = self.body.split("<p class=\"what\">").nth(1).and_then(|rest| rest.split('<').next());
        format!("{} {}", self.status, what.unwrap_or_default())
    }
}

/// The officers' sessions, and the form that was sent last.
#[derive(Debug, Default, Clone)]
pub(super) struct Visitor {
    sessions: BTreeMap<String, String>,
    sent: Option<Vec<(&'static str, String)>>,
}

/// What is sent: of which kind, and the octets.
type Body = (&'static str, Vec<u8>);

impl Visitor {
    /// One request, on a connection of its own.
    fn ask(&self, served: &Served, officer: &str, path: &str, body: Option<Body>) -> Result<Page> {
        ensure!(!served.address.is_empty(), "the desk is not open");
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        let agent = ureq::Agent::from(config);
        let url = format!("{}{}", served.address, path.split('#').next().unwrap_or_default());
        let cookie = self.sessions.get(officer).map(|session| format!("desk={session}")).unwrap_or_default();
        let mut answer = match body {
            None => agent.get(url).header("cookie", cookie).call()?,
            Some((kind, octets)) => {
                agent.post(url).header("cookie", cookie).header("content-type", kind).send(&octets[..])?
            }
        };
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned).unwrap_or_default()
        };
        let session = header("set-cookie");
        let session =
            session.strip_prefix("desk=").and_then(|rest| rest.split(';').next()).map(str::to_owned);
        let (status, location) = (answer.status().as_u16(), header("location"));
        Ok(Page { status, location, session, body: answer.body_mut().read_to_string()? })
    }

    pub(super) fn log_in(&mut self, served: &Served, name: &str, password: &str) -> Result<()> {
        let fields = [("name", name), ("password", password)];
        let page = self.ask(served, name, "/login", Some(form(&fields)))?;
        ensure!(page.status == 303, "{name} cannot log in: {}", page.said());
        self.sessions.insert(name.to_owned(), page.session.context("no session")?);
        Ok(())
    }

    /// From look-up to capture. What a visit holds is gone with the desk: it is looked up anew, and what was captured is found.
    pub(super) fn capture(&mut self, served: &Served, number: &str, portrait: &[u8]) -> Result<()> {
        let lan = "lan";
        let mark = self.ask(served, lan, "/", None)?.hidden("mark").context("no mark")?;
        let found = self.ask(served, lan, "/look-up", Some(form(&[("mark", &mark), ("q", number)])))?;
        ensure!(found.status == 303, "the look-up: {}", found.said());
        if found.location.starts_with("/applications/") {
            return Ok(());
        }
        let visit = found.location;
        let parts: [(&str, bool, &[u8]); 2] =
            [("mark", false, mark.as_bytes()), ("portrait", true, portrait)];
        let looked = self.ask(served, lan, &format!("{visit}/portrait"), Some(with_files(&parts)))?;
        ensure!(looked.status == 303, "the portrait: {}", looked.said());
        let captured = self.ask(served, lan, &format!("{visit}/capture"), Some(form(&[("mark", &mark)])))?;
        ensure!(captured.status == 303, "the capture: {}", captured.said());
        Ok(())
    }

    /// Opens a page and sends a form of it; or once more the form that was sent before and not answered.
    pub(super) fn send_form(
        &mut self,
        served: &Served,
        officer: &str,
        page: &str,
        action: &str,
        fields: &[(&'static str, &str)],
    ) -> Result<()> {
        let hidden = match self.sent.take() {
            Some(hidden) => hidden,
            None => {
                let shown = self.ask(served, officer, page, None)?;
                ensure!(shown.status == 200, "{page}: {}", shown.said());
                let names = ["mark", "request", "captured"].into_iter();
                names.filter_map(|name| Some((name, shown.hidden(name)?))).collect()
            }
        };
        self.sent = Some(hidden.clone());
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        // The stock's forms may carry files, and are sent as such.
        let body = if page == "/stock" {
            let parts: Vec<_> = all.iter().map(|(name, value)| (*name, false, value.as_bytes())).collect();
            with_files(&parts)
        } else {
            form(&all)
        };
        let answer = self.ask(served, officer, &format!("{page}{action}"), Some(body))?;
        ensure!(answer.status == 303, "the form of {page}{action}, sent again: {}", answer.said());
        Ok(())
    }

    /// Looks again until the page says this.
    pub(super) fn until(&self, served: &Served, officer: &str, page: &str, text: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.ask(served, officer, page, None)?;
            if shown.body.contains(text) {
                return Ok(());
            }
            ensure!(!shown.body.contains("notice bad"), "{page}: {}", shown.said());
            ensure!(Instant::now() < deadline, "{page} never says {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The page of the card that was made.
    pub(super) fn card(&self, served: &Served) -> Result<String> {
        let shown = self.ask(served, "minh", "/applications/1", None)?;
        let digest = shown.body.split("href=\"/cards/").nth(1).and_then(|rest| rest.split('"').next());
        Ok(format!("/cards/{}", digest.context("no card")?))
    }
}

/// A form as browsers send it.
fn form(fields: &[(&str, &str)]) -> Body {
    let encoded = |text: &str| -> String {
        let each = text.bytes().map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        });
        each.collect()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    ("application/x-www-form-urlencoded", pairs.join("&").into_bytes())
}

/// A form with files; the hidden field comes first. Each part: its name, whether it is a file, what it holds.
fn with_files(parts: &[(&str, bool, &[u8])]) -> Body {
    let mut body = Vec::new();
    for (name, is_file, content) in parts {
        let file = if *is_file { "; filename=\"file\"" } else { "" };
        body.extend(
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge", body)
}
