//! Reports as CSV (RFC 4180), for whoever counts on.

use super::{Done, Report};
use crate::stock::{BlankRow, Reconciliation};

/// A cell. What a spreadsheet would take for a formula is text.
fn cell(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

fn counts(head: &[&str], done: &Done) -> String {
    let numbers =
        [done.received, done.issued, done.delivered, done.refused, done.spoiled].map(|n| n.to_string());
    let mut cells = head.to_vec();
    cells.extend(numbers.iter().map(String::as_str));
    line(&cells)
}

const COUNTED: [&str; 5] = ["received", "issued", "delivered", "refused", "spoiled"];

fn table<'a>(head: &[&str], rows: impl Iterator<Item = (Vec<String>, &'a Done)>) -> String {
    let mut text = line(&[head, &COUNTED[..]].concat());
    for (names, done) in rows {
        text.push_str(&counts(&names.iter().map(String::as_str).collect::<Vec<_>>(), done));
    }
    text
}

/// One line a day.
#[must_use]
pub fn by_day(report: &Report) -> String {
    table(&["day"], report.days.iter().map(|(day, done)| (vec![day.to_string()], done)))
}

/// One line a reason and legal ground.
#[must_use]
pub fn by_reason(report: &Report) -> String {
    let rows = report
        .reasons
        .iter()
        .map(|((reason, ground), done)| (vec![reason.clone(), ground.clone().unwrap_or_default()], done));
    table(&["reason", "ground"], rows)
}

/// One line a station.
#[must_use]
pub fn by_unit(report: &Report) -> String {
    table(&["station"], report.units.iter().map(|(station, done)| (vec![station.clone()], done)))
}

/// One line a reason for which chips were given up.
#[must_use]
pub fn spoiled(report: &Report) -> String {
    let mut text = line(&["reason", "chips"]);
    for (reason, count) in &report.spoilage {
        text.push_str(&line(&[reason, &count.to_string()]));
    }
    text
}

/// A reconciliation of the stock: a line a batch and state, then what is open and what does not fit.
#[must_use]
pub fn reconciliation(report: &Reconciliation) -> String {
    let mut text =
        line(&["kind", "supplier or serial", "delivery note or what", "state or detail", "blanks"]);
    for batch in &report.batches {
        let announced = batch.announced.to_string();
        text.push_str(&line(&["batch", &batch.supplier, &batch.delivery_note, "announced", &announced]));
        for (state, count) in &batch.states {
            let cells = ["batch", &batch.supplier, &batch.delivery_note, state.as_str(), &count.to_string()];
            text.push_str(&line(&cells));
        }
        if batch.moved > 0 {
            let moved = batch.moved.to_string();
            text.push_str(&line(&["batch", &batch.supplier, &batch.delivery_note, "moved", &moved]));
        }
    }
    for (kind, found) in [("open", &report.open), ("difference", &report.differences)] {
        for one in found {
            text.push_str(&line(&[kind, &one.serial, one.what, &one.detail, "1"]));
        }
    }
    text
}

/// Blanks, each in a line.
#[must_use]
pub fn blanks(found: &[BlankRow]) -> String {
    let mut text = line(&["serial", "state", "supplier", "delivery note", "application"]);
    for blank in found {
        let application = blank.application.map(|id| id.to_string()).unwrap_or_default();
        let serial = blank.serial.to_string();
        let cells = [&serial, blank.state.as_str(), &blank.supplier, &blank.delivery_note, &application];
        text.push_str(&line(&cells));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell_and_runs_nowhere() {
        assert_eq!(
            line(&["a,b", "say \"no\"", "two\nlines"]),
            "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n"
        );
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("vỡ phôi"), "vỡ phôi");
    }
}
