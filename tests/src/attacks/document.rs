//! `docs/attacks.md`, written from the table and from what the verifier told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Variant;
use super::class::{CLASSES, Class};
use super::table;

/// How the document begins.
const HEAD: &str = "\
# Attacks

What a verifier must withstand, in 35 classes. This file is written by `make attacks-doc` from the table in
`tests/src/attacks/table/`; a test fails when it is out of date.

Every variant is made from a genuine card of a country in the same process by **one change**. It is decided by exactly the check and
the reason that stand beside it, and the same card without the change is accepted: both are tested, for every line. `make attacks`
runs them one by one; `attacks --out DIR` writes each forged card (the chip's memory, its files, whom to trust, the evidence) so
that other verifiers can be tried with them. Attacks on the channel run against a live chip, over a wire that lies.

*Refused*, *undetermined*: the verdict, by this check and reason (`docs/verdict.md`). *Not opened*: there is no evidence to judge, the
program ends with this error. *Property-tested*: no single card shows it; the tests named do. *Undetectable*: said plainly.

";

/// The words for what is made of a class.
fn treatment(class: &Class) -> String {
    let mut words: BTreeSet<&str> = BTreeSet::new();
    for variant in of(class.number) {
        words.insert(match variant.expected.told().0 {
            "refused" => "refused",
            "undetermined" => "undetermined",
            "not-opened" => "not opened",
            _ => continue,
        });
    }
    if words.is_empty() {
        words.insert("property-tested");
    }
    let mut words: Vec<&str> = words.into_iter().collect();
    if class.undetectable.is_some() {
        words.push("relay: undetectable");
    }
    words.join(", ")
}

fn of(class: u8) -> impl Iterator<Item = &'static Variant> {
    table::all().filter(move |variant| variant.class == class)
}

/// The document.
#[must_use]
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    let (attacks, must_pass): (Vec<_>, Vec<_>) = table::all().partition(|variant| variant.class != 0);
    let _ = writeln!(
        text,
        "{} variants. By decision: {}.\n",
        attacks.len(),
        count(&attacks).iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    );
    text.push_str("| class | the attacker's way | treatment | variants |\n|---|---|---|---|\n");
    for class in &CLASSES {
        let _ = writeln!(
            text,
            "| [{n}](#class-{n}) | {} | {} | {} |",
            class.title,
            treatment(class),
            of(class.number).count(),
            n = class.number,
        );
    }
    for class in &CLASSES {
        section(&mut text, class);
    }
    text.push_str(
        "\n## What must pass\n\nDepartures that are legitimate or common in the field. Each is accepted, so that a check that \
         refuses too much is seen as well.\n\n| card | how it differs |\n|---|---|\n",
    );
    for variant in must_pass {
        let _ = writeln!(text, "| {} | {} |", variant.name, variant.told);
    }
    text
}

fn count(variants: &[&Variant]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for variant in variants {
        let word =
            if variant.expected.told().0 == "not-opened" { "not opened" } else { variant.expected.told().0 };
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

fn section(text: &mut String, class: &Class) {
    let _ = writeln!(text, "\n## Class {}\n\nThe attacker's way: {}.\n", class.number, class.title);
    let mut variants = of(class.number).peekable();
    if variants.peek().is_some() {
        text.push_str(
            "| variant | the one change | from | decided | check | reason |\n|---|---|---|---|---|---|\n",
        );
        for variant in variants {
            let (decision, check, reason) = variant.expected.told();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | `{reason}` |",
                variant.name,
                variant.told,
                variant.base.told(),
                if decision == "not-opened" { "not opened" } else { decision },
                if check == "-" { "–".to_owned() } else { format!("`{check}`") },
            );
        }
    }
    if !class.tests.is_empty() {
        let tests: Vec<String> =
            class.tests.iter().map(|(file, test)| format!("`{test}` ({file})")).collect();
        let _ = writeln!(text, "\nTests beside: {}.", tests.join(", "));
    }
    if let Some(told) = class.undetectable {
        let _ = writeln!(text, "\n**Undetectable.** {told}");
    }
}
