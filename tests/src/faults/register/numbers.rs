//! Numbers asked for: each request has one number, nobody else's, and the one that was answered before the kill.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cccd_population::store::SqlStore;

use super::{Campaign, Desk, Outcome, answers};

#[derive(Default)]
pub(super) struct Numbers {
    asked: u64,
    round: Vec<String>,
    /// What was answered before the kill.
    promised: BTreeMap<String, String>,
    given: BTreeSet<String>,
}

fn pairs(answered: &str) -> BTreeMap<String, String> {
    let pair = |answer: &serde_json::Value| {
        Some((answer["request"].as_str()?.to_owned(), answer["number"].as_str()?.to_owned()))
    };
    answers(answered).iter().filter_map(pair).collect()
}

impl Campaign for Numbers {
    fn title(&self) -> &'static str {
        "allocation of numbers"
    }

    fn prepare(&mut self, desk: &Desk, size: usize) -> Result<Vec<String>> {
        self.round = (0..size)
            .map(|_| {
                self.asked += 1;
                format!("00070.2026.KS.{}", self.asked)
            })
            .collect();
        let lines: Vec<String> = self
            .round
            .iter()
            .map(|request| {
                format!("{{\"request\":\"{request}\",\"place\":\"001\",\"sex\":\"male\",\"year\":2026}}\n")
            })
            .collect();
        desk.command(&["number", "--requests"], &lines)
    }

    fn after_kill(&mut self, _: &Desk, _: &SqlStore, answered: &str) -> Result<Option<Outcome>> {
        self.promised = pairs(answered);
        Ok(None)
    }

    fn after_rerun(&mut self, _: &Desk, _: &SqlStore, answered: &str) -> Result<Option<Outcome>> {
        let now = pairs(answered);
        for request in &self.round {
            let Some(number) = now.get(request) else {
                return Ok(Some(Outcome::Lost("a request without a number".to_owned())));
            };
            if self.promised.get(request).is_some_and(|promised| promised != number) {
                return Ok(Some(Outcome::Doubled("two numbers for one request".to_owned())));
            }
            if !self.given.insert(number.clone()) {
                return Ok(Some(Outcome::Doubled("one number for two requests".to_owned())));
            }
        }
        Ok(None)
    }

    fn at_the_end(&mut self, _: &Desk, _: &SqlStore) -> Result<Option<Outcome>> {
        Ok((self.given.len() as u64 != self.asked).then(|| Outcome::Lost("a number".to_owned())))
    }
}
