//! The judgement for machines. The form is stable: `docs/verdict.md`.

use serde_json::{Value, json};

use super::{Lang, does_not_prove, proves};
use crate::evidence::Provenance;
use crate::judge::Judgement;

/// The version of the form. Members may be added; what is there never changes its meaning.
const VERSION: u32 = 1;

/// The judgement as JSON. `lang` is the language of `proves` and `does_not_prove`; everything else is codes and data.
#[must_use]
pub fn to_json(judgement: &Judgement, lang: Lang) -> Value {
    let findings: Vec<Value> = judgement
        .findings
        .iter()
        .map(|finding| {
            json!({
                "check": finding.check,
                "status": finding.status,
                "reason": finding.reason,
                "scope": finding.scope,
                "detail": finding.detail,
                "proves": finding.is_passed().then(|| proves(finding, lang)),
                "does_not_prove": does_not_prove(finding.check, lang),
            })
        })
        .collect();
    let (provenance, station_key) = match &judgement.provenance {
        Provenance::Live => ("live", None),
        Provenance::TrustedStation { key } => ("trusted-station", Some(key)),
        Provenance::BadSignature => ("bad-signature", None),
        Provenance::Unsigned => ("unsigned", None),
    };
    json!({
        "format": "cccd-verdict",
        "version": VERSION,
        "verdict": {
            "decision": judgement.verdict.decision,
            "decided_by": judgement.verdict.decided_by,
            "reason": judgement.verdict.reason,
            "judged_at": judgement.judged_at,
        },
        "statements": judgement.statements,
        "findings": findings,
        "document": judgement.document,
        "trust": judgement.trust,
        "leniencies": judgement.leniencies,
        "card": { "sod_sha256": judgement.sod_sha256 },
        "reading": { "read_at": judgement.read_at, "provenance": provenance, "station_key": station_key },
    })
}
