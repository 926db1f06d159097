//! A small nation for tests: its PKI, one personalised chip, and copies of it to alter. Everything is seeded.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cccd_card_profile::apdu::{Command, GetResponse, Transport, exchange};
use cccd_card_profile::card_holder::{CardData, CardHolder, Sex};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg2::{self, FaceImage};
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg1, dg3, dg14, dg15};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::personalization::scp03::{self, Scp03Channel, Scp03Session};
use cccd_card_profile::personalization::{
    CreateFile, KeyReference, KeyVersion, StaticKeys, create_file, generate_key_pair, put_access_key,
    put_can, select_application, select_file, update_binary,
};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{KeyStore, Passphrase, StoreSettings};
use cccd_keys::trust::{KnownSigners, KnownSignersLimits, TrustStore};
use cccd_verifier::evidence::Provenance;
use cccd_verifier::inspection::ReadError;
use cccd_verifier::register::{
    CardStatus, CardStatusAnswer, MatchAnswer, MatchQuestion, Register, RegisterError, RegisterReport,
};
use cccd_verifier::{
    Access, Case, Evidence, InspectionOptions, Judgement, Policy, Presented, inspect, judge, judge_among,
};
use cccd_virtual_chip::lab::Bench;
use cccd_virtual_chip::{Chip, ChipState, LengthSupport, Profile};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use tempfile::TempDir;

/// When the nation's PKI was made and the card issued.
pub(crate) const ISSUED: &str = "2026-11-20T02:00:00Z";
/// When cards are read and judged.
pub(crate) const NOW: &str = "2026-11-21T03:00:00Z";
/// What opens the card.
pub(crate) const CAN: &str = "000001";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A PKI on disk.
pub(crate) struct Authority {
    _folder: TempDir,
    pub(crate) keys: KeyStore,
}

impl Authority {
    pub(crate) fn new(country: &str, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = rng(seed);
        let settings = StoreSettings::new(AlgorithmProfile::Cccd, country, at(ISSUED));
        let passphrase = Passphrase::new("test".to_owned());
        let dir = folder.path().join("keys");
        let keys = KeyStore::init(&dir, settings, &passphrase, &mut rng).unwrap();
        passphrase.write(&dir.join("passphrase")).unwrap();
        keys.create_csca(at(ISSUED), &mut rng).unwrap();
        keys.create_document_signer(at(ISSUED), &mut rng).unwrap();
        keys.issue_crl(at(ISSUED), SignedDuration::from_hours(30 * 24), &[], None).unwrap();
        Self { _folder: folder, keys }
    }

    /// Who believes this authority, its register and its station.
    pub(crate) fn trust(&self) -> TrustStore {
        let mut trust = self.trust_without_crl();
        trust.add_crl(self.keys.crl().unwrap().der()).unwrap();
        trust
    }

    pub(crate) fn trust_without_crl(&self) -> TrustStore {
        let mut trust = TrustStore::new();
        trust.add_anchor(self.keys.csca().unwrap().der()).unwrap();
        trust.add_register_key(self.keys.register_key().unwrap().public_key_spki()).unwrap();
        trust.add_station_key(self.keys.station_key().unwrap().public_key_spki()).unwrap();
        trust
    }
}

trait Spki {
    fn public_key_spki(&self) -> &[u8];
}

impl Spki for cccd_keys::store::StoreKey {
    fn public_key_spki(&self) -> &[u8] {
        cccd_keys::signer::Signer::public_key(self).spki()
    }
}

/// Vietnam of these tests.
pub(crate) fn vietnam() -> &'static Authority {
    static VIETNAM: OnceLock<Authority> = OnceLock::new();
    VIETNAM.get_or_init(|| Authority::new("VN", 1))
}

/// Another country.
pub(crate) fn elsewhere() -> &'static Authority {
    static ELSEWHERE: OnceLock<Authority> = OnceLock::new();
    ELSEWHERE.get_or_init(|| Authority::new("LA", 2))
}

/// Somebody who calls himself Vietnam.
pub(crate) fn impostor() -> &'static Authority {
    static IMPOSTOR: OnceLock<Authority> = OnceLock::new();
    IMPOSTOR.get_or_init(|| Authority::new("VN", 3))
}

/// The holder.
pub(crate) fn card_data() -> CardData {
    let holder = CardHolder {
        number: PersonalNumber::parse("079099000001").unwrap(),
        full_name: "Nguyễn Văn An".to_owned(),
        birth_date: date(1999, 1, 15).into(),
        sex: Sex::Male,
        nationality: "Việt Nam".to_owned(),
        ethnic_group: Some("Kinh".to_owned()),
        religion: Some("Không".to_owned()),
        place_of_origin: Some("Phường Mẫu, Tỉnh Mẫu".to_owned()),
        residence: Some("Số 1 Đường Mẫu, Phường Mẫu, Tỉnh Mẫu".to_owned()),
        birth_registration_place: None,
        identification_marks: None,
        father: Some("Nguyễn Văn Cha".to_owned()),
        mother: Some("Trần Thị Mẹ".to_owned()),
        spouse: None,
        old_number: None,
        cancelled_number: None,
    };
    CardData::new(holder, date(2026, 11, 20), Some("0123456789ABCDEF".to_owned())).unwrap()
}

/// The frame of a JPEG of 480 × 640 pixels, filled up to the size of a real portrait. No decoder ever sees it.
fn portrait() -> FaceImage {
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xC0, 0x00, 0x11, 0x08, 0x02, 0x80, 0x01, 0xE0, 0x03];
    jpeg.extend([1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xFF, 0xDA, 0x00, 0x02]);
    jpeg.extend(vec![0x5A; 18_000]);
    jpeg.extend([0xFF, 0xD9]);
    FaceImage::from_file(jpeg).unwrap()
}

fn done<T: Transport>(channel: &mut Scp03Channel<T>, command: &Command) -> Vec<u8> {
    let answer = channel.exchange(command).unwrap();
    assert!(answer.is_ok(), "{command:?}: {:?}", answer.status);
    answer.data
}

fn generate<T: Transport>(
    channel: &mut Scp03Channel<T>,
    algorithm: KeyAlgorithm,
    key: KeyReference,
) -> Vec<u8> {
    let template = done(channel, &generate_key_pair(algorithm, key, 256));
    PublicKey::from_template(algorithm, &template).unwrap().to_spki().unwrap()
}

/// Personalises a blank as the issuer would: keys made on the chip, EF.SOD signed over what is written.
/// Without PACE there is no EF.CardAccess, and DG14 does not speak of it.
fn personalize(chip: Chip, profile: Profile, pace: bool) -> Chip {
    let mut transport = GetResponse::new(chip);
    assert!(exchange(&mut transport, &select_application()).unwrap().is_ok());
    let test_keys = |_: &scp03::ChipAnnouncement| Some(StaticKeys::publicly_known_test_keys());
    let mut channel = scp03::open(transport, KeyVersion::TEST, test_keys, &mut rng(11)).unwrap();
    let curve = KeyAlgorithm::EllipticCurve(profile.curve());
    let aa = if profile == Profile::Cccd { KeyAlgorithm::Rsa2048 } else { curve };
    let aa_key = generate(&mut channel, aa, KeyReference::ActiveAuthentication);
    let ca_key = generate(&mut channel, curve, KeyReference::ChipAuthentication);

    let data = card_data();
    let offered = card_access::cccd(u32::from(profile.curve().number()));
    let mut signed = offered.clone();
    if !pace {
        signed.infos.retain(|info| !matches!(info, SecurityInfo::Pace(_)));
    }
    signed.infos.push(SecurityInfo::chip_authentication_ecdh_key(ca_key, None));
    if profile == Profile::P256 {
        use cccd_card_profile::protocol::active_authentication::HashAlgorithm;
        signed.infos.push(SecurityInfo::active_authentication(HashAlgorithm::Sha256.ecdsa_plain_oid()));
    }
    let groups: std::collections::BTreeMap<DataGroupNumber, Vec<u8>> = [
        (DataGroupNumber::DG1, dg1::to_bytes(&data.mrz().unwrap())),
        (DataGroupNumber::DG2, dg2::to_bytes(&portrait()).unwrap()),
        (DataGroupNumber::DG3, dg3::empty(&[0x33; 16])),
        (DataGroupNumber::DG13, data.national_data().to_bytes()),
        (DataGroupNumber::DG14, dg14::to_bytes(&signed)),
        (DataGroupNumber::DG15, dg15::to_bytes(&PublicKeyInfo::from_der(&aa_key).unwrap())),
    ]
    .into();
    let object = LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).unwrap();
    let signer = vietnam().keys.active_document_signer(at(ISSUED)).unwrap();
    let sod = signer.sign_ef_sod(object.as_der(), at(ISSUED)).unwrap();
    let numbers: Vec<DataGroupNumber> = groups.keys().copied().collect();
    for file in CCCD_FILES.into_iter().filter(|file| pace || *file != ElementaryFile::CardAccess) {
        let content = match file {
            ElementaryFile::AtrInfo => AtrInfo::extended(65_535, 65_535).to_bytes(),
            ElementaryFile::Dir | ElementaryFile::CardSecurity => panic!("no file of a CCCD"),
            ElementaryFile::CardAccess => card_access::to_bytes(&offered),
            ElementaryFile::Com => Com::new(&numbers).to_bytes(),
            ElementaryFile::Sod => sod.clone(),
            ElementaryFile::DataGroup(number) => groups[&number].clone(),
            other => panic!("{}", other.name()),
        };
        let request = CreateFile {
            identifier: file.file_id().0,
            short_identifier: file.short_file_id().value(),
            length: u16::try_from(content.len()).unwrap(),
        };
        done(&mut channel, &create_file(request));
        done(&mut channel, &select_file(request.identifier));
        for (number, part) in content.chunks(Scp03Session::MAX_SHORT_DATA).enumerate() {
            let offset = u16::try_from(number * Scp03Session::MAX_SHORT_DATA).unwrap();
            done(&mut channel, &update_binary(offset, part));
        }
    }
    let mrz = data.mrz().unwrap();
    let number = mrz.document_number();
    done(&mut channel, &put_access_key(&number, mrz.birth_date_field(), mrz.expiry_field()));
    done(&mut channel, &put_can(CAN));
    channel.into_inner().into_inner()
}

/// The state file of the genuine card of a profile, made once.
fn genuine_state(profile: Profile, pace: bool) -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static STATES: [OnceLock<PathBuf>; 3] = [const { OnceLock::new() }; 3];
    let [cccd, p256, without_pace] = &STATES;
    let (cell, name) = match (profile, pace) {
        (_, false) => (without_pace, "without-pace"),
        (Profile::Cccd, true) => (cccd, "cccd"),
        (Profile::P256, true) => (p256, "p256"),
    };
    cell.get_or_init(|| {
        let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap());
        let path = folder.path().join(name);
        let state = ChipState::blank([0x0A; 10], profile);
        drop(personalize(Chip::create(&path, state, Box::new(rng(7))).unwrap(), profile, pace));
        path
    })
}

/// A card on the table: a copy of the genuine one, altered or not.
pub(crate) struct Card {
    _folder: TempDir,
    path: PathBuf,
    lengths: LengthSupport,
}

impl Card {
    pub(crate) fn genuine() -> Self {
        Self::of_profile(Profile::Cccd)
    }

    pub(crate) fn of_profile(profile: Profile) -> Self {
        Self::copy_of(genuine_state(profile, true))
    }

    /// A genuine card that knows BAC only.
    pub(crate) fn without_pace() -> Self {
        Self::copy_of(genuine_state(Profile::P256, false))
    }

    fn copy_of(state: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chip");
        std::fs::copy(state, &path).unwrap();
        Self { _folder: folder, path, lengths: LengthSupport::Extended }
    }

    /// The genuine card, with one thing altered.
    pub(crate) fn altered(change: impl FnOnce(&mut Bench)) -> Self {
        Self::genuine().with(change)
    }

    /// The genuine card on P-256, with one thing altered.
    pub(crate) fn altered_p256(change: impl FnOnce(&mut Bench)) -> Self {
        Self::of_profile(Profile::P256).with(change)
    }

    pub(crate) fn with(self, change: impl FnOnce(&mut Bench)) -> Self {
        let card = self;
        let mut bench = Bench::open(&card.path).unwrap();
        change(&mut bench);
        bench.save().unwrap();
        drop(bench);
        card
    }

    /// On a link that carries short commands only.
    pub(crate) fn short_only(mut self) -> Self {
        self.lengths = LengthSupport::ShortOnly;
        self
    }

    /// The chip, with power.
    pub(crate) fn chip(&self) -> Chip {
        Chip::open(&self.path, Box::new(rng(5))).unwrap().with_lengths(self.lengths)
    }

    /// Reads it through the default inspection.
    pub(crate) fn read(&self) -> Evidence {
        self.read_with(&options()).unwrap()
    }

    /// Reads it with this password.
    pub(crate) fn read_by(&self, access: &Access) -> Result<Evidence, ReadError> {
        inspect(self.chip(), access, &options(), &mut rng(9), &mut |_| {})
    }

    pub(crate) fn read_with(&self, options: &InspectionOptions) -> Result<Evidence, ReadError> {
        inspect(self.chip(), &can(), options, &mut rng(9), &mut |_| {})
    }
}

pub(crate) fn can() -> Access {
    Access::can(CAN).unwrap()
}

pub(crate) fn options() -> InspectionOptions {
    InspectionOptions::new(at(NOW))
}

/// What the genuine bearer shows.
pub(crate) fn presented() -> Presented {
    let data = card_data();
    Presented::nothing().with_mrz(data.mrz().unwrap()).with_qr(&data.qr_2021().text().unwrap())
}

/// A register that says what a test wants.
pub(crate) struct Says {
    pub(crate) status: CardStatus,
    pub(crate) matches: bool,
}

impl Register for Says {
    fn match_person(&mut self, _: &MatchQuestion) -> Result<MatchAnswer, RegisterError> {
        Ok(MatchAnswer { matches: self.matches, agree: [].into(), time: at(NOW) })
    }

    fn card_status(&mut self, _: &[u8; 32]) -> Result<CardStatusAnswer, RegisterError> {
        Ok(CardStatusAnswer { status: self.status, since: None, time: at(NOW) })
    }
}

/// A judgement in the making: the genuine circumstances, of which a test changes one.
pub(crate) struct Situation {
    pub(crate) evidence: Evidence,
    pub(crate) provenance: Provenance,
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) trust: TrustStore,
    pub(crate) at: Timestamp,
    pub(crate) presented: Presented,
    pub(crate) register: RegisterReport,
    pub(crate) policy: Policy,
}

/// Known signers whose keys get tables at their first use.
pub(crate) fn tables_at_once(trust: &TrustStore) -> KnownSigners<'_> {
    let limits = KnownSignersLimits { uses_before_tables: 0, ..KnownSignersLimits::default() };
    KnownSigners::new(trust, limits)
}

impl Situation {
    pub(crate) fn of(evidence: Evidence) -> Self {
        let mut register = Says { status: CardStatus::Active, matches: true };
        Self {
            register: RegisterReport::ask(&mut register, &evidence),
            evidence,
            provenance: Provenance::Live,
            nonce: None,
            trust: vietnam().trust(),
            at: at(NOW),
            presented: presented(),
            policy: Policy::default(),
        }
    }

    /// Every case of these tests is judged twice: alone, and among many whose signers are known and have their tables.
    pub(crate) fn judge(&self) -> Judgement {
        self.judge_beside(&tables_at_once(&self.trust))
    }

    /// The same with signers that are known from other cards. The trust of the situation is theirs.
    pub(crate) fn judge_beside(&self, known: &KnownSigners<'_>) -> Judgement {
        let case = Case { trust: known.trust(), ..self.case() };
        let alone = judge(&case);
        assert_eq!(format!("{:?}", judge_among(&case, known)), format!("{alone:?}"));
        alone
    }

    fn case(&self) -> Case<'_> {
        Case {
            evidence: &self.evidence,
            provenance: &self.provenance,
            issued_nonce: self.nonce.as_deref(),
            trust: &self.trust,
            at: self.at,
            presented: &self.presented,
            register: &self.register,
            policy: &self.policy,
        }
    }
}

/// Decision, deciding check and reason as codes.
pub(crate) fn decided(judgement: &Judgement) -> (&'static str, &'static str, &'static str) {
    let verdict = &judgement.verdict;
    (
        verdict.decision.code(),
        verdict.decided_by.map_or("-", |check| check.code()),
        verdict.reason.map_or("-", |reason| reason.code()),
    )
}
