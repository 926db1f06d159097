//! One presentation of a card: a copy of the genuine one, perhaps signed anew, perhaps altered, over an honest wire or another,
//! before a verifier with its trust, its clock and its policy.

use std::sync::Arc;

use anyhow::Result;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::card_security::{ID_SECURITY_OBJECT, to_econtent};
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_cvc::TerminalCredentials;
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::certificate::Certificate;
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::{EvidenceFile, Provenance};
use cccd_verifier::inspection::{Access, InspectionOptions, ReadError, inspect};
use cccd_verifier::{Case, Evidence, Judgement, Policy, Presented, judge};
use cccd_virtual_chip::lab::{Bench, Defect, File};
use cccd_virtual_chip::{Chip, StateFile};
use jiff::Timestamp;
use tempfile::TempDir;

use super::chain::{Chain, Made};
use super::country::{LabCountry, Whose, dice};
use super::signed::{RawObject, RawSigned, RawSigner};
use super::wire::{Tamper, Wire};

/// A change of what is signed.
pub type OnContent = Box<dyn FnOnce(&mut RawObject)>;
/// A change of the signed file.
pub type OnSigned = Box<dyn FnOnce(&mut RawSigned, &Made) -> Result<()>>;
/// A change of the evidence, after the reading.
pub type OnEvidence = Box<dyn FnOnce(&mut Evidence)>;

/// A change of a file; `None` takes it away.
pub type OnFile = Box<dyn FnOnce(Vec<u8>) -> Option<Vec<u8>>>;

/// How the evidence comes before the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// This verifier read the chip itself.
    Live,
    /// A file that nobody signed.
    Unsigned,
    /// A file that a trusted station signed.
    Signed,
    /// Altered after the station signed it.
    AlteredAfterSigning,
}

/// Everything around one presentation of a card.
pub struct Stage<'l> {
    /// The country.
    pub lab: &'l LabCountry,
    /// The chip's memory.
    pub bench: Bench,
    /// Who signs EF.SOD anew; `None` leaves it as the station signed it.
    pub chain: Option<Chain>,
    /// The hash of what is signed anew.
    pub hash: HashAlgorithm,
    /// Changes of the LDS security object.
    pub on_content: Vec<OnContent>,
    /// Changes of EF.SOD.
    pub on_sod: Vec<OnSigned>,
    /// What EF.CardSecurity holds, signed by the chain.
    pub card_security: Option<SecurityInfos>,
    /// Changes of EF.CardSecurity.
    pub on_card_security: Vec<OnSigned>,
    /// Files written after everything was signed.
    pub afterwards: Vec<(File, OnFile)>,
    /// What the chip does wrong.
    pub defect: Option<Defect>,
    /// What stands on the wire.
    pub tamper: Option<Tamper>,
    /// By which password it is opened.
    pub access: Access,
    /// What is read.
    pub options: InspectionOptions,
    /// Changes of the evidence.
    pub on_evidence: Vec<OnEvidence>,
    /// How the evidence travels.
    pub delivery: Delivery,
    /// The nonce that the verifier issued, if it did.
    pub nonce: Option<Vec<u8>>,
    /// Whom the verifier believes.
    pub trust: TrustStore,
    /// It believes the chain's CSCA.
    pub trusts_chain: bool,
    /// It has the chain's own revocation list.
    pub has_crl: bool,
    /// It keeps the signer's certificate, as out of a download of the PKD.
    pub keeps_signer: bool,
    /// Further anchors, links, lists and signers, as bytes.
    pub anchors: Vec<Vec<u8>>,
    /// Document Signers that it keeps.
    pub signers: Vec<Vec<u8>>,
    /// Link certificates.
    pub links: Vec<Vec<u8>>,
    /// Revocation lists.
    pub crls: Vec<Vec<u8>>,
    /// When it judges.
    pub at: Timestamp,
    /// What the bearer shows beside the chip.
    pub presented: Presented,
    /// What is demanded.
    pub policy: Policy,
    folder: TempDir,
}

impl std::fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What came of a presentation.
#[derive(Debug)]
pub struct Shown {
    /// What was read, or why the chip could not be opened.
    pub read: Result<(Evidence, Judgement), ReadError>,
    /// The chain, if EF.SOD was signed anew.
    pub made: Option<Made>,
    /// Whom the verifier believed.
    pub trust: TrustStore,
    /// The chip's state as it was presented.
    pub state: std::path::PathBuf,
    /// The chip's files as they were presented.
    pub files: Vec<(File, Vec<u8>)>,
    _folder: TempDir,
}

impl Shown {
    /// Decision, deciding check and reason; a chip that could not be opened is `not-opened` with the error's code.
    #[must_use]
    pub fn told(&self) -> (&'static str, &'static str, &'static str) {
        match &self.read {
            Err(error) => ("not-opened", "-", error.code()),
            Ok((_, judgement)) => {
                let verdict = &judgement.verdict;
                (
                    verdict.decision.code(),
                    verdict.decided_by.map_or("-", |check| check.code()),
                    verdict.reason.map_or("-", |reason| reason.code()),
                )
            }
        }
    }
}

impl<'l> Stage<'l> {
    /// The genuine card, and nothing else than it should be.
    ///
    /// # Errors
    /// If its state cannot be copied.
    pub fn genuine(lab: &'l LabCountry) -> Result<Self> {
        let folder = tempfile::tempdir_in(lab.folder())?;
        let state = folder.path().join("chip");
        std::fs::copy(&lab.state, &state)?;
        Ok(Self {
            lab,
            bench: Bench::open(&state)?,
            chain: None,
            hash: HashAlgorithm::Sha256,
            on_content: Vec::new(),
            on_sod: Vec::new(),
            card_security: None,
            on_card_security: Vec::new(),
            afterwards: Vec::new(),
            defect: None,
            tamper: None,
            access: Access::can(&lab.can)?,
            options: InspectionOptions::new(lab.now),
            on_evidence: Vec::new(),
            delivery: Delivery::Live,
            nonce: None,
            trust: lab.trust.clone(),
            trusts_chain: true,
            has_crl: false,
            keeps_signer: false,
            anchors: Vec::new(),
            signers: Vec::new(),
            links: Vec::new(),
            crls: Vec::new(),
            at: lab.now,
            presented: Presented::nothing().with_mrz(lab.zone.clone()).with_qr(&lab.qr),
            policy: Policy::default(),
            folder,
        })
    }

    /// The same card, EF.SOD signed by another signer of the country, under its second CSCA, which is trusted too.
    ///
    /// # Errors
    /// If its keys cannot be made.
    pub fn signed_anew(lab: &'l LabCountry) -> Result<Self> {
        let mut stage = Self::genuine(lab)?;
        let (csca, signer) = (lab.key(Whose::Csca)?, lab.key(Whose::Signer)?);
        stage.chain = Some(Chain::new("VN", csca, signer, lab.issued)?);
        Ok(stage)
    }

    /// As [`Stage::signed_anew`], with RSA keys.
    ///
    /// # Errors
    /// As there.
    pub fn signed_by_rsa(lab: &'l LabCountry) -> Result<Self> {
        let mut stage = Self::genuine(lab)?;
        stage.chain = Some(Chain::new("VN", lab.rsa(true)?, lab.rsa(false)?, lab.issued)?);
        Ok(stage)
    }

    /// The chain that signs anew.
    ///
    /// # Errors
    /// If EF.SOD is the station's.
    pub fn chain(&mut self) -> Result<&mut Chain> {
        self.chain.as_mut().ok_or_else(|| anyhow::anyhow!("EF.SOD is not signed anew here"))
    }

    /// A change of what is signed.
    pub fn on_content(&mut self, change: impl FnOnce(&mut RawObject) + 'static) {
        self.on_content.push(Box::new(change));
    }

    /// A change of EF.SOD.
    pub fn on_sod(&mut self, change: impl FnOnce(&mut RawSigned) + 'static) {
        self.on_sod.push(Box::new(|sod, _| {
            change(sod);
            Ok(())
        }));
    }

    /// A change of the first signer of EF.SOD.
    pub fn on_signer(&mut self, change: impl FnOnce(&mut RawSigner) + 'static) {
        self.on_sod(|sod| {
            if let Some(signer) = sod.signers.first_mut() {
                change(signer);
            }
        });
    }

    /// A change of the evidence.
    pub fn on_evidence(&mut self, change: impl FnOnce(&mut Evidence) + 'static) {
        self.on_evidence.push(Box::new(change));
    }

    /// A change of a file after everything was signed; `None` takes it away.
    pub fn afterwards(&mut self, file: File, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>> + 'static) {
        self.afterwards.push((file, Box::new(change)));
    }

    /// What stands on the wire.
    pub fn on_wire(&mut self, tamper: impl FnMut(&mut super::wire::Exchange<'_>) -> Vec<u8> + 'static) {
        self.tamper = Some(Box::new(tamper));
    }

    /// A file of the chip.
    ///
    /// # Errors
    /// If the chip has none such.
    pub fn file(&self, file: File) -> Result<Vec<u8>> {
        let found = self.bench.read(file);
        found.map(<[u8]>::to_vec).ok_or_else(|| anyhow::anyhow!("the chip has no {}", file.name()))
    }

    /// Writes a file, whether it is there or not.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, file: File, content: Vec<u8>) -> Result<()> {
        if self.bench.read(file).is_some() {
            self.bench.replace(file, content)?;
        } else {
            self.bench.add(file, content)?;
        }
        Ok(())
    }

    /// With a terminal that may read fingerprints.
    ///
    /// # Errors
    /// If the country has none.
    pub fn with_terminal(&mut self, credentials: TerminalCredentials) {
        self.options = self.options.clone().terminal(Some(Arc::new(credentials)));
    }

    /// Every data group on the chip.
    fn groups(&self) -> Vec<(u8, Vec<u8>)> {
        DataGroupNumber::all()
            .filter_map(|number| {
                let file = self.bench.read(File::DataGroup(number))?;
                Some((number.value(), file.to_vec()))
            })
            .collect()
    }

    /// Signs, presents, reads, judges.
    ///
    /// # Errors
    /// If the stage itself cannot be set. What the card does wrong is no error.
    pub fn show(mut self) -> Result<Shown> {
        let made = self.sign()?;
        for (file, change) in std::mem::take(&mut self.afterwards) {
            match change(self.bench.read(file).map(<[u8]>::to_vec).unwrap_or_default()) {
                Some(content) => self.write(file, content)?,
                None => self.bench.remove(file)?,
            }
        }
        self.bench.save()?;
        let trust = self.believed(made.as_ref())?;
        let state = self.folder.path().join("chip");
        let files = self.bench.state().files().map(|(file, _)| file).collect::<Vec<_>>();
        let files = files
            .into_iter()
            .filter_map(|file| Some((file, self.bench.read(file)?.to_vec())))
            .collect::<Vec<_>>();
        drop(self.bench);
        let mut chip = Chip::in_memory(StateFile::peek(&state)?, Box::new(dice(5)));
        if let Some(defect) = self.defect {
            chip = chip.with_defect(defect);
        }
        let wire = Wire::new(chip, self.tamper);
        let read = inspect(wire, &self.access, &self.options, &mut dice(9), &mut |_| {});
        let read = match read {
            Err(error) => Err(error),
            Ok(mut evidence) => {
                for change in self.on_evidence {
                    change(&mut evidence);
                }
                let (evidence, provenance) = deliver(evidence, self.delivery, self.lab, &trust)?;
                let judgement = judge(&Case {
                    provenance: &provenance,
                    issued_nonce: self.nonce.as_deref(),
                    presented: &self.presented,
                    policy: &self.policy,
                    ..Case::new(&evidence, &trust, self.at)
                });
                Ok((evidence, judgement))
            }
        };
        Ok(Shown { read, made, trust, state, files, _folder: self.folder })
    }

    /// Signs EF.SOD and EF.CardSecurity anew, if that is asked for.
    fn sign(&mut self) -> Result<Option<Made>> {
        let Some(chain) = &self.chain else { return Ok(None) };
        let made = chain.make()?;
        let mut object = RawObject::over(self.hash, &self.groups());
        for change in std::mem::take(&mut self.on_content) {
            change(&mut object);
        }
        let mut sod = chain.sod(&made, &object.to_der());
        let card_security = self.card_security.as_ref().map(|infos| {
            let mut signed = chain.sod(&made, &to_econtent(infos));
            signed.template = None;
            signed.content_type = ID_SECURITY_OBJECT;
            for signer in &mut signed.signers {
                signer
                    .set(cccd_keys::algorithm::oids::CONTENT_TYPE, cccd_keys::asn1::oid(&ID_SECURITY_OBJECT));
            }
            signed
        });
        for change in std::mem::take(&mut self.on_sod) {
            change(&mut sod, &made)?;
        }
        self.write(File::Sod, sod.to_file()?)?;
        if let Some(mut signed) = card_security {
            for change in std::mem::take(&mut self.on_card_security) {
                change(&mut signed, &made)?;
            }
            self.write(File::CardSecurity, signed.to_file()?)?;
        }
        Ok(Some(made))
    }

    /// The trust store as the verifier holds it.
    fn believed(&self, made: Option<&Made>) -> Result<TrustStore> {
        let mut trust = self.trust.clone();
        if let Some(made) = made {
            if self.trusts_chain {
                trust.add_anchor(&made.csca)?;
            }
            if self.has_crl {
                trust.add_crl(&made.crl)?;
            }
            if self.keeps_signer {
                trust.add_signer(&Certificate::parse(&made.signer)?)?;
            }
        }
        for anchor in &self.anchors {
            trust.add_anchor(anchor)?;
        }
        for link in &self.links {
            trust.add_link(link)?;
        }
        for signer in &self.signers {
            trust.add_signer(&Certificate::parse(signer)?)?;
        }
        for crl in &self.crls {
            trust.add_crl(crl)?;
        }
        Ok(trust)
    }
}

/// Evidence on its way from a station to a verifier.
fn deliver(
    evidence: Evidence,
    delivery: Delivery,
    lab: &LabCountry,
    trust: &TrustStore,
) -> Result<(Evidence, Provenance)> {
    let file = || EvidenceFile::new(&evidence);
    let bytes = match delivery {
        Delivery::Live => return Ok((evidence, Provenance::Live)),
        Delivery::Unsigned => file()?.to_bytes()?,
        Delivery::Signed => file()?.signed(&lab.station)?.to_bytes()?,
        Delivery::AlteredAfterSigning => {
            let signed = file()?.signed(&lab.station)?.to_bytes()?;
            let mut altered: serde_json::Value = serde_json::from_slice(&signed)?;
            let mut other = evidence.clone();
            other.read_at = other.read_at.checked_add(jiff::SignedDuration::from_secs(1))?;
            let other: serde_json::Value = serde_json::from_slice(&EvidenceFile::new(&other)?.to_bytes()?)?;
            if let (Some(altered), Some(other)) = (altered.as_object_mut(), other.get("evidence")) {
                altered.insert("evidence".to_owned(), other.clone());
            }
            serde_json::to_vec(&altered)?
        }
    };
    Ok(EvidenceFile::open(&bytes, trust)?)
}
