//! Bodies for PACE: hostile answers to the terminal's end, hostile commands to a chip that has every password.
//!
//! The first byte of an input chooses the variant, the rest is cut into messages as for the other bodies that talk.

use cccd_card_profile::apdu::{Response, Transport};
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::pace::{PaceOffer, PaceProtocol, PaceTerminal, Password};
use cccd_card_profile::protocol::{Step, TerminalProtocol};
use cccd_virtual_chip::lab::Equipment;
use cccd_virtual_chip::{Chip, ChipState, Profile};
use zeroize::Zeroizing;

use crate::Body;
use crate::conversations::{join, messages, rng};

/// The bodies of PACE.
pub const BODIES: &[Body] = &[
    Body {
        name: "pace-offers",
        seeds: offers,
        run: |bytes| {
            if let Ok(infos) = SecurityInfos::parse(bytes) {
                for offer in PaceOffer::among(&infos) {
                    assert!(offer.protocol.runs_on(offer.parameters), "{offer:?}");
                }
            }
        },
    },
    Body { name: "pace-terminal", seeds: answers, run: terminal },
    Body { name: "chip-passwords", seeds: commands, run: chip },
];

fn every_offer() -> Vec<PaceOffer> {
    let on = |protocol: PaceProtocol| {
        DomainParameters::ALL
            .into_iter()
            .filter(move |parameters| protocol.runs_on(*parameters))
            .map(move |parameters| PaceOffer::new(protocol, parameters))
    };
    PaceProtocol::all().flat_map(on).collect()
}

fn chosen(number: u8) -> Option<PaceOffer> {
    let offers = every_offer();
    offers.get(usize::from(number) % offers.len().max(1)).copied()
}

/// Whatever the chip answers, the run ends; without the password it ends without a session.
fn terminal(bytes: &[u8]) {
    let Some((&number, rest)) = bytes.split_first() else { return };
    let (Some(offer), Ok(password)) = (chosen(number), Password::pin("271828")) else { return };
    let Ok(mut run) = PaceTerminal::new(offer, &password, &mut rng(u64::from(number))) else { return };
    let mut answer = None;
    let mut answers = messages(rest).into_iter();
    loop {
        match run.advance(answer.take()) {
            Ok(Step::Send(_)) => {}
            Ok(Step::Done(outcome)) => panic!("a session out of nothing: {outcome:?}"),
            Err(_) => return,
        }
        let Some(Some(next)) = answers.next().map(Response::parse) else { return };
        answer = Some(next);
    }
}

/// A chip with PIN, PUK and CAN; tries are counted and never beyond their number.
fn chip(bytes: &[u8]) {
    let Some((&number, rest)) = bytes.split_first() else { return };
    let Some(mut chip) = chosen(number).and_then(equipped) else { return };
    for message in messages(rest) {
        let answer = chip.execute(message);
        assert!((2..=65_538).contains(&answer.len()), "an answer of {} bytes", answer.len());
    }
}

fn equipped(offer: PaceOffer) -> Option<Chip> {
    let text = |digits: &str| Some(Zeroizing::new(digits.to_owned()));
    let mut state = ChipState::blank([7; 10], Profile::P256);
    let equipment =
        Equipment { pace: vec![offer], can: text("000001"), pin: text("271828"), puk: text("3141592653") };
    state.equip(equipment).ok()?;
    Some(Chip::in_memory(state, Box::new(rng(1))))
}

fn offers() -> Vec<Vec<u8>> {
    let mut state = ChipState::blank([7; 10], Profile::P256);
    drop(
        state.equip(Equipment {
            pace: every_offer().into_iter().step_by(5).collect(),
            ..Equipment::default()
        }),
    );
    let mut chip = Chip::in_memory(state, Box::new(rng(1)));
    let mut file = chip.execute(&[0x00, 0xB0, 0x9C, 0x00, 0x00, 0x00, 0x00]);
    file.truncate(file.len().saturating_sub(2));
    vec![file]
}

/// What an honest chip answers and an honest terminal sends, up to the token.
fn recorded(number: u8) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let mut run = || -> Option<()> {
        let offer = chosen(number)?;
        let mut chip = equipped(offer)?;
        let password = Password::can("000001").ok()?;
        let mut terminal = PaceTerminal::new(offer, &password, &mut rng(5)).ok()?;
        let mut answer = None;
        while let Ok(Step::Send(command)) = terminal.advance(answer.take()) {
            let command = command.to_bytes().ok()?;
            let back = chip.transmit(&command).ok()?;
            answer = Response::parse(&back);
            sent.push(command);
            answered.push(back);
        }
        Some(())
    };
    let _done = run();
    (sent, answered)
}

fn seed(number: u8, messages: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<&[u8]> = messages.iter().map(Vec::as_slice).filter(|m| m.len() < 0xFE).collect();
    [&[number][..], &join(&parts)].concat()
}

fn answers() -> Vec<Vec<u8>> {
    [0, 20, 60, 100].map(|number| seed(number, &recorded(number).1)).into()
}

fn commands() -> Vec<Vec<u8>> {
    [0, 20, 60, 100].map(|number| seed(number, &recorded(number).0)).into()
}
