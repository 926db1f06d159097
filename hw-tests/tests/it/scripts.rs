use crate::{blank, rng};
use cccd_hw_tests::runner::run;
use cccd_hw_tests::script::{Card, Script};
use cccd_hw_tests::specimen;
use cccd_virtual_chip::{LengthSupport, LifeCycle, Profile};

#[test]
fn every_script_holds_in_process() {
    for profile in [Profile::Cccd, Profile::P256] {
        for lengths in [LengthSupport::Extended, LengthSupport::ShortOnly] {
            let secrets = specimen::secrets(profile);
            let mut issued = blank(profile).with_lengths(lengths);
            let (mut channel, _) = specimen::personalize(&mut issued, profile, &mut rng(2)).unwrap();
            specimen::lock(&mut channel).unwrap();
            assert_eq!(issued.state().life_cycle(), LifeCycle::Locked);
            for script in Script::all().unwrap() {
                let mut fresh = blank(profile).with_lengths(lengths);
                let card = if script.card == Card::Blank { &mut fresh } else { &mut issued };
                let ran = run(&script, card, &secrets, &mut rng(3)).unwrap();
                assert_eq!((ran.steps, ran.skipped), (script.steps.len(), 0), "{}", script.name);
            }
        }
    }
}

#[test]
fn a_script_that_the_card_contradicts_fails() {
    let mut script = Script::all().unwrap().into_iter().find(|script| script.card == Card::Blank).unwrap();
    script.steps.truncate(2);
    script.steps[1].status = vec!["9000".to_owned()];
    let error =
        run(&script, &mut blank(Profile::P256), &specimen::secrets(Profile::P256), &mut rng(3)).unwrap_err();
    assert!(format!("{error:#}").contains("6985"), "{error:#}");
}
