//! The whole judgement beside the floor: every check on a genuine card's files, the verdict, and the report as JSON text. What stands
//! above passive authentication is what a counter or a batch waits for; it has no target.

use anyhow::{Result, ensure};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_keys::trust::{KnownSigners, KnownSignersLimits};
use cccd_verifier::evidence::{Files, Provenance};
use cccd_verifier::report::{Lang, to_json};
use cccd_verifier::verdict::DataStatement;
use cccd_verifier::{Case, Evidence, Judgement, judge_among};
use cccd_virtual_chip::lab::File;

use super::super::measure::Figures;
use super::SIGNERS;
use super::cards::{Algorithm, Cards, Content};
use super::reference::References;
use super::turns::in_turn;
use crate::laboratory::country::LabCountry;
use crate::laboratory::stage::Stage;

/// Different cards; each holds 20 kB twice.
const CARDS: usize = 2_000;

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let lab = LabCountry::found()?;
    // The signers may sign on the day that the files name as the card's.
    let at = lab.issued;
    let stage = Stage::genuine(&lab)?;
    let groups = [1, 2, 13, 14, 15].map(|number| {
        let number = DataGroupNumber::new(number)?;
        anyhow::Ok((number, stage.file(File::DataGroup(number))?))
    });
    let content = Content::Genuine(groups.into_iter().collect::<Result<_>>()?);
    let cards = Cards::make(Algorithm::P256, &content, (CARDS, SIGNERS), at)?;
    let evidence: Vec<Evidence> = cards
        .cards
        .iter()
        .map(|card| {
            let groups = card.groups.iter().map(|(number, file)| (number.value(), file.to_vec()));
            let files =
                Files { sod: Some(card.sod.clone()), data_groups: groups.collect(), ..Files::default() };
            Evidence::of_files(files, at)
        })
        .collect();
    let known = KnownSigners::new(&cards.trust, KnownSignersLimits::default());
    let judge = |index: usize| -> Option<Judgement> {
        let evidence = evidence.get(index)?;
        let case = Case { provenance: &Provenance::Unsigned, ..Case::new(evidence, &cards.trust, at) };
        Some(judge_among(&case, &known)).filter(|judged| judged.statements.data == DataStatement::Authentic)
    };
    for index in 0..CARDS {
        ensure!(judge(index).is_some(), "we reject a card that we made");
    }
    let judged = |index: usize| judge(index).is_some();
    let told = |index: usize| {
        judge(index).is_some_and(|judged| to_json(&judged, Lang::En).to_string().len() > 1_000)
    };
    let references = References::of(Algorithm::P256, &cards)?;
    let mut contenders = references.contenders(&judged);
    contenders.push(("told", &told));
    let seconds = in_turn(CARDS, &contenders)?;
    let (judged, told) = (seconds.of("judged")?, seconds.of("told")?);
    let floor = seconds.best("bare ")? + seconds.best("hash ")?;
    figures.put("judge.whole.floor.us", floor * 1e6, "µs");
    figures.put("judge.whole.judged.us", judged * 1e6, "µs");
    figures.put("judge.whole.told.us", told * 1e6, "µs");
    figures.put("judge.whole.ratio_to_floor", told / floor, "×");
    Ok(())
}
