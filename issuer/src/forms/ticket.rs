//! What the code of a paper says, in the alphanumeric characters of ISO/IEC 18004:
//!
//! ```text
//! CCCD:CC02:1:20417:20261203:5E884898
//!      form v no.   due      checksum
//! ```
//!
//! The checksum (the first four octets of SHA-256 of what stands before it) finds misreadings; it proves nothing.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::Form;
use crate::ledger::ApplicationId;

/// The longest ticket.
const MAX_TICKET: usize = 64;

/// A paper's code: which application it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Which paper.
    pub form: Form,
    /// Of which application.
    pub application: ApplicationId,
    /// The day for which the card was promised.
    pub due: Date,
}

/// A text that is no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATicket {
    /// Something else.
    #[error("this code is not of a paper of the issuing station")]
    Foreign,
    /// Misread.
    #[error("the code of this paper was misread: scan it again")]
    Misread,
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.said();
        write!(f, "{said}:{}", checksum(&said))
    }
}

impl Ticket {
    fn said(&self) -> String {
        let due = self.due;
        format!(
            "CCCD:{}:1:{}:{:04}{:02}{:02}",
            self.form.as_str(),
            self.application,
            due.year(),
            due.month(),
            due.day()
        )
    }
}

impl FromStr for Ticket {
    type Err = NotATicket;

    fn from_str(text: &str) -> Result<Self, NotATicket> {
        let text = text.trim();
        if text.len() > MAX_TICKET || !text.is_ascii() {
            return Err(NotATicket::Foreign);
        }
        let parts: Vec<&str> = text.split(':').collect();
        let ["CCCD", form, "1", application, due, _] = parts.as_slice() else {
            return Err(NotATicket::Foreign);
        };
        let form = Form::ALL.into_iter().find(|known| known.as_str() == *form).ok_or(NotATicket::Foreign)?;
        let ticket = (|| {
            let part = |from, to| due.get(from..to);
            let day =
                Date::new(part(0, 4)?.parse().ok()?, part(4, 6)?.parse().ok()?, part(6, 8)?.parse().ok()?);
            Some(Self { form, application: application.parse().ok()?, due: day.ok()? })
        })();
        // One ticket is written in one way.
        ticket.filter(|ticket| ticket.to_string() == text).ok_or(NotATicket::Misread)
    }
}

fn checksum(said: &str) -> String {
    hex::encode_upper(Sha256::digest(said).get(..4).unwrap_or_default())
}
