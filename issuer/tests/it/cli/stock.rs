//! The stock on the command line.

use std::path::Path;

use serde_json::Value;

use super::{Desk, json, refused};

#[test]
fn blanks_that_were_received_and_not_counted_are_counted_by_the_same_request() {
    let desk = Desk::new();
    let serials = format!("{}\n{}\n", "b1".repeat(10), "b2".repeat(10));
    std::fs::write(desk.path("serials.txt"), serials).unwrap();
    let file = desk.path("serials.txt");
    let receive = |more: &[&str]| {
        let words = ["stock", "receive", "--supplier", "maker", "--note", "1", "--serials", &file];
        json(&desk.by("minh", &[&words[..], &["--request", "delivery 1"], more].concat()))
    };
    // As a kill between the two leaves it.
    assert_eq!(receive(&[])["expected"], 2);
    assert_eq!(receive(&["--counted"])["counted"], 2);
    assert_eq!(receive(&["--counted"])["missing"], serde_json::json!([]));
    let listed = json(&desk.by("minh", &["stock", "list"]));
    assert_eq!(listed["states"], serde_json::json!({"in-stock": 2}));
}

#[test]
fn a_station_with_a_stock_takes_its_blanks_only_and_accounts_for_each() {
    let desk = Desk::new();
    let serials = ["0102030405060708090a", "0102030405060708090b", "0102030405060708090c"];
    std::fs::write(desk.path("serials"), serials.join("\n")).unwrap();
    std::fs::write(desk.path("found"), serials[..2].join("\n")).unwrap();
    let (list, found) = (desk.path("serials"), desk.path("found"));
    let receive = ["stock", "receive", "--supplier", "maker", "--note", "7", "--serials", &list];
    refused(&desk.by("lan", &receive), 1, "role-missing");
    assert_eq!(json(&desk.by("minh", &receive))["expected"], 3);
    refused(&desk.by("minh", &receive), 1, "delivery-known");
    let accept = ["stock", "accept", "--supplier", "maker", "--note", "7", "--serials", &found];
    let output = desk.by("minh", &accept);
    let counted = json(&output);
    assert_eq!((&counted["counted"], &counted["missing"][0]), (&2.into(), &serials[2].into()));
    assert_eq!(output.status.code(), Some(1), "what is missing ends a count with 1");
    let spoil = ["stock", "spoil", "--chip", serials[0], "--cause", "damaged", "--note", "bent"];
    assert_eq!(json(&desk.by("minh", &spoil))["state"], "spoiled");
    refused(&desk.by("minh", &spoil), 1, "blank-state-forbids");
    // The chip in software is no blank of this stock.
    desk.approved("an.json");
    refused(&desk.issue("an.json", "out", &[]), 1, "not-in-stock");
    // A blank that was counted and not found is explained before the books agree.
    let differs = desk.by("minh", &["stock", "reconcile"]);
    assert_eq!(differs.status.code(), Some(1));
    let differs: Value =
        serde_json::from_slice(differs.stdout.split(|octet| *octet == b'\n').next().unwrap()).unwrap();
    let named = &differs["differences"][0];
    assert_eq!((&named["serial"], &named["what"]), (&serials[2].into(), &"not-found".into()), "{differs}");
    assert_eq!(differs["batches"][0]["agrees"], false);
    let lose = ["stock", "lose", "--chip", serials[2], "--cause", "missing", "--note", "not in the box"];
    assert_eq!(json(&desk.by("minh", &lose))["state"], "lost");
    let report = json(&desk.by("minh", &["stock", "reconcile"]));
    assert_eq!((&report["agrees"], &report["states"]["spoiled"]), (&true.into(), &1.into()));
    assert_eq!(report["open"].as_array().unwrap().len(), 2);
    let report = desk.by("minh", &["stock", "reconcile", "--counted", &list]);
    assert_eq!(report.status.code(), Some(1));
    let shown = json(&desk.by("minh", &["stock", "show", "--chip", serials[0]]));
    assert_eq!(shown["events"][2]["cause"], "damaged");
}

/// A name that is there already stops a command before anything is noted; the paper is never lost, and no file of the station either.
#[test]
fn a_paper_is_written_over_nothing_and_no_blank_moves_without_it() {
    let desk = Desk::new();
    let serials = ["b1".repeat(10), "b2".repeat(10)];
    std::fs::write(desk.path("serials"), serials.join("\n")).unwrap();
    std::fs::write(desk.path("one"), &serials[0]).unwrap();
    let (all, one, key) = (desk.path("serials"), desk.path("one"), desk.path("other.pub"));
    let receive = ["stock", "receive", "--supplier", "maker", "--note", "7", "--serials", &all, "--counted"];
    assert_eq!(json(&desk.by("minh", &receive))["counted"], 2);
    let other = desk.path("other.sqlite");
    desk.officers_of(&other, &other);
    std::fs::copy(format!("{other}.station.pub"), &key).unwrap();
    let ledger = desk.path("ledger.sqlite");
    let send = |out: &str, more: &[&str]| {
        let words = ["stock", "send", "--to", &key, "--reference", "P-1", "--serials", &one, "--out", out];
        desk.by("minh", &[&words[..], more].concat())
    };
    let before = std::fs::read(format!("{ledger}.station-key")).unwrap();
    refused(&send(&ledger, &[]), 1, "file-exists");
    refused(&send(&format!("{ledger}.station-key"), &[]), 1, "file-exists");
    refused(&send("/dev/full", &[]), 1, "file-exists");
    refused(&send(&desk.path("typo/list.json"), &[]), 3, "output-unwritable");
    assert!(!Path::new(&desk.path("typo")).exists());
    assert_eq!(std::fs::read(format!("{ledger}.station-key")).unwrap(), before);
    let listed = json(&desk.by("minh", &["stock", "list"]));
    assert_eq!(listed["states"], serde_json::json!({"in-stock": 2}), "nothing was sent");
    let list = desk.path("list.json");
    assert_eq!(json(&send(&list, &["--request", "send 1"]))["sent"], 1);
    // The very same request finds its paper there.
    assert_eq!(json(&send(&list, &["--request", "send 1"]))["sent"], 1);
    let paper = |out: &str| desk.by("minh", &["stock", "paper", "--reference", "P-1", "--out", out]);
    refused(&paper(&one), 1, "file-exists");
    assert_eq!(json(&paper(&desk.path("again.json")))["reference"], "P-1");
    assert_eq!(std::fs::read(desk.path("again.json")).unwrap(), std::fs::read(&list).unwrap());
    // The receipt at the other station.
    let accept = |receipt: &str| {
        let (mine, file) = (format!("{ledger}.station.pub"), desk.path("minh.pw"));
        let words = ["stock", "accept", "--list", &list, "--from", &mine, "--all", "--receipt", receipt];
        let who = ["--ledger", &other, "--officer", "minh", "--password-file", &file];
        desk.run(&[&words[..], &who].concat())
    };
    refused(&accept(&list), 1, "file-exists");
    let accepted = json(&accept(&desk.path("receipt.json")));
    assert_eq!((&accepted["counted"], accepted["signed_by"].as_str().unwrap().len()), (&1.into(), 64));
    let shown = json(&desk.by("minh", &["stock", "show", "--chip", &serials[0]]));
    let way = &shown["events"][2]["transport"];
    assert_eq!((&way["reference"], way["other"].as_str().unwrap().len()), (&"P-1".into(), 64));
    assert_eq!(shown["claims"], serde_json::json!([]));
    let receipt = desk.path("receipt.json");
    let acknowledge = ["stock", "acknowledge", "--receipt", &receipt, "--from", &key];
    assert_eq!(json(&desk.by("minh", &acknowledge))["signed_by"], way["other"]);
    // A list of cards and a session are written over their former selves only.
    let login = ["account", "login", "--session", &ledger];
    refused(&desk.by("minh", &login), 1, "file-exists");
    // An empty photo is none.
    std::fs::write(desk.path("empty.jpg"), b"").unwrap();
    let photo = desk.path("empty.jpg");
    let spoil = ["stock", "spoil", "--chip", &serials[1], "--cause", "damaged", "--photo", &photo];
    refused(&desk.by("minh", &spoil), 1, "photo-unreadable");
}
