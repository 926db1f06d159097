//! Paper forms in the register: whose row a barcode names, and the pages that were scanned and filed.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::Serialize;

use super::engine::{Apart, Session};
use super::persons::number;
use super::sql::SqlStore;
use super::{StoreError, damaged};
use crate::forms::{FormKind, Slip};

/// A page that was scanned and filed.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ScannedSheet {
    /// Which form.
    pub form: FormKind,
    /// The printed form.
    pub serial: String,
    /// Which page, from 1.
    pub page: u8,
    /// Of how many.
    pub pages: u8,
    /// When the form was printed.
    pub printed: Date,
    /// When the scan was filed.
    pub filed: Date,
    /// Where it lies, below the folder of rows.
    pub file_name: String,
    /// SHA-256 of that file.
    #[serde(serialize_with = "hex::serialize")]
    pub digest: [u8; 32],
}

impl core::fmt::Debug for ScannedSheet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ScannedSheet")
            .field("serial", &self.serial)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

/// What became of a page at the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetOutcome {
    /// It stands in the register now.
    Entered,
    /// It stood there already.
    Known,
    /// The register knows no person for this row: a blank form, or another register's.
    NoPerson,
}

impl SqlStore {
    /// Remembers whose row a form's barcode names ([`crate::forms::slip::row_of`], or the serial of a blank form that an
    /// officer gives to a person). Again is harmless.
    ///
    /// # Errors
    /// [`StoreError::UnknownPerson`]; [`StoreError::Claimed`] when the row is another person's.
    pub fn claim_form_row(&mut self, row: &str, holder: &PersonalNumber) -> Result<(), StoreError> {
        self.write(Apart::Rows, |session| claim(session, row, holder))
    }

    /// The person whose row this is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holder_of_form_row(&self, row: &str) -> Result<Option<PersonalNumber>, StoreError> {
        self.read(|session| holder(session, row))
    }

    /// Enters filed pages under the persons whose rows they name, all in one transaction. The same page again changes
    /// nothing, also when it lies in another file.
    ///
    /// # Errors
    /// [`StoreError`]; then none was entered.
    pub fn enter_sheets(&mut self, sheets: &[(Slip, ScannedSheet)]) -> Result<Vec<SheetOutcome>, StoreError> {
        self.write(Apart::Rows, |session| {
            sheets.iter().map(|(slip, sheet)| enter(session, &slip.row, sheet)).collect()
        })
    }

    /// A person's scanned pages, by form and page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sheets_of(&self, holder: &PersonalNumber) -> Result<Vec<ScannedSheet>, StoreError> {
        self.read(|session| all(session, holder))
    }
}

fn claim(session: &mut dyn Session, row: &str, holder_now: &PersonalNumber) -> Result<(), StoreError> {
    if super::persons::load(session, holder_now)?.is_none() {
        return Err(StoreError::UnknownPerson);
    }
    session.execute(
        "INSERT INTO form_row_claim (form_row, personal_number) VALUES (?1, ?2) ON CONFLICT (form_row) DO NOTHING",
        &[row.into(), holder_now.as_str().into()],
    )?;
    match holder(session, row)? {
        Some(known) if known == *holder_now => Ok(()),
        _ => Err(StoreError::FormGiven),
    }
}

fn holder(session: &mut dyn Session, row: &str) -> Result<Option<PersonalNumber>, StoreError> {
    let mut found = None;
    session.query(
        "SELECT personal_number FROM form_row_claim WHERE form_row = ?1",
        &[row.into()],
        &mut |row| {
            found = Some(number(&row.needed(0)?)?);
            Ok(())
        },
    )?;
    Ok(found)
}

fn enter(session: &mut dyn Session, row: &str, sheet: &ScannedSheet) -> Result<SheetOutcome, StoreError> {
    let Some(holder) = holder(session, row)? else { return Ok(SheetOutcome::NoPerson) };
    let entered = session.execute(
        "INSERT INTO scanned_sheet (personal_number, form, form_serial, page, pages, printed_on, filed_on, file_name, \
         digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (personal_number, form_serial, page) DO NOTHING",
        &[
            holder.as_str().into(),
            sheet.form.as_str().into(),
            (&sheet.serial).into(),
            u32::from(sheet.page).into(),
            u32::from(sheet.pages).into(),
            sheet.printed.to_string().into(),
            sheet.filed.to_string().into(),
            (&sheet.file_name).into(),
            sheet.digest.as_slice().into(),
        ],
    )?;
    Ok(if entered == 1 { SheetOutcome::Entered } else { SheetOutcome::Known })
}

fn all(session: &mut dyn Session, holder: &PersonalNumber) -> Result<Vec<ScannedSheet>, StoreError> {
    let mut sheets = Vec::new();
    session.query(
        "SELECT form, form_serial, page, pages, printed_on, filed_on, file_name, digest FROM scanned_sheet \
         WHERE personal_number = ?1 ORDER BY form_serial, page",
        &[holder.as_str().into()],
        &mut |row| {
            let page = |column| u8::try_from(row.count(column)?).map_err(|_| damaged("a page")());
            let day = |column| row.needed(column)?.parse().map_err(|_| damaged("a day")());
            let digest = row.bytes(7)?.and_then(|digest| digest.try_into().ok());
            sheets.push(ScannedSheet {
                form: FormKind::parse(&row.needed(0)?).ok_or_else(damaged("a form"))?,
                serial: row.needed(1)?,
                page: page(2)?,
                pages: page(3)?,
                printed: day(4)?,
                filed: day(5)?,
                file_name: row.needed(6)?,
                digest: digest.ok_or_else(damaged("a digest"))?,
            });
            Ok(())
        },
    )?;
    Ok(sheets)
}
