//! DC02 · Phiếu đề nghị giải quyết thủ tục về căn cước: what is asked for, and item by item what shall be corrected.

use cccd_card_profile::card_holder::Sex;

use super::Content;
use super::dc01::birth;
use super::sheet::{LEFT, RIGHT, Sheets, plain};
use crate::person::{BloodGroup, Person, birth_date_text};

pub(super) fn draw(sheets: &mut Sheets<'_>, content: &Content<'_>) {
    let person = content.person;
    let text = |get: fn(&Person) -> Option<&String>| person.and_then(get).map_or("", String::as_str);
    sheets.head("DC02", "PHIẾU ĐỀ NGHỊ GIẢI QUYẾT THỦ TỤC VỀ CĂN CƯỚC", "(Luật Căn cước năm 2023)");
    let mut y = 47.0;
    sheets.field(LEFT + 20.0, RIGHT, y, "Kính gửi:", "");
    y += 9.0;
    sheets.section(y, RIGHT, "I. NGƯỜI ĐỀ NGHỊ");
    y += 8.4;
    let name = person.map(|person| person.full_name.to_uppercase()).unwrap_or_default();
    sheets.field(LEFT, RIGHT, y, "1. Họ, chữ đệm và tên khai sinh (chữ in hoa):", &name);
    y += 8.4;
    sheets.text(LEFT, y, "2. Số định danh cá nhân:", plain(3.75));
    sheets.comb(LEFT + 50.0, y, 12, person.map_or("", |person| person.number.as_str()));
    y += 8.6;
    sheets.text(LEFT, y, "3. Ngày, tháng, năm sinh:", plain(3.75));
    let (day, month, year) = birth(person.map(|person| person.birth_date));
    sheets.date(LEFT + 50.0, y, &day, &month, &year);
    sheets.text(LEFT + 110.0, y, "4. Giới tính:", plain(3.75));
    let sex = person.map(|person| person.sex);
    sheets.ticks(LEFT + 134.0, y, 6.0, &[("Nam", sex == Some(Sex::Male)), ("Nữ", sex == Some(Sex::Female))]);
    y += 8.2;
    let residence = person.and_then(|person| person.residences.of_record());
    sheets.long_field(y, 7.0, "5. Nơi cư trú:", residence.map_or("", |place| place.address.as_str()));
    y += 15.2;
    sheets.field(LEFT, LEFT + 84.0, y, "6. Số điện thoại:", text(|person| person.phone.as_ref()));
    sheets.field(LEFT + 87.0, RIGHT, y, "Thư điện tử:", text(|person| person.email.as_ref()));
    y += 8.0;
    sheets.field(LEFT, RIGHT, y, "7. Người đại diện hợp pháp (nếu có), số định danh:", &represented(person));

    y += 10.0;
    sheets.section(y, RIGHT, "II. NỘI DUNG ĐỀ NGHỊ");
    y += 8.4;
    for pair in [
        ["Cấp thẻ căn cước lần đầu", "Cấp đổi thẻ căn cước"],
        ["Cấp lại thẻ căn cước do bị mất, hư hỏng", "Cấp lại thẻ khi trở lại quốc tịch Việt Nam"],
        ["Cập nhật, điều chỉnh thông tin về dân cư", "Xác lập lại, hủy số định danh cá nhân"],
        ["Tích hợp, cập nhật thông tin vào thẻ căn cước", "Xác nhận thông tin về căn cước"],
        ["Cấp giấy chứng nhận căn cước", "Nội dung khác"],
    ] {
        for (place, label) in pair.into_iter().enumerate() {
            let x = if place == 0 { LEFT } else { LEFT + 95.0 };
            sheets.ticks(x, y, 0.0, &[(label, false)]);
        }
        y += 7.6;
    }
    sheets.long_field(y + 1.0, 7.2, "8. Lý do, nội dung cụ thể:", "");
    y += 17.0;
    sheets.long_field(y, 7.2, "9. Giấy tờ, tài liệu kèm theo:", "");
    y += 16.6;
    sheets.text(LEFT, y, "10. Nhận kết quả:", plain(3.75));
    sheets.ticks(LEFT + 34.0, y, 10.0, &[("Tại nơi làm thủ tục", false), ("Qua dịch vụ bưu chính", false)]);
    y += 8.4;
    sheets.text(
        LEFT,
        y,
        "Tôi cam đoan những thông tin kê khai trên là đúng sự thật và chịu trách nhiệm trước pháp luật.",
        plain(3.5).italic(),
    );
    y += 9.0;
    sheets.signature(60.0, y, "NGƯỜI ĐỀ NGHỊ");
    sheets.signature(155.0, y, "CÁN BỘ TIẾP NHẬN");

    sheets.next_page();
    corrections(sheets, person);
}

/// The 26 items with what is held; the right column is for what shall stand there.
fn corrections(sheets: &mut Sheets<'_>, person: Option<&Person>) {
    sheets.text(LEFT, 14.5, "Mẫu DC02", plain(3.6).bold());
    sheets.section(46.0, RIGHT, "III. THÔNG TIN ĐỀ NGHỊ ĐIỀU CHỈNH (đánh dấu mục cần điều chỉnh)");
    let columns = [("Mục", 50.0), ("Sửa", 11.0), ("Thông tin hiện có", 57.0), ("Thông tin đề nghị", 57.0)];
    let held = held(person);
    let rows: Vec<Vec<String>> = held
        .iter()
        .map(|(label, value)| vec![format!("\u{1}{label}"), String::new(), value.clone(), String::new()])
        .collect();
    sheets.table(49.0, 8.6, &columns, &rows);
    let mut y = 49.0 + 8.4 + 8.6;
    for _ in &rows {
        sheets.tick(LEFT + 50.0 + 3.6, y - 2.8, false);
        y += 8.6;
    }
}

fn represented(person: Option<&Person>) -> String {
    let Some(first) = person.and_then(|person| person.representatives.first()) else { return String::new() };
    let number = first.number.as_ref().map_or("", |number| number.as_str());
    format!("{} {number}", first.name).trim().to_owned()
}

fn held(person: Option<&Person>) -> Vec<(&'static str, String)> {
    let text = |get: fn(&Person) -> Option<String>| person.and_then(get).unwrap_or_default();
    let relative =
        |name: &str, number: Option<&str>| format!("{name} {}", number.unwrap_or_default()).trim().to_owned();
    let family = |person: &Person| -> String {
        let named = [("cha", &person.father), ("mẹ", &person.mother), ("vợ/chồng", &person.spouse)];
        let named = named.into_iter().filter_map(|(word, one)| Some((word, one.as_ref()?)));
        let parts = named.map(|(word, one)| format!("{word} {}", relative(&one.name, None)));
        let children = person.children.iter().map(|child| format!("con {}", child.name));
        parts.chain(children).collect::<Vec<_>>().join("; ")
    };
    let residence = |place: Option<&crate::person::Residence>| {
        place.map(|place| place.address.clone()).unwrap_or_default()
    };
    vec![
        ("1. Họ, chữ đệm và tên", text(|person| Some(person.full_name.clone()))),
        ("2. Tên gọi khác", text(|person| Some(person.other_names.join(", ")))),
        ("3. Số định danh cá nhân", text(|person| Some(person.number.as_str().to_owned()))),
        ("4. Ngày, tháng, năm sinh", text(|person| Some(birth_date_text(person.birth_date)))),
        (
            "5. Giới tính",
            text(|person| {
                Some(match person.sex {
                    Sex::Male => "Nam".to_owned(),
                    Sex::Female => "Nữ".to_owned(),
                    Sex::Unspecified => String::new(),
                })
            }),
        ),
        ("6. Nơi sinh", text(|person| person.place_of_birth.clone())),
        ("7. Nơi đăng ký khai sinh", text(|person| person.birth_registration_place.clone())),
        ("8. Quê quán", text(|person| person.place_of_origin.clone())),
        ("9. Dân tộc", text(|person| person.ethnic_group.clone())),
        ("10. Tôn giáo", text(|person| person.religion.clone())),
        ("11. Quốc tịch", text(|person| Some(person.nationality.clone()))),
        ("12. Nhóm máu", text(|person| Some(person.blood_group.map(BloodGroup::as_str)?.to_owned()))),
        ("13. Số CMND 9 số", text(|person| person.old_number.clone())),
        ("14. Ngày cấp, nơi cấp, thời hạn thẻ", String::new()),
        ("15. Cha, mẹ, vợ/chồng, con, người đại diện", person.map(family).unwrap_or_default()),
        ("16. Nơi thường trú", residence(person.and_then(|person| person.residences.permanent.as_ref()))),
        ("17. Nơi tạm trú", residence(person.and_then(|person| person.residences.temporary.as_ref()))),
        ("18. Nơi ở hiện tại", residence(person.and_then(|person| person.residences.current.as_ref()))),
        (
            "19. Khai báo tạm vắng",
            text(|person| person.temporary_absence.as_ref().map(|absence| absence.from.to_string())),
        ),
        ("20. Số hồ sơ cư trú", text(|person| person.residence_file.clone())),
        (
            "21. Tình trạng hôn nhân",
            text(|person| {
                use crate::person::MaritalStatus as Status;
                Some(match person.marital_status? {
                    Status::Single => "Chưa kết hôn".to_owned(),
                    Status::Married => "Đang có vợ/chồng".to_owned(),
                    Status::Divorced => "Đã ly hôn".to_owned(),
                    Status::Widowed => "Góa".to_owned(),
                })
            }),
        ),
        ("22. Quan hệ với chủ hộ", text(|person| person.relation_to_head.clone())),
        (
            "23. Chủ hộ, thành viên hộ gia đình",
            text(|person| {
                let names: Vec<&str> = person.household.iter().map(|member| member.name.as_str()).collect();
                Some(names.join("; "))
            }),
        ),
        ("24. Ngày chết hoặc mất tích", text(|person| Some(person.life.date()?.to_string()))),
        (
            "25. Số thuê bao, thư điện tử",
            text(|person| {
                let parts = [person.phone.as_deref(), person.email.as_deref()];
                Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
            }),
        ),
        ("26. Thông tin khác", text(|person| person.other.clone())),
    ]
}
