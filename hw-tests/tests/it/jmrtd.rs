//! The recorded commands and answers of JMRTD's applet, against its double.

use crate::rng;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_hw_tests::runner::{Secrets, run};
use cccd_hw_tests::script::Script;
use cccd_virtual_chip::lab::jmrtd::{Build, JmrtdApplet};
use std::path::Path;

fn applet(build: Build) -> JmrtdApplet {
    JmrtdApplet::new(build, Box::new(rng(1)))
}

#[test]
fn the_double_answers_as_the_applet_did() {
    let secrets = Secrets {
        can: "000000".to_owned().into(),
        mrz: Some(["AA1234678", "690922", "261231"].map(|text| text.to_owned().into())),
        pin: None,
        puk: None,
        parameters: DomainParameters::BrainpoolP256r1,
    };
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/jmrtd"));
    let scripts = Script::load_folder(folder).unwrap();
    assert_eq!(scripts.len(), 2);
    for script in scripts {
        let ran = run(&script, &mut applet(Build::PerfectWorld), &secrets, &mut rng(2)).unwrap();
        assert_eq!((ran.steps, ran.skipped), (script.steps.len(), 0), "{}", script.name);
    }
}

#[test]
fn a_build_without_such_keys_refuses_the_key_and_nothing_else() {
    let mut applet = applet(Build::Cref);
    applet.execute(&hex::decode("00A4040C07A0000002471001").unwrap());
    let key = format!("00DA0060856000048180{}", "AB".repeat(128));
    assert_eq!(applet.execute(&hex::decode(key).unwrap()), [0x6F, 0x00]);
    assert_eq!(applet.execute(&hex::decode("00E0000006630400100101").unwrap()), [0x90, 0x00]);
}

#[test]
fn no_bytes_make_it_panic() {
    use rand_chacha::rand_core::Rng as _;
    let mut dice = rng(9);
    let mut applet = applet(Build::PerfectWorld);
    for round in 0..20_000_u32 {
        let mut bytes = vec![0; usize::try_from(dice.next_u32() % 40).unwrap()];
        dice.fill_bytes(&mut bytes);
        // Half of them look like commands of its own.
        if round % 2 == 0 && bytes.len() > 4 {
            bytes[0] &= 0x1C;
            bytes[1] = [0xA4, 0xE0, 0xD6, 0xDA, 0xB0, 0x84, 0x82, 0x88][bytes[1] as usize % 8];
            bytes[2] &= 0x07;
            bytes[4] = u8::try_from(bytes.len() - 5).unwrap();
        }
        assert!(applet.execute(&bytes).len() >= 2);
    }
}
