//! Bodies for card-verifiable certificates, and for the chip that imports them.

use std::sync::OnceLock;

use cccd_card_profile::apdu::Command;
use cccd_card_profile::lds::cvca;
use cccd_card_profile::protocol::terminal_authentication::{ChipIdentifier, TerminalAuthenticationChip};
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_cvc::{
    AuthenticatedRequest, Certificate, CertificateContent, Chat, Curve, Hash, InspectionRights, PrivateKey,
    Request, Role, SignatureAlgorithm,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::Body;
use crate::conversations::{join, messages};

/// All bodies of this room.
pub const BODIES: &[Body] = &[
    Body { name: "cv-certificate", seeds: || vec![seeds().certificate.to_bytes()], run: certificate },
    Body { name: "cv-request", seeds: || vec![seeds().request.clone()], run: request },
    Body {
        name: "trust-point",
        seeds: || vec![seeds().point.to_bytes()],
        run: |bytes| drop(TrustPoint::from_bytes(bytes)),
    },
    Body {
        name: "ef-cvca",
        seeds: || vec![cvca::to_bytes(&[seeds().point.holder.clone()])],
        run: |bytes| drop(cvca::parse(bytes)),
    },
    Body { name: "terminal-authentication", seeds: commands, run: authenticate },
];

fn certificate(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::parse(bytes) {
        assert_eq!(certificate.to_bytes(), bytes);
        if let Ok(key) = certificate.content().public_key.resolve(None) {
            let _ = certificate.verify_signature(&key);
        }
    }
}

fn request(bytes: &[u8]) {
    let _ = Request::parse(bytes).map(|request| request.verify());
    drop(AuthenticatedRequest::parse(bytes));
}

/// Any commands to a chip: nobody without the key is authenticated.
fn authenticate(bytes: &[u8]) {
    let Some(mut trust) = ChipTrust::new(vec![seeds().point.clone()], seeds().point.effective) else {
        return;
    };
    let mut chip = TerminalAuthenticationChip::new();
    let identifier = ChipIdentifier::pace(&[1; 32]);
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    for message in messages(bytes) {
        let Ok(command) = Command::parse(message) else { continue };
        match (command.ins(), command.p1_p2()) {
            (0x22, 0x81B6) => drop(chip.set_dst(&command, &trust)),
            (0x22, _) => drop(chip.set_at(&command)),
            (0x2A, _) => drop(chip.verify_certificate(&command, &mut trust)),
            (0x84, _) => drop(chip.get_challenge(&mut rng)),
            _ => {
                let outcome = chip.external_authenticate(&command, &identifier, Some(&[2; 32]));
                assert!(!matches!(outcome, Ok(Some(_))), "a terminal without a key");
            }
        }
    }
}

fn commands() -> Vec<Vec<u8>> {
    let name = [b"\x00\x22\x81\xB6\x0D\x83\x0B", seeds().point.holder.as_bytes()].concat();
    let data = seeds().certificate.to_command_data();
    let parts: Vec<Vec<u8>> = data
        .chunks(120)
        .enumerate()
        .map(|(index, part)| {
            let last = (index + 1) * 120 >= data.len();
            let length = u8::try_from(part.len()).unwrap_or(0);
            [&[if last { 0x00 } else { 0x10 }, 0x2A, 0x00, 0xBE, length], part].concat()
        })
        .collect();
    let mut played: Vec<&[u8]> = vec![&name];
    played.extend(parts.iter().map(Vec::as_slice));
    played.extend([&b"\x00\x22\x81\xA4\x0E\x83\x0CVNDVHCM00001"[..], b"\x00\x84\x00\x00\x08"]);
    vec![join(&played)]
}

struct Seeds {
    point: TrustPoint,
    certificate: Certificate,
    request: Vec<u8>,
}

fn seeds() -> &'static Seeds {
    static SEEDS: OnceLock<Seeds> = OnceLock::new();
    SEEDS.get_or_init(|| build().unwrap_or_else(|error| panic!("the seeds cannot be made: {error}")))
}

fn build() -> Result<Seeds, Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(3110);
    let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
    let key = PrivateKey::generate(Curve::BrainpoolP256r1, algorithm, &mut rng)?;
    let rights = InspectionRights { fingerprints: true, irises: true };
    let content = |holder: &str, role| -> Result<CertificateContent, Box<dyn std::error::Error>> {
        Ok(CertificateContent {
            authority: "VNCVCA00001".parse()?,
            public_key: key.public_key(role == Role::Cvca)?,
            holder: holder.parse()?,
            chat: Chat::inspection(role, rights),
            effective: "2026-01-01".parse()?,
            expiration: "2028-12-31".parse()?,
            extensions: None,
        })
    };
    let cvca = content("VNCVCA00001", Role::Cvca)?.sign(&key, &mut rng)?;
    Ok(Seeds {
        point: TrustPoint::from_certificate(&cvca)?,
        certificate: content("VNDVHCM00001", Role::DomesticVerifier)?.sign(&key, &mut rng)?,
        request: Request::make(&key, &"VNDVHCM00001".parse()?, None, &mut rng)?.as_bytes().to_vec(),
    })
}
