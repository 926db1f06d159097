//! One session with a token. Handles of objects are looked up once and kept with the session.

use super::{Module, fault};
use crate::asn1::{Reader, tag};
use crate::curve::NamedCurve;
use crate::token::Pin;
use crate::token::port::{Fault, KeyId, ObjectKind, Session, Unwrapping};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session as Raw, UserType};
use cryptoki::types::AuthPin;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use zeroize::Zeroizing;

/// `CKA_APPLICATION` of data objects.
const APPLICATION: &[u8] = b"cccd-keys";

/// Most handles that a session keeps.
const MAX_HANDLES: usize = 256;

pub(super) struct ModuleSession {
    module: Arc<Module>,
    session: Option<Raw>,
    epoch: u64,
    handles: HashMap<(u8, KeyId), ObjectHandle>,
}

impl ModuleSession {
    pub(super) fn new(module: Arc<Module>, session: Raw, epoch: u64) -> Self {
        Self { module, session: Some(session), epoch, handles: HashMap::new() }
    }

    /// One call; never one after the module was restarted, where the handle may be another's.
    fn call<T>(&self, call: impl FnOnce(&Raw) -> Result<T, Error>) -> Result<T, Fault> {
        let epoch = self.module.epoch.read().unwrap_or_else(PoisonError::into_inner);
        match &self.session {
            Some(session) if *epoch == self.epoch => call(session).map_err(|error| fault(&error)),
            _ => Err(Fault::Stale),
        }
    }

    fn find(&self, class: ObjectClass, id: &KeyId) -> Result<Vec<ObjectHandle>, Fault> {
        let name = if class == ObjectClass::DATA {
            Attribute::ObjectId(id.0.to_vec())
        } else {
            Attribute::Id(id.0.to_vec())
        };
        // Of the session too: a key that is only tried out is found under its own identifier.
        let template = [Attribute::Class(class), name];
        self.call(|session| session.find_objects(&template))
    }

    fn handle(&mut self, class: ObjectClass, id: &KeyId) -> Result<ObjectHandle, Fault> {
        let slot = (if class == ObjectClass::PRIVATE_KEY { 0 } else { 1 }, *id);
        if let Some(handle) = self.handles.get(&slot) {
            return Ok(*handle);
        }
        let found = self.find(class, id)?;
        let [handle] = found.as_slice() else {
            return Err(if found.is_empty() {
                Fault::NoKey
            } else {
                Fault::Refused(format!("{} objects have the identifier {id}", found.len()))
            });
        };
        if self.handles.len() >= MAX_HANDLES {
            self.handles.clear();
        }
        self.handles.insert(slot, *handle);
        Ok(*handle)
    }

    /// One call with a wrapping key that is an object of this session only, and gone after it.
    fn under<T>(
        &self,
        wrapping: &[u8; 32],
        call: impl FnOnce(&Raw, ObjectHandle) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        let mut template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(false),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(false),
            Attribute::Decrypt(false),
            Attribute::Sign(false),
            Attribute::Verify(false),
            Attribute::Wrap(true),
            Attribute::Unwrap(true),
            Attribute::Value(wrapping.to_vec()),
        ];
        let made = self.call(|session| session.create_object(&template));
        template.iter_mut().for_each(wipe);
        let handle = made?;
        let answer = self.call(|session| call(session, handle));
        let gone = self.call(|session| session.destroy_object(handle));
        let answer = answer?;
        gone.map(|()| answer)
    }

    fn point_of(&self, public: ObjectHandle, curve: Option<NamedCurve>) -> Result<Vec<u8>, Fault> {
        let attributes = self.call(|session| session.get_attributes(public, &[AttributeType::EcPoint]))?;
        let point = attributes.into_iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
        let point = point.ok_or_else(|| Fault::Refused("it keeps no public point".to_owned()))?;
        // DER OCTET STRING since v2.20; some tokens give the bare point.
        let unwrapped = Reader::new(&point)
            .expect(tag::OCTET_STRING, "a point")
            .ok()
            .filter(|element| element.raw.len() == point.len())
            .map(|element| element.content.to_vec())
            .filter(|value| value.first() == Some(&4));
        let point = unwrapped.unwrap_or(point);
        let fits = curve.is_none_or(|curve| point.len() == 2 * curve.field_length() + 1);
        if fits && point.first() == Some(&4) {
            Ok(point)
        } else {
            Err(Fault::Refused("its public point is none of the curve".to_owned()))
        }
    }
}

impl Session for ModuleSession {
    fn login(&mut self, pin: &Pin) -> Result<(), Fault> {
        self.call(|session| {
            let pin = AuthPin::from(pin.expose().to_owned());
            match session.login(UserType::User, Some(&pin)) {
                Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
                other => other,
            }
        })
    }

    fn generate_key_pair(
        &mut self,
        id: &KeyId,
        label: &str,
        curve: NamedCurve,
        wrappable: bool,
    ) -> Result<Vec<u8>, Fault> {
        let common = [
            Attribute::Token(true),
            Attribute::Id(id.0.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let public = [
            &common[..],
            &[
                Attribute::EcParams(crate::asn1::oid(&curve.oid())),
                Attribute::Verify(true),
                Attribute::Private(false),
            ],
        ]
        .concat();
        let private = [&common[..], &private_key(wrappable)].concat();
        let (public, _) =
            self.call(|session| session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private))?;
        self.point_of(public, Some(curve))
    }

    fn public_point(&mut self, id: &KeyId) -> Result<Vec<u8>, Fault> {
        let found = self.find(ObjectClass::PUBLIC_KEY, id)?;
        let [public] = found.as_slice() else { return Err(Fault::NoKey) };
        self.point_of(*public, None)
    }

    fn exists(&mut self, kind: ObjectKind, id: &KeyId) -> Result<bool, Fault> {
        Ok(!self.find(class(kind), id)?.is_empty())
    }

    fn sign(&mut self, id: &KeyId, digest: &[u8]) -> Result<Vec<u8>, Fault> {
        let key = self.handle(ObjectClass::PRIVATE_KEY, id)?;
        self.call(|session| session.sign(&Mechanism::Ecdsa, key, digest))
    }

    fn generate_secret_key(&mut self, id: &KeyId, label: &str, wrappable: bool) -> Result<(), Fault> {
        let mut template = secret_key(id, label, wrappable);
        template.push(Attribute::ValueLen(32.into()));
        self.call(|session| session.generate_key(&Mechanism::AesKeyGen, &template).map(drop))
    }

    fn import_secret_key(&mut self, id: &KeyId, label: &str, key: &[u8; 32]) -> Result<(), Fault> {
        let mut template = secret_key(id, label, false);
        template.extend([Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Value(key.to_vec())]);
        let made = self.call(|session| session.create_object(&template).map(drop));
        for attribute in &mut template {
            wipe(attribute);
        }
        made
    }

    fn mac(&mut self, id: &KeyId, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let key = self.handle(ObjectClass::SECRET_KEY, id)?;
        self.call(|session| session.sign(&Mechanism::AesCMac, key, message))
    }

    fn wrap(&mut self, wrapping: &[u8; 32], kind: ObjectKind, id: &KeyId) -> Result<Vec<u8>, Fault> {
        let key = self.handle(class(kind), id)?;
        self.under(wrapping, |session, wrapping| session.wrap_key(&Mechanism::AesKeyWrapPad, wrapping, key))
    }

    fn unwrap(
        &mut self,
        wrapping: &[u8; 32],
        wrapped: &[u8],
        unwrapping: &Unwrapping<'_>,
    ) -> Result<(), Fault> {
        let Unwrapping { id, label, pair, lasting } = *unwrapping;
        let named = [
            Attribute::Token(lasting),
            Attribute::Id(id.0.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let template = match pair {
            Some((curve, point)) => {
                // The public half first: a private key that is there is whole.
                if self.find(ObjectClass::PUBLIC_KEY, id)?.is_empty() {
                    let mut public = named.to_vec();
                    public.extend([
                        Attribute::Class(ObjectClass::PUBLIC_KEY),
                        Attribute::KeyType(KeyType::EC),
                        Attribute::EcParams(crate::asn1::oid(&curve.oid())),
                        Attribute::EcPoint(crate::asn1::tlv(tag::OCTET_STRING, point)),
                        Attribute::Verify(true),
                        Attribute::Private(false),
                    ]);
                    self.call(|session| session.create_object(&public).map(drop))?;
                }
                let mut private = named.to_vec();
                private.extend([Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC)]);
                private.extend(private_key(lasting));
                private
            }
            None => {
                let mut secret = secret_key(id, label, lasting);
                secret.retain(|attribute| !matches!(attribute, Attribute::Token(_)));
                secret.extend([Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(lasting)]);
                secret
            }
        };
        self.under(wrapping, |session, wrapping| {
            session.unwrap_key(&Mechanism::AesKeyWrapPad, wrapping, wrapped, &template).map(drop)
        })
    }

    fn store_data(&mut self, id: &KeyId, label: &str, value: &[u8]) -> Result<(), Fault> {
        let mut template = [
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Application(APPLICATION.to_vec()),
            Attribute::ObjectId(id.0.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Value(value.to_vec()),
        ];
        let made = self.call(|session| session.create_object(&template).map(drop));
        template.iter_mut().for_each(wipe);
        made
    }

    fn read_data(&mut self, id: &KeyId) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let found = self.find(ObjectClass::DATA, id)?;
        let [object] = found.as_slice() else { return Err(Fault::NoKey) };
        let attributes = self.call(|session| session.get_attributes(*object, &[AttributeType::Value]))?;
        attributes
            .into_iter()
            .find_map(|attribute| match attribute {
                Attribute::Value(value) => Some(Zeroizing::new(value)),
                _ => None,
            })
            .ok_or(Fault::NoKey)
    }

    fn destroy(&mut self, kind: ObjectKind, id: &KeyId) -> Result<(), Fault> {
        self.handles.retain(|(_, other), _| other != id);
        let mut found = self.find(class(kind), id)?;
        if found.is_empty() {
            return Err(Fault::NoKey);
        }
        if kind == ObjectKind::KeyPair {
            found.extend(self.find(ObjectClass::PUBLIC_KEY, id)?);
        }
        found.into_iter().try_for_each(|object| self.call(|session| session.destroy_object(object)))
    }
}

impl Drop for ModuleSession {
    fn drop(&mut self) {
        let epoch = self.module.epoch.read().unwrap_or_else(PoisonError::into_inner);
        // After a restart the handle may be another session's.
        if *epoch == self.epoch
            && let Some(session) = self.session.take()
        {
            drop(session.close());
        }
    }
}

const fn class(kind: ObjectKind) -> ObjectClass {
    match kind {
        ObjectKind::KeyPair => ObjectClass::PRIVATE_KEY,
        ObjectKind::SecretKey => ObjectClass::SECRET_KEY,
        ObjectKind::Data => ObjectClass::DATA,
    }
}

/// What a private key may: sign.
fn private_key(wrappable: bool) -> [Attribute; 7] {
    [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(wrappable),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}

fn secret_key(id: &KeyId, label: &str, wrappable: bool) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::KeyType(KeyType::AES),
        Attribute::Id(id.0.to_vec()),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Sensitive(true),
        Attribute::Extractable(wrappable),
        Attribute::Sign(true),
        Attribute::Verify(false),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}

fn wipe(attribute: &mut Attribute) {
    use zeroize::Zeroize as _;
    if let Attribute::Value(value) = attribute {
        value.zeroize();
    }
}
