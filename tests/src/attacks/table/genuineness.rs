//! Classes 27 to 31: whether the chip is the one that was issued.

use anyhow::Context as _;
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::{card_access, dg14, dg15};
use cccd_card_profile::protocol::private_key::KeyAlgorithm;
use cccd_verifier::Check::{
    ActiveAuthentication, ChipAuthentication, DataGroupHashes, PaceChipAuthenticationMapping,
};
use cccd_verifier::Reason;
use cccd_virtual_chip::lab::{Defect, File};

use super::super::Variant;
use super::super::base::{Base, DG14, DG15};
use super::{refused, undetermined};
use crate::laboratory::country::dice;
use crate::laboratory::stage::{Delivery, Stage};

/// MSE:SET AT of Chip Authentication and the command that brings the terminal's key.
const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
/// GENERAL AUTHENTICATE.
const GENERAL_AUTHENTICATE: u8 = 0x86;

/// The public key of a chip that the attacker owns, in DG14, and the private one in the chip.
fn own_chip_key(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.bench.replace_private_keys(&mut dice(61))?;
    let key = stage.bench.chip_authentication_key()?.context("no key")?.to_spki()?;
    let mut infos = dg14::parse(&stage.file(DG14)?)?;
    for info in &mut infos.infos {
        if let SecurityInfo::ChipAuthenticationPublicKey(info) = info {
            info.public_key.clone_from(&key);
        }
    }
    stage.write(DG14, dg14::to_bytes(&infos))
}

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        class: 27,
        name: "copy",
        told: "every byte copied to another chip, which lacks the private keys",
        base: Base::Genuine,
        expected: refused(ChipAuthentication, Reason::KeyAgreementFailed),
        change: |stage| Ok(stage.bench.replace_private_keys(&mut dice(77))?),
    },
    Variant {
        class: 27,
        name: "copy-with-one-key",
        told: "a copy that has the key of Chip Authentication and not the other",
        base: Base::Genuine,
        expected: refused(ActiveAuthentication, Reason::ChallengeMismatch),
        change: |stage| Ok(stage.bench.replace_active_authentication_key(&mut dice(78))?),
    },
    Variant {
        class: 27,
        name: "copy-of-a-passport",
        told: "a copy of the neighbour's passport",
        base: Base::Passport,
        expected: refused(ChipAuthentication, Reason::KeyAgreementFailed),
        change: |stage| Ok(stage.bench.replace_private_keys(&mut dice(79))?),
    },
    Variant {
        class: 27,
        name: "copy-of-a-mapped-card",
        told: "a copy of a card whose chip maps by its own key",
        base: Base::Mapped,
        expected: refused(ChipAuthentication, Reason::KeyAgreementFailed),
        change: |stage| Ok(stage.bench.replace_private_keys(&mut dice(80))?),
    },
    Variant {
        class: 28,
        name: "own-key-in-dg14",
        told: "DG14 holds the key of the attacker's chip",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: own_chip_key,
    },
    Variant {
        class: 28,
        name: "own-key-in-dg15",
        told: "DG15 holds the key of the attacker's chip",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let key = KeyAlgorithm::EllipticCurve(cccd_card_profile::protocol::curve::Curve::P256);
            let key = stage.bench.set_active_authentication_key(key, &mut dice(62))?;
            let info = PublicKeyInfo::from_der(&key.to_spki()?)?;
            stage.write(DG15, dg15::to_bytes(&info))
        },
    },
    Variant {
        class: 28,
        name: "key-of-nowhere",
        told: "the record of Chip Authentication names a key that DG14 does not hold",
        base: Base::Genuine,
        expected: undetermined(ChipAuthentication, Reason::KeyNotAuthentic),
        change: |stage| {
            stage.on_evidence(|evidence| {
                if let Some(record) = &mut evidence.chip_authentication
                    && let Some(last) = record.public_key.last_mut()
                {
                    *last ^= 1;
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 28,
        name: "key-beside-the-data",
        told: "the signed groups hold no key, EF.CardSecurity alone does: a genuine chip, and nothing binds it to these data",
        base: Base::MappedBeside,
        expected: undetermined(PaceChipAuthenticationMapping, Reason::KeyNotBound),
        change: |stage| {
            let mut infos = dg14::parse(&stage.file(DG14)?)?;
            infos.infos.retain(|info| {
                !matches!(
                    info,
                    SecurityInfo::ChipAuthentication(_) | SecurityInfo::ChipAuthenticationPublicKey(_)
                )
            });
            stage.write(DG14, dg14::to_bytes(&infos))?;
            let mut open = card_access::parse(&stage.file(File::CardAccess)?)?;
            open.infos.retain(|info| !matches!(info, SecurityInfo::ChipAuthentication(_)));
            stage.write(File::CardAccess, card_access::to_bytes(&open))?;
            if let Some(infos) = &mut stage.card_security {
                infos.infos.retain(|info| !matches!(info, SecurityInfo::ChipAuthentication(_)));
            }
            Ok(stage.bench.remove(DG15)?)
        },
    },
    Variant {
        class: 29,
        name: "success-without-a-key",
        told: "the wire says 9000 to Chip Authentication, and the chip never hears of it",
        base: Base::Genuine,
        expected: refused(ChipAuthentication, Reason::KeyAgreementFailed),
        change: |stage| {
            let mut last = Vec::new();
            stage.on_wire(move |exchange| {
                let is_it =
                    matches!(exchange.instruction(), MANAGE_SECURITY_ENVIRONMENT | GENERAL_AUTHENTICATE)
                        && exchange.protected.is_some();
                if is_it && last.is_empty() {
                    last = exchange.honest();
                    return last.clone();
                }
                // The second command of the protocol gets the answer to the first again.
                if is_it { last.clone() } else { exchange.honest() }
            });
            Ok(())
        },
    },
    Variant {
        class: 29,
        name: "copy-that-claims-success",
        told: "a copy whose chip answers 9000 to any public key",
        base: Base::Genuine,
        expected: refused(ChipAuthentication, Reason::KeyAgreementFailed),
        change: |stage| {
            stage.bench.replace_private_keys(&mut dice(63))?;
            stage.defect = Some(Defect::AcceptsAnyPublicKey);
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "other-challenge-signed",
        told: "the chip signs another challenge than the one given",
        base: Base::Genuine,
        expected: refused(ActiveAuthentication, Reason::ChallengeMismatch),
        change: |stage| {
            stage.defect = Some(Defect::SignsOtherChallenge);
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "old-answer",
        told: "the answer is one that the chip gave to an earlier challenge",
        base: Base::Challenged,
        expected: undetermined(ChipAuthentication, Reason::NotFresh),
        change: |stage| {
            // The reading before: another nonce.
            stage.options = stage.options.clone().nonce(Some(vec![0xC6; 16]));
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "challenge-rewritten",
        told: "an old answer under the new challenge",
        base: Base::Challenged,
        expected: refused(ActiveAuthentication, Reason::ChallengeMismatch),
        change: |stage| {
            stage.options = stage.options.clone().nonce(Some(vec![0xC6; 16]));
            let nonce = stage.nonce.clone().context("no nonce")?;
            stage.on_evidence(move |evidence| {
                let Some(sod) = evidence.sod_sha256() else { return };
                let station = evidence.station.clone().unwrap_or_default();
                let challenge =
                    cccd_verifier::evidence::bound_challenge(&nonce, &station, evidence.read_at, &sod);
                if let Some(record) = &mut evidence.active_authentication {
                    record.challenge = challenge.to_vec();
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "answer-of-last-week",
        told: "a reading for this verifier's challenge comes an hour late",
        base: Base::Challenged,
        expected: undetermined(ChipAuthentication, Reason::NotFresh),
        change: |stage| {
            stage.at = stage.at.checked_add(jiff::SignedDuration::from_hours(1))?;
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "altered-rsa-answer",
        told: "one bit of an RSA signature of ISO/IEC 9796-2 is another: header, hash and trailer do not come out",
        base: Base::RsaChip,
        expected: refused(ActiveAuthentication, Reason::ChallengeMismatch),
        change: |stage| {
            stage.on_evidence(|evidence| {
                let record = evidence.active_authentication.as_mut();
                if let Some(last) = record.and_then(|record| record.answer.as_mut()?.last_mut()) {
                    *last ^= 1;
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "short-rsa-key",
        told: "the policy wants keys of 3072 bits, the chip's has 2048",
        base: Base::RsaChip,
        expected: undetermined(ActiveAuthentication, Reason::WeakAlgorithm),
        change: |stage| {
            stage.policy.least_rsa_bits = 3072;
            Ok(())
        },
    },
    Variant {
        class: 30,
        name: "refused-answer",
        told: "the chip refuses to sign the challenge",
        base: Base::Genuine,
        expected: refused(ActiveAuthentication, Reason::AnswerRefused),
        change: |stage| {
            stage.on_evidence(|evidence| {
                if let Some(record) = &mut evidence.active_authentication {
                    record.answer = None;
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 31,
        name: "unsigned-evidence",
        told: "the proofs come in a file that nobody signed: anyone could have written it",
        base: Base::FromStation,
        expected: undetermined(ChipAuthentication, Reason::NotFresh),
        change: |stage| {
            stage.delivery = Delivery::Unsigned;
            Ok(())
        },
    },
    Variant {
        class: 31,
        name: "altered-evidence",
        told: "the evidence was altered after the station signed it",
        base: Base::FromStation,
        expected: undetermined(ChipAuthentication, Reason::EvidenceSignatureInvalid),
        change: |stage| {
            stage.delivery = Delivery::AlteredAfterSigning;
            Ok(())
        },
    },
    Variant {
        class: 31,
        name: "mapping-made-up",
        told: "the record of the mapping is of another run",
        base: Base::MappedBeside,
        expected: refused(PaceChipAuthenticationMapping, Reason::KeyAgreementFailed),
        change: |stage| {
            stage.on_evidence(|evidence| {
                if let Some(record) = &mut evidence.pace_chip_authentication
                    && let Some(last) = record.data.last_mut()
                {
                    *last ^= 1;
                }
            });
            Ok(())
        },
    },
];
