//! Countries by ISO 3166-1 alpha-2 code (QCVN 109:2017 annex H) and the names that Vietnamese papers use.

use crate::name::comparison_key;

/// Code and name. The first name of a code is the one that is written; the others are read.
const COUNTRIES: &[(&str, &str)] = &[
    ("VN", "Việt Nam"),
    ("AE", "Các Tiểu vương quốc Ả Rập Thống nhất"),
    ("AF", "Afghanistan"),
    ("AL", "Albania"),
    ("AM", "Armenia"),
    ("AO", "Angola"),
    ("AR", "Argentina"),
    ("AT", "Áo"),
    ("AU", "Úc"),
    ("AU", "Ô-xtrây-li-a"),
    ("AU", "Australia"),
    ("AZ", "Azerbaijan"),
    ("BA", "Bosnia và Herzegovina"),
    ("BD", "Bangladesh"),
    ("BE", "Bỉ"),
    ("BG", "Bulgaria"),
    ("BN", "Brunei"),
    ("BO", "Bolivia"),
    ("BR", "Brasil"),
    ("BR", "Brazil"),
    ("BT", "Bhutan"),
    ("BY", "Belarus"),
    ("CA", "Canada"),
    ("CD", "Cộng hòa Dân chủ Congo"),
    ("CH", "Thụy Sĩ"),
    ("CL", "Chile"),
    ("CM", "Cameroon"),
    ("CN", "Trung Quốc"),
    ("CO", "Colombia"),
    ("CR", "Costa Rica"),
    ("CU", "Cuba"),
    ("CY", "Síp"),
    ("CZ", "Séc"),
    ("CZ", "Cộng hòa Séc"),
    ("DE", "Đức"),
    ("DK", "Đan Mạch"),
    ("DZ", "Algeria"),
    ("EC", "Ecuador"),
    ("EE", "Estonia"),
    ("EG", "Ai Cập"),
    ("ES", "Tây Ban Nha"),
    ("ET", "Ethiopia"),
    ("FI", "Phần Lan"),
    ("FR", "Pháp"),
    ("GB", "Anh"),
    ("GB", "Vương quốc Anh"),
    ("GE", "Gruzia"),
    ("GH", "Ghana"),
    ("GN", "Guinea"),
    ("GR", "Hy Lạp"),
    ("HK", "Hồng Kông"),
    ("HR", "Croatia"),
    ("HU", "Hungary"),
    ("ID", "Indonesia"),
    ("IE", "Ireland"),
    ("IL", "Israel"),
    ("IN", "Ấn Độ"),
    ("IQ", "Iraq"),
    ("IR", "Iran"),
    ("IS", "Iceland"),
    ("IT", "Ý"),
    ("IT", "Italia"),
    ("JO", "Jordan"),
    ("JP", "Nhật Bản"),
    ("KE", "Kenya"),
    ("KG", "Kyrgyzstan"),
    ("KH", "Campuchia"),
    ("KP", "Triều Tiên"),
    ("KR", "Hàn Quốc"),
    ("KW", "Kuwait"),
    ("KZ", "Kazakhstan"),
    ("LA", "Lào"),
    ("LB", "Liban"),
    ("LK", "Sri Lanka"),
    ("LT", "Litva"),
    ("LU", "Luxembourg"),
    ("LV", "Latvia"),
    ("LY", "Libya"),
    ("MA", "Maroc"),
    ("MD", "Moldova"),
    ("MG", "Madagascar"),
    ("MM", "Myanmar"),
    ("MN", "Mông Cổ"),
    ("MO", "Ma Cao"),
    ("MX", "Mexico"),
    ("MY", "Malaysia"),
    ("MZ", "Mozambique"),
    ("NG", "Nigeria"),
    ("NL", "Hà Lan"),
    ("NO", "Na Uy"),
    ("NP", "Nepal"),
    ("NZ", "New Zealand"),
    ("OM", "Oman"),
    ("PA", "Panama"),
    ("PE", "Peru"),
    ("PG", "Papua New Guinea"),
    ("PH", "Philippines"),
    ("PK", "Pakistan"),
    ("PL", "Ba Lan"),
    ("PS", "Palestine"),
    ("PT", "Bồ Đào Nha"),
    ("QA", "Qatar"),
    ("RO", "Romania"),
    ("RS", "Serbia"),
    ("RU", "Nga"),
    ("RU", "Liên bang Nga"),
    ("SA", "Ả Rập Xê Út"),
    ("SE", "Thụy Điển"),
    ("SG", "Singapore"),
    ("SI", "Slovenia"),
    ("SK", "Slovakia"),
    ("SN", "Senegal"),
    ("SY", "Syria"),
    ("TH", "Thái Lan"),
    ("TJ", "Tajikistan"),
    ("TL", "Đông Timor"),
    ("TM", "Turkmenistan"),
    ("TN", "Tunisia"),
    ("TR", "Thổ Nhĩ Kỳ"),
    ("TW", "Đài Loan"),
    ("TZ", "Tanzania"),
    ("UA", "Ukraina"),
    ("UG", "Uganda"),
    ("US", "Hoa Kỳ"),
    ("US", "Mỹ"),
    ("UY", "Uruguay"),
    ("UZ", "Uzbekistan"),
    ("VE", "Venezuela"),
    ("YE", "Yemen"),
    ("ZA", "Nam Phi"),
    ("ZM", "Zambia"),
    ("ZW", "Zimbabwe"),
];

/// Vietnam's code.
pub const VIETNAM: &str = "VN";

/// The name of a country.
#[must_use]
pub fn name(code: &str) -> Option<&'static str> {
    COUNTRIES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The code of a country by one of its names.
#[must_use]
pub fn code(name: &str) -> Option<&'static str> {
    let wanted = comparison_key(name);
    COUNTRIES.iter().find(|(_, name)| comparison_key(name) == wanted).map(|(code, _)| *code)
}

/// The country that an address ends with; `None` where no other country is named.
#[must_use]
pub fn of_address(address: &str) -> Option<&'static str> {
    code(address.rsplit(',').next()?).filter(|code| *code != VIETNAM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_name_is_read() {
        for (country, _) in COUNTRIES {
            assert_eq!(name(country).and_then(code), Some(*country));
            assert!(country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()));
        }
        assert_eq!((code("HOA KỲ"), code("Mỹ"), code("Thuỵ Sĩ")), (Some("US"), Some("US"), Some("CH")));
        assert_eq!(of_address("12 Main Street, San José, Hoa Kỳ"), Some("US"));
        assert_eq!(of_address("Tổ 5, Hà Nội, Việt Nam"), None);
        assert_eq!((code(""), of_address("")), (None, None));
    }
}
