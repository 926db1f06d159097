//! Countries by ISO 3166-1 alpha-2 code (QCVN 109:2017 annex H) and the names that Vietnamese papers use.

use crate::name::comparison_key;

/// Code and name. The first name of a code is the one that is written; the others are read.
const COUNTRIES: &[(&str, &str)] = &[
    ("VN", "Việt Nam"),
    ("AD", "Andorra"),
    ("AE", "Các Tiểu vương quốc Ả Rập Thống nhất"),
    ("AF", "Afghanistan"),
    ("AG", "Antigua và Barbuda"),
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
    ("BB", "Barbados"),
    ("BD", "Bangladesh"),
    ("BE", "Bỉ"),
    ("BF", "Burkina Faso"),
    ("BG", "Bulgaria"),
    ("BH", "Bahrain"),
    ("BI", "Burundi"),
    ("BJ", "Bénin"),
    ("BN", "Brunei"),
    ("BO", "Bolivia"),
    ("BR", "Brasil"),
    ("BR", "Brazil"),
    ("BS", "Bahamas"),
    ("BT", "Bhutan"),
    ("BW", "Botswana"),
    ("BY", "Belarus"),
    ("BZ", "Belize"),
    ("CA", "Canada"),
    ("CD", "Cộng hòa Dân chủ Congo"),
    ("CF", "Trung Phi"),
    ("CF", "Cộng hòa Trung Phi"),
    ("CG", "Congo"),
    ("CH", "Thụy Sĩ"),
    ("CI", "Bờ Biển Ngà"),
    ("CL", "Chile"),
    ("CM", "Cameroon"),
    ("CN", "Trung Quốc"),
    ("CO", "Colombia"),
    ("CR", "Costa Rica"),
    ("CU", "Cuba"),
    ("CV", "Cabo Verde"),
    ("CY", "Síp"),
    ("CZ", "Séc"),
    ("CZ", "Cộng hòa Séc"),
    ("DE", "Đức"),
    ("DJ", "Djibouti"),
    ("DK", "Đan Mạch"),
    ("DM", "Dominica"),
    ("DO", "Cộng hòa Dominica"),
    ("DZ", "Algeria"),
    ("EC", "Ecuador"),
    ("EE", "Estonia"),
    ("EG", "Ai Cập"),
    ("ER", "Eritrea"),
    ("ES", "Tây Ban Nha"),
    ("ET", "Ethiopia"),
    ("FI", "Phần Lan"),
    ("FJ", "Fiji"),
    ("FM", "Micronesia"),
    ("FR", "Pháp"),
    ("GA", "Gabon"),
    ("GB", "Anh"),
    ("GB", "Vương quốc Anh"),
    ("GD", "Grenada"),
    ("GE", "Gruzia"),
    ("GH", "Ghana"),
    ("GM", "Gambia"),
    ("GN", "Guinea"),
    ("GQ", "Guinea Xích Đạo"),
    ("GR", "Hy Lạp"),
    ("GT", "Guatemala"),
    ("GW", "Guinea-Bissau"),
    ("GY", "Guyana"),
    ("HK", "Hồng Kông"),
    ("HN", "Honduras"),
    ("HR", "Croatia"),
    ("HT", "Haiti"),
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
    ("JM", "Jamaica"),
    ("JO", "Jordan"),
    ("JP", "Nhật Bản"),
    ("KE", "Kenya"),
    ("KG", "Kyrgyzstan"),
    ("KH", "Campuchia"),
    ("KI", "Kiribati"),
    ("KM", "Comoros"),
    ("KN", "Saint Kitts và Nevis"),
    ("KP", "Triều Tiên"),
    ("KR", "Hàn Quốc"),
    ("KW", "Kuwait"),
    ("KZ", "Kazakhstan"),
    ("LA", "Lào"),
    ("LB", "Liban"),
    ("LC", "Saint Lucia"),
    ("LI", "Liechtenstein"),
    ("LK", "Sri Lanka"),
    ("LR", "Liberia"),
    ("LS", "Lesotho"),
    ("LT", "Litva"),
    ("LU", "Luxembourg"),
    ("LV", "Latvia"),
    ("LY", "Libya"),
    ("MA", "Maroc"),
    ("MC", "Monaco"),
    ("MD", "Moldova"),
    ("ME", "Montenegro"),
    ("MG", "Madagascar"),
    ("MH", "Quần đảo Marshall"),
    ("MK", "Bắc Macedonia"),
    ("ML", "Mali"),
    ("MM", "Myanmar"),
    ("MN", "Mông Cổ"),
    ("MO", "Ma Cao"),
    ("MR", "Mauritanie"),
    ("MT", "Malta"),
    ("MU", "Mauritius"),
    ("MV", "Maldives"),
    ("MW", "Malawi"),
    ("MX", "Mexico"),
    ("MY", "Malaysia"),
    ("MZ", "Mozambique"),
    ("NA", "Namibia"),
    ("NE", "Niger"),
    ("NG", "Nigeria"),
    ("NI", "Nicaragua"),
    ("NL", "Hà Lan"),
    ("NO", "Na Uy"),
    ("NP", "Nepal"),
    ("NR", "Nauru"),
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
    ("PW", "Palau"),
    ("PY", "Paraguay"),
    ("QA", "Qatar"),
    ("RO", "Romania"),
    ("RS", "Serbia"),
    ("RU", "Nga"),
    ("RU", "Liên bang Nga"),
    ("RW", "Rwanda"),
    ("SA", "Ả Rập Xê Út"),
    ("SB", "Quần đảo Solomon"),
    ("SC", "Seychelles"),
    ("SD", "Sudan"),
    ("SE", "Thụy Điển"),
    ("SG", "Singapore"),
    ("SI", "Slovenia"),
    ("SK", "Slovakia"),
    ("SL", "Sierra Leone"),
    ("SM", "San Marino"),
    ("SN", "Senegal"),
    ("SO", "Somalia"),
    ("SR", "Suriname"),
    ("SS", "Nam Sudan"),
    ("ST", "São Tomé và Príncipe"),
    ("SV", "El Salvador"),
    ("SY", "Syria"),
    ("SZ", "Eswatini"),
    ("TD", "Tchad"),
    ("TD", "Chad"),
    ("TG", "Togo"),
    ("TH", "Thái Lan"),
    ("TJ", "Tajikistan"),
    ("TL", "Đông Timor"),
    ("TM", "Turkmenistan"),
    ("TN", "Tunisia"),
    ("TO", "Tonga"),
    ("TR", "Thổ Nhĩ Kỳ"),
    ("TT", "Trinidad và Tobago"),
    ("TV", "Tuvalu"),
    ("TW", "Đài Loan"),
    ("TZ", "Tanzania"),
    ("UA", "Ukraina"),
    ("UG", "Uganda"),
    ("US", "Hoa Kỳ"),
    ("US", "Mỹ"),
    ("UY", "Uruguay"),
    ("UZ", "Uzbekistan"),
    ("VA", "Vatican"),
    ("VC", "Saint Vincent và Grenadines"),
    ("VE", "Venezuela"),
    ("VU", "Vanuatu"),
    ("WS", "Samoa"),
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

/// Whether an act may name this nationality: of one country or of several (`Việt Nam, Hoa Kỳ`), or that there is none or none is
/// known.
#[must_use]
pub fn is_nationality(text: &str) -> bool {
    const WITHOUT: [&str; 3] = ["Không quốc tịch", "Không rõ", "Chưa rõ"];
    let known = |one: &str| code(one).is_some() || WITHOUT.iter().any(|word| crate::name::agree(word, one));
    text.split([',', ';', '/']).all(known)
}

/// Whether this nationality is Vietnamese, or Vietnamese among others, as databases write it: by name, with the state's form, without
/// diacritics, by code.
#[must_use]
pub fn is_vietnamese(nationality: &str) -> bool {
    let plain = crate::name::fold(nationality);
    plain.contains("viet nam") || plain.split(' ').any(|word| matches!(word, "vn" | "vnm" | "vietnam"))
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
    fn a_nationality_is_vietnamese_however_it_is_written() {
        for text in ["Việt Nam", "VIỆT NAM", "viet nam", "VN", "VNM", "CHXHCN Việt Nam", "Hoa Kỳ, Việt Nam"]
        {
            assert!(is_vietnamese(text), "{text}");
        }
        for text in ["Hoa Kỳ", "Không quốc tịch", "", "Đan Mạch"] {
            assert!(!is_vietnamese(text), "{text}");
        }
    }

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

    #[test]
    fn a_nationality_is_of_a_country_or_of_none() {
        for known in ["Việt Nam", "hoa kỳ", "Việt Nam, Nga", "Không quốc tịch", "Jamaica"] {
            assert!(is_nationality(known), "{known}");
        }
        for other in ["", "Atlantis", "Việt Nam, Atlantis", "<script>", "12"] {
            assert!(!is_nationality(other), "{other}");
        }
    }
}
