//! From a request for a card to everything that may be written: the file, the portrait, the register's word, and the
//! states that an application walks through.

pub mod checks;
pub mod file;
pub mod portrait;
pub mod state;

pub use checks::{Difference, Refusal, check};
pub use file::{Application, ApplicationError, Asserted, Reason, Template};
pub use portrait::{Portrait, PortraitError};
pub use state::{InvalidTransition, State, Step};
