//! The accounts of the station, kept by an administrator who does nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::card;
use super::super::form::Signed;
use super::super::house::Desk;
use super::super::page::{self, Place, Title, mark};
use super::super::problem::Problem;
use super::super::seen::Seen;
use crate::accounts::{Account, AccountError, Hardness, NewAccount, Password, Role};
use crate::words;

pub(in crate::desk) async fn list(State(desk): State<Arc<Desk>>, seen: Seen) -> Result<Response, Problem> {
    seen.must(Role::Administrator)?;
    let accounts = desk.ask(|_, books| Ok(books.ledger.accounts().list()?)).await?;
    let body = html! {
        section aria-labelledby="all" {
            h2 id="all" { (seen.say("Cán bộ của máy trạm", "Officers of this station")) }
            div.scroll tabindex="0" role="group" aria-labelledby="all" {
                table {
                    thead { tr {
                        th scope="col" { (seen.say("Tên", "Name")) }
                        th scope="col" { (seen.say("Việc được làm", "Roles")) }
                        th scope="col" { (seen.say("Người tạo", "Made by")) }
                        th scope="col" { (seen.say("Trạng thái", "State")) }
                    } }
                    tbody { @for account in &accounts { (row(&seen, account, desk.now())) } }
                }
            }
        }
        (adding(&seen))
        (changing(&seen, &accounts))
    };
    Ok(page::page(&seen, Title { text: seen.say("Tài khoản", "Accounts"), place: Place::Accounts }, body))
}

fn row(seen: &Seen, account: &Account, now: Timestamp) -> Markup {
    let roles: Vec<&str> = account.roles.iter().map(|role| words::role(*role, seen.language)).collect();
    html! {
        tr {
            th scope="row" { (account.name) }
            td { (roles.join(", ")) }
            td { (account.created_by) ", " (card::clock(&account.created_at)) }
            td { @match (&account.locked, account.rests_until(now)) {
                (Some(why), _) => { span.state.bad { (seen.say("khóa", "locked")) } " " (why) },
                (None, Some(until)) => {
                    span.state.warn { (seen.say("tạm nghỉ", "rests")) } " "
                    (seen.say("sai mật khẩu nhiều lần, đến", "wrong passwords, until")) " " (card::clock(&until.to_string()))
                },
                (None, None) => span.state.good { (seen.say("mở", "open")) },
            } }
        }
    }
}

fn adding(seen: &Seen) -> Markup {
    html! {
        section aria-labelledby="add" {
            h2 id="add" { (seen.say("Tạo tài khoản", "Make an account")) }
            form method="post" action="/accounts/add" autocomplete="off" {
                (mark(seen))
                label for="new-name" { (seen.say("Tên, chữ thường không dấu", "Name, small letters")) }
                input id="new-name" name="name" required maxlength="32" autocapitalize="none" spellcheck="false";
                fieldset.roles {
                    legend { (seen.say("Việc được làm", "Roles")) }
                    @for role in Role::ALL { div.check {
                        input type="checkbox" id={ "role-" (role.as_str()) } name="role" value=(role.as_str());
                        label for={ "role-" (role.as_str()) } { (words::role(role, seen.language)) }
                    } }
                }
                label for="new-password" { (seen.say("Mật khẩu ban đầu", "First password")) }
                input id="new-password" name="password" type="password" required autocomplete="new-password";
                button type="submit" { (seen.say("Tạo", "Make")) }
            }
        }
    }
}

fn changing(seen: &Seen, accounts: &[Account]) -> Markup {
    html! {
        section aria-labelledby="change" {
            h2 id="change" { (seen.say("Khóa, mở khóa, đặt lại mật khẩu", "Lock, unlock, set a password")) }
            form method="post" action="/accounts/change" autocomplete="off" {
                (mark(seen))
                label for="which" { (seen.say("Tài khoản", "Account")) }
                select id="which" name="name" { @for account in accounts { option value=(account.name) { (account.name) } } }
                label for="do" { (seen.say("Việc", "Action")) }
                select id="do" name="do" {
                    option value="lock" { (seen.say("khóa", "lock")) }
                    option value="unlock" { (seen.say("mở khóa", "unlock")) }
                    option value="password" { (seen.say("đặt lại mật khẩu", "set a password")) }
                }
                label for="why" { (seen.say("Lý do (khi khóa)", "Reason (for a lock)")) }
                input id="why" name="reason" maxlength="500";
                label for="other-password" { (seen.say("Mật khẩu mới (khi đặt lại)", "New password (when one is set)")) }
                input id="other-password" name="password" type="password" autocomplete="new-password";
                button type="submit" { (seen.say("Thực hiện", "Do it")) }
            }
        }
    }
}

pub(in crate::desk) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Administrator)?;
    let name = fields.text("name")?.unwrap_or_default().to_owned();
    let roles: Result<BTreeSet<Role>, _> = fields.all("role").map(str::parse).collect();
    let roles = roles.map_err(|_| Problem::from(AccountError::BadRoles))?;
    let password = Password::new(fields.raw("password").unwrap_or_default());
    hashing(&desk, move |desk, accounts| {
        let new = NewAccount { name: &name, roles: &roles, password: &password, hardness: Hardness::NORMAL };
        accounts.add(Some(&seen.officer), &new, desk.now(), &mut desk.rng())
    })
    .await?;
    Ok(Redirect::to("/accounts"))
}

pub(in crate::desk) async fn change(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Administrator)?;
    let name = fields.raw("name").unwrap_or_default().to_owned();
    let reason = fields.text("reason")?.unwrap_or_default().to_owned();
    let password = Password::new(fields.raw("password").unwrap_or_default());
    let what = fields.raw("do").unwrap_or_default().to_owned();
    if !["lock", "unlock", "password"].contains(&what.as_str()) {
        return Err(Problem::bad_field("Không có việc này", "There is no such action"));
    }
    hashing(&desk, move |desk, accounts| match what.as_str() {
        "lock" => accounts.lock(&seen.officer, &name, &reason, desk.now()),
        "unlock" => accounts.unlock(&seen.officer, &name, desk.now()),
        _ => accounts.set_password(
            &seen.officer,
            &name,
            &password,
            Hardness::NORMAL,
            desk.now(),
            &mut desk.rng(),
        ),
    })
    .await?;
    Ok(Redirect::to("/accounts"))
}

/// Hashing takes memory: few at once.
pub(super) async fn hashing(
    desk: &Arc<Desk>,
    work: impl FnOnce(&Desk, &mut crate::accounts::Accounts<'_>) -> Result<(), AccountError> + Send + 'static,
) -> Result<(), Problem> {
    let asking = Arc::clone(desk);
    desk.heavily(move || {
        let mut books = asking.books()?;
        let done = work(&asking, &mut books.ledger.accounts());
        asking.give_back(books);
        Ok(done?)
    })
    .await
}
