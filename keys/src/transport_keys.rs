//! The transport keys of a blank: one master, diversified per chip serial.
//!
//! A key = AES-CMAC(master, label ‖ type ‖ serial), NIST SP 800-38B, the first (and only) block of output. The label
//! separates the keys of the supply chain (`CCCD-blank`, key version 01) from those that replace them when the card
//! is locked (`CCCD-locked`, key version 02). `GlobalPlatform` Card Specification Amendment D names the three keys.

use aes::Aes256;
use cmac::{Cmac, KeyInit, Mac};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A chip's serial number: ten octets, as INITIALIZE UPDATE announces them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChipSerial(pub [u8; 10]);

impl std::fmt::Display for ChipSerial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::str::FromStr for ChipSerial {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut serial = [0; 10];
        hex::decode_to_slice(text, &mut serial).map_err(|_| "a chip serial is 20 hexadecimal digits")?;
        Ok(Self(serial))
    }
}

/// Which generation of keys is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportKeyLabel {
    /// Set by the chip's maker; open the blank (key version 01).
    Blank,
    /// Set by the station before locking; afterwards nothing is accepted under them (key version 02).
    Locked,
}

impl TransportKeyLabel {
    /// The key version number under which the chip knows these keys.
    #[must_use]
    pub const fn key_version(self) -> u8 {
        match self {
            Self::Blank => 0x01,
            Self::Locked => 0x02,
        }
    }

    const fn octets(self) -> &'static [u8] {
        match self {
            Self::Blank => b"CCCD-blank",
            Self::Locked => b"CCCD-locked",
        }
    }
}

/// Key version of the publicly known `GlobalPlatform` test keys: for the laboratory only.
pub const TEST_KEY_VERSION: u8 = 0xff;

/// The AES-256 key from which every blank's keys are derived.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TransportMaster([u8; 32]);

/// The three static AES-128 keys of SCP03 for one chip.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TransportKeys {
    encryption: [u8; 16],
    mac: [u8; 16],
    data_encryption: [u8; 16],
}

impl TransportMaster {
    /// A master from its octets.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh master.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The keys of one chip.
    #[must_use]
    pub fn derive(&self, label: TransportKeyLabel, serial: &ChipSerial) -> TransportKeys {
        let derived = TransportKeys::derive_by(label, serial, |message| {
            let mut mac = <Cmac<Aes256> as KeyInit>::new(&self.0.into());
            mac.update(message);
            Ok::<_, std::convert::Infallible>(mac.finalize().into_bytes().into())
        });
        match derived {
            Ok(keys) => keys,
            Err(never) => match never {},
        }
    }
}

impl TransportKeys {
    /// The keys of one chip, by whatever computes CMACs under the master: label ‖ type ‖ serial.
    ///
    /// # Errors
    /// The computation's.
    pub fn derive_by<E>(
        label: TransportKeyLabel,
        serial: &ChipSerial,
        mut cmac: impl FnMut(&[u8]) -> Result<[u8; 16], E>,
    ) -> Result<Self, E> {
        // Filled in place: what was derived before a failure is zeroized with the rest.
        let mut keys = Self { encryption: [0; 16], mac: [0; 16], data_encryption: [0; 16] };
        for (kind, key) in (1u8..).zip([&mut keys.encryption, &mut keys.mac, &mut keys.data_encryption]) {
            *key = cmac(&[label.octets(), &[kind], &serial.0].concat())?;
        }
        Ok(keys)
    }

    /// The publicly known test keys 40…4F of `GlobalPlatform` (key version FF).
    #[must_use]
    pub const fn test() -> Self {
        const KEY: [u8; 16] = *b"\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f";
        Self { encryption: KEY, mac: KEY, data_encryption: KEY }
    }

    /// Static Key-ENC.
    #[must_use]
    pub const fn encryption(&self) -> &[u8; 16] {
        &self.encryption
    }

    /// Static Key-MAC.
    #[must_use]
    pub const fn mac(&self) -> &[u8; 16] {
        &self.mac
    }

    /// Key-DEK.
    #[must_use]
    pub const fn data_encryption(&self) -> &[u8; 16] {
        &self.data_encryption
    }
}

impl std::fmt::Debug for TransportMaster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransportMaster(redacted)")
    }
}

impl std::fmt::Debug for TransportKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransportKeys(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_is_a_cmac_under_label_type_and_serial() {
        let master = TransportMaster::from_bytes([0x11; 32]);
        let serial: ChipSerial = "00112233445566778899".parse().unwrap();
        let blank = master.derive(TransportKeyLabel::Blank, &serial);
        // Computed with: openssl mac -cipher AES-256-CBC -macopt hexkey:11…11 CMAC
        assert_eq!(hex::encode(blank.encryption()), ENC);
        assert_eq!(hex::encode(blank.mac()), MAC);
        assert_eq!(hex::encode(blank.data_encryption()), DEK);
        let locked = master.derive(TransportKeyLabel::Locked, &serial);
        assert_eq!(hex::encode(locked.encryption()), LOCKED_ENC);
        assert!(!format!("{blank:?}").contains(ENC));
    }

    const ENC: &str = "fc386fbab3b9f3e7b789bb2e76217838";
    const MAC: &str = "28cb6123a0d81503f65bc3e10f1c6af3";
    const DEK: &str = "42caed69e5753099071cdddcb213d4ae";
    const LOCKED_ENC: &str = "0c761ee387d97b302aad74e85dd3464b";
}
