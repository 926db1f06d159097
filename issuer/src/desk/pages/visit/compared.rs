//! The register's record and what the paper says, field by field.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::super::super::fields::FIELDS;
use super::super::super::form::Signed;
use super::super::super::house::Desk;
use super::super::super::page::mark;
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::super::super::visits::{Choice, Visit};
use crate::application::Asserted;
use crate::register::PersonRecord;

pub(super) fn comparison(seen: &Seen, id: &str, visit: &Visit, record: &PersonRecord) -> Markup {
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
            form method="post" action={ "/visits/" (id) "/said" } autocomplete="off" data-noted {
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
