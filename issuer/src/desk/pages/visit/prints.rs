//! Prints and irises: from files or the officer's device, each print with its picture, its score, and what to do better.

use std::io::Cursor;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use image::ImageFormat;
use maud::{Markup, html};

use super::super::super::form::Signed;
use super::super::super::house::Desk;
use super::super::super::page::{self, mark};
use super::super::super::parts::Parts;
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::super::super::taken::{Captures, Print, Said, TakenSoFar};
use super::super::super::visits::Visit;
use super::super::upload::image;
use super::taking::takes_prints;
use crate::accounts::Role;
use crate::audit::LogEntry;
use crate::capture::device::{DevicePort, Left};
use crate::capture::{CaptureError, Eye, IrisImage};
use crate::fingerprint::quality::{LOOK_BELOW, RETAKE_BELOW};
use crate::fingerprint::{Finger, MissingReason, PrintImage};
use crate::words;

/// The choice that takes away what was taken of a finger.
const NOTHING: &str = "nothing";

pub(super) fn section(desk: &Desk, seen: &Seen, id: &str, visit: &Visit) -> Markup {
    let Some(captures) = &desk.captures else { return html! {} };
    html! {
        section aria-labelledby="prints" {
            h2 id="prints" { "4. " (seen.say("Vân tay và mống mắt", "Prints and irises")) }
            @if takes_prints(desk, visit) {
                (shown(seen, id, &visit.biometrics))
                @if visit.biometrics.to_retake() { (reason(seen, id)) }
                @if let Some(why) = &visit.biometrics.accepted {
                    p { (seen.say("Vẫn nhận vân tay, vì", "Prints taken nevertheless, because")) ": " (why) }
                }
                @if captures.has_device() { (device(seen, id)) }
                (files(seen, id, &visit.biometrics))
            } @else {
                p { (seen.say(
                    "Trẻ dưới 6 tuổi: không thu nhận vân tay và mống mắt (Luật Căn cước 2023, Điều 23 khoản 2).",
                    "A child under six: neither prints nor irises are taken (Law on Identity 2023, art. 23(2)).",
                )) }
            }
        }
    }
}

/// What was taken so far.
fn shown(seen: &Seen, id: &str, taken: &TakenSoFar) -> Markup {
    html! {
        @if taken.prints.is_empty() && taken.missing.is_empty() && taken.irises.is_empty() {
            p { (seen.say(
                "Lấy hai ngón trỏ, hoặc cả mười ngón. Ngón không lấy được thì chọn lý do.",
                "Take the two index fingers, or all ten. Where a finger cannot be taken, choose the reason.",
            )) }
        } @else {
            ul.prints {
                @for finger in Finger::ALL {
                    @if let Some(print) = taken.prints.get(&finger) { (one_print(seen, id, finger, print)) }
                    @if let Some(reason) = taken.missing.get(&finger) {
                        li {
                            div.nothing { (seen.say("không có vân tay", "no print")) }
                            h3 { (words::finger(finger, seen.language)) }
                            p { span.state { (words::missing_finger(*reason, seen.language)) } }
                            @if reason.is_passing() { p.hint { (seen.say("Có thể lấy vào ngày khác.", "It may be taken another day.")) } }
                        }
                    }
                }
                @for eye in taken.irises.keys() {
                    li {
                        img src={ "/visits/" (id) "/prints/" (eye.as_str()) "-iris.png" } alt={ (seen.say("Ảnh mống mắt: ", "Iris: ")) (words::eye(*eye, seen.language)) };
                        h3 { (words::eye(*eye, seen.language)) }
                    }
                }
            }
            @if !taken.prints.is_empty() {
                p.hint { (seen.say(
                    "Điểm 0–100 đo độ rõ và diện tích của đường vân, không phải NFIQ 2: dưới 40 phải lấy lại, dưới 65 nên xem lại.",
                    "The score of 0 to 100 tells how clear the ridges are and how much is seen of them; it is not NFIQ 2. Below 40 a print is taken again, below 65 it is looked at.",
                )) }
            }
        }
    }
}

fn one_print(seen: &Seen, id: &str, finger: Finger, print: &Print) -> Markup {
    let (score, ridges) = (print.quality.score, print.quality.ridges);
    let name = words::finger(finger, seen.language);
    let (kind, verdict) = match score {
        ..RETAKE_BELOW => ("bad", seen.say("phải lấy lại", "take it again")),
        RETAKE_BELOW..LOOK_BELOW => ("warn", seen.say("nên xem lại", "look at it")),
        _ => ("good", seen.say("tốt", "good")),
    };
    let points = format!("{score}/100");
    html! {
        li {
            img src={ "/visits/" (id) "/prints/" (finger) ".png" } alt={ (seen.say("Vân tay ", "Print of the ")) (name) };
            h3 { (name) }
            p { strong { (points) } " " span.state.(kind) { (verdict) } }
            meter min="0" max="100" low=(RETAKE_BELOW) high=(LOOK_BELOW) optimum="100" value=(score)
                aria-label={ (seen.say("Điểm ", "Score of the ")) (name) } { (points) }
            p.hint {
                (seen.say("Đường vân rõ trên", "Clear ridges on")) (format!(" {:.0} ", ridges.clear))
                (seen.say("trong", "of")) (format!(" {:.0} mm² ", ridges.touched)) (seen.say("chạm kính.", "that touched."))
            }
            @if let Some(advice) = print.quality.advice { p.advice { (seen.say(advice.vietnamese(), advice.english())) } }
        }
    }
}

fn reason(seen: &Seen, id: &str) -> Markup {
    page::reason(
        seen,
        &format!("/visits/{id}/prints/accept"),
        "accept-prints",
        seen.say(
            "Có vân tay nên lấy lại. Nếu không thể, ghi lý do vẫn nhận",
            "A print should be taken again. If that cannot be, say why it is taken",
        ),
        seen.say("Vẫn nhận vân tay này", "Take these prints"),
    )
}

fn device(seen: &Seen, id: &str) -> Markup {
    html! {
        div.line.device {
            form method="post" action={ "/visits/" (id) "/prints/device" } {
                (mark(seen))
                button type="submit" { (seen.say("Lấy từ thiết bị", "Take them from the device")) }
            }
            form method="post" action={ "/visits/" (id) "/prints/empty" } {
                (mark(seen))
                button.quiet type="submit" { (seen.say("Xóa dữ liệu trong thiết bị", "Empty the device")) }
            }
        }
    }
}

/// Files for each finger and eye; what is left open stays as it was.
fn files(seen: &Seen, id: &str, taken: &TakenSoFar) -> Markup {
    let others = Finger::ALL.into_iter().filter(|finger| !Finger::INDEX.contains(finger));
    let known = |finger: Finger| taken.prints.contains_key(&finger) || taken.missing.contains_key(&finger);
    let more = others.clone().any(known);
    html! {
        form method="post" action={ "/visits/" (id) "/prints" } enctype="multipart/form-data" {
            (mark(seen))
            p.hint { (seen.say(
                "Tệp vân tay: PNG xám, 500 điểm ảnh một inch, không quá 4 MB. Ô để trống giữ nguyên những gì đã lấy.",
                "Prints: PNG, grey, 500 pixels per inch, at most 4 MB. What is left open stays as it was taken.",
            )) }
            @for finger in Finger::INDEX { (fields(seen, finger, known(finger))) }
            details open[more] {
                summary { (seen.say("Tám ngón còn lại (nếu lấy cả mười ngón)", "The other eight fingers (where all ten are taken)")) }
                @for finger in others { (fields(seen, finger, known(finger))) }
            }
            details open[!taken.irises.is_empty()] {
                summary { (seen.say("Mống mắt (nơi có máy chụp)", "Irises (where there is a camera for them)")) }
                @for eye in Eye::ALL {
                    label for={ "file-" (eye.as_str()) "-iris" } { (words::eye(eye, seen.language)) }
                    input id={ "file-" (eye.as_str()) "-iris" } type="file" name={ (eye.as_str()) "-iris" } accept="image/jpeg,image/jp2";
                }
                p.hint { (seen.say("JPEG hoặc JPEG 2000, không quá 16 kB.", "JPEG or JPEG 2000 of at most 16 kB.")) }
            }
            button type="submit" { (seen.say("Tải lên và đo chất lượng", "Upload and measure")) }
        }
    }
}

fn fields(seen: &Seen, finger: Finger, known: bool) -> Markup {
    let name = words::finger(finger, seen.language);
    html! {
        fieldset.finger {
            legend { (name) }
            div {
                label for={ "file-" (finger) } { (seen.say("Tệp vân tay", "Print")) }
                input id={ "file-" (finger) } type="file" name=(finger) accept="image/png";
            }
            div {
                label for={ "missing-" (finger) } { (seen.say("hoặc lý do không lấy được", "or why there is none")) }
                select id={ "missing-" (finger) } name={ "missing." (finger) } {
                    option value="" { "–" }
                    @for reason in MissingReason::ALL {
                        option value=(reason.as_str()) { (words::missing_finger(reason, seen.language)) }
                    }
                    @if known { option value=(NOTHING) { (seen.say("bỏ ngón này, không ghi gì", "leave this finger out")) } }
                }
            }
        }
    }
}

/// The visit of this officer, of somebody of whom prints are taken here.
fn visit(desk: &Desk, seen: &Seen, id: &str) -> Result<Visit, Problem> {
    seen.must(Role::Capture)?;
    let visit = desk.visits.get(id, seen.name(), desk.now())?;
    if desk.captures.is_none() {
        return Err(Problem::no_captures());
    }
    if takes_prints(desk, &visit) { Ok(visit) } else { Err(CaptureError::TooYoung.into()) }
}

/// What came of fingers and eyes, looked at.
#[derive(Default)]
struct Looked {
    fingers: Vec<(Finger, Said)>,
    eyes: Vec<(Eye, IrisImage)>,
}

impl Looked {
    fn at_upload(parts: &Parts) -> Result<Self, Problem> {
        let mut looked = Self::default();
        for finger in Finger::ALL {
            let choice = parts.fields.raw(&format!("missing.{finger}")).unwrap_or_default();
            let said = match (parts.file(finger.as_str()), choice) {
                (None, "") => continue,
                (None, NOTHING) => Said::Nothing,
                (None, word) => Said::Missing(
                    word.parse()
                        .map_err(|_| Problem::bad_field("Không có lý do này", "There is no such reason"))?,
                ),
                (Some(file), "") => {
                    let print = PrintImage::from_png(file);
                    Said::Print(Print::of(print.map_err(|error| CaptureError::Print { finger, error })?))
                }
                (Some(_), _) => return Err(CaptureError::Contradiction(finger).into()),
            };
            looked.fingers.push((finger, said));
        }
        for eye in Eye::ALL {
            if let Some(file) = parts.file(&format!("{}-iris", eye.as_str())) {
                looked.eyes.push((eye, IrisImage::from_file(eye, file.to_vec())?));
            }
        }
        Ok(looked)
    }

    fn at_device(device: &mut dyn DevicePort) -> Result<Self, Problem> {
        let mut looked = Self::default();
        for finger in Finger::ALL {
            if let Some(taken) = device.finger(finger)? {
                looked.fingers.push((finger, taken.into()));
            }
        }
        for eye in Eye::ALL {
            if let Some(image) = device.iris(eye)? {
                looked.eyes.push((eye, image));
            }
        }
        Ok(looked)
    }

    fn is_nothing(&self) -> bool {
        self.fingers.is_empty() && self.eyes.is_empty()
    }

    /// Into the visit, or, where one picture is said to be of two fingers, nothing of it.
    fn into_visit(self, visit: &mut Visit) -> Result<(), Problem> {
        let mut taken = visit.biometrics.clone();
        for (finger, said) in self.fingers {
            taken.say(finger, said);
        }
        for (eye, image) in self.eyes {
            taken.see(eye, image);
        }
        taken.all_differ()?;
        visit.biometrics = taken;
        Ok(())
    }
}

pub(in crate::desk) async fn upload(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Redirect, Problem> {
    visit(&desk, &parts.seen, &id)?;
    let officer = parts.seen.name().to_owned();
    let looked = desk.heavily(move || Looked::at_upload(&parts)).await?;
    if looked.is_nothing() {
        return Err(Problem::bad_field(
            "Chưa chọn tệp vân tay hoặc lý do nào",
            "Neither a print nor a reason was chosen",
        ));
    }
    keep(&desk, &id, &officer, looked)
}

fn keep(desk: &Desk, id: &str, officer: &str, looked: Looked) -> Result<Redirect, Problem> {
    desk.visits.change(id, officer, desk.now(), |visit| looked.into_visit(visit))?;
    Ok(Redirect::to(&format!("/visits/{id}#prints")))
}

/// What lies in the officer's device, and was not there before this person came; then the device is emptied.
pub(in crate::desk) async fn from_device(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Result<Redirect, Problem> {
    let visit = visit(&desk, &seen, &id)?;
    let (asked, officer) = (Arc::clone(&desk), seen.name().to_owned());
    let looked = desk
        .heavily(move || {
            let mut device = captures(&asked)?.device(&officer)?;
            let now = device.left()?;
            if visit.left.is_none_or(|before| before.remains_in(&now)) {
                return Err(Problem::device_holds_another());
            }
            Looked::at_device(device.as_mut())
        })
        .await?;
    if looked.is_nothing() {
        return Err(Problem::bad_field(
            "Thiết bị chưa có gì: lấy vân tay rồi bấm lại",
            "The device has nothing yet: take the prints, then press again",
        ));
    }
    let to = keep(&desk, &id, seen.name(), looked)?;
    let (asked, officer) = (Arc::clone(&desk), seen.name().to_owned());
    desk.heavily(move || Ok(captures(&asked)?.device(&officer)?.clear()?)).await?;
    Ok(to)
}

/// Takes away what somebody else left in the officer's device; the log says so.
pub(in crate::desk) async fn empty(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Result<Redirect, Problem> {
    visit(&desk, &seen, &id)?;
    let officer = seen.name().to_owned();
    desk.ask(move |desk, books| {
        captures(desk)?.device(&officer)?.clear()?;
        let note = format!("emptied by {officer}");
        let line =
            LogEntry { event: "desk-device-emptied", subject: None, said: "", note: &note, at: desk.now() };
        Ok(books.ledger.log(&[line])?)
    })
    .await?;
    // From here on, everything in it is of this person.
    desk.visits.change(&id, seen.name(), desk.now(), |visit| {
        visit.left = Some(Left::default());
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#prints")))
}

fn captures(desk: &Desk) -> Result<&Captures, Problem> {
    desk.captures.as_ref().ok_or_else(Problem::no_captures)
}

/// Prints are taken although one should be taken again; the ledger keeps why.
pub(in crate::desk) async fn accept(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    let reason = fields.reason()?.to_owned();
    visit(&desk, &seen, &id)?;
    desk.visits.change(&id, seen.name(), desk.now(), |visit| {
        visit.biometrics.accepted = Some(reason);
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#prints")))
}

/// A print or an iris, drawn anew: nothing of an uploaded file reaches a browser.
pub(in crate::desk) async fn picture(
    State(desk): State<Arc<Desk>>,
    Path((id, name)): Path<(String, String)>,
    seen: Seen,
) -> Result<Response, Problem> {
    let taken = visit(&desk, &seen, &id)?.biometrics;
    let name = name.strip_suffix(".png").ok_or_else(Problem::nothing_here)?.to_owned();
    let png = desk
        .heavily(move || {
            if let Some(eye) = name.strip_suffix("-iris").and_then(|eye| eye.parse().ok()) {
                let iris = taken.irises.get(&eye).and_then(|iris| iris.picture());
                let mut png = Vec::new();
                let drawn = iris
                    .ok_or_else(Problem::nothing_here)?
                    .write_to(&mut Cursor::new(&mut png), ImageFormat::Png);
                return drawn.map(|()| png).map_err(|_| Problem::internal());
            }
            let finger: Finger = name.parse().map_err(|_| Problem::nothing_here())?;
            let print = taken.prints.get(&finger).ok_or_else(Problem::nothing_here)?;
            print.image.to_png().map_err(|_| Problem::internal())
        })
        .await?;
    Ok(image("image/png", png))
}
