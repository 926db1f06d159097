//! Prints and irises from a device into a card, behind Terminal Authentication; sealed at rest, and gone afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use age::x25519::Identity;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::dg3::{Dg3, FingerprintRecord};
use cccd_card_profile::lds::dg4::Dg4;
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_issuer::application::{Application, Biometrics, Portrait, Representative, State, Step};
use cccd_issuer::capture::data_groups::{chosen, dg3, dg4};
use cccd_issuer::capture::device::{DevicePort, Folder, Taken, reasons, take};
use cccd_issuer::capture::sealed::{Rule, Sealed, SealedError, Vault, content, purge};
use cccd_issuer::capture::{Capture, CaptureError, Eye, IrisImage, MAX_IRIS_BYTES};
use cccd_issuer::fingerprint::synthetic::{Drawing, drawn, taken};
use cccd_issuer::fingerprint::{Finger, MissingReason, PrintImage};
use cccd_issuer::ledger::Act;
use cccd_issuer::personalize::NoMonitor;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::sod::EfSod;
use cccd_verifier::evidence::TerminalAuthenticationOutcome;
use cccd_verifier::{Access, InspectionOptions, inspect};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use proptest::prelude::*;

use crate::support::{NUMBER, Office, application, at, blank, rng, terminal};

const APPROVER: &str = "second-officer";

fn prints(fingers: &[Finger]) -> BTreeMap<Finger, PrintImage> {
    fingers.iter().map(|finger| (*finger, taken(7, *finger).unwrap())).collect()
}

fn two() -> Capture {
    Capture::new(prints(&Finger::INDEX), BTreeMap::new(), BTreeMap::new()).unwrap()
}

fn iris(eye: Eye) -> IrisImage {
    let mut jpeg = Vec::new();
    let grey =
        image::GrayImage::from_fn(320, 240, |x, y| image::Luma([u8::try_from((x * y) % 199).unwrap()]));
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 20).encode_image(&grey).unwrap();
    IrisImage::from_file(eye, jpeg).unwrap()
}

fn poor(finger: Finger) -> PrintImage {
    let grey = drawn(7, finger, Drawing { touched: 0.3, ..Drawing::default() });
    PrintImage::from_raw(grey.width(), grey.height(), grey.into_raw()).unwrap()
}

fn with(capture: Capture) -> Application {
    let biometrics = Some(Biometrics { capture, sealed_sha256: None, accepted: None });
    Application { biometrics, ..application(NUMBER, "first-issue") }
}

#[test]
fn every_finger_has_a_print_or_a_reason() {
    let none = BTreeMap::new;
    let capture = |taken: &[Finger], missing: &[Finger]| {
        let reasons = missing.iter().map(|finger| (*finger, MissingReason::Amputated)).collect();
        Capture::new(prints(taken), reasons, none())
    };
    use Finger::{LeftIndex, LeftThumb, RightIndex};
    assert!(capture(&[RightIndex, LeftIndex], &[]).is_ok());
    assert!(capture(&[RightIndex], &[LeftIndex]).is_ok());
    assert!(capture(&[], &[RightIndex, LeftIndex]).is_ok());
    assert_eq!(capture(&[RightIndex], &[]), Err(CaptureError::Unexplained(LeftIndex)));
    assert_eq!(capture(&[], &[]), Err(CaptureError::Unexplained(RightIndex)));
    assert_eq!(capture(&Finger::INDEX, &[LeftIndex]), Err(CaptureError::Contradiction(LeftIndex)));
    // With one more finger it is all ten.
    assert_eq!(
        capture(&[RightIndex, LeftIndex, LeftThumb], &[]),
        Err(CaptureError::Unexplained(Finger::RightThumb))
    );
    assert!(capture(&Finger::ALL, &[]).is_ok());
}

#[test]
fn a_folder_is_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let device = || Folder::open(folder.path()).and_then(|mut folder| take(&mut folder));
    assert_eq!(device().unwrap_err().code(), "finger-unexplained");
    write("right-index.png", &taken(7, Finger::RightIndex).unwrap().to_png().unwrap());
    write("missing.json", br#"{"left-index": "amputated"}"#);
    write("left-iris.jpg", iris(Eye::Left).bytes());
    let capture = device().unwrap();
    assert_eq!(capture.prints().keys().collect::<Vec<_>>(), [&Finger::RightIndex]);
    assert_eq!(capture.missing()[&Finger::LeftIndex], MissingReason::Amputated);
    assert_eq!(capture.irises().keys().collect::<Vec<_>>(), [&Eye::Left]);
    assert!(!format!("{capture:?}").contains("amputated"));

    write("left-index.png", b"x");
    assert_eq!(device().unwrap_err().code(), "finger-contradiction");
    write("missing.json", b"{}");
    assert_eq!(device().unwrap_err().code(), "print-unusable");
    write("missing.json", br#"{"left-index": "secret word"}"#);
    let error = device().unwrap_err();
    assert_eq!(error.code(), "missing-unreadable");
    assert!(!error.to_string().contains("secret"), "{error}");
    write("missing.json", b"{}");
    std::fs::remove_file(folder.path().join("left-index.png")).unwrap();
    std::fs::create_dir(folder.path().join("left-index.png")).unwrap();
    assert_eq!(device().unwrap_err().code(), "device-unreadable");
    assert_eq!(Folder::open(Path::new("/nonexistent")).unwrap_err().code(), "device-unreadable");
}

/// A device of another kind stands behind the same port.
#[test]
fn another_device_stands_behind_the_port() {
    struct Scanner(Vec<Finger>);
    impl DevicePort for Scanner {
        fn name(&self) -> &str {
            "scanner"
        }
        fn finger(
            &mut self,
            finger: Finger,
        ) -> Result<Option<Taken>, cccd_issuer::capture::device::DeviceError> {
            self.0.push(finger);
            Ok(taken(9, finger).map(Taken::Print))
        }
        fn iris(&mut self, _: Eye) -> Result<Option<IrisImage>, cccd_issuer::capture::device::DeviceError> {
            Ok(None)
        }
    }
    let mut scanner = Scanner(Vec::new());
    assert_eq!(take(&mut scanner).unwrap().prints().len(), 10);
    assert_eq!(scanner.0, Finger::ALL);
}

#[test]
fn dg3_has_a_record_of_each_index_finger() {
    let file = dg3(&two()).unwrap().unwrap();
    assert!(file.len() <= 0x7FFF, "{}", file.len());
    let group = Dg3::parse(&file).unwrap();
    assert!(group.quirks.is_empty(), "{:?}", group.quirks);
    let mut seen = Vec::new();
    for instance in &group.instances {
        let FingerprintRecord::Iso19794(record) = &instance.record else { panic!("{instance:?}") };
        let image = &record.images[0];
        let picture = image::load_from_memory(&image.data).unwrap().to_luma8();
        assert_eq!(picture.dimensions(), (u32::from(image.width), u32::from(image.height)));
        assert_eq!((record.image_resolution, record.pixel_depth), ((500, 500), 8));
        // What the card has can still be told from noise.
        let quality = cccd_issuer::fingerprint::assess(
            &PrintImage::from_raw(picture.width(), picture.height(), picture.into_raw()).unwrap(),
        );
        assert!(quality.score >= 85, "{quality:?}");
        seen.push((image.position, instance.header.subtype));
    }
    assert_eq!(seen, [(2, Some(0b0_1001)), (7, Some(0b0_1010))]);
}

#[test]
fn a_missing_or_poor_index_finger_gives_way_to_the_best_of_its_hand() {
    let mut all = prints(&Finger::ALL);
    all.insert(Finger::RightIndex, poor(Finger::RightIndex));
    all.remove(&Finger::LeftIndex);
    all.insert(Finger::LeftThumb, poor(Finger::LeftThumb));
    let missing = BTreeMap::from([(Finger::LeftIndex, MissingReason::Bandaged)]);
    let capture = Capture::new(all, missing, BTreeMap::new()).unwrap();
    let [right, left] = chosen(&capture)[..] else { panic!("{:?}", chosen(&capture)) };
    assert!(right.is_right() && right != Finger::RightIndex);
    assert!(!left.is_right() && left != Finger::LeftIndex && left != Finger::LeftThumb);
    let reasons = Finger::INDEX.map(|finger| (finger, MissingReason::Amputated)).into();
    let nobody = Capture::new(BTreeMap::new(), reasons, BTreeMap::new()).unwrap();
    assert_eq!(dg3(&nobody).unwrap(), None);
}

#[test]
fn irises_become_dg4() {
    let eyes = Eye::ALL.map(|eye| (eye, iris(eye))).into();
    let capture = Capture::new(prints(&Finger::INDEX), BTreeMap::new(), eyes).unwrap();
    let file = dg4(&capture).unwrap().unwrap();
    let group = Dg4::parse(&file).unwrap();
    assert!(group.quirks.is_empty() && group.instances.len() == 2, "{group:?}");
    assert_eq!(group.instances.iter().map(|one| one.header.subtype).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(IrisImage::from_file(Eye::Left, b"BM a bitmap".to_vec()).is_err());
    assert!(
        IrisImage::from_file(Eye::Left, [&[0xFF, 0xD8, 0xFF][..], &[0; MAX_IRIS_BYTES]].concat()).is_err()
    );
}

/// The card holds the prints, gives them to nobody but a terminal that the CVCA certified, and they are those that EF.SOD signs.
#[test]
fn prints_are_in_the_card_behind_terminal_authentication() {
    let mut office = Office::with_profile(AlgorithmProfile::Cccd);
    let state = ChipState::blank([0x31; 10], Profile::Cccd);
    let mut chip = Chip::in_memory(state, Box::new(rng(3)));
    let eyes = [(Eye::Right, iris(Eye::Right))].into();
    let capture = Capture::new(prints(&Finger::INDEX), BTreeMap::new(), eyes).unwrap();
    let application = with(capture.clone());
    let issued =
        office.station().issue_into(&mut chip, &application, APPROVER, &mut NoMonitor, &mut rng(4)).unwrap();

    let access = Access::can(issued.card.holder.number.can()).unwrap();
    let citizen = InspectionOptions::new(at()).thorough(true);
    chip.reset();
    let evidence = inspect(&mut chip, &access, &citizen, &mut rng(5), &mut |_| {}).unwrap();
    assert!(evidence.files.withheld.is_empty());
    assert!(
        [DataGroupNumber::DG3, DataGroupNumber::DG4]
            .iter()
            .all(|group| evidence.data_group(*group).is_none())
    );

    let options = InspectionOptions::new(at()).terminal(Some(Arc::new(terminal())));
    chip.reset();
    let evidence = inspect(&mut chip, &access, &options, &mut rng(6), &mut |_| {}).unwrap();
    let record = evidence.terminal_authentication.as_ref().unwrap();
    assert_eq!(record.outcome, TerminalAuthenticationOutcome::Authenticated);
    let sod = EfSod::parse(evidence.files.sod.as_deref().unwrap()).unwrap();
    let object = LdsSecurityObject::from_der(sod.econtent()).unwrap();
    let files = [(DataGroupNumber::DG3, dg3(&capture)), (DataGroupNumber::DG4, dg4(&capture))];
    for (group, file) in files {
        let file = file.unwrap().unwrap();
        assert_eq!(object.check(group, &file), HashCheck::Matches, "{group}");
        // The verifier keeps digests only: they are of the very files.
        let digests = &evidence.files.withheld[&group.value()];
        let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&file);
        assert_eq!(digests["sha256"], hex::encode(sha256), "{group}");
    }
}

#[test]
fn poor_prints_are_taken_again_or_accepted_with_a_reason() {
    let mut office = Office::new();
    let mut some = prints(&Finger::INDEX);
    some.insert(Finger::LeftIndex, poor(Finger::LeftIndex));
    let mut application = with(Capture::new(some, BTreeMap::new(), BTreeMap::new()).unwrap());
    let refused = office.station().take_in(&application).unwrap_err();
    assert_eq!(refused.code(), "prints-retake");
    assert!(refused.is_refusal() && refused.to_string().contains("left-index"), "{refused}");
    application.biometrics.as_mut().unwrap().accepted = Some("scarred, third attempt".to_owned());
    let entry = office.station().take_in(&application).unwrap().entry;
    let action = office.ledger.actions(entry.id).unwrap().pop().unwrap();
    assert_eq!(
        (action.action.as_str(), action.reason.as_deref()),
        ("capture", Some("scarred, third attempt"))
    );
}

/// What another officer approved is what was taken: other prints than those are another application.
#[test]
fn prints_are_part_of_what_is_approved() {
    let mut office = Office::new();
    let identity = Identity::generate();
    let sealed = Sealed::of(&two(), &identity.to_public()).unwrap();
    let mut application = with(two());
    application.biometrics.as_mut().unwrap().sealed_sha256 = Some(sealed.digest().to_owned());
    let entry = office.station().take_in(&application).unwrap().entry;
    assert_eq!(office.ledger.sealed_of(entry.id).unwrap().as_deref(), Some(sealed.digest()));
    office.ledger.approve(entry.id, Act::new(APPROVER, at())).unwrap();

    let without = Application { biometrics: None, ..application.clone() };
    assert_eq!(office.station().admit(&without).unwrap_err().code(), "prints-missing");
    let other = Sealed::of(&two(), &identity.to_public()).unwrap();
    let mut exchanged = application.clone();
    exchanged.biometrics.as_mut().unwrap().sealed_sha256 = Some(other.digest().to_owned());
    assert_eq!(office.station().admit(&exchanged).unwrap_err().code(), "prints-missing");
    // Nothing was lost by asking.
    assert_eq!(office.ledger.entry(entry.id).unwrap().state, State::Approved);
    assert!(office.station().admit(&application).unwrap().capture().is_some());
}

#[test]
fn a_sealed_capture_is_private_opens_with_its_identity_only_and_shows_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("captures");
    let vault = Vault::open(&path).unwrap();
    let (identity, stranger) = (Identity::generate(), Identity::generate());
    let eyes = [(Eye::Right, iris(Eye::Right))].into();
    let reasons = BTreeMap::from([(Finger::LeftIndex, MissingReason::Amputated)]);
    let capture = Capture::new(prints(&[Finger::RightIndex]), reasons, eyes).unwrap();
    let sealed = Sealed::of(&capture, &identity.to_public()).unwrap();
    vault.put(&sealed).unwrap();

    let file = path.join(format!("{}.age", sealed.digest()));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&path)), (0o600, 0o700));
    let bytes = std::fs::read(&file).unwrap();
    for shown in [&b"right-index"[..], b"amputated", b"iVBORw0KGgo", b"IHDR"] {
        assert!(!bytes.windows(shown.len()).any(|part| part == shown));
    }
    assert_eq!(vault.get(sealed.digest(), &identity).unwrap(), capture);
    assert!(matches!(vault.get(sealed.digest(), &stranger), Err(SealedError::OtherIdentity)));
    assert!(matches!(vault.get(&"0".repeat(64), &identity), Err(SealedError::Absent)));
    let mut altered = bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &altered).unwrap();
    assert!(matches!(vault.get(sealed.digest(), &identity), Err(SealedError::Damaged)));
    assert!(matches!(Sealed::open(&altered, &identity), Err(SealedError::Damaged)));
    assert!(!format!("{sealed:?} {capture:?} {vault:?}").contains("amputated"));
}

#[test]
fn captures_go_by_rule_and_the_ledger_notes_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path()).unwrap();
    let recipient = Identity::generate().to_public();
    let mut office = Office::new();
    let sealed = Sealed::of(&two(), &recipient).unwrap();
    vault.put(&sealed).unwrap();
    let mut application = with(two());
    application.biometrics.as_mut().unwrap().sealed_sha256 = Some(sealed.digest().to_owned());
    let file = folder.path().join(format!("{}.age", sealed.digest()));
    let day = |days: i64| at() + jiff::SignedDuration::from_hours(24 * days);
    let by_rule = |office: &mut Office, rule, days| {
        purge(&vault, &mut office.ledger, rule, Act::new("officer-1", day(days))).unwrap()
    };

    let id = office.station().take_in(&application).unwrap().entry.id;
    // Open: kept whatever the rule.
    assert_eq!(by_rule(&mut office, Rule::Closed, 400), 0);
    let mut chip = blank(1);
    office.issue(&mut chip, &application).unwrap();
    assert_eq!(by_rule(&mut office, Rule::Due, 89), 0);
    office
        .ledger
        .advance(id, Step::Deliver, None, &serde_json::Value::Null, Act::new("officer-1", day(3)))
        .unwrap();
    assert_eq!(by_rule(&mut office, Rule::Due, 9), 0);
    assert!(file.exists());
    assert_eq!(office.ledger.captures_counted().unwrap(), (1, 0));
    assert_eq!(by_rule(&mut office, Rule::Due, 10), 1);
    assert!(!file.exists());
    assert_eq!(by_rule(&mut office, Rule::Due, 11), 0);
    assert_eq!(office.ledger.captures_counted().unwrap(), (0, 1));
    // Sealed, and nothing was captured with it: gone after a day, which here is long past.
    let orphan = Sealed::of(&two(), &recipient).unwrap();
    vault.put(&orphan).unwrap();
    let lies = std::fs::metadata(folder.path().join(format!("{}.age", orphan.digest()))).unwrap();
    let now = jiff::Timestamp::try_from(lies.modified().unwrap()).unwrap();
    let after = |hours| Act::new("officer-1", now + jiff::SignedDuration::from_hours(hours));
    assert_eq!(purge(&vault, &mut office.ledger, Rule::Due, after(23)).unwrap(), 0);
    assert_eq!(purge(&vault, &mut office.ledger, Rule::Due, after(25)).unwrap(), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn of_a_child_under_six_nothing_is_taken() {
    assert_eq!(CaptureError::TooYoung.code(), "biometrics-too-young");
    let mut office = Office::new();
    // Of the mother the register has a name only.
    let mother = Representative {
        number: cccd_card_profile::personal_number::PersonalNumber::parse(crate::support::OTHER_NUMBER)
            .unwrap(),
        full_name: "Trần Thị Mẹ".to_owned(),
    };
    let application = Application {
        representative: Some(mother),
        biometrics: Some(Biometrics {
            capture: two(),
            sealed_sha256: None,
            accepted: Some("why not".into()),
        }),
        ..application(crate::support::YOUNG_NUMBER, "first-issue")
    };
    let refused = office.station().take_in(&application).unwrap_err();
    assert_eq!(refused.code(), "biometrics-too-young");
    // No face either.
    let with_a_face = Application { biometrics: None, ..application };
    assert_eq!(office.station().take_in(&with_a_face).unwrap_err().code(), "biometrics-too-young");
    // Without all of them the child gets a card: the outline of nobody stands in DG2.
    let without = Application { portrait: Vec::new(), ..with_a_face };
    let captured = office.station().take_in(&without).unwrap();
    assert_eq!(captured.entry.state, State::Captured);
    let issued = office.issue(&mut blank(1), &without).unwrap();
    assert_eq!(issued.portrait.face().bytes, Portrait::of_nobody().unwrap().face().bytes);

    // Nobody else goes without.
    let grown = Application { portrait: Vec::new(), ..crate::support::application(NUMBER, "first-issue") };
    assert_eq!(office.station().take_in(&grown).unwrap_err().code(), "portrait-missing");
}

static ONE: std::sync::LazyLock<PrintImage> =
    std::sync::LazyLock::new(|| taken(1, Finger::RightThumb).unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_that_lies_at_rest_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let identity = Identity::generate();
        prop_assert!(content(&bytes).is_err());
        prop_assert!(Sealed::open(&bytes, &identity).is_err());
        let _ = reasons(&bytes);
    }

    #[test]
    fn any_set_of_fingers_goes_round(taken_of in prop::collection::btree_set(0_usize..10, 0..10)) {
        let fingers: Vec<Finger> = taken_of.iter().map(|place| Finger::ALL[*place]).collect();
        let missing = Finger::ALL
            .into_iter()
            .filter(|finger| !fingers.contains(finger))
            .map(|finger| (finger, MissingReason::Deformed))
            .collect();
        // Drawing takes longest: one stands for all.
        let prints = fingers.iter().map(|finger| (*finger, ONE.clone())).collect();
        let capture = Capture::new(prints, missing, BTreeMap::new()).unwrap();
        let hands = chosen(&capture);
        prop_assert_eq!(hands.iter().any(|one| one.is_right()), fingers.iter().any(|one| one.is_right()));
        prop_assert_eq!(hands.iter().any(|one| !one.is_right()), fingers.iter().any(|one| !one.is_right()));
    }
}
