//! `issuer serve`: the desk, in a browser on this machine.

use std::sync::Arc;
use std::time::Instant;

use cccd_issuer::capture::device::{DeviceError, DevicePort, Folder};
use cccd_issuer::capture::sealed::{Vault, identity, recipient};
use cccd_issuer::desk::{Captures, Desk, OpenDevice, Setup, StationReaders, serve};
use cccd_issuer::output::write_private;
use cccd_issuer::register::RegisterError;
use cccd_issuer::station::IssueError;
use cccd_population::register_key::{beside, make_seal_keys};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::args::{DeskCaptureArguments, ServeArguments};
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    arguments: &ServeArguments,
    at: Option<Timestamp>,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    if !arguments.listen.ip().is_loopback() && !arguments.allow_non_loopback {
        return Err(Failure::NotLoopback);
    }
    let wanted = std::env::var("RUST_LOG").ok().and_then(|words| words.parse::<Targets>().ok());
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .with(wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::ERROR)))
        .init();
    let clock = clock(at);
    let store = connect::key_store(&arguments.keys)?;
    let keys = connect::station_keys(&store, clock(), output)?;
    let ledger = connect::ledger(&arguments.ledger, rng)?;
    // Told now rather than to the first officer.
    connect::register(&arguments.register, "issuer desk")?;
    let own = connect::station(&arguments.ledger)?;
    let (drawer_keys, _) = make_seal_keys(&beside(own, "drawer"), rng)?;
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let register = arguments.register.clone();
    let setup = Setup {
        ledger,
        register: Box::new(move || {
            connect::register(&register, "issuer desk").map_err(|failure| match failure {
                Failure::Issue(IssueError::Register(error)) => error,
                other => RegisterError::Unreachable(other.to_string()),
            })
        }),
        keys: Arc::new(keys),
        readers: Box::new(StationReaders { software: arguments.virtual_reader.clone() }),
        drawer: arguments.drawer.clone().unwrap_or_else(|| beside(own, "drawer")),
        drawer_keys,
        captures: captures(&arguments.captures, output)?,
        clock: Box::new(clock),
        seed,
        // Left open, it is filled in by hand.
        office: arguments.office.clone().unwrap_or_else(|| "…………………………".to_owned()),
        host: arguments.desk_name.clone(),
        hosts: arguments.host.clone(),
        secure: arguments.behind_tls,
    };
    let desk = Desk::open(setup);
    let failed = |error: std::io::Error| Failure::Listen(error.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(failed)?.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen).await.map_err(failed)?;
        let url = format!("http://{}/", listener.local_addr().map_err(failed)?);
        output.result(
            &json!({"url": url}),
            &[format!("{} {url}", output.say("Quầy mở tại", "The desk is open at"))],
        );
        if let Some(ready) = &arguments.ready_file {
            write_private(ready, url.as_bytes())?;
        }
        serve(listener, desk, stopped()).await;
        Ok(())
    })
}

/// Where prints and irises go, and where they come from.
fn captures(arguments: &DeskCaptureArguments, output: &Output) -> Result<Option<Captures>, Failure> {
    let Some(folder) = &arguments.captures else { return Ok(None) };
    let identity = match &arguments.capture_identity {
        Some(file) => Some(identity(&connect::secret(file)?)?),
        None => None,
    };
    let recipient = match (&arguments.capture_recipient, &identity) {
        (Some(key), _) => recipient(key)?,
        (None, Some(identity)) => identity.to_public(),
        (None, None) => {
            output.note(
                "Có thư mục niêm phong nhưng không có khóa nhận (--capture-recipient): quầy này không thu nhận vân tay.",
                "There is a folder of captures and nobody to seal to (--capture-recipient): this desk takes no prints.",
            );
            return Ok(None);
        }
    };
    let device = arguments.prints_from.clone().map(|folder| -> OpenDevice {
        // An account's name is small letters, digits, dots and hyphens, a letter first: it stays within the folder.
        Box::new(move |officer: &str| -> Result<Box<dyn DevicePort>, DeviceError> {
            Ok(Box::new(Folder::open(&folder.join(officer))?))
        })
    });
    let captures = Captures::new(Vault::open(folder)?, recipient);
    Ok(Some(captures.opened_with(identity).taken_with(device)))
}

/// The clock of this program, or one that began at `at`.
#[expect(clippy::disallowed_methods, reason = "the program's one clock")]
fn clock(at: Option<Timestamp>) -> impl Fn() -> Timestamp + Send + Sync + 'static {
    let begun = Instant::now();
    move || match at {
        Some(at) => at.checked_add(begun.elapsed()).unwrap_or(at),
        None => Timestamp::now(),
    }
}

/// Ctrl-C, or a polite end from the system.
async fn stopped() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
