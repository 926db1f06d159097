//! EF.CardSecurity as we sign it, parsed by libeac and JMRTD (TR-03110-3 §A.1.2.5).

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::protocol::curve::{Curve, DomainParameters};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey, PublicKey};
use cccd_card_profile::tlv;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signed_data::sign;
use cccd_keys::store::{KeyStore, Passphrase, StoreSettings};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use rand_core::CryptoRng;

use super::libeac::{self, Libeac};
use super::readers::{JMRTD, start_jmrtd};
use super::table::Table;

const LINE: &str = "EF.CardSecurity parsed";

/// id-SecurityObject.
const SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.2.1");

const STANDARDIZED_DOMAIN_PARAMETERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");

/// One line for each parser.
pub fn run(table: &mut Table, at: Timestamp, rng: &mut dyn CryptoRng) {
    let made = make(at, rng);
    let (file, key) = match &made {
        Ok(made) => made,
        Err(error) => {
            table.result(libeac::NAME, LINE, Err(anyhow::anyhow!("{error:#}")));
            return;
        }
    };
    match Libeac::start() {
        Ok(mut libeac) => table.result(libeac::NAME, LINE, by_libeac(&mut libeac, file, key)),
        Err(error) => table.skip(libeac::NAME, &[LINE], &format!("{error:#}")),
    }
    match start_jmrtd() {
        Ok(mut java) => {
            let answer = java.result(&format!("card-security content={}", hex::encode(file)));
            let answer = answer.and_then(|answer| {
                ensure!(answer.starts_with("4 "), "it counts {answer}");
                Ok(format!("{answer} (infos, signature)"))
            });
            table.result(JMRTD, LINE, answer);
        }
        Err(error) => table.skip(JMRTD, &[LINE], &format!("{error:#}")),
    }
}

/// The file, and the point of the chip's key in it.
fn make(at: Timestamp, rng: &mut dyn CryptoRng) -> Result<(Vec<u8>, Vec<u8>)> {
    let folder = tempfile::tempdir()?;
    let settings = StoreSettings::new(AlgorithmProfile::Cccd, "VN", at);
    let store = KeyStore::init(&folder.path().join("keys"), settings, &Passphrase::generate(rng), rng)?;
    store.create_csca(at, rng)?;
    store.create_document_signer(at, rng)?;
    let signer = store.active_document_signer(at)?;
    let curve = Curve::BrainpoolP256r1;
    let key = PrivateKey::generate(KeyAlgorithm::EllipticCurve(curve), rng)?.public_key()?;
    let PublicKey::EllipticCurve(point) = &key else { anyhow::bail!("no curve") };
    let point = point.as_bytes().to_vec();
    let infos = SecurityInfos {
        infos: vec![
            SecurityInfo::terminal_authentication(),
            SecurityInfo::chip_authentication_ecdh_aes_128(None),
            SecurityInfo::pace_ecdh_gm_aes_128(u32::from(DomainParameters::from(curve).id())),
            SecurityInfo::chip_authentication_ecdh_key(by_number(curve, &point), None),
        ],
    };
    let file = sign(&SECURITY_OBJECT, &infos.to_der(), signer.certificate(), signer.signer(), at)?;
    Ok((file, point))
}

/// A `SubjectPublicKeyInfo` whose curve is named by its standardised number: the form of Doc 9303-11 appendix I. libeac
/// reads this and explicit parameters, no named curve.
fn by_number(curve: Curve, point: &[u8]) -> Vec<u8> {
    let number = tlv::encode(0x02, &[DomainParameters::from(curve).id()]);
    let algorithm = tlv::encode(0x06, STANDARDIZED_DOMAIN_PARAMETERS.as_bytes());
    let bits = tlv::encode_all(0x03, &[&[0], point]);
    tlv::encode_all(0x30, &[&tlv::encode_all(0x30, &[&algorithm, &number]), &bits])
}

fn by_libeac(libeac: &mut Libeac, file: &[u8], key: &[u8]) -> Result<String> {
    libeac.say("new 2")?;
    libeac.say("ca 0.4.0.127.0.7.2.2.3.2.2 13")?;
    let found = libeac.one("card-security", &[file]).context("the chip's key")?;
    ensure!(found == key, "libeac finds another key of the chip");
    Ok("the chip's public key is ours".to_owned())
}
