//! Arbitrary sequences of commands, weighted towards what the chip knows, never make it panic, and every answer has a
//! status word.

use crate::{blank, locked};
use cccd_card_profile::apdu::Command;
use cccd_virtual_chip::{Chip, LengthSupport, LifeCycle};
use proptest::prelude::*;

const INSTRUCTIONS: [u8; 19] = [
    0xA4, 0xB0, 0xB1, 0x84, 0x82, 0x22, 0x86, 0x88, 0xC0, 0xE0, 0xE4, 0xD6, 0xD7, 0xDA, 0x47, 0x44, 0x50,
    0xD8, 0x00,
];

fn known() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        "00A4040C07A0000002471001",
        "00A4020C02011C",
        "00A4020C02011E",
        "00B09C0000",
        "0084000008",
        "0022C1A40F800A04007F00070202040202830102",
        "10860000027C0000",
        "8050000008000102030405060700",
        "00C0000000",
    ])
    .prop_map(|text| hex::decode(text).unwrap())
}

fn shaped() -> impl Strategy<Value = Vec<u8>> {
    (
        prop::sample::select(vec![0x00_u8, 0x0C, 0x10, 0x04, 0x80, 0x84, 0x1C, 0xFF]),
        prop::sample::select(INSTRUCTIONS.to_vec()),
        any::<[u8; 2]>(),
        prop::collection::vec(any::<u8>(), 0..60),
        prop::option::of(prop_oneof![Just(1_u32), Just(8), Just(256), Just(65_536), 1..65_536_u32]),
    )
        .prop_map(|(cla, ins, [p1, p2], data, expected)| {
            let command = Command::new(cla, ins, p1, p2).with_data(data).with_optional_length(expected);
            command.to_bytes().unwrap()
        })
}

fn sequence() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let any_bytes = prop::collection::vec(any::<u8>(), 0..300);
    prop::collection::vec(prop_oneof![3 => known(), 4 => shaped(), 1 => any_bytes], 1..25)
}

fn feed(mut chip: Chip, commands: &[Vec<u8>]) -> Chip {
    for command in commands {
        let answer = chip.execute(command);
        assert!((2..=65_535).contains(&answer.len()));
        let [.., sw1, _] = answer[..] else { unreachable!() };
        assert!((0x61..=0x6F).contains(&sw1) || sw1 == 0x90, "{sw1:02X}");
    }
    chip
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_blank_stays_a_blank(commands in sequence()) {
        prop_assert_eq!(feed(blank(), &commands).state().life_cycle(), LifeCycle::Blank);
    }

    #[test]
    fn a_locked_chip_keeps_its_files(commands in sequence()) {
        let before: Vec<_> = locked().state().files().collect();
        let after = feed(locked().with_lengths(LengthSupport::ShortOnly), &commands);
        prop_assert_eq!(after.state().files().collect::<Vec<_>>(), before);
    }
}
