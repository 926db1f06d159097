//! What an application's card says and looks like as things stand: the ledger's word, the register's, and the drawer's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use cccd_card_profile::card_holder::CardData;
use cccd_card_profile::validity::age_on;
use cccd_population::card::CardStatus;
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use rand_core::Rng as _;

use super::house::{Books, Desk, lock};
use super::problem::Problem;
use crate::application::{Application, Portrait, State, Template, check};
use crate::capture::Capture;
use crate::card_face::{CardFaces, FaceContent, FaceRenderer, Prints, Resolution};
use crate::fingerprint::{Finger, PrintImage};
use crate::ledger::{ActionEntry, ApplicationId, Entry, TakenNote};
use crate::register::{PersonRecord, RegisterError};
use crate::station::{BIOMETRICS_FROM_AGE, IssueError, digest_of};

/// How many drawn cards are kept at hand.
const KEPT: usize = 8;

/// A picture of a card.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Front,
    Back,
    /// Both, for a card printer.
    Print,
}

/// Everything about one application.
pub(super) struct Sight {
    pub(super) entry: Entry,
    pub(super) actions: Vec<ActionEntry>,
    pub(super) record: Option<PersonRecord>,
    /// What was captured, if it lies here.
    pub(super) application: Option<Application>,
    /// What the card says.
    pub(super) card: Option<CardData>,
    /// Prints and irises, if any were taken: counted, and known by the name of the sealed file.
    pub(super) taken: Option<TakenNote>,
    /// Where its chip was spoiled: the application that came after it.
    pub(super) newer: Option<ApplicationId>,
    /// Why it cannot be approved or made as things stand.
    pub(super) obstacle: Option<Problem>,
    /// What the register has made of the card that waits to be handed over, where that is out of use.
    pub(super) withdrawn: Option<CardStatus>,
}

impl Sight {
    /// The card bears a portrait: one was taken and lies here, and the holder is not too young for one.
    pub(super) fn shows_portrait(&self) -> bool {
        let bears = |card: &CardData| age_on(card.holder.birth_date, card.issue_date) >= BIOMETRICS_FROM_AGE;
        self.application.as_ref().is_some_and(|captured| !captured.portrait.is_empty())
            && self.card.as_ref().is_some_and(bears)
    }

    /// The card shows prints on its back.
    pub(super) fn shows_prints(&self) -> bool {
        self.taken.is_some() && self.entry.template == Template::CitizenIdentityCard2021
    }
}

/// Looks at an application.
pub(super) fn sight(
    desk: &Desk,
    books: &mut Books,
    id: ApplicationId,
    officer: &str,
) -> Result<Sight, Problem> {
    let entry = books.ledger.entry(id)?;
    let actions = books.ledger.actions(id)?;
    books.register.for_officer(officer);
    books.register.for_application(&format!("issuer application {id}"));
    let today = desk.today();
    let record = books.register.person(&entry.number, today)?;
    let (application, mut obstacle) = match desk.drawer.get(&entry) {
        Ok(application) => (Some(application), None),
        Err(problem) => (None, Some(problem)),
    };
    let issued = entry.signed.as_ref().map_or(today, |signed| signed.issued);
    let closed = entry.state.is_closed();
    let card = match (&application, &record) {
        (Some(application), Some(known)) if !closed => {
            let mut record = known.clone();
            // Our own card is no obstacle to itself.
            let own = |card: &cccd_population::card::Card| {
                entry.signed.as_ref().is_some_and(|signed| signed.sod_sha256 == card.sod_sha256)
            };
            if record.card_in_use.as_ref().is_some_and(own) {
                record.pass_over_own_card();
            }
            match check(application, Some(record), issued) {
                Ok(checked) => Some(checked.card),
                Err(refusal) => {
                    obstacle.get_or_insert_with(|| IssueError::from(refusal).into());
                    None
                }
            }
        }
        (_, Some(known)) => CardData::new(known.holder.clone(), issued, None).ok(),
        _ => None,
    };
    // Prints are sealed and not in the drawer; their name is in the ledger.
    let taken = books.ledger.taken_with(id)?;
    let name = taken.as_ref().map(|taken| taken.sealed_sha256.as_str());
    if entry.state.is_before_chip()
        && let (Some(card), Some(captured)) = (&card, &entry.captured_sha256)
        && digest_of(card, &entry.content_sha256, name) != *captured
    {
        obstacle.get_or_insert_with(Problem::changed_since_capture);
    }
    let newer = match entry.state {
        // One that was refused is no successor: the way on is still open.
        State::Spoiled => books.ledger.newest_not_refused(entry.number.as_str())?,
        _ => None,
    };
    let newer = newer.map(|newer| newer.id).filter(|newer| *newer > id);
    let withdrawn = withdrawn(desk, books, &entry)?;
    Ok(Sight { entry, actions, record, application, card, taken, newer, obstacle, withdrawn })
}

/// Whether the register would still have this card handed over. One that it does not know is for whoever hands it over to see.
fn withdrawn(desk: &Desk, books: &mut Books, entry: &Entry) -> Result<Option<CardStatus>, Problem> {
    let Some(signed) = entry.signed.as_ref().filter(|_| entry.state == State::Issued) else {
        return Ok(None);
    };
    let mut nonce = [0; 16];
    desk.rng().fill_bytes(&mut nonce);
    match books.register.card_status(&signed.sod_sha256, &nonce, desk.today()) {
        Ok((status, _)) => Ok(Some(status).filter(|status| *status != CardStatus::Active)),
        Err(RegisterError::UnknownCard) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Draws cards, and keeps the last few at hand: a page asks for both sides at once.
pub(super) struct Faces {
    renderer: Option<FaceRenderer>,
    drawn: Mutex<VecDeque<(String, Arc<CardFaces>)>>,
}

impl Faces {
    pub(super) fn open() -> Self {
        let renderer = FaceRenderer::new();
        if let Err(error) = &renderer {
            tracing::warn!(%error, "cards cannot be previewed");
        }
        Self { renderer: renderer.ok(), drawn: Mutex::default() }
    }

    /// Both sides; with the prints that a card of 2021 shows on its back, where they could be opened.
    pub(super) fn draw(&self, sight: &Sight, prints: Option<&Capture>) -> Result<Arc<CardFaces>, Problem> {
        let (Some(card), Some(application)) = (&sight.card, &sight.application) else {
            return Err(sight.obstacle.clone().unwrap_or_else(Problem::nothing_here));
        };
        let name = prints.and(sight.taken.as_ref()).map(|taken| taken.sealed_sha256.as_str());
        let key = format!("{} {}", digest_of(card, &sight.entry.content_sha256, name), card.issue_date);
        let mut drawn = lock(&self.drawn);
        if let Some((_, faces)) = drawn.iter().find(|(known, _)| *known == key) {
            return Ok(Arc::clone(faces));
        }
        let renderer = self.renderer.as_ref().ok_or_else(no_fonts)?;
        let portrait = if sight.shows_portrait() {
            Some(Portrait::from_file(&application.portrait)?.print()?)
        } else {
            None
        };
        let content = FaceContent { card, portrait: portrait.as_deref() };
        let print_of = |finger| prints.and_then(|capture| capture.prints().get(&finger));
        let png =
            |finger| print_of(finger).map(PrintImage::to_png).transpose().map_err(|_| Problem::internal());
        let (left, right) = (png(Finger::LeftIndex)?, png(Finger::RightIndex)?);
        let prints = Prints { left_index: left.as_deref(), right_index: right.as_deref() };
        let made = renderer.draw_with_prints(&content, &prints, application.template, Resolution::Dpi300)?;
        let faces = Arc::new(made);
        drawn.push_back((key, Arc::clone(&faces)));
        if drawn.len() > KEPT {
            drawn.pop_front();
        }
        Ok(faces)
    }

    /// A page of paper from a drawing.
    pub(super) fn paper(&self, svg: &str) -> Result<Vec<u8>, Problem> {
        Ok(self.renderer.as_ref().ok_or_else(no_fonts)?.paper(svg)?)
    }

    /// Forgets what is at hand: a card was handed over or refused.
    pub(super) fn forget(&self) {
        lock(&self.drawn).clear();
    }
}

pub(super) fn no_fonts() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no-font",
        ("Máy trạm thiếu phông chữ", "The station has no usable font"),
        ("Cài gói fonts-dejavu-core.", "Install the package fonts-dejavu-core."),
    )
}

/// Whether a card may be made of it now.
pub(super) fn can_be_made(state: State) -> bool {
    matches!(state, State::Approved | State::Prepared | State::Queued) || state.is_in_work()
}

/// A time of the ledger as people in Vietnam read it.
pub(super) fn clock(text: &str) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    at.to_zoned(TimeZone::fixed(offset(7))).strftime("%d/%m/%Y %H:%M:%S").to_string()
}
