//! The message of citizens of QCVN 109:2017/BTTTT (with TT 02/2017/TT-BTTTT): XML in the namespace [`NAMESPACE`], a
//! root `CongdanCollection` with one `CongDan` a person.
//!
//! The standard has fewer items than the law has today. What it cannot say goes into one element more,
//! [`SUPPLEMENT`] in a namespace of our own: a JSON merge patch (RFC 7386) on what the standard's elements say. Readers
//! that do not know it still have everything that the standard knows; without it we read what there is. Elements that
//! we do not know are kept as text in item 26, never dropped.
//!
//! | module | what |
//! |---|---|
//! | [`codes`] | ethnic groups, religions, blood groups, marital status, sex |
//! | [`rows`] | persons cut out of a file without holding it; entities and document types refused |
//! | [`message`] | a person as elements, and back |

pub mod codes;
pub mod message;
pub mod rows;

/// The namespace of the standard.
pub const NAMESPACE: &str = "http://www.mic.gov.vn/dancu/1.0";

/// The namespace of what the standard cannot say.
pub const SUPPLEMENT_NAMESPACE: &str = "urn:cccd:dancu:1";

/// The element of what the standard cannot say.
pub const SUPPLEMENT: &str = "BoSung";

/// Begins a file.
pub const HEAD: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<dc:CongdanCollection xmlns:dc=\"http://www.mic.gov.vn/dancu/1.0\" xmlns:cccd=\"urn:cccd:dancu:1\">\n"
);

/// Ends a file.
pub const TAIL: &str = "</dc:CongdanCollection>\n";
