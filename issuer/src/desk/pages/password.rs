//! An officer's own password: whoever set the first one knows it, until its officer sets another.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use maud::html;

use super::super::form::Signed;
use super::super::house::Desk;
use super::super::page::{self, Place, Title, mark};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::accounts::hashing;
use crate::accounts::{AccountError, Hardness, Password};

pub(in crate::desk) async fn page(seen: Seen) -> Response {
    let body = html! {
        form.narrow method="post" action="/password" autocomplete="off" {
            (mark(&seen))
            label for="old" { (seen.say("Mật khẩu đang dùng", "Password so far")) }
            input id="old" name="old" type="password" required autocomplete="current-password";
            label for="new" { (seen.say("Mật khẩu mới, ít nhất 10 ký tự", "New password, at least 10 characters")) }
            input id="new" name="new" type="password" required autocomplete="new-password";
            label for="again" { (seen.say("Mật khẩu mới, một lần nữa", "New password once more")) }
            input id="again" name="again" type="password" required autocomplete="new-password";
            p.hint { (seen.say(
                "Sau khi đổi, mọi phiên của tài khoản kết thúc: đăng nhập lại bằng mật khẩu mới.",
                "Afterwards every session of the account is over: log in again with the new password.",
            )) }
            button type="submit" { (seen.say("Đổi mật khẩu", "Change the password")) }
        }
    };
    page::page(
        &seen,
        Title { text: seen.say("Đổi mật khẩu", "Change my password"), place: Place::None },
        body,
    )
}

pub(in crate::desk) async fn change(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    let typed = |name: &str| Password::new(fields.raw(name).unwrap_or_default());
    if fields.raw("new") != fields.raw("again") {
        return Err(Problem::bad_field(
            "Hai lần nhập mật khẩu mới không giống nhau",
            "The new password was not typed the same twice",
        ));
    }
    if fields.raw("new") == fields.raw("old") {
        return Err(Problem::bad_field(
            "Mật khẩu mới phải khác mật khẩu đang dùng",
            "The new password must be another than the one so far",
        ));
    }
    let (old, new) = (typed("old"), typed("new"));
    let officer = seen.officer;
    hashing(&desk, move |desk, accounts| {
        let now = desk.now();
        // A wrong one counts as at the log-in: a session that was left open is no way to guess it.
        let known = accounts.officer(officer.name(), &old, now)?;
        accounts.set_password(&known, known.name(), &new, Hardness::NORMAL, now, &mut desk.rng())
    })
    .await
    .map_err(not_the_login)?;
    Ok(Redirect::to("/login"))
}

/// The session goes on when the old password was wrong: the page of the log-in would say otherwise.
fn not_the_login(mut problem: Problem) -> Problem {
    if problem.code == AccountError::WrongPassword.code() {
        problem.status = StatusCode::FORBIDDEN;
        (problem.vietnamese, problem.english) =
            ("Mật khẩu đang dùng không đúng".to_owned(), "The password so far is wrong".to_owned());
    }
    problem
}
