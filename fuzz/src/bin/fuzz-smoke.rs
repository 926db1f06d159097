//! Runs every fuzz body for a few seconds on the stable toolchain: mutated good inputs and plain noise. A panic or an
//! input that takes longer than two seconds fails the run, and the input is kept in `fuzz/artifacts/`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cccd_fuzz::mutate::{below, mutate};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const SLOWEST: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let (seconds, seed, only) = match arguments() {
        Ok(parsed) => parsed,
        Err(message) => {
            eprintln!("fuzz-smoke: {message}\nusage: fuzz-smoke [--seconds N] [--seed N] [--only BODY]");
            return ExitCode::from(2);
        }
    };
    let mut failed = 0;
    let mut passed = 0;
    for body in cccd_fuzz::bodies() {
        if only.as_ref().is_some_and(|name| name != body.name) {
            continue;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let seeds = (body.seeds)();
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut runs = 0_u64;
        let mut fault = None;
        while fault.is_none() && Instant::now() < end {
            let input = next_input(&seeds, &mut rng);
            let start = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| (body.run)(&input))).is_err() {
                fault = Some(("panic", input));
            } else if start.elapsed() > SLOWEST {
                fault = Some(("slow", input));
            }
            runs += 1;
        }
        match fault {
            None => {
                passed += 1;
                println!("{:<28} {runs:>9} inputs, none panicked", body.name);
            }
            Some((kind, input)) => {
                failed += 1;
                let path = format!("fuzz/artifacts/{}-{kind}", body.name);
                let kept =
                    std::fs::create_dir_all("fuzz/artifacts").and_then(|()| std::fs::write(&path, &input));
                println!("{:<28} {kind} after {runs} inputs, input in {path} ({kept:?})", body.name);
            }
        }
    }
    println!("fuzz: {passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn next_input(seeds: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    match seeds.get(below(rng, seeds.len() + 1)) {
        Some(seed) => mutate(seed, rng),
        None => {
            let mut noise = vec![0; below(rng, 300)];
            rng.fill_bytes(&mut noise);
            noise
        }
    }
}

fn arguments() -> Result<(u64, u64, Option<String>), String> {
    let (mut seconds, mut seed, mut only) = (3, 1, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{value} is not a number"));
        match word.as_str() {
            "--seconds" => seconds = number()?,
            "--seed" => seed = number()?,
            "--only" => only = Some(value),
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok((seconds, seed, only))
}
