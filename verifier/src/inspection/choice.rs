//! Which of the variants that a chip offers is run.

use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationProtocol;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{Agreement, Mapping, PaceOffer, PaceProtocol};
use cccd_card_profile::protocol::private_key::PublicKey;

/// The best PACE variant of EF.CardAccess that is known here.
pub(super) fn pace(infos: &SecurityInfos) -> Option<(PaceProtocol, DomainParameters)> {
    PaceOffer::among(infos)
        .into_iter()
        .find(|offer| offer.protocol.mapping != Mapping::ChipAuthentication)
        .map(|offer| (offer.protocol, offer.parameters))
}

pub(super) struct ChipAuthenticationChoice {
    pub(super) protocol: ChipAuthenticationProtocol,
    pub(super) key_id: Option<u32>,
    pub(super) public_key: Vec<u8>,
}

/// A key of DG14 with its protocol: one that is known here if there is one. A key without an info is 3DES (old French
/// documents, Doc 9303-11 §9.2.6 is younger).
pub(super) fn chip_authentication(infos: &SecurityInfos) -> Option<ChipAuthenticationChoice> {
    let mut choices: Vec<ChipAuthenticationChoice> = Vec::new();
    for key in infos.chip_authentication_keys() {
        let announced = infos
            .chip_authentication()
            .filter(|info| info.key_id == key.key_id || info.key_id.is_none() || key.key_id.is_none())
            .filter_map(|info| ChipAuthenticationProtocol::from_oid(info.protocol))
            .max_by_key(|protocol| (protocol.agreement == Agreement::Ecdh, protocol.cipher));
        let protocol = announced
            .unwrap_or(ChipAuthenticationProtocol { agreement: Agreement::Ecdh, cipher: Cipher::TripleDes });
        choices.push(ChipAuthenticationChoice {
            protocol,
            key_id: key.key_id,
            public_key: key.public_key.clone(),
        });
    }
    let known = choices.iter().position(|choice| {
        choice.protocol.agreement == Agreement::Ecdh
            && matches!(PublicKey::from_spki(&choice.public_key), Ok(PublicKey::EllipticCurve(_)))
    });
    (!choices.is_empty()).then(|| choices.swap_remove(known.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cccd_card_profile::lds::card_access;
    use cccd_card_profile::lds::security_infos::{PaceInfo, SecurityInfo};

    fn pace_info(oid: &str, parameter_id: Option<u32>) -> SecurityInfo {
        SecurityInfo::Pace(PaceInfo { protocol: oid.parse().unwrap(), version: 2, parameter_id })
    }

    #[test]
    fn the_first_variant_that_is_known_is_taken() {
        let unsuited = pace_info("0.4.0.127.0.7.2.2.4.4.2", Some(10));
        let unknown = pace_info("0.4.0.127.0.7.2.2.4.2.2", Some(300));
        let generic = pace_info("0.4.0.127.0.7.2.2.4.2.2", Some(12));
        let offers = |infos: Vec<SecurityInfo>| pace(&SecurityInfos { infos });
        let chosen = offers(vec![unsuited.clone(), unknown.clone(), generic]).unwrap();
        assert_eq!(chosen, (PaceProtocol::ECDH_GM_AES_128, DomainParameters::P256));
        assert_eq!(offers(vec![unsuited, unknown]), None);
    }

    #[test]
    fn a_key_goes_with_the_info_of_its_number() {
        let announced = card_access::cccd(card_access::BRAINPOOL_P256R1);
        assert!(chip_authentication(&announced).is_none());
        let mut infos = announced;
        infos.infos.push(SecurityInfo::chip_authentication_ecdh_key(vec![0x30, 0x00], Some(7)));
        let choice = chip_authentication(&infos).unwrap();
        assert_eq!((choice.protocol, choice.key_id), (ChipAuthenticationProtocol::ECDH_AES_128, Some(7)));
        // Without any info: 3DES, as old documents mean it.
        infos.infos.retain(|info| matches!(info, SecurityInfo::ChipAuthenticationPublicKey(_)));
        assert_eq!(chip_authentication(&infos).unwrap().protocol.cipher, Cipher::TripleDes);
    }
}
