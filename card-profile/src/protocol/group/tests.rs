use super::*;
use crate::protocol::test_rng::Given;

fn groups() -> impl Iterator<Item = Group> {
    DomainParameters::ALL.into_iter().map(DomainParameters::group)
}

/// What PACE does on every group that has a number: two mapping keys, a mapped generator, two keys on it.
#[test]
fn an_agreement_on_a_mapped_generator_in_every_group() {
    for group in groups() {
        let mut rng = Given::new(&[]);
        let (a, b) = (Secret::generate(group, &mut rng), Secret::generate(group, &mut rng));
        let h = a.power(&b.public().unwrap()).unwrap();
        assert_eq!(h, b.power(&a.public().unwrap()).unwrap());
        let generator = group.map_generic(&[0xA5; 16], &h).unwrap();
        assert_ne!(generator, group.generator());
        let (a, b) = (Secret::generate(group, &mut rng), Secret::generate(group, &mut rng));
        let (public_a, public_b) = (a.power(&generator).unwrap(), b.power(&generator).unwrap());
        assert_eq!(group.element(public_a.as_bytes()), Ok(public_a.clone()));
        let shared = a.agree(&public_b).unwrap();
        assert_eq!(shared, b.agree(&public_a).unwrap());
        let width = match group {
            Group::Curve(curve) => curve.field_length(),
            Group::Modp(group) => group.length(),
        };
        assert_eq!(shared.len(), width);
        let again = Secret::from_bytes(group, &a.to_secret_bytes()).unwrap();
        assert_eq!(again.public(), a.public());
    }
}

#[test]
fn nothing_crosses_from_one_group_to_another() {
    for group in groups() {
        let secret = Secret::generate(group, &mut Given::new(&[]));
        for other in groups().filter(|other| *other != group) {
            let foreign = other.generator();
            assert_eq!(secret.power(&foreign), Err(InvalidElement));
            assert!(secret.agree(&foreign).is_err());
            assert_eq!(group.map_generic(&[1], &foreign), Err(InvalidElement));
            assert_eq!(group.element(foreign.as_bytes()), Err(InvalidElement), "{group:?} {other:?}");
            assert!(secret.divided_by(&Secret::generate(other, &mut Given::new(&[]))).is_none());
        }
    }
}
