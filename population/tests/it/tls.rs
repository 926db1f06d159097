//! The line to the database's server: encrypted to whom the given root vouches for, refused to anybody else, and never in the
//! clear to another machine.

use std::path::Path;
use std::process::Command;

use cccd_population::store::{Place, SqlStore, Store as _, StoreError, TlsFault};

use crate::now;
use crate::postgres::server::Server;

/// A key and a certificate for a name: of one's own, or by a certification authority.
fn certificate(dir: &Path, name: &str, more: &[&str]) {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
        ])
        .args([
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.crt"),
            "-subj",
            &format!("/CN={name}"),
        ])
        .args(more)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn refused(text: &str) -> StoreError {
    SqlStore::open(&text.parse::<Place>().unwrap()).unwrap_err()
}

#[test]
fn a_line_is_encrypted_to_whom_the_root_vouches_for_and_to_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for authority in ["ca", "other"] {
        certificate(dir, authority, &["-addext", "keyUsage=critical,keyCertSign"]);
    }
    let by_ca = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"];
    certificate(dir, "server", &[&by_ca[..], &["-addext", "subjectAltName=DNS:localhost"]].concat());
    std::fs::write(dir.join("empty.crt"), "no certificate").unwrap();

    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let server = match Server::start_encrypted(&read("server.crt"), &read("server.key")) {
        Ok(server) => server,
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => panic!("{reason}"),
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let port = server.port().unwrap();
    drop(SqlStore::create(&server.database().unwrap(), now()).unwrap());
    let to = |host: &str, query: &str| format!("postgres://tests@{host}:{port}/register0?{query}");
    let root =
        |name: &str| format!("sslrootcert={}", dir.join(name).display().to_string().replace('/', "%2F"));

    for mode in ["verify-full", "require"] {
        let place: Place = to("localhost", &format!("sslmode={mode}&{}", root("ca.crt"))).parse().unwrap();
        let store = SqlStore::open(&place).unwrap();
        assert_eq!(store.person_count().unwrap(), 0);
        // The server's own word that this line is encrypted.
        assert_eq!(
            store
                .raw("SELECT 1 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl AND version = 'TLSv1.3'")
                .unwrap(),
            1
        );
        let other = refused(&to("localhost", &format!("sslmode={mode}&{}", root("other.crt"))));
        assert!(
            matches!(&other, StoreError::Tls(TlsFault::Refused(why)) if why.contains("UnknownIssuer")),
            "{other:?}"
        );
        // The same server under a name that its certificate does not hold.
        let elsewhere = refused(&to("127.0.0.1", &format!("sslmode={mode}&{}", root("ca.crt"))));
        assert!(
            matches!(&elsewhere, StoreError::Tls(TlsFault::Refused(why)) if why.contains("not valid for name")),
            "{elsewhere:?}"
        );
        let nobody = refused(&to("localhost", &format!("sslmode={mode}")));
        assert!(matches!(nobody, StoreError::Tls(TlsFault::NoRoot)), "{nobody:?}");
        for file in ["empty.crt", "none.crt"] {
            let none = refused(&to("localhost", &format!("sslmode={mode}&{}", root(file))));
            assert!(matches!(none, StoreError::Tls(TlsFault::Root)), "{none:?}");
        }
    }
}

#[test]
fn a_line_to_another_machine_is_never_in_the_clear() {
    for text in [
        "postgres://clerk@db.example.vn/register",
        "postgres://clerk@db.example.vn/register?sslmode=prefer",
        "postgres://clerk@db.example.vn/register?sslmode=disable",
        "postgres://clerk@localhost,db.example.vn/register?target_session_attrs=read-write",
        "postgres://clerk@localhost/register?hostaddr=192.0.2.1",
    ] {
        assert!(matches!(refused(text), StoreError::Unprotected), "{text}");
    }
    assert!(matches!(
        refused("postgres://clerk@db.example.vn/register?sslmode=require"),
        StoreError::Tls(TlsFault::NoRoot)
    ));
    assert!("postgres://clerk@db/register?sslrootcert=%2".parse::<Place>().is_err());
    assert!("postgres://clerk@db/register?sslmode=verify-ca".parse::<Place>().is_err());
}
