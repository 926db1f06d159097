//! Why an account was not made, or nobody let in.

use cccd_population::store::{Retry, StoreError};

use super::{PasswordRefused, REST, Role};
use crate::ledger::{code_of, words_of};

/// Why an account was not made, or nobody let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The store.
    #[error("the ledger failed: {}", words_of(.0))]
    Store(#[from] StoreError),
    /// Name or password wrong: which of the two is not said.
    #[error("name or password is wrong")]
    WrongPassword,
    /// Too many wrong passwords in a row.
    #[error("too many wrong passwords: this account rests for {} minutes", REST.as_mins())]
    Resting,
    /// An administrator locked it.
    #[error("this account is locked")]
    Locked,
    /// Its row has another password or other roles than its history gave it.
    #[error("this account is not as it was given: somebody changed the ledger's rows")]
    Altered,
    /// The session is over, or never was.
    #[error("nobody is logged in: the session is over")]
    NoSession,
    /// Another role is needed.
    #[error("{name} may not do this: it takes the role {role}")]
    MayNot {
        /// Who.
        name: String,
        /// What it takes.
        role: Role,
    },
    /// A name that is none.
    #[error("a name has 2 to 32 small letters, digits, dots and hyphens and begins with a letter")]
    BadName,
    /// No role, or an administrator who would do more.
    #[error("an account has roles, and an administrator has no other")]
    BadRoles,
    /// The password is too easy.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The name is taken.
    #[error("there is an account of this name")]
    Exists,
    /// No such account.
    #[error("there is no account of this name")]
    Unknown,
    /// The first account of a station keeps the others.
    #[error("the first account of a station is an administrator's")]
    FirstIsAdministrator,
    /// There is an administrator: accounts are theirs to make.
    #[error("accounts are made by an administrator who is logged in")]
    AdministratorNeeded,
    /// Nobody could unlock anything any more.
    #[error("the last administrator who may log in is not locked")]
    LastAdministrator,
    /// A lock says why.
    #[error("locking an account needs a reason")]
    ReasonMissing,
}

impl AccountError {
    /// The stable code of machine-readable output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => code_of(error),
            Self::WrongPassword => "wrong-password",
            Self::Resting => "account-resting",
            Self::Locked => "account-locked",
            Self::Altered => "account-altered",
            Self::NoSession => "no-session",
            Self::MayNot { .. } => "role-missing",
            Self::BadName => "account-name",
            Self::BadRoles => "account-roles",
            Self::Password(_) => "password-refused",
            Self::Exists => "account-exists",
            Self::Unknown => "unknown-account",
            Self::FirstIsAdministrator | Self::AdministratorNeeded => "administrator-needed",
            Self::LastAdministrator => "last-administrator",
            Self::ReasonMissing => "reason-missing",
        }
    }
}

impl Retry for AccountError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy))
    }
}
