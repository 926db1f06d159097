//! Runs the chip cases and prints one line for each: against specimens in software, or a card in a reader.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program's face")]

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_hw_tests::conformity::report::Line;
use cccd_hw_tests::conformity::{Report, Unit, Writes, run};
use cccd_hw_tests::runner::{Resettable, Secrets};
use cccd_hw_tests::specimen::{self, Form};
use cccd_reader::{Protocols, Service, Share};
use cccd_virtual_chip::{Chip, ChipState, LengthSupport, Profile};
use clap::{Parser, ValueEnum};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::{Value, json};

const AFTER: &str = "\
Examples:
  chip-conformity                                        every specimen in software
  chip-conformity --specimen bac-only --only ISO7816_C   one specimen, the cases of one unit
  chip-conformity --reader ACS --can 000123              a card in a reader
  chip-conformity --reader ACS --mrz 304000123,040615,290615

The cases are our own, in the manner of BSI TR-03105-3.2; they do not replace that guideline. Cases that try to write are
run against a card in a reader only when the program is built with the feature dangerous-real-card: a card of the
laboratory, never a citizen's.
Exit codes: 0 no case failed, 1 a case failed, 2 usage, 3 could not.";

#[derive(Parser)]
#[command(name = "chip-conformity", version, about = "Chip cases, one line each", after_help = AFTER)]
struct Arguments {
    /// Machine-readable output.
    #[arg(long)]
    json: bool,
    /// The specimen in software; by default all of them, one after the other.
    #[arg(long, value_enum, conflicts_with = "reader")]
    specimen: Option<Specimen>,
    /// A reader (a part of its name is enough) instead of a specimen.
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// The card's CAN.
    #[arg(long, value_name = "DIGITS", requires = "reader")]
    can: Option<String>,
    /// Document number, birth and expiry (YYMMDD) of the card's MRZ.
    #[arg(
        long,
        value_name = "NUMBER,YYMMDD,YYMMDD",
        requires = "reader",
        value_delimiter = ',',
        num_args = 1
    )]
    mrz: Vec<String>,
    /// Only cases whose identifier begins so.
    #[arg(long, value_name = "PREFIX")]
    only: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Specimen {
    /// As the cards in use: PACE on brainpoolP256r1 and BAC, RSA-2048.
    Cccd,
    /// The same on NIST P-256.
    P256,
    /// Every mapping of PACE, PIN and PUK, EF.DIR.
    Laboratory,
    /// The same as p256 without extended length.
    Short,
    /// An old card: BAC only.
    BacOnly,
}

impl Specimen {
    const ALL: [Self; 5] = [Self::Cccd, Self::P256, Self::Laboratory, Self::Short, Self::BacOnly];

    fn name(self) -> &'static str {
        match self {
            Self::Cccd => "cccd",
            Self::P256 => "p256",
            Self::Laboratory => "laboratory",
            Self::Short => "short",
            Self::BacOnly => "bac-only",
        }
    }

    fn make(self) -> Result<(Chip, Secrets)> {
        let profile = if self == Self::Cccd { Profile::Cccd } else { Profile::P256 };
        let (form, lengths) = match self {
            Self::Cccd | Self::P256 => (Form::CCCD, LengthSupport::Extended),
            Self::Laboratory => (Form::LABORATORY, LengthSupport::Extended),
            Self::Short => (Form::SHORT, LengthSupport::ShortOnly),
            Self::BacOnly => (Form::BAC_ONLY, LengthSupport::Extended),
        };
        let chip = Chip::in_memory(ChipState::blank([0xC1; 10], profile), Box::new(dice(1)));
        let mut chip = chip.with_lengths(lengths);
        let (mut channel, _) = specimen::personalize_as(&mut chip, profile, form, &mut dice(2))?;
        specimen::lock(&mut channel)?;
        if form.laboratory {
            return specimen::equip(chip, profile, Box::new(dice(4)));
        }
        Ok((chip, specimen::secrets(profile)))
    }
}

/// The randomness of conversations with one's own card: the same at every run, on purpose.
fn dice(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match everything(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            if arguments.json {
                println!("{}", json!({"error": {"code": "could-not", "message": format!("{error:#}")}}));
            }
            eprintln!("chip-conformity: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn everything(arguments: &Arguments) -> Result<bool> {
    let mut units = Unit::all()?;
    if let Some(prefix) = &arguments.only {
        for unit in &mut units {
            unit.cases.retain(|case| case.id.starts_with(prefix.as_str()));
        }
        ensure!(units.iter().any(|unit| !unit.cases.is_empty()), "no case begins with {prefix}");
    }
    let mut reports: Vec<(String, Report)> = Vec::new();
    if let Some(wanted) = &arguments.reader {
        let service = Service::open()?;
        let reader = service.find(wanted)?;
        service.wait_for_card(&reader, Duration::from_secs(30))?;
        let mut card = service.connect(&reader, Share::Exclusive, Protocols::Any)?;
        let writes = if cfg!(feature = "dangerous-real-card") { Writes::Allowed } else { Writes::Withheld };
        let report = one("card", &units, &mut card, &secrets(arguments)?, writes, arguments.json)?;
        reports.push(("card".to_owned(), report));
    } else {
        let chosen = arguments.specimen.map_or(Specimen::ALL.to_vec(), |specimen| vec![specimen]);
        for specimen in chosen {
            let (mut chip, secrets) = specimen.make()?;
            let name = specimen.name();
            let report = one(name, &units, &mut chip, &secrets, Writes::Allowed, arguments.json)?;
            reports.push((name.to_owned(), report));
        }
    }
    let failed: usize = reports.iter().map(|(_, report)| report.counts().1).sum();
    if arguments.json {
        let reports: Vec<Value> = reports
            .iter()
            .map(|(name, report)| json!({"target": name, "report": report.to_json()}))
            .collect();
        println!("{:#}", json!({"format": "cccd-chip-conformity", "version": 1, "targets": reports}));
    } else {
        for (name, report) in &reports {
            println!("{name}: {}", report.summary());
        }
        let total = |count: fn((usize, usize, usize)) -> usize| {
            reports.iter().map(|(_, report)| count(report.counts())).sum::<usize>()
        };
        println!("conformity: {} passed, {failed} failed, {} not applicable", total(|c| c.0), total(|c| c.2));
    }
    Ok(failed == 0)
}

fn one(
    name: &str,
    units: &[Unit],
    card: &mut dyn Resettable,
    secrets: &Secrets,
    writes: Writes,
    quiet: bool,
) -> Result<Report> {
    let mut told = |line: &Line| {
        if !quiet {
            println!("{name:<11} {line}");
        }
    };
    run(units, card, secrets, writes, &mut dice(3), &mut told)
}

fn secrets(arguments: &Arguments) -> Result<Secrets> {
    let mrz = match arguments.mrz.as_slice() {
        [] => None,
        [number, birth, expiry] => Some([number, birth, expiry].map(|field| field.clone().into())),
        _ => anyhow::bail!("--mrz takes document number, birth and expiry, with commas between"),
    };
    ensure!(mrz.is_some() || arguments.can.is_some(), "a card in a reader needs --can or --mrz");
    let can = arguments.can.clone().unwrap_or_default();
    Ok(Secrets { can: can.into(), mrz, pin: None, puk: None, parameters: DomainParameters::BrainpoolP256r1 })
}
