//! What went from station to station, and what answer came, for whoever looks.

use cccd_population::store::{Session, StoreError};

use super::{Stock, StockError};

/// A transport as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// SHA-256 of the sender's public key.
    pub sender: String,
    /// The sender's name for it.
    pub reference: String,
    /// It was sent from here; otherwise it came here.
    pub outgoing: bool,
    /// The station at the other end, by SHA-256 of its public key.
    pub other: String,
    /// Blanks on the list.
    pub blanks: u64,
    /// Of these, how many are still on the way.
    pub on_the_way: u64,
    /// When it was noted here, RFC 3339.
    pub at: String,
    /// The receiver's answer: missing and surplus blanks.
    pub answer: Option<(u64, u64)>,
}

impl Stock<'_> {
    /// The transports of this ledger, the newest first.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn transports(&self, limit: u32) -> Result<Vec<Transport>, StockError> {
        let all = "SELECT t.sender, t.reference, t.direction, t.other, t.blanks, o.at, r.missing, r.surplus, \
                   (SELECT count(*) FROM blank_events e JOIN blanks b ON b.serial = e.serial AND b.last_event = e.sequence \
                    WHERE e.operation = t.operation AND b.state = 'sent') \
                   FROM stock_transports t JOIN stock_operations o ON o.id = t.operation \
                   LEFT JOIN stock_answers r ON r.sender = t.sender AND r.reference = t.reference \
                   ORDER BY t.operation DESC LIMIT ?1";
        self.database
            .read_anew(|session: &mut dyn Session| {
                let mut found = Vec::new();
                session.query(all, &[limit.into()], &mut |row| {
                    let answer = match row.int(6)? {
                        Some(_) => Some((row.count(6)?, row.count(7)?)),
                        None => None,
                    };
                    found.push(Transport {
                        sender: row.needed(0)?,
                        reference: row.needed(1)?,
                        outgoing: row.needed(2)? == "out",
                        other: row.needed(3)?,
                        blanks: row.count(4)?,
                        at: row.needed(5)?,
                        on_the_way: row.count(8)?,
                        answer,
                    });
                    Ok(())
                })?;
                Ok::<_, StoreError>(found)
            })
            .map_err(StockError::from)
    }

    /// The signed paper of a transport that this station is to give to the other end: its list, if it sent it; its receipt,
    /// if it took it.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn paper_of(&self, sender: &str, reference: &str) -> Result<Option<String>, StockError> {
        let of = "SELECT CASE WHEN t.direction = 'out' THEN t.list ELSE r.receipt END FROM stock_transports t \
                  LEFT JOIN stock_answers r ON r.sender = t.sender AND r.reference = t.reference \
                  WHERE t.sender = ?1 AND t.reference = ?2";
        self.database
            .read_anew(|session: &mut dyn Session| {
                let mut found = None;
                session.query(of, &[sender.into(), reference.into()], &mut |row| {
                    found = row.text(0)?;
                    Ok(())
                })?;
                Ok::<_, StoreError>(found)
            })
            .map_err(StockError::from)
    }
}
