//! The stock on the command line.

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
