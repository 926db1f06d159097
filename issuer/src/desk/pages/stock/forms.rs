//! What may be ordered of the stock.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::super::house::Desk;
use super::super::super::page::once;
use super::super::super::seen::Seen;
use crate::stock::{BlankState, BlankStep, Cause, Reconciliation, SIGNED_FOR_ELSEWHERE, SURPLUS, Transport};
use crate::words;

/// Causes that an officer may name for a step.
pub(super) fn causes(step: BlankStep) -> Vec<Cause> {
    let fits = |cause: &Cause| match step {
        BlankStep::Lose => matches!(cause, Cause::Missing | Cause::Stolen | Cause::Other),
        BlankStep::Find => matches!(cause, Cause::TurnedUp | Cause::Other),
        BlankStep::Destroy => matches!(cause, Cause::DestroyedByRule | Cause::Other),
        _ => matches!(
            cause,
            Cause::Damaged | Cause::Unreadable | Cause::WrongKeys | Cause::Misprint | Cause::Other
        ),
    };
    Cause::ALL.into_iter().filter(fits).collect()
}

pub(super) fn all(desk: &Desk, seen: &Seen, report: &Reconciliation, transports: &[Transport]) -> Markup {
    html! {
        section aria-labelledby="orders" {
            h2 id="orders" { (seen.say("Việc của thủ kho", "The keeper's tasks")) }
            (receive(desk, seen))
            (count(desk, seen, report))
            (explained(desk, seen, BlankStep::Spoil, seen.say("Ghi phôi hỏng", "Note spoiled blanks")))
            (explained(desk, seen, BlankStep::Lose, seen.say("Ghi phôi mất", "Note lost blanks")))
            (explained(desk, seen, BlankStep::Find, seen.say("Phôi mất tìm lại được (chờ hủy)", "Lost blanks turned up (to be destroyed)")))
            (explained(desk, seen, BlankStep::Destroy, seen.say("Hủy phôi hỏng", "Destroy spoiled blanks")))
            (send(desk, seen))
            (accept(desk, seen))
            (acknowledge(desk, seen))
            (take_back(desk, seen, transports))
            (settle(desk, seen, report))
            (inventory(desk, seen))
            p { a.button href="/stock/keys" { (seen.say("Tạo khóa cho phôi khi nhập kho", "Make blanks' keys at stock-in")) } }
        }
    }
}

/// A form in a fold.
fn form(desk: &Desk, seen: &Seen, action: &str, title: &str, fields: Markup) -> Markup {
    html! {
        details {
            summary { (title) }
            form method="post" action={ "/stock/" (action) } enctype="multipart/form-data" autocomplete="off" {
                (once(desk, seen))
                (fields)
                button type="submit" { (title) }
            }
        }
    }
}

fn line(id: &str, name: &str, label: &str) -> Markup {
    html! { label for=(id) { (label) } input id=(id) name=(name) required maxlength="200"; }
}

fn chosen(id: &str, name: &str, label: &str, needed: bool) -> Markup {
    html! { label for=(id) { (label) } input id=(id) name=(name) type="file" required[needed]; }
}

/// Serials, typed or in a file.
fn serials(seen: &Seen, id: &str, label: &str) -> Markup {
    html! {
        label for=(id) { (label) }
        textarea id=(id) name="serials" rows="4" maxlength="60000" spellcheck="false" {}
        p.hint { (seen.say("Mỗi dòng một số 20 chữ số hex, quét hoặc dán vào; hoặc chọn tệp:", "One serial of 20 hexadecimal digits a line, scanned or pasted; or choose a file:")) }
        (chosen(&format!("{id}-file"), "file", seen.say("Tệp số phôi", "File of serials"), false))
    }
}

fn receive(desk: &Desk, seen: &Seen) -> Markup {
    form(
        desk,
        seen,
        "receive",
        seen.say("Nhận lô phôi mới", "Receive a batch"),
        html! {
            (line("supplier", "supplier", seen.say("Nơi giao", "Supplier")))
            (line("note", "note", seen.say("Số phiếu giao", "Delivery note")))
            (serials(seen, "received", seen.say("Số phôi trên phiếu", "Serials on the note")))
        },
    )
}

fn count(desk: &Desk, seen: &Seen, report: &Reconciliation) -> Markup {
    let waits = |states: &[(BlankState, u64)]| states.iter().any(|(state, _)| *state == BlankState::Expected);
    let open: Vec<_> = report.batches.iter().enumerate().filter(|(_, batch)| waits(&batch.states)).collect();
    html! {
        @if !open.is_empty() {
            (form(desk, seen, "count", seen.say("Kiểm đếm lô đã nhận", "Count a batch"), html! {
                label for="batch" { (seen.say("Lô", "Batch")) }
                select id="batch" name="batch" {
                    @for (_, batch) in &open {
                        option value={ (batch.supplier) "\u{1f}" (batch.delivery_note) } { (super::short(&batch.supplier)) " – " (batch.delivery_note) }
                    }
                }
                div.check {
                    input id="all-there" type="checkbox" name="all" value="yes";
                    label for="all-there" { (seen.say("Đủ như phiếu", "All of the note is there")) }
                }
                (serials(seen, "counted", seen.say("Hoặc số phôi đếm được", "Or the serials that were found")))
            }))
        }
    }
}

fn explained(desk: &Desk, seen: &Seen, step: BlankStep, title: &str) -> Markup {
    let word = step.as_str();
    form(
        desk,
        seen,
        word,
        title,
        html! {
            (serials(seen, &format!("{word}-serials"), seen.say("Số phôi", "Serials")))
            label for={ (word) "-cause" } { (seen.say("Nguyên nhân", "Cause")) }
            select id={ (word) "-cause" } name="cause" required {
                @for cause in causes(step) { option value=(cause.as_str()) { (words::cause(cause, seen.language)) } }
            }
            label for={ (word) "-note" } { (seen.say("Ghi chú", "Note")) }
            input id={ (word) "-note" } name="note" maxlength="500";
            (chosen(&format!("{word}-photo"), "photo", seen.say("Hoặc ảnh chụp (sổ giữ mã băm; giữ tệp ảnh trong hồ sơ)", "Or a photo (the ledger keeps its digest; keep the file)"), false))
        },
    )
}

fn send(desk: &Desk, seen: &Seen) -> Markup {
    form(
        desk,
        seen,
        "send",
        seen.say("Chuyển phôi cho máy trạm khác", "Send blanks to another station"),
        html! {
            (line("send-reference", "reference", seen.say("Tên chuyến", "Reference")))
            (chosen("send-key", "key", seen.say("Khóa công khai của máy trạm nhận (.station.pub)", "The receiving station's public key (.station.pub)"), true))
            (serials(seen, "sent", seen.say("Số phôi chuyển đi", "Serials to send")))
            p.hint { (seen.say("Danh sách đã ký tải về ở bảng vận chuyển, gửi kèm phôi.", "The signed list is in the table of transports; it goes with the blanks.")) }
        },
    )
}

fn accept(desk: &Desk, seen: &Seen) -> Markup {
    form(
        desk,
        seen,
        "accept",
        seen.say("Nhận phôi từ máy trạm khác", "Take blanks from another station"),
        html! {
            (chosen("accept-list", "list", seen.say("Danh sách đã ký của bên gửi", "The sender's signed list"), true))
            (chosen("accept-key", "key", seen.say("Khóa công khai của bên gửi", "The sender's public key"), true))
            div.check {
                input id="accept-all" type="checkbox" name="all" value="yes";
                label for="accept-all" { (seen.say("Đủ như danh sách", "All of the list is there")) }
            }
            (serials(seen, "accepted", seen.say("Hoặc số phôi đếm được", "Or the serials that were found")))
        },
    )
}

fn acknowledge(desk: &Desk, seen: &Seen) -> Markup {
    form(
        desk,
        seen,
        "acknowledge",
        seen.say("Nhập biên nhận của bên nhận", "Enter the receiver's receipt"),
        html! {
            (chosen("receipt", "receipt", seen.say("Biên nhận đã ký", "The signed receipt"), true))
            (chosen("receipt-key", "key", seen.say("Khóa công khai của bên nhận", "The receiver's public key"), true))
        },
    )
}

/// What was sent and never left, or came back unopened: a whole transport, or some of it.
fn take_back(desk: &Desk, seen: &Seen, transports: &[Transport]) -> Markup {
    let open = |one: &&Transport| one.outgoing && one.on_the_way > 0;
    form(
        desk,
        seen,
        "take-back",
        seen.say("Nhận lại phôi đã gửi (chưa giao được)", "Take back what was sent and not delivered"),
        html! {
            label for="back-transport" { (seen.say("Cả chuyến", "A whole transport")) }
            select id="back-transport" name="transport" {
                option value="" { (seen.say("– không, chỉ các phôi dưới đây –", "– no, these blanks only –")) }
                @for one in transports.iter().filter(open) {
                    option value=(one.reference) { (one.reference) " – " (one.on_the_way) " " (seen.say("phôi đang trên đường", "blanks on the way")) }
                }
            }
            (serials(seen, "back-serials", seen.say("Hoặc số phôi nhận lại", "Or the serials that are back")))
        },
    )
}

/// Blanks that are settled at once; what is left is there the next time.
const SETTLED_AT_ONCE: usize = 1000;

/// What this station and another both say they have, until somebody has looked.
fn settle(desk: &Desk, seen: &Seen, report: &Reconciliation) -> Markup {
    let mut claims: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let is_open = |what: &str| [SIGNED_FOR_ELSEWHERE, SURPLUS].contains(&what);
    for one in report.differences.iter().filter(|one| is_open(one.what)) {
        let of_transport = claims.entry(&one.detail).or_default();
        if of_transport.len() < SETTLED_AT_ONCE {
            of_transport.push(&one.serial);
        }
    }
    html! {
        @if !claims.is_empty() {
            (form(desk, seen, "settle", seen.say("Làm rõ phôi mà hai trạm cùng ghi là có, hoặc đếm thừa", "Settle blanks that two stations say they have, or that were found too much"), html! {
                p.hint { (seen.say(
                    "Biên nhận của bên kia ghi những phôi này, mà sổ ở đây không giao chúng theo chuyến đó. Tìm phôi ở cả hai nơi. Sổ ở đây đúng (phôi nằm ở đây, hoặc ở nơi sổ ghi) thì làm rõ, rồi báo bên kia ghi mất ở sổ của họ; phôi không còn ở đây thì ghi mất ở đây.",
                    "The other station signed for these blanks, and the books here did not hand them over by that transport. Look in both places. If the books here are right (it lies here, or where they say), settle it and tell the other station to note it as lost in its books; what is no longer here is noted as lost here.",
                )) }
                p.hint { (seen.say(
                    "Phôi đếm thừa: phôi vào sổ khi nhập phiếu giao hoặc danh sách của nó; nếu không có, ghi ở đây đã tìm hiểu được gì và đã làm gì với phôi.",
                    "What was found too much enters by its own note or list; where there is none, write here what you found out and what was done with it.",
                )) }
                label for="settle-claims" { (seen.say("Phôi của chuyến hoặc phiếu", "Blanks of the transport or note")) }
                select id="settle-claims" name="claims" required {
                    option value="" { (seen.say("– chọn chuyến –", "– choose the transport –")) }
                    @for (reference, claimed) in &claims {
                        option value={ (reference) "\u{1f}" (claimed.join("\n")) } { (reference) " – " (claimed.len()) " " (seen.say("phôi", "blanks")) }
                    }
                }
                div.check {
                    input id="settle-all" type="checkbox" name="all" value="yes";
                    label for="settle-all" { (seen.say("Tất cả phôi ấy", "All of them")) }
                }
                (serials(seen, "settle-serials", seen.say("Hoặc chỉ các số phôi này của chuyến", "Or only these of them")))
                label for="settle-note" { (seen.say("Đã thấy gì", "What was seen")) }
                input id="settle-note" name="note" required maxlength="500";
            }))
        }
    }
}

fn inventory(desk: &Desk, seen: &Seen) -> Markup {
    form(
        desk,
        seen,
        "inventory",
        seen.say("Kiểm kê tủ phôi", "Count what lies in the cabinet"),
        html! {
            p.hint { (seen.say(
                "Quét mọi phôi trong tủ, cả phôi hỏng chờ hủy. Không có gì được chuyển; nhật ký ghi việc kiểm kê.",
                "Scan every blank in the cabinet, spoiled ones too. Nothing is moved by it; the log says that it was counted.",
            )) }
            (serials(seen, "inventory-serials", seen.say("Số phôi đếm được", "Serials that were found")))
        },
    )
}
