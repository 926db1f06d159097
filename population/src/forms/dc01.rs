//! DC01 · Phiếu thu thập thông tin dân cư: the 26 items of art. 9(1) on two pages.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use jiff::civil::Date;

use super::Content;
use super::sheet::{LEFT, RIGHT, Sheets, plain};
use crate::person::{BloodGroup, MaritalStatus, Person, Relative, Residence};

/// Rows for children; more go to the supplement.
const CHILDREN: usize = 4;
/// Rows of the household.
const MEMBERS: usize = 6;

pub(super) fn draw(sheets: &mut Sheets<'_>, content: &Content<'_>) {
    let person = content.person;
    let text = |get: fn(&Person) -> Option<&String>| person.and_then(get).map_or("", String::as_str);
    sheets.head("DC01", "PHIẾU THU THẬP THÔNG TIN DÂN CƯ", "(Điều 9 Luật Căn cước năm 2023)");
    sheets.ticks(48.0, 45.0, 12.0, &[("Thu thập lần đầu", false), ("Cập nhật, điều chỉnh", false)]);

    let mut y = 53.0;
    sheets.section(y, RIGHT, "I. THÔNG TIN VỀ NHÂN THÂN");
    y += 8.2;
    let name = person.map(|person| person.full_name.to_uppercase()).unwrap_or_default();
    sheets.field(LEFT, RIGHT, y, "1. Họ, chữ đệm và tên khai sinh (chữ in hoa):", &name);
    y += 7.6;
    let others = person.map(|person| person.other_names.join(", ")).unwrap_or_default();
    sheets.field(LEFT, RIGHT, y, "2. Tên gọi khác:", &others);
    y += 8.2;
    sheets.text(LEFT, y, "3. Số định danh cá nhân:", plain(3.75));
    sheets.comb(LEFT + 50.0, y, 12, person.map_or("", |person| person.number.as_str()));
    y += 8.4;
    sheets.text(LEFT, y, "4. Ngày, tháng, năm sinh:", plain(3.75));
    let (day, month, year) = birth(person.map(|person| person.birth_date));
    sheets.date(LEFT + 50.0, y, &day, &month, &year);
    sheets.text(LEFT + 110.0, y, "5. Giới tính:", plain(3.75));
    let sex = person.map(|person| person.sex);
    sheets.ticks(LEFT + 134.0, y, 6.0, &[("Nam", sex == Some(Sex::Male)), ("Nữ", sex == Some(Sex::Female))]);
    y += 7.8;
    sheets.field(LEFT, RIGHT, y, "6. Nơi sinh:", text(|person| person.place_of_birth.as_ref()));
    y += 7.6;
    let registered = text(|person| person.birth_registration_place.as_ref());
    sheets.field(LEFT, RIGHT, y, "7. Nơi đăng ký khai sinh:", registered);
    y += 7.6;
    sheets.field(LEFT, RIGHT, y, "8. Quê quán:", text(|person| person.place_of_origin.as_ref()));
    y += 7.6;
    sheets.field(LEFT, LEFT + 56.0, y, "9. Dân tộc:", text(|person| person.ethnic_group.as_ref()));
    sheets.field(LEFT + 59.0, LEFT + 116.0, y, "10. Tôn giáo:", text(|person| person.religion.as_ref()));
    let nationality = person.map_or("", |person| person.nationality.as_str());
    sheets.field(LEFT + 119.0, RIGHT, y, "11. Quốc tịch:", nationality);
    y += 8.2;
    sheets.text(LEFT, y, "12. Nhóm máu:", plain(3.75));
    let blood = person.and_then(|person| person.blood_group);
    let groups = [BloodGroup::O, BloodGroup::A, BloodGroup::B, BloodGroup::Ab];
    let ticks: Vec<_> = groups.iter().map(|group| (group.as_str(), blood == Some(*group))).collect();
    sheets.ticks(LEFT + 28.0, y, 4.5, &ticks);
    sheets.text(LEFT + 86.0, y, "13. Số CMND 9 số:", plain(3.75));
    sheets.comb(RIGHT - 9.0 * 5.2, y, 9, text(|person| person.old_number.as_ref()));
    y += 8.4;
    let card = content.card;
    let day = |date: Date| format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year());
    let issued = card.map(|card| day(card.issued)).unwrap_or_default();
    sheets.field(LEFT, LEFT + 72.0, y, "14. Thẻ: ngày cấp", &issued);
    sheets.field(LEFT + 75.0, LEFT + 122.0, y, "nơi cấp", card.map_or("", |_| "Bộ Công an"));
    let until = card.map(|card| card.expires.map_or("không thời hạn".to_owned(), day)).unwrap_or_default();
    sheets.field(LEFT + 125.0, RIGHT, y, "có giá trị đến", &until);

    y += 10.0;
    sheets.section(y, RIGHT, "II. CHA, MẸ, VỢ HOẶC CHỒNG, CON, NGƯỜI ĐẠI DIỆN (mục 15)");
    y += 3.0;
    let columns = [
        ("Quan hệ", 30.0),
        ("Họ, chữ đệm và tên", 62.0),
        ("Số định danh cá nhân hoặc số CMND", 50.0),
        ("Quốc tịch", 33.0),
    ];
    let mut rows = vec![
        row("Cha", person.and_then(|person| person.father.as_ref())),
        row("Mẹ", person.and_then(|person| person.mother.as_ref())),
        row("Vợ hoặc chồng", person.and_then(|person| person.spouse.as_ref())),
    ];
    list(sheets, &mut rows, "Con", CHILDREN, person.map_or(&[], |person| person.children.as_slice()));
    let represent = person.map_or(&[][..], |person| person.representatives.as_slice());
    list(sheets, &mut rows, "Người đại diện hợp pháp", 1, represent);
    let represented = person.map_or(&[][..], |person| person.represented.as_slice());
    list(sheets, &mut rows, "Người được đại diện", 1, represented);
    y = sheets.table(y, 8.2, &columns, &rows) + 9.0;

    sheets.section(y, RIGHT, "III. NƠI CƯ TRÚ");
    let permanent = person.and_then(|person| person.residences.permanent.as_ref());
    residence_lines(sheets, y + 8.0, "16. Nơi thường trú:", permanent);

    sheets.next_page();
    second_page(sheets, person);
}

fn second_page(sheets: &mut Sheets<'_>, person: Option<&Person>) {
    let text = |get: fn(&Person) -> Option<&String>| person.and_then(get).map_or("", String::as_str);
    sheets.text(LEFT, 14.5, "Mẫu DC01", plain(3.6).bold());
    let mut y = 46.0;
    sheets.section(y, RIGHT, "III. NƠI CƯ TRÚ (tiếp theo)");
    y += 8.0;
    for (label, residence) in [
        ("17. Nơi tạm trú:", person.and_then(|person| person.residences.temporary.as_ref())),
        ("18. Nơi ở hiện tại:", person.and_then(|person| person.residences.current.as_ref())),
    ] {
        y = residence_lines(sheets, y, label, residence);
    }
    sheets.text(LEFT, y, "19. Khai báo tạm vắng:  từ ngày", plain(3.75));
    let absence = person.and_then(|person| person.temporary_absence.as_ref());
    let (day, month, year) = parts(absence.map(|absence| absence.from));
    sheets.date(LEFT + 60.0, y, &day, &month, &year);
    sheets.text(LEFT + 111.0, y, "đến ngày", plain(3.75));
    let (day, month, year) = parts(absence.and_then(|absence| absence.until));
    sheets.date(RIGHT - 47.3, y, &day, &month, &year);
    y += 7.8;
    sheets.field(LEFT, RIGHT, y, "20. Số hồ sơ cư trú:", text(|person| person.residence_file.as_ref()));

    y += 10.0;
    sheets.section(y, RIGHT, "IV. HÔN NHÂN VÀ HỘ GIA ĐÌNH");
    y += 7.8;
    sheets.text(LEFT, y, "21. Tình trạng hôn nhân:", plain(3.75));
    let status = person.and_then(|person| person.marital_status);
    let ticks = [
        ("Chưa kết hôn", MaritalStatus::Single),
        ("Đang có vợ/chồng", MaritalStatus::Married),
        ("Đã ly hôn", MaritalStatus::Divorced),
        ("Góa", MaritalStatus::Widowed),
    ]
    .map(|(label, kind)| (label, status == Some(kind)));
    sheets.ticks(LEFT + 46.0, y, 4.0, &ticks);
    y += 7.6;
    let relation = text(|person| person.relation_to_head.as_ref());
    sheets.field(LEFT, RIGHT, y, "22. Quan hệ với chủ hộ:", relation);
    y += 7.6;
    sheets.text(LEFT, y, "23. Chủ hộ và các thành viên hộ gia đình:", plain(3.75));
    y += 2.4;
    let columns = [
        ("TT", 10.0),
        ("Họ, chữ đệm và tên", 72.0),
        ("Số định danh cá nhân", 48.0),
        ("Quan hệ với chủ hộ", 45.0),
    ];
    let members = person.map_or(&[][..], |person| person.household.as_slice());
    let mut rows: Vec<Vec<String>> = members
        .iter()
        .take(MEMBERS)
        .enumerate()
        .map(|(place, member)| {
            let number = member.number.as_ref().map(|number| number.as_str().to_owned());
            vec![
                format!("\u{1}{}", place + 1),
                member.name.clone(),
                number.unwrap_or_default(),
                member.relation.clone(),
            ]
        })
        .collect();
    for place in rows.len()..MEMBERS {
        rows.push(vec![format!("\u{1}{}", place + 1)]);
    }
    for member in members.iter().skip(MEMBERS) {
        let number = member.number.as_ref().map_or("", |number| number.as_str());
        let value = format!("{} · {number} · {}", member.name, member.relation);
        sheets.more("23. Thành viên hộ gia đình", &value);
    }
    y = sheets.table(y, 7.4, &columns, &rows);

    y += 8.6;
    sheets.section(y, RIGHT, "V. THÔNG TIN KHÁC");
    y += 8.2;
    sheets.text(LEFT, y, "24. Ngày chết hoặc mất tích:", plain(3.75));
    let (day, month, year) = parts(person.and_then(|person| person.life.date()));
    sheets.date(LEFT + 55.0, y, &day, &month, &year);
    y += 7.8;
    sheets.field(LEFT, LEFT + 84.0, y, "25. Số thuê bao di động:", text(|person| person.phone.as_ref()));
    sheets.field(LEFT + 87.0, RIGHT, y, "Thư điện tử:", text(|person| person.email.as_ref()));
    y += 7.6;
    sheets.long_field(y, 7.0, "26. Thông tin khác:", text(|person| person.other.as_ref()));
    y += 14.0;
    sheets.text(
        LEFT,
        y,
        "Tôi cam đoan những thông tin kê khai trên là đúng sự thật và chịu trách nhiệm trước pháp luật.",
        plain(3.5).italic(),
    );
    y += 7.0;
    sheets.signature(50.0, y, "NGƯỜI KHAI");
    sheets.signature(107.5, y, "CÁN BỘ THU THẬP");
    sheets.signature(165.0, y, "TRƯỞNG CÔNG AN CẤP XÃ");
}

fn residence_lines(sheets: &mut Sheets<'_>, y: f64, label: &str, residence: Option<&Residence>) -> f64 {
    sheets.long_field(y, 6.8, label, residence.map_or("", |place| place.address.as_str()));
    let y = y + 14.6;
    let code = |get: fn(&Residence) -> Option<&String>| residence.and_then(get).map_or("", String::as_str);
    sheets.text(LEFT + 4.0, y, "Mã tỉnh", plain(3.5).italic());
    sheets.comb(LEFT + 17.0, y, 2, code(|place| place.province_code.as_ref()));
    sheets.text(LEFT + 34.0, y, "Mã xã, phường", plain(3.5).italic());
    sheets.comb(LEFT + 58.0, y, 5, code(|place| place.ward_code.as_ref()));
    sheets.text(LEFT + 96.0, y, "Từ ngày", plain(3.5).italic());
    let (day, month, year) = parts(residence.and_then(|place| place.since));
    sheets.date(RIGHT - 47.3, y, &day, &month, &year);
    y + 8.4
}

fn row(relation: &str, relative: Option<&Relative>) -> Vec<String> {
    let mut cells = vec![format!("\u{1}{relation}")];
    if let Some(relative) = relative {
        let number = relative.number.as_ref().map(|number| number.as_str().to_owned());
        cells.push(relative.name.clone());
        cells.push(number.or_else(|| relative.old_number.clone()).unwrap_or_default());
        cells.push(relative.nationality.clone().unwrap_or_default());
    }
    cells
}

fn list(sheets: &mut Sheets<'_>, rows: &mut Vec<Vec<String>>, label: &str, count: usize, list: &[Relative]) {
    for place in 0..count {
        rows.push(row(label, list.get(place)));
    }
    for relative in list.iter().skip(count) {
        let cells = row(label, Some(relative));
        sheets.more(&format!("15. {label}"), &cells.get(1..).unwrap_or_default().join(" · "));
    }
}

/// Day, month and year as digits; what is not known stays empty.
pub(super) fn birth(date: Option<BirthDate>) -> (String, String, String) {
    match date {
        None => Default::default(),
        Some(BirthDate::Day(date)) => parts(Some(date)),
        Some(BirthDate::Month { year, month }) => {
            (String::new(), format!("{month:02}"), format!("{year:04}"))
        }
        Some(BirthDate::Year(year)) => (String::new(), String::new(), format!("{year:04}")),
    }
}

fn parts(date: Option<Date>) -> (String, String, String) {
    date.map(|date| {
        (format!("{:02}", date.day()), format!("{:02}", date.month()), format!("{:04}", date.year()))
    })
    .unwrap_or_default()
}
