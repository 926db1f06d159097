//! The desk: what an officer uses all day, in a browser, served by the station itself on loopback.
//!
//! Pages are made here, whole, and work without script; a script of our own only brings them up to date. Every change is a
//! form of the session that it was shown to, answered with a redirect, and named, so that a second click or a form that is
//! sent again finds what the first one did. What may be done next is the ledger's word, never the page's.
//!
//! | module | what |
//! |---|---|
//! | `house` | everything that the pages stand on: ledger, register, keys, clock |
//! | `guard` | who is answered at all, and the headers of every answer |
//! | `seen`, `form`, `parts` | who asks, and forms that are ours, with files or without |
//! | `visits` | somebody at the desk, until something is written |
//! | `taken` | prints and irises: from uploads or a device, sealed at capture |
//! | `drawer` | applications between capture and card, sealed |
//! | `making`, `readers` | chips in work, one thread each |
//! | `meter` | figures for Prometheus |
//! | `hints` | what the desk says where the command line speaks of commands |
//! | `pages` | the pages |

mod card;
mod drawer;
mod fields;
mod form;
mod guard;
mod hints;
mod house;
mod making;
mod meter;
mod page;
mod pages;
mod parts;
mod problem;
mod readers;
mod seen;
mod taken;
mod visits;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use cccd_population::server::{Limits, serve_router};
use tokio::net::TcpListener;

pub use drawer::keep_for_desk;
pub use house::{Desk, OpenRegister, Setup};
pub use readers::{IN_SOFTWARE, Laid, NoChip, ReaderSeen, Readers, StationReaders};
pub use taken::{Captures, OpenDevice};

/// Every page of the desk.
pub fn router(desk: Arc<Desk>) -> Router {
    pages::routes().layer(from_fn_with_state(Arc::clone(&desk), guard::guard)).with_state(desk)
}

/// Serves the desk until `stop` resolves; what was asked is answered, a chip in work is brought to a safe point.
pub async fn serve(listener: TcpListener, desk: Arc<Desk>, stop: impl Future<Output = ()> + Send) {
    let stopping = Arc::clone(&desk);
    let stop = async move {
        stop.await;
        stopping.close();
    };
    serve_router(Limits::default(), listener, router(Arc::clone(&desk)), stop).await;
    desk.finish().await;
}
