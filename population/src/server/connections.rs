//! Who gets a connection and for how long: a client that sends its headers drop by drop, or nothing at all, is cut off.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{Service, routes};

/// How long requests under way may still take when the service stops.
const FAREWELL: Duration = Duration::from_secs(15);

/// What one client may take from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; the next one waits to be accepted.
    pub connections: usize,
    /// The time for the headers of a request, counted from the connection or from the answer before.
    pub headers: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 512, headers: Duration::from_secs(10) }
    }
}

/// Serves until `stop` resolves; requests under way are finished.
pub async fn serve(listener: TcpListener, service: Arc<Service>, stop: impl Future<Output = ()> + Send) {
    serve_within(Limits::default(), listener, service, stop).await;
}

/// [`serve`] within other limits.
pub async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    service: Arc<Service>,
    stop: impl Future<Output = ()> + Send,
) {
    serve_router(limits, listener, routes::router(service), stop).await;
}

/// Serves any router in this way: what other desks of the house use, too.
pub async fn serve_router(
    limits: Limits,
    listener: TcpListener,
    router: axum::Router,
    stop: impl Future<Output = ()> + Send,
) {
    let router = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.headers);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let arrived = async {
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, _)| (place, stream))
        };
        let (place, stream) = tokio::select! {
            () = &mut stop => break,
            arrived = arrived => match arrived {
                Ok(arrived) => arrived,
                Err(error) if is_of_the_client(&error) => continue,
                Err(error) => {
                    // Out of descriptors, most likely: others will be given back.
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
            },
        };
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), router.clone()));
        tokio::spawn(async move {
            // A client that goes away, or is cut off, is its own affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
