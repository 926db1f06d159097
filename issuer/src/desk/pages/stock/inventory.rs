//! What lies in the cabinet, counted and compared with the books. Nothing is moved by it; the log says that it was done.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::html;

use super::super::super::house::Desk;
use super::super::super::page::{self, Place, Title};
use super::super::super::parts::Parts;
use super::super::super::problem::Problem;
use super::orders::serials;
use crate::accounts::Role;
use crate::audit::LogEntry;

pub(in crate::desk) async fn count(State(desk): State<Arc<Desk>>, parts: Parts) -> Result<Response, Problem> {
    parts.seen.must(Role::Stock)?;
    let counted = serials(&parts)?;
    let found = counted.len();
    let officer = parts.seen.name().to_owned();
    let report = desk
        .ask(move |desk, books| {
            let report = books.ledger.stock().reconcile(Some(&counted))?;
            let (found, differ) = (counted.len(), report.differences.len());
            let note = format!("{found} counted, {differ} differ, by {officer}");
            let line =
                LogEntry { event: "stock-inventory", subject: None, said: "", note: &note, at: desk.now() };
            books.ledger.log(&[line])?;
            Ok(report)
        })
        .await?;
    let seen = &parts.seen;
    let body = html! {
        @if report.agrees() {
            (page::notice("good", seen.say("Số phôi đếm được đúng với sổ.", "What was counted is what the books say.")))
        } @else {
            (page::notice("bad", seen.say(
                "Số phôi đếm được khác với sổ. Tìm lại từng phôi dưới đây; không thấy thì ghi mất hoặc hỏng.",
                "What was counted is not what the books say. Look for each blank below; what is not found is noted as lost or spoiled.",
            )))
        }
        h2 { (found) " " (seen.say("phôi đã đếm", "blanks were counted")) }
        (super::differences(seen, seen.say("Không khớp", "Does not fit"), &report.differences))
        (super::differences(seen, seen.say("Còn mở", "Still open"), &report.open))
        p { a.button href="/stock" { (seen.say("Về kho phôi", "To the stock")) } }
    };
    Ok(page::page(seen, Title { text: seen.say("Kiểm kê", "Physical count"), place: Place::Stock }, body))
}
