//! The content of files: structure by Doc 9303-10, and what must agree between files.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use cccd_card_profile::file_system::{Aid, ElementaryFile};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg2::Dg2;
use cccd_card_profile::lds::dg13::Dg13;
use cccd_card_profile::lds::dir::Dir;
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg1, dg14, dg15};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_card_profile::tlv::Reader;
use cccd_keys::sod::EfSod;
use serde::Deserialize;

use super::session::Open;

/// A check of files' content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// EF.COM is one data object with its tag.
    ComObject,
    /// EF.COM's versions are four and six digits.
    ComVersions,
    /// EF.COM lists known groups, each once.
    ComGroups,
    /// Every group that EF.COM lists is there: read, or refused as DG3 and DG4 are.
    ComGroupsExist,
    /// EF.SOD is one data object with its tag.
    SodObject,
    /// EF.SOD holds an LDS security object.
    SodContent,
    /// EF.SOD's signature holds under the certificate inside.
    SodSignature,
    /// EF.SOD brings its signer's certificate along.
    SodCertificate,
    /// EF.SOD lists the groups that EF.COM lists.
    SodListsCom,
    /// The digest of every group that can be read is EF.SOD's.
    SodDigests,
    /// DG1 is one data object with its tag.
    Dg1Object,
    /// DG1 holds a machine readable zone.
    Dg1Zone,
    /// Its check digits are right.
    Dg1CheckDigits,
    /// DG2 is one data object with its tag.
    Dg2Object,
    /// DG2 holds as many instances as it says, one at least.
    Dg2Instances,
    /// DG2 holds a portrait in JPEG or JPEG 2000.
    Dg2Portrait,
    /// DG13 is one data object with its tag.
    Dg13Object,
    /// DG13's fields are known, each once.
    Dg13Fields,
    /// DG13 and DG1 tell one number.
    Dg13Number,
    /// DG14 is one data object with its tag.
    Dg14Object,
    /// DG14 holds security infos.
    Dg14Infos,
    /// DG14's keys of Chip Authentication lie on their curves, and an info goes with each.
    Dg14Keys,
    /// Every info of EF.CardAccess stands in DG14.
    Dg14RepeatsCardAccess,
    /// DG15 is one data object with its tag.
    Dg15Object,
    /// DG15 holds a public key of at least 2048 bits, or on a curve.
    Dg15Key,
    /// With a key on a curve, DG14 names the hash of Active Authentication.
    Dg15Hash,
    /// EF.CardAccess is one data object with its tag.
    CardAccessObject,
    /// EF.CardAccess holds a `PACEInfo` of version 2 with domain parameters.
    CardAccessPace,
    /// EF.DIR lists the application.
    DirListsApplication,
    /// EF.ATR/INFO tells buffers, if it tells extended length.
    AtrInfoBuffers,
}

impl Check {
    /// Runs it in the session that is open.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn run(self, open: &mut Open<'_>) -> Result<()> {
        use DataGroupNumber as Group;
        match self {
            Self::ComObject => object(open, ElementaryFile::Com),
            Self::SodObject => object(open, ElementaryFile::Sod),
            Self::Dg1Object => object(open, group(Group::DG1)),
            Self::Dg2Object => object(open, group(Group::DG2)),
            Self::Dg13Object => object(open, group(Group::DG13)),
            Self::Dg14Object => object(open, group(Group::DG14)),
            Self::Dg15Object => object(open, group(Group::DG15)),
            Self::CardAccessObject => object(open, ElementaryFile::CardAccess),
            Self::ComVersions => {
                let com = com(open)?;
                ensure!(com.lds_version.len() == 4, "the LDS version has {} digits", com.lds_version.len());
                ensure!(com.unicode_version.len() == 6, "the Unicode version is not six digits");
                Ok(())
            }
            Self::ComGroups => com_groups(&com(open)?),
            Self::ComGroupsExist => com_groups_exist(open),
            Self::SodContent => security_object(open).map(drop),
            Self::SodSignature => {
                let sod = sod(open)?;
                sod.verify_signature()
                    .map(drop)
                    .map_err(|problem| anyhow!("the signature does not hold: {problem}"))
            }
            Self::SodCertificate => {
                sod(open)?.signer_certificate().map(drop).context("no certificate of the signer inside")
            }
            Self::SodListsCom => {
                let mut listed = com(open)?.data_groups();
                listed.sort_unstable();
                ensure!(
                    security_object(open)?.data_groups() == listed,
                    "EF.SOD signs other groups than EF.COM lists"
                );
                Ok(())
            }
            Self::SodDigests => sod_digests(open),
            Self::Dg1Zone => zone(open).map(drop),
            Self::Dg1CheckDigits => {
                let wrong = zone(open)?.wrong_check_digits();
                ensure!(wrong.is_empty(), "{} check digits are wrong", wrong.len());
                Ok(())
            }
            Self::Dg2Instances => {
                let faces = faces(open)?;
                let claimed = usize::try_from(faces.claimed_instances)?;
                ensure!(
                    claimed >= 1 && claimed == faces.instances.len(),
                    "it holds another number than it says"
                );
                Ok(())
            }
            Self::Dg2Portrait => faces(open)?.portrait().map(drop).context("no face in it"),
            Self::Dg13Fields => {
                let national = national(open)?;
                ensure!(national.unknown.is_empty(), "{} fields are not known", national.unknown.len());
                ensure!(national.duplicates.is_empty(), "fields stand there twice");
                Ok(())
            }
            Self::Dg13Number => {
                let number = national(open)?.data.number.context("DG13 has no number")?;
                let zone = zone(open)?.personal_number().context("DG1 has no personal number")?;
                ensure!(zone.as_str() == number, "DG1 and DG13 tell two numbers");
                Ok(())
            }
            Self::Dg14Infos => {
                let infos = infos(open)?;
                ensure!(!infos.infos.is_empty(), "there are none");
                Ok(())
            }
            Self::Dg14Keys => chip_keys(&infos(open)?),
            Self::Dg14RepeatsCardAccess => {
                let signed = infos(open)?;
                let file = file(open, ElementaryFile::CardAccess)?;
                let announced = card_access::parse(&file)?;
                let missing = announced.infos.iter().filter(|info| !signed.infos.contains(info)).count();
                ensure!(missing == 0, "{missing} infos of EF.CardAccess do not stand in DG14");
                Ok(())
            }
            Self::Dg15Key => match active_key(open)? {
                PublicKey::Rsa(key) => {
                    use rsa::traits::PublicKeyParts as _;
                    let bits = key.size() * 8;
                    ensure!(bits >= 2048, "an RSA key of {bits} bits");
                    Ok(())
                }
                PublicKey::EllipticCurve(_) => Ok(()),
                PublicKey::DiffieHellman(_) => bail!("a key that signs nothing"),
            },
            Self::Dg15Hash => match active_key(open)? {
                PublicKey::Rsa(_) | PublicKey::DiffieHellman(_) => Ok(()),
                PublicKey::EllipticCurve(_) => infos(open)?
                    .active_authentication()
                    .map(drop)
                    .context("DG14 has no ActiveAuthenticationInfo"),
            },
            Self::CardAccessPace => card_access_pace(open),
            Self::DirListsApplication => {
                let dir = Dir::parse(&file(open, ElementaryFile::Dir)?)?;
                ensure!(dir.lists(&Aid::LDS1), "the eMRTD application is not listed");
                Ok(())
            }
            Self::AtrInfoBuffers => {
                let info = AtrInfo::parse(&file(open, ElementaryFile::AtrInfo)?)?;
                ensure!(
                    !info.extended_length || info.max_response.is_some(),
                    "extended length without buffers"
                );
                ensure!(info.max_response.is_none_or(|length| length >= 256), "a buffer below 256 bytes");
                Ok(())
            }
        }
    }
}

fn group(number: DataGroupNumber) -> ElementaryFile {
    ElementaryFile::DataGroup(number)
}

fn file(open: &mut Open<'_>, file: ElementaryFile) -> Result<Vec<u8>> {
    open.read(file)?.with_context(|| format!("the card refuses {}", file.name()))
}

fn object(open: &mut Open<'_>, which: ElementaryFile) -> Result<()> {
    let content = file(open, which)?;
    let mut reader = Reader::new(&content);
    let object = reader.read()?;
    ensure!(Some(object.tag) == which.tag(), "the tag is {:X}", object.tag);
    ensure!(reader.is_empty(), "{} bytes follow the data object", reader.remaining().len());
    Ok(())
}

fn com(open: &mut Open<'_>) -> Result<Com> {
    Ok(Com::parse(&file(open, ElementaryFile::Com)?)?)
}

fn com_groups(com: &Com) -> Result<()> {
    let mut groups = com.data_groups();
    ensure!(groups.len() == com.tags.len(), "it lists tags of no data group");
    groups.sort_unstable();
    groups.dedup();
    ensure!(groups.len() == com.tags.len(), "it lists a data group twice");
    ensure!(groups.contains(&DataGroupNumber::DG1), "it does not list DG1");
    ensure!(groups.contains(&DataGroupNumber::DG2), "it does not list DG2");
    Ok(())
}

/// DG3 and DG4 are behind terminal authentication.
fn is_closed(number: DataGroupNumber) -> bool {
    matches!(number, DataGroupNumber::DG3 | DataGroupNumber::DG4)
}

fn com_groups_exist(open: &mut Open<'_>) -> Result<()> {
    for number in com(open)?.data_groups() {
        match open.read(group(number))? {
            Some(_) if is_closed(number) => bail!("{number} is open to everyone"),
            None if !is_closed(number) => bail!("{number} is listed and not there"),
            _ => {}
        }
    }
    Ok(())
}

fn sod(open: &mut Open<'_>) -> Result<EfSod> {
    Ok(EfSod::parse(&file(open, ElementaryFile::Sod)?)?)
}

fn security_object(open: &mut Open<'_>) -> Result<LdsSecurityObject> {
    let sod = sod(open)?;
    ensure!(sod.has_lds_security_object_type(), "the content is of another type");
    Ok(LdsSecurityObject::from_der(sod.econtent())?)
}

fn sod_digests(open: &mut Open<'_>) -> Result<()> {
    let object = security_object(open)?;
    for number in object.data_groups().into_iter().filter(|number| !is_closed(*number)) {
        let file = file(open, group(number))?;
        let result = object.check(number, &file);
        ensure!(result == HashCheck::Matches, "{number}: {result:?}");
    }
    Ok(())
}

fn zone(open: &mut Open<'_>) -> Result<Mrz> {
    Ok(dg1::parse(&file(open, group(DataGroupNumber::DG1))?)?)
}

fn faces(open: &mut Open<'_>) -> Result<Dg2> {
    Ok(Dg2::parse(&file(open, group(DataGroupNumber::DG2))?)?)
}

fn national(open: &mut Open<'_>) -> Result<Dg13> {
    Ok(Dg13::parse(&file(open, group(DataGroupNumber::DG13))?)?)
}

fn infos(open: &mut Open<'_>) -> Result<SecurityInfos> {
    Ok(dg14::parse(&file(open, group(DataGroupNumber::DG14))?)?)
}

fn chip_keys(infos: &SecurityInfos) -> Result<()> {
    ensure!(infos.chip_authentication_keys().next().is_some(), "no key of Chip Authentication");
    for key in infos.chip_authentication_keys() {
        PublicKey::from_spki(&key.public_key)?;
        let announced = infos.chip_authentication().any(|info| info.key_id == key.key_id);
        ensure!(announced, "a key without its ChipAuthenticationInfo");
    }
    Ok(())
}

fn active_key(open: &mut Open<'_>) -> Result<PublicKey> {
    let info = dg15::parse(&file(open, group(DataGroupNumber::DG15))?)?;
    Ok(PublicKey::from_spki(info.as_der())?)
}

fn card_access_pace(open: &mut Open<'_>) -> Result<()> {
    let infos = card_access::parse(&file(open, ElementaryFile::CardAccess)?)?;
    let mut offered = infos.pace().peekable();
    ensure!(offered.peek().is_some(), "no PACEInfo");
    for info in offered {
        ensure!(info.version == 2, "a PACEInfo of version {}", info.version);
        ensure!(info.parameter_id.is_some(), "a PACEInfo without domain parameters");
    }
    Ok(())
}
