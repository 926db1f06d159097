//! `make desk`: a demo house with an open desk; `make desk-test`: a browser walks through it.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use cccd_hw_tests::pcscd::Pcscd;
use cccd_reader::Service;
use cccd_tests::desk::house::{House, OFFICERS};
use cccd_tests::desk::walk::{pictures, walk};
use cccd_tests::programs::Programs;

const USAGE: &str = "usage: desk [--out DIR] [--listen ADDRESS] | desk --test --axe FILE [--out DIR]\n
Founds a house of invented people in DIR (default desk-out), or finds the one that is there, and opens its desk. Ctrl-C ends
it; the next run goes on. With --test a headless Chromium walks from look-up to receipt, with a picture at each step and
axe-core on every page.";

fn main() -> ExitCode {
    match desk() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("desk: {error:#}");
            ExitCode::from(3)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn desk() -> Result<bool> {
    let (mut out, mut listen, mut axe, mut test) =
        (PathBuf::from("desk-out"), "127.0.0.1:8470".to_owned(), None, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--test" => test = true,
            "--out" => out = words.next().context(USAGE)?.into(),
            "--listen" => listen = words.next().context(USAGE)?,
            "--axe" => axe = words.next().map(PathBuf::from),
            _ => {
                println!("{USAGE}");
                std::process::exit(if word == "--help" { 0 } else { 2 });
            }
        }
    }
    let programs = Programs::beside_this_one()?;
    let now = jiff::Timestamp::now();
    if test {
        return tested(programs, &out, &axe.context(USAGE)?, now);
    }
    println!("desk: founding a house in {} …", out.display());
    let house = House::in_folder(programs, &out, now)?;
    let real = Service::open().and_then(|service| service.readers()).is_ok_and(|readers| !readers.is_empty());
    tell(&house, real)?;
    // Ctrl-C is the desk's own from here on.
    let error =
        Command::new(house.stage.programs.path("issuer")).args(house.arguments(&listen, !real)?).exec();
    bail!("issuer cannot be started: {error}");
}

fn tell(house: &House, real: bool) -> Result<()> {
    println!("\n  account   password            what they do");
    for (name, password, does) in OFFICERS {
        println!("  {name:<9} {password:<19} {does}");
    }
    println!(
        "\n  people who may come (number, name, portrait to upload; prints in the folder of their number):"
    );
    for (person, portrait) in &house.applicants {
        println!("  {}  {:<28} {}", person.number.as_str(), person.full_name, portrait.display());
    }
    let prints = house.stage.out.join("prints");
    let device = house.stage.work.join("devices").join("lan");
    println!("  prints to upload: {}", prints.display());
    println!("  or put them where lan's device would leave them: {}", device.display());
    let reader = if real { "those of pcscd" } else { "one in software, called \u{201c}virtual\u{201d}" };
    println!("\n  readers: {reader}\n  Ctrl-C ends the desk; `make desk` again goes on with this house.\n");
    Ok(())
}

fn tested(programs: Programs, out: &Path, axe: &Path, now: jiff::Timestamp) -> Result<bool> {
    if out.exists() {
        std::fs::remove_dir_all(out)?;
    }
    let house = House::in_folder(programs, out, now)?;
    let pcscd = Pcscd::start();
    if let Err(error) = &pcscd {
        if std::env::var_os("CCCD_DEMAND_PCSCD").is_some() {
            bail!("pcscd cannot run here: {error:#}");
        }
        println!("desk: pcscd cannot run here, the chip stays in the desk's process: {error:#}");
    }
    let pcscd = pcscd.ok();
    let work = &house.stage.work;
    let (ready, log) = (work.join("desk.ready"), work.join("desk.log"));
    let mut arguments = house.arguments("127.0.0.1:0", pcscd.is_none())?;
    arguments.extend(["--ready-file".to_owned(), ready.display().to_string()]);
    let running = house.stage.programs.start("issuer", &arguments, &ready, &log)?;
    let url = std::fs::read_to_string(&ready)?;
    let folder = pictures(&target());
    let walked = walk(&house, &url, axe, &folder, pcscd.as_ref());
    drop(running);
    let (outcome, found) = walked.with_context(|| format!("the desk's log is {}", log.display()))?;
    for line in &found {
        println!("axe: {line}");
    }
    println!("pictures in {}", folder.display());
    println!(
        "desk: pictures={} pages_judged={} serious={} transport={}",
        outcome.pictures,
        outcome.judged,
        outcome.serious,
        if pcscd.is_some() { "pcscd" } else { "in-process" }
    );
    Ok(outcome.serious == 0)
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}
