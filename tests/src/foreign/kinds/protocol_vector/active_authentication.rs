//! Active Authentication with message recovery: Doc 9303-11 §6.1.2.1, appendix F. The standard prints no public key, so
//! that the example begins where the signature was opened.

use cccd_card_profile::protocol::active_authentication::{Challenge, check_representative};
use cccd_keys::algorithm::HashAlgorithm;

use super::Section;
use crate::foreign::outcome::Problem;

pub(super) fn example(section: Section<'_>) -> Result<usize, Problem> {
    section.ignore(&["mechanism", "note"]);
    let challenge = section.need("rnd_ifd")?;
    let challenge = Challenge::try_from(challenge.as_slice())
        .map_err(|_| section.problem("rnd_ifd", "is no challenge"))?;
    let representative = section.need("f")?;
    let hash = check_representative(&representative, &challenge);
    let hash = hash.map_err(|error| section.problem("f", error))?;
    let hash = HashAlgorithm::ALL
        .into_iter()
        .find(|known| known.name().replace('-', "") == format!("{hash:?}").to_uppercase());
    let hash = hash.ok_or_else(|| section.problem("f", "names a hash that is not known"))?;
    let message = section.need("m1")?;
    let digest = hash.digest(&[&message[..], &challenge].concat());
    section.check("h", &digest)?;
    let trailer = section.need("trailer")?;
    section.check("f", &[&[0x6a], &message[..], &digest, &trailer].concat())?;
    section.holds("trailer", representative.ends_with(&trailer))?;
    // Another challenge, and one changed bit anywhere, are refused: the check is one.
    let other = challenge.map(|octet| !octet);
    section.holds("rnd_ifd", check_representative(&representative, &other).is_err())?;
    let signature = section.need("signature")?;
    section.holds("signature", signature.len() == representative.len())?;
    section.finish()
}
