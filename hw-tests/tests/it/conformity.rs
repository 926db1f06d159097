//! The cases hold on every specimen, every case can fail, and a chip with one thing wrong fails exactly the cases that are
//! about it.

use std::collections::BTreeSet;

use crate::{blank, rng};
use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_hw_tests::conformity::case::{Protection, SessionKind};
use cccd_hw_tests::conformity::session::Run;
use cccd_hw_tests::conformity::tamper::Tamper;
use cccd_hw_tests::conformity::{Abilities, Case, Report, Unit, Writes, execute, run};
use cccd_hw_tests::runner::{Resettable, Secrets};
use cccd_hw_tests::specimen::{self, Form};
use cccd_virtual_chip::lab::Defect;
use cccd_virtual_chip::{Chip, LengthSupport, Profile};

fn specimen(profile: Profile, form: Form, lengths: LengthSupport) -> (Chip, Secrets) {
    let mut chip = blank(profile).with_lengths(lengths);
    let (mut channel, _) = specimen::personalize_as(&mut chip, profile, form, &mut rng(2)).unwrap();
    specimen::lock(&mut channel).unwrap();
    if form.laboratory {
        return specimen::equip(chip, profile, Box::new(rng(5))).unwrap();
    }
    (chip, specimen::secrets(profile))
}

fn report(card: &mut dyn Resettable, secrets: &Secrets) -> Report {
    run(&Unit::all().unwrap(), card, secrets, Writes::Allowed, &mut rng(3), &mut |_| {}).unwrap()
}

#[test]
fn every_case_holds_on_every_specimen() {
    use LengthSupport::{Extended, ShortOnly};
    let mut passed = BTreeSet::new();
    for (profile, form, lengths) in [
        (Profile::Cccd, Form::CCCD, Extended),
        (Profile::P256, Form::CCCD, Extended),
        (Profile::P256, Form::LABORATORY, Extended),
        (Profile::P256, Form::SHORT, ShortOnly),
        (Profile::P256, Form::BAC_ONLY, Extended),
    ] {
        let (mut chip, secrets) = specimen(profile, form, lengths);
        let report = report(&mut chip, &secrets);
        let failed: Vec<String> = report
            .lines
            .iter()
            .filter(|line| line.outcome.name() == "failed")
            .map(ToString::to_string)
            .collect();
        assert!(failed.is_empty(), "{profile:?} {form:?} {lengths:?}:\n{}", failed.join("\n"));
        passed.extend(
            report.lines.into_iter().filter(|line| line.outcome.name() == "passed").map(|line| line.id),
        );
    }
    let all: BTreeSet<String> =
        Unit::all().unwrap().iter().flat_map(Unit::expanded).map(|case| case.id).collect();
    assert!(all.len() >= 120, "{}", all.len());
    let never: Vec<&String> = all.difference(&passed).collect();
    assert!(never.is_empty(), "run on no specimen: {never:?}");
}

/// Two cards that are nothing: one says yes to everything, one says no.
struct Parrot(u16);

impl Transport for Parrot {
    fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
        Ok(self.0.to_be_bytes().to_vec())
    }
}

impl Resettable for Parrot {
    fn reset(&mut self) -> Result<(), LinkLost> {
        Ok(())
    }
}

/// Cases of a refusal hold on a card that refuses everything, cases of a success on one that grants everything; none holds
/// on both. What the genuine card offers is believed, so that every case is run.
#[test]
fn every_case_can_fail() {
    let (mut chip, secrets) = specimen(Profile::P256, Form::LABORATORY, LengthSupport::Extended);
    let abilities = Abilities::probe(&mut chip, &secrets, &mut rng(3)).unwrap();
    let mut powerless = Vec::new();
    for case in Unit::all().unwrap().iter().flat_map(Unit::expanded) {
        let holds = |status| {
            let mut parrot = Parrot(status);
            execute::execute(&case, &mut parrot, &secrets, &abilities, &mut rng(4)).is_ok()
        };
        let refusals = [0x6982, 0x6985, 0x6A80, 0x6A82, 0x6D00, 0x6F00];
        if holds(0x9000) && refusals.into_iter().any(holds) || holds(0x6F00) {
            powerless.push(case.id.clone());
        }
    }
    assert!(powerless.is_empty(), "cannot fail: {powerless:?}");
}

/// The cases that a defect fails, on a P-256 specimen.
fn failed_by(defect: Defect) -> BTreeSet<String> {
    let (chip, secrets) = specimen(Profile::P256, Form::CCCD, LengthSupport::Extended);
    let mut chip = chip.with_defect(defect);
    report(&mut chip, &secrets).failed().map(str::to_owned).collect()
}

/// The cases that a defect must fail, without their units' common `ISO7816_`; an expansion that it must not after `!`.
fn about(defect: Defect) -> &'static [&'static str] {
    match defect {
        Defect::IgnoresChecksum => {
            &["E_01", "E_02", "E_06", "E_09", "E_10", "E_11", "E_12", "E_18", "E_21", "J_03"]
        }
        Defect::SurvivesPlainCommand => &["C_25", "E_19", "E_22", "E_23", "E_24", "E_25", "J_18", "P_47"],
        Defect::GivesFingerprints => &["E_28", "I_01", "I_02", "I_03", "I_04", "I_06", "LDS_A_04"],
        Defect::OpenWithoutAccess => &[
            "B_01",
            "!B_01-DG3",
            "B_02",
            "!B_02-DG3",
            "B_03",
            "!B_03-DG3",
            "B_04",
            "B_05",
            "C_10",
            "C_11",
            "C_12",
            "E_",
            "!E_28-BAC",
            "!E_28-PACE",
            "!E_29-BAC",
            "!E_29-PACE",
            "P_05",
            "P_06",
            "P_37",
            "P_44",
        ],
        Defect::ConfusesAbsence => &["D_04", "E_28", "F_11", "F_12", "F_15", "G_12"],
        Defect::ReadsBeyondEnd => &["F_06", "Q_04"],
        Defect::RepeatsChallenge => &["C_02", "C_03"],
        Defect::OpensOnFailure => &["C_10", "C_11", "C_12", "P_05", "P_06", "P_37"],
        Defect::ClaimsToWrite => &["L_03", "L_04", "L_05", "L_19", "L_20", "L_21", "Q_06"],
        Defect::SignsOtherChallenge => &["K_01", "K_02", "K_03"],
        Defect::AcceptsAnyPublicKey => &["J_10", "J_11", "J_12", "J_13", "J_14", "J_15", "J_16"],
        other => panic!("nothing is expected of {other:?}"),
    }
}

fn expected(defect: Defect) -> BTreeSet<String> {
    let full = |name: &str| if name.starts_with("LDS") { name.to_owned() } else { format!("ISO7816_{name}") };
    let (not, of): (Vec<&str>, Vec<&str>) = about(defect).iter().partition(|name| name.starts_with('!'));
    let fits = |id: &str, name: &str| {
        let name = full(name);
        id == name || id.starts_with(&format!("{name}-")) || name.ends_with('_') && id.starts_with(&name)
    };
    Unit::all()
        .unwrap()
        .iter()
        .flat_map(Unit::expanded)
        .map(|case| case.id)
        .filter(|id| of.iter().any(|name| fits(id, name)))
        .filter(|id| !not.iter().any(|name| *id == full(name.trim_start_matches('!'))))
        .collect()
}

#[test]
fn each_defect_fails_the_cases_that_are_about_it_and_no_other() {
    for defect in Defect::ALL.into_iter().filter(|defect| *defect != Defect::AnswersNaked) {
        let (failed, expected) = (failed_by(defect), expected(defect));
        let missed: Vec<_> = expected.difference(&failed).collect();
        let beside: Vec<_> = failed.difference(&expected).collect();
        assert!(missed.is_empty() && beside.is_empty(), "{defect:?}: missed {missed:?}, beside {beside:?}");
    }
}

/// Whether a case waits for a protected answer.
fn speaks_protected(case: &Case) -> bool {
    let mut open = matches!(case.session, SessionKind::Bac | SessionKind::Pace);
    if case.session == SessionKind::Pace {
        // Its application is selected within the session.
        return true;
    }
    for step in &case.steps {
        match step.run {
            Some(Run::Reset) => open = false,
            Some(Run::ChipAuthentication | Run::ActiveAuthentication) => return true,
            // It selects the application within each session.
            Some(Run::PaceEach) if step.alter.is_none() => return true,
            Some(_) => open |= step.alter.is_none() && step.status.iter().any(|status| status == "9000"),
            None if !open || step.plain || step.answer == Some(Protection::Plain) => {}
            None if step.tamper.is_none_or(|tamper| tamper == Tamper::Replay) => return true,
            None => {}
        }
    }
    false
}

#[test]
fn a_chip_that_answers_naked_fails_every_case_with_a_protected_answer() {
    let (chip, secrets) = specimen(Profile::P256, Form::CCCD, LengthSupport::Extended);
    let mut chip = chip.with_defect(Defect::AnswersNaked);
    let report = report(&mut chip, &secrets);
    let failed: BTreeSet<&str> = report.failed().collect();
    let units = Unit::all().unwrap();
    for case in units.iter().flat_map(Unit::expanded) {
        let line = report.lines.iter().find(|line| line.id == case.id).unwrap();
        if line.outcome.name() != "not-applicable" {
            assert_eq!(failed.contains(case.id.as_str()), speaks_protected(&case), "{line}");
        }
    }
    assert!(failed.len() > 200, "{}", failed.len());
}
