//! Which curve a key file names, whether it holds a public or a private key. The key itself is not looked at.

use super::CurveParameters;
use crate::algorithm::oids;
use crate::asn1::{Malformed, Reader, tag};

impl CurveParameters {
    /// The parameters in a `SubjectPublicKeyInfo` (RFC 5480), a PKCS#8 `PrivateKeyInfo` (RFC 5958) or an `ECPrivateKey`
    /// (RFC 5915), in DER.
    ///
    /// # Errors
    /// Bytes that are none of them, or a key of another kind; with the offset.
    pub fn of_key(der: &[u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(der);
        let mut fields = outer.sequence("a key")?;
        outer.finish("bytes after the key")?;
        fields.optional(tag::INTEGER)?;
        if fields.optional(tag::OCTET_STRING)?.is_some() {
            // ECPrivateKey ::= SEQUENCE { version, privateKey, parameters [0] OPTIONAL, publicKey [1] OPTIONAL }
            let parameters = fields.expect(tag::context(0), "the parameters of an elliptic curve key")?;
            return Self::from_element(&parameters.reader().any()?);
        }
        let algorithm = fields.expect(tag::SEQUENCE, "the algorithm of a key")?;
        let mut algorithm_fields = algorithm.reader();
        if algorithm_fields.any()?.oid()? != oids::EC_PUBLIC_KEY {
            return Err(Malformed::at(algorithm.offset, "an elliptic curve key"));
        }
        Self::from_element(&algorithm_fields.any()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1;
    use crate::curve::{CurveEncoding, NamedCurve, to_parameters};

    #[test]
    fn three_kinds_of_file_and_one_of_another_key() {
        let curve = NamedCurve::BrainpoolP384r1;
        for encoding in [CurveEncoding::Named, CurveEncoding::Explicit] {
            let parameters = to_parameters(curve, encoding);
            let algorithm = asn1::sequence(&[&asn1::oid(&oids::EC_PUBLIC_KEY), &parameters]);
            let secret = asn1::tlv(tag::OCTET_STRING, &[1; 48]);
            let files = [
                asn1::sequence(&[&algorithm, &asn1::bit_string(&[4; 97])]),
                asn1::sequence(&[&asn1::integer(&[0]), &algorithm, &secret]),
                asn1::sequence(&[&asn1::integer(&[1]), &secret, &asn1::tlv(tag::context(0), &parameters)]),
            ];
            for file in files {
                assert_eq!(CurveParameters::of_key(&file), Ok(CurveParameters::Known(curve, encoding)));
                assert!(CurveParameters::of_key(&file[..file.len() - 1]).is_err());
            }
        }
        let rsa = asn1::sequence(&[&asn1::oid(&oids::RSA), &asn1::tlv(tag::NULL, &[])]);
        assert!(CurveParameters::of_key(&asn1::sequence(&[&rsa, &asn1::bit_string(&[0])])).is_err());
    }
}
