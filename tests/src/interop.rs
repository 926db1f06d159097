//! Foreign implementations beside ours: `make interop`.
//!
//! | module | peer | role |
//! |---|---|---|
//! | [`readers`] | JMRTD, the crate `dmrtd` | read our chip through pcscd |
//! | [`pace`] | libeac | terminal and chip of PACE |
//! | [`chip_authentication`] | libeac | terminal and chip of Chip Authentication |
//! | [`terminal_authentication`] | libeac, JMRTD | terminal and chip of Terminal Authentication; CV certificates |
//! | [`foreign_card`] | libeac | a whole card, read by our verifier |
//! | [`card_security`] | libeac, JMRTD | parse our EF.CardSecurity |
//! | [`data_groups`] | JMRTD | parses every group it knows, as we encode it |
//! | [`signatures`] | `BouncyCastle`, OpenSSL | check our Active Authentication |
//! | [`pki`] | `BouncyCastle`, OpenSSL | check what the PKI signs: certificates, CRL, EF.SOD, master list |
//! | [`scp03`] | yubikey-manager | opens our chip's secure channel |
//!
//! [`table`] is what is printed, [`peer`] a foreign program and how it is spoken to, [`libeac`] its verbs and its secure
//! messaging. The peers' sources lie in `tests/interop`, `scripts/interop-peers` builds them.

pub mod card_security;
pub mod chip_authentication;
pub mod data_groups;
pub mod foreign_card;
pub mod libeac;
pub mod pace;
pub mod peer;
pub mod pki;
pub mod readers;
pub mod scp03;
pub mod signatures;
pub mod table;
pub mod terminal_authentication;
