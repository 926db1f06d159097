//! Card-verifiable certificates in records: made again out of what the record says (TR-03110-3 §C.1).

use super::{ReplayProblem, decoded, same};
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Date, InspectionRights, NotADate, PublicKey, Reference, Role,
    VerifyingKey,
};
use jiff::civil::Date as CivilDate;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything that a card-verifiable certificate is made of but its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardVerifiable {
    /// The certificate of the key that signed; none where a key signs for itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<String>,
    /// The key that signed: data object `7F49` with domain parameters, hex.
    pub signer: String,
    /// The certified key, likewise.
    pub key: String,
    /// Its name.
    pub holder: String,
    /// `cvca`, `domestic`, `foreign` or `terminal`.
    pub role: String,
    /// May read DG3.
    pub fingerprints: bool,
    /// May read DG4.
    pub irises: bool,
    /// Days of validity that were asked for, the first included.
    pub days: u16,
    /// SHA-256 of the request that was answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
    /// The key before has signed the request too.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub renewal: bool,
}

/// The name of a role in records.
#[must_use]
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Cvca => "cvca",
        Role::DomesticVerifier => "domestic",
        Role::ForeignVerifier => "foreign",
        Role::Terminal => "terminal",
    }
}

impl CardVerifiable {
    /// What a certificate is made of. `authority` is the file of the certificate above it.
    #[must_use]
    pub fn of(
        certificate: &Certificate,
        authority: Option<String>,
        signer: &VerifyingKey,
        key: &VerifyingKey,
        days: u16,
    ) -> Self {
        let content = certificate.content();
        let rights = content.chat.inspection_rights();
        let whole = |key| PublicKey::new(key, true).map(|key| hex::encode(key.as_object()));
        Self {
            authority,
            signer: whole(signer).unwrap_or_default(),
            key: whole(key).unwrap_or_default(),
            holder: content.holder.to_string(),
            role: role_name(content.chat.role()).to_owned(),
            fingerprints: rights.fingerprints,
            irises: rights.irises,
            days,
            request: None,
            renewal: false,
        }
    }

    /// In answer to a request.
    #[must_use]
    pub fn answering(mut self, request_sha256: String, renewal: bool) -> Self {
        (self.request, self.renewal) = (Some(request_sha256), renewal);
        self
    }

    pub(super) fn replay(
        &self,
        at: Timestamp,
        kept: &[u8],
        file: &dyn Fn(&str) -> Result<Vec<u8>, ReplayProblem>,
    ) -> Result<(), ReplayProblem> {
        let result = Certificate::parse(kept).map_err(|_| ReplayProblem::Value("result"))?;
        let signer = public_key(&self.signer, "signer")?;
        let key = public_key(&self.key, "key")?;
        let resolved = |key: &PublicKey, what| key.resolve(None).map_err(|_| ReplayProblem::Value(what));
        let (signing, certified) = (resolved(&signer, "signer")?, resolved(&key, "key")?);
        let role = [Role::Cvca, Role::DomesticVerifier, Role::ForeignVerifier, Role::Terminal]
            .into_iter()
            .find(|role| role_name(*role) == self.role)
            .ok_or(ReplayProblem::Value("role"))?;
        let holder: Reference = self.holder.parse().map_err(|_| ReplayProblem::Value("holder"))?;
        let above = match &self.authority {
            Some(name) => {
                let above =
                    Certificate::parse(&file(name)?).map_err(|_| ReplayProblem::File(name.clone()))?;
                // The key that signed is the one that this certificate is about.
                let theirs = &above.content().public_key;
                let ours = PublicKey::new(&signing, theirs.has_parameters());
                if ours.ok().as_ref() != Some(theirs) {
                    return Err(ReplayProblem::Value("signer"));
                }
                Some(above)
            }
            None if signer == key => None,
            None => return Err(ReplayProblem::Value("signer")),
        };
        let is_root = role == Role::Cvca;
        // A link goes on as long as the key it leads to; everything else ends with the certificate above it.
        let end = above.as_ref().filter(|_| !is_root);
        let unbuilt = |_| ReplayProblem::Build("its days cannot be".to_owned());
        let (effective, expiration) = validity(at, self.days, end).map_err(unbuilt)?;
        let authority = above.as_ref().map_or_else(|| holder.clone(), |above| above.holder().clone());
        let public_key = PublicKey::new(&certified, is_root).map_err(|_| ReplayProblem::Value("key"))?;
        let rights = InspectionRights { fingerprints: self.fingerprints, irises: self.irises };
        let chat = Chat::inspection(role, rights);
        let content = CertificateContent {
            authority,
            public_key,
            holder,
            chat,
            effective,
            expiration,
            extensions: None,
        };
        let made = content.sign_with(|_| Ok::<_, ReplayProblem>(result.signature().to_vec()))?;
        made.verify_signature(&signing).map_err(|error| ReplayProblem::Build(error.to_string()))?;
        same(&made.to_bytes(), kept)
    }
}

fn public_key(text: &str, what: &'static str) -> Result<PublicKey, ReplayProblem> {
    PublicKey::from_object(&decoded(text, what)?).map_err(|_| ReplayProblem::Value(what))
}

/// The first and the last day: never beyond the authority's own.
pub(crate) fn validity(
    at: Timestamp,
    count: u16,
    authority: Option<&Certificate>,
) -> Result<(Date, Date), NotADate> {
    let first = at.to_zoned(TimeZone::UTC).date();
    let more = Span::new().days(i64::from(count.max(1)).saturating_sub(1));
    let last = date(first.checked_add(more).map_err(|_| NotADate)?)?;
    let last = authority.map_or(last, |authority| last.min(authority.content().expiration));
    Ok((date(first)?, last))
}

/// A day as certificates write it.
pub(crate) fn date(date: CivilDate) -> Result<Date, NotADate> {
    let number = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(date.year()).unwrap_or_default();
    Date::new(year, number(date.month()), number(date.day()))
}
