//! Who a certificate holder is and what the holder may do: the Certificate Holder Authorization Template
//! (TR-03110-3 §C.1.5, §C.4).

use crate::ParseError;
use crate::tlv::{Object, Reader, encode};
use const_oid::ObjectIdentifier;

const ID_IS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.1.2.1");
const ID_AT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.1.2.2");
const ID_ST: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.1.2.3");

/// The longest authorization read: today's have one or five bytes.
const MAX: usize = 32;

/// The kind of terminal that an authorization speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TerminalType {
    /// `id-IS`: inspection system, of an authority.
    Inspection,
    /// `id-AT`: authentication terminal.
    Authentication,
    /// `id-ST`: signature terminal.
    Signature,
    /// Another, which gives no right known here.
    Other(ObjectIdentifier),
}

impl TerminalType {
    /// By object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Self {
        match oid {
            ID_IS => Self::Inspection,
            ID_AT => Self::Authentication,
            ID_ST => Self::Signature,
            other => Self::Other(other),
        }
    }

    /// The object identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Inspection => ID_IS,
            Self::Authentication => ID_AT,
            Self::Signature => ID_ST,
            Self::Other(oid) => oid,
        }
    }

    /// How long its authorization is, where the standard says.
    #[must_use]
    pub fn authorization_length(self) -> Option<usize> {
        match self {
            Self::Inspection | Self::Signature => Some(1),
            Self::Authentication => Some(5),
            Self::Other(_) => None,
        }
    }
}

/// The two highest bits of an authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `11`: Country Verifying Certification Authority.
    Cvca,
    /// `10`: document verifier, official domestic (of a signature terminal's: accreditation body).
    DomesticVerifier,
    /// `01`: document verifier, non-official or foreign (of a signature terminal's: certification service provider).
    ForeignVerifier,
    /// `00`: terminal.
    Terminal,
}

impl Role {
    /// Whether this is a document verifier of either kind.
    #[must_use]
    pub fn is_verifier(self) -> bool {
        matches!(self, Self::DomesticVerifier | Self::ForeignVerifier)
    }
}

/// What an inspection system may read (TR-03110-3 §C.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct InspectionRights {
    /// Bit 1: DG3, the fingerprints.
    pub fingerprints: bool,
    /// Bit 2: DG4, the irises.
    pub irises: bool,
}

/// An authorization: role and rights of one kind of terminal. The bytes are kept as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    terminal_type: TerminalType,
    authorization: Vec<u8>,
}

impl Chat {
    /// An inspection system's, with this role and these rights.
    #[must_use]
    pub fn inspection(role: Role, rights: InspectionRights) -> Self {
        let role = match role {
            Role::Cvca => 0xC0,
            Role::DomesticVerifier => 0x80,
            Role::ForeignVerifier => 0x40,
            Role::Terminal => 0x00,
        };
        let authorization = role | u8::from(rights.irises) << 1 | u8::from(rights.fingerprints);
        Self { terminal_type: TerminalType::Inspection, authorization: vec![authorization] }
    }

    /// Of these bytes.
    ///
    /// # Errors
    /// [`ParseError`] when the length is not the terminal type's.
    pub fn new(terminal_type: TerminalType, authorization: &[u8]) -> Result<Self, ParseError> {
        let good = match terminal_type.authorization_length() {
            Some(length) => authorization.len() == length,
            None => (1..=MAX).contains(&authorization.len()),
        };
        if !good {
            return Err(ParseError::Value { what: "length of the authorization", offset: 0 });
        }
        Ok(Self { terminal_type, authorization: authorization.to_vec() })
    }

    /// From the value of a data object `7F4C`, as PACE announces it (TR-03110-2 §3.2).
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn from_value(value: &[u8]) -> Result<Self, ParseError> {
        Self::read_value(Reader::new(value))
    }

    pub(crate) fn read(object: &Object<'_>) -> Result<Self, ParseError> {
        Self::read_value(object.nested())
    }

    fn read_value(mut inner: Reader<'_>) -> Result<Self, ParseError> {
        let oid = inner.expect(0x06)?;
        let wrong = |what, offset| ParseError::Value { what, offset };
        let identifier = ObjectIdentifier::from_bytes(oid.value)
            .map_err(|_| wrong("object identifier of the terminal type", oid.offset))?;
        let data = inner.expect(0x53)?;
        inner.finish()?;
        Self::new(TerminalType::from_oid(identifier), data.value)
            .map_err(|_| wrong("length of the authorization", data.offset))
    }

    /// The data object `7F4C`.
    #[must_use]
    pub fn to_object(&self) -> Vec<u8> {
        encode(0x7F4C, &[&self.to_value()])
    }

    /// The value of the data object.
    #[must_use]
    pub fn to_value(&self) -> Vec<u8> {
        let oid = encode(0x06, &[self.terminal_type.oid().as_bytes()]);
        [oid, encode(0x53, &[&self.authorization])].concat()
    }

    /// The kind of terminal.
    #[must_use]
    pub fn terminal_type(&self) -> TerminalType {
        self.terminal_type
    }

    /// Role and rights as they stand.
    #[must_use]
    pub fn authorization(&self) -> &[u8] {
        &self.authorization
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.authorization.first().copied().unwrap_or(0) >> 6 {
            0b11 => Role::Cvca,
            0b10 => Role::DomesticVerifier,
            0b01 => Role::ForeignVerifier,
            _ => Role::Terminal,
        }
    }

    /// What an inspection system may read; other kinds of terminals may read neither.
    #[must_use]
    pub fn inspection_rights(&self) -> InspectionRights {
        match (self.terminal_type, self.authorization.as_slice()) {
            (TerminalType::Inspection, [bits]) => {
                InspectionRights { fingerprints: bits & 0x01 != 0, irises: bits & 0x02 != 0 }
            }
            _ => InspectionRights::default(),
        }
    }

    /// What both allow: the bitwise AND (TR-03110-3 §2.7). Authorizations of different kinds of terminals have no
    /// right in common; what remains has the other's kind and role, and nothing else.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |(one, two): (&u8, &u8)| one & two;
        let authorization = if self.terminal_type == other.terminal_type {
            self.authorization.iter().zip(&other.authorization).map(both).collect()
        } else {
            vec![0; other.authorization.len()]
        };
        Self { terminal_type: other.terminal_type, authorization }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };

    #[test]
    fn the_bits_of_an_inspection_system() {
        let irises = InspectionRights { irises: true, ..InspectionRights::default() };
        assert_eq!(Chat::inspection(Role::Cvca, BOTH).authorization(), [0xC3]);
        assert_eq!(Chat::inspection(Role::DomesticVerifier, irises).authorization(), [0x82]);
        assert_eq!(Chat::inspection(Role::ForeignVerifier, irises).role(), Role::ForeignVerifier);
        let terminal = Chat::inspection(Role::Terminal, irises);
        assert_eq!((terminal.role(), terminal.inspection_rights()), (Role::Terminal, irises));
    }

    #[test]
    fn rights_are_what_all_allow() {
        let cvca = Chat::inspection(Role::Cvca, BOTH);
        let verifier = Chat::inspection(
            Role::DomesticVerifier,
            InspectionRights { fingerprints: true, ..InspectionRights::default() },
        );
        let terminal = Chat::inspection(Role::Terminal, BOTH);
        let effective = cvca.and(&verifier).and(&terminal).inspection_rights();
        assert_eq!(effective, InspectionRights { fingerprints: true, irises: false });

        let other = Chat::new(TerminalType::Authentication, &[0xFF; 5]).unwrap();
        assert_eq!(cvca.and(&other).authorization(), [0; 5]);
        assert_eq!(other.and(&terminal).inspection_rights(), InspectionRights::default());
        assert_eq!(other.inspection_rights(), InspectionRights::default());
        assert!(Chat::new(TerminalType::Authentication, &[0xFF]).is_err());
    }
}
