//! A verifier's stories: cards that were issued, cards that were altered, links that break, and what is said of each.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod attacks;
mod batch;
mod card;
mod chip_proofs;
mod dependencies;
mod dumps;
mod evidence;
mod field;
mod field_chip;
mod forgeries;
mod genuine;
mod hostile;
mod http;
mod no_panic;
mod pace_variants;
mod pin;
mod program;
mod real_documents;
mod reports;
mod resume;
mod terminal;
mod trust;
mod verdict_rule;
