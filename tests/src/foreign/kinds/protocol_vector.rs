//! `protocol-vector`: worked examples of the standards, value by value.
//!
//! A value is known by its name: the name says from which others it follows, and it is computed anew by the protocols
//! themselves. A value whose name is not known is a failure, so that none is passed over.

mod active_authentication;
mod bac;
mod eac;
mod pace;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Map, Value};

use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem};

/// Recomputes a worked example.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let name = case.input("name")?;
    let vector = file
        .get("vectors")
        .and_then(|vectors| vectors.get(name))
        .ok_or_else(|| Problem::new(format!("the file has no vector '{name}'")))?;
    let section = Section::of(name, vector)?;
    let pace = section.members.get("protocol").and_then(Value::as_str);
    let values = if pace.is_some_and(|protocol| protocol.starts_with("id-PACE-")) {
        pace::example(section)?
    } else if section.has("pace") {
        eac::example(section)?
    } else if section.has("authentication") {
        bac::example(section)?
    } else if section.has("trailer") {
        active_authentication::example(section)?
    } else {
        return Err(Problem::new("an example of a protocol that is not known"));
    };
    Ok(Outcome::Matched { values })
}

/// The values of an example, or of a part of it.
struct Section<'v> {
    name: String,
    members: &'v Map<String, Value>,
    used: RefCell<BTreeSet<&'v str>>,
    matched: Cell<usize>,
}

impl<'v> Section<'v> {
    fn of(name: &str, value: &'v Value) -> Result<Self, Problem> {
        let members =
            value.as_object().ok_or_else(|| Problem::new(format!("'{name}' is no set of values")))?;
        Ok(Self { name: name.to_owned(), members, used: RefCell::default(), matched: Cell::new(0) })
    }

    fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member, which counts as used from now on.
    fn value(&self, name: &str) -> Option<&'v Value> {
        let (key, value) = self.members.get_key_value(name)?;
        self.used.borrow_mut().insert(key);
        Some(value)
    }

    /// Words for people.
    fn ignore(&self, names: &[&str]) {
        for name in names {
            self.value(name);
        }
    }

    fn text(&self, name: &str) -> Option<&'v str> {
        self.value(name)?.as_str()
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        hex::decode(text).map(Some).map_err(|_| self.problem(name, "is not hex"))
    }

    fn need(&self, name: &str) -> Result<Vec<u8>, Problem> {
        self.bytes(name)?.ok_or_else(|| self.problem(name, "is missing"))
    }

    fn part(&self, name: &str) -> Result<Section<'v>, Problem> {
        let value = self.value(name).ok_or_else(|| self.problem(name, "is missing"))?;
        Section::of(&format!("{}/{name}", self.name), value)
    }

    fn list(&self, name: &str) -> Result<Vec<Section<'v>>, Problem> {
        let list = self.value(name).and_then(Value::as_array);
        let list = list.ok_or_else(|| self.problem(name, "is no list"))?;
        let of = |(index, value)| Section::of(&format!("{}/{name}/{index}", self.name), value);
        list.iter().enumerate().map(of).collect()
    }

    /// The value follows from others: it is compared with what was computed, if it is there.
    fn check(&self, name: &str, computed: &[u8]) -> Result<(), Problem> {
        match self.bytes(name)? {
            Some(stated) => self.holds(name, stated == computed),
            None => Ok(()),
        }
    }

    /// The value was compared otherwise.
    fn holds(&self, name: &str, holds: bool) -> Result<(), Problem> {
        self.value(name);
        if holds {
            self.matched.set(self.matched.get() + 1);
            Ok(())
        } else {
            Err(self.problem(name, "is not what was computed"))
        }
    }

    fn problem(&self, name: &str, what: impl std::fmt::Display) -> Problem {
        Problem::new(format!("{}/{name} {what}", self.name))
    }

    /// How many values matched; none may be left over.
    fn finish(self) -> Result<usize, Problem> {
        let used = self.used.borrow();
        match self.members.keys().find(|name| !used.contains(name.as_str())) {
            Some(name) => Err(self.problem(name, "is a value that is not known")),
            None => Ok(self.matched.get()),
        }
    }
}

/// Randomness that the example prints: played back, and then no more.
struct Printed(std::collections::VecDeque<u8>);

impl Printed {
    fn new(parts: &[&[u8]]) -> Self {
        Self(parts.concat().into())
    }
}

impl TryRng for Printed {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Self::Error> {
        // Whoever draws on gets ones: in range everywhere, and unlike anything that the example states.
        for byte in destination {
            *byte = self.0.pop_front().unwrap_or(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for Printed {}
