//! `verifier trust`: whom to believe.

mod bring;
mod list;

use jiff::Timestamp;

use super::args::{TrustArguments, TrustCommand};
use super::{Failure, Output};

pub(super) fn run(arguments: &TrustArguments, at: Timestamp, output: Output) -> Result<u8, Failure> {
    match &arguments.command {
        TrustCommand::Import { files, into, role, accept_list_signer, dry_run } => {
            let options = bring::options(*role, accept_list_signer, *dry_run, at);
            bring::run(files, into, &options, output)
        }
        TrustCommand::List { trust } => list::run(trust, at, output),
    }
}
