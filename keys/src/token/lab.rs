//! A token in this process's memory that fails on demand: the twin of [`crate::pkcs11`] for tests. Its keys are software.

use super::Pin;
use super::port::{Fault, KeyId, Mechanisms, ObjectKind, Port, Session, TokenInfo, Unwrapping};
use crate::algorithm::HashAlgorithm;
use crate::curve::{CurveEncoding, NamedCurve};
use crate::signer::{Signer as _, SoftwareKey};
use cmac::{Cmac, KeyInit as _, Mac as _};
use rand_core::CryptoRng;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// How a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The fault, before anything was done.
    Before(Fault),
    /// The fault, after it was done: the answer was lost.
    After(Fault),
    /// Done, and the answer has a bit turned.
    Garbage,
    /// Done, and the answer is empty.
    Empty,
    /// The token is pulled out: everything is lost until it is put back.
    Removed,
}

/// The call that is to go wrong, counted from one among the calls that do something with keys (sessions and look-ups
/// are not counted), and how.
pub type Plan = HashMap<usize, Failure>;

type Objects = HashMap<(u8, KeyId), Object>;

enum Object {
    Pair(SoftwareKey),
    Octets(Zeroizing<Vec<u8>>),
}

struct Inside {
    info: TokenInfo,
    pin: String,
    tries: u32,
    objects: Objects,
    wrappable: HashSet<(u8, KeyId)>,
    /// Objects of a session.
    passing: HashSet<(u8, KeyId)>,
    plan: Plan,
    calls: usize,
    present: bool,
    epoch: u64,
    restarts: u64,
    sessions: usize,
    most_sessions: usize,
    logged_in: bool,
    rng: Box<dyn CryptoRng + Send>,
}

/// A token in memory. Clones are the same token.
#[derive(Clone)]
pub struct LabToken(Arc<Mutex<Inside>>);

/// PINs that may be wrong in a row.
const TRIES: u32 = 3;

impl LabToken {
    /// A token with this label and PIN.
    #[must_use]
    pub fn new(label: &str, pin: &str, rng: Box<dyn CryptoRng + Send>) -> Self {
        let mechanisms = Mechanisms {
            ec_key_pair_gen: true,
            ecdsa: true,
            aes_key_gen: true,
            aes_cmac: true,
            aes_key_wrap_pad: true,
        };
        let info = TokenInfo {
            slot: 7,
            label: label.to_owned(),
            serial: "LAB0000000000001".to_owned(),
            initialized: true,
            pin_count_low: false,
            pin_final_try: false,
            pin_locked: false,
            hardware: false,
            mechanisms,
        };
        Self(Arc::new(Mutex::new(Inside {
            info,
            pin: pin.to_owned(),
            tries: TRIES,
            objects: HashMap::new(),
            wrappable: HashSet::new(),
            passing: HashSet::new(),
            plan: Plan::new(),
            calls: 0,
            present: true,
            epoch: 0,
            restarts: 0,
            sessions: 0,
            most_sessions: 0,
            logged_in: false,
            rng,
        })))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what it says of itself.
    pub fn change(&self, change: impl FnOnce(&mut TokenInfo)) {
        change(&mut self.inside().info);
    }

    /// From now on these calls go wrong; counting begins anew.
    pub fn plan(&self, plan: Plan) {
        let mut inside = self.inside();
        (inside.plan, inside.calls) = (plan, 0);
    }

    /// Pulls it out, or puts it back; sessions do not survive it.
    pub fn put_back(&self, present: bool) {
        let mut inside = self.inside();
        inside.present = present;
        inside.lose();
    }

    /// Calls since the plan was made.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.inside().calls
    }

    /// The most sessions that were open at once.
    #[must_use]
    pub fn most_sessions(&self) -> usize {
        self.inside().most_sessions
    }

    /// Objects in it that stay.
    #[must_use]
    pub fn objects(&self) -> usize {
        let inside = self.inside();
        inside.objects.keys().filter(|place| !inside.passing.contains(*place)).count()
    }
}

impl Inside {
    fn insert(&mut self, place: (u8, KeyId), object: Object, wrappable: bool) {
        self.objects.insert(place, object);
        if wrappable {
            self.wrappable.insert(place);
        } else {
            self.wrappable.remove(&place);
        }
    }

    fn lose(&mut self) {
        self.epoch += 1;
        self.logged_in = false;
    }
}

impl std::fmt::Debug for LabToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LabToken")
    }
}

impl Port for LabToken {
    fn tokens(&self) -> Result<Vec<TokenInfo>, Fault> {
        let inside = self.inside();
        Ok(if inside.present { vec![inside.info.clone()] } else { Vec::new() })
    }

    fn open(&self, slot: u64) -> Result<Box<dyn Session>, Fault> {
        let mut inside = self.inside();
        if !inside.present || slot != inside.info.slot {
            return Err(Fault::Lost("CKR_TOKEN_NOT_PRESENT".to_owned()));
        }
        inside.sessions += 1;
        inside.most_sessions = inside.most_sessions.max(inside.sessions);
        Ok(Box::new(LabSession { token: self.clone(), epoch: inside.epoch, restarts: inside.restarts }))
    }

    fn restarts(&self) -> u64 {
        self.inside().restarts
    }

    fn restart(&self, seen: u64) -> Result<(), Fault> {
        let mut inside = self.inside();
        if inside.restarts == seen {
            inside.restarts += 1;
            inside.lose();
        }
        Ok(())
    }
}

struct LabSession {
    token: LabToken,
    epoch: u64,
    restarts: u64,
}

impl Drop for LabSession {
    fn drop(&mut self) {
        self.token.inside().sessions -= 1;
    }
}

const fn class(kind: ObjectKind) -> u8 {
    match kind {
        ObjectKind::KeyPair => 0,
        ObjectKind::SecretKey => 1,
        ObjectKind::Data => 2,
    }
}

impl LabSession {
    fn alive(&self) -> Result<MutexGuard<'_, Inside>, Fault> {
        let inside = self.token.inside();
        if !inside.present {
            return Err(Fault::Lost("CKR_DEVICE_REMOVED".to_owned()));
        }
        if inside.restarts != self.restarts {
            return Err(Fault::Stale);
        }
        if inside.epoch != self.epoch {
            return Err(Fault::Lost("CKR_SESSION_HANDLE_INVALID".to_owned()));
        }
        Ok(inside)
    }

    /// A call that counts.
    fn counted(&self, call: impl FnOnce(&mut Inside) -> Result<Vec<u8>, Fault>) -> Result<Vec<u8>, Fault> {
        let mut inside = self.alive()?;
        if !inside.logged_in {
            return Err(Fault::Lost("CKR_USER_NOT_LOGGED_IN".to_owned()));
        }
        inside.calls += 1;
        let number = inside.calls;
        let failure = inside.plan.get(&number).cloned();
        let lose = |inside: &mut Inside, fault: &Fault| {
            if matches!(fault, Fault::Lost(_)) {
                inside.lose();
            }
        };
        match failure {
            None => call(&mut inside),
            Some(Failure::Before(fault)) => {
                lose(&mut inside, &fault);
                Err(fault)
            }
            Some(Failure::After(fault)) => {
                call(&mut inside)?;
                lose(&mut inside, &fault);
                Err(fault)
            }
            Some(Failure::Garbage) => {
                let mut answer = call(&mut inside)?;
                if let Some(last) = answer.last_mut() {
                    *last ^= 1;
                }
                Ok(answer)
            }
            Some(Failure::Empty) => call(&mut inside).map(|_| Vec::new()),
            Some(Failure::Removed) => {
                inside.present = false;
                inside.lose();
                Err(Fault::Lost("CKR_DEVICE_REMOVED".to_owned()))
            }
        }
    }
}

/// Stands for `CKM_AES_KEY_WRAP_PAD`, without being it: a keystream and a check out of CMACs.
fn sealed(wrapping: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    let mut sealed: Vec<u8> = plain.iter().zip(keystream(wrapping)).map(|(octet, key)| octet ^ key).collect();
    let check = cmac_of(wrapping, &sealed);
    sealed.extend(check);
    sealed
}

fn opened(wrapping: &[u8; 32], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (body, check) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    (cmac_of(wrapping, body) == check).then(|| {
        Zeroizing::new(body.iter().zip(keystream(wrapping)).map(|(octet, key)| octet ^ key).collect())
    })
}

fn keystream(wrapping: &[u8; 32]) -> impl Iterator<Item = u8> {
    (0..u32::MAX).flat_map(|block| cmac_of(wrapping, &block.to_be_bytes()))
}

fn cmac_of(key: &[u8; 32], message: &[u8]) -> [u8; 16] {
    let mut mac = <Cmac<aes::Aes256> as cmac::KeyInit>::new(&(*key).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn point(key: &SoftwareKey) -> Vec<u8> {
    key.public_key().point().map(|(_, point)| point.to_vec()).unwrap_or_default()
}

impl Session for LabSession {
    fn login(&mut self, pin: &Pin) -> Result<(), Fault> {
        let mut inside = self.alive()?;
        if inside.info.pin_locked {
            return Err(Fault::PinLocked);
        }
        if pin.expose() == inside.pin {
            inside.tries = TRIES;
            inside.logged_in = true;
        } else {
            inside.tries = inside.tries.saturating_sub(1);
        }
        let tries = inside.tries;
        inside.info.pin_count_low = tries < TRIES;
        inside.info.pin_final_try = tries == 1;
        inside.info.pin_locked = tries == 0;
        if tries == TRIES { Ok(()) } else { Err(Fault::PinWrong) }
    }

    fn generate_key_pair(
        &mut self,
        id: &KeyId,
        _label: &str,
        curve: NamedCurve,
        wrappable: bool,
    ) -> Result<Vec<u8>, Fault> {
        self.counted(|inside| {
            let hash = HashAlgorithm::Sha256;
            let key = SoftwareKey::generate(curve, hash, CurveEncoding::Named, &mut inside.rng)
                .map_err(|error| Fault::Unsupported(error.to_string()))?;
            let point = point(&key);
            inside.insert((0, *id), Object::Pair(key), wrappable);
            Ok(point)
        })
    }

    fn public_point(&mut self, id: &KeyId) -> Result<Vec<u8>, Fault> {
        match self.alive()?.objects.get(&(0, *id)) {
            Some(Object::Pair(key)) => Ok(point(key)),
            _ => Err(Fault::NoKey),
        }
    }

    fn exists(&mut self, kind: ObjectKind, id: &KeyId) -> Result<bool, Fault> {
        Ok(self.alive()?.objects.contains_key(&(class(kind), *id)))
    }

    fn sign(&mut self, id: &KeyId, digest: &[u8]) -> Result<Vec<u8>, Fault> {
        self.counted(|inside| match inside.objects.get(&(0, *id)) {
            Some(Object::Pair(key)) => {
                key.sign_digest(digest).map_err(|error| Fault::Refused(error.to_string()))
            }
            _ => Err(Fault::NoKey),
        })
    }

    fn generate_secret_key(&mut self, id: &KeyId, _label: &str, wrappable: bool) -> Result<(), Fault> {
        let mut key = Zeroizing::new(vec![0; 32]);
        self.token.inside().rng.fill_bytes(&mut key);
        self.counted(|inside| {
            inside.insert((1, *id), Object::Octets(key), wrappable);
            Ok(Vec::new())
        })
        .map(drop)
    }

    fn wrap(&mut self, wrapping: &[u8; 32], kind: ObjectKind, id: &KeyId) -> Result<Vec<u8>, Fault> {
        self.counted(|inside| {
            let place = (class(kind), *id);
            let plain = match inside.objects.get(&place) {
                Some(_) if !inside.wrappable.contains(&place) => {
                    return Err(Fault::Refused("CKR_KEY_UNEXTRACTABLE".to_owned()));
                }
                Some(Object::Pair(key)) => key.to_scalar(),
                Some(Object::Octets(octets)) => octets.clone(),
                None => return Err(Fault::NoKey),
            };
            Ok(sealed(wrapping, &plain))
        })
    }

    fn unwrap(
        &mut self,
        wrapping: &[u8; 32],
        wrapped: &[u8],
        unwrapping: &Unwrapping<'_>,
    ) -> Result<(), Fault> {
        let Unwrapping { id, pair, lasting, .. } = *unwrapping;
        self.counted(|inside| {
            let invalid = || Fault::Refused("CKR_WRAPPED_KEY_INVALID".to_owned());
            let plain = opened(wrapping, wrapped).ok_or_else(invalid)?;
            let (kind, object) = match pair {
                Some((curve, _)) => {
                    let hash = HashAlgorithm::Sha256;
                    let key = SoftwareKey::from_scalar(curve, hash, CurveEncoding::Named, &plain)
                        .map_err(|_| invalid())?;
                    (0, Object::Pair(key))
                }
                None => (1, Object::Octets(plain)),
            };
            inside.insert((kind, *id), object, lasting);
            if !lasting {
                inside.passing.insert((kind, *id));
            }
            Ok(Vec::new())
        })
        .map(drop)
    }

    fn import_secret_key(&mut self, id: &KeyId, _label: &str, key: &[u8; 32]) -> Result<(), Fault> {
        self.counted(|inside| {
            inside.insert((1, *id), Object::Octets(Zeroizing::new(key.to_vec())), false);
            Ok(Vec::new())
        })
        .map(drop)
    }

    fn mac(&mut self, id: &KeyId, message: &[u8]) -> Result<Vec<u8>, Fault> {
        self.counted(|inside| match inside.objects.get(&(1, *id)) {
            Some(Object::Octets(key)) => {
                let mut mac = Cmac::<aes::Aes256>::new_from_slice(key)
                    .map_err(|error| Fault::Refused(error.to_string()))?;
                mac.update(message);
                Ok(mac.finalize().into_bytes().to_vec())
            }
            _ => Err(Fault::NoKey),
        })
    }

    fn store_data(&mut self, id: &KeyId, _label: &str, value: &[u8]) -> Result<(), Fault> {
        self.counted(|inside| {
            inside.insert((2, *id), Object::Octets(Zeroizing::new(value.to_vec())), false);
            Ok(Vec::new())
        })
        .map(drop)
    }

    fn read_data(&mut self, id: &KeyId) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.counted(|inside| match inside.objects.get(&(2, *id)) {
            Some(Object::Octets(value)) => Ok(value.to_vec()),
            _ => Err(Fault::NoKey),
        })
        .map(Zeroizing::new)
    }

    fn destroy(&mut self, kind: ObjectKind, id: &KeyId) -> Result<(), Fault> {
        self.counted(|inside| {
            inside.objects.remove(&(class(kind), *id)).map(|_| Vec::new()).ok_or(Fault::NoKey)
        })
        .map(drop)
    }
}
