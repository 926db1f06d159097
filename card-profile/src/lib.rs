//! The Vietnamese chip identity card as data, bytes and protocols. No I/O, no clock, no randomness of its own.
//!
//! Bytes and rules: [`tlv`], [`lds`], [`mrz`], [`qr`], [`card_holder`], [`personal_number`], [`validity`],
//! [`transliteration`], [`file_system`], [`access`]. Commands and protocols, chip and terminal ends side by side: [`apdu`],
//! [`protocol`], [`personalization`].

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)
)]

pub mod access;
pub mod apdu;
pub mod card_holder;
pub mod file_system;
pub mod lds;
pub mod mrz;
pub mod personal_number;
pub mod personalization;
pub mod protocol;
pub mod qr;
pub mod tlv;
pub mod transliteration;
pub mod validity;
