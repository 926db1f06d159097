//! The elliptic curves of Doc 9303: all eleven by which a chip or a certificate may be keyed, each as a `RustCrypto`
//! curve type, with a closed table of their domain parameters.
//!
//! P-256, P-384, P-521, brainpoolP256r1 and brainpoolP384r1 are `RustCrypto`'s own crates. The six that have no stable
//! crate are defined here by the same macros ([`mod@p192`], [`mod@p224`], [`bp192`], [`bp224`], [`bp320`], [`bp512`]). All have
//! prime order, so that a finite point on the curve is in the group.
//!
//! [`Curve`] names them, [`Point`] and [`Scalar`] compute on whichever curve a card names, [`verify_ecdsa`] checks a
//! signature, [`PreparedKey`] checks many of one key faster, and [`on_curve`] hands the `RustCrypto` type to code that needs it.

mod brainpool;
mod curve;
mod define;
mod domain;
mod nist;
mod point;
mod prepared;
mod scalar;
mod signature;

pub use brainpool::{bp192, bp224, bp320, bp512};
pub use curve::Curve;
pub use domain::{Domain, ExplicitParameters};
pub use nist::{p192, p224};
pub use point::{InvalidPoint, Point};
pub use prepared::PreparedKey;
pub use scalar::Scalar;
pub use signature::{EcdsaError, Signature, verify_ecdsa};

#[doc(hidden)]
pub use {bp256, bp384, p256, p384, p521};

/// Runs an expression with a type name bound to the `RustCrypto` type of a [`Curve`] that is known only at run time.
///
/// ```
/// use cccd_curves::{Curve, on_curve};
/// use elliptic_curve::array::typenum::Unsigned;
/// let width = on_curve!(Curve::P521, C => elliptic_curve::FieldBytesSize::<C>::USIZE);
/// assert_eq!(width, 66);
/// ```
#[macro_export]
macro_rules! on_curve {
    ($curve:expr, $name:ident => $body:expr) => {
        match $curve {
            $crate::Curve::P192 => {
                type $name = $crate::p192::NistP192;
                $body
            }
            $crate::Curve::BrainpoolP192r1 => {
                type $name = $crate::bp192::BrainpoolP192r1;
                $body
            }
            $crate::Curve::P224 => {
                type $name = $crate::p224::NistP224;
                $body
            }
            $crate::Curve::BrainpoolP224r1 => {
                type $name = $crate::bp224::BrainpoolP224r1;
                $body
            }
            $crate::Curve::P256 => {
                type $name = $crate::p256::NistP256;
                $body
            }
            $crate::Curve::BrainpoolP256r1 => {
                type $name = $crate::bp256::BrainpoolP256r1;
                $body
            }
            $crate::Curve::BrainpoolP320r1 => {
                type $name = $crate::bp320::BrainpoolP320r1;
                $body
            }
            $crate::Curve::P384 => {
                type $name = $crate::p384::NistP384;
                $body
            }
            $crate::Curve::BrainpoolP384r1 => {
                type $name = $crate::bp384::BrainpoolP384r1;
                $body
            }
            $crate::Curve::BrainpoolP512r1 => {
                type $name = $crate::bp512::BrainpoolP512r1;
                $body
            }
            $crate::Curve::P521 => {
                type $name = $crate::p521::NistP521;
                $body
            }
        }
    };
}
