//! The issuing state of a machine readable zone (Doc 9303-3 §5, three letters) as the country of a certificate (ISO 3166-1
//! alpha-2).

/// ISO 3166-1: alpha-3 and alpha-2 of every country.
const COUNTRIES: &str = "\
    ABW:AW AFG:AF AGO:AO AIA:AI ALA:AX ALB:AL AND:AD ARE:AE ARG:AR ARM:AM ASM:AS ATA:AQ ATF:TF \
    ATG:AG AUS:AU AUT:AT AZE:AZ BDI:BI BEL:BE BEN:BJ BES:BQ BFA:BF BGD:BD BGR:BG BHR:BH BHS:BS \
    BIH:BA BLM:BL BLR:BY BLZ:BZ BMU:BM BOL:BO BRA:BR BRB:BB BRN:BN BTN:BT BVT:BV BWA:BW CAF:CF \
    CAN:CA CCK:CC CHE:CH CHL:CL CHN:CN CIV:CI CMR:CM COD:CD COG:CG COK:CK COL:CO COM:KM CPV:CV \
    CRI:CR CUB:CU CUW:CW CXR:CX CYM:KY CYP:CY CZE:CZ DEU:DE DJI:DJ DMA:DM DNK:DK DOM:DO DZA:DZ \
    ECU:EC EGY:EG ERI:ER ESH:EH ESP:ES EST:EE ETH:ET FIN:FI FJI:FJ FLK:FK FRA:FR FRO:FO FSM:FM \
    GAB:GA GBR:GB GEO:GE GGY:GG GHA:GH GIB:GI GIN:GN GLP:GP GMB:GM GNB:GW GNQ:GQ GRC:GR GRD:GD \
    GRL:GL GTM:GT GUF:GF GUM:GU GUY:GY HKG:HK HMD:HM HND:HN HRV:HR HTI:HT HUN:HU IDN:ID IMN:IM \
    IND:IN IOT:IO IRL:IE IRN:IR IRQ:IQ ISL:IS ISR:IL ITA:IT JAM:JM JEY:JE JOR:JO JPN:JP KAZ:KZ \
    KEN:KE KGZ:KG KHM:KH KIR:KI KNA:KN KOR:KR KWT:KW LAO:LA LBN:LB LBR:LR LBY:LY LCA:LC LIE:LI \
    LKA:LK LSO:LS LTU:LT LUX:LU LVA:LV MAC:MO MAF:MF MAR:MA MCO:MC MDA:MD MDG:MG MDV:MV MEX:MX \
    MHL:MH MKD:MK MLI:ML MLT:MT MMR:MM MNE:ME MNG:MN MNP:MP MOZ:MZ MRT:MR MSR:MS MTQ:MQ MUS:MU \
    MWI:MW MYS:MY MYT:YT NAM:NA NCL:NC NER:NE NFK:NF NGA:NG NIC:NI NIU:NU NLD:NL NOR:NO NPL:NP \
    NRU:NR NZL:NZ OMN:OM PAK:PK PAN:PA PCN:PN PER:PE PHL:PH PLW:PW PNG:PG POL:PL PRI:PR PRK:KP \
    PRT:PT PRY:PY PSE:PS PYF:PF QAT:QA REU:RE ROU:RO RUS:RU RWA:RW SAU:SA SDN:SD SEN:SN SGP:SG \
    SGS:GS SHN:SH SJM:SJ SLB:SB SLE:SL SLV:SV SMR:SM SOM:SO SPM:PM SRB:RS SSD:SS STP:ST SUR:SR \
    SVK:SK SVN:SI SWE:SE SWZ:SZ SXM:SX SYC:SC SYR:SY TCA:TC TCD:TD TGO:TG THA:TH TJK:TJ TKL:TK \
    TKM:TM TLS:TL TON:TO TTO:TT TUN:TN TUR:TR TUV:TV TWN:TW TZA:TZ UGA:UG UKR:UA UMI:UM URY:UY \
    USA:US UZB:UZ VAT:VA VCT:VC VEN:VE VGB:VG VIR:VI VNM:VN VUT:VU WLF:WF WSM:WS YEM:YE ZAF:ZA \
    ZMB:ZM ZWE:ZW";

/// The codes of Doc 9303-3 §5 beyond ISO 3166-1 that issue documents, and what their certificates name. `D` is Germany's,
/// the five `GB…` are the United Kingdom's, Kosovo's certificates say `KS`, and `XK` is its code everywhere else; `UN…` are
/// the United Nations', `EUE` the European Union's.
const OTHERS: [(&str, &[&str]); 12] = [
    ("D", &["DE"]),
    ("EUE", &["EU"]),
    ("GBD", &["GB"]),
    ("GBN", &["GB"]),
    ("GBO", &["GB"]),
    ("GBP", &["GB"]),
    ("GBS", &["GB"]),
    ("RKS", &["KS", "XK"]),
    ("UNA", &["UN"]),
    ("UNK", &["UN"]),
    ("UNO", &["UN"]),
    ("XKX", &["KS", "XK"]),
];

/// Codes of certificates that are written in more than one way: the same country under its other name.
const OTHER_NAMES: [(&str, &str); 1] = [("D", "DE")];

/// The countries, in upper case, that the certificates of this issuing state may name. Empty for a code of no table.
#[must_use]
pub fn certificate_countries(issuing_state: &str) -> Vec<&'static str> {
    let state = issuing_state.trim_end_matches('<').to_ascii_uppercase();
    let other = OTHERS.iter().find(|(three, _)| *three == state).map(|(_, countries)| countries.to_vec());
    let iso = || {
        let rows = COUNTRIES.split_ascii_whitespace().filter_map(|row| row.split_once(':'));
        rows.filter(|(three, _)| *three == state).map(|(_, two)| two).take(1).collect()
    };
    other.unwrap_or_else(iso)
}

/// Whether a certificate that names this country may vouch for a document of this issuing state, whatever the case;
/// `None` for a state of no table.
#[must_use]
pub fn is_country_of(issuing_state: &str, certificate_country: &str) -> Option<bool> {
    let written = certificate_country.trim().to_ascii_uppercase();
    let country =
        OTHER_NAMES.iter().find(|(name, _)| *name == written).map_or(written.as_str(), |(_, name)| name);
    let countries = certificate_countries(issuing_state);
    (!countries.is_empty()).then(|| countries.contains(&country))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_well_formed() {
        let rows: Vec<_> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(rows.len(), 249);
        for row in rows {
            let (three, two) = row.split_once(':').unwrap();
            assert!(three.len() == 3 && two.len() == 2, "{row}");
            assert!(format!("{three}{two}").bytes().all(|byte| byte.is_ascii_uppercase()), "{row}");
        }
    }

    #[test]
    fn states_of_zones_are_countries_of_certificates() {
        let accepted = [
            ("VNM", "VN"),
            ("VNM", "vn"),
            ("D<<", "DE"),
            ("D<<", "D"),
            ("D<<", "d"),
            ("DEU", "DE"),
            ("che", "CH"),
            ("GBD", "GB"),
            ("GBR", "gb"),
            ("RKS", "KS"),
            ("RKS", "XK"),
            ("RKS", "xk"),
            ("XKX", "KS"),
            ("UNO", "UN"),
            ("UNA", "UN"),
            ("UNK", "un"),
            ("EUE", "EU"),
        ];
        for (state, country) in accepted {
            assert_eq!(is_country_of(state, country), Some(true), "{state} {country}");
        }
        let refused = [
            ("VNM", "LA"),
            ("D<<", "DK"),
            ("DNK", "D"),
            ("UNO", "US"),
            ("EUE", "DE"),
            ("RKS", "RS"),
            ("SRB", "KS"),
            ("VNM", ""),
            ("VNM", "VNM"),
        ];
        for (state, country) in refused {
            assert_eq!(is_country_of(state, country), Some(false), "{state} {country}");
        }
        for state in ["UTO", "", "<<<", "XXA", "XOM"] {
            assert_eq!(is_country_of(state, "VN"), None, "{state}");
        }
    }
}
