//! Classes 1 to 8: who signed, and why that one should be believed.

use anyhow::Context as _;
use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use cccd_keys::trust::TrustStore;
use cccd_verifier::Check::{
    Revocation, SignerChain, SignerCountry, SignerDocumentType, SignerValidity, SodSignature,
};
use cccd_verifier::Reason;
use const_oid::ObjectIdentifier;
use jiff::SignedDuration;

use super::super::Variant;
use super::super::base::{Base, link, neighbour, old_csca};
use super::{refused, undetermined};
use crate::laboratory::certificate::{
    CERTIFICATE_AND_CRL, DIGITAL_SIGNATURE, RawExtension, authority_key, basic_constraints, days_after,
    document_types, extended_key_usage, key_identifier, key_usage, private_key_usage,
};
use crate::laboratory::chain::Chain;
use crate::laboratory::country::Whose;
use crate::laboratory::keys::Scheme;
use crate::laboratory::revocation::DELTA_INDICATOR;
use crate::laboratory::stage::Stage;

/// The signer of this chain, made by an authority of the attacker that calls itself ours.
fn by_an_impostor(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let impostor = stage.lab.key(Whose::Impostor)?;
    stage.chain()?.issuer_key = impostor;
    Ok(())
}

/// `issuingDistributionPoint` with one flag set.
fn distribution_point(flag: u8) -> RawExtension {
    let value = asn1::sequence(&[&asn1::tlv(tag::context_primitive(flag), &[0xFF])]);
    RawExtension::new(oids::ISSUING_DISTRIBUTION_POINT, true, value)
}

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        class: 1,
        name: "self-made-csca",
        told: "the signer is certified by a key that calls itself our CSCA",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: by_an_impostor,
    },
    Variant {
        class: 1,
        name: "self-signed-signer",
        told: "the signer certified itself, under its own name",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let chain = stage.chain()?;
            chain.issuer_key = chain.signer_key.clone();
            chain.signer.issuer = chain.signer.subject.clone();
            let own = authority_key(&key_identifier(&chain.signer.spki)?);
            chain.signer.with(own);
            Ok(())
        },
    },
    Variant {
        class: 1,
        name: "no-anchor",
        told: "the verifier has no CSCA of the country",
        base: Base::Genuine,
        expected: undetermined(SignerChain, Reason::NoTrustAnchor),
        change: |stage| {
            stage.trust = TrustStore::new();
            Ok(())
        },
    },
    Variant {
        class: 2,
        name: "neighbours-signer",
        told: "a genuine signer of the neighbour signs our card",
        base: Base::TwoCountries,
        expected: refused(SignerCountry, Reason::CountryMismatch),
        change: |stage| {
            stage.chain = Some(neighbour(stage.lab)?);
            Ok(())
        },
    },
    Variant {
        class: 2,
        name: "smuggled-country",
        told: "the neighbour's CSCA certifies a signer that calls itself ours",
        base: Base::TwoCountries,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let other = neighbour(stage.lab)?;
            let chain = stage.chain()?;
            chain.signer.issuer.clone_from(&other.csca.subject);
            chain.signer.with(authority_key(&key_identifier(&other.csca.spki)?));
            chain.issuer_key = other.csca_key;
            Ok(())
        },
    },
    Variant {
        class: 2,
        name: "borrowed-name",
        told: "the neighbour's CSCA signs under the name of ours",
        base: Base::TwoCountries,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let other = stage.lab.key(Whose::Neighbour)?;
            stage.chain()?.issuer_key = other;
            Ok(())
        },
    },
    Variant {
        class: 3,
        name: "chain-inside",
        told: "EF.SOD brings the self-made CSCA of its signer along",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            by_an_impostor(stage)?;
            let impostor = stage.lab.key(Whose::Impostor)?;
            let mut csca = stage.chain()?.csca.clone();
            csca.spki = impostor.spki()?;
            let csca = csca.sign(&impostor)?;
            stage.on_sod(move |sod| sod.certificates.push(csca));
            Ok(())
        },
    },
    Variant {
        class: 3,
        name: "genuine-csca-inside",
        told: "EF.SOD brings the genuine CSCA along, beside a signer that it never certified",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let genuine = stage.anchors.first().cloned().context("no anchor")?;
            by_an_impostor(stage)?;
            stage.on_sod(move |sod| sod.certificates.insert(0, genuine));
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "broken-second-signer",
        told: "a second signature beside the good one does not hold",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            stage.on_sod(|sod| {
                if let Some(mut second) = sod.signers.first().cloned() {
                    second.is_broken = true;
                    sod.signers.push(second);
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "attackers-first-signer",
        told: "a signature of the attacker stands before the good one: the first is judged",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let (impostor, attacker) = (stage.lab.key(Whose::Impostor)?, stage.lab.key(Whose::Attacker)?);
            let mut other = stage.chain()?.clone();
            other.signer.spki = attacker.spki()?;
            other.signer.serial = asn1::tlv(tag::INTEGER, &[3]);
            (other.issuer_key, other.signer_key) = (impostor, attacker);
            let made = other.make()?;
            stage.on_sod(move |sod| {
                let own = other.sod(&made, &sod.content);
                sod.certificates.push(made.signer);
                sod.signers.splice(0..0, own.signers);
            });
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "identifier-of-another",
        told: "the signer identifier names another genuine certificate that came along",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            let mut other = stage.chain()?.clone();
            other.signer.serial = asn1::tlv(tag::INTEGER, &[4]);
            other.signer.spki = stage.lab.key(Whose::Attacker)?.spki()?;
            let made = other.make()?;
            stage.on_sod(move |sod| {
                sod.certificates.push(made.signer);
                for signer in &mut sod.signers {
                    signer.sid.clone_from(&made.issuer_and_serial);
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "identifier-of-nobody",
        told: "the signer identifier names a certificate that did not come along",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::NoSignerCertificate),
        change: |stage| {
            let issuer = stage.chain()?.signer.issuer.clone();
            stage.on_signer(move |signer| {
                signer.sid = asn1::sequence(&[&issuer, &asn1::tlv(tag::INTEGER, &[9])]);
            });
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "same-identifier-twice",
        told: "a certificate of the attacker with issuer and serial number of the genuine one stands before it",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let (impostor, attacker) = (stage.lab.key(Whose::Impostor)?, stage.lab.key(Whose::Attacker)?);
            let mut other = stage.chain()?.clone();
            other.signer.spki = attacker.spki()?;
            (other.issuer_key, other.signer_key) = (impostor, attacker);
            let made = other.make()?;
            stage.on_sod(move |sod| {
                sod.signers = other.sod(&made, &sod.content).signers;
                sod.certificates.insert(0, made.signer);
            });
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "ours-without-certificate",
        told: "our EF.SOD brings no certificate along, as our station never writes it; the verifier keeps the genuine one",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::NoSignerCertificate),
        change: |stage| {
            stage.keeps_signer = true;
            stage.on_sod(|sod| sod.certificates.clear());
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "signer-not-at-hand",
        told: "a foreign EF.SOD brings no certificate along, and the verifier keeps none of its signer",
        base: Base::Passport,
        expected: undetermined(SodSignature, Reason::NoSignerCertificate),
        change: |stage| {
            stage.on_sod(|sod| sod.certificates.clear());
            Ok(())
        },
    },
    Variant {
        class: 4,
        name: "slipped-into-a-download",
        told: "a foreign EF.SOD is signed by an attacker whose certificate, with the genuine one's issuer and number, the verifier was made to keep",
        base: Base::Passport,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let (impostor, attacker) = (stage.lab.key(Whose::Impostor)?, stage.lab.key(Whose::Attacker)?);
            let mut other = stage.chain()?.clone();
            other.signer.spki = attacker.spki()?;
            (other.issuer_key, other.signer_key) = (impostor, attacker);
            let made = other.make()?;
            stage.keeps_signer = true;
            stage.signers.push(made.signer.clone());
            stage.on_sod(move |sod| {
                sod.signers = other.sod(&made, &sod.content).signers;
                sod.certificates.clear();
            });
            Ok(())
        },
    },
    Variant {
        class: 5,
        name: "expired-signer",
        told: "the signer expired; the signing time lies within its validity",
        base: Base::SignedAnew,
        expected: refused(SignerValidity, Reason::CertificateExpired),
        change: |stage| {
            let from = stage.lab.issued;
            stage.chain()?.signer.valid(from, from.checked_add(SignedDuration::from_hours(12))?);
            Ok(())
        },
    },
    Variant {
        class: 5,
        name: "early-signer",
        told: "the signer begins tomorrow",
        base: Base::SignedAnew,
        expected: refused(SignerValidity, Reason::CertificateNotYetValid),
        change: |stage| {
            let now = stage.lab.now;
            stage.chain()?.signer.valid(days_after(now, 1)?, days_after(now, 8_000)?);
            Ok(())
        },
    },
    Variant {
        class: 5,
        name: "expired-csca",
        told: "the CSCA expired",
        base: Base::SignedAnew,
        expected: refused(SignerValidity, Reason::CertificateExpired),
        change: |stage| {
            let from = stage.lab.issued;
            stage.chain()?.csca.valid(from, from.checked_add(SignedDuration::from_hours(12))?);
            Ok(())
        },
    },
    Variant {
        class: 5,
        name: "backdated",
        told: "the signer's key might sign only after the day of issue",
        base: Base::SignedAnew,
        expected: refused(SignerValidity, Reason::OutsidePrivateKeyUsage),
        change: |stage| {
            let from = days_after(stage.lab.issued, 2)?;
            stage.chain()?.signer.with(private_key_usage(from, days_after(from, 90)?));
            Ok(())
        },
    },
    Variant {
        class: 5,
        name: "retired-key",
        told: "the signer's key might sign only until the day before the day of issue",
        base: Base::SignedAnew,
        expected: refused(SignerValidity, Reason::OutsidePrivateKeyUsage),
        change: |stage| {
            let issued = stage.lab.issued;
            stage.chain()?.signer.with(private_key_usage(days_after(issued, -90)?, days_after(issued, -1)?));
            Ok(())
        },
    },
    Variant {
        class: 5,
        name: "backdated-passport",
        told: "the neighbour's signer might sign only after the day of issue, which DG12 tells",
        base: Base::DatedPassport,
        expected: refused(SignerValidity, Reason::OutsidePrivateKeyUsage),
        change: |stage| {
            let from = days_after(stage.lab.issued, 2)?;
            stage.chain()?.signer.with(private_key_usage(from, days_after(from, 90)?));
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "revoked",
        told: "the list names the signer",
        base: Base::OwnList,
        expected: refused(Revocation, Reason::CertificateRevoked),
        change: |stage| {
            let chain = stage.chain()?;
            let serial = chain.signer.serial.get(2..).context("no serial number")?.to_vec();
            chain.crl.revoked.push(serial);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "stale",
        told: "the next list was due an hour ago",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::CrlStale),
        change: |stage| {
            let due = stage.lab.now.checked_sub(SignedDuration::from_hours(1))?;
            stage.chain()?.crl.next_update = Some(due);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "without-next-update",
        told: "the list does not say when the next is due",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::CrlStale),
        change: |stage| {
            stage.chain()?.crl.next_update = None;
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "missing",
        told: "there is no list",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            stage.has_crl = false;
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "from-the-future",
        told: "the list begins tomorrow",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            let from = days_after(stage.lab.now, 1)?;
            let crl = &mut stage.chain()?.crl;
            (crl.this_update, crl.next_update) = (from, Some(days_after(from, 30)?));
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "list-of-an-impostor",
        told: "the list is signed by a key that nobody trusts",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            stage.has_crl = false;
            let impostor = stage.lab.key(Whose::Impostor)?;
            let list = stage.chain()?.crl.sign(&impostor)?;
            stage.crls.push(list);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "list-of-the-neighbour",
        told: "the only list is the neighbour's",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            stage.has_crl = false;
            let other = neighbour(stage.lab)?.make()?;
            stage.anchors.push(other.csca);
            stage.crls.push(other.crl);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "critical-extension",
        told: "the list has a critical extension that nobody knows",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1");
            let unknown = RawExtension::new(oid, true, asn1::tlv(tag::NULL, &[]));
            stage.chain()?.crl.extensions.push(unknown);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "delta-list",
        told: "the list holds changes only",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            let delta = RawExtension::new(DELTA_INDICATOR, true, asn1::integer(&[6]));
            stage.chain()?.crl.extensions.push(delta);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "delta-list-unmarked",
        told: "the list holds changes only, and does not mark that as critical",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            let delta = RawExtension::new(DELTA_INDICATOR, false, asn1::integer(&[6]));
            stage.chain()?.crl.extensions.push(delta);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "named-by-a-delta",
        told: "a list of changes beside the whole one names the signer",
        base: Base::OwnList,
        expected: refused(Revocation, Reason::CertificateRevoked),
        change: |stage| {
            let chain = stage.chain()?;
            let mut delta = chain.crl.clone();
            let serial = chain.signer.serial.get(2..).context("no serial number")?.to_vec();
            delta.revoked.push(serial);
            delta.extensions.push(RawExtension::new(DELTA_INDICATOR, true, asn1::integer(&[6])));
            let key = chain.csca_key.clone();
            stage.crls.push(delta.sign(&key)?);
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "indirect-list",
        told: "the list is an indirect one",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            stage.chain()?.crl.extensions.push(distribution_point(4));
            Ok(())
        },
    },
    Variant {
        class: 6,
        name: "list-of-authorities",
        told: "the list is of authorities only",
        base: Base::OwnList,
        expected: undetermined(Revocation, Reason::RevocationUnknown),
        change: |stage| {
            stage.chain()?.crl.extensions.push(distribution_point(2));
            Ok(())
        },
    },
    Variant {
        class: 7,
        name: "link-by-an-impostor",
        told: "the link certificate is signed by a key that nobody trusts",
        base: Base::Rollover,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let old = old_csca(stage.lab)?;
            let forged = link(stage.chain()?, &old)?.sign(&*stage.lab.key(Whose::Impostor)?)?;
            stage.links = vec![forged];
            Ok(())
        },
    },
    Variant {
        class: 7,
        name: "link-over-the-border",
        told: "the neighbour's CSCA, which is trusted, made the link certificate",
        base: Base::Rollover,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let other = neighbour(stage.lab)?;
            let forged = link(stage.chain()?, &other)?.sign(&other.csca_key)?;
            stage.anchors.push(other.make()?.csca);
            stage.links = vec![forged];
            Ok(())
        },
    },
    Variant {
        class: 7,
        name: "no-link",
        told: "the new CSCA came along in EF.SOD instead of being linked",
        base: Base::Rollover,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            stage.links.clear();
            let csca = stage.chain()?.make()?.csca;
            stage.on_sod(move |sod| sod.certificates.push(csca));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "extended-key-usage",
        told: "the signer's certificate is one for master lists",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.with(extended_key_usage("2.23.136.1.1.3"));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "signer-is-authority",
        told: "the signer's certificate says CA",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.with(basic_constraints(true, None));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "key-usage",
        told: "the signer's key may sign certificates, not documents",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.with(key_usage(CERTIFICATE_AND_CRL));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "no-key-usage",
        told: "the signer's certificate does not say what its key may do",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.without(oids::KEY_USAGE);
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "unknown-critical-extension",
        told: "the signer's certificate has a critical extension that nobody knows",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.2");
            stage.chain()?.signer.with(RawExtension::new(oid, true, asn1::tlv(tag::NULL, &[])));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "repeated-extension",
        told: "the signer's certificate has two keyUsage extensions",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.extensions.push(key_usage(CERTIFICATE_AND_CRL));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "passport-signer",
        told: "the signer may sign passports only",
        base: Base::SignedAnew,
        expected: refused(SignerDocumentType, Reason::DocumentTypeNotAllowed),
        change: |stage| {
            stage.chain()?.signer.with(document_types(&["P"]));
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "no-document-types",
        told: "the signer does not say what it may sign, which ours always do",
        base: Base::SignedAnew,
        expected: refused(SignerDocumentType, Reason::NoDocumentTypeList),
        change: |stage| {
            stage.chain()?.signer.without(oids::DOCUMENT_TYPE_LIST);
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "key-usage-not-critical",
        told: "the keyUsage of our signer's certificate is not critical, as our CSCA never writes it",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.with(RawExtension { critical: false, ..key_usage(DIGITAL_SIGNATURE) });
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "no-authority-key",
        told: "our signer's certificate does not say whose key made it",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.without(oids::AUTHORITY_KEY_IDENTIFIER);
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "two-algorithms",
        told: "our signer's certificate names one algorithm inside and another beside its signature",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::SignerProfile),
        change: |stage| {
            stage.chain()?.signer.inner_algorithm = Scheme::Ecdsa(HashAlgorithm::Sha384).identifier();
            Ok(())
        },
    },
    Variant {
        class: 8,
        name: "csca-signs-itself",
        told: "EF.SOD is signed by the CSCA's own key and certificate",
        base: Base::SignedAnew,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let chain = stage.chain()?;
            let csca = chain.csca.clone();
            let as_signer = Chain { signer: csca, signer_key: chain.csca_key.clone(), ..chain.clone() };
            *chain = as_signer;
            Ok(())
        },
    },
];
