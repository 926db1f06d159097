//! Cards in the register; portraits and prints in the identity database, which has a place, a role, keys and a log of its own.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::{Grounds, Look, Shown};
use cccd_population::card::{CardStatus, NewCard, SodDigest};
use cccd_population::identity::Item;
use cccd_population::matching::DigestKey;
use cccd_population::person::Life;
use cccd_population::seal::SealKeys;
use cccd_population::store::{IdentityStore, Place, SqlStore, Store as _, StoreError};
use zeroize::Zeroizing;

use super::{Invariant, World, noon};

/// Of so many people one comes for a card in the year.
const ONE_IN: usize = 500;

/// One holder in so many loses the card and gets another.
const LOST: usize = 5;

/// What every card maker leaves: a portrait and two index fingers.
const ITEMS: [Item; 3] = [Item::Portrait, Item::Fingerprint(2), Item::Fingerprint(7)];

/// What must be found again.
pub(super) struct Told {
    folder: tempfile::TempDir,
    /// The identity database, and the role that the register's people have.
    own: Place,
    register: Option<Place>,
    cards: Vec<(PersonalNumber, SodDigest, CardStatus)>,
    items: Vec<(PersonalNumber, Item, Vec<u8>)>,
    looks: u64,
}

fn log_key() -> DigestKey {
    DigestKey::new(Zeroizing::new([12; 32]))
}

fn keys() -> SealKeys {
    SealKeys::new([Zeroizing::new([13; 32])])
}

fn look(world: &World, number: &PersonalNumber, shown: Shown) -> Result<Look> {
    let grounds = Grounds::Case("CC01-17".to_owned());
    Ok(Look::new(&log_key(), number, "Trần Văn Chụp", grounds, shown, noon(world.plan.today))?)
}

/// On a server: a role that owns the identity database and reads nothing of the register, and one that reads the register and
/// nothing of this.
fn places(world: &World, folder: &Path) -> Result<(Place, Option<Place>)> {
    let Place::Postgres(server) = &world.place else {
        return Ok((Place::file(&folder.join("identity.db")), None));
    };
    let database = server.config.get_dbname().context("a database without a name")?.to_owned();
    let (clerk, keeper) = (format!("clerk_{database}"), format!("keeper_{database}"));
    for statement in [
        format!("CREATE ROLE {clerk} LOGIN"),
        format!("CREATE ROLE {keeper} LOGIN"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {clerk}"),
        format!("GRANT CREATE ON DATABASE {database} TO {keeper}"),
    ] {
        world.store.raw(&statement)?;
    }
    let of = |role: &str| {
        let mut server = server.clone();
        server.config.user(role);
        Place::Postgres(server)
    };
    Ok((of(&keeper), Some(of(&clerk))))
}

pub(super) fn run(world: &mut World) -> Result<Told> {
    let folder = tempfile::tempdir()?;
    let (own, register) = places(world, folder.path())?;
    let mut told = Told { folder, own, register, cards: Vec::new(), items: Vec::new(), looks: 0 };
    let mut store = IdentityStore::create(&told.own, &keys(), noon(world.plan.today))?;
    ensure!(!store.reads_the_register(), "the role of the identity database reads the register");
    let old = world.plan.today.saturating_sub(jiff::Span::new().years(14));
    let grown = world
        .picture
        .people
        .values()
        .filter(|person| matches!(person.life, Life::Alive) && person.birth_date.earliest() < old);
    let grown: Vec<PersonalNumber> = grown.map(|person| person.number.clone()).collect();
    let holders = grown
        .iter()
        .step_by(ONE_IN)
        .chain(grown.iter().skip(1).take(10).step_by(2))
        .collect::<std::collections::BTreeSet<_>>();
    let picture = crate::portrait::draw(world.plan.seed, false, 30)?;
    for (turn, number) in holders.iter().enumerate() {
        card(world, &mut told, number, turn, None)?;
        if turn % LOST == 0 {
            let lost = told.cards.last().map(|(_, sod, _)| *sod);
            card(world, &mut told, number, turn, lost)?;
        }
        for item in ITEMS {
            let mut value = picture.clone();
            value.extend_from_slice(format!("{turn} {item}").as_bytes());
            item.check(&value)?;
            // Taken twice: the second is what is kept.
            for taken in 0..=u64::from(turn % LOST == 0) {
                value.push(b'0');
                let look = look(world, number, item.written())?;
                let revision = store.put(&log_key(), (number, item), &value, &look)?;
                ensure!(revision == taken + 1, "revision {revision} of an item");
                told.looks += 1;
            }
            told.items.push(((*number).clone(), item, value));
        }
    }
    // The station reads the portrait for the card's face.
    for number in &holders {
        let look = look(world, number, Shown::Portrait)?;
        ensure!(store.get(&log_key(), (number, Item::Portrait), &look)?.is_some(), "a portrait is gone");
        told.looks += 1;
    }
    world.told(
        "identity",
        &format!(
            "{} cards, {} portraits and prints sealed apart, {} looks logged",
            told.cards.len(),
            told.items.len(),
            told.looks
        ),
    );
    Ok(told)
}

/// A card; or the one that takes the place of a lost one.
fn card(
    world: &mut World,
    told: &mut Told,
    number: &PersonalNumber,
    turn: usize,
    lost: Option<SodDigest>,
) -> Result<()> {
    let today = world.plan.today;
    let change = world.change("issuer", today);
    if let Some(lost) = lost {
        world.store.set_card_status(&lost, CardStatus::Lost, today, "reported lost", &change)?;
        if let Some((_, _, status)) = told.cards.last_mut() {
            *status = CardStatus::Replaced;
        }
    }
    let serial = turn * 2 + usize::from(lost.is_some());
    let sod = SodDigest::of(format!("EF.SOD {serial}").as_bytes());
    let new = NewCard {
        number: number.clone(),
        sod_sha256: sod,
        document_number: format!("2{serial:08}"),
        chip_serial: format!("{serial:020x}"),
        issued: today,
        expires: Some(today.saturating_add(jiff::Span::new().years(10))),
        replaces: lost,
    };
    for fresh in [true, false] {
        let (_, recorded) = world.store.record_card(&new, &change)?;
        ensure!(recorded == fresh, "a card was recorded twice");
    }
    told.cards.push((number.clone(), new.sod_sha256, CardStatus::Active));
    Ok(())
}

impl Told {
    /// The identity database, for whoever would disturb it.
    pub(super) fn open(&self, world: &World) -> Result<IdentityStore> {
        Ok(IdentityStore::open(&self.own, &keys(), noon(world.plan.today))?)
    }
}

pub(super) fn judge(world: &World, told: &Told, invariants: &mut Vec<Invariant>) -> Result<()> {
    let register = SqlStore::open(&world.place)?;
    let mut astray = 0;
    for (number, sod, status) in &told.cards {
        let found = register.card(sod)?;
        let fits =
            found.is_some_and(|card| card.number == *number && card.status_on(world.plan.today).0 == *status);
        let cards = register.cards_of(number)?;
        let in_use = cards.iter().filter(|card| card.status_on(world.plan.today).0.is_in_use()).count();
        astray += u64::from(!fits || in_use != 1);
    }
    invariants.push(Invariant {
        what: "every card is as it was told, one in use a holder",
        of: told.cards.len() as u64,
        violations: astray,
    });

    let mut store = told.open(world)?;
    let logged = store.verify(&log_key()).unwrap_or_default();
    invariants.push(Invariant {
        what: "the identity database logged every look, whole",
        of: told.looks,
        violations: logged.abs_diff(told.looks),
    });
    let mut wrong = 0;
    for (number, item, value) in &told.items {
        let look = look(world, number, item.read())?;
        let read = store.get(&log_key(), (number, *item), &look);
        wrong += u64::from(!matches!(read, Ok(Some(read)) if *read == *value));
    }
    // What whoever holds the register has: other keys; on a server, another role.
    let mut stranger =
        IdentityStore::open(&told.own, &SealKeys::new([Zeroizing::new([14; 32])]), noon(world.plan.today))?;
    for (number, item, _) in &told.items {
        let read = stranger.get(&log_key(), (number, *item), &look(world, number, item.read())?);
        wrong += u64::from(!matches!(read, Err(StoreError::Sealed)));
    }
    if let Some(role) = &told.register {
        let opened = IdentityStore::open(role, &keys(), noon(world.plan.today));
        wrong += u64::from(!matches!(opened, Err(StoreError::NotInitialised)));
        wrong += u64::from(store.reads_the_register());
    }
    invariants.push(Invariant {
        what: "portraits and prints open as taken, with own rights only",
        of: told.items.len() as u64,
        violations: wrong,
    });
    debug_assert!(told.folder.path().is_dir());
    Ok(())
}
