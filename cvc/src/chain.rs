//! Chains: what a chip believes, and how a terminal finds its way through its certificates (TR-03110-3 §2.5).
//!
//! [`ChipTrust`] is what a chip keeps: at most two trust points and a date that only moves forward. [`Validation`] is
//! one session: SET DST picks a key, VERIFY CERTIFICATE imports the next. A chip must write a changed [`ChipTrust`]
//! before it answers.

use crate::certificate::{Certificate, read_date};
use crate::chat::{Chat, Role};
use crate::date::Date;
use crate::public_key::{VerifyError, VerifyingKey};
use crate::reference::Reference;
use crate::tlv::{Reader, encode};
use crate::{MAX_LENGTH, ParseError};

/// How many CVCA keys a chip keeps: the current one and its predecessor (TR-03110-3 §2.5.1).
pub const MAX_TRUST_POINTS: usize = 2;

/// The most certificates a terminal carries.
const MAX_CERTIFICATES: usize = 64;

/// A CVCA key that a chip believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPoint {
    /// The name of the key.
    pub holder: Reference,
    /// The key.
    pub key: VerifyingKey,
    /// What certificates under it may allow at most.
    pub chat: Chat,
    /// Its first day.
    pub effective: Date,
    /// Its last day: after it, only link certificates are verified with it.
    pub expiration: Date,
}

/// Why a certificate cannot be a trust point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustPointError {
    /// Not a CVCA's.
    #[error("the certificate is not a country verifying authority's")]
    Role,
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] VerifyError),
}

impl TrustPoint {
    /// Of a CVCA certificate that the caller believes already. Nobody is asked who signed it; a self-signed one must
    /// hold under its own key.
    ///
    /// # Errors
    /// [`TrustPointError`].
    pub fn from_certificate(certificate: &Certificate) -> Result<Self, TrustPointError> {
        let content = certificate.content();
        if content.chat.role() != Role::Cvca {
            return Err(TrustPointError::Role);
        }
        let key = content.public_key.resolve(None)?;
        if certificate.is_self_signed() {
            certificate.verify_signature(&key)?;
        }
        Ok(Self::of(certificate, key))
    }

    fn of(certificate: &Certificate, key: VerifyingKey) -> Self {
        let content = certificate.content();
        Self {
            holder: content.holder.clone(),
            key,
            chat: content.chat.clone(),
            effective: content.effective,
            expiration: content.expiration,
        }
    }

    /// For a chip's memory, and the wire of personalisation: the fields of a certificate's body, the key in a short
    /// form that names its curve by number.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            self.key.to_compact(),
            encode(0x5F20, &[self.holder.as_bytes()]),
            self.chat.to_object(),
            encode(0x5F25, &[&self.effective.to_bcd()]),
            encode(0x5F24, &[&self.expiration.to_bcd()]),
        ]
        .concat()
    }

    /// Back from [`TrustPoint::to_bytes`].
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::TooLong { length: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let key = VerifyingKey::read_compact(&reader.expect(0x7F49)?)?;
        let holder = Reference::read(&reader.expect(0x5F20)?)?;
        let authorization = reader.expect(0x7F4C)?;
        let chat = Chat::read(&authorization)?;
        if chat.role() != Role::Cvca {
            return Err(ParseError::Value { what: "role of a trust point", offset: authorization.offset });
        }
        let effective = read_date(&reader.expect(0x5F25)?)?;
        let expiration = read_date(&reader.expect(0x5F24)?)?;
        reader.finish()?;
        Ok(Self { holder, key, chat, effective, expiration })
    }
}

/// What a chip keeps: trust points, the newest first, and its current date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipTrust {
    points: Vec<TrustPoint>,
    /// The chip's idea of today: never later than it is, never moved back.
    date: Date,
}

impl ChipTrust {
    /// A chip that believes these keys, the newest first, on this day. `None` unless there are one or two of
    /// different names.
    #[must_use]
    pub fn new(points: Vec<TrustPoint>, date: Date) -> Option<Self> {
        let good = match points.as_slice() {
            [_] => true,
            [newer, older] => newer.holder != older.holder,
            _ => false,
        };
        good.then_some(Self { points, date })
    }

    /// The trust points, the newest first.
    #[must_use]
    pub fn points(&self) -> &[TrustPoint] {
        &self.points
    }

    /// The current date.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// Adds the key of a link certificate as the newest; the one that vouched for it becomes the older.
    fn succeed(&mut self, point: TrustPoint, vouched: &Reference) {
        self.points.retain(|old| old.holder == *vouched);
        self.points.insert(0, point);
        self.points.truncate(MAX_TRUST_POINTS);
    }
}

/// Why a chip refuses a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No key of this name is known: SET DST did not happen, or names a stranger.
    #[error("no key of this name is known")]
    UnknownKey,
    /// The certificate names another authority than the chosen key.
    #[error("the certificate names another authority")]
    Authority,
    /// The signature does not hold, or cannot be checked.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// This kind of holder may not be certified by that one.
    #[error("a holder of this role may not be certified by that one")]
    Role,
    /// The certificate, or the trust point above it, is past its last day.
    #[error("the certificate is expired")]
    Expired,
    /// The last day is before the first.
    #[error("the certificate's days are in the wrong order")]
    Period,
    /// A newer CVCA key is known than the one that signed this link.
    #[error("the link certificate is signed by a key that has a successor")]
    Superseded,
    /// Another key of the same name is known.
    #[error("another key of this name is known")]
    NameTaken,
}

/// What importing a certificate changed in the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// The current date moved forward.
    pub date_moved: bool,
    /// A CVCA key became a trust point.
    pub new_trust_point: bool,
}

/// A key that a session knows by a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    holder: Reference,
    key: VerifyingKey,
    role: Role,
    /// The AND of the chain so far.
    chat: Chat,
}

/// A terminal whose certificate a chip has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedTerminal {
    /// Its name.
    pub holder: Reference,
    /// Its key.
    pub key: VerifyingKey,
    /// What every certificate of its chain allows (TR-03110-3 §2.7).
    pub effective: Chat,
}

/// One session's way from a trust point to a terminal.
#[derive(Debug, Clone, Default)]
pub struct Validation {
    chosen: Option<Known>,
    imported: Option<Known>,
}

impl Validation {
    /// Nothing chosen, nothing imported.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// MSE:SET DST: the key for the next certificate, by name: a trust point, or the key imported last.
    ///
    /// # Errors
    /// [`ChainError::UnknownKey`].
    pub fn choose(&mut self, trust: &ChipTrust, name: &[u8]) -> Result<(), ChainError> {
        self.chosen = None;
        let point = trust.points.iter().find(|point| point.holder.as_bytes() == name);
        let known = match (point, &self.imported) {
            (Some(point), _) => Known {
                holder: point.holder.clone(),
                key: point.key.clone(),
                role: Role::Cvca,
                chat: point.chat.clone(),
            },
            (None, Some(known)) if known.holder.as_bytes() == name => known.clone(),
            _ => return Err(ChainError::UnknownKey),
        };
        self.chosen = Some(known);
        Ok(())
    }

    /// PSO:VERIFY CERTIFICATE: verifies a certificate under the chosen key and imports its key. `trust` changes only
    /// when everything holds.
    ///
    /// The date is moved by what a CVCA or a document verifier vouches for: link certificates, document verifiers'
    /// certificates, and terminals' certificates under an official domestic document verifier (§2.5.1).
    ///
    /// # Errors
    /// [`ChainError`]; the session then knows no chosen key any more.
    pub fn import(
        &mut self,
        trust: &mut ChipTrust,
        certificate: &Certificate,
    ) -> Result<Imported, ChainError> {
        let issuer = self.chosen.take().ok_or(ChainError::UnknownKey)?;
        let content = certificate.content();
        if content.authority != issuer.holder {
            return Err(ChainError::Authority);
        }
        certificate.verify_signature(&issuer.key)?;
        let role = content.chat.role();
        let allowed = match issuer.role {
            Role::Cvca => role == Role::Cvca || role.is_verifier(),
            Role::DomesticVerifier | Role::ForeignVerifier => role == Role::Terminal,
            Role::Terminal => false,
        };
        if !allowed {
            return Err(ChainError::Role);
        }
        if content.expiration < content.effective {
            return Err(ChainError::Period);
        }
        let key = content.public_key.resolve(Some(&issuer.key))?;
        let is_link = role == Role::Cvca;
        // A link certificate is accepted when it is expired, and verified by an expired trust point: else a chip that
        // was long in a drawer could never be reached again. Nothing else is.
        if !is_link && content.expiration < trust.date {
            return Err(ChainError::Expired);
        }
        let mut done = Imported::default();
        if is_link {
            match trust.points.iter().position(|point| point.holder == content.holder) {
                Some(known) => {
                    if trust.points.get(known).is_none_or(|point| point.key != key) {
                        return Err(ChainError::NameTaken);
                    }
                }
                None => {
                    if trust.points.first().is_none_or(|newest| newest.holder != issuer.holder) {
                        return Err(ChainError::Superseded);
                    }
                    trust.succeed(TrustPoint::of(certificate, key), &issuer.holder);
                    done.new_trust_point = true;
                }
            }
            // The next certificate chooses its key anew: a link certificate's is a trust point now.
            self.imported = None;
        } else {
            if issuer.role == Role::Cvca
                && trust
                    .points
                    .iter()
                    .any(|point| point.holder == issuer.holder && point.expiration < trust.date)
            {
                return Err(ChainError::Expired);
            }
            let chat = issuer.chat.and(&content.chat);
            self.imported = Some(Known { holder: content.holder.clone(), key, role, chat });
        }
        let moves = issuer.role == Role::Cvca || issuer.role == Role::DomesticVerifier;
        if moves && content.effective > trust.date {
            trust.date = content.effective;
            done.date_moved = true;
        }
        Ok(done)
    }

    /// The terminal whose certificate was imported last, by its name.
    #[must_use]
    pub fn terminal(&self, name: &[u8]) -> Option<CertifiedTerminal> {
        let known = self.imported.as_ref()?;
        (known.role == Role::Terminal && known.holder.as_bytes() == name).then(|| CertifiedTerminal {
            holder: known.holder.clone(),
            key: known.key.clone(),
            effective: known.chat.clone(),
        })
    }
}

/// A terminal finds the certificates to present to a chip that knows one of these keys: links first, then document
/// verifier, then terminal. The names are tried in their order; `None` when no chain leads there.
///
/// Only names are followed, nothing is verified: the chip does that.
#[must_use]
pub fn find_chain<'a>(
    certificates: &'a [Certificate],
    known: &[Reference],
    terminal: &Reference,
) -> Option<Vec<&'a Certificate>> {
    let certificates = certificates.get(..certificates.len().min(MAX_CERTIFICATES))?;
    known.iter().find_map(|start| walk_back(certificates, start, terminal))
}

/// From the terminal back to the key the chip knows, breadth first: several document verifiers and links may carry
/// the same name.
fn walk_back<'a>(
    certificates: &'a [Certificate],
    start: &Reference,
    terminal: &Reference,
) -> Option<Vec<&'a Certificate>> {
    let mut paths: Vec<Vec<&Certificate>> =
        certificates.iter().filter(|one| one.holder() == terminal).map(|one| vec![one]).collect();
    for _ in 0..certificates.len() {
        let mut longer = Vec::new();
        for path in paths {
            let top = path.last()?;
            if top.authority() == start {
                return Some(path.into_iter().rev().collect());
            }
            let above = certificates
                .iter()
                .filter(|one| one.holder() == top.authority() && !one.is_self_signed())
                .filter(|one| !path.contains(one));
            longer.extend(above.map(|one| [path.as_slice(), &[one]].concat()));
            if longer.len() > MAX_CERTIFICATES {
                break;
            }
        }
        paths = longer;
    }
    None
}
