//! Many acts in one transaction: what they are judged by is read together, what they change is written together, and each is
//! still whole, with its history, its messages and its link of the chain, or not there at all.
//!
//! Only acts go together of which none touches whom another one changed: each is judged as if it came alone. What is not
//! of that kind (a contradiction, another number, a number that is taken) is left to come by itself; so is whatever
//! another line was quicker with.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::super::database::Retry;
use super::super::engine::{Asked, Row, Session, Value, sixteens};
use super::super::persons::{self, Locked, number as number_of};
use super::super::{Change, StoreError, cases, kept, numbers, search};
use super::chain::chain_all;
use super::in_session::HELD;
use super::{ActOutcome, InSession, LastTold, NumberSource, Recorded, fits, prefix, write_changes};
use crate::civil_status::{
    Act, ActId, Applied, Books, Changes, Entry, NotApplied, Refusal, apply_overruling,
};
use crate::numbers::{Claim, RequestId};
use crate::person::{Others, Person};
use crate::search::{SearchKey, alike_keys};

/// The most acts of one transaction.
pub(in crate::store) const TOGETHER: usize = 64;

const CLAIMED: &str = "SELECT act_id, digest FROM act_claim WHERE act_id IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

const ACTS: &str = "SELECT personal_number, act_id, on_day FROM person_act WHERE personal_number IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ORDER BY on_day, act_id";

/// Eight acts; the last stands for those that are missing, and is there once.
const CLAIM: &str = "INSERT INTO act_claim (act_id, digest, entry, outcome, recorded_at) VALUES \
    (?1, ?2, ?3, ?4, ?5), (?6, ?7, ?8, ?9, ?10), (?11, ?12, ?13, ?14, ?15), (?16, ?17, ?18, ?19, ?20), \
    (?21, ?22, ?23, ?24, ?25), (?26, ?27, ?28, ?29, ?30), (?31, ?32, ?33, ?34, ?35), (?36, ?37, ?38, ?39, ?40) \
    ON CONFLICT (act_id) DO NOTHING RETURNING act_id";

const EIGHT: usize = 8;

/// Records that were read, locked in the order of their numbers.
const HELD_SOME: &str = "SELECT revision, personal_number FROM person WHERE personal_number IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) AND replaced_by IS NULL \
    ORDER BY personal_number FOR UPDATE";

/// An act, and the number that was given for it.
pub(in crate::store) type Incoming = (Entry, Option<PersonalNumber>);

/// What became of the first acts.
pub(in crate::store) type Done = Vec<Result<Recorded, StoreError>>;

/// Acts that were taken, by whose they are.
type ActsOf = BTreeMap<PersonalNumber, Vec<Applied>>;

/// The last day of the card in use of each, if there is one.
type CardsOf = BTreeMap<PersonalNumber, Option<String>>;

/// Why a transaction is given up.
pub(in crate::store) enum Halt {
    Store(StoreError),
    /// This one of the acts does not go with the others.
    Cut(usize),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Retry for Halt {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy))
    }

    fn is_lost_line(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unreachable))
    }
}

/// One question for each sixteen values.
fn sixteen<'v>(sql: &'v str, values: impl Iterator<Item = &'v str>) -> Vec<Asked<'v>> {
    sixteens(values.map(Value::from)).into_iter().map(|values| (sql, values)).collect()
}

/// An act that goes with the others.
struct Judged<'e> {
    place: usize,
    entry: &'e Entry,
    changes: Changes,
}

/// What was decided about an act before anything was written.
enum Turn<'e> {
    Goes(Box<Judged<'e>>),
    Refused(StoreError),
    Repeat,
}

/// Looks through the records that were read, and remembers whose.
struct Watched<'o, 's> {
    others: &'o InSession<'s>,
    seen: RefCell<BTreeSet<PersonalNumber>>,
}

impl Others for Watched<'_, '_> {
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        self.seen.borrow_mut().insert(number.clone());
        self.others.person(number)
    }
}

impl Books for Watched<'_, '_> {
    fn acts_of(&self, person: &PersonalNumber) -> Vec<Applied> {
        self.seen.borrow_mut().insert(person.clone());
        self.others.acts_of(person)
    }

    fn act(&self, id: &ActId) -> Option<Act> {
        self.others.act(id)
    }

    fn past(&self, person: &PersonalNumber) -> Vec<Person> {
        self.others.past(person)
    }
}

/// What all of them are judged by.
struct Read {
    /// Digests of acts that were taken before.
    claimed: BTreeMap<String, Vec<u8>>,
    before: ActsOf,
    people: Locked,
}

fn read(session: &mut dyn Session, acts: &[Incoming]) -> Result<Read, StoreError> {
    let names: Vec<String> = acts.iter().map(|(entry, _)| entry.id.to_string()).collect();
    let principals: BTreeSet<PersonalNumber> =
        acts.iter().flat_map(|(entry, _)| entry.act.principals()).collect();
    let named: BTreeSet<PersonalNumber> = acts.iter().flat_map(|(entry, _)| entry.act.named()).collect();
    let mut asked = sixteen(CLAIMED, names.iter().map(String::as_str));
    let claims_until = asked.len();
    asked.extend(sixteen(ACTS, principals.iter().map(PersonalNumber::as_str)));
    let acts_until = asked.len();
    asked.extend(persons::some(named.iter()));
    let keys = session.seal().share();
    let mut read = Read { claimed: BTreeMap::new(), before: BTreeMap::new(), people: Locked::new() };
    read.people.extend(named.iter().map(|number| (number.clone(), None)));
    session.ask(&asked, &mut |place, row| {
        if place < claims_until {
            let digest = row.bytes(1)?.ok_or(StoreError::Inconsistent("a digest"))?;
            read.claimed.insert(row.needed(0)?, digest);
        } else if place < acts_until {
            add_act(&mut read.before, row)?;
        } else {
            let known = persons::read_known(row, &keys)?;
            read.people.insert(known.person.number.clone(), Some(known));
        }
        Ok(())
    })?;
    Ok(read)
}

fn add_act(acts: &mut ActsOf, row: &dyn Row) -> Result<(), StoreError> {
    let applied = super::applied(row)?;
    acts.entry(applied.of.clone()).or_default().push(applied);
    Ok(())
}

/// Takes the first of these acts, as many as go together; none if the very first has to come by itself. A number that an
/// allocator gives is lost if the transaction is given up.
pub(in crate::store) fn take(
    session: &mut dyn Session,
    acts: &[Incoming],
    source: NumberSource<'_>,
    intake: &str,
    change: &Change,
    today: Date,
) -> Result<Done, Halt> {
    // Whose stay another ministry keeps is asked for one by one.
    let alone = |entry: &Entry| matches!(entry.act, Act::Temporary { .. } | Act::Absence { .. });
    let mut names: BTreeSet<&ActId> = BTreeSet::new();
    let first = acts.iter().take(TOGETHER).take_while(|(entry, _)| !alone(entry) && names.insert(&entry.id));
    let acts = acts.get(..first.count()).unwrap_or_default();
    if acts.len() < 2 {
        return Ok(Done::new());
    }
    let mut read = read(session, acts)?;
    let whole_index = search::knows_everybody(session)?;
    let before = core::mem::take(&mut read.before);
    let claimed = core::mem::take(&mut read.claimed);
    let others = InSession::reading(session, acts.iter().map(|(entry, _)| &entry.act), read.people)?;
    let turns = judge(acts, &others, (&claimed, &before), source, today, whole_index)?;
    if turns.is_empty() {
        return Ok(Done::new());
    }
    let goes: Vec<&Judged<'_>> = turns
        .iter()
        .filter_map(|turn| if let Turn::Goes(judged) = turn { Some(judged.as_ref()) } else { None })
        .collect();
    let cards = claim_and_hold(&others, &goes, change)?;
    let mut known = others.locked.replace(Locked::new());
    let session = others.end()?;
    let given = give(session, &goes, change)?;
    for judged in &goes {
        let mut theirs = Locked::new();
        for person in &judged.changes.changed {
            if let Some(known) = known.remove(&person.number) {
                theirs.insert(person.number.clone(), known);
            }
        }
        persons::change_locked(session, &judged.changes.changed, theirs, change)?;
    }
    // Everybody is locked by now.
    let mut last = LastTold::read(session, goes.iter().flat_map(|judged| &judged.changes.messages))?;
    for judged in &goes {
        write_changes(session, judged.entry, &judged.changes, &mut last, change)?;
    }
    as_judged(session, &goes, (&before, &cards))?;
    let outcomes: Vec<(&ActId, &'static str)> =
        goes.iter().map(|judged| (&judged.entry.id, outcome(&judged.changes))).collect();
    chain_all(session, intake, &outcomes, change.at)?;
    let mut done = Done::with_capacity(turns.len());
    for (turn, (entry, _)) in turns.into_iter().zip(acts) {
        done.push(match turn {
            Turn::Goes(judged) => {
                let number = given.get(&judged.place).cloned();
                Ok(Recorded { outcome: ActOutcome::Applied(Box::new(judged.changes)), number })
            }
            Turn::Refused(error) => Err(error),
            Turn::Repeat => Ok(super::again(session, &entry.id.to_string())?),
        });
    }
    Ok(done)
}

fn outcome(changes: &Changes) -> &'static str {
    if changes.late { "late" } else { "applied" }
}

fn text_of(entry: &Entry) -> Result<String, StoreError> {
    serde_json::to_string(entry).map_err(|error| StoreError::Engine(Box::new(error)))
}

/// Judges them in their order, up to the first that does not go with those before it.
fn judge<'e>(
    acts: &'e [Incoming],
    others: &InSession<'_>,
    (claimed, before): (&BTreeMap<String, Vec<u8>>, &ActsOf),
    source: NumberSource<'_>,
    today: Date,
    whole_index: bool,
) -> Result<Vec<Turn<'e>>, StoreError> {
    let mut turns = Vec::with_capacity(acts.len());
    // Whom the acts until now change, the numbers they give, and the births they register.
    let (mut changed, mut born): (BTreeSet<PersonalNumber>, BTreeSet<SearchKey>) = Default::default();
    for (place, (entry, given)) in acts.iter().enumerate() {
        if let Some(known) = claimed.get(&entry.id.to_string()) {
            let same = Sha256::digest(text_of(entry)?).as_slice() == known.as_slice();
            if !same {
                // By itself it is told whether the first was sent back.
                break;
            }
            turns.push(Turn::Repeat);
            continue;
        }
        let watched = Watched { others, seen: RefCell::default() };
        let principals = entry.act.principals();
        watched.seen.borrow_mut().extend(principals.iter().cloned());
        let mut wanted = None;
        let number = match source {
            _ if given.is_some() => given.clone(),
            NumberSource::Given(_) => None,
            NumberSource::Allocator(allocator) => {
                wanted = match prefix(entry, &watched) {
                    Ok(wanted) => wanted,
                    Err(_) => break,
                };
                let next = wanted.and_then(|prefix| allocator.borrow().next(prefix));
                if wanted.is_some() && next.is_none() {
                    // Another block is leased for it when it comes by itself.
                    break;
                }
                next
            }
        };
        let acts_before: Vec<Applied> =
            principals.iter().filter_map(|number| before.get(number)).flatten().cloned().collect();
        let applied = apply_overruling(entry, &watched, &acts_before, number, today, &[]);
        if let Some(error) = others.failed.take() {
            return Err(error);
        }
        if watched.seen.borrow().iter().any(|number| changed.contains(number)) {
            break;
        }
        let changes = match applied {
            Ok(changes) if changes.cancelled.is_none() => changes,
            // By itself it is told whether the number has ended.
            Err(NotApplied::Refused(Refusal::UnknownPerson)) => break,
            Err(NotApplied::Refused(refusal)) => {
                turns.push(Turn::Refused(refusal.into()));
                continue;
            }
            _ => break,
        };
        // By itself it is told why.
        if let Some(given) = given
            && !fits(given, &changes, prefix(entry, &watched).unwrap_or(None))
        {
            break;
        }
        if let Some(child) = &changes.created {
            let keys = alike_keys(child);
            let alike = keys.iter().any(|key| born.contains(key));
            if !whole_index || keys.is_empty() || alike || changed.contains(&child.number) {
                break;
            }
            born.extend(keys);
            changed.insert(child.number.clone());
            if let (NumberSource::Allocator(allocator), Some(prefix)) = (source, wanted) {
                allocator.borrow_mut().pass(prefix);
            }
        }
        changed.extend(principals);
        changed.extend(changes.changed.iter().map(|person| person.number.clone()));
        turns.push(Turn::Goes(Box::new(Judged { place, entry, changes })));
    }
    Ok(turns)
}

/// Claims the acts. Whom they change is locked by the change, in the order of the numbers, and compared with what was read; where
/// one of them names somebody and leaves them as they are, or the rows lie on several machines, everybody is locked here, in that
/// order too. Whoever changed since they were read: the transaction begins anew.
///
/// Answers the cards in use by which changes are counted.
fn claim_and_hold(others: &InSession<'_>, goes: &[&Judged<'_>], change: &Change) -> Result<CardsOf, Halt> {
    // Two lines with the same acts wait for each other in one order.
    let mut order: Vec<&&Judged<'_>> = goes.iter().collect();
    order.sort_by_key(|judged| judged.entry.id.to_string());
    let at = change.at.to_string();
    let mut rows = Vec::with_capacity(order.len());
    for judged in &order {
        let text = text_of(judged.entry)?;
        let digest: [u8; 32] = Sha256::digest(&text).into();
        rows.push([
            judged.entry.id.to_string().into(),
            Value::Bytes(digest.to_vec().into()),
            text.into(),
            outcome(&judged.changes).into(),
            (&at).into(),
        ]);
    }
    let mut asked: Vec<Asked<'_>> = rows
        .chunks(EIGHT)
        .map(|part| {
            let rows = part.iter().chain(part.last().into_iter().cycle()).take(EIGHT);
            (CLAIM, rows.flatten().cloned().collect())
        })
        .collect();
    let claims = asked.len();
    let differs =
        |person: &&Person| others.known_person(&person.number).is_some_and(|known| *known != **person);
    let changed = goes.iter().flat_map(|judged| &judged.changes.changed).filter(differs);
    let changed: BTreeSet<&PersonalNumber> = changed.map(|person| &person.number).collect();
    let mut whom: BTreeSet<PersonalNumber> = goes
        .iter()
        .flat_map(|judged| {
            let changed = judged.changes.changed.iter().map(|person| person.number.clone());
            judged.entry.act.named().into_iter().chain(changed)
        })
        .collect();
    let several = others.session.borrow().locks_several();
    if several && whom.iter().all(|number| changed.contains(number)) {
        whom.clear();
    }
    match several {
        true => asked.extend(sixteen(HELD_SOME, whom.iter().map(PersonalNumber::as_str))),
        false => asked.extend(whom.iter().map(|number| (HELD, vec![number.as_str().into()]))),
    }
    let held = asked.len();
    // Who moves, dies or is born anew is counted with the card in use.
    let counted: BTreeSet<&PersonalNumber> = goes
        .iter()
        .flat_map(|judged| &judged.changes.changed)
        .filter(|person| others.known_person(&person.number).is_some_and(|known| kept::moves(&known, person)))
        .map(|person| &person.number)
        .collect();
    asked.extend(sixteen(kept::CARDS, counted.iter().map(|number| number.as_str())));
    let (mut claimed, mut revisions) = (BTreeSet::new(), BTreeMap::new());
    let mut cards: CardsOf = counted.iter().map(|number| ((*number).clone(), None)).collect();
    others.session.borrow_mut().ask(&asked, &mut |place, row| {
        if place < claims {
            claimed.insert(row.needed(0)?);
        } else if place < held {
            revisions.insert(number_of(row.needed_str(1)?)?, row.count(0)?);
        } else if let Some(last_day) = kept::card_in_use(row)? {
            cards.insert(number_of(row.needed_str(0)?)?, Some(last_day));
        }
        Ok(())
    })?;
    if let Some(judged) = order.iter().find(|judged| !claimed.contains(&judged.entry.id.to_string())) {
        // Through another line meanwhile.
        return Err(Halt::Cut(judged.place));
    }
    let mut people = others.locked.borrow_mut();
    let same = whom.iter().all(|number| {
        people.get(number).and_then(Option::as_ref).map(|known| known.revision)
            == revisions.get(number).copied()
    });
    if !same {
        return Err(StoreError::Busy.into());
    }
    for (number, last_day) in &cards {
        if let Some(Some(known)) = people.get_mut(number) {
            known.card = Some(last_day.clone());
        }
    }
    Ok(cards)
}

/// Another act of somebody whom these are about, or another card of whoever is counted with it, taken since they were read: the
/// transaction begins anew. By now the rows of all of them are locked.
fn as_judged(
    session: &mut dyn Session,
    goes: &[&Judged<'_>],
    (before, cards): (&ActsOf, &CardsOf),
) -> Result<(), StoreError> {
    let ours: BTreeSet<&ActId> = goes.iter().map(|judged| &judged.entry.id).collect();
    let principals: BTreeSet<PersonalNumber> =
        goes.iter().flat_map(|judged| judged.entry.act.principals()).collect();
    let mut asked = sixteen(ACTS, principals.iter().map(PersonalNumber::as_str));
    let acts_until = asked.len();
    asked.extend(sixteen(kept::CARDS, cards.keys().map(PersonalNumber::as_str)));
    let mut now = ActsOf::new();
    let mut in_use: CardsOf = cards.keys().map(|number| (number.clone(), None)).collect();
    session.ask(&asked, &mut |place, row| {
        if place < acts_until {
            add_act(&mut now, row)?;
        } else if let Some(last_day) = kept::card_in_use(row)? {
            in_use.insert(number_of(row.needed_str(0)?)?, Some(last_day));
        }
        Ok(())
    })?;
    for acts in now.values_mut() {
        acts.retain(|act| !ours.contains(&act.id));
    }
    let none = Vec::new();
    let of = |acts: &ActsOf, number| acts.get(number).unwrap_or(&none) == before.get(number).unwrap_or(&none);
    let same = in_use == *cards && principals.iter().all(|number| of(&now, number));
    if same { Ok(()) } else { Err(StoreError::Busy) }
}

/// The newborns: compared with who was born that day, given their numbers, and put in. Answers the numbers by the place of
/// the act.
fn give(
    session: &mut dyn Session,
    goes: &[&Judged<'_>],
    change: &Change,
) -> Result<BTreeMap<usize, PersonalNumber>, Halt> {
    let births: Vec<(usize, &Entry, &Person)> = goes
        .iter()
        .filter_map(|judged| Some((judged.place, judged.entry, judged.changes.created.as_ref()?)))
        .collect();
    let Some((first, ..)) = births.first() else { return Ok(BTreeMap::new()) };
    let newborns: Vec<&Person> = births.iter().map(|(.., child)| *child).collect();
    let Some(like) = cases::registered_already_among(session, &newborns)? else {
        return Err(Halt::Cut(*first));
    };
    if let Some((place, ..)) = births.iter().zip(like).find(|(_, like)| *like).map(|(birth, _)| birth) {
        return Err(Halt::Cut(*place));
    }
    let mut wanted = Vec::with_capacity(births.len());
    for (place, entry, child) in &births {
        let request = RequestId::new(&entry.id.to_string()).ok_or(Halt::Cut(*place))?;
        wanted.push((child.number.clone(), request));
    }
    let claims = numbers::give_many(session, &wanted)?;
    if let Some((birth, _)) = births.iter().zip(&claims).find(|(_, claim)| **claim != Claim::Given) {
        return Err(Halt::Cut(birth.0));
    }
    let people: Vec<Person> = newborns.into_iter().cloned().collect();
    match people.as_slice() {
        [child] => persons::create(session, child, change)?,
        people if persons::load_new(session, people, change)? => {}
        _ => return Err(StoreError::Busy.into()),
    }
    Ok(births.into_iter().map(|(place, _, child)| (place, child.number.clone())).collect())
}
