//! Elliptic curve Diffie-Hellman: the agreement under PACE and Chip Authentication.

use cccd_card_profile::protocol::curve::{Curve, Scalar};
use cccd_card_profile::protocol::private_key::{KeyError, PublicKey};
use cccd_keys::asn1;
use const_oid::ObjectIdentifier;
use serde_json::Value;

use super::{Test, Tested};
use crate::foreign::data::{hex_bytes, text};
use crate::foreign::outcome::Problem;

pub(super) fn prepare(group: &Value) -> Result<Test<'_>, Problem> {
    let name = text(group, "curve")?;
    let curve = curve(name).ok_or_else(|| Problem::new(format!("the curve {name} is not known")))?;
    let encoding = text(group, "encoding")?;
    if !matches!(encoding, "asn" | "pem" | "ecpoint") {
        return Err(Problem::new(format!("keys in the encoding '{encoding}' are not known")));
    }
    Ok(Box::new(move |test| {
        let public = match encoding {
            "pem" => asn1::der_or_pem(text(test, "public")?.as_bytes())
                .map_err(|error| Problem::new(error.to_string()))?,
            _ => hex_bytes(test, "public")?,
        };
        let point = if encoding == "ecpoint" {
            curve.point(&public).map_err(|error| error.to_string())
        } else {
            match PublicKey::from_spki(&public) {
                Ok(PublicKey::EllipticCurve(point)) => Ok(point),
                Ok(_) => Err("a key of another kind".to_owned()),
                // A curve written out must equal one of the table.
                Err(KeyError::Unsupported) => Err("a curve that is in no table".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        };
        let point = match point {
            Ok(point) => point,
            Err(why) => return Ok(Tested::Bad(why)),
        };
        let private = fixed_width(&hex_bytes_odd(test, "private")?, curve.field_length());
        let Some(scalar) = private.and_then(|bytes| Scalar::from_bytes(curve, &bytes)) else {
            return Ok(Tested::Bad("a private key out of range".to_owned()));
        };
        Ok(match scalar.agree(&point) {
            Err(error) => Tested::Bad(error.to_string()),
            Ok(shared) if *shared == hex_bytes(test, "shared")? => Tested::Good,
            Ok(_) => Tested::Wrong("another shared secret".to_owned()),
        })
    }))
}

/// Wycheproof names curves as SEC 2 and RFC 5639 do.
fn curve(name: &str) -> Option<Curve> {
    let oid = match name {
        "secp192r1" => "1.2.840.10045.3.1.1",
        "secp224r1" => "1.3.132.0.33",
        "secp256r1" => "1.2.840.10045.3.1.7",
        "secp384r1" => "1.3.132.0.34",
        "secp521r1" => "1.3.132.0.35",
        "brainpoolP192r1" => "1.3.36.3.3.2.8.1.1.3",
        "brainpoolP224r1" => "1.3.36.3.3.2.8.1.1.5",
        "brainpoolP256r1" => "1.3.36.3.3.2.8.1.1.7",
        "brainpoolP320r1" => "1.3.36.3.3.2.8.1.1.9",
        "brainpoolP384r1" => "1.3.36.3.3.2.8.1.1.11",
        "brainpoolP512r1" => "1.3.36.3.3.2.8.1.1.13",
        _ => return None,
    };
    Curve::from_oid(ObjectIdentifier::new(oid).ok()?)
}

/// Big-endian integers come with a sign octet, or short.
fn fixed_width(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let number = asn1::unsigned(number);
    let mut bytes = vec![0; width.checked_sub(number.len())?];
    bytes.extend_from_slice(number);
    Some(bytes)
}

/// Hex of an integer may have an odd number of digits.
fn hex_bytes_odd(value: &Value, name: &str) -> Result<Vec<u8>, Problem> {
    let digits = text(value, name)?;
    let padded = if digits.len() % 2 == 0 { digits.to_owned() } else { format!("0{digits}") };
    hex::decode(padded).map_err(|_| Problem::new(format!("'{name}' is not hex")))
}
