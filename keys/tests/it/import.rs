//! What comes into a trust directory, what does not and why, and that it comes whole or not at all.

use crate::house::{at, today};
use crate::mint::{self, Party, csca, list_signer, master_list, purpose, signs, under};
use base64::Engine as _;
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};
use cccd_keys::certificate::Certificate;
use cccd_keys::crl::CertificateRevocationList;
use cccd_keys::deviation_list::Document;
use cccd_keys::signed_data;
use cccd_keys::trust::import::{ImportOptions, Outcome, Vouching, import};
use cccd_keys::trust::{Age, ChainResult, ImportError, ImportReport, TrustStore};
use const_oid::ObjectIdentifier;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of files to import, and the directory that takes them.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("trust")
    }

    fn options() -> ImportOptions {
        ImportOptions { at: Some(today()), ..ImportOptions::default() }
    }

    fn bring(&self, files: &[PathBuf]) -> Result<ImportReport, ImportError> {
        import(files, &self.store(), &Self::options())
    }

    fn bring_accepting(&self, files: &[PathBuf], who: &Certificate) -> Result<ImportReport, ImportError> {
        let options = ImportOptions { accepted_signers: vec![who.fingerprint()], ..Self::options() };
        import(files, &self.store(), &options)
    }

    fn trust(&self) -> TrustStore {
        TrustStore::load(&self.store()).unwrap()
    }

    /// Every file of the directory with its content.
    fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.store()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.clone(), std::fs::read(path).unwrap());
                }
            }
        }
        found
    }
}

fn vouching(outcome: Result<ImportReport, ImportError>) -> Vouching {
    match outcome {
        Err(ImportError::ListSigner { report, .. }) => report.vouching,
        other => panic!("{other:?}"),
    }
}

fn refused(outcome: Result<ImportReport, ImportError>) -> String {
    match outcome {
        Err(ImportError::Refused { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_list_whose_signer_nobody_vouches_for_is_reported_as_that_and_refused() {
    let desk = Desk::new();
    let (home, other, stranger) =
        (csca("UT", "CSCA UT", 1), csca("LA", "CSCA LA", 2), csca("UT", "Nobody", 3));
    let elements = [home.certificate.der(), other.certificate.der()];
    let self_listed = desk.file("self.ml", &master_list(&list_signer(&home, 10), &elements, today()));
    let nobody = desk.file("nobody.ml", &master_list(&list_signer(&stranger, 11), &elements, today()));
    assert_eq!(vouching(desk.bring(std::slice::from_ref(&self_listed))), Vouching::SelfListed);
    assert_eq!(vouching(desk.bring(std::slice::from_ref(&nobody))), Vouching::Nobody);
    assert!(!desk.store().exists(), "nothing has changed");
    // A fingerprint that somebody compared: of the signer's certificate, or of the authority above it.
    let report = desk.bring_accepting(std::slice::from_ref(&self_listed), &home.certificate).unwrap();
    assert_eq!(report.lists[0].vouching, Vouching::AcceptedFingerprint);
    assert_eq!((report.count("anchor"), report.count("not-used")), (2, 0));
    // From then on the state's lists are believed; another state's are not, though its authority is in the list.
    let next = desk
        .file("next.ml", &master_list(&list_signer(&home, 12), &elements[..1], at("2026-12-01T00:00:01Z")));
    let elsewhere = desk.file("la.ml", &master_list(&list_signer(&other, 13), &elements, today()));
    assert_eq!(vouching(desk.bring(&[elsewhere])), Vouching::ListedElsewhere);
    let report = desk.bring(&[next]).unwrap();
    assert_eq!((report.lists[0].vouching.clone(), report.lists[0].dropped), (Vouching::Trusted, 1));
    assert_eq!(report.replaced.len(), 1, "the older list of the state made room");
    let trust = desk.trust();
    assert_eq!((trust.anchors().len(), trust.master_lists().len()), (1, 1));
    // The older one again changes nothing.
    let before = desk.content();
    let report = desk.bring(&[self_listed]).unwrap();
    assert!(report.lists[0].older_than_held && report.files.is_empty());
    assert_eq!(desk.content(), before);
    assert_eq!(vouching(desk.bring(&[nobody])), Vouching::Nobody);
}

#[test]
fn a_list_under_an_authority_that_was_given_needs_no_word() {
    let desk = Desk::new();
    let home = csca("UT", "CSCA UT", 1);
    let list =
        desk.file("list.ml", &master_list(&list_signer(&home, 10), &[home.certificate.der()], today()));
    let given = desk.file("given.cer", home.certificate.der());
    // In whatever order they are named.
    let report = desk.bring(&[list, given]).unwrap();
    assert_eq!(report.lists[0].vouching, Vouching::Trusted);
    let trust = desk.trust();
    assert!(trust.is_given(&trust.anchors()[0]));
    assert_eq!(trust.lists_with(&trust.anchors()[0]).count(), 1);
}

#[test]
fn a_list_that_is_altered_or_signed_by_the_wrong_key_is_refused_whole() {
    let desk = Desk::new();
    let home = csca("UT", "CSCA UT", 1);
    let given = desk.file("given.cer", home.certificate.der());
    desk.bring(std::slice::from_ref(&given)).unwrap();
    let before = desk.content();
    let good = master_list(&list_signer(&home, 10), &[home.certificate.der()], today());
    // A Document Signer is no signer of lists.
    let signer = under(&home, "Document Signer", 20, &[signs()]);
    let wrong = desk.file("wrong.ml", &master_list(&signer, &[home.certificate.der()], today()));
    assert!(refused(desk.bring(&[wrong])).contains("not for master lists"));
    // One octet of the content, a cut, and what is not a list at all.
    let at = good.windows(8).position(|w| home.certificate.der().starts_with(w)).unwrap();
    let mut altered = good.clone();
    altered[at + 60] ^= 1;
    for (name, bytes) in
        [("altered.ml", &altered[..]), ("cut.ml", &good[..good.len() - 1]), ("text", b"hello")]
    {
        let damaged = desk.file(name, bytes);
        let error = desk.bring(&[given.clone(), damaged.clone()]).unwrap_err();
        assert!(error.to_string().contains(name), "which file: {error}");
        assert!(matches!(error, ImportError::Refused { .. }));
    }
    assert!(refused(desk.bring(&[desk.file("cut.ml", &good[..good.len() - 1])])).contains("at offset"));
    // From the future, and by a signer who is revoked.
    let future = desk.file(
        "future.ml",
        &master_list(&list_signer(&home, 10), &[], crate::house::at("2027-01-01T00:00:00Z")),
    );
    assert_eq!(vouching(desk.bring(&[future])), Vouching::FromTheFuture);
    assert_eq!(desk.content(), before);
    let revoked = list_signer(&home, 10);
    let crl = crl_of(&home, &[&revoked.certificate], today());
    desk.bring(&[desk.file("list.crl", crl.der())]).unwrap();
    assert_eq!(vouching(desk.bring(&[desk.file("good.ml", &good)])), Vouching::Revoked);
}

fn crl_of(home: &Party, revoked: &[&Certificate], from: Timestamp) -> CertificateRevocationList {
    let revoked: Vec<_> = revoked
        .iter()
        .map(|one| cccd_keys::crl::RevokedCertificate {
            serial: one.serial().to_vec(),
            date: from,
            reason: None,
        })
        .collect();
    let days = SignedDuration::from_hours(24 * 60);
    CertificateRevocationList::issue(&home.certificate, &home.key, 1, from, days, &revoked).unwrap()
}

/// An LDIF as the PKD writes it.
fn ldif(objects: &[(&str, &[u8])]) -> String {
    let mut text = "version: 1\n".to_owned();
    for (number, (attribute, bytes)) in objects.iter().enumerate() {
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        let line = format!("{attribute}:: {base64}");
        let folded: Vec<String> =
            line.as_bytes().chunks(76).map(|chunk| String::from_utf8(chunk.to_vec()).unwrap()).collect();
        text.push_str(&format!("\ndn: cn={number},o=dsc,c=UT,dc=data,dc=download\nobjectClass: top\n"));
        text.push_str(&folded.join("\n "));
        text.push('\n');
    }
    text
}

#[test]
fn an_ldif_brings_what_is_signed_and_says_of_everything_else_why_not() {
    let desk = Desk::new();
    let (home, other) = (csca("UT", "CSCA UT", 1), csca("LA", "CSCA LA", 2));
    let signer = under(&home, "Document Signer", 20, &[signs()]);
    let crl = crl_of(&home, &[], today());
    let list =
        master_list(&list_signer(&home, 10), &[home.certificate.der(), other.certificate.der()], today());
    let foreign = master_list(&list_signer(&other, 13), &[other.certificate.der()], today());
    let file = desk.file(
        "pkd.ldif",
        ldif(&[
            ("userCertificate;binary", signer.certificate.der()),
            ("certificateRevocationList;binary", crl.der()),
            ("pkdMasterListContent", &list),
            ("pkdMasterListContent", &foreign),
            ("cACertificate;binary", csca("XX", "Slipped in", 9).certificate.der()),
            ("userCertificate;binary", b"\x30\x03\x02\x01\x00"),
        ])
        .as_bytes(),
    );
    let given = desk.file("given.cer", home.certificate.der());
    let report = desk.bring(&[file.clone(), given]).unwrap();
    let used: Vec<_> = report.lists.iter().map(|list| list.vouching.code()).collect();
    assert_eq!(used, ["trusted", "listed-elsewhere"]);
    let reasons = report.not_used();
    assert_eq!(report.count("document-signer"), 1);
    assert_eq!(reasons.get("unsigned-source"), Some(&1));
    assert!(reasons.keys().any(|reason| reason.contains("at offset")), "{reasons:?}");
    assert!(report.certificates.iter().all(|one| one.line.is_none_or(|line| line > 2)));
    let trust = desk.trust();
    assert_eq!((trust.anchors().len(), trust.crls().count(), trust.problems().len()), (2, 1, 0));
    assert!(matches!(trust.chain_of(&signer.certificate), ChainResult::Trusted { .. }));
    // Once more: nothing changes.
    let before = desk.content();
    let report = desk.bring(&[file]).unwrap();
    assert!(report.files.iter().all(|file| file.already_present), "{:?}", report.files);
    assert_eq!(desk.content(), before);
    // A damaged one is refused with its line, and with it whatever came along.
    let text = ldif(&[("certificateRevocationList;binary", crl.der())]).replace("dn: cn=0", "dn cn=0");
    let damaged = desk.file("damaged.ldif", text.as_bytes());
    let newcomer = desk.file("newcomer.cer", other.certificate.der());
    assert!(refused(desk.bring(&[newcomer, damaged])).contains("at line 3"));
    assert_eq!(desk.content(), before);
}

#[test]
fn looking_changes_nothing_and_tells_the_same() {
    let desk = Desk::new();
    let home = csca("UT", "CSCA UT", 1);
    let list =
        desk.file("list.ml", &master_list(&list_signer(&home, 10), &[home.certificate.der()], today()));
    let options = ImportOptions {
        accepted_signers: vec![home.certificate.fingerprint()],
        dry_run: true,
        ..Desk::options()
    };
    let looked = import(std::slice::from_ref(&list), &desk.store(), &options).unwrap();
    assert!(looked.dry_run && !desk.store().exists());
    let done = desk.bring_accepting(&[list], &home.certificate).unwrap();
    assert_eq!(
        (looked.files, looked.certificates, looked.lists),
        (done.files, done.certificates, done.lists)
    );
}

#[test]
fn links_and_lists_of_revocation_need_somebody_who_signed_them() {
    let desk = Desk::new();
    let (old, new) = (csca("UT", "CSCA UT 1", 1), csca("UT", "CSCA UT 2", 2));
    let link = mint::certificate(
        (&old.key, old.certificate.subject().der()),
        (&new.key, new.certificate.subject().der()),
        7,
        &[mint::authority()],
        false,
    );
    let link_file = desk.file("link.cer", link.der());
    let crl = desk.file("list.crl", crl_of(&new, &[], today()).der());
    assert!(
        refused(desk.bring(std::slice::from_ref(&link_file))).contains("no trusted CSCA signed this link")
    );
    assert!(refused(desk.bring(std::slice::from_ref(&crl))).contains("no trusted CSCA signed this CRL"));
    let anchor = desk.file("old.cer", old.certificate.der());
    desk.bring(&[crl, link_file, anchor]).unwrap();
    let trust = desk.trust();
    assert_eq!((trust.anchors().len(), trust.links().len(), trust.problems().len()), (1, 1, 0));
    // The new key is known by its link only: its signers are believed, and its list speaks for the old key, too.
    let signer = under(&new, "Document Signer", 20, &[signs()]);
    let path = trust.check_signer(&signer.certificate, today());
    assert!(matches!(path.chain, ChainResult::Trusted { .. }) && path.link.is_some(), "{path:?}");
    assert!(matches!(path.revocation, cccd_keys::trust::RevocationResult::Good { .. }));
    let (_, age) = trust.crl_of(&trust.anchors()[0], today()).unwrap();
    assert_eq!(age, Age::Fresh);
    // A newer list that repeats every entry takes the place of the older; one from the future does not.
    let newer = desk.file(
        "newer.crl",
        crl_of(&new, &[], at("2026-12-01T00:00:00Z") + SignedDuration::from_secs(0)).der(),
    );
    assert!(desk.bring(&[newer]).unwrap().files[0].already_present);
    let future = desk.file("future.crl", crl_of(&new, &[], at("2027-03-01T00:00:00Z")).der());
    let report = desk.bring(&[future]).unwrap();
    assert!(report.replaced.is_empty() && report.warnings[0].contains("from-the-future"), "{report:?}");
    let later = ImportOptions { at: Some(at("2027-01-10T00:00:00Z")), ..ImportOptions::default() };
    let newer = desk.file("newer.crl", crl_of(&new, &[], at("2027-01-09T00:00:00Z")).der());
    let report = import(&[newer], &desk.store(), &later).unwrap();
    assert_eq!(report.replaced.len(), 1);
}

/// A deviation list: what it names is found, what it does not name is not.
#[test]
fn deviations_are_kept_and_found() {
    let desk = Desk::new();
    let (home, other) = (csca("UT", "CSCA UT", 1), csca("LA", "CSCA LA", 2));
    let kind = ObjectIdentifier::new_unwrap("2.23.136.1.1.7.2.1");
    let signer = under(&home, "Document Signer", 20, &[signs()]);
    let description = |text: Option<&str>| {
        let text = text.map(|text| asn1::tlv(tag::PRINTABLE_STRING, text.as_bytes())).unwrap_or_default();
        asn1::tlv(
            tag::SET,
            &asn1::sequence(&[&text, &asn1::oid(&kind), &asn1::tlv(tag::context(0), &[2, 1, 1])]),
        )
    };
    let by_number = asn1::sequence(&[
        signer.certificate.issuer().der(),
        &asn1::tlv(tag::INTEGER, signer.certificate.serial()),
    ]);
    let by_number = asn1::tlv(tag::context(1), &by_number[2..]);
    let documents = asn1::sequence(&[
        &asn1::tlv(tag::context_primitive(0), b"P<"),
        &by_number,
        &asn1::tlv(tag::context(5), &asn1::tlv(tag::PRINTABLE_STRING, b"C01X")),
    ]);
    let deviation = asn1::sequence(&[&documents, &description(Some("wrong"))]);
    let key = asn1::tlv(tag::context_primitive(2), home.certificate.subject_key_identifier().unwrap());
    let on_the_authority = asn1::sequence(&[&asn1::sequence(&[&key]), &description(None)]);
    let list_by = |purpose_of: ObjectIdentifier, country: &Party| {
        let signer = under(country, "Deviation List Signer", 30, &[signs(), purpose(purpose_of)]);
        let set = [deviation.clone(), on_the_authority.clone()].concat();
        let content = asn1::sequence(&[&asn1::integer(&[0]), &asn1::tlv(tag::SET, &set)]);
        signed_data::sign(&oids::DEVIATION_LIST, &content, &signer.certificate, &signer.key, today()).unwrap()
    };
    let good = list_by(oids::DEVIATION_LIST_SIGNING_KEY, &home);
    let file = desk.file("ut.dl", &good);
    assert!(
        refused(desk.bring(std::slice::from_ref(&file))).contains("issuer is not known"),
        "nobody is believed yet"
    );
    desk.bring(&[desk.file("ut.cer", home.certificate.der()), desk.file("la.cer", other.certificate.der())])
        .unwrap();
    let wrong = list_by(oids::MASTER_LIST_SIGNING_KEY, &home);
    assert!(refused(desk.bring(&[desk.file("wrong.dl", &wrong)])).contains("not for deviation lists"));
    let report = desk.bring(&[file]).unwrap();
    assert!(report.files[0].stored_as.starts_with("deviation/UT-2026-12-01-"), "{:?}", report.files);
    // Another state's list about these documents is kept for its own and never heard about theirs.
    desk.bring(&[desk.file("la.dl", &list_by(oids::DEVIATION_LIST_SIGNING_KEY, &other))]).unwrap();
    let trust = desk.trust();
    assert_eq!(trust.deviation_lists().count(), 2);
    let asked = |certificates: &[&Certificate], code: &str, number: &str| {
        let document = Document { document_type: Some(code), number: Some(number), issued: None };
        trust.deviations_of(certificates, document)
    };
    let (own, second) = (&signer.certificate, under(&home, "Document Signer", 21, &[signs()]).certificate);
    assert_eq!(asked(&[own], "P<", "C01X"), [kind]);
    assert_eq!(asked(&[own], "P<", "C02X"), []);
    assert_eq!(asked(&[own], "ID", "C01X"), []);
    assert_eq!(asked(&[&second], "P<", "C01X"), []);
    assert_eq!(asked(&[&second, &home.certificate], "ID", "ANY"), [kind], "the authority itself deviates");
}

/// A list with 100,000 entries is read, and no more work is done on it than a store has room for.
#[test]
fn a_list_of_a_hundred_thousand_is_bounded() {
    let home = csca("UT", "CSCA UT", 1);
    let mut forged = home.certificate.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let mut elements = vec![forged.as_slice(); 99_999];
    elements.push(home.certificate.der());
    let list = master_list(&list_signer(&home, 10), &elements, today());
    let parsed = cccd_keys::master_list::MasterList::parse(&list).unwrap();
    let listed = TrustStore::new().add_master_list(&parsed);
    let spent =
        listed.iter().filter(|one| one.outcome == Err(cccd_keys::trust::AnchorProblem::BudgetExhausted));
    assert_eq!(spent.count(), 100_000 - 8192);
    // One more is refused with the offset.
    elements.push(home.certificate.der());
    let list = master_list(&list_signer(&home, 10), &elements, today());
    let error = cccd_keys::master_list::MasterList::parse(&list).unwrap_err();
    assert_eq!(error.what, "at most 100,000 certificates");
}

/// Authorities that all have one name: whoever searches among them stops, and says that nothing is known.
#[test]
fn a_search_among_too_many_authorities_is_undetermined() {
    let mut trust = TrustStore::new();
    let name = mint::name("UT", "CSCA");
    for seed in 0..400 {
        let key = mint::key(1000 + seed);
        let one = mint::certificate((&key, &name), (&key, &name), 1, &[mint::authority()], true);
        trust.add_anchor(one.der()).unwrap();
    }
    let (stranger, own) = (mint::key(1), mint::key(2));
    let signer = mint::certificate((&stranger, &name), (&own, &mint::name("UT", "DS")), 5, &[signs()], true);
    let path = trust.check_signer(&signer, today());
    assert_eq!(path.chain.code(), Some("budget-exhausted"));
}

/// The three real lists: each is refused until somebody compared a fingerprint, and then every certificate is used or its
/// reason is told.
#[test]
fn real_lists_come_in_with_their_signatures_verified() {
    let Some(folder) = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from) else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return;
    };
    let lists = folder.join("masterlists");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&lists)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ml"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 3);
    let desk = Desk::new();
    for file in &files {
        let refused = match desk.bring(std::slice::from_ref(file)) {
            Err(ImportError::ListSigner { report, .. }) => report,
            other => panic!("{other:?}"),
        };
        // The Dutch list came after the German, which has the Dutch authority.
        assert!(!refused.vouching.is_enough(), "{refused}");
        let (_, authority) = refused.authority.clone().unwrap();
        let authority = <[u8; 32]>::try_from(hex::decode(authority).unwrap()).unwrap();
        let options = ImportOptions { accepted_signers: vec![authority], ..Desk::options() };
        let report = import(std::slice::from_ref(file), &desk.store(), &options).unwrap();
        let list = &report.lists[0];
        assert_eq!(list.vouching, Vouching::AcceptedFingerprint);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(
            list.age,
            Some(Age::Old).filter(|_| !name.starts_with("NL")).or(Some(Age::Fresh)),
            "{name}"
        );
        assert_eq!(report.certificates.len(), list.certificates);
        let used = report.count("anchor") + report.count("link");
        let reasons: Vec<_> =
            report.certificates.iter().filter(|one| one.outcome.code() == "not-used").collect();
        assert_eq!(used + reasons.len(), list.certificates);
        assert!(reasons.iter().all(|one| matches!(&one.outcome, Outcome::NotUsed(why) if !why.is_empty())));
        eprintln!(
            "{name}: {} certificates, {} anchors, {} links, not used {:?}, tolerated {:?}",
            list.certificates,
            report.count("anchor"),
            report.count("link"),
            report.not_used(),
            report.leniencies
        );
        assert!(used * 100 > list.certificates * 95, "{name}");
    }
    let trust = desk.trust();
    assert_eq!((trust.master_lists().len(), trust.problems()), (3, &[][..]));
    real_files_chain(&folder, &trust);
    // The authority given by itself vouches for its list.
    let given = Desk::new();
    let root = lists.join("csca_DE_root_CSCA07.cer");
    let german = files.iter().find(|file| file.to_string_lossy().contains("DE_ML")).unwrap();
    let report = given.bring(&[german.clone(), root]).unwrap();
    assert_eq!(report.lists[0].vouching, Vouching::Trusted);
}

fn real_files_chain(folder: &Path, trust: &TrustStore) {
    for name in ["DE", "FR", "RU-b", "SG", "US"] {
        let file = std::fs::read(folder.join(format!("sod/sod_real_{name}.bin"))).unwrap();
        let sod = cccd_keys::sod::EfSod::parse(&file).unwrap();
        let path = trust.check_signer(sod.signer_certificate().unwrap(), today());
        assert!(matches!(path.chain, ChainResult::Trusted { .. }), "{name}: {:?}", path.chain);
        eprintln!("{name}: {:?} {:?}", path.leniencies, sod.verify_signature().unwrap().leniencies);
    }
}
