//! What a chip announces of PACE (Doc 9303-11 §9.2.1, §9.2.2).

use super::{Mapping, PaceProtocol};
use crate::lds::security_infos::{PaceDomainParameterInfo, SecurityInfo, SecurityInfos};
use crate::protocol::curve::{Curve, DomainParameters};
use crate::protocol::dh::ModpGroup;
use crate::protocol::group::Group;
use crate::protocol::kdf::Cipher;
use crate::protocol::pace::Agreement;
use crate::tlv::{Reader, Tlv};
use cccd_curves::ExplicitParameters;
use const_oid::ObjectIdentifier;

const STANDARDIZED_DOMAIN_PARAMETERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");

/// One `PACEInfo`: a protocol on domain parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceOffer {
    /// The protocol.
    pub protocol: PaceProtocol,
    /// The domain parameters.
    pub parameters: DomainParameters,
    /// The number by which DO'84' names them: the standard's, or the chip's own where a
    /// `PACEDomainParameterInfo` gives them.
    pub parameter_id: u8,
}

impl PaceOffer {
    /// On standardized domain parameters, under their standard number.
    #[must_use]
    pub fn new(protocol: PaceProtocol, parameters: DomainParameters) -> Self {
        Self { protocol, parameters, parameter_id: parameters.id() }
    }

    /// Every offer among the infos that can be run here, in their order. Infos of version 1 (an older token), of
    /// unknown protocols or of parameters that are no standardized ones are passed over.
    #[must_use]
    pub fn among(infos: &SecurityInfos) -> Vec<Self> {
        let own: Vec<&PaceDomainParameterInfo> = infos
            .infos
            .iter()
            .filter_map(|info| match info {
                SecurityInfo::PaceDomainParameter(info) => Some(info),
                _ => None,
            })
            .collect();
        let offer = |protocol: PaceProtocol, id: Option<u32>| {
            let standard = id.and_then(|id| u8::try_from(id).ok()).and_then(DomainParameters::from_id);
            let (parameters, number) = match standard {
                Some(parameters) => (parameters, u32::from(parameters.id())),
                None => {
                    let info = own.iter().find(|info| {
                        is_family(info.protocol, protocol) && (id.is_none() || info.parameter_id == id)
                    })?;
                    (recognised(&info.domain_parameter)?, info.parameter_id.or(id).unwrap_or_default())
                }
            };
            let parameter_id = u8::try_from(number).ok()?;
            protocol.runs_on(parameters).then_some(Self { protocol, parameters, parameter_id })
        };
        infos
            .pace()
            .filter(|info| info.version == 2)
            .filter_map(|info| offer(PaceProtocol::from_oid(info.protocol)?, info.parameter_id))
            .collect()
    }
}

impl PaceProtocol {
    /// Whether this crate runs the protocol on these parameters: the agreement fits the group, the integrated mapping
    /// has a square root to take (p ≡ 3 mod 4: not on P-224), the chip authentication mapping is ECDH with AES.
    #[must_use]
    pub fn runs_on(self, parameters: DomainParameters) -> bool {
        let group = parameters.group();
        let mapping = match self.mapping {
            Mapping::Generic => true,
            Mapping::Integrated => group != Group::Curve(Curve::P224),
            Mapping::ChipAuthentication => {
                self.agreement == Agreement::Ecdh && self.cipher != Cipher::TripleDes
            }
        };
        mapping && self.agreement == group.agreement()
    }
}

/// Whether a `PACEDomainParameterInfo` (id-PACE-ECDH-GM …) speaks of the protocol's agreement and mapping.
fn is_family(family: ObjectIdentifier, protocol: PaceProtocol) -> bool {
    protocol.oid().parent() == Some(family)
}

/// The standardized parameters that an `AlgorithmIdentifier` names by number or object identifier, or spells out
/// (TR-03110-3 A.2.1). Others are a chip's choice and never computed in.
fn recognised(algorithm: &[u8]) -> Option<DomainParameters> {
    let mut content = Reader::new(algorithm).expect(0x30).ok()?.nested().ok()?;
    let identifier = ObjectIdentifier::from_bytes(content.expect(0x06).ok()?.value).ok()?;
    let parameters = content.read().ok()?;
    match parameters.tag {
        0x02 if identifier == STANDARDIZED_DOMAIN_PARAMETERS => match parameters.value {
            [number] => DomainParameters::from_id(*number),
            _ => None,
        },
        0x06 => ObjectIdentifier::from_bytes(parameters.value).ok().and_then(Curve::from_oid).map(Into::into),
        0x30 => spelled_out_curve(&parameters)
            .map(Into::into)
            .or_else(|| spelled_out_residues(&parameters).map(Into::into)),
        _ => None,
    }
}

/// `ECParameters` (X9.62): version 1, prime field, a, b, generator, order, optional cofactor.
fn spelled_out_curve(parameters: &Tlv<'_>) -> Option<Curve> {
    let mut content = parameters.nested().ok()?;
    let version = content.expect(0x02).ok()?.value;
    let mut field = content.expect(0x30).ok()?.nested().ok()?;
    let is_prime = field.expect(0x06).ok()?.value == PRIME_FIELD.as_bytes();
    let prime = field.expect(0x02).ok()?.value;
    let mut curve = content.expect(0x30).ok()?.nested().ok()?;
    let (a, b) = (curve.expect(0x04).ok()?.value, curve.expect(0x04).ok()?.value);
    let generator = content.expect(0x04).ok()?.value;
    let order = content.expect(0x02).ok()?.value;
    let cofactor = content.optional(0x02).ok()?.map(|object| object.value);
    let stated = ExplicitParameters { prime, a, b, generator, order, cofactor };
    (version == [1] && is_prime).then(|| stated.curve()).flatten()
}

/// `DomainParameters` of X9.42 (p, g, q, …) or `DHParameter` of PKCS#3 (p, g, …).
fn spelled_out_residues(parameters: &Tlv<'_>) -> Option<ModpGroup> {
    let mut content = parameters.nested().ok()?;
    let (prime, generator) = (content.expect(0x02).ok()?.value, content.expect(0x02).ok()?.value);
    let third = content.optional(0x02).ok()?.map(|object| object.value);
    // PKCS#3's third number is a length of two or so bytes, X9.42's the order.
    ModpGroup::from_numbers(prime, generator, third.filter(|number| number.len() > 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lds::security_infos::PaceInfo;
    use crate::tlv::encode;

    fn info(oid: &str, version: u32, parameter_id: Option<u32>) -> SecurityInfo {
        SecurityInfo::Pace(PaceInfo { protocol: oid.parse().unwrap(), version, parameter_id })
    }

    fn own(oid: &str, domain_parameter: Vec<u8>, parameter_id: Option<u32>) -> SecurityInfo {
        SecurityInfo::PaceDomainParameter(PaceDomainParameterInfo {
            protocol: oid.parse().unwrap(),
            domain_parameter,
            parameter_id,
        })
    }

    fn among(infos: Vec<SecurityInfo>) -> Vec<PaceOffer> {
        PaceOffer::among(&SecurityInfos { infos })
    }

    fn algorithm(oid: &str, parameters: &[u8]) -> Vec<u8> {
        let oid: ObjectIdentifier = oid.parse().unwrap();
        encode(0x30, &[&encode(0x06, oid.as_bytes())[..], parameters].concat())
    }

    const GM: &str = "0.4.0.127.0.7.2.2.4.2.2";
    const STANDARDIZED: &str = "0.4.0.127.0.7.1.2";

    #[test]
    fn infos_that_cannot_be_run_are_passed_over() {
        let offers = among(vec![
            info("0.4.0.127.0.7.2.2.4.4.2", 2, Some(10)),
            info("0.4.0.127.0.7.2.2.4.6.2", 2, Some(0)),
            info("0.4.0.127.0.7.2.2.4.1.2", 2, Some(13)),
            info(GM, 1, Some(13)),
            info(GM, 2, Some(3)),
            info(GM, 2, Some(300)),
            info(GM, 2, None),
            info("0.4.0.127.0.7.2.2.4.9.2", 2, Some(13)),
            info(GM, 2, Some(18)),
        ]);
        assert_eq!(offers, [PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, DomainParameters::P521)]);
    }

    /// TR-03110-3 A.1.1.1: a `PACEInfo` without a number, or with the chip's own, means its domain parameter info.
    #[test]
    fn parameters_of_the_chips_own_number_are_recognised() {
        let by_number = algorithm(STANDARDIZED, &[2, 1, 13]);
        let family = "0.4.0.127.0.7.2.2.4.2";
        for id in [None, Some(40)] {
            let offers = among(vec![info(GM, 2, id), own(family, by_number.clone(), id)]);
            assert_eq!(offers.len(), 1);
            assert_eq!(offers[0].parameters, DomainParameters::BrainpoolP256r1);
            assert_eq!(u32::from(offers[0].parameter_id), id.unwrap_or(0));
        }
        // Of another mapping, under another number, or not understood.
        assert!(
            among(vec![info(GM, 2, None), own("0.4.0.127.0.7.2.2.4.4", by_number.clone(), None)]).is_empty()
        );
        assert!(among(vec![info(GM, 2, Some(40)), own(family, by_number, Some(41))]).is_empty());
        assert!(among(vec![info(GM, 2, None), own(family, vec![0x30, 0x00], None)]).is_empty());
    }

    #[test]
    fn spelled_out_parameters_are_recognised_or_passed_over() {
        let number = |hex: &str| crate::apdu::from_hex(hex).unwrap();
        let integer = |bytes: &[u8]| encode(0x02, &[&[0][..], bytes].concat());
        for curve in Curve::ALL {
            let domain = curve.domain();
            let mut a = number(domain.a);
            let explicit = |a: &[u8]| {
                let prime = [encode(0x06, PRIME_FIELD.as_bytes()), integer(&number(domain.prime))].concat();
                let equation = [encode(0x04, a), encode(0x04, &number(domain.b))].concat();
                let all = [
                    vec![2, 1, 1],
                    encode(0x30, &prime),
                    encode(0x30, &equation),
                    encode(0x04, &domain.generator()),
                    integer(&number(domain.order)),
                    vec![2, 1, 1],
                ];
                algorithm("0.4.0.127.0.7.1.1.5.2.2.2", &encode(0x30, &all.concat()))
            };
            assert_eq!(recognised(&explicit(&a)), Some(curve.into()));
            a[0] ^= 1;
            assert_eq!(recognised(&explicit(&a)), None);
            let named = algorithm("1.2.840.10045.2.1", &encode(0x06, curve.oid().as_bytes()));
            assert_eq!(recognised(&named), Some(curve.into()));
        }
        for group in ModpGroup::ALL {
            let (p, g, q) = (group.prime(), group.generator(), group.order());
            let x942 = [integer(&p), integer(g.as_bytes()), integer(&q)].concat();
            let stated = algorithm("1.2.840.10046.2.1", &encode(0x30, &x942));
            assert_eq!(recognised(&stated), Some(group.into()));
            let other = [integer(&p), integer(&[2])].concat();
            assert_eq!(recognised(&algorithm("1.2.840.113549.1.3.1", &encode(0x30, &other))), None);
        }
    }
}
