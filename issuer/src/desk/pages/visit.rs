//! Somebody stands at the desk: the register's record, what the paper says beside it, what is asked for, the portrait.
//! Nothing is written before every difference is resolved and the officer captures.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::qr::ScannedQr;
use cccd_population::card::CardStatus;
use cccd_population::cases::PaperClaim;
use cccd_population::person::Life;
use jiff::civil::Date;
use maud::{Markup, html};

use super::super::fields::{FIELDS, day};
use super::super::form::{Fields, Signed};
use super::super::house::Desk;
use super::super::page::{self, Place, Title, mark};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::super::visits::{Choice, Visit};
use crate::accounts::Role;
use crate::application::{
    Asserted, Ground, Portrait, Reason, Refusal, Representative, State as Standing, Template, check,
};
use crate::audit::LogEntry;
use crate::forms::{NotATicket, Ticket};
use crate::ledger::{Act, ApplicationId};
use crate::station::{Intake, IssueError};
use crate::words;

/// The longest text of a QR code.
const MAX_SCAN: usize = cccd_card_profile::qr::MAX_TEXT;

/// What was typed or scanned: a person, or an application of this station.
enum Asked {
    Person(PersonalNumber, Box<Asserted>, bool),
    Application(ApplicationId),
    Paper(Ticket),
}

fn asked_for(text: &str) -> Result<Asked, Problem> {
    let text = text.trim();
    let not_a_number = || {
        Problem::bad_field(
            "Số định danh có 12 chữ số; mã QR của thẻ có ít nhất bảy phần cách nhau bằng |",
            "A personal number has 12 digits; a card's QR code has seven parts or more, separated by |",
        )
    };
    if text.len() > MAX_SCAN {
        return Err(not_a_number());
    }
    if text.contains('|') {
        let scanned = ScannedQr::parse(text).map_err(|_| not_a_number())?.base;
        let said = Asserted {
            full_name: Some(scanned.full_name),
            birth_date: Some(scanned.birth_date),
            sex: Some(scanned.sex),
            residence: Some(scanned.residence).filter(|text| !text.is_empty()),
            old_number: scanned.old_number,
            ..Asserted::default()
        };
        return Ok(Asked::Person(scanned.number, Box::new(said), true));
    }
    if text.starts_with("CCCD:") {
        let misread = |error: NotATicket| {
            Problem::bad_field(
                "Mã trên giấy không đọc được hoặc không phải của máy trạm: quét lại",
                &format!("Scan again: {error}"),
            )
        };
        return text.parse().map(Asked::Paper).map_err(misread);
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    if !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map(Asked::Application).map_err(|_| not_a_number());
    }
    PersonalNumber::parse(&digits)
        .map(|number| Asked::Person(number, Box::default(), false))
        .map_err(|_| not_a_number())
}

pub(in crate::desk) async fn look_up(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Response, Problem> {
    let (number, said, scanned) = match asked_for(fields.raw("q").unwrap_or_default())? {
        Asked::Application(id) => return Ok(Redirect::to(&format!("/applications/{id}")).into_response()),
        Asked::Paper(ticket) => {
            let id = ticket.application;
            let entry = desk.ask(move |_, books| Ok(books.ledger.entry(id)?)).await?;
            // Another ledger counts from one, too; its papers promise other days.
            if entry.due != ticket.due {
                return Err(Problem::bad_field(
                    "Giấy này của một máy trạm khác",
                    "This paper is of another station",
                ));
            }
            return Ok(Redirect::to(&format!("/applications/{id}")).into_response());
        }
        Asked::Person(number, said, scanned) => {
            seen.must(Role::Capture)?;
            (number, *said, scanned)
        }
    };
    let (officer, asked) = (seen.name().to_owned(), number.clone());
    let (open, record) = desk
        .ask(move |desk, books| {
            let at = desk.now();
            let note = format!("look-up by {officer}");
            let line =
                LogEntry { event: "desk-look-up", subject: Some(asked.as_str()), said: "", note: &note, at };
            books.ledger.log(&[line])?;
            let open = books.ledger.open_of(asked.as_str())?;
            books.register.for_officer(&officer);
            books.register.for_application("issuer desk look-up");
            Ok((open, books.register.person(&asked, desk.today())?))
        })
        .await?;
    // One that waits is gone on with; one that nobody captured gives way.
    if let Some(open) = open
        && !matches!(open.state, Standing::Received | Standing::Checked)
    {
        return Ok(Redirect::to(&format!("/applications/{}", open.id)).into_response());
    }
    let has_card = record.as_ref().is_some_and(|record| record.card_in_use.is_some());
    let visit = Visit {
        number,
        record,
        said,
        scanned,
        choices: BTreeMap::new(),
        reason: if has_card { Reason::Exchange } else { Reason::FirstIssue },
        ground: has_card.then_some(Ground::OnRequest),
        template: Template::default(),
        representative: None,
        paper: None,
        picture: None,
        accepted: None,
        taken: None,
    };
    let id = desk.word();
    desk.visits.begin(id.clone(), seen.name(), visit, desk.now());
    Ok(Redirect::to(&format!("/visits/{id}")).into_response())
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let visit = desk.visits.get(&id, seen.name(), desk.now())?;
    if let Some(taken) = visit.taken {
        return Ok(Redirect::to(&format!("/applications/{taken}")).into_response());
    }
    let refusal = refusal(&desk, &visit);
    let title =
        Title { text: seen.say("Tiếp nhận hồ sơ", "Take an application in"), place: Place::Home };
    let body = html! {
        @match &visit.record {
            None => {
                div.notice.bad role="alert" {
                    p.what { (seen.say("Cơ sở dữ liệu dân cư không có số", "The register has no number")) " " strong { (visit.number.as_str()) } "." }
                    p { (seen.say(
                        "Kiểm tra lại số; nếu đúng, cập nhật dân cư trước (mẫu DC01).",
                        "Check the number; if it is right, have the person's record added first (form DC01).",
                    )) }
                }
            }
            Some(record) => {
                (person(&seen, &visit, record))
                @if let Some(refusal) = &refusal { (told(&seen, refusal)) }
                (comparison(&seen, &id, &visit, record))
                (purpose(&seen, &id, &visit, desk.today()))
                (portrait(&seen, &id, &visit, desk.today()))
                (ready(&seen, &id, &visit, refusal.as_ref(), desk.today()))
            }
        }
        form.end method="post" action={ "/visits/" (id) "/end" } {
            (mark(&seen))
            button.quiet type="submit" { (seen.say("Bỏ lượt này, chưa ghi gì", "Drop this visit, nothing is written")) }
        }
    };
    Ok(page::page(&seen, title, body))
}

/// The rule that forbids the card as things stand, whatever the differences.
fn refusal(desk: &Desk, visit: &Visit) -> Option<Refusal> {
    let mut application = visit.application();
    application.asserted = Asserted::default();
    check(&application, visit.record.clone(), desk.today()).err()
}

fn told(seen: &Seen, refusal: &Refusal) -> Markup {
    let problem = Problem::from(IssueError::from(refusal.clone()));
    html! {
        div.notice.bad role="alert" {
            p.what { (problem.sentence(seen.language)) "." }
            p { (problem.hint(seen.language)) }
        }
    }
}

fn person(seen: &Seen, visit: &Visit, record: &crate::register::PersonRecord) -> Markup {
    let life = match record.life {
        Life::Alive => None,
        Life::Dead(_) => Some(seen.say("đã chết", "dead")),
        Life::Missing(_) => Some(seen.say("mất tích", "missing")),
    };
    html! {
        div.person {
            p.name { (record.holder.full_name) @if let Some(life) = life { " " span.state.bad { (life) } } }
            p { span.number { (visit.number.as_str()) } " · " (day(record.holder.birth_date)) " · " (record.holder.sex.vietnamese()) }
            p {
                @match &record.card_in_use {
                    None => (seen.say("Chưa có thẻ đang dùng", "No card in use")),
                    Some(card) => {
                        (seen.say("Thẻ đang dùng, cấp ngày", "Card in use, issued"))
                        " " (card.issued.strftime("%d/%m/%Y").to_string())
                        @if card.status == CardStatus::Held { " " span.state.warn { (seen.say("đang bị giữ", "held")) } }
                        " · " a href={ "/cards/" (card.sod_sha256) } { (seen.say("báo mất, giữ, thu hồi", "lost, hold, revoke")) }
                    }
                }
            }
        }
    }
}

fn comparison(seen: &Seen, id: &str, visit: &Visit, record: &crate::register::PersonRecord) -> Markup {
    let differing: Vec<&str> = visit.differences().into_iter().map(|difference| difference.field).collect();
    html! {
        section aria-labelledby="compare" {
            h2 id="compare" { "1. " (seen.say("Đối chiếu với cơ sở dữ liệu dân cư", "Compared with the register")) }
            p.hint {
                @if visit.scanned {
                    (seen.say("Cột bên phải lấy từ mã QR vừa quét. ", "The right column comes from the scanned QR code. "))
                }
                (seen.say("Gõ những gì tờ khai ghi; ô để trống là không khai.", "Type what the form says; an empty field says nothing."))
            }
            form method="post" action={ "/visits/" (id) "/said" } autocomplete="off" {
                (mark(seen))
                table.compare {
                    thead { tr {
                        th scope="col" { (seen.say("Mục", "Field")) }
                        th scope="col" { (seen.say("Cơ sở dữ liệu", "Register")) }
                        th scope="col" { (seen.say("Tờ khai", "Form")) }
                        th scope="col" { (seen.say("Kết quả", "Result")) }
                    } }
                    tbody {
                        @for field in &FIELDS {
                            @let differs = differing.contains(&field.name);
                            tr.differs[differs] {
                                th scope="row" id={ "f-" (field.name) } { (field.label(seen.language)) }
                                td { (dash((field.known)(&record.holder))) }
                                td { input name=(field.name) value=(field.shown(&visit.said)) maxlength="500"
                                    aria-labelledby={ "f-" (field.name) } aria-invalid=[differs.then_some("true")]; }
                                td { (result(seen, visit, field.name, differs, (field.said)(&visit.said).is_some())) }
                            }
                        }
                    }
                }
                button type="submit" { (seen.say("Đối chiếu", "Compare")) }
            }
        }
    }
}

fn dash(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

fn result(seen: &Seen, visit: &Visit, field: &'static str, differs: bool, said: bool) -> Markup {
    let chosen = visit.choices.get(field).copied();
    html! {
        @if differs {
            fieldset.choice {
                legend { span.state.warn { (seen.say("khác", "differs")) } }
                label {
                    input type="radio" name={ "choice." (field) } value="register" checked[chosen == Some(Choice::Register)];
                    " " (seen.say("tờ khai nhầm, theo cơ sở dữ liệu", "the form is wrong, the register applies"))
                }
                label {
                    input type="radio" name={ "choice." (field) } value="holder" checked[chosen == Some(Choice::Holder)];
                    " " (seen.say("dữ liệu sai, phải chỉnh sửa trước", "the register is wrong and is corrected first"))
                }
            }
        } @else if said {
            span.state.good { (seen.say("khớp", "agrees")) }
        } @else {
            span.none { (seen.say("không khai", "not said")) }
        }
    }
}

fn purpose(seen: &Seen, id: &str, visit: &Visit, today: Date) -> Markup {
    let current = match visit.ground {
        Some(ground) => ground.as_str(),
        None => visit.reason.as_str(),
    };
    html! {
        section aria-labelledby="asked" {
            h2 id="asked" { "2. " (seen.say("Đề nghị", "What is asked for")) }
            form method="post" action={ "/visits/" (id) "/asked" } {
                (mark(seen))
                label for="for" { (seen.say("Lý do và căn cứ", "Reason and legal ground")) }
                select id="for" name="for" {
                    option value=(Reason::FirstIssue.as_str()) selected[current == Reason::FirstIssue.as_str()] {
                        (words::reason(Reason::FirstIssue, seen.language))
                    }
                    @for reason in [Reason::Exchange, Reason::Reissue] {
                        optgroup label=(words::reason(reason, seen.language)) {
                            @for ground in Ground::ALL.into_iter().filter(|ground| ground.reason() == reason) {
                                option value=(ground.as_str()) selected[current == ground.as_str()] {
                                    (words::ground(ground, seen.language)) " (" (ground.clause()) ")"
                                }
                            }
                        }
                    }
                }
                label for="template" { (seen.say("Mẫu thẻ", "Card")) }
                select id="template" name="template" {
                    @for (template, text) in [
                        (Template::IdentityCard2024, seen.say("Thẻ căn cước (2024)", "Identity card (2024)")),
                        (Template::CitizenIdentityCard2021, seen.say("Căn cước công dân (2021)", "Citizen identity card (2021)")),
                    ] {
                        option value=(template.as_str()) selected[visit.template == template] { (text) }
                    }
                }
                @if visit.is_child(today) {
                    fieldset {
                        legend { (seen.say("Người đại diện của trẻ dưới 14 tuổi", "Who acts for a child under 14")) }
                        @let acting = visit.representative.as_ref();
                        label for="acting-number" { (seen.say("Số định danh", "Personal number")) }
                        input id="acting-number" name="acting-number" inputmode="numeric" maxlength="12"
                            value=(acting.map_or("", |one| one.number.as_str()));
                        label for="acting-name" { (seen.say("Họ và tên", "Full name")) }
                        input id="acting-name" name="acting-name" maxlength="500"
                            value=(acting.map_or("", |one| one.full_name.as_str()));
                    }
                }
                details open[visit.paper.is_some()] {
                    summary { (seen.say("Giấy tờ khác ghi họ tên hoặc ngày sinh khác", "Another paper says another name or birth date")) }
                    @let paper = visit.paper.as_ref();
                    label for="paper" { (seen.say("Giấy tờ nào", "Which paper")) }
                    input id="paper" name="paper" maxlength="200" value=(paper.map_or("", |one| one.paper.as_str()));
                    label for="paper-name" { (seen.say("Họ và tên trên giấy", "Name on it")) }
                    input id="paper-name" name="paper-name" maxlength="200"
                        value=(paper.and_then(|one| one.full_name.as_deref()).unwrap_or_default());
                    label for="paper-birth" { (seen.say("Ngày sinh trên giấy (dd/mm/yyyy)", "Birth date on it (dd/mm/yyyy)")) }
                    input id="paper-birth" name="paper-birth" maxlength="10"
                        value=(paper.and_then(|one| one.birth_date).map(|date| date.to_string()).unwrap_or_default());
                }
                button type="submit" { (seen.say("Ghi nhận", "Note")) }
            }
        }
    }
}

/// Who acts for a child: nobody, or number and name.
fn acting(fields: &Fields) -> Result<Option<Representative>, Problem> {
    match (fields.text("acting-number")?, fields.text("acting-name")?) {
        (None, None) => Ok(None),
        (Some(number), Some(name)) => {
            let number = PersonalNumber::parse(number).map_err(|_| {
                Problem::bad_field("Số định danh có 12 chữ số", "A personal number has 12 digits")
            })?;
            Ok(Some(Representative { number, full_name: name.to_owned() }))
        }
        _ => Err(Problem::bad_field(
            "Ghi cả số định danh và họ tên người đại diện",
            "Give both number and name of the one who acts for the child",
        )),
    }
}

/// What another paper says.
fn paper(fields: &Fields) -> Result<Option<PaperClaim>, Problem> {
    let (full_name, birth) = (fields.text("paper-name")?, fields.text("paper-birth")?);
    let birth_date = birth.map(str::parse).transpose().map_err(|_| {
        Problem::bad_field("Ngày sinh ghi dạng 31/12/1999", "A date of birth is written 31/12/1999")
    })?;
    match fields.text("paper")? {
        None if full_name.is_none() && birth_date.is_none() => Ok(None),
        Some(paper) if full_name.is_some() || birth_date.is_some() => Ok(Some(PaperClaim {
            paper: paper.to_owned(),
            full_name: full_name.map(str::to_owned),
            birth_date,
        })),
        _ => Err(Problem::bad_field(
            "Ghi tên giấy tờ và điều ghi khác trên đó",
            "Say which paper it is, and what it says otherwise",
        )),
    }
}

fn portrait(seen: &Seen, id: &str, visit: &Visit, today: Date) -> Markup {
    html! {
        section aria-labelledby="portrait" {
            h2 id="portrait" { "3. " (seen.say("Ảnh chân dung", "Portrait")) }
            @if let Some(picture) = &visit.picture {
                img.portrait src={ "/visits/" (id) "/portrait.jpg" } width="240" height="320"
                    alt=(seen.say("Ảnh chân dung vừa tải lên", "The portrait that was uploaded"));
                @for (vietnamese, english) in &picture.remarks {
                    (page::notice("warn", seen.say(vietnamese, english)))
                }
            }
            @if visit.to_retake(today) {
                form method="post" action={ "/visits/" (id) "/accept" } autocomplete="off" {
                    (mark(seen))
                    label for="accept" { (seen.say(
                        "Ảnh nên chụp lại. Nếu không thể, ghi lý do vẫn nhận ảnh này",
                        "The portrait should be taken again. If that cannot be, say why this one is taken",
                    )) }
                    input id="accept" name="reason" required maxlength="500";
                    button type="submit" { (seen.say("Vẫn nhận ảnh này", "Take this one")) }
                }
            }
            @if let Some(why) = &visit.accepted { p { (seen.say("Vẫn nhận ảnh, vì", "Taken nevertheless, because")) ": " (why) } }
            form method="post" action={ "/visits/" (id) "/portrait" } enctype="multipart/form-data" {
                (mark(seen))
                label for="file" { (seen.say("Tệp ảnh JPEG, PNG hoặc JPEG 2000, khổ đứng 3×4, không quá 8 MB", "A JPEG, PNG or JPEG 2000 file, upright 3 to 4, at most 8 MB")) }
                input id="file" type="file" name="portrait" accept="image/jpeg,image/png,image/jp2" required;
                button type="submit" { (seen.say("Tải ảnh lên và kiểm tra", "Upload and check")) }
            }
        }
    }
}

fn ready(seen: &Seen, id: &str, visit: &Visit, refusal: Option<&Refusal>, today: Date) -> Markup {
    let (undecided, insisted) = (visit.undecided(), visit.insisted());
    let possible = refusal.is_none()
        && undecided.is_empty()
        && insisted.is_empty()
        && visit.picture.is_some()
        && !visit.to_retake(today);
    html! {
        section.last aria-labelledby="capture" {
            h2 id="capture" { "4. " (seen.say("Thu nhận", "Capture")) }
            @if possible {
                form method="post" action={ "/visits/" (id) "/capture" } {
                    (mark(seen))
                    p { (seen.say(
                        "Đã đủ. Sau khi thu nhận, một cán bộ khác phải duyệt.",
                        "Everything is there. After capture, another officer approves.",
                    )) }
                    button.main type="submit" { (seen.say("Thu nhận hồ sơ", "Capture the application")) }
                }
            } @else {
                p { (seen.say("Còn thiếu:", "Still missing:")) }
                ul {
                    @if refusal.is_some() { li { (seen.say("không được cấp thẻ theo quy định nêu ở trên", "a rule forbids the card, see above")) } }
                    @if !undecided.is_empty() { li {
                        (seen.say("quyết định về mục khác nhau: ", "a decision about what differs: ")) (names(&undecided, seen))
                    } }
                    @if !insisted.is_empty() { li {
                        (seen.say("cơ sở dữ liệu phải được chỉnh sửa trước: ", "the register has to be corrected first: ")) (names(&insisted, seen))
                    } }
                    @if visit.picture.is_none() { li { (seen.say("ảnh chân dung", "the portrait")) } }
                    @if visit.to_retake(today) { li { (seen.say("ảnh chụp lại, hoặc lý do vẫn nhận ảnh", "another portrait, or why this one is taken")) } }
                }
            }
        }
    }
}

fn names(fields: &std::collections::BTreeSet<&'static str>, seen: &Seen) -> String {
    let known = FIELDS.iter().filter(|field| fields.contains(field.name));
    known.map(|field| field.label(seen.language)).collect::<Vec<_>>().join(", ")
}

pub(in crate::desk) async fn said(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    desk.visits.change(&id, seen.name(), desk.now(), |visit| {
        let mut said = Asserted::default();
        let mut choices = BTreeMap::new();
        for field in &FIELDS {
            field.put(&mut said, fields.text(field.name)?)?;
            match fields.raw(&format!("choice.{}", field.name)) {
                Some("register") => choices.insert(field.name, Choice::Register),
                Some("holder") => choices.insert(field.name, Choice::Holder),
                _ => None,
            };
        }
        // A decision is about what was said when it was made.
        choices.retain(|name, _| {
            FIELDS.iter().any(|field| field.name == *name && (field.said)(&said) == (field.said)(&visit.said))
        });
        visit.said = said;
        visit.choices = choices;
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#compare")))
}

pub(in crate::desk) async fn asked(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    let unknown = || Problem::bad_field("Không có lý do hoặc mẫu thẻ này", "There is no such reason or card");
    let word = fields.raw("for").unwrap_or_default();
    let (reason, ground) = match word.parse::<Ground>() {
        Ok(ground) => (ground.reason(), Some(ground)),
        Err(_) if word == Reason::FirstIssue.as_str() => (Reason::FirstIssue, None),
        Err(_) => return Err(unknown()),
    };
    let template = fields.raw("template").unwrap_or_default().parse().map_err(|_| unknown())?;
    let (acting, paper) = (acting(&fields)?, paper(&fields)?);
    desk.visits.change(&id, seen.name(), desk.now(), |visit| {
        (visit.reason, visit.ground, visit.template) = (reason, ground, template);
        (visit.representative, visit.paper) = (acting, paper);
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#asked")))
}

/// The portrait is taken although it should be taken again; the ledger keeps why.
pub(in crate::desk) async fn accept(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    let reason = fields.reason()?.to_owned();
    desk.visits.change(&id, seen.name(), desk.now(), |visit| {
        visit.accepted = Some(reason);
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#portrait")))
}

pub(in crate::desk) async fn capture(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Capture)?;
    let taken = desk.ask(move |desk, books| take_in(desk, books, &id, seen.name())).await?;
    Ok(Redirect::to(&format!("/applications/{taken}")))
}

/// Into the drawer, then into the ledger: what is captured can be made.
fn take_in(
    desk: &Desk,
    books: &mut super::super::house::Books,
    id: &str,
    officer: &str,
) -> Result<ApplicationId, Problem> {
    let _turn = desk.taking();
    let at = desk.now();
    let visit = desk.visits.get(id, officer, at)?;
    if let Some(taken) = visit.taken {
        return Ok(taken);
    }
    if !visit.undecided().is_empty() || !visit.insisted().is_empty() {
        return Err(Problem::bad_field(
            "Còn mục khác với cơ sở dữ liệu chưa được giải quyết",
            "A difference with the register is not resolved",
        ));
    }
    let application = visit.application();
    Portrait::from_file(&application.portrait)?;
    let open = books.ledger.open_of(application.number.as_str())?;
    if let Some(open) = open.filter(|open| !matches!(open.state, Standing::Received | Standing::Checked)) {
        if open.content_sha256 == application.content_sha256() {
            return Ok(open.id);
        }
        return Err(crate::ledger::LedgerError::OtherApplicationOpen.into());
    }
    let resolved: Vec<&str> = visit.differences().iter().map(|difference| difference.field).collect();
    if !resolved.is_empty() {
        let note = format!("the register's word applies in {} by {officer}", resolved.join(" "));
        let line = LogEntry {
            event: "desk-differences-resolved",
            subject: Some(application.number.as_str()),
            said: "",
            note: &note,
            at,
        };
        books.ledger.log(&[line])?;
    }
    desk.drawer.put(&application)?;
    let request = format!("desk {officer} {id}");
    books.register.for_officer(officer);
    let act = Act { actor: officer, at, request: Some(&request) };
    let intake = Intake { ledger: &mut books.ledger, register: books.register.as_mut(), act };
    let captured = { intake }.take_in(&application);
    let entry = match captured {
        Ok(captured) => captured.entry,
        Err(error) => {
            if error.is_refusal() {
                desk.drawer.remove(&application.content_sha256());
            }
            return Err(error.into());
        }
    };
    desk.visits.change(id, officer, at, |visit| {
        visit.taken = Some(entry.id);
        visit.picture = None;
        visit.record = None;
        visit.said = Asserted::default();
        Ok(())
    })?;
    Ok(entry.id)
}

pub(in crate::desk) async fn end(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Redirect {
    desk.visits.end(&id, seen.name());
    Redirect::to("/")
}
