//! The port of [`crate::token`] over a PKCS#11 module, by the crate `cryptoki`.
//!
//! A module is a shared library that is started once in a process, whoever asks for it. It is restarted when a token
//! does not come back by itself; every session from before is then known to be lost and is never handed to the module
//! again, whose handles begin anew.

mod access;
#[cfg(feature = "arguments")]
mod arguments;
mod session;
#[cfg(feature = "lab-token")]
pub mod softhsm;

pub use access::{AccessError, TokenAccess, open_store};
#[cfg(feature = "arguments")]
pub use arguments::TokenArguments;

use crate::token::port::{Fault, Mechanisms, Port, Session, TokenInfo};
use crate::token::{Pin, Token, TokenError, TokenIdentity, TokenLimits};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::slot::Slot;
use session::ModuleSession;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Most slots that are looked at.
const MAX_SLOTS: usize = 256;

/// A module that is started.
#[derive(Debug)]
pub struct Module {
    path: PathBuf,
    context: Pkcs11,
    /// Counts the starts. Calls hold it shared, a restart alone.
    epoch: RwLock<u64>,
}

/// What was started stays so until the process ends: a module is one for the whole process (PKCS#11 v3.1 §5.4), and
/// somebody else in it may use it too.
static MODULES: Mutex<Option<HashMap<PathBuf, Arc<Module>>>> = Mutex::new(None);

impl Module {
    /// Loads and starts a module, or finds the one that is started.
    ///
    /// # Errors
    /// [`TokenError::Module`].
    pub fn load(path: &Path) -> Result<Arc<Self>, TokenError> {
        let failed = |why: String| TokenError::Module { path: path.display().to_string(), why };
        // A bare name would be searched for along the loader's path: whose library that is nobody could say.
        let path = std::fs::canonicalize(path).map_err(|error| failed(error.to_string()))?;
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        let modules = modules.get_or_insert_default();
        if let Some(module) = modules.get(&path) {
            return Ok(Arc::clone(module));
        }
        let context = Pkcs11::new(&path).map_err(|error| failed(error.to_string()))?;
        start(&context).map_err(|error| failed(describe(&error)))?;
        let module = Arc::new(Self { path: path.clone(), context, epoch: RwLock::new(0) });
        modules.insert(path, Arc::clone(&module));
        Ok(module)
    }

    /// Does something while the module is not restarted.
    fn call<T>(&self, call: impl FnOnce(&Pkcs11, u64) -> Result<T, Error>) -> Result<T, Fault> {
        let epoch = self.epoch.read().unwrap_or_else(PoisonError::into_inner);
        call(&self.context, *epoch).map_err(|error| fault(&error))
    }
}

/// Opens the token of this label behind a module.
///
/// # Errors
/// [`TokenError`].
pub fn open_token(
    module: &Path,
    label: &str,
    expected: Option<&TokenIdentity>,
    pin: Pin,
    limits: TokenLimits,
) -> Result<Token, TokenError> {
    Token::open(Arc::new(Module::load(module)?), label, expected, pin, limits)
}

fn start(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Somebody else in this process uses it too.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}

impl Port for Arc<Module> {
    fn tokens(&self) -> Result<Vec<TokenInfo>, Fault> {
        self.call(|context, _| {
            let slots = context.get_slots_with_token()?;
            let read = slots.into_iter().take(MAX_SLOTS).map(|slot| describe_token(context, slot));
            // A token that leaves while it is asked is not there.
            Ok(read.filter_map(Result::ok).collect())
        })
    }

    fn open(&self, slot: u64) -> Result<Box<dyn Session>, Fault> {
        let slot = Slot::try_from(slot).map_err(|error| fault(&error))?;
        let (session, epoch) =
            self.call(|context, epoch| Ok((context.open_rw_session_no_drop(slot)?, epoch)))?;
        Ok(Box::new(ModuleSession::new(Arc::clone(self), session, epoch)))
    }

    fn restarts(&self) -> u64 {
        *self.epoch.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn restart(&self, seen: u64) -> Result<(), Fault> {
        let mut epoch = self.epoch.write().unwrap_or_else(PoisonError::into_inner);
        if *epoch != seen {
            return Ok(());
        }
        *epoch += 1;
        let module = |error: &Error| Fault::Module {
            path: self.path.display().to_string(),
            why: format!("it does not start again: {}", describe(error)),
        };
        match self.context.clone().finalize() {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => {}
            Err(error) => return Err(module(&error)),
        }
        start(&self.context).map_err(|error| module(&error))
    }
}

fn describe_token(context: &Pkcs11, slot: Slot) -> Result<TokenInfo, Error> {
    let info = context.get_token_info(slot)?;
    let has = |kind: MechanismType| context.get_mechanism_info(slot, kind).ok();
    let ecdsa = has(MechanismType::ECDSA);
    let device = context.get_slot_info(slot).is_ok_and(|slot| slot.hardware_slot());
    Ok(TokenInfo {
        slot: slot.id(),
        label: info.label().to_owned(),
        serial: info.serial_number().to_owned(),
        initialized: info.token_initialized(),
        pin_count_low: info.user_pin_count_low(),
        pin_final_try: info.user_pin_final_try(),
        pin_locked: info.user_pin_locked(),
        hardware: device || ecdsa.is_some_and(|mechanism| mechanism.hardware()),
        mechanisms: Mechanisms {
            ec_key_pair_gen: has(MechanismType::ECC_KEY_PAIR_GEN).is_some(),
            ecdsa: ecdsa.is_some(),
            aes_key_gen: has(MechanismType::AES_KEY_GEN).is_some(),
            aes_cmac: has(MechanismType::AES_CMAC).is_some(),
            aes_key_wrap_pad: has(MechanismType::AES_KEY_WRAP_PAD)
                .is_some_and(|mechanism| mechanism.wrap() && mechanism.unwrap()),
        },
    })
}

/// The name of a return value, without the crate's paragraph about it.
fn describe(error: &Error) -> String {
    match error {
        Error::Pkcs11(value, function) => format!("{function}: {value:?}"),
        other => other.to_string(),
    }
}

/// What a return value means here (PKCS#11 v3.1 §5.1).
fn fault(error: &Error) -> Fault {
    let text = describe(error);
    let Error::Pkcs11(value, _) = error else { return Fault::Refused(text) };
    match value {
        RvError::DeviceError
        | RvError::DeviceRemoved
        | RvError::DeviceMemory
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid
        | RvError::SessionClosed
        | RvError::SessionHandleInvalid
        | RvError::UserNotLoggedIn
        | RvError::ObjectHandleInvalid
        | RvError::KeyHandleInvalid
        | RvError::CryptokiNotInitialized
        | RvError::GeneralError
        | RvError::FunctionFailed
        | RvError::FunctionCanceled
        | RvError::OperationActive
        | RvError::OperationNotInitialized => Fault::Lost(text),
        RvError::PinIncorrect => Fault::PinWrong,
        RvError::PinLocked => Fault::PinLocked,
        RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired | RvError::UserPinNotInitialized => {
            Fault::PinUnusable(text)
        }
        RvError::MechanismInvalid | RvError::MechanismParamInvalid => {
            Fault::Unsupported(format!("such mechanism ({text})"))
        }
        RvError::CurveNotSupported | RvError::DomainParamsInvalid => {
            Fault::Unsupported(format!("such curve ({text})"))
        }
        _ => Fault::Refused(text),
    }
}
