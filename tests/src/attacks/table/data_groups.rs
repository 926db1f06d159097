//! Classes 14 to 19: the data groups, EF.COM and EF.CardAccess.

use anyhow::Context as _;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg13::NationalData;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg1};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::protocol::pace::PaceProtocol;
use cccd_card_profile::tlv;
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::asn1::{self, tag};
use cccd_verifier::Check::{
    CardAccessAuthentic, ChipAuthentication, ComSodConsistent, DataGroupHashes, DataGroupsConsistent,
    DocumentExpiry, DocumentMrz, DocumentQr,
};
use cccd_verifier::Reason;
use cccd_verifier::evidence::{MissingCause, MissingFile};
use cccd_virtual_chip::lab::File;

use super::super::Variant;
use super::super::base::{Base, DG1, DG2, DG3, DG13, DG14, DG15};
use super::{refused, replaced, undetermined};
use crate::laboratory::stage::Stage;

/// A group with an invented detail.
fn dg11() -> Vec<u8> {
    let name = tlv::encode(0x5F0E, b"GIA<<NGUYEN<VAN");
    tlv::encode(0x6B, &[tlv::encode(0x5C, &[0x5F, 0x0E]), name].concat())
}

/// EF.COM with other groups.
fn list_in_com(stage: &mut Stage<'_>, change: fn(&mut Vec<DataGroupNumber>)) -> anyhow::Result<()> {
    let mut groups = Com::parse(&stage.file(File::Com)?)?.data_groups();
    change(&mut groups);
    groups.sort_unstable();
    stage.write(File::Com, Com::new(&groups).to_bytes())
}

/// DG1 with one line of its zone written otherwise.
fn another_zone(stage: &Stage<'_>, from: &str, to: &str) -> anyhow::Result<Vec<u8>> {
    let text = replaced(stage.lab.zone.as_str().as_bytes(), from.as_bytes(), to.as_bytes())?;
    Ok(dg1::to_bytes(&Mrz::parse(std::str::from_utf8(&text)?)?))
}

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        class: 14,
        name: "changed-name",
        told: "the name in DG13 was changed",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let mut data = NationalData::parse(&stage.file(DG13)?)?;
            data.full_name = Some("Nguyễn Văn Giả".to_owned());
            stage.write(DG13, data.to_bytes())
        },
    },
    Variant {
        class: 14,
        name: "added-group",
        told: "DG11 was added, and EF.COM lists it",
        base: Base::Thorough,
        expected: refused(DataGroupHashes, Reason::UnsignedContent),
        change: |stage| {
            list_in_com(stage, |groups| groups.push(DataGroupNumber::DG11))?;
            stage.write(File::DataGroup(DataGroupNumber::DG11), dg11())
        },
    },
    Variant {
        class: 14,
        name: "added-to-the-evidence",
        told: "DG11 was put into the evidence",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::UnsignedContent),
        change: |stage| {
            stage.on_evidence(|evidence| {
                evidence.files.data_groups.insert(11, dg11());
            });
            Ok(())
        },
    },
    Variant {
        class: 14,
        name: "other-portrait",
        told: "one bit of the portrait is another",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let mut file = stage.file(DG2)?;
            let middle = file.len() / 2;
            *file.get_mut(middle).context("no portrait")? ^= 1;
            stage.write(DG2, file)
        },
    },
    Variant {
        class: 14,
        name: "other-fingerprints",
        told: "one bit of DG3 is another, which only a terminal with the right can see",
        base: Base::Terminal,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let mut file = stage.file(DG3)?;
            *file.last_mut().context("no DG3")? ^= 1;
            stage.write(DG3, file)
        },
    },
    Variant {
        class: 14,
        name: "withheld-digest",
        told: "the portrait is not kept, and the digest in its place is another portrait's",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            stage.on_evidence(|evidence| {
                let mut other = evidence.clone();
                if let Some(last) = other.files.data_groups.get_mut(&2).and_then(|file| file.last_mut()) {
                    *last ^= 1;
                }
                *evidence = other.without_portrait();
            });
            Ok(())
        },
    },
    Variant {
        class: 15,
        name: "portrait-not-listed",
        told: "EF.SOD has no digest of DG2",
        base: Base::SignedAnew,
        expected: refused(DataGroupHashes, Reason::UnsignedContent),
        change: |stage| {
            stage.on_content(|object| object.hashes.retain(|hash| hash.group != 2));
            Ok(())
        },
    },
    Variant {
        class: 15,
        name: "nothing-listed",
        told: "EF.SOD lists no group",
        base: Base::SignedAnew,
        expected: refused(DataGroupHashes, Reason::UnsignedContent),
        change: |stage| {
            stage.on_content(|object| object.hashes.clear());
            Ok(())
        },
    },
    Variant {
        class: 15,
        name: "cut-digest",
        told: "the digest of DG1 is its first twenty octets",
        base: Base::SignedAnew,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let file = stage.file(DG1)?;
            stage.on_content(move |object| {
                if let Some(hash) = object.group(1) {
                    let digest = HashAlgorithm::Sha256.digest(&file);
                    hash.digest = asn1::tlv(tag::OCTET_STRING, digest.get(..20).unwrap_or_default());
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 15,
        name: "empty-digest",
        told: "the digest of DG1 is empty",
        base: Base::SignedAnew,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            stage.on_content(|object| {
                if let Some(hash) = object.group(1) {
                    hash.digest = asn1::tlv(tag::OCTET_STRING, &[]);
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 15,
        name: "portrait-not-read",
        told: "the evidence leaves the portrait out",
        base: Base::Genuine,
        expected: undetermined(DataGroupHashes, Reason::DataGroupNotRead),
        change: |stage| {
            stage.on_evidence(|evidence| {
                evidence.files.data_groups.remove(&2);
            });
            Ok(())
        },
    },
    Variant {
        class: 15,
        name: "unknown-hash",
        told: "the digests are of an algorithm that nobody knows",
        base: Base::SignedAnew,
        expected: undetermined(DataGroupHashes, Reason::UnknownAlgorithm),
        change: |stage| {
            stage.on_content(|object| object.algorithm = crate::laboratory::keys::md5());
            Ok(())
        },
    },
    Variant {
        class: 16,
        name: "hidden-dg14",
        told: "the chip hides DG14, to look like one without Chip Authentication",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::DataGroupAbsent),
        change: |stage| Ok(stage.bench.remove(DG14)?),
    },
    Variant {
        class: 16,
        name: "hidden-dg15",
        told: "the chip hides DG15, to look like one without Active Authentication",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::DataGroupAbsent),
        change: |stage| Ok(stage.bench.remove(DG15)?),
    },
    Variant {
        class: 16,
        name: "refused-dg15",
        told: "the chip refuses DG15",
        base: Base::Genuine,
        expected: undetermined(DataGroupHashes, Reason::DataGroupNotRead),
        change: |stage| {
            stage.on_evidence(|evidence| {
                evidence.files.data_groups.remove(&15);
                evidence.active_authentication = None;
                evidence.files.missing.push(MissingFile {
                    file: DG15.name().to_owned(),
                    cause: MissingCause::AccessDenied,
                    status_word: Some("6982".to_owned()),
                });
            });
            Ok(())
        },
    },
    Variant {
        class: 16,
        name: "proof-left-out",
        told: "the evidence has neither proof, though the card offers both",
        base: Base::Genuine,
        expected: refused(ChipAuthentication, Reason::ProtocolNotUsed),
        change: |stage| {
            stage.options = stage.options.clone().without_chip_protocols();
            Ok(())
        },
    },
    Variant {
        class: 16,
        name: "stripped-by-a-signer",
        told: "a genuine signer signs our card without DG14 and DG15",
        base: Base::SignedAnew,
        expected: refused(ChipAuthentication, Reason::ProtocolNotOffered),
        change: |stage| {
            stage.bench.remove(DG14)?;
            stage.bench.remove(DG15)?;
            stage.bench.remove(File::CardAccess)?;
            stage.access = cccd_verifier::inspection::Access::mrz(&stage.lab.zone);
            Ok(())
        },
    },
    Variant {
        class: 17,
        name: "shorter-com",
        told: "EF.COM leaves DG14 and DG15 out",
        base: Base::Thorough,
        expected: refused(ComSodConsistent, Reason::ComSodMismatch),
        change: |stage| {
            list_in_com(stage, |groups| {
                groups.retain(|group| !matches!(*group, DataGroupNumber::DG14 | DataGroupNumber::DG15));
            })
        },
    },
    Variant {
        class: 17,
        name: "longer-com",
        told: "EF.COM lists DG11, which is nowhere",
        base: Base::Thorough,
        expected: refused(ComSodConsistent, Reason::ComSodMismatch),
        change: |stage| list_in_com(stage, |groups| groups.push(DataGroupNumber::DG11)),
    },
    Variant {
        class: 17,
        name: "garbled-com",
        told: "EF.COM has no list of groups",
        base: Base::Thorough,
        expected: refused(ComSodConsistent, Reason::MalformedData),
        change: |stage| stage.write(File::Com, vec![0x60, 0x02, 0x5C, 0x05]),
    },
    Variant {
        class: 18,
        name: "printed-zone",
        told: "the printed zone is another person's",
        base: Base::Genuine,
        expected: refused(DocumentMrz, Reason::MrzMismatch),
        change: |stage| {
            let zone =
                "IDVNM0990000029079099000002<<29901156M3901151VNM<<<<<<<<<<<6NGUYEN<<VAN<BA<<<<<<<<<<<<<<<<";
            stage.presented = stage.presented.clone().with_mrz(Mrz::parse(zone)?);
            Ok(())
        },
    },
    Variant {
        class: 18,
        name: "printed-qr",
        told: "the printed QR code is another person's",
        base: Base::Genuine,
        expected: refused(DocumentQr, Reason::QrMismatch),
        change: |stage| {
            let qr = "079099000002||Nguyễn Văn Ba|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, Tỉnh Mẫu|20112026";
            stage.presented = stage.presented.clone().with_qr(qr);
            Ok(())
        },
    },
    Variant {
        class: 18,
        name: "expired",
        told: "it is judged the year after it expired, with signer and list in force",
        base: Base::OwnList,
        expected: refused(DocumentExpiry, Reason::DocumentExpired),
        change: |stage| {
            let day = stage.lab.zone.expiry(stage.lab.now.to_zoned(jiff::tz::TimeZone::UTC).date());
            let date = day
                .and_then(cccd_card_profile::validity::Expiry::date)
                .context("the card does not expire")?;
            let later = date.checked_add(jiff::Span::new().days(40))?.to_zoned(jiff::tz::TimeZone::UTC)?;
            stage.at = later.timestamp();
            let day = jiff::SignedDuration::from_hours(24);
            let crl = &mut stage.chain()?.crl;
            crl.this_update = later.timestamp().checked_sub(day)?;
            crl.next_update = Some(later.timestamp().checked_add(day)?);
            Ok(())
        },
    },
    Variant {
        class: 18,
        name: "check-digit",
        told: "a signed DG1 has a wrong check digit, and so has the print",
        base: Base::SignedAnew,
        expected: refused(DocumentMrz, Reason::CheckDigitWrong),
        change: |stage| {
            let text = stage.lab.zone.as_str();
            let digit = text.get(14..15).context("no check digit")?;
            let other = if digit == "0" { "1" } else { "0" };
            let before = text.get(..14).context("no zone")?;
            let zone = Mrz::parse(&format!("{before}{other}{}", text.get(15..).context("no zone")?))?;
            stage.write(DG1, dg1::to_bytes(&zone))?;
            stage.presented = stage.presented.clone().with_mrz(zone);
            Ok(())
        },
    },
    Variant {
        class: 18,
        name: "contradiction",
        told: "a signed DG13 is of another person than DG1",
        base: Base::SignedAnew,
        expected: refused(DataGroupsConsistent, Reason::DataMismatch),
        change: |stage| {
            let mut data = NationalData::parse(&stage.file(DG13)?)?;
            data.full_name = Some("Nguyễn Văn Giả".to_owned());
            stage.write(DG13, data.to_bytes())?;
            stage.presented = cccd_verifier::Presented::nothing().with_mrz(stage.lab.zone.clone());
            Ok(())
        },
    },
    Variant {
        class: 18,
        name: "other-issuing-state",
        told: "DG1 was changed to another issuing state",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let file = another_zone(stage, "IDVNM", "IDLAO")?;
            stage.write(DG1, file)
        },
    },
    Variant {
        class: 19,
        name: "added-info",
        told: "EF.CardAccess announces what DG14 does not",
        base: Base::Genuine,
        expected: refused(CardAccessAuthentic, Reason::CardAccessMismatch),
        change: |stage| {
            let mut infos = card_access::parse(&stage.file(File::CardAccess)?)?;
            infos.infos.push(SecurityInfo::chip_authentication_ecdh_aes_128(Some(9)));
            stage.write(File::CardAccess, card_access::to_bytes(&infos))
        },
    },
    Variant {
        class: 19,
        name: "weaker-cipher",
        told: "EF.CardAccess offers PACE with 3DES in place of AES",
        base: Base::Genuine,
        expected: refused(CardAccessAuthentic, Reason::CardAccessMismatch),
        change: |stage| {
            let weak = PaceProtocol::from_name("ECDH-GM-3DES").context("no such protocol")?;
            let mut infos = card_access::parse(&stage.file(File::CardAccess)?)?;
            for info in &mut infos.infos {
                if let SecurityInfo::Pace(pace) = info {
                    pace.protocol = weak.oid();
                }
            }
            stage.write(File::CardAccess, card_access::to_bytes(&infos))
        },
    },
    Variant {
        class: 19,
        name: "no-dg14-to-compare",
        told: "a genuine signer signs a card with PACE without DG14",
        base: Base::SignedAnew,
        expected: undetermined(CardAccessAuthentic, Reason::UnsignedContent),
        change: |stage| Ok(stage.bench.remove(DG14)?),
    },
];
