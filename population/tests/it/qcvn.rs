//! The message of QCVN 109:2017/BTTTT: what the standard's elements mean, round trips, and files that are not what they
//! seem.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_population::export::{PersonWriter, export};
use cccd_population::generate::Nation;
use cccd_population::import::{FileFault, Format, ImportError, Row, RowError, import, rows};
use cccd_population::person::{BloodGroup, Life, MaritalStatus, Person, Relative};
use cccd_population::store::Store as _;
use jiff::civil::date;
use proptest::prelude::*;

use crate::{TODAY, change, empty, number, somebody};

/// A message as another system would write it: another prefix, no supplement.
fn message(persons: &str) -> String {
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- <q:CongDan> -->\n\
         <q:CongdanCollection xmlns:q=\"http://www.mic.gov.vn/dancu/1.0\" GhiChu=\"a > b\">{persons}</q:CongdanCollection>\n"
    )
}

const FULL: &str = "<q:CongDan>
  <q:SoDinhDanh>079099000001</q:SoDinhDanh><q:SoCMND>012345678</q:SoCMND>
  <q:HoVaTen><q:Ho>Nguyễn</q:Ho><q:ChuDem>Văn &#x110;ức</q:ChuDem><q:Ten>An</q:Ten></q:HoVaTen>
  <q:GioiTinh>1</q:GioiTinh><q:DanToc><q:MaDanToc>08</q:MaDanToc><q:TenGoi>H'Mông</q:TenGoi></q:DanToc>
  <q:TonGiao><q:MaTonGiao>99</q:MaTonGiao></q:TonGiao><q:TinhTrangHonNhan>2</q:TinhTrangHonNhan><q:NhomMau>03</q:NhomMau>
  <q:NgayThangNamSinh><q:NgayThangNam>1999-01-15</q:NgayThangNam></q:NgayThangNamSinh>
  <q:NoiDangKyKhaiSinh><q:MaDonViHanhChinh>00004</q:MaDonViHanhChinh><q:ChiTiet>Trúc Bạch</q:ChiTiet><q:QuocGia>VN</q:QuocGia></q:NoiDangKyKhaiSinh>
  <q:QueQuan><q:ChiTiet><![CDATA[Xã A & B]]></q:ChiTiet><q:QuocGia>LA</q:QuocGia></q:QueQuan>
  <q:ThuongTru><q:MaDonViHanhChinh>00070</q:MaDonViHanhChinh><q:ChiTiet>Số 1 &lt;ngõ 2&gt;</q:ChiTiet><q:QuocGia>VN</q:QuocGia></q:ThuongTru>
  <q:Cha><q:SoDinhDanh>079072000001</q:SoDinhDanh><q:QuocTich>VN</q:QuocTich><q:HoVaTen><q:Ho>Nguyễn</q:Ho><q:Ten>Cha</q:Ten></q:HoVaTen></q:Cha>
  <q:VoChong><q:SoCMND>012345679</q:SoCMND><q:QuocTich>FR</q:QuocTich><q:HoVaTen><q:Ten>Marie</q:Ten></q:HoVaTen></q:VoChong>
  <q:NgheNghiep>Thợ mộc</q:NgheNghiep>
</q:CongDan>";

fn read(file: &str) -> Vec<Row> {
    rows(file.as_bytes(), Format::Qcvn).unwrap().map(Result::unwrap).collect()
}

fn reason(person: &str) -> String {
    let mut rows = read(&message(person));
    assert_eq!(rows.len(), 1, "{person}");
    rows.remove(0).person.unwrap_err().to_string()
}

#[test]
fn elements_are_items() {
    let rows = read(&message(FULL));
    let person = rows[0].person.as_ref().unwrap();
    assert_eq!(person.number, number("079099000001"));
    assert_eq!(person.full_name, "Nguyễn Văn Đức An");
    assert_eq!((person.sex, person.birth_date), (Sex::Male, BirthDate::Day(date(1999, 1, 15))));
    assert_eq!(person.ethnic_group.as_deref(), Some("Hmông"));
    assert_eq!(person.religion.as_deref(), Some("Không"));
    assert_eq!(person.marital_status, Some(MaritalStatus::Married));
    assert_eq!(person.blood_group, Some(BloodGroup::Ab));
    assert_eq!(person.old_number.as_deref(), Some("012345678"));
    // A code without an item of its own stays readable behind its text.
    assert_eq!(person.birth_registration_place.as_deref(), Some("Trúc Bạch (đơn vị hành chính 00004)"));
    assert_eq!(person.place_of_origin.as_deref(), Some("Xã A & B, Lào"));
    let home = person.residences.permanent.as_ref().unwrap();
    assert_eq!((home.address.as_str(), home.ward_code.as_deref()), ("Số 1 <ngõ 2>", Some("00070")));
    let father = person.father.as_ref().unwrap();
    assert_eq!((father.name.as_str(), father.nationality.as_deref()), ("Nguyễn Cha", Some("Việt Nam")));
    let spouse = person.spouse.as_ref().unwrap();
    assert_eq!((spouse.name.as_str(), spouse.nationality.as_deref()), ("Marie", Some("Pháp")));
    assert_eq!(spouse.old_number.as_deref(), Some("012345679"));
    // What the register has no item for is kept as text.
    assert_eq!(person.other.as_deref(), Some("QCVN 109: NgheNghiep=Thợ mộc"));
    assert!((*person).clone().checked(TODAY).is_ok());
}

/// One code for the divorced and the widowed: not guessed, not lost.
#[test]
fn a_code_with_two_meanings_is_kept_as_it_came() {
    let rows = read(&message(&FULL.replace("HonNhan>2<", "HonNhan>3<")));
    let person = rows[0].person.as_ref().unwrap();
    assert_eq!(person.marital_status, None);
    assert!(person.other.as_deref().unwrap().contains("TinhTrangHonNhan=3"));
}

/// Each by the one change that breaks it; the reason names the element, never its content.
#[test]
fn a_bad_person_is_one_rejected_row() {
    for (from, to, said) in [
        ("079099000001", "07909900000X", "SoDinhDanh is not"),
        ("<q:SoDinhDanh>079099000001</q:SoDinhDanh>", "", "SoDinhDanh is not"),
        ("<q:GioiTinh>1", "<q:GioiTinh>4", "GioiTinh is not"),
        ("1999-01-15", "1999-02-30", "NgayThangNam is not"),
        ("<q:MaDanToc>08", "<q:MaDanToc>57", "MaDanToc is not"),
        ("<q:MaTonGiao>99", "<q:MaTonGiao>14", "MaTonGiao is not"),
        ("<q:NhomMau>03", "<q:NhomMau>5", "NhomMau is not"),
        ("HonNhan>2<", "HonNhan>9<", "TinhTrangHonNhan is not"),
        (">00070<", ">0007<", "MaDonViHanhChinh is not"),
        (">LA<", ">XX<", "QuocGia is not"),
        (">FR<", ">XX<", "QuocTich is not"),
        ("079072000001", "79072000001", "SoDinhDanh is not"),
        ("</q:HoVaTen>", "</q:HoTen>", "not well-formed"),
        ("&lt;", "&anything;", "an entity that is not XML's own"),
        ("<q:GioiTinh>1", "<q:GioiTinh>1</q:GioiTinh><q:GioiTinh>2", "stands twice"),
        ("<q:GioiTinh>", "stray<q:GioiTinh>", "text stands between"),
    ] {
        assert!(FULL.contains(from), "{from}");
        let reason = reason(&FULL.replacen(from, to, 1));
        assert!(reason.contains(said), "{said}: {reason}");
    }
    let deep = format!("<q:CongDan>{}{}</q:CongDan>", "<a>".repeat(9), "</a>".repeat(9));
    assert!(reason(&deep).contains("deeper"));
    let many = format!("<q:CongDan>{}</q:CongDan>", "<a></a><b/>".repeat(300));
    assert!(reason(&many).contains("twice") || reason(&many).contains("more"));
    assert!(reason("<q:CongDan/>").contains("SoDinhDanh"));
    assert!(reason(&format!("<q:CongDan>{}</q:CongDan>", "x".repeat(300_000))).contains("too long"));
}

#[test]
fn one_damaged_person_does_not_cost_the_others() {
    let open = FULL.replacen("</q:CongDan>", "", 1);
    let other = FULL.replacen("079099000001", "079099000002", 1);
    let rows = read(&message(&format!("{open}{FULL}<q:CongDan>\n{other}")));
    let good: Vec<bool> = rows.iter().map(|row| row.person.is_ok()).collect();
    assert_eq!(good, [false, true, false, true]);
    assert!(
        rows.windows(2)
            .all(|pair| pair[0].number + 1 == pair[1].number && pair[0].position <= pair[1].position)
    );
    // Octets that are no UTF-8 damage their own row.
    let mut file = message(&format!("{FULL}{other}")).into_bytes();
    let at = file.windows(6).position(|part| part == "Nguyễn".as_bytes().get(..6).unwrap()).unwrap();
    file[at] = 0xff;
    let rows: Vec<_> =
        cccd_population::import::rows(file.as_slice(), Format::Qcvn).unwrap().map(Result::unwrap).collect();
    assert!(matches!(rows[0].person, Err(RowError::Encoding)) && rows[1].person.is_ok());
}

#[test]
fn files_that_are_no_message() {
    let fault = |file: &str| match rows(file.as_bytes(), Format::Qcvn) {
        Err(ImportError::File(FileFault::NotQcvn(what))) => what,
        Ok(mut rows) => match rows.find_map(Result::err) {
            Some(ImportError::File(FileFault::NotQcvn(what))) => what,
            other => panic!("{other:?}"),
        },
        Err(other) => panic!("{other:?}"),
    };
    let good = message(FULL);
    assert_eq!(fault(""), "no XML");
    assert_eq!(fault("number,full_name\n"), "no XML");
    assert_eq!(fault(&good.replace("dancu/1.0", "dancu/2.0")), "another namespace than the standard's");
    assert_eq!(fault(&good.replace("CongdanCollection", "Root")), "another root than CongdanCollection");
    assert_eq!(fault(&good.replace("utf-8", "utf-16")), "another encoding than UTF-8");
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><q:CongdanCollection";
    assert_eq!(
        fault(&good.replacen("<q:CongdanCollection", entities, 1)),
        "a document type, which may bring entities"
    );
    let inside = FULL.replacen("<q:GioiTinh>", "<!DOCTYPE x><q:GioiTinh>", 1);
    assert_eq!(fault(&message(&inside)), "a document type, which may bring entities");
    // Cut off: what came before is imported, and somebody is told.
    assert_eq!(fault(good.trim_end().strip_suffix("</q:CongdanCollection>").unwrap()), "its end is missing");
    let counted = |count: &str| good.replacen("GhiChu=", &format!("SoCongDan=\"{count}\" GhiChu="), 1);
    assert_eq!(fault(&counted("2")), "another number of persons than its SoCongDan says");
    assert_eq!(fault(&counted("many")), "a SoCongDan that is no number");
    assert_eq!(read(&counted("1")).len(), 1);
}

fn there_and_back(person: &Person) -> Person {
    let mut writer = PersonWriter::new(Vec::new(), Format::Qcvn).unwrap();
    writer.write(person).unwrap();
    let file = String::from_utf8(writer.finish().unwrap()).unwrap();
    let mut rows = read(&file);
    assert_eq!(rows.len(), 1);
    *rows.remove(0).person.unwrap_or_else(|error| panic!("{error}\n{file}"))
}

#[test]
fn everything_a_person_has_comes_back() {
    let mut person = somebody();
    assert_eq!(there_and_back(&person), person);
    person.marital_status = Some(MaritalStatus::Widowed);
    person.religion = Some("Đạo của làng".to_owned());
    person.ethnic_group = Some("H’Mông".to_owned());
    person.nationality = "Atlantis".to_owned();
    person.life = Life::Dead(date(2024, 2, 29));
    person.spouse = Some(Relative::new("Y", None));
    person.other = Some("a=1; <b> & \"c\"".to_owned());
    person.birth_date = BirthDate::Year(1999);
    person.residences.current = person.residences.permanent.clone();
    if let Some(home) = &mut person.residences.permanent {
        home.address = "12 Main Street, Hoa Kỳ".to_owned();
        home.province_code = Some("01".to_owned());
        home.ward_code = Some("00004".to_owned());
        home.since = Some(date(2020, 5, 5));
    }
    person.place_of_origin = Some("Xã A (đơn vị hành chính 00004)".to_owned());
    assert_eq!(there_and_back(&person), person);
    for mut person in Nation::new(300, 11, TODAY) {
        assert_eq!(there_and_back(&person), person);
        person.full_name = person.full_name.split(' ').next().unwrap().to_owned();
        assert_eq!(there_and_back(&person), person);
    }
}

/// A supplement adds; it does not gainsay number, name, birth and sex.
#[test]
fn a_supplement_that_gainsays_is_refused() {
    let with =
        |patch: &str| FULL.replacen("</q:CongDan>", &format!("<BoSung>{patch}</BoSung></q:CongDan>"), 1);
    let read_one = |patch: &str| read(&message(&with(patch))).remove(0).person;
    let phone = read_one(r#"{"phone":"0900000000"}"#).unwrap();
    assert_eq!(phone.phone.as_deref(), Some("0900000000"));
    for patch in [r#"{"number":"079099000002"}"#, r#"{"sex":null}"#, r#"{"birth_date":"2000"}"#, "[]", "{"] {
        assert_eq!(read_one(patch).unwrap_err(), RowError::Field("BoSung"), "{patch}");
    }
    assert!(matches!(read_one(r#"{"father":{"x":1}}"#), Err(RowError::Json(_))));
}

/// A register goes out and comes into an empty one unchanged; doing it again changes nothing.
#[test]
fn a_register_goes_through_the_message() {
    let (mut one, mut two) = (empty(), empty());
    let nation: Vec<Person> = Nation::new(120, 3, TODAY).collect();
    one.put_persons(&nation, &change()).unwrap();
    let mut file = Vec::new();
    export(&one, &mut file, Format::Qcvn, |_| {}).unwrap();
    for (added, unchanged) in [(nation.len() as u64, 0), (0, nation.len() as u64)] {
        let rows = rows(file.as_slice(), Format::Qcvn).unwrap();
        let mut report = Vec::new();
        let summary = import(&mut two, rows, &change(), TODAY, &mut report, |_, _| true).unwrap();
        assert_eq!((summary.added, summary.unchanged, summary.rejected), (added, unchanged, 0));
    }
    for person in &nation {
        assert_eq!(one.person(&person.number).unwrap(), two.person(&person.number).unwrap());
    }
}

proptest! {
    #[test]
    fn any_text_comes_back(text in "\\PC{1,40}", other in "[ -~\u{80}-\u{2ff}]{1,60}") {
        let mut person = somebody();
        person.full_name = format!("A{text}");
        person.place_of_birth = Some(other.clone());
        person.place_of_origin = Some(other.clone());
        person.residences.permanent = Some(cccd_population::person::Residence::new(&other));
        if let Ok(person) = person.checked(TODAY) {
            prop_assert_eq!(there_and_back(&person), person);
        }
    }

    #[test]
    fn no_file_makes_it_panic(cut in 0_usize..2_000, octets in proptest::collection::vec(any::<u8>(), 0..8)) {
        let mut file = message(FULL).into_bytes();
        let cut = cut.min(file.len());
        let end = (cut + octets.len()).min(file.len());
        file.splice(cut..end, octets);
        if let Ok(rows) = rows(file.as_slice(), Format::Qcvn) {
            let _ = rows.count();
        }
    }
}
