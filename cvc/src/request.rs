//! Certificate requests (TR-03110-3 §C.2): a key asks to be certified.
//!
//! ```text
//! request        7F21 { 7F4E { 5F29 profile, [42 authority reference], 7F49 public key, 5F20 holder reference,
//!                              [65 extensions] }, 5F37 signature by the key itself }
//! authenticated  67 { request, 42 reference of the authenticating key, 5F37 its signature over both }
//! ```

use crate::certificate::{read_profile, read_signature};
use crate::private_key::{PrivateKey, SigningError};
use crate::public_key::{PublicKey, VerifyError, VerifyingKey};
use crate::reference::Reference;
use crate::tlv::{Object, Reader, encode};
use crate::{MAX_LENGTH, ParseError};
use rand_core::CryptoRng;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    raw: Vec<u8>,
    body: Vec<u8>,
    signature: Vec<u8>,
    /// By whom the certificate should be signed.
    pub authority: Option<Reference>,
    /// The key to certify, its domain parameters written out.
    pub public_key: PublicKey,
    /// The name it asks for.
    pub holder: Reference,
    /// The data object `65` as it stands.
    pub extensions: Option<Vec<u8>>,
}

impl Request {
    /// Makes a request of this key.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn make(
        key: &PrivateKey,
        holder: &Reference,
        authority: Option<&Reference>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, SigningError> {
        Self::make_with(key.public_key(true)?, holder, authority, |body| key.sign(&[body], rng))
    }

    /// Makes a request of a key that is elsewhere, such as in a token: the closure is given the body and answers with the
    /// signature, for ECDSA `r ‖ s`. The public key must have its domain parameters.
    ///
    /// # Errors
    /// The closure's.
    pub fn make_with<E>(
        public_key: PublicKey,
        holder: &Reference,
        authority: Option<&Reference>,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let wanted = authority.map(|authority| encode(0x42, &[authority.as_bytes()])).unwrap_or_default();
        let body = encode(
            0x7F4E,
            &[
                &encode(0x5F29, &[&[0]]),
                &wanted,
                public_key.as_object(),
                &encode(0x5F20, &[holder.as_bytes()]),
            ],
        );
        let signature = sign(&body)?;
        let raw = encode(0x7F21, &[&body, &encode(0x5F37, &[&signature])]);
        Ok(Self {
            raw,
            body,
            signature,
            authority: authority.cloned(),
            public_key,
            holder: holder.clone(),
            extensions: None,
        })
    }

    /// Reads a request without outer signature.
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
        Self::read(&outer)
    }

    fn read(outer: &Object<'_>) -> Result<Self, ParseError> {
        let mut inner = outer.nested();
        let body = inner.expect(0x7F4E)?;
        let signature = read_signature(&inner.expect(0x5F37)?)?;
        inner.finish()?;
        let mut fields = body.nested();
        read_profile(&mut fields)?;
        let authority = fields.optional(0x42)?.map(|object| Reference::read(&object)).transpose()?;
        let public_key = PublicKey::read(&fields.expect(0x7F49)?)?;
        let holder = Reference::read(&fields.expect(0x5F20)?)?;
        let extensions = fields.optional(0x65)?.map(|extensions| extensions.raw.to_vec());
        fields.finish()?;
        Ok(Self {
            raw: outer.raw.to_vec(),
            body: body.raw.to_vec(),
            signature,
            authority,
            public_key,
            holder,
            extensions,
        })
    }

    /// The whole request.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// The inner signature: whoever asks holds the key.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self) -> Result<(), VerifyError> {
        self.public_key.resolve(None)?.verify(&[&self.body], &self.signature)
    }

    /// Adds the outer signature by a key that the authority knows already.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn authenticate(
        self,
        reference: &Reference,
        key: &PrivateKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<AuthenticatedRequest, SigningError> {
        self.authenticate_with(reference, |message| key.sign(&[message], rng))
    }

    /// The same by a key that is elsewhere.
    ///
    /// # Errors
    /// The closure's.
    pub fn authenticate_with<E>(
        self,
        reference: &Reference,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<AuthenticatedRequest, E> {
        let name = encode(0x42, &[reference.as_bytes()]);
        let signature = sign(&[self.raw.as_slice(), &name].concat())?;
        Ok(AuthenticatedRequest { request: self, reference: reference.clone(), signature })
    }
}

/// A request with the signature of a key that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedRequest {
    /// The request.
    pub request: Request,
    /// The key that vouches for it.
    pub reference: Reference,
    signature: Vec<u8>,
}

impl AuthenticatedRequest {
    /// Reads one.
    ///
    /// # Errors
    /// [`ParseError`], with the offset.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ParseError::TooLong { length: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let outer = reader.expect(0x67)?;
        reader.finish()?;
        let mut inner = outer.nested();
        let request = Request::read(&inner.expect(0x7F21)?)?;
        let reference = Reference::read(&inner.expect(0x42)?)?;
        let signature = read_signature(&inner.expect(0x5F37)?)?;
        inner.finish()?;
        Ok(Self { request, reference, signature })
    }

    /// The whole request.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(0x67, &[&self.request.raw, &self.name(), &encode(0x5F37, &[&self.signature])])
    }

    fn name(&self) -> Vec<u8> {
        encode(0x42, &[self.reference.as_bytes()])
    }

    /// Both signatures, the outer one under the key that its reference names.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), VerifyError> {
        self.request.verify()?;
        key.verify(&[&self.request.raw, &self.name()], &self.signature)
    }
}
