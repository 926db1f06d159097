//! What a log tells of the ledger, and the texts that its digests are of.

use std::collections::{BTreeMap, BTreeSet};

use cccd_keys::audit_log::Link;

/// A digest as a line holds it.
pub(super) type Digest = [u8; 32];

/// What the lines of one station tell.
#[derive(Default)]
pub(super) struct Told {
    /// By application and sequence.
    pub(super) actions: BTreeMap<(i64, i64), Digest>,
    /// Whose application, as the line of its first action names the person.
    pub(super) persons: BTreeMap<i64, Digest>,
    /// By operation.
    pub(super) stock: BTreeMap<i64, Digest>,
    /// By change.
    pub(super) cards: BTreeMap<i64, Digest>,
    /// By change: `done` or `refused`.
    pub(super) outcomes: BTreeMap<i64, String>,
    /// What was done to accounts.
    pub(super) accounts: BTreeSet<Digest>,
}

impl Told {
    /// Takes note of a line.
    pub(super) fn add(&mut self, link: &Link<'_>) {
        let (event, note) = (&*link.event, link.note.as_deref().unwrap_or_default());
        let payload = digest(link.payload);
        if event.starts_with("application-") {
            if let Some(which) = action_of(note) {
                self.actions.insert(which, payload);
                if which.1 == 1 && link.subject.is_some() {
                    self.persons.insert(which.0, digest(link.subject));
                }
            }
        } else if event.starts_with("stock-") {
            if let Some(which) = numbered(note, "operation ") {
                self.stock.insert(which, payload);
            }
        } else if event.starts_with("card-") {
            if let Some(which) = numbered(note, "card-change ") {
                self.cards.insert(which, payload);
            }
        } else if let Some(outcome) = event.strip_prefix("change-") {
            if let Some(which) = numbered(note, "card-change ") {
                self.outcomes.insert(which, outcome.to_owned());
            }
        } else if event.starts_with("account-") {
            self.accounts.insert(payload);
        }
    }
}

/// What is no digest agrees with none.
pub(super) fn digest(hex: Option<&str>) -> Digest {
    let mut digest = [0; 32];
    let _ = hex::decode_to_slice(hex.unwrap_or_default(), &mut digest);
    digest
}

/// Everything that an operation of the stock says, and what it did to which blank.
pub(crate) fn said_of_operation(id: i64, texts: &[String], moved: &[serde_json::Value]) -> String {
    serde_json::json!([id, texts, moved]).to_string()
}

/// Everything that a row of `actions` says, in one text that no other row has.
pub(crate) fn said_of(application: i64, sequence: i64, texts: &[Option<String>]) -> String {
    serde_json::json!([application, sequence, texts]).to_string()
}

/// `operation 7 by minh` → 7.
fn numbered(note: &str, prefix: &str) -> Option<i64> {
    note.strip_prefix(prefix)?.split(' ').next()?.parse().ok()
}

/// `application 7 action 4 by minh` → (7, 4).
fn action_of(note: &str) -> Option<(i64, i64)> {
    let mut words = note.split(' ');
    match (words.next()?, words.next()?, words.next()?, words.next()?) {
        ("application", application, "action", sequence) => {
            Some((application.parse().ok()?, sequence.parse().ok()?))
        }
        _ => None,
    }
}
