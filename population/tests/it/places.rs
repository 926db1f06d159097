//! Maps of places: the file, look-ups, what became of units, residences; and the published maps of Vietnam.

use cccd_population::person::Residence;
use cccd_population::places::{Became, Level, Map, Placed, Places, PlacesError, published};
use cccd_population::quality::Codes as _;
use jiff::civil::{Date, date};

/// Two provinces of before in one of today. `00002` is another ward on each map; `00005` was split.
const MAP: &str = "map,code,name,parent,became
present,01,Tỉnh Mẫu,,
present,00001,Phường Sông,01,
present,00002,Xã Núi,01,
present,00009,Xã Biển,01,
before,01,Tỉnh Mẫu,,01
before,02,Tỉnh Cũ,,01
before,001,Huyện Trên,01,
before,002,Huyện Dưới,02,
before,00001,Phường Sông,001,00001
before,00002,Xã Đồi,001,00001
before,00005,Xã Rộng,002,00002 00009
before,00006,Xã Quên,002,
";

fn map() -> Places {
    Places::read(MAP.as_bytes()).unwrap()
}

fn at(ward: &str, province: Option<&str>, since: Option<Date>) -> Residence {
    let mut residence = Residence::new("Thôn 1");
    residence.ward_code = Some(ward.to_owned());
    residence.province_code = province.map(str::to_owned);
    residence.since = since;
    residence
}

#[test]
fn codes_are_units_and_units_have_futures() {
    let map = map();
    assert_eq!(map.count(Map::Before, Level::District), 2);
    assert_eq!(map.full_name(Map::Before, "00005").unwrap(), "Xã Rộng, Huyện Dưới, Tỉnh Cũ");
    assert_eq!(map.province(Map::Before, "00005").unwrap().code, "02");
    assert!(matches!(map.became("00002"), Became::One(unit) if unit.name == "Phường Sông"));
    assert!(matches!(map.became("02"), Became::One(unit) if unit.name == "Tỉnh Mẫu"));
    assert!(matches!(map.became("00005"), Became::Several(units) if units.len() == 2));
    assert_eq!(map.became("00006"), Became::NotSaid);
    assert_eq!(map.became("00009"), Became::NoSuchUnit);
    let from: Vec<_> = map.came_from("00001").into_iter().map(|unit| unit.code.as_str()).collect();
    assert_eq!(from, ["00001", "00002"]);
}

#[test]
fn a_residence_is_placed_by_the_map_of_its_day() {
    let map = map();
    let (old, new) = (Some(date(2020, 1, 1)), Some(date(2025, 7, 1)));
    let code = |unit: &cccd_population::places::Unit| unit.code.clone();
    let place = |residence: &Residence, recorded| map.place(residence, recorded);
    assert_eq!(place(&Residence::new("Thôn 1"), None), Placed::NoCode);
    assert_eq!(place(&at("99999", None, None), None), Placed::Unknown);
    // The same digits are Xã Đồi before (now Phường Sông) and Xã Núi since.
    let both = at("00002", Some("01"), None);
    assert!(matches!(place(&both, new), Placed::Now(unit) if unit.name == "Xã Núi"));
    assert!(matches!(place(&both, old), Placed::Became { before, now }
        if before.name == "Xã Đồi" && code(now) == "00001"));
    assert!(matches!(place(&both, None), Placed::Candidates(all) if all.len() == 2));
    assert!(matches!(place(&at("00002", None, new), None), Placed::Now(_)));
    // Someone who moved in before may have had the code written down since.
    assert!(matches!(place(&at("00002", None, old), None), Placed::Candidates(_)));
    // Both readings agree.
    assert!(matches!(place(&at("00001", None, None), None), Placed::Now(_)));
    // Split: never a guess.
    assert!(matches!(place(&at("00005", None, None), old), Placed::Candidates(all) if all.len() == 2));
    assert!(matches!(place(&at("00006", None, None), None), Placed::NotSaid(_)));
    // The ward of before with today's province is a record half brought over.
    assert!(matches!(place(&at("00005", Some("01"), None), None), Placed::Candidates(_)));
    assert!(matches!(place(&at("00009", Some("02"), None), None), Placed::Elsewhere { provinces }
        if provinces.len() == 1));
}

#[test]
fn rules_of_quality_ask_both_maps() {
    let map = map();
    assert_eq!(map.ward("00005"), Some(true));
    assert_eq!(map.ward("99999"), Some(false));
    assert_eq!(map.ward("01"), Some(false));
    assert_eq!(map.provinces_of("00005").unwrap(), ["01", "02"]);
    assert_eq!(map.provinces_of("99999"), None);
    assert_eq!(map.ethnic_group("Kinh"), None);
    // Of the map that is not there nothing is known.
    let present = "map,code,name,parent,became\npresent,01,Tỉnh Mẫu,,\npresent,00001,Xã A,01,\n";
    let present = Places::read(present.as_bytes()).unwrap();
    assert_eq!((present.ward("00001"), present.ward("00002")), (Some(true), None));
}

#[test]
fn a_file_comes_back_as_it_was_and_a_bad_one_says_where() {
    let map = map();
    let mut file = Vec::new();
    map.write(&mut file).unwrap();
    let again = Places::read(file.as_slice()).unwrap();
    assert!(map.units(Map::Before).eq(again.units(Map::Before)));
    assert!(map.units(Map::Present).eq(again.units(Map::Present)));
    let json = r#" [{"map":"present","code":"01","name":"Tỉnh Mẫu"}]"#;
    assert_eq!(Places::read(json.as_bytes()).unwrap().count(Map::Present, Level::Province), 1);

    let broken = |from: &str, to: &str| Places::read(MAP.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert!(matches!(broken("map,code", "code,map"), PlacesError::Form));
    assert!(matches!(broken("present,00001", "now,00001"), PlacesError::Row { row: 2, item: "map" }));
    assert!(matches!(broken("00001", "1"), PlacesError::Row { row: 2, item: "code" }));
    assert!(matches!(broken("Phường Sông", " "), PlacesError::Row { row: 2, item: "name" }));
    assert!(matches!(broken("Núi,01,", "Núi,01,00001"), PlacesError::Row { row: 3, item: "became" }));
    assert!(matches!(broken("00002,Xã Núi", "00001,Xã Núi"), PlacesError::Twice { .. }));
    assert!(matches!(broken("Núi,01", "Núi,77"), PlacesError::NoSuchUnit { item: "parent", .. }));
    assert!(matches!(broken("Đồi,001", "Đồi,01"), PlacesError::NoSuchUnit { item: "parent", .. }));
    assert!(matches!(broken("00002 00009", "00002 00077"), PlacesError::NoSuchUnit { item: "became", .. }));
    assert!(matches!(broken("00002 00009", "01"), PlacesError::NoSuchUnit { item: "became", .. }));
    assert!(matches!(Places::read(&b"[]"[..]), Err(PlacesError::Empty)));
    assert!(matches!(Places::read(&b"[{\"map\":\"present\"}]"[..]), Err(PlacesError::Form)));
}

/// Words of mergers: kinds said once, districts in parentheses, remainders, names that two wards bear.
#[test]
fn published_words_become_links() {
    let present = r#"{"units":[{"code":"01","name":"Tỉnh Mẫu","wards":[
        {"code":"00001","name":"Phường Sông"},{"code":"00002","name":"Xã Núi"},{"code":"00003","name":"Xã Yên"}]}]}"#;
    let before = r#"{"units":[
        {"code":"01","name":"Tỉnh Mẫu","districts":[{"code":"001","name":"Huyện Trên","wards":[
            {"code":"00001","name":"Phường Sông"},{"code":"00011","name":"Xã Hoà"},{"code":"00003","name":"Xã Yên"}]}]},
        {"code":"02","name":"Tỉnh Cũ","districts":[{"code":"002","name":"Huyện Dưới","wards":[
            {"code":"00012","name":"Xã Hòa"},{"code":"00013","name":"Phường Đò"},{"code":"00014","name":"Thị trấn Cầu"},
            {"code":"00015","name":"Xã Vắng"}]}]},
        {"code":"03","name":"Tỉnh Cũ Kỹ","districts":[]}]}"#;
    let mergers = r#"{"items":[{"code":"01","before":"tỉnh Cũ và tỉnh Mẫu"},
        {"code":"00001","before":"Phường Sông, một phần diện tích của các phường Đò, Cầu và Xã Hòa (huyện Dưới)"},
        {"code":"00002","before":"Xã Hòa, Phường Cầu (phần còn lại sau khi sáp nhập vào phường Sông, xã Yên)"},
        {"code":"00003","before":"giữ nguyên"},{"code":"00077","before":"Xã Lạ"}]}"#;
    let read = published::read(present.as_bytes(), before.as_bytes(), mergers.as_bytes());
    let (places, unclear) = read.unwrap();
    let became = |code: &str| {
        places.unit(Map::Before, code).unwrap().became.iter().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(became("01"), "01");
    assert_eq!(became("02"), "01");
    assert_eq!(became("03"), "");
    assert_eq!(became("00001"), "00001");
    assert_eq!(became("00003"), "00003");
    // Without a district both wards of that name count, however the tone is placed.
    assert_eq!(became("00011"), "00002");
    assert_eq!(became("00012"), "00001 00002");
    assert_eq!(became("00013"), "00001");
    assert_eq!(became("00014"), "00001 00002");
    assert_eq!(unclear.without_future, ["00015"]);
    assert_eq!(unclear.unknown_codes, ["00077"]);
    assert!(unclear.without_origin.is_empty());
}

/// The published maps: 34 and 3,321 today, 63, 705 and 10,599 before.
#[test]
fn the_maps_of_vietnam() {
    let Ok(folder) = std::env::var("CCCD_FOREIGN_DATA") else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return;
    };
    let read = |name: &str| std::fs::read(std::path::Path::new(&folder).join("vn").join(name)).unwrap();
    let (places, unclear) = published::read(
        &read("admin-units-2025-34-provinces.json"),
        &read("admin-units-legacy-63-provinces.json"),
        &read("merger-map-2025.json"),
    )
    .unwrap();
    assert_eq!(places.count(Map::Present, Level::Province), 34);
    assert_eq!(places.count(Map::Present, Level::Ward), 3_321);
    assert_eq!(places.count(Map::Before, Level::Province), 63);
    assert_eq!(places.count(Map::Before, Level::District), 705);
    assert_eq!(places.count(Map::Before, Level::Ward), 10_599);
    // Every province of before went into one of today (Nghị quyết 202/2025/QH15).
    for province in places.units(Map::Before).filter(|unit| unit.level() == Some(Level::Province)) {
        assert_eq!(province.became.len(), 1, "{}", province.name);
    }
    // What the words do not name stays unsaid: wards that were merged between the two maps.
    let several = places.units(Map::Before).filter(|unit| unit.became.len() > 1).count();
    let (lost, new) = (unclear.without_future.len(), unclear.without_origin.len());
    println!("{several} of several, {lost} unsaid, {new} without origin");
    assert!(lost < 1_500 && new < 100 && unclear.unknown_codes == ["00071"], "{lost} {new}");
    for (old, now) in [("62", "51"), ("74", "79"), ("77", "79"), ("30", "31"), ("58", "56")] {
        assert!(matches!(places.became(old), Became::One(unit) if unit.code == now), "{old}");
    }
    let mut file = Vec::new();
    places.write(&mut file).unwrap();
    assert!(places.units(Map::Before).eq(Places::read(file.as_slice()).unwrap().units(Map::Before)));
}
