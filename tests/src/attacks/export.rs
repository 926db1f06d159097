//! Forged cards in a folder, so that other verifiers can be tried with them.

use std::path::Path;

use anyhow::Result;
use cccd_verifier::evidence::EvidenceFile;

use super::run::Outcome;

/// Writes one attack: the chip's memory, its files one by one, the evidence, whom to trust, and what must come of it.
///
/// # Errors
/// If the folder cannot be written.
pub fn write(outcome: &Outcome, folder: &Path) -> Result<()> {
    let folder = folder.join(outcome.variant.id());
    let (files, csca, crl) = (folder.join("files"), folder.join("trust/csca"), folder.join("trust/crl"));
    for folder in [&files, &csca, &crl] {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(&outcome.shown.state, folder.join("chip"))?;
    for (file, content) in &outcome.shown.files {
        // EF.ATR/INFO is one file.
        std::fs::write(files.join(format!("{}.bin", file.name().replace('/', "-"))), content)?;
    }
    for (number, anchor) in outcome.shown.trust.anchors().iter().enumerate() {
        std::fs::write(csca.join(format!("{number}.cer")), anchor.der())?;
    }
    for (number, (list, _)) in outcome.shown.trust.crls().enumerate() {
        std::fs::write(crl.join(format!("{number}.crl")), list.der())?;
    }
    if let Ok((evidence, _)) = &outcome.shown.read {
        std::fs::write(folder.join("evidence.json"), EvidenceFile::new(evidence)?.to_bytes()?)?;
    }
    let (decision, check, reason) = outcome.variant.expected.told();
    let told = serde_json::json!({
        "class": outcome.variant.class,
        "name": outcome.variant.name,
        "change": outcome.variant.told,
        "from": outcome.variant.base.told(),
        "expected": { "decision": decision, "check": check, "reason": reason },
    });
    std::fs::write(folder.join("attack.json"), serde_json::to_vec_pretty(&told)?)?;
    Ok(())
}
