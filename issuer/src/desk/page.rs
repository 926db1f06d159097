//! What every page has: its frame, its forms, its tables of states.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::form::MARK;
use super::house::Desk;
use super::problem::Problem;
use super::readers::ReaderSeen;
use super::seen::Seen;
use crate::accounts::Role;
use crate::application::State;
use crate::words::{self, Language};

/// What a page is called and where its officer is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Title<'a> {
    pub(super) text: &'a str,
    /// The place in the navigation.
    pub(super) place: Place,
}

/// A place in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Home,
    Applications,
    Cards,
    Queue,
    Stock,
    Reports,
    Accounts,
    None,
}

/// An HTML answer.
pub(super) fn answer(markup: Markup) -> Response {
    Html(markup.into_string()).into_response()
}

/// A page of an officer.
pub(super) fn page(seen: &Seen, title: Title<'_>, body: Markup) -> Response {
    answer(frame(seen.language, title, Some(seen), body))
}

fn frame(language: Language, title: Title<'_>, seen: Option<&Seen>, body: Markup) -> Markup {
    let say = |vietnamese, english| language.say(vietnamese, english);
    html! {
        (DOCTYPE)
        html lang=(say("vi", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title.text) " – " (say("Quầy cấp căn cước", "Identity card desk")) }
                link rel="icon" href="/static/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/static/desk.css";
                script src="/static/desk.js" defer {}
            }
            body {
                a.skip href="#main" { (say("Đến nội dung", "Skip to the content")) }
                header {
                    a.brand href="/" { (say("Quầy cấp căn cước", "Identity card desk")) }
                    @if let Some(seen) = seen {
                        (navigation(seen, title.place))
                        div.who {
                            a href="/password" title=(say("Đổi mật khẩu", "Change my password")) { strong { (seen.name()) } }
                            form method="post" action="/logout" {
                                (mark(seen))
                                button.quiet type="submit" { (say("Đăng xuất", "Log out")) }
                            }
                        }
                    }
                    nav.languages aria-label=(say("Ngôn ngữ", "Language")) {
                        @match language {
                            Language::Vi => a href="/language/en" lang="en" hreflang="en" { "English" },
                            Language::En => a href="/language/vi" lang="vi" hreflang="vi" { "Tiếng Việt" },
                        }
                    }
                }
                main id="main" tabindex="-1" {
                    h1 { (title.text) }
                    @if let Some(seen) = seen && seen.officer.password_is_given() {
                        (notice("warn", seen.say(
                            "Người khác đã đặt mật khẩu này cho bạn và biết nó: bấm vào tên bạn ở trên để đổi.",
                            "Somebody else set this password for you and knows it: press your name above to change it.",
                        )))
                    }
                    (body)
                }
            }
        }
    }
}

fn navigation(seen: &Seen, place: Place) -> Markup {
    let at = |wanted: Place| (place == wanted).then_some("page");
    html! {
        nav.places aria-label=(seen.say("Các trang", "Pages")) {
            @if seen.may(Role::Administrator) {
                a href="/accounts" aria-current=[at(Place::Accounts)] { (seen.say("Tài khoản", "Accounts")) }
            } @else if seen.sees_citizens() {
                a href="/" aria-current=[at(Place::Home)] { (seen.say("Tiếp nhận", "Desk")) }
                a href="/applications" aria-current=[at(Place::Applications)] { (seen.say("Hồ sơ", "Applications")) }
                a href="/cards" aria-current=[at(Place::Cards)] { (seen.say("Thẻ", "Cards")) }
                a href="/readers" aria-current=[at(Place::Queue)] { (seen.say("Hàng in", "Queue")) }
            }
            @if seen.may(Role::Stock) { a href="/stock" aria-current=[at(Place::Stock)] { (seen.say("Kho phôi", "Stock")) } }
            a href="/reports" aria-current=[at(Place::Reports)] { (seen.say("Báo cáo", "Reports")) }
        }
    }
}

/// The page before anybody is logged in.
pub(super) fn outside(language: Language, title: &str, body: Markup) -> Markup {
    frame(language, Title { text: title, place: Place::None }, None, body)
}

/// Why something was not done.
pub(super) fn problem(language: Language, problem: &Problem) -> Response {
    let title = language.say("Chưa thực hiện được", "Not done");
    let body = html! {
        div.notice.bad role="alert" {
            p.what { (problem.sentence(language)) "." }
            p { (problem.hint(language)) }
            p.code { (problem.code) }
        }
        p { a.button href="/" { (language.say("Về trang chính", "To the first page")) } }
    };
    answer(outside(language, title, body))
}

/// The hidden field by which a form is known as this session's.
pub(super) fn mark(seen: &Seen) -> Markup {
    html! { input type="hidden" name=(MARK) value=(seen.mark); }
}

/// A form that does something once: sent again, it finds what was done.
pub(super) fn once(desk: &Desk, seen: &Seen) -> Markup {
    html! {
        (mark(seen))
        input type="hidden" name="request" value=(desk.word());
    }
}

/// A state, by word and colour.
pub(super) fn state(state: State, language: Language) -> Markup {
    let kind = match state {
        State::Issued | State::Delivered => "good",
        State::Rejected | State::Spoiled => "bad",
        State::InDoubt => "warn",
        _ => "",
    };
    html! { span.state.(kind) { (words::state(state, language)) } }
}

/// Something that the officer has to know, beside the page's matter.
pub(super) fn notice(kind: &str, text: &str) -> Markup {
    html! { div.notice.(kind) role="status" { p { (text) } } }
}

/// A form that wants a reason: why something is done although a rule speaks against it.
pub(super) fn reason(seen: &Seen, action: &str, id: &str, label: &str, button: &str) -> Markup {
    html! {
        form method="post" action=(action) autocomplete="off" {
            (mark(seen))
            label for=(id) { (label) }
            input id=(id) name="reason" required maxlength="500";
            button type="submit" { (button) }
        }
    }
}

/// The choice of a reader.
pub(super) fn reader(seen: &Seen, readers: &[ReaderSeen]) -> Markup {
    html! {
        label for="reader" { (seen.say("Đầu đọc", "Reader")) }
        select id="reader" name="reader" {
            @for reader in readers {
                option value=(reader.name) {
                    (reader.name)
                    @if reader.card_present { " – " (seen.say("có phôi", "chip present")) }
                }
            }
        }
    }
}

/// No reader is there to be chosen.
pub(super) fn no_reader(seen: &Seen) -> Markup {
    notice(
        "warn",
        seen.say(
            "Không thấy đầu đọc nào: kiểm tra dây nối và dịch vụ pcscd, rồi mở lại trang.",
            "No reader is found: check the cable and the service pcscd, then open the page again.",
        ),
    )
}
