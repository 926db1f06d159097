//! No bytes make a parser panic, and what parses is what was read.

use crate::support::{BOTH, Holder};
use cccd_cvc::chain::TrustPoint;
use cccd_cvc::{AuthenticatedRequest, Certificate, PrivateKey, Request, Role};
use proptest::prelude::*;

fn all(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::parse(bytes) {
        assert_eq!(certificate.to_bytes(), bytes);
        if let Ok(key) = certificate.content().public_key.resolve(None) {
            let _ = certificate.verify_signature(&key);
        }
    }
    let _ = Certificate::from_command_data(bytes);
    let _ = Request::parse(bytes).map(|request| request.verify());
    let _ = AuthenticatedRequest::parse(bytes);
    let _ = TrustPoint::from_bytes(bytes);
    let _ = PrivateKey::from_pkcs8(bytes, crate::support::ECDSA);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        all(&bytes);
    }

    #[test]
    fn nor_do_altered_certificates(at in any::<proptest::sample::Index>(), value: u8, cut in any::<proptest::sample::Index>()) {
        let cvca = Holder::new("VNCVCA00001", 1);
        let good = cvca.certify(&cvca, Role::Cvca, BOTH, ("2026-01-01", "2028-12-31"));
        let mut bytes = good.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = value;
        all(&bytes);
        all(&bytes[..cut.index(bytes.len())]);
        all(&cvca.trust_point(("2026-01-01", "2028-12-31")).to_bytes()[..cut.index(40)]);
    }
}

#[test]
fn errors_tell_where() {
    let cvca = Holder::new("VNCVCA00001", 1);
    let bytes = cvca.certify(&cvca, Role::Cvca, BOTH, ("2026-01-01", "2028-12-31")).to_bytes();
    let at = bytes.windows(3).position(|tag| tag == [0x5F, 0x25, 6]).unwrap();
    let mut wrong = bytes.clone();
    wrong[at + 3] = 10;
    assert_eq!(Certificate::parse(&wrong).unwrap_err().to_string(), format!("not a date at offset {at}"));
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(
        Certificate::parse(&longer).unwrap_err().to_string(),
        format!("trailing bytes at offset {}", bytes.len())
    );
}
