//! The lists of revoked certificates: one series for all keys of the CSCA, by the newest of them.

use super::history::History;
use super::{KeyStore, StoreError, files};
use crate::ceremony::{Act, Record, Revoked};
use crate::certificate::Certificate;
use crate::crl::{CertificateRevocationList, RevokedCertificate};
use crate::life::next_list;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::path::PathBuf;

/// The newest list of the series is gone: with an older one in its place, who was revoked since would be good again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LostCrl {
    /// Its number, by the signed log or the record of its ceremony.
    pub number: u64,
    /// The number of the newest that is here; 0 for none.
    pub newest: u64,
}

impl std::fmt::Display for LostCrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, newest } = self;
        write!(f, "the CRL with the number {number} was issued and crl/{number:06}.crl is not here")?;
        if *newest > 0 { write!(f, "; the newest here is number {newest}") } else { Ok(()) }
    }
}

impl KeyStore {
    /// The newest CRL.
    ///
    /// # Errors
    /// [`StoreError::NoCrl`]; [`StoreError::CrlLost`]; or a damaged file.
    pub fn crl(&self) -> Result<CertificateRevocationList, StoreError> {
        let newest = self.newest_crl_here()?;
        match lost_list(&newest, self.newest_on_record(&self.history()?)) {
            Some(lost) => Err(StoreError::CrlLost(lost)),
            None => newest.ok_or(StoreError::NoCrl),
        }
    }

    /// The newest CRL, if one was issued ever.
    pub(super) fn newest_crl(&self) -> Result<Option<CertificateRevocationList>, StoreError> {
        match self.crl() {
            Ok(crl) => Ok(Some(crl)),
            Err(StoreError::NoCrl) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the signed log, or a record of a ceremony, tells of a newer CRL than the newest that is here. Nothing is
    /// signed or exported then.
    ///
    /// # Errors
    /// A damaged list; a log that does not hold.
    pub fn lost_crl(&self) -> Result<Option<LostCrl>, StoreError> {
        Ok(lost_list(&self.newest_crl_here()?, self.newest_on_record(&self.history()?)))
    }

    /// The same under a history that was read already.
    pub(super) fn no_crl_is_lost(&self, history: &History) -> Result<(), StoreError> {
        match lost_list(&self.newest_crl_here()?, self.newest_on_record(history)) {
            Some(lost) => Err(StoreError::CrlLost(lost)),
            None => Ok(()),
        }
    }

    /// Serial numbers (hex) that the newest list names, whether it is here or only on record.
    pub(super) fn revoked_serials(&self) -> Result<HashSet<String>, StoreError> {
        let here = self.newest_crl_here()?;
        let listed =
            here.iter().flat_map(CertificateRevocationList::entries).map(|entry| hex::encode(&entry.serial));
        let recorded = self.recorded_lists().into_iter().max_by_key(|(number, _)| *number);
        let recorded = recorded.into_iter().flat_map(|(_, revoked)| revoked).map(|one| one.serial);
        Ok(listed.chain(recorded).collect())
    }

    /// Lists that records of ceremonies tell of. A record that cannot be read tells nothing here: `keys ceremony verify`
    /// names it, and the log knows its number.
    fn recorded_lists(&self) -> Vec<(u64, Vec<Revoked>)> {
        let paths = files::list(&self.dir().join("ceremony"), "json").unwrap_or_default();
        let record = |path: &PathBuf| Record::parse(&files::read(path).ok()?).ok();
        paths
            .iter()
            .filter_map(|path| match record(path)?.act {
                Act::RevocationList { number, revoked, .. } => Some((number, revoked)),
                _ => None,
            })
            .collect()
    }

    fn newest_on_record(&self, history: &History) -> u64 {
        let recorded = self.recorded_lists().into_iter().map(|(number, _)| number).max();
        recorded.unwrap_or(0).max(history.newest_list())
    }

    fn newest_crl_here(&self) -> Result<Option<CertificateRevocationList>, StoreError> {
        let Some(newest) = files::list(&self.dir().join("crl"), "crl")?.pop() else { return Ok(None) };
        let damaged = || StoreError::Damaged(newest.display().to_string());
        let list = CertificateRevocationList::parse(&files::read(&newest)?).map_err(|_| damaged())?;
        // Verified at every reading: a list that was swapped on disk is not passed on.
        let signed = self.csca_certificates()?.iter().any(|c| list.verify_signature(c.public_key()).is_ok());
        if signed { Ok(Some(list)) } else { Err(damaged()) }
    }

    /// Issues the next CRL: everything revoked before, and the given serial numbers (hex) with the reason. The newest
    /// CSCA key signs for all older ones (Doc 9303-12 §7.1.4). A list is issued when nothing is revoked, too.
    ///
    /// # Errors
    /// [`StoreError`]; a serial number that was never issued, a list that is missing from the series, or a time before
    /// the last list changes nothing.
    pub fn issue_crl(
        &self,
        at: Timestamp,
        validity: SignedDuration,
        revoke: &[String],
        reason: Option<u8>,
    ) -> Result<CertificateRevocationList, StoreError> {
        let _lock = self.lock()?;
        let (csca, csca_key) = self.authority_that_signs(None, at)?;
        let made = self.revocation_lists()?;
        let history = self.history()?;
        let time = |list: &CertificateRevocationList| {
            history.list_time(list.number().unwrap_or(u64::MAX), list.this_update())
        };
        let series: Vec<_> = made.iter().map(|list| (list.number(), time(list))).collect();
        let number = next_list(&series, at)?;
        // The last list of the series is missing in no gap.
        self.no_crl_is_lost(&history)?;
        let mut entries = made.last().map(|list| list.entries().to_vec()).unwrap_or_default();
        let issued = self.revocable()?;
        for serial in revoke {
            let wanted = serial.trim().to_ascii_lowercase();
            let certificate = issued
                .iter()
                .find(|certificate| certificate.serial_hex() == wanted)
                .ok_or_else(|| StoreError::UnknownSerial(serial.clone()))?;
            let serial = crate::asn1::shortest(certificate.serial()).to_vec();
            if !entries.iter().any(|entry| entry.serial == serial) {
                entries.push(RevokedCertificate { serial, date: at, reason });
            }
        }
        entries.sort();
        let crl = CertificateRevocationList::issue(&csca, &csca_key, number, at, validity, &entries)?;
        let place = format!("crl/{number:06}.crl");
        files::write(&self.dir().join(&place), crl.der(), false)?;
        let note = format!("number {number}, {} revoked", entries.len());
        let named = entries.into_iter().map(|entry| Revoked {
            serial: hex::encode(entry.serial),
            date: entry.date,
            reason: entry.reason,
        });
        let act = Act::RevocationList {
            authority: self.place_of(&csca)?,
            number,
            seconds: validity.as_secs(),
            revoked: named.collect(),
        };
        self.record(at, "crl-issued", act, (&place, crl.der()), &note)?;
        Ok(crl)
    }

    /// Everything that the CSCA has signed: signers of documents and master lists, link certificates, and its own.
    fn revocable(&self) -> Result<Vec<Certificate>, StoreError> {
        let mut all = Vec::new();
        for folder in ["ds", "master-list-signer", "link", "csca"] {
            all.extend(self.certificates(folder)?.into_iter().map(|(_, certificate)| certificate));
        }
        Ok(all)
    }

    /// Every list of the series, oldest first.
    fn revocation_lists(&self) -> Result<Vec<CertificateRevocationList>, StoreError> {
        let authorities = self.csca_certificates()?;
        files::list(&self.dir().join("crl"), "crl")?
            .iter()
            .map(|path| {
                let list = CertificateRevocationList::parse(&files::read(path)?).ok();
                // A list that was swapped on the disk is not continued.
                list.filter(|list| authorities.iter().any(|c| list.verify_signature(c.public_key()).is_ok()))
                    .ok_or_else(|| StoreError::Damaged(path.display().to_string()))
            })
            .collect()
    }
}

fn lost_list(newest: &Option<CertificateRevocationList>, on_record: u64) -> Option<LostCrl> {
    let newest = newest.as_ref().and_then(CertificateRevocationList::number).unwrap_or(0);
    (newest < on_record).then_some(LostCrl { number: on_record, newest })
}
