//! A card's life after issue: lost, found, held, given back, withdrawn, destroyed; and which holds should have ended.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{CardStatus, SodDigest};
use jiff::civil::Date;
use maud::{Markup, html};
use rand_core::Rng as _;

use super::super::card::clock;
use super::super::form::{Fields, Signed};
use super::super::house::Desk;
use super::super::page::{self, Place, Title, mark, once};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::person;
use crate::audit::LogEntry;
use crate::ledger::{Act, ApplicationId, CardChangeEntry, ChangeOutcome};
use crate::life::{CardChange, CardOrder, HoldGround, RevocationGround};
use crate::words::{self, Language};

/// How many a page lists.
const LISTED: u32 = 200;

fn card_of(text: &str) -> Result<SodDigest, Problem> {
    text.parse().map_err(|_| Problem::nothing_here())
}

fn day(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

pub(in crate::desk) async fn list(State(desk): State<Arc<Desk>>, seen: Seen) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let (held, open) = desk
        .ask(|_, books| Ok((books.ledger.cards_held(LISTED)?, books.ledger.card_changes_open(LISTED)?)))
        .await?;
    let today = desk.today();
    let late = held.iter().filter(|entry| is_over(entry, today)).count();
    let body = html! {
        section.first aria-labelledby="find" {
            h2 id="find" { (seen.say("Tìm thẻ", "Find a card")) }
            form.look-up method="post" action="/cards/find" autocomplete="off" {
                (mark(&seen))
                label for="q" { (seen.say("Số định danh của chủ thẻ, hoặc quét mã QR trên thẻ", "The holder's personal number, or scan the card's QR code")) }
                div.line {
                    input id="q" name="number" required autofocus spellcheck="false" autocapitalize="none" accesskey="q";
                    button type="submit" { (seen.say("Tìm", "Find")) }
                }
            }
        }
        @if !open.is_empty() {
            section aria-labelledby="unfinished" {
                h2 id="unfinished" { (seen.say("Chưa rõ cơ sở dữ liệu đã ghi chưa", "Unknown whether the register has it")) }
                (page::notice("warn", seen.say(
                    "Việc bị ngắt giữa chừng: mở thẻ, xem trạng thái, rồi làm lại nếu chưa ghi.",
                    "These were interrupted: open the card, look at its status, and do it again if it was not done.",
                )))
                (changes(&seen, &open, true))
            }
        }
        section aria-labelledby="held" {
            h2 id="held" { (seen.say("Thẻ đang giữ", "Cards held")) }
            @if late > 0 {
                (page::notice("bad", &format!("{late} {}", seen.say(
                    "thẻ đã hết thời hạn giữ: trả lại cho chủ thẻ",
                    "holds should have ended: give the cards back",
                ))))
            }
            @if held.is_empty() {
                p.empty { (seen.say("Không giữ thẻ nào.", "No card is held.")) }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="held" {
                    table {
                        thead { tr {
                            th scope="col" { (seen.say("Thẻ", "Card")) }
                            th scope="col" { (seen.say("Căn cứ", "Ground")) }
                            th scope="col" { (seen.say("Từ", "Since")) }
                            th scope="col" { (seen.say("Đến", "Until")) }
                            th scope="col" { (seen.say("Cán bộ", "Officer")) }
                        } }
                        tbody { @for entry in &held {
                            tr.late[is_over(entry, today)] {
                                td { (link(&entry.card)) }
                                td { (ground(entry.ground.as_deref(), seen.language)) }
                                td { (clock(&entry.at)) }
                                td {
                                    (entry.until.map_or_else(|| seen.say("chưa rõ", "not said").to_owned(), day))
                                    @if is_over(entry, today) { " " span.state.bad { (seen.say("quá hạn", "over")) } }
                                }
                                td { (entry.actor) }
                            }
                        } }
                    }
                }
            }
        }
    };
    Ok(page::page(
        &seen,
        Title { text: seen.say("Vòng đời thẻ", "The life of cards"), place: Place::Cards },
        body,
    ))
}

fn is_over(entry: &CardChangeEntry, today: Date) -> bool {
    entry.until.is_some_and(|until| until < today)
}

fn link(card: &SodDigest) -> Markup {
    let name = card.to_string();
    html! { a.number href={ "/cards/" (name) } { (name.get(..16).unwrap_or_default()) "…" } }
}

fn ground(word: Option<&str>, language: Language) -> &'static str {
    let Some(word) = word else { return "" };
    let hold = HoldGround::ALL.into_iter().find(|ground| ground.as_str() == word).map(HoldGround::words);
    let revoked = || {
        let all = RevocationGround::ALL.into_iter();
        all.filter(|ground| ground.as_str() == word).map(RevocationGround::words).next()
    };
    let (vietnamese, english) = hold.or_else(revoked).unwrap_or(("", ""));
    language.say(vietnamese, english)
}

fn changes(seen: &Seen, entries: &[CardChangeEntry], with_card: bool) -> Markup {
    let outcome = |outcome: Option<ChangeOutcome>| match outcome {
        Some(ChangeOutcome::Done) => ("good", seen.say("đã ghi", "done")),
        Some(ChangeOutcome::Refused) => ("bad", seen.say("bị từ chối", "refused")),
        None => ("warn", seen.say("chưa rõ", "unknown")),
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label=(seen.say("Các lần thay đổi", "Changes")) {
            table {
                thead { tr {
                    @if with_card { th scope="col" { (seen.say("Thẻ", "Card")) } }
                    th scope="col" { (seen.say("Lúc", "When")) }
                    th scope="col" { (seen.say("Cán bộ", "Officer")) }
                    th scope="col" { (seen.say("Việc", "Action")) }
                    th scope="col" { (seen.say("Căn cứ, lý do", "Ground, reason")) }
                    th scope="col" { (seen.say("Kết quả", "Result")) }
                } }
                tbody { @for entry in entries { tr {
                    @if with_card { td { (link(&entry.card)) } }
                    td { (clock(&entry.at)) }
                    td { (entry.actor) }
                    td { (words::card_change(&entry.change, seen.language)) }
                    td {
                        @if entry.ground.is_some() { (ground(entry.ground.as_deref(), seen.language)) ": " }
                        (entry.reason)
                        @if let Some(until) = entry.until { " (" (seen.say("đến", "until")) " " (day(until)) ")" }
                    }
                    td { @let (kind, word) = outcome(entry.outcome); span.state.(kind) { (word) } }
                } } }
            }
        }
    }
}

pub(in crate::desk) async fn find(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    // The code of a card's face begins with the number.
    let typed = fields.raw("number").unwrap_or_default().split('|').next().unwrap_or_default();
    let text: String = typed.trim().chars().filter(|c| !" .-".contains(*c)).collect();
    let number = PersonalNumber::parse(&text)
        .map_err(|_| Problem::bad_field("Số định danh có 12 chữ số", "A personal number has 12 digits"))?;
    let officer = seen.name().to_owned();
    let (name, cards) = desk
        .ask(move |desk, books| {
            let note = format!("card look-up by {officer}");
            let (subject, at) = (Some(number.as_str()), desk.now());
            books.ledger.log(&[LogEntry { event: "desk-look-up", subject, said: "", note: &note, at }])?;
            books.register.for_officer(&officer);
            books.register.for_application("issuer desk card look-up");
            let record = books.register.person(&number, desk.today())?;
            let cards = person::cards(desk, books, &number, record.as_ref())?;
            Ok((record.map(|record| record.holder.full_name), cards))
        })
        .await?;
    match cards.as_slice() {
        [] => Err(Problem::bad_field(
            "Người này không có thẻ đang dùng và máy trạm chưa cấp thẻ nào",
            "This person has no card in use, and none was made here",
        )),
        [only] => Ok(Redirect::to(&format!("/cards/{}", only.card)).into_response()),
        // One that turns up is not always the newest.
        cards => {
            let body = html! {
                @if let Some(name) = &name { div.person { p.name { (name) } } }
                section aria-labelledby="all" {
                    h2 id="all" { (seen.say("Các thẻ của người này", "This person's cards")) }
                    (person::table(&seen, cards))
                }
            };
            let title =
                Title { text: seen.say("Vòng đời thẻ", "The life of cards"), place: Place::Cards };
            Ok(page::page(&seen, title, body))
        }
    }
}

struct CardSight {
    status: CardStatus,
    since: Option<Date>,
    application: Option<ApplicationId>,
    holder: Option<String>,
    changes: Vec<CardChangeEntry>,
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(card): Path<String>,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let card = card_of(&card)?;
    let officer = seen.name().to_owned();
    let sight = desk
        .ask(move |desk, books| {
            let mut nonce = [0; 16];
            desk.rng().fill_bytes(&mut nonce);
            let (status, since) = books.register.card_status(&card, &nonce, desk.today())?;
            let application = books.ledger.of_card(&card)?;
            let holder = match application {
                Some(id) => {
                    let number = books.ledger.entry(id)?.number;
                    books.register.for_officer(&officer);
                    books.register.for_application(&format!("issuer application {id}"));
                    books.register.person(&number, desk.today())?.map(|record| record.holder.full_name)
                }
                None => None,
            };
            Ok(CardSight { status, since, application, holder, changes: books.ledger.card_changes(&card)? })
        })
        .await?;
    let title =
        Title { text: seen.say("Vòng đời của thẻ", "The life of a card"), place: Place::Cards };
    Ok(page::page(&seen, title, shown(&desk, &seen, &card, &sight)))
}

fn shown(desk: &Desk, seen: &Seen, card: &SodDigest, sight: &CardSight) -> Markup {
    let kind = match sight.status {
        CardStatus::Active => "good",
        CardStatus::Held => "warn",
        _ => "bad",
    };
    let orders: Vec<Order> = Order::ALL
        .into_iter()
        .filter(|order| order.sample().may_follow(sight.status) && order.fits(sight.status))
        .collect();
    let mine: Vec<&Order> = orders.iter().filter(|order| seen.may(order.sample().role())).collect();
    html! {
        div.person {
            @if let Some(holder) = &sight.holder { p.name { (holder) } }
            p { span.state.(kind) { (words::card_status(sight.status, seen.language)) }
                @if let Some(since) = sight.since { " " (seen.say("từ ngày", "since")) " " (day(since)) } }
            @if let Some(id) = sight.application {
                p { a href={ "/applications/" (id) } { (seen.say("Hồ sơ", "Application")) " " (id) } }
            } @else {
                p { (seen.say("Thẻ này không do máy trạm này cấp.", "This card was not made at this station.")) }
            }
            p.code { "SHA-256(EF.SOD) " (card) }
        }
        section aria-labelledby="next" {
            h2 id="next" { (seen.say("Việc có thể làm", "What may be done")) }
            @if orders.is_empty() {
                p.empty { (seen.say("Thẻ này không còn thay đổi gì nữa.", "Nothing changes about this card any more.")) }
            } @else if mine.is_empty() {
                p { (seen.say("Việc này của cán bộ khác.", "That is another officer's task.")) }
            }
            @for order in mine { (order.form(desk, seen, card)) }
            @if sight.status == CardStatus::Lost {
                p.hint { (seen.say(
                    "Chủ thẻ đề nghị cấp lại: tra cứu số định danh, chọn cấp lại, hạn 7 ngày làm việc (Điều 26).",
                    "For a new card look the number up and choose a reissue: seven working days (art. 26).",
                )) }
            }
        }
        section aria-labelledby="changes" {
            h2 id="changes" { (seen.say("Đã xảy ra ở đây", "What happened here")) }
            @if sight.changes.is_empty() {
                p.empty { (seen.say("Chưa có gì từ khi cấp.", "Nothing since it was issued.")) }
            } @else { (changes(seen, &sight.changes, false)) }
        }
    }
}

/// An order as the page offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Lost,
    Found,
    Hold,
    Return,
    Revoke,
    Destroy,
}

impl Order {
    const ALL: [Self; 6] = [Self::Return, Self::Found, Self::Lost, Self::Hold, Self::Revoke, Self::Destroy];

    /// The change it stands for; grounds differ, roles and order of events do not.
    fn sample(self) -> CardChange {
        match self {
            Self::Lost => CardChange::Lost,
            Self::Found => CardChange::Found,
            Self::Hold => CardChange::Hold(HoldGround::Detention, None),
            Self::Return => CardChange::Return,
            Self::Revoke => CardChange::Revoke(RevocationGround::Altered),
            Self::Destroy => CardChange::Destroy,
        }
    }

    /// A repeat is not offered, but for a hold, which may be made longer.
    fn fits(self, status: CardStatus) -> bool {
        self.sample().status() != status || self == Self::Hold
    }

    fn form(self, desk: &Desk, seen: &Seen, card: &SodDigest) -> Markup {
        let word = self.sample().as_str();
        let title = match self {
            Self::Lost => seen.say("Báo mất", "Report lost"),
            Self::Found => seen.say(
                "Tìm lại được (thẻ bị hủy, không dùng lại)",
                "Found again (it is destroyed, never used again)",
            ),
            Self::Hold => {
                seen.say("Giữ thẻ, hoặc gia hạn giữ (Điều 29 khoản 2)", "Hold, or hold longer (art. 29(2))")
            }
            Self::Return => seen.say("Trả lại cho chủ thẻ", "Give back to its holder"),
            Self::Revoke => seen.say("Thu hồi (Điều 29 khoản 1)", "Revoke (art. 29(1))"),
            Self::Destroy => seen.say("Hủy thẻ", "Destroy"),
        };
        let grounds: Vec<(&str, (&str, &str))> = match self {
            Self::Hold => {
                HoldGround::ALL.into_iter().map(|ground| (ground.as_str(), ground.words())).collect()
            }
            Self::Revoke => {
                RevocationGround::ALL.into_iter().map(|ground| (ground.as_str(), ground.words())).collect()
            }
            _ => Vec::new(),
        };
        let final_one = matches!(self, Self::Revoke | Self::Destroy | Self::Found);
        html! {
            details {
                summary { (title) }
                form method="post" action={ "/cards/" (card) "/change" } autocomplete="off" {
                    (once(desk, seen))
                    input type="hidden" name="change" value=(word);
                    @if !grounds.is_empty() {
                        label for={ "ground-" (word) } { (seen.say("Căn cứ", "Legal ground")) }
                        select id={ "ground-" (word) } name="ground" required {
                            option value="" { "–" }
                            @for (value, (vietnamese, english)) in grounds {
                                option value=(value) { (seen.say(vietnamese, english)) }
                            }
                        }
                    }
                    @if self == Self::Hold {
                        label for="until" { (seen.say("Biện pháp kết thúc ngày (nếu biết)", "The measure ends on (if known)")) }
                        input id="until" name="until" placeholder="31/12/2027" maxlength="10" inputmode="numeric";
                    }
                    label for={ "why-" (word) } { (seen.say("Lý do, số quyết định", "Reason, number of the decision")) }
                    input id={ "why-" (word) } name="reason" required maxlength="500";
                    button.danger[final_one] type="submit" { (title) }
                }
            }
        }
    }
}

/// What a form orders.
fn ordered(fields: &Fields) -> Result<CardChange, Problem> {
    let word = fields.raw("ground").unwrap_or_default();
    let no_ground = || Problem::bad_field("Phải chọn căn cứ", "A legal ground is needed");
    Ok(match fields.raw("change").unwrap_or_default() {
        "lost" => CardChange::Lost,
        "found" => CardChange::Found,
        "return" => CardChange::Return,
        "destroy" => CardChange::Destroy,
        "hold" => {
            let ground = HoldGround::ALL.into_iter().find(|ground| ground.as_str() == word);
            CardChange::Hold(ground.ok_or_else(no_ground)?, fields.text("until")?.map(typed_day).transpose()?)
        }
        "revoke" => {
            let ground = RevocationGround::ALL.into_iter().find(|ground| ground.as_str() == word);
            CardChange::Revoke(ground.ok_or_else(no_ground)?)
        }
        _ => return Err(Problem::nothing_here()),
    })
}

/// `31/12/2027`, or `2027-12-31`.
fn typed_day(text: &str) -> Result<Date, Problem> {
    let parts: Vec<&str> = text.split('/').collect();
    let day = match parts.as_slice() {
        [day, month, year] => {
            let of = |text: &str| text.parse::<i8>().ok();
            year.parse()
                .ok()
                .zip(of(month))
                .zip(of(day))
                .and_then(|((year, month), day)| Date::new(year, month, day).ok())
        }
        _ => text.parse().ok(),
    };
    day.ok_or_else(|| Problem::bad_field("Ngày viết như 31/12/2027", "A day is written as 31/12/2027"))
}

pub(in crate::desk) async fn change(
    State(desk): State<Arc<Desk>>,
    Path(card): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    let card = card_of(&card)?;
    let change = ordered(&fields)?;
    seen.must(change.role())?;
    let request = fields.request(&seen)?;
    let reason = fields.reason()?.to_owned();
    desk.ask(move |desk, books| {
        let mut nonce = [0; 16];
        desk.rng().fill_bytes(&mut nonce);
        let act = Act { actor: seen.name(), at: desk.now(), request: Some(&request) };
        let order = CardOrder { card, change, said: &reason };
        order.carry_out(&mut books.ledger, books.register.as_mut(), act, &nonce)?;
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/cards/{card}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_typed_as_people_write_them() {
        let day: Date = "2027-12-31".parse().unwrap();
        assert_eq!(typed_day("31/12/2027").unwrap(), day);
        assert_eq!(typed_day("2027-12-31").unwrap(), day);
        for wrong in ["31/13/2027", "31.12.2027", "1/2", "x/y/z", "31/12/99999"] {
            assert!(typed_day(wrong).is_err(), "{wrong}");
        }
    }
}
