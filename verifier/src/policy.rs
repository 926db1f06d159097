//! What is demanded of a card. The default is the strict rule of the house (`docs/verdict.md`).

pub use cccd_keys::sunset::{Kind, NotASunset, Sunset};

use jiff::SignedDuration;

/// What is demanded of a card. Every departure from the default is a decision of whoever runs the verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The issuing state whose cards must show that their chip is genuine, and whose signers must say which documents they
    /// sign. `VNM` by default.
    pub own_issuing_state: String,
    /// What becomes of algorithms past their sunset (SHA-1, RSA below [`Policy::least_rsa_bits`]).
    pub weak_algorithms: WeakAlgorithms,
    /// The shortest RSA key of Active Authentication that shows anything.
    pub least_rsa_bits: usize,
    /// From when on kinds of signatures show nothing: [`Sunset::built_in`] by default. Those of the trust directory
    /// ([`cccd_keys::trust::TrustStore::sunsets`]) count beside them. Cards without expiry outlive algorithms.
    pub sunsets: Vec<Sunset>,
    /// Whether a card may be accepted when nobody asked the register.
    pub register: RegisterDemand,
    /// How long before its next update a revocation list is told to grow old.
    pub crl_warning: SignedDuration,
    /// How far before the verifier's clock a register's answer may lie.
    pub answer_age: SignedDuration,
    /// How far after it.
    pub answer_lead: SignedDuration,
    /// How far from the judged time a reading may lie that answers the verifier's own challenge.
    pub challenge_age: SignedDuration,
}

/// What becomes of algorithms past their sunset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeakAlgorithms {
    /// Nothing follows from them: undetermined.
    #[default]
    Distrust,
    /// They count: for old foreign documents.
    Accept,
}

/// Whether the register must be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegisterDemand {
    /// Asked and not heard is undetermined; not asked is said, and does not decide.
    #[default]
    WhenAsked,
    /// Not asked is undetermined too.
    Always,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            own_issuing_state: "VNM".to_owned(),
            weak_algorithms: WeakAlgorithms::Distrust,
            least_rsa_bits: 2048,
            sunsets: Sunset::built_in(),
            register: RegisterDemand::WhenAsked,
            crl_warning: cccd_keys::trust::CRL_WARNING,
            answer_age: SignedDuration::from_mins(5),
            answer_lead: SignedDuration::from_mins(2),
            challenge_age: SignedDuration::from_mins(10),
        }
    }
}

impl Policy {
    /// The default, with the register demanded.
    #[must_use]
    pub fn requiring_register(mut self) -> Self {
        self.register = RegisterDemand::Always;
        self
    }
}
