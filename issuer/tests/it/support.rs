//! A small nation: a key store, a register with a few invented persons, blanks, and links that break on purpose.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::application::{Application, Biometrics};
use cccd_issuer::capture::{Capture, Eye, IrisImage};
use cccd_issuer::fingerprint::{Finger, MissingReason};
use cccd_issuer::ledger::Ledger;
use cccd_issuer::personalize::{CardLink, NoMonitor};
use cccd_issuer::register::LocalRegister;
use cccd_issuer::station::{Blank, IssueError, IssuedCard, Job, Station, StationKeys};
use cccd_keys::life::{Pool, SIGNATURE_LIMIT};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{AuthorityRequest, KeyStore, Passphrase, StoreSettings};
use cccd_keys::trust::TrustStore;
use cccd_population::card::Card;
use cccd_population::person::Person;
use cccd_population::store::{Change, SqlStore, Store};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) const NUMBER: &str = "079099000001";
pub(crate) const OTHER_NUMBER: &str = "001199000002";
pub(crate) const YOUNG_NUMBER: &str = "079222000004";
pub(crate) const DEAD_NUMBER: &str = "001060000003";

pub(crate) fn at() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) struct Office {
    pub(crate) ledger: Ledger,
    pub(crate) register: LocalRegister<SqlStore>,
    pub(crate) keys: &'static StationKeys,
}

/// Opening a key store costs a slow hash on purpose: once for all tests.
static P256: LazyLock<Arc<StationKeys>> = LazyLock::new(|| Arc::new(station_keys(AlgorithmProfile::P256)));
static CCCD: LazyLock<Arc<StationKeys>> = LazyLock::new(|| Arc::new(station_keys(AlgorithmProfile::Cccd)));

/// The keys of the P-256 office, for a desk.
pub(crate) fn shared_keys() -> Arc<StationKeys> {
    Arc::clone(&P256)
}

/// What a verifier trusts of the P-256 office: its CSCA keys and CRL.
pub(crate) fn trust() -> TrustStore {
    LazyLock::force(&P256);
    let (authorities, crl) = TRUST.get().unwrap();
    let mut trust = TrustStore::new();
    for authority in authorities {
        trust.add_anchor(authority).unwrap();
    }
    trust.add_crl(crl).unwrap();
    trust
}

static TRUST: OnceLock<(Vec<Vec<u8>>, Vec<u8>)> = OnceLock::new();

fn station_keys(profile: AlgorithmProfile) -> StationKeys {
    // The signers count in it as long as the tests run.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    let mut rng = rng(1);
    let passphrase = Passphrase::new("correct horse".to_owned());
    let settings = StoreSettings::new(profile, "VN", at());
    let store = KeyStore::init(&folder, settings, &passphrase, &mut rng).unwrap();
    store.create_csca(at(), &mut rng).unwrap();
    store.create_document_signer(at(), &mut rng).unwrap();
    signers_without_expiry(&store, &mut rng);
    if profile == AlgorithmProfile::P256 {
        let crl = store.issue_crl(at(), jiff::SignedDuration::from_hours(24 * 30), &[], None).unwrap();
        let authorities = store.csca_certificates().unwrap();
        let authorities = authorities.iter().map(|authority| authority.der().to_vec()).collect();
        TRUST.get_or_init(|| (authorities, crl.der().to_vec()));
    }
    if profile == AlgorithmProfile::Cccd {
        let rights = cccd_cvc::InspectionRights { fingerprints: true, irises: true };
        let request = cccd_keys::store::VerifyingRequest { holder: "CVCA", rights, days: 1000 };
        store.create_cvca(at(), &request, &mut rng).unwrap();
        certify_terminal(&store, &mut rng);
    }
    StationKeys::from_store(&store, at()).unwrap()
}

/// A document verifier and a terminal under the CVCA, which may read prints and irises.
fn certify_terminal(store: &KeyStore, rng: &mut ChaCha20Rng) {
    let rights = cccd_cvc::InspectionRights { fingerprints: true, irises: true };
    let request = |holder, days| cccd_keys::store::VerifyingRequest { holder, rights, days };
    let verifier = store.create_document_verifier(at(), &request("DVHCM", 90), false, rng).unwrap();
    let terminal = store.create_terminal(at(), &request("ISHCM", 30), None, rng).unwrap();
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("terminal");
    store.export_terminal(at(), &terminal.holder().to_string(), &folder).unwrap();
    let key = std::fs::read(folder.join(cccd_keys::store::TERMINAL_KEY_FILE)).unwrap();
    TERMINAL.get_or_init(|| (vec![verifier, terminal], key));
}

static TERMINAL: OnceLock<(Vec<cccd_cvc::Certificate>, Vec<u8>)> = OnceLock::new();

/// A terminal that the chips of the office with the profile of real cards believe.
pub(crate) fn terminal() -> cccd_cvc::TerminalCredentials {
    LazyLock::force(&CCCD);
    let (certificates, key) = TERMINAL.get().unwrap();
    cccd_cvc::TerminalCredentials::new(certificates.clone(), key).unwrap()
}

/// The CSCA and the Document Signer of cards without expiry.
pub(crate) fn signers_without_expiry(store: &KeyStore, rng: &mut ChaCha20Rng) {
    let request = AuthorityRequest { pool: Pool::NoExpiry, ..AuthorityRequest::default() };
    store.create_authority(request, at(), rng).unwrap();
    store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, at(), rng).unwrap();
}

impl Office {
    pub(crate) fn new() -> Self {
        Self::with_profile(AlgorithmProfile::P256)
    }

    pub(crate) fn with_profile(profile: AlgorithmProfile) -> Self {
        let keys = match profile {
            AlgorithmProfile::P256 => &*P256,
            AlgorithmProfile::Cccd => &*CCCD,
        };
        let mut store = SqlStore::in_memory(at()).unwrap();
        let change = Change { source: "import test".to_owned(), at: at() };
        for person in persons() {
            store.put_person(&person, &change).unwrap();
        }
        Self {
            ledger: Ledger::in_memory().unwrap(),
            register: LocalRegister::new(store, "issuer test"),
            keys,
        }
    }

    pub(crate) fn station(&mut self) -> Station<'_> {
        Station {
            ledger: &mut self.ledger,
            register: &mut self.register,
            keys: self.keys,
            actor: "officer-1",
            at: at(),
            extended: true,
            blank: Blank::Icao9,
            job: Job::Production,
        }
    }

    pub(crate) fn issue(
        &mut self,
        link: &mut dyn CardLink,
        application: &Application,
    ) -> Result<IssuedCard, IssueError> {
        self.station().issue_into(link, application, "second-officer", &mut NoMonitor, &mut rng(9))
    }

    pub(crate) fn cards(&self, number: &str) -> Vec<Card> {
        self.register.store().cards_of(&PersonalNumber::parse(number).unwrap()).unwrap()
    }
}

pub(crate) fn persons() -> Vec<Person> {
    let person = |number: &str, name: &str, birth: &str, sex: &str, life: serde_json::Value| -> Person {
        serde_json::from_value(serde_json::json!({
            "number": number, "full_name": name, "birth_date": birth, "sex": sex, "life": life,
            "place_of_origin": "Xã Mẫu, Tỉnh Mẫu", "religion": "Không", "ethnic_group": "Kinh",
            "birth_registration_place": "Ủy ban nhân dân Xã Mẫu, Tỉnh Mẫu",
            "residences": {"permanent": {"address": "Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu"}},
            "identification_marks": "Nốt ruồi cách 1 cm trên sau mép phải",
            "father": {"name": "Nguyễn Văn Chung"}, "mother": {"name": "Trần Thị Mẹ"}
        }))
        .unwrap()
    };
    vec![
        person(NUMBER, "Nguyễn Văn An", "1999-01-15", "male", serde_json::json!("alive")),
        person(OTHER_NUMBER, "Trần Thị Bình", "1999-05-20", "female", serde_json::json!("alive")),
        person(YOUNG_NUMBER, "Nguyễn Văn Em", "2022-05-20", "male", serde_json::json!("alive")),
        person(DEAD_NUMBER, "Lê Văn Cũ", "1960-05-20", "male", serde_json::json!({"dead": "2025-01-01"})),
    ]
}

/// Faces of nobody: the demo's.
#[expect(unreachable_pub, reason = "its own room is a library")]
#[path = "../../../tests/src/portrait.rs"]
pub(crate) mod drawn;

/// A drawn face, 480 × 640.
pub(crate) static PORTRAIT: LazyLock<Vec<u8>> = LazyLock::new(|| drawn::draw(1, false, 27).unwrap());

/// The legal ground that goes with a reason, as a member of the application file.
pub(crate) fn ground_of(reason: &str) -> &'static str {
    match reason {
        "exchange" => r#","ground":"on-request""#,
        "reissue" => r#","ground":"lost-or-damaged""#,
        _ => "",
    }
}

pub(crate) fn application(number: &str, reason: &str) -> Application {
    use base64::Engine;
    let portrait = base64::engine::general_purpose::STANDARD.encode(&*PORTRAIT);
    let ground = ground_of(reason);
    let json = format!(
        r#"{{"person":{{"number":"{number}"}},"portrait":"data:image/jpeg;base64,{portrait}","reason":"{reason}"{ground}}}"#
    );
    Application::parse(json.as_bytes(), Path::new("")).unwrap()
}

/// The same with an iris of the applicant, whose fingers could not be taken: its card has DG4.
pub(crate) fn with_iris(application: Application) -> Application {
    let missing = Finger::INDEX.map(|finger| (finger, MissingReason::Amputated)).into();
    let mut jpeg = Vec::new();
    let grey = image::GrayImage::new(160, 160);
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 20).encode_image(&grey).unwrap();
    let irises = [(Eye::Right, IrisImage::from_file(Eye::Right, jpeg).unwrap())].into();
    let capture = Capture::new(std::collections::BTreeMap::new(), missing, irises).unwrap();
    Application {
        biometrics: Some(Biometrics { capture, sealed_sha256: None, accepted: None }),
        ..application
    }
}

pub(crate) fn blank(serial: u8) -> Chip {
    Chip::in_memory(ChipState::blank([serial; 10], Profile::P256), Box::new(rng(serial)))
}

/// Counts commands and loses the link at one of them: the command reaches the chip or not, the answer never comes.
pub(crate) struct Failing<'a> {
    pub(crate) chip: &'a mut dyn CardLink,
    pub(crate) left: usize,
    pub(crate) delivered: bool,
    pub(crate) count: usize,
}

impl Transport for Failing<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.count += 1;
        if self.left == 0 {
            return Err(LinkLost::new("removed"));
        }
        self.left -= 1;
        if self.left == 0 {
            if self.delivered {
                self.chip.transmit(command)?;
            }
            return Err(LinkLost::new("removed"));
        }
        self.chip.transmit(command)
    }
}

impl CardLink for Failing<'_> {
    fn reset(&mut self) -> Result<(), LinkLost> {
        if self.left == 0 {
            return Err(LinkLost::new("removed"));
        }
        self.chip.reset()
    }
}
