//! Civil status (Luật Hộ tịch 2014): acts that offices register, and what each changes in the register of persons.
//!
//! An [`Entry`] is one act in an office's book. [`apply`](fn@apply) says what it changes, as a pure function over the records it
//! touches: nothing is written here, and nothing is guessed. An act that cannot be ([`NotApplied::Refused`]) goes back to
//! the office; one that contradicts what is known ([`NotApplied::Contradicts`]) becomes a case; one that comes late is
//! taken where it belongs and does not undo what came after. Where people live (Luật Cư trú 2020) is registered by other
//! offices and in other books, and taken in the same way.
//!
//! | module | what |
//! |---|---|
//! | [`act`] | the acts: what an office says happened |
//! | [`kind`], [`act_id`] | the books, and what an act in one is named by |
//! | [`mod@apply`] | an act and the records it touches → changed records and messages |
//! | [`family`] | how lists of relatives and households follow |
//! | [`refusal`] | why an act was not taken, with stable codes |
//! | [`message`] | what connected systems are told |
//! | [`holidays`] | days on which no office works, for time limits |
//! | [`paper`] | entries of old paper books, typed twice |
//! | [`linked`] | the two linked procedures: steps that wait for one another and for answers |

pub mod act;
pub mod act_id;
pub mod apply;
pub mod family;
mod form;
pub mod holidays;
pub mod kind;
pub mod linked;
pub mod message;
pub mod paper;
pub mod refusal;

pub use act::{Act, ActId, Book, Entry, Kind, Mover, Newborn, NotAnActId, Party, Stay};
pub use apply::{Applied, Books, Changes, apply, apply_overruling, may_overrule, needs_number};
pub use message::{Message, Topic};
pub use refusal::{Contradiction, NotApplied, Refusal};
