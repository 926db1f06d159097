//! Officers look at people: with a case, or by breaking the glass with a reason. Each look is logged before anything is shown.

use anyhow::{Result, ensure};
use cccd_population::access::{COMMAND_LINE, Grounds, HTTP, LOGS, Look, Shown, verify};
use cccd_population::matching::DigestKey;
use cccd_population::store::{SqlStore, Store as _};
use zeroize::Zeroizing;

use super::{Invariant, World, noon};

/// Of so many people one is looked at in the year.
const ONE_IN: usize = 250;

/// One look in so many has no case.
const GLASS: usize = 7;

/// Entries read at once.
const PAGE: u32 = 1_000;

/// What was logged: log, who, whom, on what grounds.
pub(super) struct Told {
    looks: Vec<(&'static str, Look)>,
}

/// The key that chains the logs: it lies beside the register, never in it.
pub(super) fn key() -> DigestKey {
    DigestKey::new(Zeroizing::new([11; 32]))
}

pub(super) fn run(world: &mut World) -> Result<Told> {
    let (key, at) = (key(), noon(world.plan.today));
    let people: Vec<_> = world
        .picture
        .people
        .keys()
        .step_by(ONE_IN)
        .chain(world.picture.people.keys().take(20))
        .cloned()
        .collect();
    let mut looks = Vec::new();
    for (turn, number) in people.iter().enumerate() {
        let log = if turn % 3 == 0 { HTTP } else { COMMAND_LINE };
        let grounds = if turn % GLASS == 0 {
            Grounds::BreakGlass("cấp cứu, không hỏi được".to_owned())
        } else {
            Grounds::Case(format!("{turn}/2026/HS"))
        };
        let shown = if turn % 2 == 0 { Shown::Record } else { Shown::Sensitive };
        let look = Look::new(&key, number, "Lê Thị Bình", grounds, shown, at)?;
        world.store.log_access(&key, log, std::slice::from_ref(&look))?;
        ensure!(world.store.person(number)?.is_some(), "somebody looked at is not there");
        looks.push((log, look));
    }
    // Who has no reason, or writes a number into it, does not get as far as the log.
    for reason in ["", "tìm 079099000001"] {
        let grounds = Grounds::BreakGlass(reason.to_owned());
        let number = people.first().ok_or_else(|| anyhow::anyhow!("nobody"))?;
        ensure!(
            Look::new(&key, number, "Lê Thị Bình", grounds, Shown::Record, at).is_err(),
            "a look without a reason"
        );
    }
    let broken = looks.iter().filter(|(_, look)| matches!(look.grounds, Grounds::BreakGlass(_))).count();
    world.told("looks", &format!("{} looks at people, {broken} of them without a case", looks.len()));
    Ok(Told { looks })
}

pub(super) fn judge(world: &World, told: &Told, invariants: &mut Vec<Invariant>) -> Result<()> {
    let store = SqlStore::open(&world.place)?;
    let mut violations = 0;
    for log in LOGS {
        let of_log: Vec<&Look> =
            told.looks.iter().filter(|(of, _)| *of == log).map(|(_, look)| look).collect();
        violations += match verify(&store, &key(), log) {
            Ok(count) => count.abs_diff(of_log.len() as u64),
            Err(_) => 1,
        };
        let mut found = Vec::new();
        while let page = store.accesses(log, found.len() as u64, PAGE)?
            && !page.is_empty()
        {
            found.extend(page);
        }
        let as_told = found.iter().zip(&of_log).filter(|(entry, look)| entry.look == ***look).count();
        violations += (of_log.len().max(found.len()) - as_told) as u64;
    }
    invariants.push(Invariant {
        what: "every look is logged with its grounds, the logs are whole",
        of: told.looks.len() as u64,
        violations,
    });
    Ok(())
}
