//! Master lists of this state: what it has found of all authorities, its own included, under a signer of their own.
//!
//! ```text
//! D/master-list-signer/001.cer, 001.key.age      D/master-list/000001.ml      D/foreign/<fingerprint>.cer
//! ```

use super::custody::StoreKey;
use super::{KeyStore, StoreError, files};
use crate::audit_log::Event;
use crate::ceremony::{Act, serial_of};
use crate::certificate::{Certificate, MasterListSignerProfile};
use crate::life::{key_may_sign, master_list_signer_validity};
use crate::master_list::{self, MasterList, Use, Useless};
use crate::path::Budget;
use crate::signer::Signer as _;
use crate::trust::check_anchor;
use jiff::Timestamp;
use rand_core::CryptoRng;

/// A master list that was made.
#[derive(Debug, Clone)]
pub struct NewMasterList {
    /// Its place in the store's series.
    pub number: usize,
    /// The CMS `ContentInfo`.
    pub der: Vec<u8>,
    /// Certificates in it.
    pub certificates: usize,
    /// Its signer.
    pub signer: Certificate,
}

/// What an import brought.
#[derive(Debug, Clone, Default)]
pub struct MasterListImport {
    /// Anchors and links that were not here before.
    pub added: usize,
    /// That were.
    pub known: usize,
    /// Offset within the list, and why it is of no use.
    pub useless: Vec<(usize, String)>,
}

impl KeyStore {
    /// Makes the next master list: the CSCA's own certificates, its links, and every foreign one that was imported. Its
    /// signer is the newest whose key may sign; if there is none, one is made under the newest CSCA key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn export_master_list(
        &self,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<NewMasterList, StoreError> {
        let _lock = self.lock()?;
        let own = self.csca_certificates()?;
        let (signer, key) = self.master_list_signer(at, rng)?;
        let authority = own
            .iter()
            .find(|csca| signer.verify_signature(csca.public_key()).is_ok())
            .ok_or_else(|| StoreError::Damaged("master-list-signer".to_owned()))?;
        let mut all = own.clone();
        all.extend(self.csca_links()?);
        all.extend(self.foreign_authorities()?);
        let der = master_list::sign(&all, &signer, authority, &key, at)
            .map_err(|error| StoreError::MasterList(error.to_string()))?;
        let folder = self.dir().join("master-list");
        files::private_dir(&folder)?;
        let number = files::next_number(&folder, "ml")?;
        files::write(&folder.join(format!("{number:06}.ml")), &der, false)?;
        let note = format!("number {number}, {} certificates", all.len());
        self.log(Event::new(at, "master-list-made").payload(&der).note(&note))?;
        Ok(NewMasterList { number, der, certificates: all.len(), signer })
    }

    /// Takes the authorities of another state's master list in, to be passed on with the next list of our own. The
    /// list's signature must hold, its signer be one for master lists, and a path lead from it to an authority that is
    /// known here or that the officer names. All or nothing.
    ///
    /// # Errors
    /// [`StoreError::MasterList`], with the reason.
    pub fn import_master_list(
        &self,
        bytes: &[u8],
        named: &[Certificate],
        at: Timestamp,
    ) -> Result<MasterListImport, StoreError> {
        let _lock = self.lock()?;
        let refused = |reason: String| StoreError::MasterList(reason);
        let list = MasterList::parse(bytes).map_err(|error| refused(error.to_string()))?;
        let facts = list.verify().map_err(|problem| refused(problem.to_string()))?;
        let mut anchors = self.csca_certificates()?;
        anchors.extend(self.foreign_authorities()?);
        anchors.extend(named.iter().cloned());
        anchors.retain(|anchor| check_anchor(anchor).is_ok());
        list.signer_path(&facts.signer, &anchors, Some(at), &mut Budget::default())
            .map_err(|problem| refused(format!("no known authority vouches for its signer: {problem}")))?;
        let own = self.csca_certificates()?;
        let mut report = MasterListImport::default();
        for entry in list.entries() {
            let certificate = match (entry.usability(), &entry.certificate) {
                (Ok(Use::Anchor | Use::Link), Ok(certificate)) => certificate,
                (Err(useless), _) => {
                    report.useless.push((entry.offset, useless.to_string()));
                    continue;
                }
                (Ok(_), Err(malformed)) => {
                    report.useless.push((entry.offset, Useless::from(*malformed).to_string()));
                    continue;
                }
            };
            let path = self.dir().join(format!("foreign/{}.cer", hex::encode(certificate.fingerprint())));
            if path.exists() || own.iter().any(|known| known.der() == certificate.der()) {
                report.known = report.known.saturating_add(1);
                continue;
            }
            files::private_dir(&self.dir().join("foreign"))?;
            files::write(&path, certificate.der(), false)?;
            report.added = report.added.saturating_add(1);
        }
        let note =
            format!("{} added, {} known, {} of no use", report.added, report.known, report.useless.len());
        self.log(Event::new(at, "master-list-imported").payload(bytes).note(&note))?;
        Ok(report)
    }

    /// Authorities of other states, as imported.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn foreign_authorities(&self) -> Result<Vec<Certificate>, StoreError> {
        Ok(self.certificates("foreign")?.into_iter().map(|(_, certificate)| certificate).collect())
    }

    fn master_list_signer(
        &self,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Certificate, StoreKey), StoreError> {
        let crl = self.newest_crl()?;
        let usable = |certificate: &Certificate| {
            key_may_sign(certificate, at)
                && crl.as_ref().is_none_or(|crl| crl.find(certificate.serial()).is_none())
        };
        let made = self.certificates("master-list-signer")?;
        let number = files::next_number(&self.dir().join("master-list-signer"), "cer")?;
        if let Some((name, certificate)) = made.into_iter().rfind(|(_, one)| usable(one)) {
            let key = self.open_key(&name)?;
            if key.public_key() != certificate.public_key() {
                return Err(StoreError::Damaged(name));
            }
            return Ok((certificate, key));
        }
        let (csca, csca_key) = self.authority_that_signs(None, at)?;
        let name = format!("master-list-signer/{number:03}");
        files::private_dir(&self.dir().join("master-list-signer"))?;
        let key = self.new_key(&name, self.spec(self.profile().certificate_hash()), rng)?;
        let options = self.settings().certificate_options()?;
        let mut validity = master_list_signer_validity(at)?;
        validity.until = validity.until.min(csca.not_after());
        let sequence = u32::try_from(number).unwrap_or(u32::MAX);
        let certificate = MasterListSignerProfile::new(options, &csca, sequence, validity)?.issue(
            key.public_key().spki(),
            &csca_key,
            rng,
        )?;
        self.keep_key(&name, &key)?;
        files::write(&self.dir().join(format!("{name}.cer")), certificate.der(), false)?;
        let key = key.finish();
        let act = Act::MasterListSigner {
            authority: self.place_of(&csca)?,
            sequence,
            key: hex::encode(key.public_key().spki()),
            serial: serial_of(&certificate),
        };
        let (place, note) = (format!("{name}.cer"), certificate.serial_hex());
        self.record(at, "master-list-signer-made", act, (&place, certificate.der()), &note)?;
        Ok((certificate, key))
    }
}
