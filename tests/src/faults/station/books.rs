//! What must hold of a station after any fault, judged from outside: the rows of its ledger and of the register, and the
//! chips on the table, side by side. Nothing of the station's own judgement is asked.

use std::collections::{BTreeMap, BTreeSet};

use cccd_virtual_chip::LifeCycle;

/// An application.
#[derive(Debug, Clone, Default)]
pub(super) struct Application {
    pub(super) id: i64,
    pub(super) number: String,
    pub(super) state: String,
    /// Why it stands there, where the ledger says so.
    pub(super) reason: Option<String>,
    pub(super) chip: Option<String>,
    pub(super) sod: Option<String>,
}

/// A blank of the stock.
#[derive(Debug, Clone)]
pub(super) struct Blank {
    pub(super) serial: String,
    pub(super) state: String,
    pub(super) application: Option<i64>,
    /// The key for Chip Authentication that it made when it came to stock, hex, as the ledger has it.
    pub(super) key: Option<String>,
}

/// A card of the register.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) number: String,
    pub(super) sod: String,
    pub(super) serial: String,
    pub(super) status: String,
}

impl Card {
    pub(super) fn is_in_use(&self) -> bool {
        matches!(self.status.as_str(), "active" | "held")
    }
}

/// A chip that lies there.
#[derive(Debug, Clone)]
pub(super) struct Chip {
    pub(super) serial: String,
    pub(super) life: LifeCycle,
    pub(super) sod: Option<String>,
    /// The public half of its key for Chip Authentication, hex.
    pub(super) key: Option<String>,
    /// A file of a card was created in it.
    pub(super) has_files: bool,
}

impl Chip {
    /// Nobody made a card of it: it is blank, or has made keys when it came to stock and nothing else.
    fn is_blank(&self) -> bool {
        let keys_only = self.life == LifeCycle::Personalizing && !self.has_files;
        self.life == LifeCycle::Blank || keys_only
    }
}

/// Everything that is written about a station's cards, and the chips themselves.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    pub(super) applications: Vec<Application>,
    /// Serials that were used, and for which application.
    pub(super) used: Vec<(String, i64)>,
    pub(super) blanks: Vec<Blank>,
    pub(super) cards: Vec<Card>,
    pub(super) persons: BTreeSet<String>,
    /// Serials that the maker delivered.
    pub(super) delivered: Vec<String>,
    pub(super) chips: Vec<Chip>,
    /// Orders about cards that nobody carried out.
    pub(super) orders_open: u64,
    /// Files that lie in the house.
    pub(super) papers: BTreeSet<String>,
}

/// When the books are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// After the fault: work may be open, and a card may be in the register that the ledger has not closed yet.
    Torn,
    /// After the next start.
    Resumed,
}

/// What does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Breach {
    Lost(String),
    Doubled(String),
}

impl Breach {
    /// With what else there is to say of it.
    pub(super) fn and(self, more: &str) -> Self {
        match self {
            Self::Lost(what) => Self::Lost(format!("{what}; {more}")),
            Self::Doubled(what) => Self::Doubled(format!("{what}; {more}")),
        }
    }
}

const IN_WORK: [&str; 4] = ["personalising", "read-back", "locked", "in-doubt"];
const DONE: [&str; 2] = ["issued", "delivered"];
const CLOSED: [&str; 4] = ["issued", "delivered", "rejected", "spoiled"];

/// Collects what does not hold.
#[derive(Default)]
struct Breaches(Vec<Breach>);

impl Breaches {
    fn lost(&mut self, whether: bool, what: impl FnOnce() -> String) {
        if whether {
            self.0.push(Breach::Lost(what()));
        }
    }

    fn doubled(&mut self, whether: bool, what: impl FnOnce() -> String) {
        if whether {
            self.0.push(Breach::Doubled(what()));
        }
    }

    /// Each of these is there once.
    fn once<'a>(&mut self, all: impl IntoIterator<Item = &'a str>, what: &str) {
        let mut seen = BTreeSet::new();
        for one in all {
            self.doubled(!seen.insert(one), || format!("{what} {one}"));
        }
    }
}

impl Books {
    /// All that does not hold.
    pub(super) fn breaches(&self, moment: Moment) -> Vec<Breach> {
        let mut found = Breaches::default();
        self.every_blank_is_accounted_for(&mut found);
        self.every_chip_is_what_is_written(&mut found);
        self.every_key_is_the_chips(&mut found);
        self.one_card_an_application(&mut found);
        self.every_card_has_its_line_and_holder(&mut found);
        self.the_register_knows_what_was_issued(&mut found, moment);
        if moment == Moment::Resumed {
            self.no_order_is_left(&mut found);
        }
        found.0
    }

    fn application(&self, id: i64) -> Option<&Application> {
        self.applications.iter().find(|application| application.id == id)
    }

    /// The maker's list, the chips on the table and the stock name the same blanks, each once; and a blank stands where its
    /// application says.
    fn every_blank_is_accounted_for(&self, found: &mut Breaches) {
        let delivered: BTreeSet<&str> = self.delivered.iter().map(String::as_str).collect();
        let there: BTreeSet<&str> = self.chips.iter().map(|chip| chip.serial.as_str()).collect();
        found.once(self.chips.iter().map(|chip| chip.serial.as_str()), "the chip lies there twice:");
        for serial in delivered.difference(&there) {
            found.lost(true, || format!("the chip {serial} lies nowhere"));
        }
        // A reader in software lays out blanks of its own when the house's are used up; it never gets to write one.
        let written = self.chips.iter().filter(|chip| !chip.is_blank());
        for chip in written.filter(|chip| !delivered.contains(chip.serial.as_str())) {
            found.doubled(true, || format!("the written chip {} was never delivered", chip.serial));
        }
        found.once(self.blanks.iter().map(|blank| blank.serial.as_str()), "in stock twice:");
        // A delivery note is taken whole or not at all.
        let listed: BTreeSet<&str> = self.blanks.iter().map(|blank| blank.serial.as_str()).collect();
        if !listed.is_empty() {
            for serial in delivered.difference(&listed) {
                found.lost(true, || format!("the blank {serial} is not in the stock"));
            }
            for serial in listed.difference(&delivered) {
                found.doubled(true, || format!("the stock has a blank {serial} that was never delivered"));
            }
        }
        for blank in &self.blanks {
            let used = self.used.iter().find(|(serial, _)| *serial == blank.serial).map(|(_, id)| *id);
            let state =
                used.and_then(|id| self.application(id)).map(|application| application.state.as_str());
            let right = match blank.state.as_str() {
                "assigned" => state.is_some_and(|state| IN_WORK.contains(&state)),
                "card" => state.is_some_and(|state| DONE.contains(&state)),
                "expected" | "in-stock" | "sent" | "handed-over" => used.is_none(),
                "spoiled" | "destroyed" | "lost" => state.is_none_or(|state| state == "spoiled"),
                _ => false,
            };
            found.lost(!right || blank.application != used && blank.application.is_some(), || {
                let (serial, blank) = (&blank.serial, &blank.state);
                format!("the blank {serial} is {blank}, its application {}", state.unwrap_or("none"))
            });
        }
    }

    /// A chip that was touched is in the ledger, and a finished one is the card that was signed for it.
    fn every_chip_is_what_is_written(&self, found: &mut Breaches) {
        for chip in &self.chips {
            let used = self.used.iter().find(|(serial, _)| *serial == chip.serial);
            let application = used.and_then(|(_, id)| self.application(*id));
            let serial = &chip.serial;
            if chip.is_blank() {
                let done = application.is_some_and(|application| DONE.contains(&application.state.as_str()));
                found.lost(done, || format!("{serial} is issued and still blank"));
                continue;
            }
            let Some(application) = application else {
                let life = chip.life.name();
                found.lost(true, || format!("a card without a line: the chip {serial} is {life}"));
                continue;
            };
            let state = application.state.as_str();
            if chip.life == LifeCycle::Locked {
                let known = application.sod.is_some() && application.sod == chip.sod;
                found.lost(!known, || format!("the locked chip {serial} is not the card that was signed"));
                let right = IN_WORK.contains(&state) || CLOSED.contains(&state) && state != "rejected";
                found.lost(!right, || format!("the locked chip {serial}: its application is {state}"));
            } else {
                found.lost(DONE.contains(&state), || format!("{serial} is issued and not locked"));
            }
        }
    }

    /// A card is signed for the keys that the ledger knows: the blank has these and no others.
    fn every_key_is_the_chips(&self, found: &mut Breaches) {
        for blank in self.blanks.iter().filter(|blank| blank.key.is_some()) {
            let chip = self.chips.iter().find(|chip| chip.serial == blank.serial);
            let other = chip.is_some_and(|chip| chip.key != blank.key);
            found.lost(other, || format!("the blank {} has other keys than the ledger says", blank.serial));
        }
    }

    /// No serial twice, no application with two cards, no person with two open applications or two cards in use.
    fn one_card_an_application(&self, found: &mut Breaches) {
        found.once(self.used.iter().map(|(serial, _)| serial.as_str()), "a serial was used twice:");
        found.once(self.cards.iter().map(|card| card.serial.as_str()), "the register has the chip twice:");
        found.once(self.cards.iter().map(|card| card.sod.as_str()), "the register has the card twice:");
        let mut chips: BTreeMap<i64, u32> = BTreeMap::new();
        for (serial, id) in &self.used {
            *chips.entry(*id).or_default() += 1;
            let right = self.application(*id).is_some_and(|one| one.chip.as_ref() == Some(serial));
            found.lost(!right, || format!("{serial} was used for {id}, which does not name it"));
        }
        for (id, count) in chips {
            found.doubled(count > 1, || format!("application {id} has {count} chips"));
        }
        let signed = self.applications.iter().filter(|one| DONE.contains(&one.state.as_str()));
        let sods: Vec<&str> = signed.filter_map(|one| one.sod.as_deref()).collect();
        found.once(sods, "two applications have the card");
        let open = self.applications.iter().filter(|one| !CLOSED.contains(&one.state.as_str()));
        let open: Vec<&str> = open.map(|one| one.number.as_str()).collect();
        found.once(open, "two open applications of");
        let in_use = self.cards.iter().filter(|card| card.is_in_use()).map(|card| card.number.as_str());
        let in_use: Vec<&str> = in_use.collect();
        found.once(in_use, "two cards in use of");
    }

    /// A card of the register was made here, for that person; and every number has its holder.
    fn every_card_has_its_line_and_holder(&self, found: &mut Breaches) {
        let numbers = self.applications.iter().map(|one| &one.number);
        for number in numbers.chain(self.cards.iter().map(|card| &card.number)) {
            found.lost(!self.persons.contains(number), || format!("the number {number} has no holder"));
        }
        for card in &self.cards {
            let made = self.applications.iter().find(|one| one.sod.as_ref() == Some(&card.sod));
            let right = made.is_some_and(|one| {
                let state = one.state.as_str();
                one.chip.as_ref() == Some(&card.serial)
                    && one.number == card.number
                    && (IN_WORK.contains(&state) || DONE.contains(&state))
            });
            found.lost(!right, || format!("a card without a line: the register has {}", card.serial));
        }
    }

    /// What was ordered for a card was done or refused.
    fn no_order_is_left(&self, found: &mut Breaches) {
        found
            .lost(self.orders_open > 0, || format!("{} orders about cards were left open", self.orders_open));
    }

    /// Issued in the ledger, in the register, and locked on the table; after the next start nothing is left in work.
    fn the_register_knows_what_was_issued(&self, found: &mut Breaches, moment: Moment) {
        for application in &self.applications {
            let (id, state) = (application.id, application.state.as_str());
            let recorded = self.cards.iter().any(|card| Some(&card.sod) == application.sod.as_ref());
            if DONE.contains(&state) {
                found.lost(!recorded, || format!("{id} is {state} and not in the register"));
                let chip = self.chips.iter().find(|chip| Some(&chip.serial) == application.chip.as_ref());
                let locked = chip.is_some_and(|chip| chip.life == LifeCycle::Locked);
                found.lost(!locked, || format!("{id} is {state} and there is no locked chip"));
            } else if moment == Moment::Resumed {
                found.lost(recorded, || format!("{id} is in the register and only {state}"));
                found.lost(IN_WORK.contains(&state), || format!("{id} was left {state}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One card made of one of two blanks, everything as it must be.
    fn sound() -> Books {
        let application = Application {
            id: 1,
            number: "079099000001".to_owned(),
            state: "issued".to_owned(),
            reason: None,
            chip: Some("A".to_owned()),
            sod: Some("sod-a".to_owned()),
        };
        let blank = |serial: &str, state: &str, application| Blank {
            serial: serial.to_owned(),
            state: state.to_owned(),
            application,
            key: None,
        };
        let card = Card {
            number: "079099000001".to_owned(),
            sod: "sod-a".to_owned(),
            serial: "A".to_owned(),
            status: "active".to_owned(),
        };
        let chip = |serial: &str, life, sod: Option<&str>| Chip {
            serial: serial.to_owned(),
            life,
            sod: sod.map(str::to_owned),
            key: None,
            has_files: life != LifeCycle::Blank,
        };
        Books {
            applications: vec![application],
            used: vec![("A".to_owned(), 1)],
            blanks: vec![blank("A", "card", Some(1)), blank("B", "in-stock", None)],
            cards: vec![card],
            persons: BTreeSet::from(["079099000001".to_owned()]),
            delivered: vec!["A".to_owned(), "B".to_owned()],
            orders_open: 0,
            papers: BTreeSet::new(),
            chips: vec![chip("A", LifeCycle::Locked, Some("sod-a")), chip("B", LifeCycle::Blank, None)],
        }
    }

    /// The books with one thing wrong, and a word of what must be said about it.
    fn broken(what: &str, moment: Moment, doctor: impl FnOnce(&mut Books)) {
        let mut books = sound();
        doctor(&mut books);
        let breaches = books.breaches(moment);
        let said = breaches.iter().any(|breach| match breach {
            Breach::Lost(text) => format!("lost: {text}").contains(what),
            Breach::Doubled(text) => format!("doubled: {text}").contains(what),
        });
        assert!(said, "{what}: {breaches:?}");
    }

    #[test]
    fn sound_books_have_no_breach() {
        assert_eq!(sound().breaches(Moment::Torn), []);
        assert_eq!(sound().breaches(Moment::Resumed), []);
    }

    #[test]
    fn every_blank_that_is_not_accounted_for_is_seen() {
        broken("lost: the chip B lies nowhere", Moment::Torn, |books| {
            books.chips.pop();
        });
        broken("doubled: the chip lies there twice: B", Moment::Torn, |books| {
            books.chips.push(books.chips[1].clone());
        });
        broken("doubled: the written chip C was never delivered", Moment::Torn, |books| {
            books.chips.push(Chip {
                serial: "C".to_owned(),
                life: LifeCycle::Personalizing,
                sod: None,
                key: None,
                has_files: true,
            });
        });
        broken("lost: the blank B is not in the stock", Moment::Torn, |books| {
            books.blanks.pop();
        });
        broken("doubled: the stock has a blank C", Moment::Torn, |books| {
            books.blanks.push(Blank { serial: "C".to_owned(), ..books.blanks[1].clone() });
        });
        broken("doubled: in stock twice: B", Moment::Torn, |books| {
            books.blanks.push(books.blanks[1].clone());
        });
        broken("lost: the blank A is in-stock", Moment::Torn, |books| {
            books.blanks[0].state = "in-stock".to_owned();
        });
        broken("lost: the blank A is assigned", Moment::Torn, |books| {
            books.blanks[0].state = "assigned".to_owned();
        });
        broken("lost: the blank B is card", Moment::Torn, |books| {
            books.blanks[1].state = "card".to_owned();
        });
        broken("lost: the blank A is spoiled", Moment::Torn, |books| {
            books.blanks[0].state = "spoiled".to_owned();
        });
    }

    #[test]
    fn every_card_without_a_line_is_seen() {
        broken("lost: a card without a line: the chip B is locked", Moment::Torn, |books| {
            books.chips[1].life = LifeCycle::Locked;
        });
        broken("lost: a card without a line: the chip B is personalizing", Moment::Torn, |books| {
            (books.chips[1].life, books.chips[1].has_files) = (LifeCycle::Personalizing, true);
        });
        broken("lost: a card without a line: the register has B", Moment::Torn, |books| {
            let other = Card { sod: "sod-b".to_owned(), serial: "B".to_owned(), ..books.cards[0].clone() };
            books.cards.push(Card { status: "lost".to_owned(), ..other });
        });
        broken("lost: the locked chip A is not the card that was signed", Moment::Torn, |books| {
            books.chips[0].sod = Some("sod-of-another".to_owned());
        });
        broken("lost: A was used for 1", Moment::Torn, |books| books.applications[0].chip = None);
    }

    #[test]
    fn keys_that_are_not_the_chips_are_seen() {
        broken("lost: the blank B has other keys", Moment::Torn, |books| {
            books.blanks[1].key = Some("aa".to_owned());
        });
        broken("lost: the blank B has other keys", Moment::Torn, |books| {
            books.blanks[1].key = Some("aa".to_owned());
            books.chips[1].key = Some("bb".to_owned());
        });
        let mut books = sound();
        // Made, and not noted yet: the next run makes others.
        books.chips[1].key = Some("aa".to_owned());
        books.chips[1].life = LifeCycle::Personalizing;
        assert_eq!(books.breaches(Moment::Torn), []);
        books.chips[1].has_files = true;
        assert_ne!(books.breaches(Moment::Torn), []);
    }

    #[test]
    fn every_second_card_is_seen() {
        broken("doubled: a serial was used twice: A", Moment::Torn, |books| {
            books.used.push(("A".to_owned(), 2));
        });
        broken("doubled: application 1 has 2 chips", Moment::Torn, |books| {
            books.used.push(("B".to_owned(), 1));
        });
        broken("doubled: the register has the chip twice: A", Moment::Torn, |books| {
            books.cards.push(Card { sod: "sod-b".to_owned(), ..books.cards[0].clone() });
        });
        broken("doubled: the register has the card twice: sod-a", Moment::Torn, |books| {
            books.cards.push(Card { serial: "B".to_owned(), ..books.cards[0].clone() });
        });
        broken("doubled: two cards in use of 079099000001", Moment::Torn, |books| {
            books.cards.push(books.cards[0].clone());
        });
        broken("doubled: two open applications of 079099000001", Moment::Torn, |books| {
            for id in [2, 3] {
                let (state, chip, sod) = ("captured".to_owned(), None, None);
                books.applications.push(Application {
                    id,
                    state,
                    chip,
                    sod,
                    ..books.applications[0].clone()
                });
            }
        });
        broken("doubled: two applications have the card sod-a", Moment::Torn, |books| {
            books.applications.push(Application { id: 2, chip: None, ..books.applications[0].clone() });
        });
    }

    #[test]
    fn a_number_without_holder_and_a_register_that_does_not_know_are_seen() {
        broken("lost: the number 079099000001 has no holder", Moment::Torn, |books| books.persons.clear());
        broken("lost: 1 is issued and not in the register", Moment::Torn, |books| books.cards.clear());
        broken("lost: 1 is issued and there is no locked chip", Moment::Torn, |books| {
            books.chips[0].life = LifeCycle::Personalizing;
        });
        broken("lost: A is issued and still blank", Moment::Torn, |books| {
            books.chips[0].life = LifeCycle::Blank;
        });
        broken("lost: 1 is in the register and only locked", Moment::Resumed, |books| {
            books.applications[0].state = "locked".to_owned();
            books.blanks[0].state = "assigned".to_owned();
        });
        broken("lost: 1 orders about cards were left open", Moment::Resumed, |books| books.orders_open = 1);
        broken("lost: 1 was left in-doubt", Moment::Resumed, |books| {
            books.applications[0].state = "in-doubt".to_owned();
            books.blanks[0].state = "assigned".to_owned();
            books.cards.clear();
        });
    }

    #[test]
    fn between_fault_and_next_start_a_card_may_be_recorded_and_not_closed() {
        let mut books = sound();
        books.applications[0].state = "locked".to_owned();
        books.blanks[0].state = "assigned".to_owned();
        assert_eq!(books.breaches(Moment::Torn), []);
    }
}
