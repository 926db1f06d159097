//! `serve`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use cccd_keys::pkcs11::{AccessError, TokenArguments, open_store};
use cccd_keys::signer::Signer;
use cccd_keys::token::vietnamese;
use cccd_population::register_key::{beside, signing_key};
use cccd_population::server::{Clock, Service, Tokens, serve};
use jiff::Timestamp;

use super::failure::Failure;
use super::{Db, Setting, clock};

#[derive(clap::Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    db: Db,
    /// Key store whose register key signs the answers [default: a key file of the register's own]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// File with the key store's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    token: TokenArguments,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen on an address that other machines reach. Tokens and persons then travel in the clear
    #[arg(long)]
    allow_non_loopback: bool,
    /// Tokens, one `role:token` a line, mode 0600; made when missing [default: DB.tokens]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Gets the URL once the register answers
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// A clock that stands still, for `--at`.
struct Fixed(Option<Timestamp>);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0.unwrap_or_else(clock)
    }
}

impl Serve {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        if !self.listen.ip().is_loopback() && !self.allow_non_loopback {
            return Err(Failure::usage(
                "not-loopback",
                setting.say("Địa chỉ này mở ra ngoài máy", "This address is reachable from other machines"),
                setting.say(
                    "Dùng 127.0.0.1, hoặc thêm --allow-non-loopback.",
                    "Use 127.0.0.1, or add --allow-non-loopback.",
                ),
            )
            .into());
        }
        let db = &self.db.secrets(setting)?;
        let store = self.db.open()?;
        let digest_key = self.db.digest_key(setting, &store)?;
        let mut rng = randomness();
        let signer = self.signer(setting, &mut rng)?;
        let token_file = self.token_file.clone().unwrap_or_else(|| beside(db, "tokens"));
        let (tokens, fresh) = Tokens::open(&token_file, &mut rng)?;
        if fresh {
            eprintln!(
                "{} {}",
                setting.say("Đã tạo tệp mã truy cập:", "Token file made:"),
                token_file.display()
            );
        }
        let service = Service {
            store: Mutex::new(Box::new(store)),
            signer,
            digest_key,
            tokens,
            clock: Box::new(Fixed(setting.at)),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let listener =
                tokio::net::TcpListener::bind(self.listen).await.with_context(|| self.listen.to_string())?;
            let url = format!("http://{}", listener.local_addr()?);
            setting.answer(&serde_json::json!({"url": url, "token_file": token_file}), || url.clone())?;
            if let Some(ready) = &self.ready_file {
                write_ready(ready, &url).with_context(|| ready.display().to_string())?;
            }
            serve(listener, Arc::new(service), stopped()).await;
            anyhow::Ok(())
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn signer(
        &self,
        setting: &Setting,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> anyhow::Result<Box<dyn Signer>> {
        if let Some(dir) = &self.keys {
            let store = open_store(dir, self.passphrase_file.as_deref(), self.token.access())
                .map_err(|error| keys_failed(&error, setting))?;
            return Ok(Box::new(
                store
                    .register_key()
                    .context(setting.say("khóa của hệ thống", "the register's key").to_owned())?,
            ));
        }
        let db = &self.db.secrets(setting)?;
        let (key, fresh) = signing_key(db, rng)?;
        if fresh {
            eprintln!(
                "{} {}",
                setting.say(
                    "CẢNH BÁO: khóa ký của hệ thống là khóa phần mềm trong một tệp. Khóa công khai:",
                    "WARNING: the register signs with a software key in a file. Public key:"
                ),
                beside(db, "register.pub").display()
            );
        }
        Ok(Box::new(key))
    }
}

/// Of a key store, in the words that its own program has for it.
fn keys_failed(error: &AccessError, setting: &Setting) -> Failure {
    let known = vietnamese(error.code());
    let (what, advice) = known.unwrap_or(("không mở được kho khóa", "kiểm tra thư mục và mật khẩu kho khóa"));
    let (vi, en) = (format!("{what} ({error})"), format!("the key store: {error}"));
    Failure::could_not(error.code(), setting.say(&vi, &en), setting.say(advice, error.hint()))
}

fn write_ready(path: &Path, url: &str) -> std::io::Result<()> {
    let temporary = beside(path, "new");
    std::fs::write(&temporary, format!("{url}\n"))?;
    std::fs::rename(&temporary, path)
}

/// Ctrl-C, or the signal with which service managers end a program.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[expect(clippy::disallowed_methods, reason = "the program's one source of randomness")]
pub(super) fn randomness() -> impl rand_core::CryptoRng {
    rand::rng()
}
