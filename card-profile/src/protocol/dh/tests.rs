//! Doc 9303-11 appendix G.2 (generic mapping over the first group) and H.2 (its integrated mapping), and what must
//! hold in all three groups.

use super::*;
use crate::protocol::test_rng::Given;
use proptest::prelude::*;

fn hex(digits: &str) -> Vec<u8> {
    ::hex::decode(digits).unwrap()
}

const GROUP: ModpGroup = ModpGroup::Modp1024Subgroup160;

/// Appendix G.2, in the order of its steps: the nonce, both mapping keys, the mapped generator, both ephemeral keys,
/// the shared secret.
#[test]
fn the_generic_mapping_of_appendix_g() {
    let nonce = hex("FA5B7E3E49753A0DB9178B7B9BD898C8");
    let terminal_mapping = exponent("5265030F751F4AD18B08AC565FC7AC952E41618D");
    let chip_mapping = exponent("66DDAFEAC1609CB5B963BB0CB3FF8B3E047F336C");
    let shared = hex(concat!(
        "5BABEBEF5B74E5BA94B5C063FDA15F1F1CDE94873EE0A5D3A2FCAB49F258D07F544F13CB66658C3AFEE9E727389BE3F6",
        "CBBBD32128A8C21DD6EEA3CF7091CDDFB08B8D007D40318DCCA4FFBF51208790FB4BD111E5A968ED6B6F08B26CA87C41",
        "0B3CE0C310CE104EABD16629AA48620C1279270CB0750C0D37C57FFFE302AE7F",
    ));
    let mapped = hex(concat!(
        "7C9CBFE98F9FBDDA8D143506FA7D9306F4CB17E3C71707AFF5E1C1A12370249684D64EE37AF44B8DBD9D45BF6023919C",
        "BAA027AB97ACC771666C8E98FF483301BFA4872DEDE9034EDFACB70814166B7F360676829B826BEA57291B5AD69FBC84",
        "EF1E779032A305803F74341793E869742D401325B37EE8565FFCDEE618342DC5",
    ));
    let terminal_ephemeral = exponent("89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA");
    let chip_ephemeral = exponent("A5B780126B7C980E9FCEA1D4539DA1D27C342DFA");
    let terminal_mapping_public = hex(concat!(
        "23FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB13D1DEBCE9A3666DBCFC920",
        "B49174A602CB47965CAA73DC702489A44D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490D01B03AD54022D",
        "CB4F57FAD6322497D7A1E28D46710F461AFE710FBBBC5F8BA166F4311975EC6C",
    ));
    let chip_mapping_public = hex(concat!(
        "78879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B26381E4DA19E004706FACE7",
        "B235C2DBF2F38748312F3C98C2DD4882A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783FE42C9F24",
        "49400306254C8AE8EE9DD812A804C0B66E8CAFC14F84D8258950A91B44126EE6",
    ));
    let terminal_public = hex(concat!(
        "907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD911551B9AE4D04369F29A02626C86FBC6747C",
        "C7BC352645B6161A2A42D44EDA80A08FA8D61B76D3A154AD8A5A51786B0BC07147057871A922212C5F67F43173172236",
        "B7747D1671E6D692A3C7D40A0C3C5CE397545D015C175EB5130551EDBC2EE5D4",
    ));
    let chip_public = hex(concat!(
        "075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F53820C42ADC79AB5D0AEEC3",
        "AEFB91394DA476BD97B9B14D0A65C1FC71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46DB974064",
        "386CD456743585F8E5D90CC8B4004B1F6D866C79CE0584E49687FF61BC29AEA1",
    ));
    let secret = hex(concat!(
        "6BABC7B3A72BCD7EA385E4C62DB2625BD8613B24149E146A629311C4CA6698E38B834B6A9E9CD7184BA8834AFF5043D4",
        "36950C4C1E7832367C10CB8C314D40E5990B0DF7013E64B4549E2270923D06F08CFF6BD3E977DDE6ABE4C31D55C0FA2E",
        "465E553E77BDF75E3193D3834FC26E8EB1EE2FA1E4FC97C18C3F6CFFFE2607FD",
    ));
    assert_eq!(terminal_mapping.public_residue().unwrap().as_bytes(), terminal_mapping_public);
    assert_eq!(chip_mapping.public_residue().unwrap().as_bytes(), chip_mapping_public);
    let h = terminal_mapping.power(&GROUP.residue(&chip_mapping_public).unwrap()).unwrap();
    assert_eq!(h.as_bytes(), shared);
    let generator = GROUP.map_generic(&nonce, &h).unwrap();
    assert_eq!(generator.as_bytes(), mapped);
    assert_eq!(terminal_ephemeral.power(&generator).unwrap().as_bytes(), terminal_public);
    assert_eq!(chip_ephemeral.power(&generator).unwrap().as_bytes(), chip_public);
    let agreed = chip_ephemeral.agree(&GROUP.residue(&terminal_public).unwrap()).unwrap();
    assert_eq!(agreed.as_slice(), secret);
}

fn exponent(digits: &str) -> Exponent {
    Exponent::from_bytes(GROUP, &hex(digits)).unwrap()
}

/// Appendix H.2. Its private keys are wider than the order.
#[test]
fn the_integrated_mapping_of_appendix_h() {
    let residue = hex(concat!(
        "A0C7C50C002061A51CC87D254EF38068607417B6EE1B36473CFB800D2D2E5FA2B6980F01105D24FAB22ACD1BFA5C8A4C",
        "093ECDFAFE6D7125D42A843E338603835CF19AFAFF75EFE21DC5F6AA1F9AE46C25087E7368166FB08C1E4627AFED7D93",
        "570417B790FF7F747E57F432B04E1236819E0DFEF5B6E77CA4999925328182D2",
    ));
    let mapped = hex(concat!(
        "1D7D767F11E333BCD6DBAEF40E799E7A926B96973550656FF3C830726D118D61C276CDCC61D475CF03A98E0C0E79CAEB",
        "A5BE25578BD4551D0B10903236F0B0F976852FA78EEA14EA0ACA87D1E91F688FE0DFF897BBE35A472621D343564B262F",
        "34223AE8FC59B664BFEDFA2BFE7516CA5510A6BBB633D517EC25D4E0BBAA16C2",
    ));
    let chip = exponent(concat!(
        "020F018C7284B047FA7721A337EFB7ACB1440BB30C5252BD41C97C30C994BB78E9F0C5B32744D84017D21FFA6878396A",
        "6469CA283EF5C000DAF7D261A39AB8860ED4610AB5343390897AAB5A7787E4FAEFA0649C6A94FDF82D991E8E3FC332F5",
        "142729E7040A3F7D5A4D3CD75CBEE1F043C1CAD2DD484FEB4ED22B597D36688E",
    ));
    let chip_public = hex(concat!(
        "928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB6DC1D0335807A11388CC8E",
        "AA87B07907AAD9FBA6B169AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D23E9768E95A80E4746FB07A9767679FE92133B4",
        "D379935C771BD7FBED6C7BB4B1708B275EA75679524CDC9C6A91370CC662A2F3",
    ));
    let terminal_public = hex(concat!(
        "0F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4F8A951557E929AEB48E5C6DD47F2F5",
        "CD7C351A9BD2CD722C07EDE166770F08FFCB370262CF308DD7B07F2E0DA9CAAA1492344C852906919538C98A4BA4187E",
        "76CE9D87832386D319CE2E043C3343AEAE6EDBA1A9894DC5094D22F7FE1351D5",
    ));
    let secret = hex(concat!(
        "419410D6C0A17A4C07C54872CE1CBCEB0A2705C1A434C8A89A4CFE41F1D78124CA7EC52BDE7615E5345E48AB1ABB6E7D",
        "1D59A57F3174084D3CA4570397C1F62228BDFDB2DA191EA2239E2C060DBE3BBC23C2FCD0AF12E0F9E0B99FCF91FF1959",
        "011D5798B2FCBC1F14FCC24E441F4C8F9B08D977E9498560E63E7FFAB3134EA7",
    ));
    let generator = GROUP.map_integrated(&residue).unwrap();
    assert_eq!(generator.as_bytes(), mapped);
    assert_eq!(chip.power(&generator).unwrap().as_bytes(), chip_public);
    assert_eq!(chip.agree(&GROUP.residue(&terminal_public).unwrap()).unwrap().as_slice(), secret);
}

#[test]
fn the_numbers_are_whole_and_recognised() {
    for group in ModpGroup::ALL {
        assert_eq!(group.prime().len(), group.length());
        assert_eq!(group.order().len(), group.order_length());
        let generator = group.generator();
        assert_eq!(group.residue(generator.as_bytes()), Ok(generator.clone()), "of the order it states");
        let (prime, order) = (group.prime(), group.order());
        let find = |order: Option<&[u8]>| ModpGroup::from_numbers(&prime, generator.as_bytes(), order);
        assert_eq!(find(Some(&order)), Some(group));
        assert_eq!(find(None), Some(group), "PKCS#3");
        assert_eq!(find(Some(&order[1..])), None);
        assert_eq!(
            ModpGroup::from_numbers(&[&[0], &prime[..]].concat(), generator.as_bytes(), None),
            Some(group)
        );
        assert_eq!(ModpGroup::from_numbers(&prime, &[2], None), None, "the same prime, another generator");
    }
}

#[test]
fn both_sides_agree_in_every_group() {
    for group in ModpGroup::ALL {
        let mut rng = Given::new(&[]);
        let (a, b) = (Exponent::generate(group, &mut rng), Exponent::generate(group, &mut rng));
        let one = a.agree(&b.public_residue().unwrap()).unwrap();
        assert_eq!(one, b.agree(&a.public_residue().unwrap()).unwrap());
        assert_eq!(one.len(), group.length());
        let again = Exponent::from_bytes(group, &a.to_secret_bytes()).unwrap();
        assert_eq!(again.public_residue(), a.public_residue());
    }
}

/// 0, 1, p - 1, p, what is above it, and whatever is not of order q.
#[test]
fn what_is_not_of_the_subgroup_is_refused() {
    for group in ModpGroup::ALL {
        let (prime, length) = (group.prime(), group.length());
        let mut small = vec![0; length];
        assert_eq!(group.residue(&small), Err(InvalidResidue), "0");
        small[length - 1] = 1;
        assert_eq!(group.residue(&small), Err(InvalidResidue), "1");
        small[length - 1] = 2;
        assert_eq!(group.residue(&small), Err(InvalidResidue), "2 generates more than the subgroup");
        let mut minus_one = prime.clone();
        *minus_one.last_mut().unwrap() -= 1;
        assert_eq!(group.residue(&minus_one), Err(InvalidResidue), "-1 has order 2");
        assert_eq!(group.residue(&prime), Err(InvalidResidue), "p");
        assert_eq!(group.residue(&vec![0xFF; length]), Err(InvalidResidue), "above p");
        // An element of the subgroup, plus p, is the same residue and another octet string.
        assert_eq!(group.residue(&[]), Err(InvalidResidue));
        let wide = [&[0], group.generator().as_bytes()].concat();
        assert_eq!(group.residue(&wide), Err(InvalidResidue), "too wide");
        assert!(Exponent::from_bytes(group, &vec![0; group.order_length()]).is_none());
        assert!(Exponent::from_bytes(group, &group.order()).is_none(), "q is 0 modulo q");
        assert_eq!(group.map_integrated(&small[..0]), Err(InvalidResidue), "0 maps to 0");
        assert_eq!(group.map_integrated(&prime), Err(InvalidResidue));
    }
    let other = ModpGroup::Modp2048Subgroup224.generator();
    let key = Exponent::generate(ModpGroup::Modp2048Subgroup256, &mut Given::new(&[]));
    assert!(key.agree(&other).is_err(), "the same width, another group");
    assert!(ModpGroup::Modp2048Subgroup256.map_generic(&[1], &other).is_err());
}

#[test]
fn a_mapping_to_one_is_refused() {
    for group in ModpGroup::ALL {
        let mut minus_one = group.order();
        *minus_one.last_mut().unwrap() -= 1;
        let inverse = Exponent::from_bytes(group, &minus_one).unwrap().public_residue().unwrap();
        assert_eq!(group.map_generic(&[1], &inverse), Err(InvalidResidue));
        assert_eq!(group.map_generic(&[2], &inverse), Ok(group.generator()));
    }
}

/// A value whose first octet is zero keeps it on the way out, and may have lost it on the way in.
#[test]
fn leading_zeros_are_kept() {
    let found = (1..=4000_u16).find_map(|number| {
        let exponent = Exponent::from_bytes(GROUP, &number.to_be_bytes())?;
        let value = exponent.public_residue().ok()?;
        (value.as_bytes()[0] == 0).then_some((exponent, value))
    });
    let (exponent, value) = found.expect("one in 256 has a leading zero");
    assert_eq!(value.as_bytes().len(), 128);
    assert_eq!(GROUP.residue(&value.as_bytes()[1..]), Ok(value.clone()));
    assert_eq!(exponent.agree(&GROUP.generator()).unwrap().as_slice(), value.as_bytes());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..140)) {
        for group in ModpGroup::ALL {
            let _ = group.residue(&bytes);
            let _ = Exponent::from_bytes(group, &bytes);
            let _ = group.map_generic(&bytes, &group.generator());
            let _ = group.map_integrated(&bytes);
        }
    }
}
