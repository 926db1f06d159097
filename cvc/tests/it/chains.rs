//! The chip's rule for a chain (TR-03110-3 §2.5).

use crate::support::{BOTH, FINGERPRINTS, Holder, IRISES, day, trust};
use cccd_cvc::chain::{ChainError, ChipTrust, Imported, TrustPoint, Validation, find_chain};
use cccd_cvc::{Certificate, InspectionRights, Role, VerifyError};

const YEARS: (&str, &str) = ("2026-01-01", "2028-12-31");
const QUARTER: (&str, &str) = ("2026-06-01", "2026-08-31");
const MONTH: (&str, &str) = ("2026-07-01", "2026-07-31");

/// Presents certificates as a terminal does: each under the key its authority names.
fn present(trust: &mut ChipTrust, chain: &[&Certificate]) -> Result<Validation, ChainError> {
    let mut session = Validation::new();
    for certificate in chain {
        session.choose(trust, certificate.authority().as_bytes())?;
        session.import(trust, certificate)?;
    }
    Ok(session)
}

struct Country {
    cvca: Holder,
    verifier: Holder,
    terminal: Holder,
}

impl Country {
    fn new() -> Self {
        Self {
            cvca: Holder::new("VNCVCA00001", 1),
            verifier: Holder::new("VNDVHCM00001", 2),
            terminal: Holder::new("VNISHCM00001", 3),
        }
    }

    fn chain(&self, dv: (Role, InspectionRights), terminal: InspectionRights) -> [Certificate; 2] {
        [
            self.cvca.certify(&self.verifier, dv.0, dv.1, QUARTER),
            self.verifier.certify(&self.terminal, Role::Terminal, terminal, MONTH),
        ]
    }

    fn trust(&self) -> ChipTrust {
        trust(vec![self.cvca.trust_point(YEARS)], "2026-01-15")
    }
}

#[test]
fn rights_are_what_every_certificate_allows() {
    let country = Country::new();
    for (dv, terminal, effective) in [
        (BOTH, BOTH, BOTH),
        (FINGERPRINTS, BOTH, FINGERPRINTS),
        (BOTH, IRISES, IRISES),
        (FINGERPRINTS, IRISES, InspectionRights::default()),
    ] {
        let [one, two] = country.chain((Role::DomesticVerifier, dv), terminal);
        let session = present(&mut country.trust(), &[&one, &two]).unwrap();
        let certified = session.terminal(b"VNISHCM00001").unwrap();
        assert_eq!(certified.effective.inspection_rights(), effective);
        // The key that was certified is the one that signs.
        let signature = country.terminal.key.sign(&[b"challenge"], &mut crate::support::rng()).unwrap();
        assert_eq!(certified.key.verify(&[b"chal", b"lenge"], &signature), Ok(()));
        assert_eq!(certified.key.verify(&[b"another"], &signature), Err(VerifyError::Wrong));
        assert!(session.terminal(b"VNISHCM00002").is_none());
    }
}

/// A document verifier alone is no terminal.
#[test]
fn only_a_terminal_s_certificate_makes_a_terminal() {
    let country = Country::new();
    let [one, _] = country.chain((Role::DomesticVerifier, BOTH), BOTH);
    let session = present(&mut country.trust(), &[&one]).unwrap();
    assert!(session.terminal(b"VNDVHCM00001").is_none());
}

#[test]
fn roles_stand_in_their_order() {
    let country = Country::new();
    let by_cvca = country.cvca.certify(&country.terminal, Role::Terminal, BOTH, MONTH);
    assert_eq!(present(&mut country.trust(), &[&by_cvca]).err(), Some(ChainError::Role));

    let [one, two] = country.chain((Role::DomesticVerifier, BOTH), BOTH);
    let promoted = country.verifier.certify(&country.terminal, Role::DomesticVerifier, BOTH, MONTH);
    assert_eq!(present(&mut country.trust(), &[&one, &promoted]).err(), Some(ChainError::Role));
    let crowned = country.verifier.certify(&country.terminal, Role::Cvca, BOTH, MONTH);
    assert_eq!(present(&mut country.trust(), &[&one, &crowned]).err(), Some(ChainError::Role));

    let other = Holder::new("VNISHCM00002", 9);
    let beneath = country.terminal.certify(&other, Role::Terminal, BOTH, MONTH);
    assert_eq!(present(&mut country.trust(), &[&one, &two, &beneath]).err(), Some(ChainError::Role));
}

#[test]
fn another_s_signature_and_another_s_name_are_refused() {
    let country = Country::new();
    let impostor = Holder::new("VNCVCA00001", 66);
    let forged = impostor.certify(&country.verifier, Role::DomesticVerifier, BOTH, QUARTER);
    let wrong = ChainError::Signature(VerifyError::Wrong);
    assert_eq!(present(&mut country.trust(), &[&forged]).err(), Some(wrong));

    let stranger = Holder::new("XXCVCA00001", 67);
    let strange = stranger.certify(&country.verifier, Role::DomesticVerifier, BOTH, QUARTER);
    assert_eq!(present(&mut country.trust(), &[&strange]).err(), Some(ChainError::UnknownKey));

    // Chosen is chosen: a certificate of another authority is not tried under this key.
    let mut trust = country.trust();
    let mut session = Validation::new();
    session.choose(&trust, b"VNCVCA00001").unwrap();
    assert_eq!(session.import(&mut trust, &strange), Err(ChainError::Authority));
    // And a failure leaves nothing chosen.
    let [one, _] = country.chain((Role::DomesticVerifier, BOTH), BOTH);
    assert_eq!(session.import(&mut trust, &one), Err(ChainError::UnknownKey));
}

#[test]
fn the_date_moves_forward_and_what_is_past_is_refused() {
    let country = Country::new();
    let mut chip = country.trust();
    let [one, two] = country.chain((Role::DomesticVerifier, BOTH), BOTH);
    present(&mut chip, &[&one, &two]).unwrap();
    assert_eq!(chip.date(), day("2026-07-01"));

    // A later terminal of the same verifier moves it on; then the first is refused.
    let next = Holder::new("VNISHCM00002", 4);
    let later = country.verifier.certify(&next, Role::Terminal, BOTH, ("2026-08-01", "2026-08-31"));
    present(&mut chip, &[&one, &later]).unwrap();
    assert_eq!(chip.date(), day("2026-08-01"));
    assert_eq!(present(&mut chip, &[&one, &two]).err(), Some(ChainError::Expired));
    // A certificate from before does not move it back.
    present(&mut chip, &[&one, &later]).unwrap();
    assert_eq!(chip.date(), day("2026-08-01"));
}

#[test]
fn a_foreign_verifier_s_terminal_does_not_move_the_date() {
    let country = Country::new();
    let mut chip = country.trust();
    let [one, two] = country.chain((Role::ForeignVerifier, BOTH), BOTH);
    present(&mut chip, &[&one, &two]).unwrap();
    // Its own certificate was signed by the CVCA: that date counts, its terminal's does not.
    assert_eq!(chip.date(), day("2026-06-01"));
}

#[test]
fn what_is_refused_changes_nothing() {
    let country = Country::new();
    let mut chip = country.trust();
    let before = chip.clone();
    let backwards =
        country.cvca.certify(&country.verifier, Role::DomesticVerifier, BOTH, ("2027-06-01", "2027-05-31"));
    assert_eq!(present(&mut chip, &[&backwards]).err(), Some(ChainError::Period));
    let [one, _] = country.chain((Role::DomesticVerifier, BOTH), BOTH);
    let mut bytes = one.to_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    let torn = Certificate::parse(&bytes).unwrap();
    assert!(present(&mut chip, &[&torn]).is_err());
    assert_eq!(chip, before);
}

#[test]
fn a_link_makes_a_successor_and_two_keys_stay() {
    let country = Country::new();
    let (second, third) = (Holder::new("VNCVCA00002", 12), Holder::new("VNCVCA00003", 13));
    let mut chip = country.trust();
    let link = country.cvca.certify(&second, Role::Cvca, BOTH, ("2028-06-01", "2031-05-31"));
    let mut session = Validation::new();
    session.choose(&chip, b"VNCVCA00001").unwrap();
    let imported = session.import(&mut chip, &link);
    assert_eq!(imported, Ok(Imported { date_moved: true, new_trust_point: true }));
    let names: Vec<String> = chip.points().iter().map(|point| point.holder.to_string()).collect();
    assert_eq!(names, ["VNCVCA00002", "VNCVCA00001"]);
    assert_eq!(chip.date(), day("2028-06-01"));

    // Twice is once.
    session.choose(&chip, b"VNCVCA00001").unwrap();
    assert_eq!(session.import(&mut chip, &link), Ok(Imported::default()));
    // A second key of the name is none.
    let usurper = Holder::new("VNCVCA00002", 99);
    let second_link = country.cvca.certify(&usurper, Role::Cvca, BOTH, ("2028-06-01", "2031-05-31"));
    assert_eq!(present(&mut chip, &[&second_link]).err(), Some(ChainError::NameTaken));
    // The superseded key names no further successor.
    let aside = country.cvca.certify(&third, Role::Cvca, BOTH, ("2028-06-01", "2031-05-31"));
    assert_eq!(present(&mut chip, &[&aside]).err(), Some(ChainError::Superseded));
    // The newest does, and the oldest goes.
    let next = second.certify(&third, Role::Cvca, BOTH, ("2030-06-01", "2033-05-31"));
    present(&mut chip, &[&next]).unwrap();
    let names: Vec<String> = chip.points().iter().map(|point| point.holder.to_string()).collect();
    assert_eq!(names, ["VNCVCA00003", "VNCVCA00002"]);
}

/// A chip that lay in a drawer for years is reached by links alone, expired ones too (§2.5.1).
#[test]
fn expired_trust_points_verify_links_and_nothing_else() {
    let country = Country::new();
    let second = Holder::new("VNCVCA00002", 12);
    let mut chip = trust(vec![country.cvca.trust_point(YEARS)], "2032-01-01");
    let verifier =
        country.cvca.certify(&country.verifier, Role::DomesticVerifier, BOTH, ("2032-01-01", "2032-03-31"));
    assert_eq!(present(&mut chip, &[&verifier]).err(), Some(ChainError::Expired));
    let link = country.cvca.certify(&second, Role::Cvca, BOTH, ("2028-06-01", "2031-05-31"));
    present(&mut chip, &[&link]).unwrap();
    assert_eq!((chip.points().len(), chip.date()), (2, day("2032-01-01")));
}

#[test]
fn trust_survives_the_chip_s_memory() {
    let point = Country::new().cvca.trust_point(YEARS);
    assert_eq!(TrustPoint::from_bytes(&point.to_bytes()), Ok(point.clone()));
    // Short enough for one short command of personalisation.
    assert!(point.to_bytes().len() < 200, "{}", point.to_bytes().len());
    assert!(ChipTrust::new(vec![point.clone(), point], day("2026-01-01")).is_none());
    assert!(ChipTrust::new(Vec::new(), day("2026-01-01")).is_none());
}

#[test]
fn a_terminal_finds_its_way_from_either_key() {
    let country = Country::new();
    let second = Holder::new("VNCVCA00002", 12);
    let own = second.certify(&second, Role::Cvca, BOTH, YEARS);
    let link = country.cvca.certify(&second, Role::Cvca, BOTH, YEARS);
    let verifier = second.certify(&country.verifier, Role::DomesticVerifier, BOTH, QUARTER);
    let terminal = country.verifier.certify(&country.terminal, Role::Terminal, BOTH, MONTH);
    let pile = [terminal.clone(), own, verifier.clone(), link.clone()];
    let name = |text: &str| text.parse().unwrap();

    let short = find_chain(&pile, &[name("VNCVCA00002"), name("VNCVCA00001")], &country.terminal.name);
    assert_eq!(short.unwrap(), [&verifier, &terminal]);
    let long = find_chain(&pile, &[name("VNCVCA00001")], &country.terminal.name);
    assert_eq!(long.unwrap(), [&link, &verifier, &terminal]);
    assert!(find_chain(&pile, &[name("VNCVCA00009")], &country.terminal.name).is_none());
}
