//! A browser, driven over `WebDriver` (W3C): just what the walk needs.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// How long something on a page may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `WebDriver` calls an element (W3C `WebDriver` §11.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The key Enter (W3C `WebDriver` §17.4.2).
pub const ENTER: &str = "\u{E007}";

/// The key Tab.
pub const TAB: &str = "\u{E004}";

/// The space bar.
pub const SPACE: &str = " ";

/// The arrow key down.
pub const DOWN: &str = "\u{E015}";

/// Stops of the key Tab after which an element is said to be out of its reach.
const STOPS: u32 = 150;

/// Where the focus is and whether somebody sees it: an outline of three pixels or more, within the window.
const FOCUS: &str = "const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
    const outlined = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 3;
    const name = e.tagName + (e.id ? '#' + e.id : '') + ' ' + (e.textContent || e.name || '').trim().slice(0, 40)
      + ` (${s.outlineStyle} ${s.outlineWidth}, ${r.top} to ${r.bottom} of ${innerHeight}, ${document.readyState})`;
    return [e.matches(arguments[0]), e === document.body || (outlined && r.bottom > 0 && r.top < innerHeight), name];";

/// chromedriver, running. Ends when dropped.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts chromedriver on a free port.
    ///
    /// # Errors
    /// If it is not installed or does not answer.
    pub fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver cannot be started: install chromium and chromium-driver")?;
        let driver = Self { child, port };
        let deadline = Instant::now() + PATIENCE;
        while driver.ask("GET", "/status", None).is_err() {
            if Instant::now() > deadline {
                bail!("chromedriver does not answer");
            }
            sleep(Duration::from_millis(50));
        }
        Ok(driver)
    }

    /// Opens a browser of its own: no cookies of another, and no camera.
    ///
    /// # Errors
    /// If Chromium does not start.
    pub fn browser(&self) -> Result<Browser<'_>> {
        self.browser_with(&[])
    }

    /// A browser whose machine has a camera that sees this film (Motion JPEG), and an officer who lets it be used.
    ///
    /// # Errors
    /// If Chromium does not start.
    pub fn browser_with_camera(&self, film: &Path) -> Result<Browser<'_>> {
        self.browser_with(&[
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            &format!("--use-file-for-fake-video-capture={}", film.display()),
        ])
    }

    fn browser_with(&self, more: &[&str]) -> Result<Browser<'_>> {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,1000",
            "--force-device-scale-factor=1",
        ];
        let arguments = [&arguments, more].concat();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
        }}});
        let answer = self.ask("POST", "/session", Some(&wanted))?;
        let id = answer["sessionId"].as_str().context("no session")?.to_owned();
        let browser = Browser { driver: self, id };
        // No window manager gives a headless window the focus; without it no focus is drawn where a page puts it by itself.
        let command = json!({"cmd": "Emulation.setFocusEmulationEnabled", "params": {"enabled": true}});
        browser.ask("POST", "goog/cdp/execute", Some(&command))?;
        Ok(browser)
    }

    /// One command; a plain connection each, as chromedriver serves one at a time.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body
            .map_or_else(|| if method == "POST" { "{}".to_owned() } else { String::new() }, Value::to_string);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut head = Vec::new();
        let mut octet = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut octet)?;
            head.extend(octet);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length:")).context("no length")?;
        let mut content = vec![0; length.trim().parse()?];
        stream.read_exact(&mut content)?;
        let answer: Value = serde_json::from_slice(&content)?;
        let value = answer["value"].clone();
        if let Some(error) = value["error"].as_str() {
            bail!(
                "{error}: {}",
                value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default()
            );
        }
        Ok(value)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One browser. Ends when dropped.
#[derive(Debug)]
pub struct Browser<'a> {
    driver: &'a Driver,
    id: String,
}

impl Browser<'_> {
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.driver
            .ask(method, &format!("/session/{}/{path}", self.id), body)
            .with_context(|| path.to_owned())
    }

    /// Opens an address.
    ///
    /// # Errors
    /// If the browser cannot.
    pub fn open(&self, url: &str) -> Result<()> {
        self.ask("POST", "url", Some(&json!({"url": url}))).map(drop)
    }

    /// Where it is.
    ///
    /// # Errors
    /// If the browser cannot say.
    pub fn url(&self) -> Result<String> {
        Ok(self.ask("GET", "url", None)?.as_str().unwrap_or_default().to_owned())
    }

    /// Back, as by the button.
    ///
    /// # Errors
    /// If the browser cannot.
    pub fn back(&self) -> Result<()> {
        self.ask("POST", "back", None).map(drop)
    }

    fn element(&self, css: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.ask("POST", "element", Some(&json!({"using": "css selector", "value": css})));
            match found {
                Ok(value) => return Ok(value[ELEMENT].as_str().context("no element")?.to_owned()),
                Err(error) if Instant::now() > deadline => {
                    // What the page says instead tells more than that something is missing.
                    let said = self.run("return document.body.innerText.slice(0, 400);", &[]);
                    return Err(error).with_context(|| {
                        format!("{css} at {}: {}", self.url().unwrap_or_default(), said.unwrap_or_default())
                    });
                }
                Err(_) => sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Asks something of an element. A page may be replaced between finding and asking: then it is found again.
    fn of(&self, css: &str, method: &str, what: &str, said: Option<&Value>) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let element = self.element(css)?;
            match self.ask(method, &format!("element/{element}/{what}"), said) {
                Err(error) if format!("{error:#}").contains("stale element") && Instant::now() < deadline => {
                }
                answer => return answer.with_context(|| css.to_owned()),
            }
        }
    }

    /// Waits until an element is there.
    ///
    /// # Errors
    /// If it does not come.
    pub fn wait(&self, css: &str) -> Result<()> {
        self.element(css).map(drop)
    }

    /// Clicks on an element.
    ///
    /// # Errors
    /// If it is not there.
    pub fn click(&self, css: &str) -> Result<()> {
        self.of(css, "POST", "click", None).map(drop)
    }

    /// Types into an element, or names a file to it.
    ///
    /// # Errors
    /// If it is not there.
    pub fn type_into(&self, css: &str, text: &str) -> Result<()> {
        self.of(css, "POST", "value", Some(&json!({"text": text}))).map(drop)
    }

    /// Types where the cursor is.
    ///
    /// # Errors
    /// If nothing has the focus.
    pub fn type_here(&self, text: &str) -> Result<()> {
        let active = self.ask("GET", "element/active", None)?;
        let element = active[ELEMENT].as_str().context("nothing has the focus")?.to_owned();
        self.ask("POST", &format!("element/{element}/value"), Some(&json!({"text": text}))).map(drop)
    }

    /// Presses one key.
    ///
    /// # Errors
    /// If the browser cannot.
    pub fn press(&self, key: &str) -> Result<()> {
        let strokes = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let keyboard = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.ask("POST", "actions", Some(&keyboard)).map(drop)
    }

    /// Presses Tab until this element has the focus. At every stop the focus must be seen.
    ///
    /// # Errors
    /// If it is out of the keyboard's reach, or the focus cannot be seen somewhere on the way.
    pub fn reach(&self, css: &str) -> Result<()> {
        self.wait(css)?;
        for _ in 0..STOPS {
            let told = self.run(FOCUS, &[json!(css)])?;
            if told[1] != Value::Bool(true) {
                bail!("the focus on {} at {} is not seen", told[2], self.url()?);
            }
            if told[0] == Value::Bool(true) {
                return Ok(());
            }
            self.press(TAB)?;
        }
        bail!("{css} at {} is out of the keyboard's reach", self.url()?)
    }

    /// Goes to an element by Tab, and presses a key there.
    ///
    /// # Errors
    /// As [`reach`](Self::reach).
    pub fn press_on(&self, css: &str, key: &str) -> Result<()> {
        self.reach(css)?;
        self.press(key)
    }

    /// Goes to a field by Tab, and types.
    ///
    /// # Errors
    /// As [`reach`](Self::reach).
    pub fn fill(&self, css: &str, text: &str) -> Result<()> {
        self.reach(css)?;
        self.type_here(text)
    }

    /// Goes to a list of choices by Tab, and down to this value.
    ///
    /// # Errors
    /// If it does not offer it.
    pub fn choose(&self, css: &str, value: &str) -> Result<()> {
        self.reach(css)?;
        for _ in 0..STOPS {
            if self.run("return document.activeElement.value === arguments[0];", &[json!(value)])?
                == Value::Bool(true)
            {
                return Ok(());
            }
            self.press(DOWN)?;
        }
        bail!("{css} at {} does not offer {value}", self.url()?)
    }

    /// The text of an element.
    ///
    /// # Errors
    /// If it is not there.
    pub fn text(&self, css: &str) -> Result<String> {
        let text = self.of(css, "GET", "text", None)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the text of an element holds this.
    ///
    /// # Errors
    /// If it does not come.
    pub fn wait_for(&self, css: &str, wanted: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text(css).unwrap_or_default();
            if text.contains(wanted) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{css} at {} never says \u{201c}{wanted}\u{201d}: {text}", self.url()?);
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Runs a function body in the page and answers what it returns.
    ///
    /// # Errors
    /// If it throws.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.ask("POST", "execute/sync", Some(&json!({"script": script, "args": arguments})))
    }

    /// Runs a function body whose last argument it calls with the answer.
    ///
    /// # Errors
    /// If it throws.
    pub fn run_later(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.ask("POST", "execute/async", Some(&json!({"script": script, "args": arguments})))
    }

    /// A picture of the whole page.
    ///
    /// # Errors
    /// If it cannot be taken or written.
    pub fn picture(&self, file: &Path) -> Result<()> {
        let command = json!({"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true}});
        let answer = self.ask("POST", "goog/cdp/execute", Some(&command))?;
        let png = STANDARD.decode(answer["data"].as_str().context("no picture")?)?;
        Ok(std::fs::write(file, png)?)
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        let _ = self.driver.ask("DELETE", &format!("/session/{}", self.id), None);
    }
}
