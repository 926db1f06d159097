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
            @if visit.is_too_young(today) {
                p { (seen.say(
                    "Trẻ dưới 6 tuổi: không thu nhận ảnh khuôn mặt (Luật Căn cước 2023, Điều 23 khoản 2). Thẻ không in ảnh.",
                    "A child under six: no face is taken (Law on Identity 2023, art. 23(2)). The card bears no portrait.",
                )) }
            } @else {
                (taking(seen, id, visit, today))
            }
        }
    }
}

fn taking(seen: &Seen, id: &str, visit: &Visit, today: Date) -> Markup {
    html! {
            @if let Some(picture) = &visit.picture {
                img.portrait src={ "/visits/" (id) "/portrait.jpg" } width="240" height="320"
                    alt=(seen.say("Ảnh chân dung vừa tải lên", "The portrait that was uploaded"));
                @for (vietnamese, english) in &picture.remarks {
                    (page::notice("warn", seen.say(vietnamese, english)))
                }
            }
            @if visit.to_retake(today) {
                (page::reason(
                    seen,
                    &format!("/visits/{id}/accept"),
                    "accept",
                    seen.say(
                        "Ảnh nên chụp lại. Nếu không thể, ghi lý do vẫn nhận ảnh này",
                        "The portrait should be taken again. If that cannot be, say why this one is taken",
                    ),
                    seen.say("Vẫn nhận ảnh này", "Take this one"),
                ))
            }
            @if let Some(why) = &visit.accepted { p { (seen.say("Vẫn nhận ảnh, vì", "Taken nevertheless, because")) ": " (why) } }
            (camera(seen))
            form method="post" action={ "/visits/" (id) "/portrait" } enctype="multipart/form-data" {
                (mark(seen))
                label for="file" { (seen.say("Tệp ảnh JPEG, PNG hoặc JPEG 2000, khổ đứng 3×4, không quá 8 MB", "A JPEG, PNG or JPEG 2000 file, upright 3 to 4, at most 8 MB")) }
                input id="file" type="file" name="portrait" accept="image/jpeg,image/png,image/jp2" required;
                button type="submit" { (seen.say("Tải ảnh lên và kiểm tra", "Upload and check")) }
            }
    }
}

/// The camera of the officer's machine, where a script finds one: hidden until then.
fn camera(seen: &Seen) -> Markup {
    // By the browser's word for what went wrong (W3C Media Capture and Streams); the last for any other.
    let reasons = [
        (
            "NotAllowedError",
            "Trình duyệt không cho dùng máy ảnh. Bấm biểu tượng máy ảnh ở thanh địa chỉ, chọn cho phép, rồi mở lại.",
            "The browser does not allow the camera. Press the camera's sign beside the address, allow it, and open it again.",
        ),
        (
            "NotFoundError",
            "Không thấy máy ảnh nào. Cắm máy ảnh vào máy này, rồi mở lại; hoặc chọn tệp ảnh dưới đây.",
            "There is no camera. Connect one to this machine and open it again, or choose a file below.",
        ),
        (
            "NotReadableError",
            "Một chương trình khác đang dùng máy ảnh. Đóng chương trình đó, rồi mở lại.",
            "Another program is using the camera. Close it, and open the camera again.",
        ),
        (
            "",
            "Máy ảnh không trả lời. Rút ra cắm lại, rồi mở lại; hoặc chọn tệp ảnh dưới đây.",
            "The camera does not answer. Connect it anew and open it again, or choose a file below.",
        ),
    ];
    html! {
        div.camera data-camera hidden {
            button type="button" data-part="open" { (seen.say("Chụp bằng máy ảnh", "Use the camera")) }
            div role="alert" {
                div.notice.warn data-part="wrong" hidden {
                    @for (word, vietnamese, english) in reasons {
                        p data-why=(word) hidden { (seen.say(vietnamese, english)) }
                    }
                }
            }
            div data-part="live" hidden {
                div.frame {
                    video data-part="video" autoplay muted playsinline
                        aria-label=(seen.say("Hình từ máy ảnh", "What the camera sees")) {}
                }
                p.hint { (seen.say(
                    "Đầu nằm trong hình bầu dục, mắt nhìn thẳng, nền sáng, đủ ánh sáng trên mặt.",
                    "The head within the oval, eyes straight ahead, a light background, light on the face.",
                )) }
                div data-part="choice" hidden {
                    label for="which-camera" { (seen.say("Máy ảnh", "Camera")) }
                    select id="which-camera" data-part="which" {}
                }
                div.line {
                    button.main type="button" data-part="take" { (seen.say("Chụp và kiểm tra", "Take and check")) }
                    button type="button" data-part="close" { (seen.say("Tắt máy ảnh", "Camera off")) }
                }
            }
            script src="/static/camera.js" defer {}
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
