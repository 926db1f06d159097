//! What went wrong at the reader: one sentence, a stable code, and what to do about it.

use thiserror::Error;

/// Why a reader or its card could not be used. [`ReaderError::code`] is stable; [`ReaderError::hint`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// The resource manager (`pcscd`, Windows Smart Card service) does not answer.
    #[error("the PC/SC service does not answer")]
    NoService,
    /// The service is there but no reader is.
    #[error("no card reader is connected")]
    NoReader,
    /// The named reader is not among those connected.
    #[error("the reader \u{201c}{name}\u{201d} is not connected")]
    UnknownReader {
        /// What was asked for.
        name: String,
        /// The readers that are there.
        known: Vec<String>,
    },
    /// The given part of a name fits several readers.
    #[error("\u{201c}{name}\u{201d} fits {} readers", matching.len())]
    AmbiguousReader {
        /// What was asked for.
        name: String,
        /// The readers that it fits.
        matching: Vec<String>,
    },
    /// The reader is empty, or became so.
    #[error("there is no card in the reader \u{201c}{reader}\u{201d}")]
    NoCard {
        /// The reader.
        reader: String,
    },
    /// Nobody presented a card within the given time.
    #[error("no card was presented to \u{201c}{reader}\u{201d} within {seconds} s")]
    Timeout {
        /// The reader.
        reader: String,
        /// How long was waited, rounded up.
        seconds: u64,
    },
    /// [`Canceller::cancel`](crate::Canceller::cancel) ended the wait.
    #[error("waiting for a card was cancelled")]
    Cancelled,
    /// Another program holds the card.
    #[error("another program is using the card in \u{201c}{reader}\u{201d}")]
    SharingViolation {
        /// The reader.
        reader: String,
    },
    /// A card is there, but it does not answer to reset or speaks no protocol the reader offers.
    #[error("the card in \u{201c}{reader}\u{201d} does not answer")]
    Unresponsive {
        /// The reader.
        reader: String,
    },
    /// The service refuses this user (polkit on Linux).
    #[error("the PC/SC service refuses access to this user")]
    AccessDenied,
    /// Anything else that PC/SC reports.
    #[error("PC/SC failed while it should {doing}: {cause}")]
    Other {
        /// What was being done.
        doing: &'static str,
        /// PC/SC's own words.
        cause: String,
    },
}

impl ReaderError {
    /// A stable kebab-case name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoService => "no-pcsc-service",
            Self::NoReader => "no-reader",
            Self::UnknownReader { .. } => "unknown-reader",
            Self::AmbiguousReader { .. } => "ambiguous-reader",
            Self::NoCard { .. } => "no-card",
            Self::Timeout { .. } => "card-timeout",
            Self::Cancelled => "cancelled",
            Self::SharingViolation { .. } => "sharing-violation",
            Self::Unresponsive { .. } => "unresponsive-card",
            Self::AccessDenied => "pcsc-access-denied",
            Self::Other { .. } => "pcsc-error",
        }
    }

    /// What the person in front of the reader can do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoService => "Start it (Debian: `systemctl start pcscd`, or `pcscd -f` as root) and try again.".into(),
            Self::NoReader => "Connect a reader, or start a virtual one, and look with `verifier readers`.".into(),
            Self::UnknownReader { known, .. } if known.is_empty() => {
                "No reader is connected; connect one and try again.".into()
            }
            Self::UnknownReader { known, .. } => format!("Connected: {}.", known.join("; ")),
            Self::AmbiguousReader { matching, .. } => format!("Give the whole name: {}.", matching.join("; ")),
            Self::NoCard { .. } | Self::Timeout { .. } => {
                "Lay the card flat on the reader and leave it there.".into()
            }
            Self::Cancelled => "Start again when the card is at hand.".into(),
            Self::SharingViolation { .. } => "Close the other program that uses the reader and try again.".into(),
            Self::Unresponsive { .. } => {
                "Take the card off, wait a second and lay it on again; if it stays silent, the chip may be damaged.".into()
            }
            Self::AccessDenied => "Run as a user that polkit lets use PC/SC (org.debian.pcsc-lite).".into(),
            Self::Other { .. } => "Reconnect the reader and try again; the service's log tells more.".into(),
        }
    }

    /// The same two in Vietnamese, in small letters and without a full stop; `None` where only PC/SC's own words tell.
    #[must_use]
    pub fn vietnamese(&self) -> Option<(String, &'static str)> {
        Some(match self {
            Self::NoService => (
                "dịch vụ PC/SC không trả lời".to_owned(),
                "khởi động bằng `systemctl start pcscd` (hoặc chạy pcscd) rồi thử lại",
            ),
            Self::NoReader => {
                ("không có đầu đọc thẻ nào".to_owned(), "cắm đầu đọc rồi xem bằng `verifier readers`")
            }
            Self::UnknownReader { name, .. } => {
                (format!("không có đầu đọc tên “{name}”"), "xem tên bằng `verifier readers`")
            }
            Self::AmbiguousReader { name, .. } => {
                (format!("“{name}” ứng với nhiều đầu đọc"), "ghi đủ tên bằng --reader")
            }
            Self::NoCard { reader } | Self::Timeout { reader, .. } => {
                (format!("không có thẻ trên đầu đọc “{reader}”"), "đặt thẻ nằm phẳng trên đầu đọc và để yên")
            }
            Self::Cancelled => ("đã ngừng chờ thẻ".to_owned(), "bắt đầu lại khi có thẻ"),
            Self::SharingViolation { .. } => {
                ("chương trình khác đang dùng thẻ".to_owned(), "đóng chương trình đó rồi thử lại")
            }
            Self::Unresponsive { .. } => {
                ("thẻ không trả lời".to_owned(), "nhấc thẻ ra, chờ một giây rồi đặt lại")
            }
            Self::AccessDenied => (
                "dịch vụ PC/SC từ chối người dùng này".to_owned(),
                "chạy bằng người dùng được phép dùng PC/SC",
            ),
            _ => return None,
        })
    }

    pub(crate) fn from_pcsc(error: pcsc::Error, doing: &'static str, reader: &str) -> Self {
        use pcsc::Error as E;
        let name = || reader.to_owned();
        match error {
            E::NoService | E::ServiceStopped | E::Shutdown | E::ServerTooBusy => Self::NoService,
            E::NoReadersAvailable => Self::NoReader,
            E::UnknownReader | E::ReaderUnavailable => {
                Self::UnknownReader { name: name(), known: Vec::new() }
            }
            E::NoSmartcard | E::RemovedCard => Self::NoCard { reader: name() },
            E::SharingViolation => Self::SharingViolation { reader: name() },
            E::UnresponsiveCard
            | E::UnpoweredCard
            | E::UnsupportedCard
            | E::ProtoMismatch
            | E::InvalidAtr => Self::Unresponsive { reader: name() },
            E::Cancelled | E::CancelledByUser | E::SystemCancelled => Self::Cancelled,
            E::SecurityViolation => Self::AccessDenied,
            other => Self::Other { doing, cause: other.to_string() },
        }
    }
}

/// Why the link to the card broke, in words for a person.
pub(crate) fn lost_reason(error: pcsc::Error) -> String {
    use pcsc::Error as E;
    match error {
        E::RemovedCard | E::NoSmartcard => "the card was removed from the reader".into(),
        E::ResetCard => "the card was reset, by another program or by the reader".into(),
        E::UnpoweredCard => "the card lost its power".into(),
        E::UnresponsiveCard | E::CommError | E::NotTransacted | E::CommDataLost => {
            "the card stopped answering; it may have been moved".into()
        }
        E::ReaderUnavailable | E::UnknownReader => "the reader was disconnected".into(),
        E::NoService | E::ServiceStopped | E::Shutdown | E::InvalidHandle => {
            "the PC/SC service stopped".into()
        }
        other => format!("PC/SC: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_sentence_a_code_and_a_hint() {
        let errors = [
            ReaderError::from_pcsc(pcsc::Error::NoService, "list readers", ""),
            ReaderError::from_pcsc(pcsc::Error::NoReadersAvailable, "list readers", ""),
            ReaderError::from_pcsc(pcsc::Error::UnknownReader, "connect", "R"),
            ReaderError::from_pcsc(pcsc::Error::RemovedCard, "connect", "R"),
            ReaderError::from_pcsc(pcsc::Error::SharingViolation, "connect", "R"),
            ReaderError::from_pcsc(pcsc::Error::UnresponsiveCard, "connect", "R"),
            ReaderError::from_pcsc(pcsc::Error::Cancelled, "wait", "R"),
            ReaderError::from_pcsc(pcsc::Error::SecurityViolation, "connect", "R"),
            ReaderError::from_pcsc(pcsc::Error::NoMemory, "connect", "R"),
            ReaderError::AmbiguousReader { name: "R".into(), matching: vec!["R 1".into(), "R 2".into()] },
            ReaderError::Timeout { reader: "R".into(), seconds: 3 },
        ];
        let codes: std::collections::BTreeSet<_> = errors.iter().map(ReaderError::code).collect();
        assert_eq!(codes.len(), errors.len(), "codes must differ");
        for error in &errors {
            assert!(!error.to_string().ends_with('.'), "{error}");
            assert!(error.hint().ends_with('.'), "{error}");
        }
    }

    #[test]
    fn a_removed_and_a_reset_card_are_told_apart() {
        assert_ne!(lost_reason(pcsc::Error::RemovedCard), lost_reason(pcsc::Error::ResetCard));
    }
}
