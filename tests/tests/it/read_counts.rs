//! The number of APDUs of the default `verifier read`, counted in its trace: no reader that we know makes fewer.

use cccd_card_profile::apdu::Trace;
use cccd_keys::profile::AlgorithmProfile;
use cccd_tests::cards::{self, Specimen};
use cccd_tests::commands::Names;
use cccd_tests::country::Country;
use cccd_tests::story_support::{clock, dice};
use cccd_verifier::{Access, InspectionOptions, inspect};
use cccd_virtual_chip::LengthSupport;

fn commands(card: &Specimen, lengths: LengthSupport, access: &Access) -> Vec<String> {
    let mut chip = card.chip(lengths).unwrap();
    let options = InspectionOptions::new(clock()).answer_to_reset(chip.reset());
    let mut trace = Trace::new(&mut chip);
    let evidence = inspect(&mut trace, access, &options, &mut dice(3), &mut |_| {}).unwrap();
    assert!(evidence.complete);
    let mut names = Names::default();
    trace.exchanges().iter().map(|exchange| names.of(exchange)).collect()
}

#[test]
fn the_reference_set_takes_8_apdus_extended_and_92_short_and_a_cccd_17() {
    let (folder, mut rng) = (tempfile::tempdir().unwrap(), dice(1));
    let (mut country, applications) =
        Country::found_with(AlgorithmProfile::P256, 1, clock(), &mut rng).unwrap();
    let issued = cards::issued(&mut country, &applications[0], folder.path(), &mut rng).unwrap();

    let reference = cards::reference(&country, &issued, true, folder.path()).unwrap();
    let extended = commands(&reference, LengthSupport::Extended, &Access::mrz(&reference.zone));
    assert_eq!(
        extended,
        [
            "READ BINARY EF.CardAccess",
            "READ BINARY EF.ATR/INFO",
            "SELECT application",
            "GET CHALLENGE",
            "EXTERNAL AUTHENTICATE",
            "READ BINARY EF.SOD",
            "READ BINARY EF.DG1",
            "READ BINARY EF.DG2",
        ]
    );

    let reference = cards::reference(&country, &issued, false, folder.path()).unwrap();
    let short = commands(&reference, LengthSupport::ShortOnly, &Access::mrz(&reference.zone));
    let of = |name: &str| short.iter().filter(|command| *command == name).count();
    assert_eq!((of("READ BINARY EF.SOD"), of("READ BINARY EF.DG1"), of("READ BINARY EF.DG2")), (8, 1, 78));
    assert_eq!(short.len(), 92);

    let whole = commands(&issued, LengthSupport::Extended, &Access::can(&issued.can).unwrap());
    assert_eq!(whole.len(), 17, "{whole:#?}");
}
