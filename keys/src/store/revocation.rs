//! The lists of revoked certificates: one series for all keys of the CSCA, by the newest of them.

use super::ceremonies::list_ceremonies;
use super::{KeyStore, StoreError, files};
use crate::ceremony::{Act, Record, Revoked};
use crate::certificate::Certificate;
use crate::crl::{CertificateRevocationList, RevokedCertificate};
use crate::life::{ListSequence, next_list};
use jiff::{SignedDuration, Timestamp};

impl KeyStore {
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
        let series: Vec<_> = made.iter().map(|list| (list.number(), list.this_update())).collect();
        let number = next_list(&series, at)?;
        // The last list of the series is missing in no gap: the record of its ceremony tells of it.
        let recorded =
            |record: Record| matches!(record.act, Act::RevocationList { number: made, .. } if made >= number);
        if list_ceremonies(self.dir())?.into_iter().any(recorded) {
            return Err(ListSequence::Gap(number).into());
        }
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

    pub(super) fn newest_crl(&self) -> Result<Option<CertificateRevocationList>, StoreError> {
        match self.crl() {
            Ok(crl) => Ok(Some(crl)),
            Err(StoreError::NoCrl) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
