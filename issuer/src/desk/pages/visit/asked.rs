//! What is asked for: reason and ground, which card, who acts for a child, and what another paper says.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::cases::PaperClaim;
use jiff::civil::Date;
use maud::{Markup, html};

use super::super::super::form::{Fields, Signed};
use super::super::super::house::Desk;
use super::super::super::page::mark;
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::super::super::visits::Visit;
use super::grounds;
use crate::application::{Ground, Reason, Representative, Template};
use crate::station::IssueError;
use crate::words;

pub(super) fn purpose(seen: &Seen, id: &str, visit: &Visit, today: Date) -> Markup {
    let current = match visit.ground {
        Some(ground) => ground.as_str(),
        None => visit.reason.as_str(),
    };
    html! {
        section aria-labelledby="asked" {
            h2 id="asked" { "2. " (seen.say("Đề nghị", "What is asked for")) }
            form method="post" action={ "/visits/" (id) "/asked" } data-noted {
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
                                    (words::ground(ground, seen.language)) " (" (words::clause(ground, seen.language)) ")"
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

/// What will be captured, in words.
pub(super) fn said(seen: &Seen, visit: &Visit) -> Markup {
    html! {
        (seen.say("Đề nghị", "Asked for")) ": "
        strong {
            (words::reason(visit.reason, seen.language))
            @if let Some(ground) = visit.ground { " – " (words::ground(ground, seen.language)) }
        }
        " · " (seen.say("mẫu thẻ", "card of")) " " (visit.template.as_str())
        @if let Some(acting) = &visit.representative { " · " (seen.say("người đại diện", "acting")) " " (acting.full_name) }
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
        if let Some(refusal) = grounds::misfit(visit, reason) {
            return Err(IssueError::from(refusal).into());
        }
        (visit.reason, visit.ground, visit.template) = (reason, ground, template);
        (visit.representative, visit.paper) = (acting, paper);
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#asked")))
}
