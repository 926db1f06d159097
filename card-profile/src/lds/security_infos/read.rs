//! Telling security infos apart by their object identifiers.

use der::asn1::ObjectIdentifier;

use super::{
    ActiveAuthenticationInfo, ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo,
    PaceDomainParameterInfo, PaceInfo, SecurityInfo, TerminalAuthenticationInfo, oid,
};
use crate::lds::small_integer;
use crate::tlv::{Reader, Tlv};

impl SecurityInfo {
    /// Never fails: what is not as its standard says is [`SecurityInfo::Unknown`].
    pub(super) fn read(object: &Tlv<'_>) -> Self {
        let Some((protocol, data)) = protocol(object) else {
            return Self::Unknown { protocol: None, raw: object.raw.to_vec() };
        };
        known(protocol, data)
            .unwrap_or_else(|| Self::Unknown { protocol: Some(protocol), raw: object.raw.to_vec() })
    }
}

fn protocol<'a>(object: &Tlv<'a>) -> Option<(ObjectIdentifier, Reader<'a>)> {
    if object.tag != 0x30 {
        return None;
    }
    let mut content = object.nested().ok()?;
    let identifier = content.expect(0x06).ok()?;
    Some((ObjectIdentifier::from_bytes(identifier.value).ok()?, content))
}

fn known(protocol: ObjectIdentifier, mut data: Reader<'_>) -> Option<SecurityInfo> {
    let version = |data: &mut Reader<'_>| small_integer(&data.expect(0x02).ok()?, "version").ok();
    let info = if let Some(arcs) = arcs_below(protocol, oid::ID_PACE) {
        match arcs {
            1 => SecurityInfo::PaceDomainParameter(PaceDomainParameterInfo {
                protocol,
                domain_parameter: data.expect(0x30).ok()?.raw.to_vec(),
                parameter_id: optional_integer(&mut data)?,
            }),
            2 => SecurityInfo::Pace(PaceInfo {
                protocol,
                version: version(&mut data)?,
                parameter_id: optional_integer(&mut data)?,
            }),
            _ => return None,
        }
    } else if is_chip_authentication(protocol) {
        SecurityInfo::ChipAuthentication(ChipAuthenticationInfo {
            protocol,
            version: version(&mut data)?,
            key_id: optional_integer(&mut data)?,
        })
    } else if [oid::ID_PK_DH, oid::ID_PK_ECDH].contains(&protocol) {
        SecurityInfo::ChipAuthenticationPublicKey(ChipAuthenticationPublicKeyInfo {
            protocol,
            public_key: data.expect(0x30).ok()?.raw.to_vec(),
            key_id: optional_integer(&mut data)?,
        })
    } else if protocol == oid::ID_TA {
        SecurityInfo::TerminalAuthentication(TerminalAuthenticationInfo {
            protocol,
            version: version(&mut data)?,
            ef_cvca: data.next().transpose().ok()?.map(|ef_cvca| ef_cvca.raw.to_vec()),
        })
    } else if protocol == oid::ID_AA {
        SecurityInfo::ActiveAuthentication(ActiveAuthenticationInfo {
            protocol,
            version: version(&mut data)?,
            signature_algorithm: ObjectIdentifier::from_bytes(data.expect(0x06).ok()?.value).ok()?,
        })
    } else {
        return None;
    };
    data.is_empty().then_some(info)
}

/// Whether the protocol is one of Chip Authentication.
pub(super) fn is_chip_authentication(protocol: ObjectIdentifier) -> bool {
    arcs_below(protocol, oid::ID_CA) == Some(2)
}

/// The outer `None` refuses, the inner says that there is none.
fn optional_integer(data: &mut Reader<'_>) -> Option<Option<u32>> {
    match data.optional(0x02).ok()? {
        Some(object) => small_integer(&object, "identifier").ok().map(Some),
        None => Some(None),
    }
}

/// How many arcs `protocol` has below `root`; `None` when it is not below.
fn arcs_below(protocol: ObjectIdentifier, root: ObjectIdentifier) -> Option<usize> {
    let rest = protocol.as_bytes().strip_prefix(root.as_bytes())?;
    Some(rest.iter().filter(|byte| **byte & 0x80 == 0).count())
}
