//! One token: found by label, logged in, a bounded pool of sessions, and back again after a loss.

use super::error::{Retries, TokenError};
use super::pin::Pin;
use super::port::{Fault, Port, Session, TokenInfo};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which token: what a store remembers of it. The module is not in it; another one may reach the same token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TokenIdentity {
    /// Its label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
}

/// Restarts by others that one call may meet.
const MAX_STALE: u32 = 64;

/// How much is asked of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimits {
    /// The most sessions at once; whoever comes later waits for one.
    pub sessions: usize,
    /// How often a call is made that was lost with its session.
    pub attempts: u32,
    /// The pause before the second attempt; doubled before each further one.
    pub pause: Duration,
    /// A wrong PIN may lock the token.
    pub spend_last_pin_try: bool,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self { sessions: 8, attempts: 4, pause: Duration::from_millis(100), spend_last_pin_try: false }
    }
}

/// A token that is open.
pub struct Token {
    port: Arc<dyn Port>,
    info: TokenInfo,
    pin: Pin,
    limits: TokenLimits,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Box<dyn Session>>,
    /// Sessions that exist, idle or at work.
    open: usize,
    /// Counts the times the token was lost: a session of an earlier one is not put back.
    generation: u64,
}

impl Token {
    /// Opens the token of this label and logs in.
    ///
    /// # Errors
    /// [`TokenError`]: no such token, several, another serial number than `expected`, a PIN that does not open it.
    pub fn open(
        port: Arc<dyn Port>,
        label: &str,
        expected: Option<&TokenIdentity>,
        pin: Pin,
        limits: TokenLimits,
    ) -> Result<Self, TokenError> {
        let info = find(&*port, label, expected.map(|identity| identity.serial.as_str()))?;
        let token =
            Self { port, info, pin, limits, state: Mutex::new(State::default()), returned: Condvar::new() };
        let session = token.connect(token.info.slot)?;
        let mut state = token.lock();
        state.open = 1;
        state.idle.push(session);
        drop(state);
        Ok(token)
    }

    /// What a store remembers.
    #[must_use]
    pub fn identity(&self) -> TokenIdentity {
        TokenIdentity { label: self.info.label.clone(), serial: self.info.serial.clone() }
    }

    /// What it said of itself when it was opened.
    #[must_use]
    pub const fn info(&self) -> &TokenInfo {
        &self.info
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.info.label
    }

    /// Production: the keys must be in a device.
    ///
    /// # Errors
    /// [`TokenError::NotHardware`].
    pub fn demand_hardware(&self) -> Result<(), TokenError> {
        if self.info.hardware {
            Ok(())
        } else {
            Err(TokenError::NotHardware { label: self.info.label.clone() })
        }
    }

    /// A wrapped backup: the token must be able to wrap and unwrap.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`].
    pub fn demand_wrapping(&self) -> Result<(), TokenError> {
        if self.info.mechanisms.aes_key_wrap_pad {
            Ok(())
        } else {
            let what = "mechanism CKM_AES_KEY_WRAP_PAD".to_owned();
            Err(TokenError::Unsupported { label: self.info.label.clone(), what })
        }
    }

    /// A new session, logged in.
    fn connect(&self, slot: u64) -> Result<Box<dyn Session>, TokenError> {
        let label = self.label();
        let failed = |fault| TokenError::of(fault, label, "a session", "");
        let mut session = self.port.open(slot).map_err(failed)?;
        // Asked before every login: between two of ours another program may have spent the tries.
        let state = self.port.tokens().map_err(failed)?.into_iter().find(|token| token.slot == slot);
        if let Some(state) = state {
            if state.pin_locked {
                return Err(TokenError::PinLocked { label: label.to_owned() });
            }
            if state.pin_final_try && !self.limits.spend_last_pin_try {
                return Err(TokenError::LastTry { label: label.to_owned() });
            }
        }
        match session.login(&self.pin) {
            Ok(()) => Ok(session),
            Err(Fault::PinWrong) => {
                let state = self.port.tokens().ok().and_then(|all| all.into_iter().find(|t| t.slot == slot));
                let label = label.to_owned();
                Err(match state {
                    Some(state) if state.pin_locked => TokenError::PinLocked { label },
                    Some(state) if state.pin_final_try => {
                        TokenError::PinWrong { label, retries: Retries::Last }
                    }
                    Some(state) if state.pin_count_low => {
                        TokenError::PinWrong { label, retries: Retries::Low }
                    }
                    _ => TokenError::PinWrong { label, retries: Retries::NotSaid },
                })
            }
            Err(fault) => Err(failed(fault)),
        }
    }

    /// Does something in a session. What was lost with the session is done again on a new one: it must be harmless to
    /// do twice.
    pub(crate) fn with<T>(
        &self,
        what: &'static str,
        key: &str,
        mut call: impl FnMut(&mut dyn Session) -> Result<T, Fault>,
    ) -> Result<T, TokenError> {
        let mut pause = self.limits.pause;
        let mut attempt = 1;
        let mut stale = 0;
        loop {
            let seen = self.port.restarts();
            let lost = match self.borrow() {
                Ok(mut borrowed) => match borrowed.call(&mut call) {
                    Ok(value) => return Ok(value),
                    // Another thread restarted the module for its own loss: not counted, or they would wear each other out.
                    Err(Fault::Stale) if stale < MAX_STALE => {
                        borrowed.broken();
                        stale += 1;
                        continue;
                    }
                    Err(fault @ (Fault::Lost(_) | Fault::Stale)) => {
                        borrowed.broken();
                        fault.to_string()
                    }
                    Err(fault) => return Err(TokenError::of(fault, self.label(), what, key)),
                },
                Err(TokenError::Lost { why, .. }) => why,
                // It was there when it was opened: its slot is empty now.
                Err(error @ TokenError::NoToken { .. }) => error.to_string(),
                Err(error) => return Err(error),
            };
            if attempt >= self.limits.attempts {
                let label = self.label().to_owned();
                return Err(TokenError::Lost { label, attempts: attempt, why: lost });
            }
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2);
            // At first only new sessions; when that did not help, the whole module.
            if attempt > 1
                && let Err(fault) = self.port.restart(seen)
            {
                return Err(TokenError::of(fault, self.label(), what, key));
            }
            attempt += 1;
        }
    }

    /// A session of the pool: an idle one, a new one, or the next that is put back.
    fn borrow(&self) -> Result<Borrowed<'_>, TokenError> {
        let mut state = self.lock();
        loop {
            let generation = state.generation;
            if let Some(session) = state.idle.pop() {
                return Ok(Borrowed { token: self, session: Some(session), generation });
            }
            if state.open < self.limits.sessions.max(1) {
                state.open += 1;
                drop(state);
                // Without the lock: others work on while this one opens. A failure gives the place back.
                let mut borrowed = Borrowed { token: self, session: None, generation };
                let slot = find(&*self.port, self.label(), Some(&self.info.serial))?.slot;
                borrowed.session = Some(self.connect(slot)?);
                return Ok(borrowed);
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session out of the pool; goes back when dropped.
struct Borrowed<'a> {
    token: &'a Token,
    session: Option<Box<dyn Session>>,
    generation: u64,
}

impl Borrowed<'_> {
    fn call<T>(&mut self, call: &mut impl FnMut(&mut dyn Session) -> Result<T, Fault>) -> Result<T, Fault> {
        match &mut self.session {
            Some(session) => call(&mut **session),
            None => Err(Fault::Lost("no session".to_owned())),
        }
    }

    /// The session is lost, and with it all that are idle: they were opened before.
    fn broken(mut self) {
        self.session = None;
        let mut state = self.token.lock();
        if state.generation == self.generation {
            state.generation += 1;
            let idle = std::mem::take(&mut state.idle);
            drop(state);
            // Their places are free only when they are closed: a token may have no more than were asked for.
            let closed = idle.len();
            drop(idle);
            let mut state = self.token.lock();
            state.open = state.open.saturating_sub(closed);
            drop(state);
            self.token.returned.notify_all();
        }
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let session = self.session.take();
        let mut state = self.token.lock();
        match session {
            Some(session) if state.generation == self.generation => state.idle.push(session),
            old => {
                drop(state);
                drop(old);
                let mut state = self.token.lock();
                state.open = state.open.saturating_sub(1);
            }
        }
        self.token.returned.notify_one();
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("identity", &self.identity()).finish_non_exhaustive()
    }
}

/// The one token of this label (and serial number).
fn find(port: &dyn Port, label: &str, serial: Option<&str>) -> Result<TokenInfo, TokenError> {
    let all = port.tokens().map_err(|fault| TokenError::of(fault, label, "the list of its tokens", ""))?;
    let describe = |tokens: &[&TokenInfo]| {
        if tokens.is_empty() {
            return "none".to_owned();
        }
        let one = |token: &&TokenInfo| {
            if token.initialized {
                format!("{:?} (serial {})", token.label, token.serial)
            } else {
                "one that is not initialised".to_owned()
            }
        };
        tokens.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let named: Vec<&TokenInfo> =
        all.iter().filter(|token| token.initialized && token.label == label).collect();
    let owned = label.to_owned();
    match (named.as_slice(), serial) {
        ([], _) => {
            Err(TokenError::NoToken { label: owned, present: describe(&all.iter().collect::<Vec<_>>()) })
        }
        (tokens, Some(serial)) => {
            let ours: Vec<&&TokenInfo> = tokens.iter().filter(|token| token.serial == serial).collect();
            match ours.as_slice() {
                [one] => Ok((**one).clone()),
                [] => Err(TokenError::OtherToken {
                    label: owned,
                    expected: serial.to_owned(),
                    found: tokens.iter().map(|token| token.serial.as_str()).collect::<Vec<_>>().join(", "),
                }),
                _ => Err(TokenError::Ambiguous { label: owned, present: describe(tokens) }),
            }
        }
        ([one], None) => Ok((*one).clone()),
        (several, None) => Err(TokenError::Ambiguous { label: owned, present: describe(several) }),
    }
}
