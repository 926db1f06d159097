//! A card in a reader as a [`Transport`].

use cccd_card_profile::apdu::{LinkLost, Transport};

use crate::error::{ReaderError, lost_reason};

/// The longest command that PC/SC carries: extended Lc and Le with 65,535 bytes of data.
const LONGEST_COMMAND: usize = 4 + 3 + 65_535 + 2;
/// The longest answer: 65,536 bytes and the status word, rounded up to what pcsc-lite itself reserves.
const LONGEST_ANSWER: usize = pcsc::MAX_BUFFER_SIZE_EXTENDED;

/// Whether other programs may use the card at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Others may connect too; protect sequences with [`PcscTransport::transaction`].
    Shared,
    /// Nobody else may connect: what personalisation needs.
    Exclusive,
}

/// The transmission protocols to offer (ISO/IEC 7816-3); contactless readers speak T=1 to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocols {
    /// T=0 only.
    T0,
    /// T=1 only.
    T1,
    /// Whichever the card prefers.
    Any,
}

/// What becomes of the card when the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Leave it powered, its session included.
    Leave,
    /// Warm reset: session keys and access status are gone.
    Reset,
    /// Power it down.
    Unpower,
}

impl Share {
    pub(crate) fn to_pcsc(self) -> pcsc::ShareMode {
        match self {
            Self::Shared => pcsc::ShareMode::Shared,
            Self::Exclusive => pcsc::ShareMode::Exclusive,
        }
    }
}

impl Protocols {
    pub(crate) fn to_pcsc(self) -> pcsc::Protocols {
        match self {
            Self::T0 => pcsc::Protocols::T0,
            Self::T1 => pcsc::Protocols::T1,
            Self::Any => pcsc::Protocols::ANY,
        }
    }
}

impl Disposition {
    fn to_pcsc(self) -> pcsc::Disposition {
        match self {
            Self::Leave => pcsc::Disposition::LeaveCard,
            Self::Reset => pcsc::Disposition::ResetCard,
            Self::Unpower => pcsc::Disposition::UnpowerCard,
        }
    }
}

/// The card in a reader. A card that was removed or reset is a lost link, for good: connect again.
///
/// Dropped without [`PcscTransport::disconnect`], it resets the card, so that no session outlives its owner.
pub struct PcscTransport {
    card: Option<pcsc::Card>,
    reader: String,
    share: Share,
    protocols: Protocols,
    buffer: Vec<u8>,
    lost: Option<String>,
}

impl std::fmt::Debug for PcscTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PcscTransport").field("reader", &self.reader).finish_non_exhaustive()
    }
}

impl PcscTransport {
    pub(crate) fn new(card: pcsc::Card, reader: &str, share: Share, protocols: Protocols) -> Self {
        Self {
            card: Some(card),
            reader: reader.to_owned(),
            share,
            protocols,
            buffer: vec![0; LONGEST_ANSWER],
            lost: None,
        }
    }

    /// The reader's name.
    #[must_use]
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// The card's answer to reset, from the status call (`SCARD_ATTR_ATR_STRING` is not offered by every driver).
    ///
    /// # Errors
    /// When the card was removed or the service stopped.
    pub fn atr(&self) -> Result<Vec<u8>, ReaderError> {
        let status = self.card()?.status2_owned().map_err(|e| self.error(e, "ask for the ATR"))?;
        Ok(status.atr().to_vec())
    }

    /// The transmission protocol in use, as ISO/IEC 7816-3 names it.
    ///
    /// # Errors
    /// When the card was removed or the service stopped.
    pub fn protocol(&self) -> Result<&'static str, ReaderError> {
        let status = self.card()?.status2_owned().map_err(|e| self.error(e, "ask for the protocol"))?;
        Ok(match status.protocol2() {
            Some(pcsc::Protocol::T0) => "T=0",
            Some(pcsc::Protocol::T1) => "T=1",
            Some(pcsc::Protocol::RAW) => "raw",
            None => "unknown",
        })
    }

    /// Starts a transaction: until it ends no other program can reach the card.
    ///
    /// # Errors
    /// When the card was removed or reset meanwhile.
    pub fn transaction(&mut self) -> Result<Transaction<'_>, ReaderError> {
        let Self { card, reader, buffer, lost, .. } = self;
        let card = card.as_mut().ok_or_else(|| ReaderError::NoCard { reader: reader.clone() })?;
        let inner =
            card.transaction().map_err(|e| ReaderError::from_pcsc(e, "begin a transaction", reader))?;
        Ok(Transaction { inner, buffer, lost })
    }

    /// Resets the card and goes on with it: its session is gone, a lost link is mended.
    ///
    /// # Errors
    /// When there is no card any more.
    pub fn reset(&mut self) -> Result<(), ReaderError> {
        let (share, protocols) = (self.share.to_pcsc(), self.protocols.to_pcsc());
        let Some(card) = &mut self.card else {
            return Err(ReaderError::NoCard { reader: self.reader.clone() });
        };
        card.reconnect(share, protocols, pcsc::Disposition::ResetCard)
            .map_err(|e| ReaderError::from_pcsc(e, "reset the card", &self.reader))?;
        self.lost = None;
        Ok(())
    }

    /// Ends the connection and leaves, resets or unpowers the card.
    ///
    /// # Errors
    /// When the service stopped; a card that is already gone is none.
    pub fn disconnect(mut self, disposition: Disposition) -> Result<(), ReaderError> {
        let Some(card) = self.card.take() else { return Ok(()) };
        match card.disconnect(disposition.to_pcsc()) {
            Ok(()) | Err((_, pcsc::Error::RemovedCard | pcsc::Error::NoSmartcard)) => Ok(()),
            Err((_, e)) => Err(ReaderError::from_pcsc(e, "disconnect", &self.reader)),
        }
    }

    fn card(&self) -> Result<&pcsc::Card, ReaderError> {
        self.card.as_ref().ok_or_else(|| ReaderError::NoCard { reader: self.reader.clone() })
    }

    fn error(&self, error: pcsc::Error, doing: &'static str) -> ReaderError {
        ReaderError::from_pcsc(error, doing, &self.reader)
    }
}

impl Transport for PcscTransport {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let Self { card, buffer, lost, .. } = self;
        exchange(card.as_ref(), buffer, lost, command)
    }
}

/// A span in which no other program can reach the card. Ends, leaving the card as it is, when dropped.
pub struct Transaction<'card> {
    inner: pcsc::Transaction<'card>,
    buffer: &'card mut Vec<u8>,
    lost: &'card mut Option<String>,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl Transaction<'_> {
    /// Ends the transaction.
    ///
    /// # Errors
    /// When the card was removed or reset meanwhile.
    pub fn end(self, disposition: Disposition) -> Result<(), ReaderError> {
        self.inner
            .end(disposition.to_pcsc())
            .map_err(|(_, e)| ReaderError::from_pcsc(e, "end the transaction", ""))
    }
}

impl Transport for Transaction<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        exchange(Some(&self.inner), self.buffer, self.lost, command)
    }
}

/// One exchange. After a lost link every further one fails alike: a card that was swapped must not be taken for
/// the one that was authenticated.
fn exchange(
    card: Option<&pcsc::Card>,
    buffer: &mut [u8],
    lost: &mut Option<String>,
    command: &[u8],
) -> Result<Vec<u8>, LinkLost> {
    if let Some(reason) = lost {
        return Err(LinkLost::new(reason.clone()));
    }
    let Some(card) = card else { return Err(LinkLost::new("the reader was disconnected")) };
    if command.len() < 4 || command.len() > LONGEST_COMMAND {
        // No card was asked: PC/SC itself would refuse, in unclear words.
        return Err(LinkLost::new(format!("a command of {} bytes can't be sent", command.len())));
    }
    match card.transmit(command, buffer) {
        Ok(answer) => {
            let answer = answer.to_vec();
            Ok(answer)
        }
        Err(error) => {
            let reason = lost_reason(error);
            *lost = Some(reason.clone());
            Err(LinkLost::new(reason))
        }
    }
}
