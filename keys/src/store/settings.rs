//! What a store is made for, said once: `D/store.json`.

use super::{StoreError, files};
use crate::certificate::{AuthorityNames, CertificateOptions};
use crate::curve::CurveEncoding;
use crate::profile::AlgorithmProfile;
use crate::token::TokenIdentity;
use jiff::Timestamp;
use std::path::Path;

/// What a store is made for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoreSettings {
    /// Format of this file.
    pub version: u32,
    /// Algorithms of CSCA and Document Signers.
    pub profile: AlgorithmProfile,
    /// Explicit curve parameters in certificates, or named curves.
    pub curve_encoding: CurveEncoding,
    /// Country code, two capitals.
    pub country: String,
    /// When it was made.
    pub created: Timestamp,
    /// What the keys are for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Who the authority is; `None` for the synthetic one of a laboratory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityNames>,
    /// The token that holds the private keys; `None` for sealed files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenIdentity>,
    /// In a token: keys are made so that they may leave it wrapped, for a backup. Else they never do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrapped_backup: bool,
}

/// What a store's keys are for. It is said once, when the store is made, and everything that uses the keys obeys it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Tests, demonstrations, training.
    #[default]
    Laboratory,
    /// Cards of citizens: keys in hardware only, no laboratory's drivers, blanks or registers.
    Production,
}

impl Purpose {
    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Laboratory => "laboratory",
            Self::Production => "production",
        }
    }
}

impl StoreSettings {
    /// Settings with the profile's own curve encoding.
    #[must_use]
    pub fn new(profile: AlgorithmProfile, country: &str, created: Timestamp) -> Self {
        Self {
            version: 1,
            profile,
            curve_encoding: profile.curve_encoding(),
            country: country.to_owned(),
            created,
            purpose: Purpose::Laboratory,
            authority: None,
            token: None,
            wrapped_backup: false,
        }
    }

    /// What certificates of this store have in common.
    ///
    /// # Errors
    /// [`StoreError::SyntheticNames`] in production; a country that is not two capitals.
    pub fn certificate_options(&self) -> Result<CertificateOptions, StoreError> {
        if self.purpose == Purpose::Production && self.authority.is_none() {
            return Err(StoreError::SyntheticNames);
        }
        Ok(CertificateOptions::for_authority(&self.country, self.authority.as_ref())?)
    }

    /// Of this authority.
    #[must_use]
    pub fn with_authority(mut self, authority: AuthorityNames) -> Self {
        self.authority = Some(authority);
        self
    }

    /// With keys that a backup can take out of their token in wrapped form.
    #[must_use]
    pub const fn with_wrapped_backup(mut self) -> Self {
        self.wrapped_backup = true;
        self
    }

    /// For this purpose.
    #[must_use]
    pub const fn with_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }
}

/// The settings of a store, readable without its passphrase.
///
/// # Errors
/// Missing or damaged.
pub fn read_settings(dir: &Path) -> Result<StoreSettings, StoreError> {
    let path = dir.join("store.json");
    if !path.exists() {
        return Err(StoreError::Missing(dir.to_owned()));
    }
    serde_json::from_slice(&files::read(&path)?).map_err(|_| StoreError::Damaged("store.json".to_owned()))
}
