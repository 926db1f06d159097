//! Classes 20 to 26: between reader and chip. All of them on a live chip, over a wire that lies.

use anyhow::Context as _;
use cccd_card_profile::tlv;
use cccd_verifier::Check::{Downgrade, SecureMessaging};
use cccd_verifier::Reason;
use cccd_verifier::inspection::Access;
use cccd_virtual_chip::lab::{Defect, File};

use super::super::base::Base;
use super::super::{Expected, Variant};
use super::refused;
use crate::laboratory::stage::Stage;
use crate::laboratory::wire::Exchange;

/// GENERAL AUTHENTICATE.
const GENERAL_AUTHENTICATE: u8 = 0x86;
/// The chip's public key in PACE's mapping, the second GENERAL AUTHENTICATE.
const MAPPING_DATA: u8 = 0x82;
/// The chip's ephemeral public key, the third.
const EPHEMERAL_KEY: u8 = 0x84;
/// Which protected command is attacked: the third, when a file of the chip is read.
const ATTACKED: usize = 2;

/// The same after Basic Access Control, which selects nothing under protection.
const ATTACKED_AFTER_BAC: usize = 1;

/// One protected answer is another; the rest of the reading is honest.
fn once(stage: &mut Stage<'_>, lie: fn(&mut Exchange<'_>) -> Vec<u8>) {
    at(stage, ATTACKED, lie);
}

fn at(stage: &mut Stage<'_>, number: usize, lie: fn(&mut Exchange<'_>) -> Vec<u8>) {
    stage.on_wire(
        move |exchange| {
            if exchange.protected == Some(number) { lie(exchange) } else { exchange.honest() }
        },
    );
}

/// The data objects of a protected answer, without the one of this tag.
fn without_object(answer: &[u8], dropped: u32) -> Vec<u8> {
    let (body, status) = answer.split_at(answer.len().saturating_sub(2));
    let mut out = Vec::new();
    for object in tlv::Reader::new(body).flatten() {
        if object.tag != dropped {
            out.extend(tlv::encode(object.tag, object.value));
        }
    }
    out.extend_from_slice(status);
    out
}

/// The checksum of a protected answer, DO'8E', written otherwise.
fn with_checksum(answer: &[u8], change: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (body, status) = answer.split_at(answer.len().saturating_sub(2));
    let mut out = Vec::new();
    for object in tlv::Reader::new(body).flatten() {
        let value = if object.tag == 0x8E { change(object.value) } else { object.value.to_vec() };
        out.extend(tlv::encode(object.tag, &value));
    }
    out.extend_from_slice(status);
    out
}

/// The chip's answer to one GENERAL AUTHENTICATE of PACE, its only data object written otherwise.
fn in_pace(stage: &mut Stage<'_>, tag: u8, lie: fn(&[u8], &[u8]) -> Vec<u8>) {
    let mut done = false;
    stage.on_wire(move |exchange| {
        let answer = exchange.honest();
        let is_one = exchange.instruction() == GENERAL_AUTHENTICATE && exchange.protected.is_none();
        let (Some(value), false) = (value_of(&answer, tag), done) else { return answer };
        if !is_one {
            return answer;
        }
        done = true;
        let sent = exchange.command.get(5..).unwrap_or_default();
        let own = value_of(sent, tag - 1).unwrap_or_default();
        let object = tlv::encode(u32::from(tag), &lie(&value, &own));
        [tlv::encode(0x7C, &object), vec![0x90, 0x00]].concat()
    });
}

/// The value of a data object of dynamic authentication data (7C).
fn value_of(data: &[u8], tag: u8) -> Option<Vec<u8>> {
    let template = tlv::Reader::new(data).next()?.ok()?;
    let found = template.nested().ok()?.flatten().find(|object| object.tag == u32::from(tag))?;
    Some(found.value.to_vec())
}

/// Refuses GENERAL AUTHENTICATE: PACE does not come to its end.
fn pace_is_refused(stage: &mut Stage<'_>) {
    stage.on_wire(|exchange| {
        let refuse = exchange.instruction() == GENERAL_AUTHENTICATE && exchange.protected.is_none();
        if refuse { vec![0x6A, 0x80] } else { exchange.honest() }
    });
}

const BROKEN: Expected = refused(SecureMessaging, Reason::SecureMessagingIntegrity);
const DOWNGRADED: Expected = refused(Downgrade, Reason::ProtocolDowngrade);

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        class: 20,
        name: "hidden-card-access",
        told: "the chip hides EF.CardAccess, so that the reader takes Basic Access Control",
        base: Base::ByZone,
        expected: DOWNGRADED,
        change: |stage| Ok(stage.bench.remove(File::CardAccess)?),
    },
    Variant {
        class: 20,
        name: "card-access-on-the-wire",
        told: "the wire says that there is no EF.CardAccess",
        base: Base::ByZone,
        expected: DOWNGRADED,
        change: |stage| {
            stage.on_wire(|exchange| {
                // READ BINARY of the short identifier 1C.
                let asked = exchange.command.get(1..3) == Some(&[0xB0, 0x9C]);
                if asked { vec![0x6A, 0x82] } else { exchange.honest() }
            });
            Ok(())
        },
    },
    Variant {
        class: 20,
        name: "pace-refused",
        told: "the wire refuses PACE",
        base: Base::ByZone,
        expected: DOWNGRADED,
        change: |stage| {
            pace_is_refused(stage);
            Ok(())
        },
    },
    Variant {
        class: 20,
        name: "pace-refused-to-the-can",
        told: "the wire refuses PACE, and the reader has the card access number only",
        base: Base::Genuine,
        expected: Expected::NotOpened("access-protocol"),
        change: |stage| {
            pace_is_refused(stage);
            Ok(())
        },
    },
    Variant {
        class: 21,
        name: "naked-success",
        told: "9000 without protection in the middle of the session",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |_| vec![0x90, 0x00]);
            Ok(())
        },
    },
    Variant {
        class: 21,
        name: "naked-file",
        told: "a file without protection in the middle of the session",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |_| [tlv::encode(0x6F, &[0; 40]), vec![0x90, 0x00]].concat());
            Ok(())
        },
    },
    Variant {
        class: 21,
        name: "naked-refusal",
        told: "6982 without protection in the middle of the session",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |_| vec![0x69, 0x82]);
            Ok(())
        },
    },
    Variant {
        class: 21,
        name: "naked-absence",
        told: "6A82 without protection: the file is not there, says the wire",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |_| vec![0x6A, 0x82]);
            Ok(())
        },
    },
    Variant {
        class: 22,
        name: "flipped-checksum",
        told: "one bit of a checksum is another (AES)",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| {
                with_checksum(&exchange.honest(), |checksum| checksum.iter().map(|octet| octet ^ 1).collect())
            });
            Ok(())
        },
    },
    Variant {
        class: 22,
        name: "flipped-checksum-3des",
        told: "one bit of a checksum is another (3DES)",
        base: Base::WithoutPace,
        expected: BROKEN,
        change: |stage| {
            at(stage, ATTACKED_AFTER_BAC, |exchange| {
                with_checksum(&exchange.honest(), |checksum| checksum.iter().map(|octet| octet ^ 1).collect())
            });
            Ok(())
        },
    },
    Variant {
        class: 22,
        name: "cut-checksum",
        told: "a checksum of four octets",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| {
                with_checksum(&exchange.honest(), |checksum| checksum.get(..4).unwrap_or_default().to_vec())
            });
            Ok(())
        },
    },
    Variant {
        class: 22,
        name: "no-checksum",
        told: "no checksum at all",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| without_object(&exchange.honest(), 0x8E));
            Ok(())
        },
    },
    Variant {
        class: 22,
        name: "no-protected-status",
        told: "no protected status word",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| without_object(&exchange.honest(), 0x99));
            Ok(())
        },
    },
    Variant {
        class: 22,
        name: "flipped-cryptogram",
        told: "one bit of the enciphered data is another",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| {
                let mut answer = exchange.honest();
                if let Some(octet) = answer.get_mut(12) {
                    *octet ^= 1;
                }
                answer
            });
            Ok(())
        },
    },
    Variant {
        class: 23,
        name: "replayed-answer",
        told: "the answer before comes again",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| exchange.heard.last().cloned().unwrap_or_default());
            Ok(())
        },
    },
    Variant {
        class: 23,
        name: "command-sent-twice",
        told: "the wire sends a command twice, so that the chip's counter runs ahead",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| {
                exchange.honest();
                exchange.honest()
            });
            Ok(())
        },
    },
    Variant {
        class: 23,
        name: "swallowed-command",
        told: "the wire keeps a command from the chip and answers with what it heard before",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            once(stage, |exchange| {
                let number = exchange.heard.len().saturating_sub(2);
                exchange.heard.get(number).cloned().unwrap_or_default()
            });
            Ok(())
        },
    },
    Variant {
        class: 24,
        name: "point-beside-the-curve",
        told: "the chip's mapping key is not on the curve",
        base: Base::Genuine,
        expected: Expected::NotOpened("access-protocol"),
        change: |stage| {
            in_pace(stage, MAPPING_DATA, |key, _| {
                let mut other = key.to_vec();
                if let Some(last) = other.last_mut() {
                    *last ^= 1;
                }
                other
            });
            Ok(())
        },
    },
    Variant {
        class: 24,
        name: "point-at-infinity",
        told: "the chip's mapping key is the point at infinity",
        base: Base::Genuine,
        expected: Expected::NotOpened("access-protocol"),
        change: |stage| {
            in_pace(stage, MAPPING_DATA, |_, _| vec![0]);
            Ok(())
        },
    },
    Variant {
        class: 24,
        name: "own-key-reflected",
        told: "the chip's ephemeral key is the terminal's own",
        base: Base::Genuine,
        expected: Expected::NotOpened("access-protocol"),
        change: |stage| {
            in_pace(stage, EPHEMERAL_KEY, |_, own| own.to_vec());
            Ok(())
        },
    },
    Variant {
        class: 24,
        name: "own-key-reflected-by-zone",
        told: "the same before a reader that could take Basic Access Control",
        base: Base::ByZone,
        expected: DOWNGRADED,
        change: |stage| {
            in_pace(stage, EPHEMERAL_KEY, |_, own| own.to_vec());
            Ok(())
        },
    },
    Variant {
        class: 24,
        name: "ephemeral-key-beside-the-curve",
        told: "the chip's ephemeral key is not on the curve",
        base: Base::Genuine,
        expected: Expected::NotOpened("access-protocol"),
        change: |stage| {
            in_pace(stage, EPHEMERAL_KEY, |key, _| {
                let mut other = key.to_vec();
                if let Some(last) = other.last_mut() {
                    *last ^= 1;
                }
                other
            });
            Ok(())
        },
    },
    Variant {
        class: 25,
        name: "guessed-number",
        told: "the card access number is guessed wrongly",
        base: Base::Genuine,
        expected: Expected::NotOpened("wrong-password"),
        change: |stage| {
            let first = stage.lab.can.get(..1).context("no number")?;
            let other = if first == "9" { "8" } else { "9" };
            let rest = stage.lab.can.get(1..).context("no number")?;
            stage.access = Access::can(&format!("{other}{rest}"))?;
            Ok(())
        },
    },
    Variant {
        class: 25,
        name: "open-on-failure",
        told: "the chip opens to a wrong number, so that a guess looks right",
        base: Base::Genuine,
        expected: Expected::NotOpened("wrong-password"),
        change: |stage| {
            let first = stage.lab.can.get(..1).context("no number")?;
            let other = if first == "9" { "8" } else { "9" };
            let rest = stage.lab.can.get(1..).context("no number")?;
            stage.access = Access::can(&format!("{other}{rest}"))?;
            stage.defect = Some(Defect::OpensOnFailure);
            Ok(())
        },
    },
    Variant {
        class: 33,
        name: "answers-without-data",
        told: "from EF.SOD on every read is answered with no data",
        base: Base::Genuine,
        expected: BROKEN,
        change: |stage| {
            stage.on_wire(|exchange| {
                if exchange.protected.is_some_and(|number| number >= ATTACKED) {
                    vec![0x90, 0x00]
                } else {
                    exchange.honest()
                }
            });
            Ok(())
        },
    },
];
