//! The readers and what they do, live; and the steps that need a chip at hand.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Redirect, Response};
use futures_util::stream;
use maud::{Markup, html};
use rand_core::Rng as _;
use serde::Deserialize;

use super::super::form::Signed;
use super::super::house::Desk;
use super::super::making::{self, Stage, Work, percent};
use super::super::page::{self, once};
use super::super::problem::Problem;
use super::super::seen::{Seen, Watching};
use super::one::id_of;
use super::queue;
use crate::accounts::{Role, Token};
use crate::ledger::{Act, ApplicationId};
use crate::station::give_up;
use crate::words::{self, Language};

/// Between two looks at whether the session is still one.
const LOOK: Duration = Duration::from_secs(20);

/// Between two changes of a page.
const BREATH: Duration = Duration::from_millis(150);

/// What one reader does.
pub(super) fn one_work(work: &Work, language: Language) -> Markup {
    let say = |vietnamese, english| language.say(vietnamese, english);
    html! {
        @match &work.stage {
            Stage::Waiting => {
                p { (say("Đặt phôi lên đầu đọc …", "Lay a blank on the reader …")) }
                progress max="100" aria-label=(say("Tiến độ", "Progress")) {}
            }
            Stage::Working(progress) => {
                @let share = percent(*progress);
                p { (words::step(progress.step, language)) " · " (share) " %" }
                progress max="100" value=(share) aria-label=(say("Tiến độ", "Progress")) {}
            }
            Stage::Made(made) => {
                div.notice.good {
                    p.what { (say(
                        "Thẻ đã xong: đọc lại đúng từng tệp, chíp đã khóa, mọi lệnh ghi bị từ chối.",
                        "The card is made: every file read back and equal, the chip locked, every write refused.",
                    )) }
                    p { (say("Chíp", "Chip")) " " span.number { (made.chip) } " · "
                        (made.refused) " " (say("lệnh ghi bị từ chối", "writes refused")) " · "
                        (format!("{:.1}", made.took.as_secs_f64())) " s" }
                    p.code { "SHA-256(EF.SOD) " (made.sod_sha256) }
                    @if made.resumed { p { (say("Lần trước bị ngắt, nay đã hoàn thành.", "It was interrupted before, and is finished now.")) } }
                    @if made.test_keys { p { (say(
                        "Phôi có khóa thử công khai: chỉ dùng trong phòng thí nghiệm.",
                        "The blank came with publicly known test keys: for the laboratory only.",
                    )) } }
                }
            }
            Stage::Failed(problem) => {
                div.notice.bad {
                    p.what { (problem.sentence(language)) "." }
                    p { (problem.hint(language)) }
                }
            }
        }
    }
}

/// What a page watches.
#[derive(Clone, Copy)]
enum Watched {
    /// All readers; the page anew when what stands still is not this any more.
    All([u8; 8]),
    One(ApplicationId),
}

/// What the page that watches was made of.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct MadeOf {
    stops: String,
}

pub(in crate::desk) async fn live_readers(
    State(desk): State<Arc<Desk>>,
    Watching(seen): Watching,
    Query(made): Query<MadeOf>,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let mut print = [0; 8];
    hex::decode_to_slice(&made.stops, &mut print).map_err(|_| Problem::nothing_here())?;
    Ok(live(desk, seen, Watched::All(print)))
}

pub(in crate::desk) async fn live_application(
    State(desk): State<Arc<Desk>>,
    Watching(seen): Watching,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let id = id_of(&id)?;
    Ok(live(desk, seen, Watched::One(id)))
}

struct Watch {
    desk: Arc<Desk>,
    token: Token,
    language: Language,
    watched: Watched,
    changes: tokio::sync::watch::Receiver<u64>,
    closing: tokio::sync::watch::Receiver<bool>,
    over: bool,
    first: bool,
}

/// Parts of a page, whenever something moves, until the session is over, the work is done, or the desk closes.
fn live(desk: Arc<Desk>, seen: Seen, watched: Watched) -> Response {
    let watch = Watch {
        changes: desk.making.changes(),
        closing: desk.closing(),
        token: seen.token,
        language: seen.language,
        desk,
        watched,
        over: false,
        first: true,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        if watch.over {
            return None;
        }
        let event = watch.next().await;
        Some((Ok::<Event, Infallible>(event), watch))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(10))).into_response()
}

impl Watch {
    async fn next(&mut self) -> Event {
        if self.first {
            self.first = false;
            return self.event().await;
        }
        loop {
            tokio::select! {
                changed = self.changes.changed() => {
                    if changed.is_err() { return self.end(); }
                    tokio::time::sleep(BREATH).await;
                    self.changes.mark_unchanged();
                    return self.event().await;
                }
                _ = self.closing.changed() => return self.end(),
                () = tokio::time::sleep(LOOK) => {
                    let token = Token::new(self.token.reveal());
                    let known = self.desk.ask(move |desk, books| {
                        Ok(books.ledger.accounts().whose_session(&token, desk.now())?)
                    }).await;
                    if known.is_err() || self.is_outdated().await { return self.end(); }
                }
            }
        }
    }

    fn end(&mut self) -> Event {
        self.over = true;
        Event::default().event("over").data("-")
    }

    /// Something stands still that did not, or the other way round: the page offers other buttons.
    async fn is_outdated(&self) -> bool {
        let Watched::All(print) = self.watched else { return false };
        let stops = self.desk.ask(|_, books| Ok(books.ledger.queue().stops()?)).await;
        stops.is_ok_and(|stops| queue::print_of(&stops) != print)
    }

    async fn event(&mut self) -> Event {
        if self.is_outdated().await {
            return self.end();
        }
        let markup = match self.watched {
            Watched::All(_) => queue::all_works(&self.desk, self.language),
            Watched::One(id) => match self.desk.making.of(id) {
                Some((_, work)) if work.goes_on() => one_work(&work, self.language),
                // The whole page says what may be done next.
                _ => return self.end(),
            },
        };
        Event::default().event("part").data(markup.into_string())
    }
}

/// What may be done with an approved application, or one whose chip is in work.
pub(super) fn section(
    desk: &Desk,
    seen: &Seen,
    id: ApplicationId,
    in_work: bool,
    obstacle: Option<&Problem>,
) -> Markup {
    let work = desk.making.of(id);
    let going = work.as_ref().filter(|(_, work)| work.goes_on());
    html! {
        section aria-labelledby="make" {
            h2 id="make" { (seen.say("Ghi chíp", "Making the card")) }
            @if let Some((reader, work)) = going {
                p { (seen.say("Đầu đọc", "Reader")) ": " strong { (reader) } }
                div data-live={ "/live/applications/" (id) } aria-live="polite" { (one_work(work, seen.language)) }
                noscript { p { a href={ "/applications/" (id) } { (seen.say("Xem lại tiến độ", "Look again")) } } }
                @if seen.may(Role::Personalise) {
                    form method="post" action={ "/applications/" (id) "/stop" } {
                        (once(desk, seen))
                        button type="submit" { (seen.say("Dừng ở điểm an toàn", "Stop at a safe point")) }
                    }
                }
            } @else {
                @if let Some((_, work)) = &work { (one_work(work, seen.language)) }
                @if in_work {
                    (page::notice("warn", seen.say(
                        "Việc ghi chíp bị ngắt. Đặt lại đúng chíp đó lên đầu đọc: máy trạm hỏi chíp đã ghi đến đâu rồi làm tiếp.",
                        "Writing was interrupted. Lay the same chip on a reader: it is asked how far it came, and finished.",
                    )))
                }
                @if let Some(problem) = obstacle {
                    (page::notice("bad", problem.sentence(seen.language)))
                    p { (problem.hint(seen.language)) }
                } @else if seen.may(Role::Personalise) {
                    (choice(desk, seen, id))
                } @else {
                    p { (seen.say("Đang chờ cán bộ in thẻ.", "Whoever personalises is waited for.")) }
                }
                @if in_work && seen.may(Role::Personalise) { (giving_up(desk, seen, id)) }
            }
        }
    }
}

fn choice(desk: &Desk, seen: &Seen, id: ApplicationId) -> Markup {
    let readers = desk.readers.list();
    html! {
        @if readers.is_empty() {
            (page::no_reader(seen))
        } @else {
            form method="post" action={ "/applications/" (id) "/make" } {
                (once(desk, seen))
                (page::reader(seen, &readers))
                button.main type="submit" { (seen.say("Ghi thẻ", "Make the card")) }
            }
        }
    }
}

fn giving_up(desk: &Desk, seen: &Seen, id: ApplicationId) -> Markup {
    html! {
        details {
            summary { (seen.say("Bỏ phôi này", "Give this chip up")) }
            form method="post" action={ "/applications/" (id) "/spoil" } autocomplete="off" {
                (once(desk, seen))
                label for="why" { (seen.say("Lý do hỏng", "Why it is spoiled")) }
                input id="why" name="reason" required maxlength="500";
                button.danger type="submit" { (seen.say("Ghi là hỏng", "Note as spoiled")) }
            }
        }
    }
}

pub(in crate::desk) async fn make(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Personalise)?;
    let id = id_of(&id)?;
    fields.request(&seen)?;
    let wanted = fields.raw("reader").unwrap_or_default().to_owned();
    let listing = Arc::clone(&desk);
    let known = desk.heavily(move || Ok(listing.readers.list())).await?;
    if !known.iter().any(|reader| reader.name == wanted) {
        return Err(Problem::bad_field("Không có đầu đọc này", "There is no such reader"));
    }
    let to = Redirect::to(&format!("/applications/{id}"));
    let state = desk.ask(move |_, books| Ok(books.ledger.entry(id)?.state)).await?;
    // A form that is sent again after the card was made finds the card.
    if state.is_closed() {
        return Ok(to);
    }
    // The very same click twice: the reader works on it already.
    if desk.making.of(id).is_some_and(|(reader, work)| reader == wanted && work.goes_on()) {
        return Ok(to);
    }
    let reader = wanted.clone();
    desk.ask(move |desk, books| queue::goes_on(desk, books, &reader)).await?;
    making::begin(&desk, &wanted, id, seen.name())?;
    Ok(to)
}

pub(in crate::desk) async fn stop(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Personalise)?;
    let id = id_of(&id)?;
    desk.making.stop(id);
    Ok(Redirect::to(&format!("/applications/{id}")))
}

pub(in crate::desk) async fn spoil(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Personalise)?;
    let id = id_of(&id)?;
    let request = fields.request(&seen)?;
    let reason = fields.reason()?.to_owned();
    if desk.making.of(id).is_some_and(|(_, work)| work.goes_on()) {
        return Err(Problem::bad_field(
            "Đầu đọc đang ghi chíp này: dừng trước",
            "The reader is writing this chip: stop it first",
        ));
    }
    desk.ask(move |desk, books| {
        let act = Act { actor: seen.name(), at: desk.now(), request: Some(&request) };
        let mut nonce = [0; 16];
        desk.rng().fill_bytes(&mut nonce);
        books.register.for_officer(seen.name());
        // What was captured stays in the drawer: the card is made anew of it.
        give_up(&mut books.ledger, books.register.as_mut(), id, (&reason, &nonce), act)?;
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/applications/{id}")))
}
