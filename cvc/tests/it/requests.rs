//! A key asks to be certified (TR-03110-3 §C.2), and every algorithm signs.

use crate::support::{BOTH, ECDSA, Holder, rng};
use cccd_cvc::{
    AuthenticatedRequest, Certificate, CertificateContent, Chat, Curve, Hash, PrivateKey, Request, Role,
    SignatureAlgorithm, VerifyError,
};

#[test]
fn inner_and_outer_signature() {
    let (old, new) = (Holder::new("VNDVHCM00001", 1), Holder::new("VNDVHCM00002", 2));
    let authority = "VNCVCA00001".parse().unwrap();
    let request = Request::make(&new.key, &new.name, Some(&authority), &mut rng()).unwrap();
    assert_eq!(Request::parse(request.as_bytes()).as_ref(), Ok(&request));
    assert_eq!(request.verify(), Ok(()));
    assert!(request.public_key.has_parameters());

    let both = request.clone().authenticate(&old.name, &old.key, &mut rng()).unwrap();
    let read = AuthenticatedRequest::parse(&both.to_bytes()).unwrap();
    assert_eq!(read, both);
    assert_eq!(read.verify(&old.key.verifying_key().unwrap()), Ok(()));
    assert_eq!(read.verify(&new.key.verifying_key().unwrap()), Err(VerifyError::Wrong));

    // The name it asks for is signed.
    let mut renamed = request.as_bytes().to_vec();
    let at = renamed.windows(12).position(|name| name == b"VNDVHCM00002").unwrap();
    renamed[at] = b'X';
    assert_eq!(Request::parse(&renamed).unwrap().verify(), Err(VerifyError::Wrong));
}

#[test]
fn every_algorithm_signs_and_every_curve() {
    let content = |key: &PrivateKey| CertificateContent {
        authority: "VNCVCA00001".parse().unwrap(),
        public_key: key.public_key(true).unwrap(),
        holder: "VNCVCA00001".parse().unwrap(),
        chat: Chat::inspection(Role::Cvca, BOTH),
        effective: "2026-01-01".parse().unwrap(),
        expiration: "2028-12-31".parse().unwrap(),
        extensions: None,
    };
    let holds = |key: &PrivateKey| {
        let certificate = content(key).sign(key, &mut rng()).unwrap();
        let again = Certificate::parse(&certificate.to_bytes()).unwrap();
        assert_eq!(again, certificate);
        assert_eq!(Certificate::from_command_data(&certificate.to_command_data()).unwrap(), certificate);
        let key = again.content().public_key.resolve(None).unwrap();
        assert_eq!(again.verify_signature(&key), Ok(()), "{key:?}");
    };
    for curve in Curve::ALL {
        let key = PrivateKey::generate(curve, ECDSA, &mut rng()).unwrap();
        holds(&key);
        let file = key.to_pkcs8().unwrap();
        let back = PrivateKey::from_pkcs8(&file, ECDSA).unwrap();
        assert_eq!(back.verifying_key().unwrap(), key.verifying_key().unwrap());
    }
    let rsa = PrivateKey::generate_rsa(2048, SignatureAlgorithm::RsaPss(Hash::Sha256), &mut rng()).unwrap();
    let file = rsa.to_pkcs8().unwrap();
    for hash in [Hash::Sha1, Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        holds(&PrivateKey::generate(Curve::P256, SignatureAlgorithm::Ecdsa(hash), &mut rng()).unwrap());
        if matches!(hash, Hash::Sha1 | Hash::Sha256 | Hash::Sha512) {
            for algorithm in [SignatureAlgorithm::RsaPkcs1(hash), SignatureAlgorithm::RsaPss(hash)] {
                holds(&PrivateKey::from_pkcs8(&file, algorithm).unwrap());
            }
        }
    }
    assert!(PrivateKey::from_pkcs8(&file, ECDSA).is_err());
}

#[test]
fn secrets_are_not_printed() {
    let holder = Holder::new("VNISHCM00001", 5);
    assert_eq!(format!("{:?}", holder.key), "PrivateKey(id-TA-ECDSA-SHA-256)");
}
