//! The judgement for a person at a counter.

use std::fmt::Write as _;

use super::words::{self, Label};
use super::{Field, Lang, printable};
use crate::evidence::Provenance;
use crate::finding::Status;
use crate::judge::Judgement;

/// The judgement in words: verdict first, then the holder, the statements, the checks.
#[must_use]
pub fn to_text(judgement: &Judgement, lang: Lang) -> String {
    let mut text = String::new();
    let label = |label: Label| words::label(label, lang);
    let verdict = &judgement.verdict;
    let _ = writeln!(text, "{}: {}", label(Label::Verdict), words::decision_name(verdict.decision, lang));
    if let Some(check) = verdict.decided_by {
        let reason = verdict.reason.map(|reason| words::reason_text(reason, lang)).unwrap_or_default();
        let _ =
            writeln!(text, "  {}: {} — {reason}", label(Label::DecidedBy), words::check_name(check, lang));
    }
    let _ = writeln!(text, "  {}: {}", label(Label::JudgedAt), judgement.judged_at);
    let _ = writeln!(text, "  {}: {}", label(Label::ReadAt), read_at(judgement, lang));

    let _ = writeln!(text, "\n{}", label(Label::Holder));
    let document = &judgement.document;
    let fields = [
        (Label::Number, &document.number),
        (Label::FullName, &document.full_name),
        (Label::BirthDate, &document.birth_date),
        (Label::Sex, &document.sex),
        (Label::Expiry, &document.expiry),
        (Label::Residence, &document.residence),
    ];
    for (name, field) in fields {
        let _ = writeln!(text, "  {}: {}", label(name), shown(field.as_ref(), lang));
    }
    if let Some(portrait) = &document.portrait {
        let mark = words::authentic(portrait.authentic, lang);
        let _ = writeln!(
            text,
            "  {}: {} {} × {}  [{mark}]",
            label(Label::Portrait),
            portrait.format,
            portrait.width,
            portrait.height
        );
    }

    let _ = writeln!(text, "\n{}", label(Label::Statements));
    let statements = &judgement.statements;
    let _ = writeln!(text, "  {}: {}", label(Label::Data), words::data(statements.data, lang));
    let _ = writeln!(text, "  {}: {}", label(Label::Chip), words::chip(statements.chip, lang));
    let _ = writeln!(
        text,
        "  {}: {}{}",
        label(Label::Trust),
        words::trust(statements.trust, lang),
        freshness(judgement)
    );
    let _ = writeln!(text, "  {}: {}", label(Label::Register), words::register(statements.register, lang));
    let _ = writeln!(text, "  {}: {}", label(Label::Bearer), words::bearer(statements.bearer, lang));

    let _ = writeln!(text, "\n{}", label(Label::Checks));
    for finding in &judgement.findings {
        let mark = match finding.status {
            Status::Passed => '✓',
            Status::Failed => '✗',
            Status::Inconclusive => '?',
            Status::NotApplicable => '–',
            Status::Unavailable => '·',
        };
        let (name, status) =
            (words::check_name(finding.check, lang), words::status_name(finding.status, lang));
        let _ = write!(text, "  {mark} {:<30} {name}: {status}", finding.check.code());
        if let Some(reason) = finding.reason {
            let _ = write!(text, " – {} ({reason})", words::reason_text(reason, lang));
        }
        if let Some(detail) = finding.detail.as_deref().filter(|_| !finding.is_passed()) {
            let _ = write!(text, " [{}]", printable(detail));
        }
        text.push('\n');
    }
    if !judgement.leniencies.is_empty() {
        let _ = writeln!(text, "\n{}", label(Label::Tolerated));
        for leniency in &judgement.leniencies {
            let _ = writeln!(text, "  {}: {}", leniency.place, leniency.code);
        }
    }
    if !judgement.trust.warnings.is_empty() {
        let _ = writeln!(text, "\n{}", label(Label::Warnings));
        for warning in &judgement.trust.warnings {
            let _ =
                writeln!(text, "  {}: {}", words::warning(warning.code, lang), printable(&warning.detail));
        }
    }
    text
}

fn shown(field: Option<&Field>, lang: Lang) -> String {
    match field {
        Some(field) => format!("{}  [{}]", printable(&field.value), words::authentic(field.authentic, lang)),
        None => "—".to_owned(),
    }
}

fn read_at(judgement: &Judgement, lang: Lang) -> String {
    let source = match judgement.provenance {
        Provenance::Live => Label::FromCard,
        Provenance::TrustedStation { .. } => Label::FromStation,
        Provenance::BadSignature => Label::FromAltered,
        Provenance::Unsigned => Label::FromFile,
    };
    format!("{} ({})", judgement.read_at, words::label(source, lang))
}

fn freshness(judgement: &Judgement) -> String {
    let anchor = judgement.trust.anchor.as_deref();
    let list = judgement.trust.crl_this_update.zip(judgement.trust.crl_next_update);
    match (anchor, list) {
        (Some(anchor), Some((made, next))) => format!(" ({anchor}; CRL {made} – {next})"),
        (Some(anchor), None) => format!(" ({anchor})"),
        _ => String::new(),
    }
}
