//! Arguments of `keys csca` and `keys ds`.

use cccd_keys::life::{Pool, SIGNATURE_LIMIT};
use clap::Subcommand;

/// What kind of CSCA key.
#[derive(Debug, clap::Args)]
pub(crate) struct AuthorityArguments {
    /// For cards with a date of expiry (27 years 3 months), or without (75 years).
    #[arg(long, default_value = "dated", value_name = "dated|no-expiry")]
    pub(crate) pool: Pool,
    /// Change the authority's name with the key; it stays otherwise.
    #[arg(long)]
    pub(crate) new_name: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ds {
    /// Make a Document Signer; others stay in use, and all sign in turn.
    New {
        /// For cards with a date of expiry, or without.
        #[arg(long, default_value = "dated", value_name = "dated|no-expiry")]
        pool: Pool,
        /// Signatures at most.
        #[arg(long, value_name = "N", default_value_t = SIGNATURE_LIMIT,
              value_parser = clap::value_parser!(u64).range(1..=SIGNATURE_LIMIT))]
        limit: u64,
    },
    /// Make a Document Signer and erase the private keys of all older ones of its pool.
    Rotate {
        /// For cards with a date of expiry, or without.
        #[arg(long, default_value = "dated", value_name = "dated|no-expiry")]
        pool: Pool,
    },
    /// Erase the private keys that are past their use, used up or revoked.
    Erase,
    /// List them.
    List,
}
