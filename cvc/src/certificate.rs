//! CV certificates (TR-03110-3 §C.1): read, built, verified.
//!
//! ```text
//! 7F21 { 7F4E { 5F29 profile, 42 authority reference, 7F49 public key, 5F20 holder reference,
//!               7F4C authorization, 5F25 effective date, 5F24 expiration date, [65 extensions] },
//!        5F37 signature over 7F4E }
//! ```

use crate::chat::Chat;
use crate::date::Date;
use crate::private_key::{PrivateKey, SigningError};
use crate::public_key::{PublicKey, VerifyError, VerifyingKey};
use crate::reference::Reference;
use crate::tlv::{Object, Reader, encode};
use crate::{MAX_LENGTH, ParseError};
use rand_core::CryptoRng;
use std::fmt;

/// A certificate. What it was read from is kept byte by byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `7F4E …`: the signed bytes.
    body: Vec<u8>,
    /// `5F37 …`
    signature_object: Vec<u8>,
    /// `7F21` and its length as they were read.
    header: Vec<u8>,
    content: CertificateContent,
    signature: Vec<u8>,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateContent {
    /// Who signed it: the name of the key.
    pub authority: Reference,
    /// The certified key.
    pub public_key: PublicKey,
    /// The name of the certified key.
    pub holder: Reference,
    /// Role and rights.
    pub chat: Chat,
    /// The first day.
    pub effective: Date,
    /// The last day.
    pub expiration: Date,
    /// The data object `65` as it stands.
    pub extensions: Option<Vec<u8>>,
}

impl CertificateContent {
    /// The body `7F4E`: what is signed.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        encode(
            0x7F4E,
            &[
                &encode(0x5F29, &[&[0]]),
                &encode(0x42, &[self.authority.as_bytes()]),
                self.public_key.as_object(),
                &encode(0x5F20, &[self.holder.as_bytes()]),
                &self.chat.to_object(),
                &encode(0x5F25, &[&self.effective.to_bcd()]),
                &encode(0x5F24, &[&self.expiration.to_bcd()]),
                self.extensions.as_deref().unwrap_or_default(),
            ],
        )
    }

    fn read(object: &Object<'_>) -> Result<Self, ParseError> {
        let mut body = object.nested();
        read_profile(&mut body)?;
        let authority = Reference::read(&body.expect(0x42)?)?;
        let public_key = PublicKey::read(&body.expect(0x7F49)?)?;
        let holder = Reference::read(&body.expect(0x5F20)?)?;
        let chat = Chat::read(&body.expect(0x7F4C)?)?;
        let effective = read_date(&body.expect(0x5F25)?)?;
        let expiration = read_date(&body.expect(0x5F24)?)?;
        let extensions = body.optional(0x65)?.map(|extensions| extensions.raw.to_vec());
        body.finish()?;
        Ok(Self { authority, public_key, holder, chat, effective, expiration, extensions })
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn sign(self, key: &PrivateKey, rng: &mut dyn CryptoRng) -> Result<Certificate, SigningError> {
        self.sign_with(|body| key.sign(&[body], rng))
    }

    /// Has it signed by a key that is elsewhere, such as in a token: the closure is given the body and answers with the
    /// signature, for ECDSA `r ‖ s`.
    ///
    /// # Errors
    /// The closure's.
    pub fn sign_with<E>(self, sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>) -> Result<Certificate, E> {
        let body = self.to_body();
        let signature = sign(&body)?;
        let signature_object = encode(0x5F37, &[&signature]);
        let whole = encode(0x7F21, &[&body, &signature_object]);
        let value = body.len().saturating_add(signature_object.len());
        let header = whole.get(..whole.len().saturating_sub(value)).unwrap_or_default().to_vec();
        Ok(Certificate { body, signature_object, header, content: self, signature })
    }
}

/// The profile identifier must be 0, version 1 (§C.1.1).
pub(crate) fn read_profile(body: &mut Reader<'_>) -> Result<(), ParseError> {
    let profile = body.expect(0x5F29)?;
    if profile.value == [0] {
        Ok(())
    } else {
        Err(ParseError::Value { what: "certificate profile", offset: profile.offset })
    }
}

pub(crate) fn read_date(object: &Object<'_>) -> Result<Date, ParseError> {
    Date::from_bcd(object.value).map_err(|_| ParseError::Value { what: "date", offset: object.offset })
}

pub(crate) fn read_signature(object: &Object<'_>) -> Result<Vec<u8>, ParseError> {
    if object.value.is_empty() {
        return Err(ParseError::Value { what: "signature", offset: object.offset });
    }
    Ok(object.value.to_vec())
}

impl Certificate {
    /// Reads a certificate with nothing behind it.
    ///
    /// # Errors
    /// [`ParseError`], with the offset.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::TooLong { length: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let outer = reader.expect(0x7F21)?;
        reader.finish()?;
        let header = outer.raw.len().saturating_sub(outer.value.len());
        Self::read(outer.nested(), outer.raw.get(..header).unwrap_or_default())
    }

    /// Reads body and signature without the frame `7F21`: what PSO:VERIFY CERTIFICATE carries (TR-03110-3 §B.11.4).
    ///
    /// # Errors
    /// [`ParseError`], with the offset.
    pub fn from_command_data(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::TooLong { length: bytes.len() });
        }
        let whole = encode(0x7F21, &[bytes]);
        let header = whole.get(..whole.len().saturating_sub(bytes.len())).unwrap_or_default();
        Self::read(Reader::new(bytes), header)
    }

    fn read(mut inner: Reader<'_>, header: &[u8]) -> Result<Self, ParseError> {
        let body = inner.expect(0x7F4E)?;
        let content = CertificateContent::read(&body)?;
        let signature = inner.expect(0x5F37)?;
        inner.finish()?;
        Ok(Self {
            body: body.raw.to_vec(),
            signature_object: signature.raw.to_vec(),
            header: header.to_vec(),
            content,
            signature: read_signature(&signature)?,
        })
    }

    /// The whole certificate.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.header.as_slice(), &self.body, &self.signature_object].concat()
    }

    /// Body and signature, as PSO:VERIFY CERTIFICATE carries them.
    #[must_use]
    pub fn to_command_data(&self) -> Vec<u8> {
        [self.body.as_slice(), &self.signature_object].concat()
    }

    /// The signed bytes: the data object `7F4E`.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> &CertificateContent {
        &self.content
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Who signed it: the Certification Authority Reference.
    #[must_use]
    pub fn authority(&self) -> &Reference {
        &self.content.authority
    }

    /// Whose it is: the Certificate Holder Reference.
    #[must_use]
    pub fn holder(&self) -> &Reference {
        &self.content.holder
    }

    /// Whether it names itself as its authority.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.authority() == self.holder()
    }

    /// Whether this key signed it. Nothing else is looked at.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signature(&self, key: &VerifyingKey) -> Result<(), VerifyError> {
        key.verify(&[&self.body], &self.signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = &self.content;
        f.debug_struct("Certificate")
            .field("authority", &content.authority)
            .field("holder", &content.holder)
            .field("role", &content.chat.role())
            .field("effective", &content.effective)
            .field("expiration", &content.expiration)
            .finish_non_exhaustive()
    }
}
