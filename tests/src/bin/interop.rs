//! `make interop`: foreign readers read our chips, foreign terminals and chips talk to ours.

use cccd_tests::interop::table::Table;
use cccd_tests::interop::{
    card_security, chip_authentication, data_groups, foreign_card, pace, pki, readers, scp03, signatures,
    terminal_authentication,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

const HELP: &str = "\
Runs foreign implementations against ours and prints a table: peer, protocol, outcome.

Usage: interop [--only PART]

Parts:
  readers     JMRTD and the crate dmrtd read our chips through pcscd
  pace        libeac is terminal and chip of PACE
  ca          libeac is terminal and chip of Chip Authentication
  ta          libeac is terminal and chip of Terminal Authentication
  card        libeac is the chip of a whole card that our verifier reads
  security    libeac and JMRTD parse our EF.CardSecurity
  groups      JMRTD parses every data group it knows, as we encode it
  signatures  BouncyCastle and OpenSSL check our Active Authentication, and we theirs
  pki         BouncyCastle and OpenSSL check what the PKI signs: certificates, CRL, EF.SOD, master list
  scp03       yubikey-manager opens our chip's secure channel

Options:
  --only PART  one part
  -h, --help   this text

What a peer needs is installed by `scripts/setup interop` and built by `scripts/interop-peers`; a peer that is missing is
skipped, unless CCCD_DEMAND_INTEROP is set: then a skipped line is a failure. Exit 0 if nothing failed, else 1.";

const PARTS: [&str; 10] =
    ["readers", "pace", "ca", "ta", "card", "security", "groups", "signatures", "pki", "scp03"];

#[expect(
    clippy::disallowed_methods,
    reason = "a program's main may ask the clock and the system's generator"
)]
fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let only = match words.as_slice() {
        [] => None,
        ["-h" | "--help"] => {
            println!("{HELP}");
            return Ok(());
        }
        ["--only", part] if PARTS.contains(part) => Some(*part),
        _ => {
            eprintln!("interop: these arguments are not understood.\nSay --help to see which there are.");
            std::process::exit(2);
        }
    };
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    let mut rng = ChaCha20Rng::from_rng(&mut rand::rng());
    let now = jiff::Timestamp::now();
    let mut table = Table::begin();
    if wanted("readers") {
        readers::run(&mut table, now, &mut rng);
    }
    if wanted("pace") {
        pace::run(&mut table, &mut rng);
    }
    if wanted("ca") {
        chip_authentication::run(&mut table, &mut rng);
    }
    if wanted("ta") {
        terminal_authentication::run(&mut table, &mut rng);
    }
    if wanted("card") {
        foreign_card::run(&mut table, now, &mut rng);
    }
    if wanted("security") {
        card_security::run(&mut table, now, &mut rng);
    }
    if wanted("groups") {
        data_groups::run(&mut table);
    }
    if wanted("signatures") {
        signatures::run(&mut table, &mut rng);
    }
    if wanted("pki") {
        pki::run(&mut table, now, &mut rng);
    }
    if wanted("scp03") {
        scp03::run(&mut table);
    }
    let (_, failed, skipped) = table.counts();
    println!("\n{}", table.summary());
    let demanded = std::env::var_os("CCCD_DEMAND_INTEROP").is_some();
    if demanded && skipped > 0 {
        eprintln!("interop: CCCD_DEMAND_INTEROP is set, so nothing may be skipped.");
    }
    if failed > 0 || demanded && skipped > 0 {
        std::process::exit(1);
    }
    Ok(())
}
