//! Certification paths: links, lists, budgets. The hierarchies of NIST and of x509-limbo are judged by `make foreign`.

use crate::house::{House, at, founded, today};
use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use cccd_keys::certificate::Certificate;
use cccd_keys::crl::{CertificateRevocationList, RevokedCertificate};
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::master_list::{MasterList, MasterListProblem, Use};
use cccd_keys::path::{
    Budget, NameChaining, PathMaterial, PathPolicy, PathProblem, RevocationDemand, RevocationUnknown,
    VerifiedPath,
};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signed_data;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_keys::trust::{AnchorProblem, ChainResult, TrustStore};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A name of a country and a common name, in this order or the other.
fn name(common: &str, swapped: bool) -> Vec<u8> {
    let attribute = |oid: &str, value: &str| {
        let oid = const_oid::ObjectIdentifier::new_unwrap(oid);
        let pair = asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(tag::PRINTABLE_STRING, value.as_bytes())]);
        asn1::tlv(tag::SET, &pair)
    };
    let (country, common) = (attribute("2.5.4.6", "VN"), attribute("2.5.4.3", common));
    if swapped { asn1::sequence(&[&common, &country]) } else { asn1::sequence(&[&country, &common]) }
}

struct Maker {
    rng: ChaCha20Rng,
    serial: u8,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self { rng: ChaCha20Rng::seed_from_u64(seed), serial: 0 }
    }

    fn key(&mut self) -> SoftwareKey {
        let curve = NamedCurve::P256;
        SoftwareKey::generate(curve, HashAlgorithm::Sha256, CurveEncoding::Named, &mut self.rng).unwrap()
    }

    /// A certificate; an authority's with keyCertSign and cRLSign, path length unlimited or `room`.
    fn certificate(
        &mut self,
        (issuer, by): (&[u8], &SoftwareKey),
        (subject, key): (&[u8], &SoftwareKey),
        authority: Option<Option<u8>>,
    ) -> Certificate {
        self.serial += 1;
        let extension = |oid, critical: bool, value: Vec<u8>| {
            let flag = if critical { asn1::tlv(tag::BOOLEAN, &[0xff]) } else { Vec::new() };
            asn1::sequence(&[&asn1::oid(oid), &flag, &asn1::tlv(tag::OCTET_STRING, &value)])
        };
        let extensions = match authority {
            None => vec![extension(&oids::KEY_USAGE, true, vec![3, 2, 7, 0x80])],
            Some(room) => {
                let room = room.map(|room| asn1::integer(&[room])).unwrap_or_default();
                let constraints = asn1::sequence(&[&asn1::tlv(tag::BOOLEAN, &[0xff]), &room]);
                vec![
                    extension(&oids::KEY_USAGE, true, vec![3, 2, 1, 6]),
                    extension(&oids::BASIC_CONSTRAINTS, true, constraints),
                ]
            }
        };
        let algorithm = by.algorithm().to_der();
        let validity = asn1::sequence(&[&asn1::time(founded()), &asn1::time(at("2036-11-01T00:00:00Z"))]);
        let tbs = asn1::sequence(&[
            &asn1::tlv(tag::context(0), &asn1::integer(&[2])),
            &asn1::integer(&[self.serial]),
            &algorithm,
            issuer,
            &validity,
            subject,
            key.public_key().spki(),
            &asn1::tlv(tag::context(3), &asn1::sequence(&[&extensions.concat()])),
        ]);
        let signature = by.sign(&tbs).unwrap();
        Certificate::parse(&asn1::sequence(&[&tbs, &algorithm, &asn1::bit_string(&signature)])).unwrap()
    }
}

fn unasked() -> PathPolicy {
    PathPolicy { revocation: RevocationDemand::NotAsked, ..PathPolicy::default() }
}

fn build(
    end: &Certificate,
    anchors: &[Certificate],
    intermediates: &[Certificate],
    policy: &PathPolicy,
) -> Result<VerifiedPath, PathProblem> {
    let material = PathMaterial { anchors, intermediates, crls: &[] };
    VerifiedPath::build(end, material, Some(today()), policy, &mut Budget::default())
}

#[test]
fn a_signer_under_its_csca_with_a_list_that_counts() {
    let house = House::new(AlgorithmProfile::P256, "VN", 401);
    let (anchors, crls) = ([house.csca.clone()], [house.crl.clone()]);
    let at_time = |time: Timestamp, crls: &[CertificateRevocationList]| {
        let material = PathMaterial { anchors: &anchors, intermediates: &[], crls };
        VerifiedPath::build(
            &house.signer,
            material,
            Some(time),
            &PathPolicy::default(),
            &mut Budget::default(),
        )
    };
    let path = at_time(today(), &crls).unwrap();
    assert_eq!(path.anchor().der(), house.csca.der());
    assert_eq!(path.certificates().len(), 1);
    let unknown = |reason| Err(PathProblem::RevocationUnknown(reason));
    assert_eq!(at_time(today(), &[]), unknown(RevocationUnknown::NoCrl));
    assert_eq!(at_time(at("2027-06-01T00:00:00Z"), &crls), unknown(RevocationUnknown::Stale));
    assert_eq!(at_time(at("2026-10-31T00:00:00Z"), &crls), Err(PathProblem::NotYetValid));
    assert_eq!(at_time(at("2090-01-01T00:00:00Z"), &crls), Err(PathProblem::Expired));
    let entry = RevokedCertificate { serial: house.signer.serial().to_vec(), date: today(), reason: Some(1) };
    let quarter = SignedDuration::from_hours(24 * 90);
    let list = CertificateRevocationList::issue(&house.csca, &house.csca_key, 2, today(), quarter, &[entry])
        .unwrap();
    assert_eq!(at_time(today(), std::slice::from_ref(&list)), Err(PathProblem::Revoked));
    // The older list without it does not clear it, and age does not either.
    assert_eq!(at_time(today(), &[house.crl.clone(), list.clone()]), Err(PathProblem::Revoked));
    assert_eq!(at_time(at("2028-01-01T00:00:00Z"), &[list]), Err(PathProblem::Revoked));
    // A list of another authority of the same name.
    let other = House::new(AlgorithmProfile::P256, "VN", 402);
    assert_eq!(at_time(today(), &[other.crl]), unknown(RevocationUnknown::SignatureInvalid));
}

#[test]
fn a_new_csca_key_is_believed_over_its_link() {
    let mut maker = Maker::new(403);
    let (old, new, signer_key) = (maker.key(), maker.key(), maker.key());
    let csca = name("CSCA", false);
    let anchor = maker.certificate((&csca, &old), (&csca, &old), Some(Some(0)));
    let link = maker.certificate((&csca, &old), (&csca, &new), Some(Some(0)));
    let signer = maker.certificate((&csca, &new), (&name("Signer", false), &signer_key), None);
    let path =
        build(&signer, std::slice::from_ref(&anchor), std::slice::from_ref(&link), &unasked()).unwrap();
    assert_eq!(path.certificates().len(), 2);
    assert_eq!(
        build(&signer, std::slice::from_ref(&anchor), &[], &unasked()),
        Err(PathProblem::SignatureInvalid)
    );

    let mut trust = TrustStore::new();
    trust.add_anchor(anchor.der()).unwrap();
    assert!(matches!(trust.chain_of(&signer), ChainResult::NotTrusted(_)));
    // Without key identifiers it looks like a self-signature that does not hold: no anchor, and a link all the same.
    assert_eq!(trust.add_anchor(link.der()).map(drop), Err(AnchorProblem::SelfSignature));
    trust.add_link(link.der()).unwrap();
    assert!(matches!(trust.chain_of(&signer), ChainResult::Trusted { .. }));
}

#[test]
fn a_link_in_the_trust_store_is_followed_and_never_an_anchor() {
    let mut maker = Maker::new(404);
    let (old, new, signer_key, stranger) = (maker.key(), maker.key(), maker.key(), maker.key());
    let (csca, csca2) = (name("CSCA 1", false), name("CSCA 2", false));
    let anchor = maker.certificate((&csca, &old), (&csca, &old), Some(None));
    let link = maker.certificate((&csca, &old), (&csca2, &new), Some(None));
    let signer = maker.certificate((&csca2, &new), (&name("Signer", false), &signer_key), None);
    let mut trust = TrustStore::new();
    assert_eq!(trust.add_anchor(link.der()).map(drop), Err(AnchorProblem::NotSelfSigned));
    trust.add_link(link.der()).unwrap();
    assert!(matches!(trust.chain_of(&signer), ChainResult::NoAnchorForIssuer { .. }));
    trust.add_anchor(anchor.der()).unwrap();
    let path = trust.check_signer(&signer, today());
    assert!(matches!(&path.chain, ChainResult::Trusted { anchor: found } if found.der() == anchor.der()));
    assert_eq!(path.link.unwrap().der(), link.der());
    let forged = maker.certificate((&csca, &stranger), (&csca2, &new), Some(None));
    let mut trust = TrustStore::new();
    trust.add_anchor(anchor.der()).unwrap();
    trust.add_link(forged.der()).unwrap();
    assert!(matches!(trust.chain_of(&signer), ChainResult::NotTrusted(_)));
    assert_eq!(trust.add_link(anchor.der()).map(drop), Err(AnchorProblem::SelfSigned));
}

#[test]
fn constraints_of_those_above() {
    let mut maker = Maker::new(405);
    let (root, middle, low, end) = (maker.key(), maker.key(), maker.key(), maker.key());
    let [root_name, middle_name, low_name, end_name] = ["R", "M", "L", "E"].map(|common| name(common, false));
    let leaf = maker.certificate((&low_name, &low), (&end_name, &end), None);
    let below = maker.certificate((&middle_name, &middle), (&low_name, &low), Some(None));
    for (room, expected) in [(None, Ok(3)), (Some(1), Ok(3)), (Some(0), Err(PathProblem::PathLength))] {
        let anchor = [maker.certificate((&root_name, &root), (&root_name, &root), Some(None))];
        let constrained = maker.certificate((&root_name, &root), (&middle_name, &middle), Some(room));
        let path = build(&leaf, &anchor, &[constrained, below.clone()], &unasked());
        assert_eq!(path.map(|path| path.certificates().len()), expected, "{room:?}");
    }
    let anchor = [maker.certificate((&root_name, &root), (&root_name, &root), Some(None))];
    let plain = maker.certificate((&root_name, &root), (&middle_name, &middle), Some(None));
    let policy = PathPolicy { max_intermediates: Some(1), ..unasked() };
    assert_eq!(build(&leaf, &anchor, &[plain, below.clone()], &policy), Err(PathProblem::TooLong));
    let no_authority = maker.certificate((&root_name, &root), (&middle_name, &middle), None);
    assert_eq!(build(&leaf, &anchor, &[no_authority, below], &unasked()), Err(PathProblem::NotAnAuthority));
}

#[test]
fn names_in_another_order_chain_only_where_that_is_allowed_and_it_is_said() {
    let mut maker = Maker::new(406);
    let (root, end) = (maker.key(), maker.key());
    let anchor = [maker.certificate((&name("R", false), &root), (&name("R", false), &root), Some(None))];
    let leaf = maker.certificate((&name("R", true), &root), (&name("E", false), &end), None);
    assert_eq!(build(&leaf, &anchor, &[], &unasked()), Err(PathProblem::UnknownIssuer));
    let any_order = PathPolicy { names: NameChaining::AnyOrder, ..unasked() };
    let path = build(&leaf, &anchor, &[], &any_order).unwrap();
    assert!(path.leniencies().contains(&"name-order"), "{:?}", path.leniencies());
}

#[test]
fn a_hierarchy_made_to_explode_ends_with_the_budget() {
    let mut maker = Maker::new(407);
    let one = name("Everybody", false);
    let keys: Vec<SoftwareKey> = (0..12).map(|_| maker.key()).collect();
    // Every key certifies every other under one name, and none is an anchor.
    let mut intermediates = Vec::new();
    for by in &keys {
        for key in &keys {
            intermediates.push(maker.certificate((&one, by), (&one, key), Some(None)));
        }
    }
    let end = maker.certificate((&one, &keys[0]), (&name("E", false), &keys[1]), None);
    let mut budget = Budget::new(300, 100_000);
    let material = PathMaterial { anchors: &[], intermediates: &intermediates, crls: &[] };
    let outcome = VerifiedPath::build(&end, material, None, &unasked(), &mut budget);
    assert_eq!(outcome, Err(PathProblem::BudgetExhausted));
    assert!(PathProblem::BudgetExhausted.is_undetermined());
    assert_eq!(budget.signatures_left(), 0);
}

#[test]
fn a_master_list_is_read_and_its_signer_must_be_one() {
    let house = House::new(AlgorithmProfile::Cccd, "VN", 408);
    let other = House::new(AlgorithmProfile::P256, "NL", 409);
    let certificates = [house.csca.der(), other.csca.der(), &[0x30, 0x01, 0x02], other.signer.der()].concat();
    let content = asn1::sequence(&[&asn1::integer(&[0]), &asn1::tlv(tag::SET, &certificates)]);
    let sign = |kind| signed_data::sign(kind, &content, &house.signer, &house.signer_key, today()).unwrap();
    let list = MasterList::parse(&sign(&oids::CSCA_MASTER_LIST)).unwrap();
    assert_eq!(list.entries().len(), 4);
    assert_eq!(list.countries().into_iter().collect::<Vec<_>>(), ["NL", "VN"]);
    let usable: Vec<_> = list.entries().iter().map(|entry| entry.usability().ok()).collect();
    assert_eq!(usable, [Some(Use::Anchor), Some(Use::Anchor), None, None]);
    // A Document Signer signs no master lists, whatever the signature is worth.
    assert_eq!(list.verify().map(drop), Err(MasterListProblem::SignerPurpose));
    let wrong_kind = MasterList::parse(&sign(&oids::LDS_SECURITY_OBJECT)).unwrap();
    assert_eq!(wrong_kind.verify().map(drop), Err(MasterListProblem::ContentType));
    let mut trust = TrustStore::new();
    let listed = trust.add_master_list(&list);
    assert_eq!(listed.iter().filter(|one| one.outcome.is_ok()).count(), 2);
    assert_eq!(trust.anchors().len(), 2);
}

/// What some states' encoders write: every constructed length indefinite, the content in segments.
#[test]
fn an_ef_sod_in_ber_is_the_same_and_it_is_said() {
    use cccd_keys::signed_data::Leniency;
    use cccd_keys::sod::EfSod;
    fn to_ber(bytes: &[u8]) -> Vec<u8> {
        let mut reader = asn1::Reader::new(bytes);
        let mut out = Vec::new();
        while !reader.is_empty() {
            let element = reader.any().unwrap();
            // What is signed stays in DER: certificates and signed attributes.
            let signed = element.tag == tag::context(0) && element.offset > 0 && element.raw.len() > 300
                || element.tag == tag::SET;
            if element.tag & 0x20 == 0 || signed {
                out.extend_from_slice(element.raw);
            } else {
                out.extend_from_slice(&[element.tag, 0x80]);
                out.extend(to_ber(element.content));
                out.extend_from_slice(&[0, 0]);
            }
        }
        out
    }
    let house = House::new(AlgorithmProfile::P256, "VN", 410);
    let der = house.sod();
    let ber = to_ber(&der);
    assert_ne!(ber, der);
    let (strict, lenient) = (EfSod::parse(&der).unwrap(), EfSod::parse(&ber).unwrap());
    assert_eq!(strict.econtent(), lenient.econtent());
    assert_ne!(strict.file_digest(), lenient.file_digest(), "a card is known by the octets it holds");
    assert_eq!(lenient.verify_signature().unwrap().leniencies, [Leniency::BerLengths]);
    assert_eq!(strict.verify_signature().unwrap().leniencies, []);
    for cut in 1..ber.len() {
        assert!(EfSod::parse(&ber[..cut]).is_err());
    }
}
