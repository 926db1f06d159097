//! The portrait, and why it is taken although it should be taken again.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use jiff::civil::Date;
use maud::{Markup, html};

use super::super::super::form::Signed;
use super::super::super::house::Desk;
use super::super::super::page::{self, mark};
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::super::super::visits::Visit;

pub(super) fn portrait(seen: &Seen, id: &str, visit: &Visit, today: Date) -> Markup {
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
