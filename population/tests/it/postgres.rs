//! Tests on `PostgreSQL`: one server for all of them, a database for each.

pub(crate) mod pair;
pub(crate) mod server;

use std::sync::{Mutex, OnceLock};

use cccd_population::store::Place;
use server::Server;

/// An empty database of the one server of this process; `None`, said once, where there is no `PostgreSQL` and
/// `CCCD_DEMAND_POSTGRES` is not set.
pub(crate) fn database() -> Option<Place> {
    static SERVER: OnceLock<Mutex<Result<Server, String>>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let server = Server::start(&["shared_buffers=64MB", "max_wal_size=4GB"]);
        if let Err(reason) = &server {
            eprintln!("skipped on PostgreSQL: {reason}");
        }
        Mutex::new(server)
    });
    let server = server.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match &*server {
        Ok(server) => match server.database() {
            Ok(place) => Some(place),
            Err(reason) => panic!("{reason}"),
        },
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => {
            panic!("PostgreSQL is demanded: {reason}")
        }
        Err(_) => None,
    }
}
