//! From a request for a card to everything that may be written: the file, the portrait, the register's word, and the
//! states that an application walks through.

pub mod checks;
mod content;
pub mod file;
mod ground;
pub(crate) mod png;
pub mod portrait;
pub mod state;

pub use checks::{ADULT_FOR_CARDS, Checked, Difference, Refusal, check, differences, misfit, other_papers};
pub use file::{
    Application, ApplicationError, Asserted, BYTE_ORDER_MARK, Biometrics, MAX_FILE_BYTES, NotAWord, Reason,
    Representative, Template, read_portrait,
};
pub use ground::{Ground, NotAGround};
pub use portrait::{Portrait, PortraitError};
pub use state::{InvalidTransition, State, Step};
