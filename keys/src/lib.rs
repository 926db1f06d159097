//! The PKI of the card.
//!
//! | module | what | clause |
//! |---|---|---|
//! | [`asn1`] | bounded DER reader and writer | X.690 |
//! | [`algorithm`], [`curve`], [`public_key`] | identifiers, explicit parameters, signature verification | Doc 9303-12 §4.4 |
//! | [`signer`], [`profile`] | the port that signs, and which algorithms it uses | Doc 9303-12 §4.4 |
//! | [`certificate`] | certificates of CSCA and Document Signer: read, build | Doc 9303-12 §7.1 |
//! | [`ceremony`] | records of ceremonies, and their results made again | – |
//! | [`crl`] | certificate revocation lists: read, build | Doc 9303-12 §7.1.4 |
//! | [`shamir`] | a secret in N shares, of which any M give it back | – |
//! | [`signed_data`], [`sod`] | CMS `SignedData` and EF.SOD: sign, parse, verify | Doc 9303-10 §4.6.2, RFC 5652 |
//! | [`life`] | how long keys sign, how often, what for: the rules, without I/O | Doc 9303-12 §4.1 |
//! | [`master_list`] | master lists: read, verify, which certificate is of use | Doc 9303-12 §9 |
//! | [`deviation_list`] | what a state knows to be wrong in its own documents | Doc 9303-12 §10 |
//! | [`ldif`] | downloads of the ICAO PKD | RFC 2849 |
//! | [`path`] | certification paths of any depth, with revocation and a work budget | RFC 5280 §6 |
//! | [`mod@sunset`] | the day from which a kind of signature shows nothing | – |
//! | [`trust`] | trust store, the path from a Document Signer to an anchor, signers met before | Doc 9303-12 §8, Doc 9303-11 §5 |
//! | [`store`] | the encrypted key store on disk, and its ceremonies | Doc 9303-12 §4.1 |
//! | [`token`], [`pkcs11`] | keys in hardware: sessions, losses, PINs; the port over a PKCS#11 module | PKCS#11 v3.1 |
//! | [`transport_keys`] | keys of blanks, diversified per chip | `GlobalPlatform` Amendment D |
//! | [`detached`] | signed answers of the register, signed evidence of a station | – |
//! | [`audit_log`] | hash-chained, signed log | – |
//!
//! Time, randomness and trust are arguments. Only [`store`], [`trust::directory`], [`trust::import`], [`pkcs11`] and [`audit_log`]'s file do I/O.

pub mod algorithm;
pub mod asn1;
mod atomic_file;
pub mod audit_log;
#[cfg(feature = "store")]
pub mod ceremony;
pub mod certificate;
pub mod crl;
pub mod curve;
pub mod detached;
pub mod deviation_list;
pub mod ldif;
pub mod life;
pub mod master_list;
pub mod path;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod profile;
pub mod public_key;
pub mod shamir;
pub mod signed_data;
pub mod signer;
pub mod sod;
#[cfg(feature = "store")]
pub mod store;
pub mod sunset;
#[cfg(feature = "store")]
pub mod token;
pub mod transport_keys;
pub mod trust;
