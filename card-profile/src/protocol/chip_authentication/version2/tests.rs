//! TR-03110 worked examples 1.01: Chip Authentication version 2 over brainpoolP256r1 and over the first group.

use super::*;
use crate::protocol::chip_authentication::{
    ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationVersion,
};
use crate::protocol::curve::{Curve, DomainParameters};
use crate::protocol::dh::{Exponent, ModpGroup};
use crate::protocol::group::Group;
use crate::protocol::kdf::Cipher;
use crate::protocol::pace::Agreement;
use crate::protocol::private_key::PrivateKey;
use crate::protocol::test_rng::Given;
use proptest::prelude::*;

fn hex(digits: &str) -> Vec<u8> {
    ::hex::decode(digits).unwrap()
}

/// Private keys of the examples are written with a sign octet.
fn secret(group: Group, digits: &str) -> Secret {
    let mut bytes = hex(digits);
    if let Group::Curve(curve) = group {
        bytes = bytes.split_off(bytes.len() - curve.field_length());
    } else if bytes.first() == Some(&0) {
        bytes.remove(0);
    }
    Secret::from_bytes(group, &bytes).unwrap()
}

fn private_key(secret: &Secret) -> PrivateKey {
    match secret {
        Secret::Scalar(scalar) => PrivateKey::EllipticCurve(
            crate::protocol::curve::Scalar::from_bytes(scalar.curve(), &scalar.to_secret_bytes()).unwrap(),
        ),
        Secret::Exponent(exponent) => PrivateKey::DiffieHellman(
            Exponent::from_bytes(exponent.group(), &exponent.to_secret_bytes()).unwrap(),
        ),
    }
}

struct Example {
    group: Group,
    chip_private: &'static str,
    chip_public: &'static str,
    terminal_private: &'static str,
    terminal_public: &'static str,
    compressed: &'static str,
    nonce: &'static str,
    token: &'static str,
    mac_key: &'static str,
    encryption_key: &'static str,
}

const CURVE: Example = Example {
    group: Group::Curve(Curve::BrainpoolP256r1),
    chip_private: "7984674CF3B3A524BF929CE8A67FCF22173DA0BAD595EED6DEB72D22C542FA9D",
    chip_public: concat!(
        "04A44EBE5451DF7AADB01E459B8C928A87746A57927C8C28A6775C97A7E1FE8D9A46FF4A1CC7E4D1389AEA19758E4F75",
        "C28C598FD734AEBEB135337CF95BE12E94",
    ),
    terminal_private: "00A6A4D255C5BF7A77EC3D0553DB74F693CF044E18C98364D4977A296108AF19BD",
    terminal_public: concat!(
        "045A7A377FC9CAFC03AC7FF45441A8B2909D88EAB8E6B0173847AB49B949DF3799A34EE57EC55268CF8B1C3EC489F8BF",
        "4CF4C68D3FD9670E89C0D5D3FFF1AAF89F",
    ),
    compressed: "5A7A377FC9CAFC03AC7FF45441A8B2909D88EAB8E6B0173847AB49B949DF3799",
    nonce: "4287B3072A3EDC60",
    token: "FF0117D68DEE8E72",
    mac_key: "78B5709E7ABEDB185B424D0EE3A82499",
    encryption_key: "94ABCD271AB7D9A5590BA52CB518B831",
};

const RESIDUES: Example = Example {
    group: Group::Modp(ModpGroup::Modp1024Subgroup160),
    chip_private: "00D0E5A95ECA541DEF4FE92B9FF9920D49A454C297",
    chip_public: concat!(
        "1B3345F8DC04341BF8B2C97F652FA680E5D4FA4C146AE4B839431A644A79BC368C4822C89CD018A57F953644BEDA679C",
        "5B532902320E83E13B80DEEF8C18AF3E7D493AE3F88196101B9F78EAFE4B3025EF8BFF916B2FC02D762D0838DEA29C09",
        "B485591C2F47F87C71F530BB358F56AF6459D86DBF85EAF9EDBD962CD364F7B8",
    ),
    terminal_private: concat!(
        "00A2CFFD06C34AFD622EEE0FC31F093FDFDA609C67121CACF0A8F52291DE6853BB5C93CF76705775ECF408A74302613B",
        "EECB381447D36494C9E18951EC17252DD2A807AAE09FA4DC30183339013D9C9191303CACEE3C91E926A36D014A5CFA94",
        "950CADB37B534F32A9BF76B37980979304C5663871BD746EB9E95A47CA471B4EDE",
    ),
    terminal_public: concat!(
        "A2830947A6FCAACDE2FCB88B29AB38E07C3453ABC4BCB466087E11C79F32A19E6EF22BE108F8DD18FE8249C960951511",
        "200DC985AA3EC0CCAD59A5F9BBCC33EE5F1577E20330B4DD10EB06B740277C97A189180EDE52BEE9D429F10FB77F180F",
        "05D6A99C499CB5E1ECEEB8E92284F66EA98479674CE73F53C567A03B0D297833",
    ),
    compressed: "7DF391B178B9F8F32BE6C65A3DBD92F1992B9A91",
    nonce: "1A1AC1AB04D96965",
    token: "756891580F70164D",
    mac_key: "066721F3EBEA787B4F1C6DCA431EC229",
    encryption_key: "E813D09DF69FFCC63763C537F828985C",
};

/// One public value in 256 is shorter than the prime. The token is over the unsigned integer (TR-03110-3 D.2.1.1), and so
/// are the command and the compressed form that Terminal Authentication announces.
#[test]
fn a_residue_loses_its_leading_zeros() {
    use crate::protocol::block_cipher::mac;
    use crate::protocol::terminal_authentication::{compressed_key, terminal_key_in};
    use sha1::{Digest as _, Sha1};

    let group = Group::Modp(ModpGroup::Modp1024Subgroup160);
    let short = (2_u32..)
        .map(|number| Secret::from_bytes(group, &number.to_be_bytes()).unwrap())
        .find(|secret| secret.public().unwrap().as_bytes().first() == Some(&0))
        .unwrap();
    let public = short.public().unwrap();
    let number = &public.as_bytes()[1..];
    assert_eq!(number.len(), 127);
    assert_ne!(number[0], 0);

    let protocol = ChipAuthenticationProtocol { agreement: Agreement::Dh, cipher: Cipher::Aes128 };
    let agreed = Agreed::new(b"a secret", &[7; NONCE_LENGTH]);
    // 7F49 { 06 id-CA-DH-AES-CBC-CMAC-128, 84 y }
    let input = [&hex("7F49818D060A04007F00070202030102847F")[..], number].concat();
    let key = derive_key(&agreed.0, KeyUse::Mac, Cipher::Aes128);
    assert_eq!(agreed.token(protocol, &public).unwrap(), mac(&key, &input).unwrap());

    let command = general_authenticate(&public);
    assert_eq!(command.data(), [&hex("7C8181807F")[..], number].concat());
    let announced = Sha1::digest(number).to_vec();
    assert_eq!(public.compressed(), announced);
    assert_eq!(terminal_key_in(&command), Some(announced.clone()));
    assert_eq!(compressed_key(public.as_bytes()), announced);
}

#[test]
fn the_worked_examples() {
    for example in [CURVE, RESIDUES] {
        let (chip, terminal) =
            (secret(example.group, example.chip_private), secret(example.group, example.terminal_private));
        assert_eq!(chip.public().unwrap().as_bytes(), hex(example.chip_public));
        let ephemeral = terminal.public().unwrap();
        assert_eq!(ephemeral.as_bytes(), hex(example.terminal_public));
        assert_eq!(ephemeral.compressed(), hex(example.compressed));
        let protocol =
            ChipAuthenticationProtocol { agreement: example.group.agreement(), cipher: Cipher::Aes128 };
        let agreed = Agreed::new(&terminal.agree(&chip.public().unwrap()).unwrap(), &hex(example.nonce));
        let key = |key_use| derive_key(&agreed.0, key_use, Cipher::Aes128).bytes().to_vec();
        assert_eq!(key(KeyUse::Mac), hex(example.mac_key));
        assert_eq!(key(KeyUse::Encryption), hex(example.encryption_key));
        assert_eq!(agreed.token(protocol, &ephemeral).unwrap().to_vec(), hex(example.token));

        // The same on the wire, the chip drawing the example's nonce.
        let offers =
            [ChipAuthenticationOffer { protocol, version: ChipAuthenticationVersion::Two, key_id: Some(1) }];
        let public = chip.public().unwrap();
        let mut run = ChipAuthentication2Terminal::new(protocol, public, Some(1), terminal).unwrap();
        let Ok(Step::Send(set)) = run.advance(None) else { panic!("MSE:SET AT") };
        let mut rng = Given::new(&[&hex(example.nonce)]);
        let pending = ChipAuthenticationChip::set_at(&set, &offers, &mut rng).unwrap();
        let Ok(Step::Send(authenticate)) = run.advance(Some(Response::ok([]))) else {
            panic!("GENERAL AUTHENTICATE")
        };
        let announced = hex(example.compressed);
        let agreement =
            pending.general_authenticate(&authenticate, &private_key(&chip), Some(&announced)).unwrap();
        assert_eq!(agreement.answer.data, answer(&hex(example.nonce), &hex(example.token)));
        assert!(matches!(run.advance(Some(agreement.answer)), Ok(Step::Done(_))));
    }
}

/// Both ends, in every group: the session opens, and a chip without the key makes no token.
#[test]
fn a_token_shows_the_private_key_in_every_group() {
    for parameters in DomainParameters::ALL {
        let group = parameters.group();
        let mut rng = Given::new(&[]);
        let (genuine, other) = (Secret::generate(group, &mut rng), Secret::generate(group, &mut rng));
        for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
            let protocol = ChipAuthenticationProtocol { agreement: group.agreement(), cipher };
            let offers =
                [ChipAuthenticationOffer { protocol, version: ChipAuthenticationVersion::Two, key_id: None }];
            let mut outcomes = Vec::new();
            for held in [&genuine, &other] {
                let ephemeral = Secret::generate(group, &mut rng);
                let mut run =
                    ChipAuthentication2Terminal::new(protocol, genuine.public().unwrap(), None, ephemeral)
                        .unwrap();
                let Ok(Step::Send(set)) = run.advance(None) else { panic!("MSE:SET AT") };
                let pending = ChipAuthenticationChip::set_at(&set, &offers, &mut rng).unwrap();
                let Ok(Step::Send(command)) = run.advance(Some(Response::ok([]))) else {
                    panic!("AUTHENTICATE")
                };
                // A key that Terminal Authentication did not announce is refused.
                let wrong = pending.general_authenticate(&command, &private_key(held), Some(&[1; 20]));
                assert!(wrong.is_err());
                let agreement = pending.general_authenticate(&command, &private_key(held), None).unwrap();
                outcomes.push(run.advance(Some(agreement.answer)));
            }
            assert!(matches!(outcomes[0], Ok(Step::Done(_))), "{parameters:?} {cipher:?}");
            assert!(matches!(outcomes[1], Err(ChipAuthenticationError::Token)), "{parameters:?} {cipher:?}");
        }
    }
}

#[test]
fn keys_of_two_kinds_do_not_go_together() {
    let curve = Group::Curve(Curve::P256);
    let chip = curve.generator();
    let secret = |group| Secret::generate(group, &mut Given::new(&[]));
    let protocol = |agreement| ChipAuthenticationProtocol { agreement, cipher: Cipher::Aes128 };
    let run = |agreement, group| {
        ChipAuthentication2Terminal::new(protocol(agreement), chip.clone(), None, secret(group)).err()
    };
    let unsupported = Some(ChipAuthenticationError::Unsupported);
    assert_eq!(run(Agreement::Dh, curve), unsupported);
    assert_eq!(run(Agreement::Ecdh, Group::Curve(Curve::P384)), unsupported);
    assert_eq!(run(Agreement::Ecdh, curve), None);
}

proptest! {
    /// No answer of a chip panics, and none that is made up is a proof.
    #[test]
    fn no_answer_is_a_proof(data in proptest::collection::vec(any::<u8>(), 0..40), nonce: [u8; 8], token: [u8; 8]) {
        let group = Group::Curve(Curve::BrainpoolP256r1);
        let protocol = ChipAuthenticationProtocol::ECDH_AES_128;
        for data in [data.clone(), answer(&nonce, &token), answer(&nonce, &[]), answer(&[], &token)] {
            let ephemeral = Secret::generate(group, &mut Given::new(&[]));
            let mut run = ChipAuthentication2Terminal::new(protocol, group.generator(), None, ephemeral).unwrap();
            run.advance(None).unwrap();
            run.advance(Some(Response::ok([]))).unwrap();
            prop_assert!(run.advance(Some(Response::ok(data))).is_err());
        }
    }
}
