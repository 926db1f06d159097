//! Stories of a trust directory, by the programs: what `verifier trust import` brought in decides about cards.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use cccd_keys::certificate::Certificate;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signed_data;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_tests::attacks::base::{Base, SOD};
use cccd_tests::laboratory::certificate::{document_types, extended_key_usage, name};
use cccd_tests::laboratory::chain::{Chain, Made};
use cccd_tests::laboratory::country::dice;
use cccd_tests::laboratory::stage::{Shown, Stage};
use cccd_tests::programs::{Finished, Programs};
use cccd_verifier::evidence::EvidenceFile;
use cccd_virtual_chip::lab::File;
use serde_json::Value;
use tempfile::TempDir;

use crate::attacks::lab;

/// A counter with its trust directory and a card's files.
struct Counter {
    folder: TempDir,
    programs: Programs,
}

impl Counter {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, programs: Programs::beside_this_one().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn verifier(&self, arguments: &[&str]) -> Finished {
        let at = lab().now.to_string();
        let common = ["--at", &at, "--json", "--lang", "en"];
        self.programs.run("verifier", &[arguments, &common].concat()).unwrap()
    }

    fn import(&self, file: &Path, more: &[&str]) -> Finished {
        let into = self.path("trust");
        let arguments = ["trust", "import", file.to_str().unwrap(), "--into", into.to_str().unwrap()];
        self.verifier(&[&arguments, more].concat())
    }

    /// Imports what must come in.
    fn believe(&self, files: &[(&str, &[u8])]) {
        for (name, bytes) in files {
            let done = self.import(&self.file(name, bytes), &[]);
            assert_eq!(done.code, 0, "{name}: {done:?}");
        }
    }

    /// The country's authority and its list, and the station whose evidence counts.
    fn believe_chain(&self, made: &Made) {
        self.believe(&[("csca.cer", &made.csca), ("list.crl", &made.crl)]);
        let station = self.file("station.pub", lab().station.public_key().spki());
        assert_eq!(self.import(&station, &["--as", "station"]).code, 0);
    }

    /// The files of a card, by `passive`.
    fn passive(&self, shown: &Shown) -> Verdict {
        let mut arguments = vec!["passive".to_owned()];
        for (file, bytes) in &shown.files {
            match file {
                File::DataGroup(number) if !matches!(number.value(), 3 | 4) => {
                    let path = self.file(&format!("dg{}.bin", number.value()), bytes);
                    arguments.extend(["--dg".to_owned(), format!("{}={}", number.value(), path.display())]);
                }
                _ if *file == SOD => {
                    let path = self.file("sod.bin", bytes);
                    arguments.extend(["--sod".to_owned(), path.display().to_string()]);
                }
                _ => {}
            }
        }
        arguments.extend(["--trust".to_owned(), self.path("trust").display().to_string()]);
        Verdict::of(&self.verifier(&arguments.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// The evidence of a card that a trusted station read, by `verify`.
    fn verify(&self, shown: &Shown) -> Verdict {
        let (evidence, _) = shown.read.as_ref().unwrap();
        let bytes = EvidenceFile::new(evidence).unwrap().signed(&lab().station).unwrap().to_bytes().unwrap();
        let (file, trust) = (self.file("card.evidence", &bytes), self.path("trust"));
        let arguments = ["verify", "--evidence", file.to_str().unwrap(), "--trust", trust.to_str().unwrap()];
        Verdict::of(&self.verifier(&arguments))
    }
}

/// What a program said of a card.
struct Verdict {
    code: i32,
    report: Value,
}

impl Verdict {
    fn of(done: &Finished) -> Self {
        Self { code: done.code, report: done.json().unwrap() }
    }

    /// Decision, deciding check and reason; the exit code goes with the decision.
    fn told(&self) -> (&str, &str, &str) {
        let text = |name: &str| self.report["verdict"][name].as_str().unwrap_or("-");
        let code = match text("decision") {
            "accepted" => 0,
            "refused" => 1,
            _ => 4,
        };
        assert_eq!(self.code, code);
        (text("decision"), text("decided_by"), text("reason"))
    }

    /// Status, reason and detail of a check.
    fn finding(&self, check: &str) -> (&str, &str, &str) {
        let findings = self.report["findings"].as_array().unwrap();
        let one = findings.iter().find(|one| one["check"] == check).unwrap();
        let text = |name: &str| one[name].as_str().unwrap_or("-");
        (text("status"), text("reason"), text("detail"))
    }

    fn tolerated(&self) -> Vec<&str> {
        let all = self.report["leniencies"].as_array().unwrap();
        all.iter().map(|one| one["code"].as_str().unwrap()).collect()
    }
}

/// A download of the PKD with one Document Signer.
fn ldif(certificate: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "version: 1\n\ndn: cn=1,o=dsc,c=LA,dc=data\nchangetype: add\nuserCertificate;binary:: {}\n",
        lines.join("\n ")
    )
}

/// A foreign passport whose EF.SOD holds no certificate (Doc 9303-10 allowed it in LDS 1.7).
fn without_certificate() -> Shown {
    let mut stage = Base::Passport.set(lab()).unwrap();
    stage.on_sod(|sod| sod.certificates.clear());
    stage.show().unwrap()
}

#[test]
fn a_signer_out_of_the_pkd_serves_a_passport_that_brings_none_along() {
    let (counter, shown) = (Counter::new(), without_certificate());
    let made = shown.made.as_ref().unwrap();
    counter.believe_chain(made);
    for verdict in [counter.passive(&shown), counter.verify(&shown)] {
        assert_eq!(verdict.told(), ("undetermined", "passive.sod-signature", "no-signer-certificate"));
        assert_eq!(verdict.finding("passive.dg-hashes").0, "passed");
        assert_eq!(verdict.finding("passive.signer-chain"), ("unavailable", "no-signer-certificate", "-"));
    }
    let done = counter.import(&counter.file("pkd.ldif", ldif(&made.signer).as_bytes()), &[]);
    let done = done.json().unwrap();
    assert_eq!((&done["counts"]["document_signers"], &done["counts"]["anchors"]), (&1.into(), &0.into()));
    let verdict = counter.passive(&shown);
    assert_eq!(verdict.told().1, "chip.chip-authentication", "all that files cannot show");
    assert_eq!(verdict.finding("passive.sod-signature").0, "passed");
    assert_eq!(verdict.finding("passive.signer-chain").0, "passed");
    assert!(verdict.tolerated().contains(&"certificate-from-elsewhere"), "{:?}", verdict.tolerated());
    assert_eq!(verdict.report["trust"]["signer_from"], "trust-directory");
    let verdict = counter.verify(&shown);
    assert_eq!(verdict.told().0, "accepted", "{}", verdict.report["findings"]);
    // The same passport with its signer inside needs nobody's help, and says so.
    let whole = Base::Passport.set(lab()).unwrap().show().unwrap();
    let verdict = counter.verify(&whole);
    assert_eq!((verdict.told().0, &verdict.report["trust"]["signer_from"]), ("accepted", &"ef-sod".into()));
    assert_eq!(verdict.tolerated(), Vec::<&str>::new());
}

#[test]
fn a_signer_that_is_kept_is_believed_by_nobody_for_that() {
    let (counter, shown) = (Counter::new(), without_certificate());
    let made = shown.made.as_ref().unwrap();
    counter.believe(&[("signer.cer", &made.signer)]);
    let verdict = counter.passive(&shown);
    assert_eq!(verdict.finding("passive.sod-signature").0, "passed");
    assert_eq!(verdict.told(), ("undetermined", "passive.signer-chain", "no-trust-anchor"));
    let listed = counter.verifier(&["trust", "list", "--trust", counter.path("trust").to_str().unwrap()]);
    let listed = listed.json().unwrap();
    assert_eq!(
        (&listed["document_signers"]["LA"], listed["anchors"].as_array().unwrap().len()),
        (&1.into(), 0)
    );
}

/// A list of the neighbour's about the documents of one signer (Doc 9303-12 §10).
fn deviation_list(chain: &Chain, serial: &[u8], kind: &str) -> Vec<u8> {
    let key =
        SoftwareKey::generate(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &mut dice(77))
            .unwrap();
    let mut signer = chain.signer.clone();
    signer.serial = asn1::integer(&[0x44]);
    signer.subject = name("LA", "Deviation List Signer");
    signer.spki = key.public_key().spki().to_vec();
    signer.with(extended_key_usage(&oids::DEVIATION_LIST_SIGNING_KEY.to_string()));
    let certificate = Certificate::parse(&signer.sign(&chain.csca_key).unwrap()).unwrap();
    let named = asn1::tlv(tag::context(1), &[chain.signer.issuer.as_slice(), serial].concat());
    let kind = asn1::oid(&kind.parse().unwrap());
    let description = asn1::sequence(&[&kind, &asn1::tlv(tag::context(0), &asn1::integer(&[1]))]);
    let deviation = asn1::sequence(&[&asn1::sequence(&[&named]), &asn1::tlv(tag::SET, &description)]);
    let content = asn1::sequence(&[&asn1::integer(&[]), &asn1::tlv(tag::SET, &deviation)]);
    signed_data::sign(&oids::DEVIATION_LIST, &content, &certificate, &key, lab().issued).unwrap()
}

#[test]
fn a_deviation_that_the_state_itself_tells_is_for_a_person() {
    const KIND: &str = "2.23.136.1.1.7.2.1";
    let mut stage = Base::Passport.set(lab()).unwrap();
    let chain = stage.chain().unwrap().clone();
    let shown = stage.show().unwrap();
    let counter = Counter::new();
    counter.believe_chain(shown.made.as_ref().unwrap());
    let verdict = counter.verify(&shown);
    assert_eq!(verdict.finding("passive.deviation").0, "not_applicable");
    assert_eq!(verdict.told().0, "accepted");
    // A list about another signer says nothing about this one.
    counter.believe(&[("other.dl", &deviation_list(&chain, &asn1::integer(&[0x55]), KIND))]);
    let verdict = counter.verify(&shown);
    assert_eq!((verdict.finding("passive.deviation").0, verdict.told().0), ("passed", "accepted"));
    counter.believe(&[("own.dl", &deviation_list(&chain, &chain.signer.serial, KIND))]);
    let told = ("inconclusive", "deviation-listed", KIND);
    let verdict = counter.verify(&shown);
    assert_eq!(verdict.finding("passive.deviation"), told);
    assert_eq!(verdict.told(), ("undetermined", "passive.deviation", "deviation-listed"));
    let verdict = counter.passive(&shown);
    assert_eq!(verdict.finding("passive.deviation"), told);
    // It excuses nothing: a file that was altered stays refused.
    let mut altered = shown;
    let (evidence, _) = altered.read.as_mut().unwrap();
    *evidence.files.data_groups.get_mut(&1).unwrap().last_mut().unwrap() ^= 1;
    assert_eq!(counter.verify(&altered).told(), ("refused", "passive.dg-hashes", "hash-mismatch"));
}

#[test]
fn a_passport_signer_does_not_vouch_for_an_identity_card() {
    let show = |types: &[&str]| {
        let mut stage: Stage<'_> = Base::OwnList.set(lab()).unwrap();
        stage.chain().unwrap().signer.with(document_types(types));
        stage.show().unwrap()
    };
    let (passports, cards) = (show(&["P"]), show(&["P", "ID"]));
    let counter = Counter::new();
    counter.believe_chain(passports.made.as_ref().unwrap());
    let decided = ("refused", "passive.signer-document-type", "document-type-not-allowed");
    for verdict in [counter.verify(&passports), counter.passive(&passports)] {
        assert_eq!(verdict.told(), decided);
        assert_eq!(verdict.finding("passive.signer-document-type"), ("failed", decided.2, "ID"));
        assert_eq!(verdict.finding("passive.signer-chain").0, "passed", "by an authority of ours");
    }
    assert_eq!(counter.verify(&cards).told().0, "accepted");
}

/// Class 8: a master list makes an anchor only if its own signature, its signer and somebody's word for it stand.
#[test]
fn a_list_that_nobody_verified_makes_no_anchor() {
    let shown = Base::OwnList.set(lab()).unwrap().show().unwrap();
    let made = shown.made.as_ref().unwrap();
    let mut chain = Base::OwnList.set(lab()).unwrap().chain().unwrap().clone();
    let key =
        SoftwareKey::generate(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &mut dice(78))
            .unwrap();
    chain.signer.spki = key.public_key().spki().to_vec();
    let list = |purpose: Option<&str>| {
        let mut signer = chain.signer.clone();
        if let Some(purpose) = purpose {
            signer.with(extended_key_usage(purpose));
        }
        let signer = Certificate::parse(&signer.sign(&chain.csca_key).unwrap()).unwrap();
        let content = asn1::sequence(&[&asn1::integer(&[]), &asn1::tlv(tag::SET, &made.csca)]);
        signed_data::sign(&oids::CSCA_MASTER_LIST, &content, &signer, &key, lab().issued).unwrap()
    };
    let for_lists = oids::MASTER_LIST_SIGNING_KEY.to_string();
    let good = list(Some(&for_lists));
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    let csca = Certificate::parse(&made.csca).unwrap();
    let word = hex::encode(csca.fingerprint());
    let counter = Counter::new();
    counter.believe(&[("signer.cer", &made.signer)]);
    let unknown = ("undetermined", "passive.signer-chain", "no-trust-anchor");
    for (name, bytes, accept, code) in [
        ("self-listed.ml", &good, None, "list-signer-not-trusted"),
        ("altered.ml", &altered, Some(word.as_str()), "not-trustworthy"),
        ("purpose.ml", &list(None), Some(word.as_str()), "not-trustworthy"),
    ] {
        let more: Vec<&str> = accept.into_iter().flat_map(|word| ["--accept-list-signer", word]).collect();
        let done = counter.import(&counter.file(name, bytes), &more);
        assert_eq!((done.code, &done.json().unwrap()["error"]["code"]), (1, &code.into()), "{name}");
        assert_eq!(counter.passive(&shown).told(), unknown, "{name}");
    }
    // Laid into the directory by hand, an altered one is not used either, and is named.
    counter.file("trust/masterlist/VN.ml", &altered);
    let verdict = counter.passive(&shown);
    assert_eq!(verdict.told(), unknown);
    assert_eq!(verdict.report["trust"]["warnings"][0]["code"], "file-not-usable");
    std::fs::remove_file(counter.path("trust/masterlist/VN.ml")).unwrap();
    // With somebody's word it counts.
    let done = counter.import(&counter.file("good.ml", &good), &["--accept-list-signer", &word]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(counter.passive(&shown).finding("passive.signer-chain").0, "passed");
}

/// What the operator decided once holds at every counter without an option: `docs/decisions/0108-sunsets.md`.
#[test]
fn sunsets_come_with_the_trust_directory() {
    let shown = Base::OwnList.set(lab()).unwrap().show().unwrap();
    let counter = Counter::new();
    counter.believe_chain(shown.made.as_ref().unwrap());
    assert_eq!(counter.verify(&shown).told().0, "accepted");
    counter.believe(&[("sunsets.txt", b"# decided in 2025\necdsa-256:2026-01-01\n")]);
    let told = ("undetermined", "passive.sod-signature", "algorithm-sunset");
    let verdict = counter.verify(&shown);
    assert_eq!(verdict.told(), told);
    assert_eq!(verdict.finding(told.1).2, "ecdsa-256:2026-01-01");
    assert_eq!(
        verdict.finding("passive.signer-chain").1,
        "algorithm-sunset",
        "the CSCA's key is of this kind, too"
    );
    assert_eq!(counter.passive(&shown).told(), told);
    let trust = counter.path("trust");
    let listed = counter.verifier(&["trust", "list", "--trust", trust.to_str().unwrap()]).json().unwrap();
    let all: Vec<_> = listed["sunsets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["sunset"], &one["from"], &one["has_set"]))
        .collect();
    assert_eq!(all[0], (&"ecdsa-224:2041-01-01".into(), &"built-in".into(), &false.into()));
    assert_eq!(all[2], (&"ecdsa-256:2026-01-01".into(), &"trust-directory".into(), &true.into()));
    // A day that was moved.
    counter.believe(&[("sunsets.txt", b"ecdsa-256:2076-01-01\n")]);
    assert_eq!(counter.verify(&shown).told().0, "accepted");
    // A mistake is told with its line, and changes nothing.
    let wrong = counter.file("wrong.txt", b"ecdsa-256:2026-01-01\necdsa-384:soon\n");
    let done = counter.import(&wrong, &[]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("line 2: "), "{done:?}");
    assert_eq!(counter.verify(&shown).told().0, "accepted");
}
