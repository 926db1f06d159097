//! Items 16 to 18: where a person lives.

use core::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One place of residence.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residence {
    /// The whole address as documents print it.
    pub address: String,
    /// Code of the ward or commune, 5 digits, of the map in force when the address was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ward_code: Option<String>,
    /// Code of the province, 2 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province_code: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
}

/// The three places that the law keeps apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residences {
    /// 16 · Nơi thường trú.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permanent: Option<Residence>,
    /// 17 · Nơi tạm trú.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Residence>,
    /// 18 · Nơi ở hiện tại.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Residence>,
}

impl Residence {
    /// An address without codes.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), ward_code: None, province_code: None, since: None }
    }

    /// The country of a place abroad (ISO 3166-1 alpha-2): no codes of ours, and the address ends with its name (TT 17/2024 art. 4:
    /// foreign addresses are written as they are there).
    #[must_use]
    pub fn country(&self) -> Option<&'static str> {
        if self.ward_code.is_some() || self.province_code.is_some() {
            return None;
        }
        crate::places::countries::of_address(&self.address)
    }
}

impl Residences {
    /// Nơi cư trú: the permanent place, else the temporary, else the current one (TT 17/2024 art. 4).
    #[must_use]
    pub fn of_record(&self) -> Option<&Residence> {
        self.permanent.as_ref().or(self.temporary.as_ref()).or(self.current.as_ref())
    }

    /// Each with its word: `permanent`, `temporary`, `current`.
    pub(crate) fn each(&self) -> [(&'static str, &Option<Residence>); 3] {
        [("permanent", &self.permanent), ("temporary", &self.temporary), ("current", &self.current)]
    }
}

impl fmt::Debug for Residence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Residence(…)")
    }
}
