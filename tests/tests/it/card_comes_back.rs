//! A card that is lifted while the program reads it, through pcscd: the program asks for it, and goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cccd_hw_tests::pcscd::Pcscd;
use cccd_tests::demo::counter::path;
use cccd_tests::story_support::dice;
use cccd_virtual_chip::Chip;

use crate::desk::{Desk, wait_until_empty};

/// Holds the chip in the reader until it was asked so often (vsmartcard's protocol), or until told.
fn lay_on(chip: &mut Chip, address: &str, commands: usize, until: &AtomicBool) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut asked = 0;
    while !until.load(Ordering::SeqCst) {
        let mut length = [0; 2];
        if stream.peek(&mut length).is_err() {
            continue;
        }
        stream.set_read_timeout(None).unwrap();
        stream.read_exact(&mut length).unwrap();
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let answer = match *message {
            [0x00] => {
                chip.power_off();
                continue;
            }
            [0x01] => {
                chip.power_on();
                continue;
            }
            [0x02] => {
                chip.reset();
                continue;
            }
            [0x04] => chip.atr(),
            [] | [_] => continue,
            ref command => {
                asked += 1;
                if asked > commands {
                    // Lifted with the command on its way.
                    chip.power_off();
                    return;
                }
                chip.execute(command)
            }
        };
        stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(&answer).unwrap();
    }
}

#[test]
fn a_lifted_card_is_asked_for_and_read_on() {
    let desk = Desk::new("card-comes-back");
    let card = &desk.world.cards[0];
    let pcscd = Pcscd::start().unwrap();
    wait_until_empty(&pcscd);
    let (address, reader) = (pcscd.address(0), pcscd.reader(0).unwrap().to_owned());
    let over = Arc::new(AtomicBool::new(false));
    let (state, told) = (card.chip().unwrap(), Arc::clone(&over));
    let hand = std::thread::spawn(move || {
        let mut chip = Chip::in_memory(state, Box::new(dice(6)));
        // EF.CardAccess, EF.ATR/INFO, PACE, SELECT, EF.SOD, DG14 and Chip Authentication: then it is lifted.
        lay_on(&mut chip, &address, 12, &told);
        std::thread::sleep(Duration::from_millis(1_200));
        lay_on(&mut chip, &address, usize::MAX, &told);
    });
    let (evidence, trace) = (desk.folder.join("card.evidence"), desk.folder.join("card.apdu"));
    let mut arguments =
        vec!["read", "--json", "--lang", "en", "--plain", "--reader", &reader, "--can", card.can()];
    arguments.extend([
        "--out",
        path(&evidence).unwrap(),
        "--trace",
        path(&trace).unwrap(),
        "--resume-for",
        "60",
    ]);
    let finished = desk.programs.run("verifier", &arguments).unwrap();
    over.store(true, Ordering::SeqCst);
    hand.join().unwrap();

    assert_eq!(finished.code, 0, "{}\n{}", finished.stdout, finished.stderr);
    assert_eq!(finished.json().unwrap()["complete"], true);
    assert!(finished.stderr.contains("lay it on the reader again"), "{}", finished.stderr);
    let dump = std::fs::read_to_string(&trace).unwrap();
    // The link lost, the card back; no password, and nothing that would open what is protected.
    // A driver may tell of a lifted card by an answer of no bytes.
    assert!(dump.contains("\n!\n") || dump.contains("\n< \n"), "{dump}");
    for there in ["# protocol T=1", "# tap the card was laid on again", " ms\n", "# outcome complete"] {
        assert!(dump.contains(there), "{there}: {dump}");
    }
    for absent in [card.can(), "# random", "# sod-sha256"] {
        assert!(!dump.lines().any(|line| line.starts_with('#') && line.contains(absent)), "{absent}");
    }
    let opening =
        dump.lines().filter(|line| line.starts_with("> 00860000") || line.starts_with("> 10860000"));
    assert_eq!(opening.filter(|line| line.contains("..")).count(), 8);
    assert!(cccd_card_profile::apdu::Replay::parse(&dump).is_err());
}
