//! Terminal Authentication: `ISO7816_E`, and EF.CVCA, `LDS_G`. The inspection succeeds when the card is accepted and the chip let the
//! terminal in.

use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::security_infos::{SecurityInfo, TerminalAuthenticationInfo};
use cccd_card_profile::lds::{DataGroupNumber, card_access, cvca, dg14};
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationProtocol;
use cccd_card_profile::protocol::curve::Curve as ChipCurve;
use cccd_card_profile::protocol::group::Group;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Curve, Hash, InspectionRights, PrivateKey, Reference, Role,
    SignatureAlgorithm, TerminalCredentials,
};
use cccd_verifier::Check;
use cccd_virtual_chip::lab::{File, every_data_group};

use super::{Case, Left, Plan};
use crate::attacks::base::{DG3, DG14, infos};
use crate::laboratory::country::{LabCountry, dice};
use crate::laboratory::stage::{Shown, Stage};

/// DG4.
const DG4: File = File::DataGroup(DataGroupNumber::DG4);

/// A station and whom the chip believes.
pub(super) struct Setting {
    /// How everybody signs.
    pub(super) algorithm: SignatureAlgorithm,
    /// What the terminal may read.
    pub(super) rights: InspectionRights,
    /// Its days.
    days: (&'static str, &'static str),
    /// Whose certificate is broken.
    broken: Option<Role>,
    /// The document verifier's certificate is missing.
    without_verifier: bool,
    /// A link certificate lies beside the others.
    link: Link,
}

/// What a link certificate is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    None,
    /// The chip knows the older CVCA, the station works under the newer.
    Needed,
    /// The chip knows the newer one already.
    NotNeeded,
}

pub(super) const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };
const NEITHER: InspectionRights = InspectionRights { fingerprints: false, irises: false };

impl Setting {
    pub(super) fn new(algorithm: SignatureAlgorithm) -> Self {
        Self {
            algorithm,
            rights: BOTH,
            days: ("2026-11-01", "2026-11-30"),
            broken: None,
            without_verifier: false,
            link: Link::None,
        }
    }
}

struct Holder(Reference, PrivateKey);

/// One RSA key serves all roles: what is tested is how it signs.
fn rsa_key() -> Result<&'static [u8]> {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(key) = KEY.get() {
        return Ok(key);
    }
    let algorithm = RsaPkcs1(Hash::Sha256);
    let key = PrivateKey::generate_rsa(2048, algorithm, &mut dice(40))?.to_pkcs8()?.to_vec();
    Ok(KEY.get_or_init(|| key))
}

fn holder(name: &str, seed: u64, algorithm: SignatureAlgorithm) -> Result<Holder> {
    let key = match algorithm {
        Ecdsa(_) => PrivateKey::generate(Curve::P256, algorithm, &mut dice(seed))?,
        _ => PrivateKey::from_pkcs8(rsa_key()?, algorithm)?,
    };
    Ok(Holder(name.parse()?, key))
}

fn certify(
    by: &Holder,
    whom: &Holder,
    role: Role,
    rights: InspectionRights,
    days: (&str, &str),
) -> Result<Certificate> {
    Ok(CertificateContent {
        authority: by.0.clone(),
        public_key: whom.1.public_key(role == Role::Cvca)?,
        holder: whom.0.clone(),
        chat: Chat::inspection(role, rights),
        effective: days.0.parse()?,
        expiration: days.1.parse()?,
        extensions: None,
    }
    .sign(&by.1, &mut dice(1))?)
}

/// The same certificate, its signature broken.
fn broken(certificate: &Certificate) -> Result<Certificate> {
    let mut bytes = certificate.to_bytes();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    Ok(Certificate::parse(&bytes)?)
}

/// Gives the station its certificates and the chip its authority.
pub(super) fn equip(stage: &mut Stage<'_>, setting: &Setting) -> Result<()> {
    let algorithm = setting.algorithm;
    let cvca = holder("DETESTCVCA00001", 41, algorithm)?;
    let newer = holder("DETESTCVCA00002", 44, algorithm)?;
    let (verifier, terminal) =
        (holder("DETESTDVDE00001", 42, algorithm)?, holder("DETESTISDE00001", 43, algorithm)?);
    let root = if setting.link == Link::None { &cvca } else { &newer };
    let years = ("2026-01-01", "2028-12-31");
    let mut certificates = Vec::new();
    if setting.link != Link::None {
        certificates.push(certify(&cvca, &newer, Role::Cvca, BOTH, years)?);
    }
    if !setting.without_verifier {
        let certificate = certify(root, &verifier, Role::DomesticVerifier, BOTH, setting.days)?;
        let is_broken = setting.broken == Some(Role::DomesticVerifier);
        certificates.push(if is_broken { broken(&certificate)? } else { certificate });
    }
    let certificate = certify(&verifier, &terminal, Role::Terminal, setting.rights, setting.days)?;
    let is_broken = setting.broken == Some(Role::Terminal);
    certificates.push(if is_broken { broken(&certificate)? } else { certificate });
    let known = if setting.link == Link::NotNeeded { &newer } else { &cvca };
    let point = TrustPoint::from_certificate(&certify(known, known, Role::Cvca, BOTH, years)?)?;
    let trust = ChipTrust::new(vec![point], "2026-11-20".parse()?).context("no trust")?;
    stage.bench.replace_terminal_trust(&trust);
    stage.with_terminal(TerminalCredentials::new(certificates, &terminal.1.to_pkcs8()?)?);
    Ok(())
}

/// The card is accepted, and the chip let the terminal in.
pub(super) fn succeeded(shown: &Shown) -> bool {
    let Ok((_, judgement)) = &shown.read else { return false };
    let terminal = judgement.findings.iter().find(|finding| finding.check == Check::TerminalAuthentication);
    shown.told().0 == "accepted" && terminal.is_some_and(cccd_verifier::Finding::is_passed)
}

fn with(
    lab: &LabCountry,
    setting: &Setting,
    change: impl FnOnce(&mut Stage<'_>) -> Result<()>,
) -> Result<bool> {
    let mut stage = Stage::signed_anew(lab)?;
    equip(&mut stage, setting)?;
    change(&mut stage)?;
    Ok(succeeded(&stage.show()?))
}

fn usual() -> Setting {
    Setting::new(Ecdsa(Hash::Sha256))
}

fn by(lab: &LabCountry, algorithm: SignatureAlgorithm) -> Result<bool> {
    with(lab, &Setting::new(algorithm), |_| Ok(()))
}

/// EF.CVCA with these references in place of what the chip knows.
fn known(stage: &mut Stage<'_>, names: &[&str]) -> Result<()> {
    let names: Vec<Reference> = names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    stage.write(File::Cvca, cvca::to_bytes(&names))
}

/// Which groups the card has.
fn groups(stage: &mut Stage<'_>, dg3: bool, dg4: bool) -> Result<()> {
    let all = every_data_group(None, None);
    for (file, wanted) in [(DG3, dg3), (DG4, dg4)] {
        let content = all.iter().find(|(known, _)| *known == file).map(|(_, content)| content.clone());
        match (wanted, stage.bench.read(file).is_some()) {
            (true, _) => stage.write(file, content.context("no such group")?)?,
            (false, true) => stage.bench.remove(file)?,
            (false, false) => {}
        }
    }
    Ok(())
}

/// DG14 says that the chip's list of authorities lies elsewhere.
fn list_elsewhere(stage: &mut Stage<'_>, fid: [u8; 2], sfid: u8) -> Result<()> {
    let (mut signed, _) = infos(stage)?;
    signed.infos.retain(|info| !matches!(info, SecurityInfo::TerminalAuthentication(_)));
    signed.infos.push(SecurityInfo::TerminalAuthentication(TerminalAuthenticationInfo {
        protocol: "0.4.0.127.0.7.2.2.2".parse()?,
        version: 1,
        ef_cvca: Some([&[0x30, 0x07, 0x04, 0x02][..], &fid, &[0x04, 0x01, sfid]].concat()),
    }));
    stage.write(DG14, dg14::to_bytes(&signed))
}

/// Another key for Chip Authentication.
fn chip_key(stage: &mut Stage<'_>, group: Group) -> Result<()> {
    let key = stage.bench.add_chip_authentication_key(300, group.into(), &mut dice(21))?;
    let (mut signed, mut open) = infos(stage)?;
    let protocol = ChipAuthenticationProtocol { agreement: group.agreement(), cipher: Cipher::TripleDes };
    let of_chip = |info: &SecurityInfo| {
        matches!(info, SecurityInfo::ChipAuthentication(_) | SecurityInfo::ChipAuthenticationPublicKey(_))
    };
    let mut announced = SecurityInfo::chip_authentication_ecdh_aes_128(Some(300));
    if let SecurityInfo::ChipAuthentication(info) = &mut announced {
        info.protocol = protocol.oid();
    }
    let mut public = SecurityInfo::chip_authentication_ecdh_key(key.to_spki()?, Some(300));
    if let (SecurityInfo::ChipAuthenticationPublicKey(info), PublicKey::DiffieHellman(_)) =
        (&mut public, &key)
    {
        info.protocol = cccd_card_profile::lds::security_infos::oid::ID_PK_DH;
    }
    for infos in [&mut signed, &mut open] {
        infos.infos.retain(|info| !of_chip(info));
        infos.infos.push(announced.clone());
    }
    signed.infos.push(public);
    stage.write(DG14, dg14::to_bytes(&signed))?;
    stage.write(File::CardAccess, card_access::to_bytes(&open))
}

use Plan::{Left as L, Run};
use SignatureAlgorithm::{Ecdsa, RsaPkcs1, RsaPss};

pub(super) const CASES: &[Case] = &[
    ("ISO7816_E_01", Run(|lab| by(lab, RsaPkcs1(Hash::Sha1)))),
    ("ISO7816_E_02", Run(|lab| by(lab, RsaPkcs1(Hash::Sha256)))),
    ("ISO7816_E_03", Run(|lab| by(lab, RsaPss(Hash::Sha1)))),
    ("ISO7816_E_04", Run(|lab| by(lab, RsaPss(Hash::Sha256)))),
    ("ISO7816_E_05", Run(|lab| by(lab, Ecdsa(Hash::Sha1)))),
    ("ISO7816_E_06", Run(|lab| by(lab, Ecdsa(Hash::Sha224)))),
    ("ISO7816_E_07", Run(|lab| by(lab, Ecdsa(Hash::Sha256)))),
    ("ISO7816_E_08", Run(|lab| with(lab, &usual(), |stage| known(stage, &["DETESTCVCA00002"])))),
    ("ISO7816_E_09", Run(|lab| with(lab, &usual(), |stage| known(stage, &[])))),
    ("ISO7816_E_11", L(Left::LyingChip)),
    ("ISO7816_E_12", L(Left::LyingChip)),
    ("ISO7816_E_13", L(Left::LyingChip)),
    (
        "ISO7816_E_14",
        Run(|lab| {
            let rights = InspectionRights { fingerprints: false, irises: true };
            with(lab, &Setting { rights, ..usual() }, |stage| groups(stage, true, true))
        }),
    ),
    (
        "ISO7816_E_15",
        Run(|lab| {
            let rights = InspectionRights { fingerprints: true, irises: false };
            with(lab, &Setting { rights, ..usual() }, |stage| groups(stage, true, true))
        }),
    ),
    (
        "ISO7816_E_16",
        Run(|lab| with(lab, &Setting { rights: NEITHER, ..usual() }, |stage| groups(stage, true, true))),
    ),
    (
        "ISO7816_E_17",
        Run(|lab| with(lab, &Setting { broken: Some(Role::DomesticVerifier), ..usual() }, |_| Ok(()))),
    ),
    ("ISO7816_E_18", Run(|lab| with(lab, &Setting { broken: Some(Role::Terminal), ..usual() }, |_| Ok(())))),
    (
        "ISO7816_E_19",
        Run(|lab| with(lab, &Setting { days: ("2026-10-01", "2026-10-31"), ..usual() }, |_| Ok(()))),
    ),
    ("ISO7816_E_22", Run(|lab| with(lab, &usual(), |stage| list_elsewhere(stage, [0x01, 0x2C], 0x1C)))),
    ("ISO7816_E_23", Run(|lab| with(lab, &usual(), |stage| list_elsewhere(stage, [0x01, 0x1C], 0x1B)))),
    ("ISO7816_E_24", Run(|lab| with(lab, &Setting { without_verifier: true, ..usual() }, |_| Ok(())))),
    (
        "ISO7816_E_26",
        Run(|lab| {
            with(lab, &usual(), |stage| {
                groups(stage, true, true)?;
                let mut listed = Com::parse(&stage.file(File::Com)?)?.data_groups();
                for number in [DataGroupNumber::DG11, DataGroupNumber::DG12] {
                    let all = every_data_group(None, None);
                    let file = File::DataGroup(number);
                    let content = all.into_iter().find(|(known, _)| *known == file).context("no group")?.1;
                    stage.write(file, content)?;
                    listed.push(number);
                }
                listed.push(DataGroupNumber::DG4);
                listed.sort_unstable();
                stage.write(File::Com, Com::new(&listed).to_bytes())?;
                stage.options = stage.options.clone().thorough(true);
                Ok(())
            })
        }),
    ),
    ("ISO7816_E_27", L(Left::ShortKey)),
    (
        "ISO7816_E_28",
        Run(|lab| with(lab, &usual(), |stage| chip_key(stage, Group::Curve(ChipCurve::BrainpoolP224r1)))),
    ),
    ("ISO7816_E_29", Run(|lab| with(lab, &usual(), |stage| groups(stage, true, false)))),
    ("ISO7816_E_30", Run(|lab| with(lab, &usual(), |stage| groups(stage, false, true)))),
    ("ISO7816_E_31", Run(|lab| with(lab, &usual(), |_| Ok(())))),
    ("ISO7816_E_32", Run(|lab| with(lab, &Setting { link: Link::Needed, ..usual() }, |_| Ok(())))),
    ("ISO7816_E_34", Run(|lab| with(lab, &Setting { link: Link::NotNeeded, ..usual() }, |_| Ok(())))),
    ("ISO7816_E_36", Run(|lab| by(lab, RsaPss(Hash::Sha512)))),
    ("ISO7816_E_37", Run(|lab| by(lab, Ecdsa(Hash::Sha384)))),
    ("ISO7816_E_38", Run(|lab| by(lab, Ecdsa(Hash::Sha512)))),
    (
        "LDS_G_01",
        Run(|lab| {
            with(lab, &usual(), |stage| {
                known(stage, &["DETESTCVCA00001"])?;
                let mut file = stage.file(File::Cvca)?;
                *file.first_mut().context("empty")? = 0;
                stage.write(File::Cvca, file)
            })
        }),
    ),
    ("LDS_G_02", Run(|lab| with(lab, &usual(), |stage| stage.write(File::Cvca, vec![0; cvca::LENGTH])))),
];
