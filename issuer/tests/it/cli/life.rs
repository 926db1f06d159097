//! A card's life on the command line, and the signed list of cards out of use.

use std::path::Path;

use cccd_keys::store::{KeyStore, Passphrase};
use serde_json::Value;

use super::{Desk, json, refused};
use crate::support::{NUMBER, at, rng};

#[test]
fn a_card_is_issued_and_lives_its_life() {
    let desk = Desk::new();
    desk.approved("an.json");
    let output = desk.issue("an.json", "out", &["--lang", "en"]);
    let card = json(&output);
    assert_eq!(output.status.code(), Some(0), "{card}");
    for name in ["front.png", "back.png", "qr.png", "card.pdf", "card.json", "chip.json"] {
        assert!(Path::new(&desk.path(&format!("out/{name}"))).is_file(), "{name}");
    }
    let leftovers = std::fs::read_dir(desk.path("out")).unwrap();
    assert!(
        leftovers.into_iter().all(|file| !file.unwrap().file_name().to_string_lossy().ends_with(".part"))
    );
    let saved: Value = serde_json::from_slice(&std::fs::read(desk.path("out/card.json")).unwrap()).unwrap();
    assert_eq!(saved, card);
    assert_eq!(card["lock"]["proven"], true);
    assert_eq!(card["test_keys"], false);
    let sod = card["sod_sha256"].as_str().unwrap();

    let register = format!("sqlite:{}", desk.path("register.db"));
    let status = |arguments: &[&str]| {
        let mut all = vec!["card"];
        all.extend(arguments);
        all.extend(["--register", register.as_str()]);
        match arguments[0] {
            "status" => desk.run(&all),
            "lost" | "found" => desk.by("lan", &all),
            _ => desk.by("minh", &all),
        }
    };
    assert_eq!(json(&status(&["status", "--sod-sha256", sod]))["status"], "active");
    assert_eq!(
        json(&status(&["hold", "--ground", "detention", "--number", NUMBER, "--reason", "custody"]))["status"],
        "held"
    );
    desk.application("change.json", NUMBER, "exchange", "an.jpg");
    refused(&desk.issue("change.json", "out2", &[]), 1, "card-held");
    assert_eq!(json(&status(&["return", "--number", NUMBER, "--reason", "released"]))["status"], "active");
    refused(&desk.issue("an.json", "out2", &[]), 1, "has-active-card");
    assert_eq!(json(&status(&["lost", "--number", NUMBER, "--reason", "reported"]))["status"], "lost");
    refused(&status(&["return", "--sod-sha256", sod, "--reason", "found"]), 1, "register-refused");
    refused(
        &status(&["revoke", "--ground", "altered", "--number", NUMBER, "--reason", "x"]),
        1,
        "no-card-in-use",
    );
    refused(&status(&["status", "--sod-sha256", &"0".repeat(64)]), 1, "unknown-card");
    desk.application("again.json", NUMBER, "reissue", "an.jpg");
    let text = std::fs::read_to_string(desk.path("again.json")).unwrap();
    std::fs::write(desk.path("again.json"), text.replacen('{', r#"{"template":"2021","#, 1)).unwrap();
    desk.approved("again.json");
    assert_eq!(desk.issue("again.json", "out3", &["--dpi", "600"]).status.code(), Some(0));
    let face = image::open(desk.path("out3/front.png")).unwrap();
    assert_eq!((face.width(), face.height()), (2022, 1275));
}

#[test]
fn a_loss_that_was_reported_is_reported_again_under_the_same_name() {
    let desk = Desk::new();
    desk.approved("an.json");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
    let register = format!("sqlite:{}", desk.path("register.db"));
    let lost = |number: &str, request: &str| {
        let words = ["card", "lost", "--number", number, "--reason", "reported", "--register", &register];
        desk.by("lan", &[&words[..], &["--request", request]].concat())
    };
    assert_eq!(json(&lost(NUMBER, "loss 1"))["status"], "lost");
    // A script that was killed asks again; the card is in use no more, and the answer is the same.
    assert_eq!(json(&lost(NUMBER, "loss 1"))["status"], "lost");
    refused(&lost(NUMBER, "loss 2"), 1, "no-card-in-use");
    refused(&lost(crate::support::OTHER_NUMBER, "loss 1"), 1, "no-card-in-use");
    // Brought back to the counter: the number is all that is at hand.
    let words = ["card", "found", "--number", NUMBER, "--reason", "handed in", "--register", &register];
    assert_eq!(json(&desk.by("lan", &words))["status"], "destroyed");
}

#[test]
fn a_return_whose_answer_was_lost_is_repeated_once() {
    let desk = Desk::new();
    desk.approved("an.json");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
    let register = format!("sqlite:{}", desk.path("register.db"));
    let order = |words: &[&str]| {
        let of = ["--number", NUMBER, "--reason", "released", "--register", &register];
        desk.by("minh", &[&["card"][..], words, &of].concat())
    };
    assert_eq!(json(&order(&["hold", "--ground", "detention"]))["status"], "held");
    assert_eq!(json(&order(&["return"]))["status"], "active");
    // As a kill between the register and the ledger's answer leaves it.
    let ledger = rusqlite::Connection::open(desk.path("ledger.sqlite")).unwrap();
    let forget = "DROP TRIGGER card_change_outcomes_are_append_only_2; \
                  DELETE FROM card_change_outcomes WHERE change_id = (SELECT max(id) FROM card_changes)";
    ledger.execute_batch(forget).unwrap();
    assert_eq!(json(&order(&["return"]))["status"], "active");
    let open =
        "SELECT count(*) FROM card_changes WHERE id NOT IN (SELECT change_id FROM card_change_outcomes)";
    assert_eq!(ledger.query_row(open, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    // Nothing waits any more: a card in use is not given back.
    refused(&order(&["return"]), 1, "register-refused");
}

#[test]
fn what_is_out_of_use_is_on_the_signed_list_of_counters_without_a_line() {
    use cccd_keys::signer::Signer as _;
    use cccd_verifier::register::CardStatus;
    use cccd_verifier::register::status_list::{StatusList, StatusListError};

    let desk = Desk::new();
    desk.approved("an.json");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
    let (database, list) = (desk.path("register.db"), desk.path("cards.status"));
    let register = format!("sqlite:{database}");
    let issue = || desk.run(&["status-list", "issue", "--register", &register, "--out", &list]);
    refused(&issue(), 2, "no-register-key");
    let (key, _) = cccd_population::register_key::signing_key(Path::new(&database), &mut rng(7)).unwrap();
    assert_eq!(json(&issue())["cards"], 0);
    let lost = ["card", "lost", "--number", NUMBER, "--reason", "reported", "--register", &register];
    let card = json(&desk.by("lan", &lost));
    assert_eq!(json(&issue())["cards"], 1);

    let mut trust = cccd_keys::trust::TrustStore::new();
    let bytes = std::fs::read(&list).unwrap();
    assert_eq!(StatusList::believe(&bytes, &trust), Err(StatusListError::UnknownKey));
    trust.add_register_key(key.public_key().spki()).unwrap();
    let list = StatusList::believe(&bytes, &trust).unwrap();
    let mut digest = [0; 32];
    hex::decode_to_slice(card["sod_sha256"].as_str().unwrap(), &mut digest).unwrap();
    assert_eq!(list.status(&digest, at()).unwrap().status, CardStatus::Lost);
    let tomorrow = at() + jiff::SignedDuration::from_hours(25);
    assert_eq!(list.status(&digest, tomorrow), Err(StatusListError::Time));
}

/// The register answers with a key of the key store (`population serve --keys`), and has no key file of its own.
#[test]
fn the_signed_list_is_signed_with_the_register_key_of_the_key_store() {
    use cccd_keys::signer::Signer as _;
    use cccd_verifier::register::status_list::StatusList;
    let desk = Desk::new();
    let (keys, list) = (desk.path("keys"), desk.path("cards.status"));
    let register = format!("sqlite:{}", desk.path("register.db"));
    let issue = ["status-list", "issue", "--register", &register, "--keys", &keys, "--out", &list];
    let output = desk.run(&issue);
    assert_eq!((output.status.code(), &json(&output)["cards"]), (Some(0), &0.into()), "{output:?}");
    let passphrase = Passphrase::from_file(&Path::new(&keys).join("passphrase")).unwrap();
    let store = KeyStore::open(Path::new(&keys), &passphrase).unwrap();
    let mut trust = cccd_keys::trust::TrustStore::new();
    trust.add_register_key(store.register_key().unwrap().public_key().spki()).unwrap();
    assert!(StatusList::believe(&std::fs::read(&list).unwrap(), &trust).is_ok());
    assert!(!Path::new(&desk.path("register.db.register-key")).exists());
}
