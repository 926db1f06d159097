//! Extracts given out: each has the next number of its office and year, and is never one that was not counted.

use jiff::Timestamp;

use super::engine::{Apart, Session};
use super::persons::timestamp;
use super::sql::SqlStore;
use super::{StoreError, damaged};
use crate::extract::Code;

/// An extract that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenExtract {
    /// `00070.2026.TL.15`: office, year, number.
    pub given: String,
    /// The act, or the entry of a paper book.
    pub name: String,
    /// Digest of what was printed, as in its code.
    pub content: String,
    /// Who gave it.
    pub officer: String,
    /// When.
    pub at: Timestamp,
}

impl SqlStore {
    /// Counts an extract before it is printed; answers its number in the office's book of the year. A number whose printing
    /// fails stays used.
    ///
    /// # Errors
    /// [`StoreError`]; then none may be given.
    pub fn give_extract(
        &mut self,
        office: &str,
        code: &Code,
        officer: &str,
        at: Timestamp,
    ) -> Result<String, StoreError> {
        let book = format!("{office}.{}.TL", code.issued.year());
        self.write(Apart::Rows, |session| {
            session.execute(
                "INSERT INTO extract_end_claim (book, last) VALUES (?1, 0) ON CONFLICT (book) DO NOTHING",
                &[(&book).into()],
            )?;
            let mut last = None;
            session.query(
                "SELECT last FROM extract_end_claim WHERE book = ?1 FOR UPDATE",
                &[(&book).into()],
                &mut |row| {
                    last = Some(row.count(0)?);
                    Ok(())
                },
            )?;
            let next = last.ok_or_else(damaged("the end of a book of extracts"))?.saturating_add(1);
            let place = i64::try_from(next).map_err(|_| StoreError::Inconsistent("a number of extracts"))?;
            session.execute(
                "UPDATE extract_end_claim SET last = ?2 WHERE book = ?1",
                &[(&book).into(), place.into()],
            )?;
            let given = format!("{book}.{next}");
            session.execute(
                "INSERT INTO extract_claim (given, name, content, officer, given_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                &[
                    (&given).into(),
                    (&code.name).into(),
                    (&code.content).into(),
                    officer.into(),
                    at.to_string().into(),
                ],
            )?;
            Ok(given)
        })
    }

    /// Extracts of an act or an entry that were given out, in the order of time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn extracts_given(&self, name: &str) -> Result<Vec<GivenExtract>, StoreError> {
        self.read(|session: &mut dyn Session| {
            let mut found = Vec::new();
            session.query(
                "SELECT given, name, content, officer, given_at FROM extract_claim WHERE name = ?1 \
                 ORDER BY given_at, given",
                &[name.into()],
                &mut |row| {
                    found.push(GivenExtract {
                        given: row.needed(0)?,
                        name: row.needed(1)?,
                        content: row.needed(2)?,
                        officer: row.needed(3)?,
                        at: timestamp(&row.needed(4)?)?,
                    });
                    Ok(())
                },
            )?;
            Ok(found)
        })
    }
}
