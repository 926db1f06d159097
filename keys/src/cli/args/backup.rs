//! Arguments of `keys backup`.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Back the store up, under a new key that exists only in shares. Keys of Document Signers and terminals are left out.
    /// A store in a token must have been made with --wrapped-backup.
    Create {
        /// Shares, one for each holder.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=16))]
        shares: u8,
        /// How many of them open the backup.
        #[arg(long, value_name = "M", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=16))]
        threshold: u8,
        /// Where the backup is kept: two different places at least.
        #[arg(long, value_name = "DIR", required = true)]
        out: Vec<PathBuf>,
        /// Where the shares are written, a file each, to be printed and deleted.
        #[arg(long, value_name = "DIR")]
        shares_out: PathBuf,
    },
    /// Make the store in --dir out of a backup and enough shares; that of a token into the token of --pkcs11 and --token.
    Restore {
        /// One of the places.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// A share's file; repeated.
        #[arg(long, value_name = "FILE", required = true)]
        share: Vec<PathBuf>,
    },
    /// Split a token's PIN into shares.
    SplitPin {
        /// File whose first line is the PIN.
        #[arg(long, value_name = "F")]
        pin_file: PathBuf,
        /// Shares, one for each holder.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=16))]
        shares: u8,
        /// How many of them give the PIN back.
        #[arg(long, value_name = "M", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=16))]
        threshold: u8,
        /// Where the shares are written.
        #[arg(long, value_name = "DIR")]
        shares_out: PathBuf,
    },
    /// Join shares of a PIN and write it into a new file that only its owner reads.
    JoinPin {
        /// A share's file; repeated.
        #[arg(long, value_name = "FILE", required = true)]
        share: Vec<PathBuf>,
        /// The file.
        #[arg(long, value_name = "F")]
        out: PathBuf,
    },
}
