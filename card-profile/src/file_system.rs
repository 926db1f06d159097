//! The files of the card: names, identifiers, tags, and who may read them (ISO/IEC 7816-4 §7, Doc 9303-10 §3).
//!
//! | EF | FID | SFI | tag | in | read | clause |
//! |---|---|---|---|---|---|---|
//! | EF.ATR/INFO | 2F01 | 01 | – | MF | always | Doc 9303-10 §3.11.1 |
//! | EF.DIR | 2F00 | 1E | – | MF | always | Doc 9303-10 §3.11.2 |
//! | EF.CardAccess | 011C | 1C | 31 | MF | always | Doc 9303-10 §3.11.3 |
//! | EF.CardSecurity | 011D | 1D | 30 | MF | chip access | Doc 9303-10 §3.11.4 |
//! | EF.COM | 011E | 1E | 60 | LDS1 | chip access | Doc 9303-10 §4.6.1 |
//! | EF.SOD | 011D | 1D | 77 | LDS1 | chip access | Doc 9303-10 §4.6.2 |
//! | EF.CVCA | 011C | 1C | – | LDS1 | chip access | TR-03110-3 §A.5 |
//! | EF.DG1 | 0101 | 01 | 61 | LDS1 | chip access | Doc 9303-10 §4.7.1 |
//! | EF.DG2 | 0102 | 02 | 75 | LDS1 | chip access | Doc 9303-10 §4.7.2 |
//! | EF.DG3 | 0103 | 03 | 63 | LDS1 | terminal authentication | Doc 9303-10 §4.7.3 |
//! | EF.DG13 | 010D | 0D | 6D | LDS1 | chip access | national (Doc 9303-10 §4.7.13) |
//! | EF.DG14 | 010E | 0E | 6E | LDS1 | chip access | Doc 9303-10 §4.7.14 |
//! | EF.DG15 | 010F | 0F | 6F | LDS1 | chip access | Doc 9303-10 §4.7.15 |
//!
//! EF.DIR and EF.CardSecurity are not among the files of a CCCD ([`CCCD_FILES`]): readers of other documents and chips of
//! the laboratory know them. EF.CardSecurity and EF.SOD share an identifier; which one is meant depends on the DF selected.

mod elementary_file;
mod identifier;

pub use elementary_file::{CCCD_FILES, ElementaryFile, PERSONALIZED_FILES, Parent};
pub use identifier::{Aid, FileId, NotAnAid, ShortFileId};
