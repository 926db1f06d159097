//! What the files say, read once for all checks.

use std::sync::Arc;

use cccd_card_profile::lds::dg13::Dg13;
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::lds::sod::{DigestAlgorithm, HashCheck, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, LdsError, card_security, dg1, dg14, dg15};
use cccd_card_profile::mrz::Mrz;
use cccd_keys::certificate::Certificate;
use cccd_keys::signed_data::{SignatureFacts, SignatureProblem, SignedData};
use cccd_keys::sod::{EfSod, SodError};
use cccd_keys::trust::{ChainResult, KnownSigners, RevocationResult, SignerPath, ValidityStatus};

use super::Case;
use crate::evidence::Evidence;

/// EF.SOD, as far as it can be read.
pub(crate) struct Sod {
    pub(crate) file: EfSod,
    pub(crate) object: Result<LdsSecurityObject, LdsError>,
    pub(crate) signature: Result<SignatureFacts, SignatureProblem>,
}

/// EF.CardSecurity, as far as it can be read.
pub(crate) struct CardSecurity {
    pub(crate) infos: SecurityInfos,
    /// Its signature holds, an anchor vouches for its signer, who is of the same country as EF.SOD's and not revoked.
    pub(crate) is_authentic: bool,
}

/// What the files say.
pub(crate) struct Facts {
    pub(crate) sod: Option<Result<Box<Sod>, SodError>>,
    pub(crate) signer: Option<Arc<SignerPath>>,
    pub(crate) mrz: Option<Result<Mrz, LdsError>>,
    pub(crate) national: Option<Result<Dg13, LdsError>>,
    pub(crate) security_infos: Option<Result<SecurityInfos, LdsError>>,
    pub(crate) card_security: Option<Result<CardSecurity, LdsError>>,
    pub(crate) chip_key: Option<Result<PublicKeyInfo, LdsError>>,
}

impl Facts {
    /// Reads the files. With known signers it takes less time, and nothing else is different.
    pub(crate) fn gather(case: &Case<'_>, known: Option<&KnownSigners<'_>>) -> Self {
        let evidence = case.evidence;
        let mut sod = evidence.files.sod.as_deref().map(EfSod::parse);
        if let Some(Ok(file)) = &mut sod {
            file.supply(case.trust);
        }
        // The signer first: its signature is computed sooner once it is known.
        let signer = match &sod {
            Some(Ok(file)) => file.signer_certificate().map(|signer| path_of(signer, case, known)),
            _ => None,
        };
        let sod = sod.map(|file| {
            file.map(|file| {
                let object = LdsSecurityObject::from_der(file.econtent());
                let signature = file.verify_signature_with(known);
                Box::new(Sod { file, object, signature })
            })
        });
        let group = |number| evidence.data_group(number);
        let country = signer.as_ref().and_then(|signer| signer.country.clone());
        let card_security = evidence
            .files
            .card_security
            .as_deref()
            .map(|file| CardSecurity::read(case, known, file, country.as_deref()));
        Self {
            sod,
            signer,
            card_security,
            mrz: group(DataGroupNumber::DG1).map(dg1::parse),
            national: group(DataGroupNumber::DG13).map(Dg13::parse),
            security_infos: group(DataGroupNumber::DG14).map(dg14::parse),
            chip_key: group(DataGroupNumber::DG15).map(dg15::parse),
        }
    }

    /// EF.SOD, if it can be read.
    pub(crate) fn sod(&self) -> Option<&Sod> {
        self.sod.as_ref()?.as_ref().ok().map(Box::as_ref)
    }

    /// The list of digests, if it can be read.
    pub(crate) fn object(&self) -> Option<&LdsSecurityObject> {
        self.sod()?.object.as_ref().ok()
    }

    /// DG1's zone, if it can be read.
    pub(crate) fn mrz(&self) -> Option<&Mrz> {
        self.mrz.as_ref()?.as_ref().ok()
    }

    /// DG13, if it can be read.
    pub(crate) fn national(&self) -> Option<&Dg13> {
        self.national.as_ref()?.as_ref().ok()
    }

    /// DG14, if it can be read.
    pub(crate) fn security_infos(&self) -> Option<&SecurityInfos> {
        self.security_infos.as_ref()?.as_ref().ok()
    }

    /// Whether EF.SOD lists the group.
    pub(crate) fn lists(&self, number: DataGroupNumber) -> bool {
        self.object().is_some_and(|object| object.data_groups().contains(&number))
    }

    /// Whether the group's file is the one that EF.SOD signs, whoever signed.
    pub(crate) fn is_signed(&self, evidence: &Evidence, number: DataGroupNumber) -> bool {
        let (Some(sod), Some(file)) = (self.sod(), evidence.data_group(number)) else { return false };
        sod.signature.is_ok()
            && sod.object.as_ref().is_ok_and(|object| object.check(number, file) == HashCheck::Matches)
    }

    /// Whether an anchor vouches for the signer.
    pub(crate) fn is_chain_trusted(&self) -> bool {
        self.signer.as_ref().is_some_and(|signer| matches!(signer.chain, ChainResult::Trusted { .. }))
    }

    /// Whether the document says that it is of the issuing state whose cards must show that their chip is genuine.
    pub(crate) fn is_own(&self, case: &Case<'_>) -> bool {
        self.mrz().is_some_and(|mrz| mrz.issuing_state() == case.policy.own_issuing_state)
    }
}

impl CardSecurity {
    /// Reads the file (Doc 9303-10 §3.11.4, TR-03110-3 A.1.2.5). Whether it is authentic is not whether it can be read.
    fn read(
        case: &Case<'_>,
        known: Option<&KnownSigners<'_>>,
        file: &[u8],
        sod_country: Option<&str>,
    ) -> Result<Self, LdsError> {
        let content_info = card_security::content_info(file)?;
        let wrong = LdsError::Value { what: "SignedData of EF.CardSecurity", offset: 0 };
        let Ok(signed) = SignedData::parse(content_info) else { return Err(wrong) };
        let infos = card_security::parse(signed.econtent().ok_or(wrong)?)?;
        let signer = signed.signers().first().and_then(|info| signed.certificate_of(info));
        let path = signer.map(|signer| path_of(signer, case, known));
        let is_authentic = signed.econtent_type() == card_security::ID_SECURITY_OBJECT
            && signed.verify_with(known).is_ok()
            && path.is_some_and(|path| {
                matches!(path.chain, ChainResult::Trusted { .. })
                    && !(path.weak_hash || path.crl_weak_hash)
                    && matches!(path.revocation, RevocationResult::Good { .. })
                    && path.validity == ValidityStatus::Valid
                    && !path.profile_problems.iter().any(|problem| problem.is_violation())
                    && path.country.is_some()
                    && path.country.as_deref() == sod_country
            });
        Ok(Self { infos, is_authentic })
    }
}

fn path_of(signer: &Certificate, case: &Case<'_>, known: Option<&KnownSigners<'_>>) -> Arc<SignerPath> {
    match known {
        Some(known) => known.check_signer(signer, case.at),
        None => Arc::new(case.trust.check_signer(signer, case.at)),
    }
}

/// The name of a digest algorithm in [`crate::evidence::Files::withheld`].
pub(crate) fn digest_name(algorithm: DigestAlgorithm) -> Option<&'static str> {
    match algorithm {
        DigestAlgorithm::Sha256 => Some("sha256"),
        DigestAlgorithm::Sha384 => Some("sha384"),
        DigestAlgorithm::Sha512 => Some("sha512"),
        _ => None,
    }
}
