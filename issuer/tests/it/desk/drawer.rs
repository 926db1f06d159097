//! The drawer: what was captured on the command line is made at the desk, and what a crash left is gone at its start.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime};

use cccd_population::register_key::make_seal_keys;

use super::house::Browser;
use crate::cli::Desk;
use crate::support::rng;

/// `issuer serve`, until it is dropped.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn served(desk: &Desk, ready: &str) -> (Served, String) {
    served_from(desk, ready, &desk.path("ledger.sqlite.drawer"))
}

fn served_from(desk: &Desk, ready: &str, drawer: &str) -> (Served, String) {
    let (ready, register) = (desk.path(ready), format!("sqlite:{}", desk.path("register.db")));
    std::fs::create_dir_all(desk.path("chips")).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_issuer"))
        .args(["--at", "2026-11-21T03:00:00Z", "serve", "--listen", "127.0.0.1:0", "--register", &register])
        .args(["--ledger", &desk.path("ledger.sqlite"), "--keys", &desk.path("keys"), "--ready-file", &ready])
        .args(["--virtual-reader", &desk.path("chips"), "--drawer", drawer])
        .spawn()
        .unwrap();
    let (served, deadline) = (Served(child), Instant::now() + Duration::from_secs(60));
    loop {
        if let Ok(url) = std::fs::read_to_string(&ready)
            && url.ends_with('/')
        {
            let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
            return (served, address);
        }
        assert!(Instant::now() < deadline, "the desk never opens");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn in_drawer(desk: &Desk) -> Vec<String> {
    let files = std::fs::read_dir(desk.path("ledger.sqlite.drawer")).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_was_captured_on_the_command_line_is_made_at_the_desk() {
    let desk = Desk::new();
    // A desk was opened here once: its drawer has a key.
    let drawer = desk.path("ledger.sqlite.drawer");
    make_seal_keys(Path::new(&drawer), &mut rng(5)).unwrap();
    std::fs::create_dir_all(&drawer).unwrap();
    desk.approved("an.json");
    let kept = in_drawer(&desk);
    assert_eq!(kept.len(), 1);
    // Left by crashes: half a file, an application that the ledger never learnt of; and one that is being written.
    let put = |name: &str, days_old: u64| {
        let file = std::fs::File::create(format!("{drawer}/{name}")).unwrap();
        let told = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_230_000 - days_old * 86_400);
        file.set_modified(told).unwrap();
    };
    put(".half.7.part", 3);
    put(&format!("{}.sealed", "0".repeat(64)), 3);
    put(&format!("{}.sealed", "1".repeat(64)), 0);

    let (running, address) = served(&desk, "ready-1");
    assert_eq!(in_drawer(&desk).len(), 2, "{:?}", in_drawer(&desk));
    let mut lan = Browser::at(&address);
    lan.log_in("lan", "thu nhận hồ sơ");
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    lan.get("/applications/1");
    assert!(lan.page.says("/applications/1/front.png") && lan.page.says("/applications/1/cc01.pdf"));
    lan.post("/applications/1/make", &[("reader", "virtual")]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    lan.until("/applications/1", "đọc lại đúng từng tệp");
    drop(running);
    assert!(kept.iter().all(|name| in_drawer(&desk).contains(name)), "kept until the card is handed over");

    // Handed over on the command line: the next start finds nothing to keep.
    let register = format!("sqlite:{}", desk.path("register.db"));
    let delivered = desk.by("lan", &["application", "deliver", "--id", "1", "--register", &register]);
    assert_eq!(delivered.status.code(), Some(0), "{delivered:?}");
    let (_running, _) = served(&desk, "ready-2");
    assert!(!in_drawer(&desk).contains(&kept[0]));
}

/// A desk that is opened with another station's drawer by mistake: what was captured there stays.
#[test]
fn a_drawer_of_which_the_ledger_knows_nothing_is_left_alone() {
    let desk = Desk::new();
    let drawer = desk.path("ledger.sqlite.drawer");
    make_seal_keys(Path::new(&drawer), &mut rng(5)).unwrap();
    std::fs::create_dir_all(&drawer).unwrap();
    let name = format!("{}.sealed", "2".repeat(64));
    let file = std::fs::File::create(format!("{drawer}/{name}")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)).unwrap();
    let (_running, _) = served_from(&desk, "ready", &drawer);
    assert_eq!(in_drawer(&desk), [name]);
}
