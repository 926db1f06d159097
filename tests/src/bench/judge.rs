//! Judging cards beside the fastest bare cryptography of this machine, on one core and on all.
//!
//! A card is judged as passive authentication judges it: EF.SOD parsed, its signature, its signer's path and revocation,
//! the digests of 20 kB of data groups. The signers are known, as they are to whoever judges many cards; of a card
//! nothing is. The floor is what nobody can leave out: the fastest bare verification of OpenSSL, AWS-LC and ring, with
//! the keys read beforehand, and the fastest hashing of the same bytes.

mod cards;
mod reference;
mod turns;
mod whole;

use anyhow::{Result, ensure};
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_keys::certificate::Certificate;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::{
    ChainResult, KnownSigners, KnownSignersLimits, RevocationResult, SignerPath, TrustStore, ValidityStatus,
};
use jiff::Timestamp;

use super::measure::Figures;
use cards::{Algorithm, Card, Cards, Content};
use turns::{in_turn, over_cores};

/// Different cards of each algorithm, and how many signers share them.
const CARDS: usize = 10_000;
const SIGNERS: usize = 8;

/// Measures every algorithm.
///
/// # Errors
/// If cards cannot be made, or any contender rejects one.
pub fn run(at: Timestamp, figures: &mut Figures) -> Result<()> {
    println!("Cards judged, {CARDS} different ones from {SIGNERS} signers, microseconds on one core:");
    for algorithm in [Algorithm::P256, Algorithm::P384, Algorithm::Rsa3072, Algorithm::BrainpoolP384r1] {
        let cards = Cards::make(algorithm, &Content::Random, (CARDS, SIGNERS), at)?;
        measure(algorithm, &cards, figures)?;
    }
    whole::run(figures)
}

fn measure(algorithm: Algorithm, cards: &Cards, figures: &mut Figures) -> Result<()> {
    let name = algorithm.name();
    let known = KnownSigners::new(&cards.trust, KnownSignersLimits::default());
    for card in &cards.cards {
        ensure!(judge(card, &known, cards.at), "we reject a card that we made");
    }
    let reference = reference::References::of(algorithm, cards)?;
    let judged = |index: usize| cards.get(index).is_some_and(|card| judge(card, &known, cards.at));
    let seconds = in_turn(cards.cards.len(), &reference.contenders(&judged))?;
    let ours = seconds.of("judged")?;
    let bare = seconds.best("bare ")?;
    let hashing = seconds.best("hash ")?;
    for (what, time) in seconds.iter() {
        figures.put(&format!("judge.{name}.{}.us", what.replace(' ', "_")), time * 1e6, "µs");
    }
    if algorithm == Algorithm::BrainpoolP384r1 {
        let openssl = seconds.of("bare openssl")?;
        let tables = seconds.of("bare tables")?;
        figures.put(&format!("judge.{name}.bare.ratio_to_openssl"), openssl / tables, "×");
        // A card judged, all of it, beside OpenSSL's bare verification without any hashing.
        figures.put(&format!("judge.{name}.judged.ratio_to_openssl"), openssl / ours, "×");
        let (one, all, cores) = over_cores(&judged, cards.cards.len())?;
        figures.put("judge.cores.count", cores, "cores");
        figures.put("judge.cores.scaling", one / all / cores, "of linear");
    } else {
        figures.put(&format!("judge.{name}.ratio_to_floor"), ours / (bare + hashing), "×");
    }
    if algorithm == Algorithm::P256 {
        uncached(cards, figures)?;
    }
    Ok(())
}

/// A whole EF.SOD with nothing known beforehand but the anchors, beside `CMS_verify` with the same anchor.
fn uncached(cards: &Cards, figures: &mut Figures) -> Result<()> {
    let store = reference::certificate_store(&cards.csca)?;
    let ours = |index: usize| cards.get(index).is_some_and(|card| judge_alone(card, &cards.trust, cards.at));
    let theirs = |index: usize| cards.get(index).is_some_and(|card| reference::cms_verify(card, &store));
    let seconds = in_turn(cards.cards.len(), &[("ours", &ours), ("openssl cms", &theirs)])?;
    let (ours, theirs) = (seconds.of("ours")?, seconds.of("openssl cms")?);
    figures.put("judge.p256.uncached.us", ours * 1e6, "µs");
    figures.put("judge.p256.uncached.openssl_cms.us", theirs * 1e6, "µs");
    figures.put("judge.p256.uncached.ratio_to_openssl_cms", theirs / ours, "×");
    Ok(())
}

/// Passive authentication among many cards.
fn judge(card: &Card, known: &KnownSigners<'_>, at: Timestamp) -> bool {
    let Ok(sod) = EfSod::parse(&card.sod) else { return false };
    let Some(signer) = sod.signer_certificate() else { return false };
    is_believed(&known.check_signer(signer, at))
        && sod.verify_signature_with(Some(known)).is_ok()
        && digests_hold(&sod, card)
}

/// EF.SOD and its signer's path, by nothing but the trust store.
fn judge_alone(card: &Card, trust: &TrustStore, at: Timestamp) -> bool {
    let Ok(sod) = EfSod::parse(&card.sod) else { return false };
    let path = |signer: &Certificate| trust.check_signer(signer, at);
    sod.signer_certificate().map(path).is_some_and(|path| is_believed(&path))
        && sod.verify_signature().is_ok()
        && LdsSecurityObject::from_der(sod.econtent()).is_ok()
}

fn is_believed(path: &SignerPath) -> bool {
    matches!(path.chain, ChainResult::Trusted { .. })
        && matches!(path.revocation, RevocationResult::Good { .. })
        && path.validity == ValidityStatus::Valid
        && !path.profile_problems.iter().any(|problem| problem.is_violation())
}

fn digests_hold(sod: &EfSod, card: &Card) -> bool {
    LdsSecurityObject::from_der(sod.econtent()).is_ok_and(|object| {
        object.data_groups().len() == card.groups.len()
            && card.groups.iter().all(|(number, file)| object.check(*number, file) == HashCheck::Matches)
    })
}
