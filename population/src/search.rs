//! Finding people by what is known of them: a name as somebody typed or heard it, a birth date or only its year, the parents, the
//! place. The answer is ranked and says why (docs/search.md).
//!
//! | part | what |
//! |---|---|
//! | [`SearchRecord`] | what of a person is searched, and under which keys |
//! | [`SearchKey`] | 64 bits, stable, for a table `search_key(key, personal_number)` or a file |
//! | [`Query`] | what is known |
//! | [`CandidateIndex`] | the port: people under a key; the register is one ([`crate::store::SqlStore::find`]), [`MemoryIndex`] another |
//! | [`search`] | keys, candidates, ranking |
//! | `births` | keys by which a newborn is compared with those of its day |
//!
//! No key is a name alone: a third of all people are called Nguyễn. Every key joins words of the name with a year, a day, a
//! place or a parent, so that the longest list of a nation stays a few thousand.

mod births;
pub mod blocks;
mod cost;
mod index;
mod key;
mod query;
mod rank;
mod record;

pub(crate) use births::{alike_keys, birth_keys};
pub use index::{CandidateIndex, Handle, MemoryIndex, Postings};
pub use key::SearchKey;
pub use query::Query;
pub use rank::{Agreement, Hit, MAX_POSTINGS, MAX_RANKED, search};
pub use record::{SearchRecord, keys};
