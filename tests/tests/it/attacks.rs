//! Every attack of the table, and the document that is written from it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use cccd_tests::attacks::class::CLASSES;
use cccd_tests::attacks::{Variant, document, export, run, table};
use cccd_tests::laboratory::country::LabCountry;

/// The laboratory, founded once.
pub(crate) fn lab() -> &'static LabCountry {
    static LAB: OnceLock<LabCountry> = OnceLock::new();
    LAB.get_or_init(|| LabCountry::found().unwrap())
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Each is decided by exactly its reason, and the same card is accepted when its one change is undone.
#[test]
fn every_attack_is_decided_by_its_reason_and_passes_when_undone() {
    let variants: Vec<&'static Variant> = table::all().collect();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let (one, other) = variants.split_at(variants.len() / 2);
        let judge = |part: &[&'static Variant]| -> Vec<String> {
            part.iter()
                .map(|variant| run::run(variant, lab()).unwrap())
                .filter(|outcome| !outcome.is_as_expected())
                .map(|outcome| {
                    format!("{}: {:?}, undone {:?}", outcome.variant.id(), outcome.told, outcome.undone)
                })
                .collect()
        };
        let part = scope.spawn(move || judge(one));
        let mut wrong = judge(other);
        wrong.extend(part.join().unwrap());
        wrong
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Other verifiers are tried with the forged cards of a folder (`attacks --out`): it is whole.
#[test]
fn a_forged_card_is_written_with_everything_a_verifier_needs() {
    let variant = table::all().next().unwrap();
    let outcome = run::run(variant, lab()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    export::write(&outcome, folder.path()).unwrap();
    let card = folder.path().join(variant.id());
    for part in ["chip", "attack.json", "evidence.json"] {
        assert!(std::fs::metadata(card.join(part)).unwrap().len() > 0, "{part}");
    }
    let written = std::fs::read_dir(card.join("files")).unwrap().count();
    assert_eq!(written, outcome.shown.files.len());
    assert!(std::fs::read_dir(card.join("trust/csca")).unwrap().count() > 0);
}

/// What is tolerated is told (Doc 9303-12 §7.1.1: a Document Signer has no basicConstraints, its CSCA a path length of 0).
#[test]
fn departures_from_the_signers_profile_are_told() {
    for (name, code) in
        [("basic-constraints", "signer-basic-constraints"), ("csca-path-length", "anchor-path-length")]
    {
        let variant = table::all().find(|variant| variant.class == 0 && variant.name == name).unwrap();
        let (_, judgement) = run::run(variant, lab()).unwrap().shown.read.unwrap();
        assert!(judgement.leniencies.iter().any(|leniency| leniency.code == code), "{name}");
        let (_, judgement) = variant.base.set(lab()).unwrap().show().unwrap().read.unwrap();
        assert!(judgement.leniencies.is_empty(), "{:?}", judgement.leniencies);
    }
}

#[test]
fn every_class_is_covered_and_every_name_is_unique() {
    let mut names = BTreeSet::new();
    for variant in table::all() {
        assert!(names.insert(variant.id()), "{} twice", variant.id());
        assert!(
            variant.name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-.0123456789".contains(&byte))
        );
    }
    for (class, number) in CLASSES.iter().zip(1..) {
        assert_eq!(class.number, number);
        let made = table::all().any(|variant| variant.class == number);
        assert!(made || !class.tests.is_empty(), "nothing stands for class {number}");
    }
}

/// A test that the document names is there, in that file.
#[test]
fn the_tests_that_are_named_exist() {
    for (file, test) in CLASSES.iter().flat_map(|class| class.tests) {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        assert!(text.contains(&format!("fn {test}(")), "{file} has no test {test}");
    }
}

#[test]
fn the_document_is_up_to_date() {
    let written = std::fs::read_to_string(repository().join("docs/attacks.md")).unwrap_or_default();
    assert!(written == document::markdown(), "docs/attacks.md is out of date: make attacks-doc");
}

/// Chothia and Smirnov, "A traceability attack against e-passports" (2010): a recorded EXTERNAL AUTHENTICATE, played to its own
/// chip, has a right checksum and an old challenge; played to another, a wrong checksum. What comes back must not tell.
#[test]
fn chips_of_two_persons_answer_a_stranger_alike() {
    use cccd_card_profile::apdu::{Trace, Transport};
    use cccd_tests::laboratory::country::dice;
    use cccd_verifier::inspection::{Access, InspectionOptions, inspect};
    use cccd_virtual_chip::lab::{Bench, File};
    use cccd_virtual_chip::{Chip, StateFile};

    let folder = tempfile::tempdir().unwrap();
    let chip = |state: &Path, name: &str| {
        let copy = folder.path().join(name);
        std::fs::copy(state, &copy).unwrap();
        // Without EF.CardAccess a reader takes Basic Access Control.
        let mut bench = Bench::open(&copy).unwrap();
        bench.remove(File::CardAccess).unwrap();
        bench.save().unwrap();
        drop(bench);
        Chip::in_memory(StateFile::peek(&copy).unwrap(), Box::new(dice(5)))
    };
    let (own, other) = (chip(&lab().state, "own"), chip(&lab().other, "other"));
    let access = Access::mrz(&lab().zone);
    struct Recorder(Chip, Vec<Vec<u8>>);
    impl Transport for Recorder {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, cccd_card_profile::apdu::LinkLost> {
            self.1.push(command.to_vec());
            self.0.transmit(command)
        }
    }
    let mut recorder = Recorder(own, Vec::new());
    inspect(
        Trace::new(&mut recorder),
        &access,
        &InspectionOptions::new(lab().now),
        &mut dice(9),
        &mut |_| {},
    )
    .unwrap();
    let Recorder(own, heard) = recorder;
    let answers = |mut chip: Chip| -> Vec<Vec<u8>> {
        chip.reset();
        heard
            .iter()
            .map(|command| {
                let answer = chip.transmit(command).unwrap();
                // A fresh challenge differs from every other; its length and its status do not.
                let is_challenge = command.get(1) == Some(&0x84);
                if is_challenge { vec![u8::try_from(answer.len()).unwrap()] } else { answer }
            })
            .collect()
    };
    let (own, other) = (answers(own), answers(other));
    assert!(own.len() > 5);
    assert_eq!(own, other);
    assert!(own.iter().any(|answer| answer.ends_with(&[0x63, 0x00]) || answer.ends_with(&[0x69, 0x82])));
}
