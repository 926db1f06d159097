//! Which of the variants that a chip offers is run.

use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::lds::security_infos::oid::ID_PK_DH;
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationProtocol;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::group::{Element, Group};
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{Agreement, Mapping, PaceOffer, PaceProtocol};
use cccd_card_profile::protocol::private_key::PublicKey;

/// The PACE variants of EF.CardAccess that are known here, the best first (`docs/decisions/0042-pace-variant.md`): no group
/// below 112 bits of security where there is a stronger one; the chip authentication mapping, as it proves the chip in
/// the same exchanges; AES before 3DES; curves before residues; the generic mapping before the integrated one; the
/// smallest of groups that are strong enough. What is equal stays in the chip's order.
pub(super) fn pace(infos: &SecurityInfos) -> Vec<PaceOffer> {
    let mut offers = PaceOffer::among(infos);
    offers.sort_by_key(|offer| {
        let PaceProtocol { agreement, mapping, cipher } = offer.protocol;
        let (is_weak, size) = strength(offer.parameters);
        (
            is_weak,
            mapping != Mapping::ChipAuthentication,
            cipher == Cipher::TripleDes,
            agreement == Agreement::Dh,
            mapping == Mapping::Integrated,
            size,
        )
    });
    offers
}

/// Whether a group gives less than 112 bits of security (NIST SP 800-57-1 table 2), and its size.
fn strength(parameters: DomainParameters) -> (bool, usize) {
    match parameters.group() {
        Group::Curve(curve) => (curve.field_length() < 28, curve.field_length()),
        Group::Modp(group) => (group.length() < 256, group.length()),
    }
}

pub(super) struct ChipAuthenticationChoice {
    pub(super) protocol: ChipAuthenticationProtocol,
    pub(super) version: u32,
    pub(super) key_id: Option<u32>,
    pub(super) public_key: Vec<u8>,
    /// The key as something to compute with, where it is of a kind that is known here and goes with the protocol.
    pub(super) key: Option<Element>,
}

impl ChipAuthenticationChoice {
    /// What is known here before what is not; version 1 before version 2, which must wait for Terminal Authentication;
    /// then the stronger cipher, curves before residues, and the larger group.
    fn rank(&self) -> impl Ord + use<> {
        let width = self.key.as_ref().map_or(0, |key| key.as_bytes().len());
        let is_curve = self.protocol.agreement == Agreement::Ecdh;
        (self.key.is_some(), self.version == 1, self.protocol.cipher, is_curve, width)
    }
}

/// The best of the keys of DG14 with their protocols. A key without an info is 3DES (old French documents, Doc 9303-11
/// §9.2.6 is younger).
pub(super) fn chip_authentication(infos: &SecurityInfos) -> Option<ChipAuthenticationChoice> {
    let mut choices: Vec<ChipAuthenticationChoice> = Vec::new();
    for key in infos.chip_authentication_keys() {
        let element = PublicKey::from_spki(&key.public_key).ok().and_then(|key| key.element());
        let of_kind = if key.protocol == ID_PK_DH { Agreement::Dh } else { Agreement::Ecdh };
        let agreement = element.as_ref().map_or(of_kind, |element| element.group().agreement());
        let mut announced: Vec<_> = infos
            .chip_authentication()
            .filter(|info| info.key_id == key.key_id || info.key_id.is_none() || key.key_id.is_none())
            .filter_map(|info| Some((ChipAuthenticationProtocol::from_oid(info.protocol)?, info.version)))
            .collect();
        if announced.is_empty() {
            announced.push((ChipAuthenticationProtocol { agreement, cipher: Cipher::TripleDes }, 1));
        }
        choices.extend(announced.into_iter().map(|(protocol, version)| {
            let goes_together = protocol.agreement == agreement && matches!(version, 1 | 2);
            ChipAuthenticationChoice {
                protocol,
                version,
                key_id: key.key_id,
                public_key: key.public_key.clone(),
                key: element.clone().filter(|_| goes_together),
            }
        }));
    }
    // The first of equals: max_by_key would give the last.
    choices.into_iter().rev().max_by_key(ChipAuthenticationChoice::rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cccd_card_profile::lds::card_access;
    use cccd_card_profile::lds::security_infos::oid::ID_PK_ECDH;
    use cccd_card_profile::lds::security_infos::{
        ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, PaceInfo, SecurityInfo,
    };
    use cccd_card_profile::protocol::curve::Curve;
    use cccd_card_profile::protocol::dh::ModpGroup;
    use cccd_card_profile::protocol::group::Group;

    fn pace_info(oid: &str, parameter_id: Option<u32>) -> SecurityInfo {
        SecurityInfo::Pace(PaceInfo { protocol: oid.parse().unwrap(), version: 2, parameter_id })
    }

    #[test]
    fn the_best_variant_that_is_known_comes_first() {
        let info = |name: &str, parameters| {
            pace_info(&PaceProtocol::from_name(name).unwrap().oid().to_string(), Some(parameters))
        };
        // From the best to the worst.
        let ranked = [
            ("ECDH-CAM-AES-128", 13),
            ("ECDH-CAM-AES-256", 18),
            ("ECDH-GM-AES-128", 12),
            ("ECDH-GM-AES-256", 16),
            ("ECDH-IM-AES-128", 12),
            ("DH-GM-AES-128", 2),
            ("ECDH-GM-3DES", 12),
            ("DH-IM-3DES", 1),
            ("ECDH-CAM-AES-256", 8),
            ("DH-GM-AES-128", 0),
        ];
        let mut infos: Vec<_> = ranked.iter().rev().map(|(name, id)| info(name, *id)).collect();
        infos.push(info("ECDH-IM-AES-128", 10));
        infos.push(pace_info("0.4.0.127.0.7.2.2.4.2.2", Some(300)));
        let found: Vec<_> = pace(&SecurityInfos { infos })
            .into_iter()
            .map(|offer| (offer.protocol.name(), u32::from(offer.parameter_id)))
            .collect();
        let expected: Vec<_> = ranked.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect();
        assert_eq!(found, expected);
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

    fn key(group: Group, id: Option<u32>) -> SecurityInfo {
        let element = group.generator();
        let (public_key, protocol) = match element {
            Element::Point(point) => (PublicKey::EllipticCurve(point), ID_PK_ECDH),
            Element::Residue(residue) => (PublicKey::DiffieHellman(residue), ID_PK_DH),
        };
        let public_key = public_key.to_spki().unwrap();
        SecurityInfo::ChipAuthenticationPublicKey(ChipAuthenticationPublicKeyInfo {
            protocol,
            public_key,
            key_id: id,
        })
    }

    fn info(oid: &str, version: u32, key_id: Option<u32>) -> SecurityInfo {
        SecurityInfo::ChipAuthentication(ChipAuthenticationInfo {
            protocol: oid.parse().unwrap(),
            version,
            key_id,
        })
    }

    #[test]
    fn the_best_of_several_keys_is_taken() {
        const DH_AES_256: &str = "0.4.0.127.0.7.2.2.3.1.4";
        const ECDH_3DES: &str = "0.4.0.127.0.7.2.2.3.2.1";
        const ECDH_AES_128: &str = "0.4.0.127.0.7.2.2.3.2.2";
        const ECDH_AES_256: &str = "0.4.0.127.0.7.2.2.3.2.4";
        let dh = key(Group::Modp(ModpGroup::Modp2048Subgroup256), Some(1));
        let p256 = key(Group::Curve(Curve::P256), Some(2));
        let p521 = key(Group::Curve(Curve::P521), Some(3));
        let choose = |infos: &[SecurityInfo]| {
            let choice = chip_authentication(&SecurityInfos { infos: infos.to_vec() }).unwrap();
            (choice.protocol.oid().to_string(), choice.version, choice.key_id, choice.key.is_some())
        };
        let all = [
            dh.clone(),
            p256.clone(),
            p521,
            info(DH_AES_256, 1, Some(1)),
            info(ECDH_AES_128, 1, Some(2)),
            info(ECDH_3DES, 1, Some(3)),
        ];
        assert_eq!(choose(&all), (DH_AES_256.into(), 1, Some(1), true), "the stronger cipher");
        let all = [p256.clone(), info(ECDH_AES_256, 2, Some(2)), info(ECDH_AES_128, 1, Some(2))];
        assert_eq!(
            choose(&all),
            (ECDH_AES_128.into(), 1, Some(2), true),
            "what runs without the terminal's proof"
        );
        assert_eq!(choose(&all[..2]), (ECDH_AES_256.into(), 2, Some(2), true));
        // A key of one kind, announced as the other.
        assert_eq!(choose(&[p256, info(DH_AES_256, 1, None)]), (DH_AES_256.into(), 1, Some(2), false));
        let implicit = choose(&[dh]);
        assert_eq!(
            implicit,
            ("0.4.0.127.0.7.2.2.3.1.1".into(), 1, Some(1), true),
            "3DES where nothing is said"
        );
    }
}
