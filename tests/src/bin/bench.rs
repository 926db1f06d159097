//! `make bench`: ours beside a reference in the same run; figures also go to `target/bench.json`.

use cccd_tests::bench::measure::Figures;
use cccd_tests::bench::sod;

#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn main() -> anyhow::Result<()> {
    let only = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => None,
        [option, name] if option == "--only" => Some(name.clone()),
        _ => anyhow::bail!("usage: bench [--only sod|read|issue]"),
    };
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let now = jiff::Timestamp::now();
    let mut figures = Figures::default();
    if wanted("sod") {
        sod::run(now, &mut figures)?;
    }
    std::fs::create_dir_all("target")?;
    std::fs::write("target/bench.json", figures.to_json()?)?;
    println!("written to target/bench.json");
    Ok(())
}
