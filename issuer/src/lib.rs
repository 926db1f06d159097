//! From an application to a personalised card.

pub mod application;
pub mod card_face;
pub mod ledger;
pub mod register;
