//! Where each item of a record came from, and when. The row's own source and time stand for every item that its last
//! change brought; the others are kept here, by source, so that a record that came whole needs nothing.

use serde::{Deserialize, Serialize};

use super::Change;

/// Items that are older than the row's last change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Provenance(Vec<Older>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Older {
    #[serde(flatten)]
    change: Change,
    items: Vec<String>,
}

impl Provenance {
    /// The change that brought an item, if it is older than the row's last.
    #[must_use]
    pub fn of(&self, item: &str) -> Option<&Change> {
        self.0.iter().find(|older| older.items.iter().any(|known| known == item)).map(|older| &older.change)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is to be kept where these items stay as they are, in the order of their names: they keep the change they came by,
    /// which for those not named here was `last`.
    pub(super) fn after<'i>(&self, last: &Change, staying: impl Iterator<Item = &'i str>) -> Self {
        let mut kept: Vec<Older> = Vec::new();
        // The number is what the record is about.
        for item in staying.filter(|item| *item != "number") {
            let change = self.of(item).unwrap_or(last);
            match kept.iter_mut().find(|older| older.change == *change) {
                Some(older) => older.items.push(item.to_owned()),
                None => kept.push(Older { change: change.clone(), items: vec![item.to_owned()] }),
            }
        }
        Self(kept)
    }
}
