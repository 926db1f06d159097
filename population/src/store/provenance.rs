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
        let mut kept = Self::default();
        // The number is what the record is about.
        for item in staying.filter(|item| *item != "number") {
            kept.add(item, self.of(item).unwrap_or(last));
        }
        kept
    }

    /// Items that a record no longer says, with the change that took each away: who brings them again is asked whether they knew.
    pub(super) fn with_gone<'i>(
        mut self,
        before: &Self,
        now: (&Change, impl Iterator<Item = &'i str>),
        said: impl Fn(&str) -> bool,
    ) -> Self {
        for older in &before.0 {
            for item in older.items.iter().filter(|item| !said(item)) {
                if self.of(item).is_none() {
                    self.add(item, &older.change);
                }
            }
        }
        let (change, gone) = now;
        for item in gone {
            self.0.iter_mut().for_each(|older| older.items.retain(|known| known != item));
            self.0.retain(|older| !older.items.is_empty());
            self.add(item, change);
        }
        self
    }

    fn add(&mut self, item: &str, change: &Change) {
        match self.0.iter_mut().find(|older| older.change == *change) {
            Some(older) => older.items.push(item.to_owned()),
            None => self.0.push(Older { change: change.clone(), items: vec![item.to_owned()] }),
        }
    }
}
