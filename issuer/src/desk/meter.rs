//! Figures for Prometheus: how busy the desk is, how long chips take, what fails. Nothing about anybody.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::house::Desk;
use super::problem::Problem;

/// Bounds of a chip's time, in seconds.
const CHIP: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Bounds of an answer's time, in seconds.
const ANSWER: [f64; 8] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Coded {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Standing {
    state: String,
}

/// The desk's figures.
pub(super) struct Meter {
    registry: Registry,
    answers: Family<Answered, Counter>,
    answer_seconds: Histogram,
    problems: Family<Coded, Counter>,
    cards: Counter,
    failures: Family<Coded, Counter>,
    chip_seconds: Histogram,
    in_work: Gauge,
    applications: Family<Standing, Gauge>,
    late: Gauge,
}

impl Meter {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("cccd_desk");
        let meter = Self {
            answers: Family::default(),
            answer_seconds: Histogram::new(ANSWER),
            problems: Family::default(),
            cards: Counter::default(),
            failures: Family::default(),
            chip_seconds: Histogram::new(CHIP),
            in_work: Gauge::default(),
            applications: Family::default(),
            late: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("answers", "Answers by method and status", meter.answers.clone());
        registry.register("answer_seconds", "Time until an answer", meter.answer_seconds.clone());
        registry.register("problems", "What was not done, by reason code", meter.problems.clone());
        registry.register("cards", "Cards made", meter.cards.clone());
        registry.register("card_failures", "Cards not made, by reason code", meter.failures.clone());
        registry.register("chip_seconds", "Time of a chip in work", meter.chip_seconds.clone());
        registry.register("chips_in_work", "Chips in work now", meter.in_work.clone());
        registry.register("applications", "Applications by state", meter.applications.clone());
        registry.register(
            "applications_late",
            "Open applications past the law's last day",
            meter.late.clone(),
        );
        Self { registry, ..meter }
    }

    pub(super) fn answered(&self, method: &str, status: u16, took: Duration) {
        self.answers.get_or_create(&Answered { method: method.to_owned(), status: status.to_string() }).inc();
        self.answer_seconds.observe(took.as_secs_f64());
    }

    pub(super) fn told(&self, code: &str) {
        self.problems.get_or_create(&Coded { code: code.to_owned() }).inc();
    }

    pub(super) fn made(&self, took: Duration) {
        self.cards.inc();
        self.chip_seconds.observe(took.as_secs_f64());
    }

    pub(super) fn failed(&self, code: &str) {
        self.failures.get_or_create(&Coded { code: code.to_owned() }).inc();
    }
}

/// For Prometheus: anybody on this machine may read it, and finds counts.
pub(super) async fn metrics(State(desk): State<Arc<Desk>>) -> Result<Response, Problem> {
    let today = desk.today();
    let (counts, late) = desk
        .ask(move |_, books| {
            let counts = books.ledger.counts()?;
            let span = crate::report::Span::new(today, today).ok_or_else(Problem::internal)?;
            Ok((counts, books.ledger.report(span, today)?.late_now))
        })
        .await?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let meter = &desk.meter;
    for state in crate::application::State::ALL {
        let count = counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
        let standing = Standing { state: state.as_str().to_owned() };
        meter.applications.get_or_create(&standing).set(number(count));
    }
    meter.late.set(number(late));
    meter.in_work.set(i64::try_from(desk.making.going()).unwrap_or(i64::MAX));
    let mut text = String::new();
    encode(&mut text, &meter.registry).map_err(|_| Problem::internal())?;
    let media = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, media)], text).into_response())
}
