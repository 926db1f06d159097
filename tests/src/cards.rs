//! Cards to read in benchmarks and fault campaigns: one as issued, one that knows BAC only, and the reference set that
//! readers are compared by.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::dg2::{self, FaceImage};
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, dg1, dg14};
use cccd_card_profile::mrz::{Mrz, check_digit};
use cccd_issuer::application::Application;
use cccd_virtual_chip::lab::{Bench, File};
use cccd_virtual_chip::{Chip, ChipState, LengthSupport, Profile};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};

use crate::country::Country;

/// The lengths of the reference set: DG1 of a passport, a portrait, EF.SOD (`docs/standards.md`, reading speed).
pub const REFERENCE_LENGTHS: [(File, usize); 3] = [
    (File::DataGroup(DataGroupNumber::DG1), 93),
    (File::DataGroup(DataGroupNumber::DG2), 18_000),
    (File::Sod, 1_800),
];

/// A card and what opens it.
#[derive(Debug)]
pub struct Specimen {
    /// Its state on disk.
    pub state: PathBuf,
    /// The card access number.
    pub can: String,
    /// The machine readable zone.
    pub zone: Mrz,
}

impl Specimen {
    /// Its chip, with power, in the memory of this process.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn chip(&self, lengths: LengthSupport) -> Result<Chip> {
        let state = cccd_virtual_chip::StateFile::peek(&self.state)?;
        Ok(Chip::in_memory(state, Box::new(ChaCha20Rng::seed_from_u64(5))).with_lengths(lengths))
    }
}

/// A card as the station issues it: PACE, BAC, both proofs.
///
/// # Errors
/// If it is not issued.
pub fn issued(
    country: &mut Country,
    application: &Application,
    folder: &Path,
    rng: &mut dyn CryptoRng,
) -> Result<Specimen> {
    let state = folder.join("issued.chip");
    let blank = ChipState::blank([0x0D; 10], Profile::P256);
    let mut chip = Chip::create(&state, blank, Box::new(ChaCha20Rng::seed_from_u64(4)))?;
    let card = country.issue(&mut chip, application, rng)?;
    Ok(Specimen { state, can: card.card.holder.number.can().to_owned(), zone: card.mrz })
}

/// The same card as older ones are: no PACE, in EF.CardAccess or under the signature.
///
/// # Errors
/// If its files cannot be made.
pub fn without_pace(country: &Country, issued: &Specimen, folder: &Path) -> Result<Specimen> {
    let state = folder.join("without-pace.chip");
    std::fs::copy(&issued.state, &state)?;
    let mut bench = Bench::open(&state)?;
    bench.remove(File::CardAccess)?;
    let number = File::DataGroup(DataGroupNumber::DG14);
    let mut infos = dg14::parse(bench.read(number).context("no DG14")?)?;
    infos.infos.retain(|info| !matches!(info, SecurityInfo::Pace(_)));
    bench.replace(number, dg14::to_bytes(&infos))?;
    let sod = country.sign(object(&bench)?.as_der())?;
    bench.replace(File::Sod, sod)?;
    bench.save()?;
    Ok(Specimen { state, can: issued.can.clone(), zone: issued.zone.clone() })
}

/// The reference set: DG1 93 bytes, DG2 18,000 bytes, EF.SOD 1,800 bytes, opened by BAC with 3DES. EF.ATR/INFO announces extended
/// length or does not.
///
/// # Errors
/// If its files cannot be brought to these lengths.
pub fn reference(country: &Country, issued: &Specimen, extended: bool, folder: &Path) -> Result<Specimen> {
    let state = folder.join(if extended { "reference-extended.chip" } else { "reference-short.chip" });
    std::fs::copy(&issued.state, &state)?;
    let mut bench = Bench::open(&state)?;
    for number in [DataGroupNumber::DG3, DataGroupNumber::DG13, DataGroupNumber::DG14, DataGroupNumber::DG15]
    {
        bench.remove(File::DataGroup(number))?;
    }
    bench.remove(File::CardAccess)?;
    if !extended {
        bench.replace(File::AtrInfo, AtrInfo::default().to_bytes())?;
    }
    let zone = passport_zone(&issued.zone)?;
    bench.replace(File::DataGroup(DataGroupNumber::DG1), dg1::to_bytes(&zone))?;
    bench.replace(File::DataGroup(DataGroupNumber::DG2), portrait_file(18_000)?)?;
    let sod = sod_of_length(country, &object(&bench)?, 1_800)?;
    bench.replace(File::Sod, sod)?;
    for (file, length) in REFERENCE_LENGTHS {
        let found = bench.read(file).map_or(0, <[u8]>::len);
        ensure!(found == length, "{} has {found} bytes, not {length}", file.name());
    }
    bench.save()?;
    Ok(Specimen { state, can: issued.can.clone(), zone })
}

/// The LDS security object over the data groups that are there.
fn object(bench: &Bench) -> Result<LdsSecurityObject> {
    let groups = (1..=16)
        .filter_map(|number| DataGroupNumber::new(number).ok())
        .filter_map(|number| Some((number, bench.read(File::DataGroup(number))?.to_vec())))
        .collect();
    LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).context("SHA-256 is not known")
}

/// A passport's zone (TD3) with the document number and the dates of another zone, so that the same keys open it.
fn passport_zone(zone: &Mrz) -> Result<Mrz> {
    let digit = |text: &str| check_digit(text).context("no check digit");
    let number = format!("{:<<9}", zone.document_number());
    let (birth, expiry) = (zone.birth_date_field(), zone.expiry_field());
    let optional = "<".repeat(14);
    let fields = [
        format!("{number}{}", digit(&number)?),
        format!("{birth}{}", digit(birth)?),
        format!("{expiry}{}", digit(expiry)?),
        format!("{optional}{}", digit(&optional)?),
    ];
    let composite = digit(&fields.concat())?;
    let [number, birth, expiry, optional] = fields;
    let first = format!("{:<<44}", "P<UTOMAU<<NGUYEN<VAN");
    Ok(Mrz::parse(&format!("{first}{number}UTO{birth}M{expiry}{optional}{composite}"))?)
}

/// DG2 of exactly this length: the frame of a JPEG, filled up. No decoder ever sees it.
fn portrait_file(length: usize) -> Result<Vec<u8>> {
    let file = |filling: usize| -> Result<Vec<u8>> {
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xC0, 0x00, 0x11, 0x08, 0x02, 0x80, 0x01, 0xE0, 0x03];
        jpeg.extend([1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xFF, 0xDA, 0x00, 0x02]);
        jpeg.resize(jpeg.len() + filling, 0x5A);
        jpeg.extend([0xFF, 0xD9]);
        Ok(dg2::to_bytes(&FaceImage::from_file(jpeg)?)?)
    };
    let around = file(10_000)?.len() - 10_000;
    file(length.checked_sub(around).context("too short for a portrait")?)
}

/// EF.SOD of exactly this length: `ldsVersionInfo` is as long as it takes. An ECDSA signature varies by a few bytes and is the same
/// for the same content (RFC 6979), so that every attempt carries its number: else two lengths could answer each other for ever.
fn sod_of_length(country: &Country, object: &LdsSecurityObject, length: usize) -> Result<Vec<u8>> {
    let mut filling = 0;
    for attempt in 0..500 {
        let lds_version = format!("{attempt:04}");
        let object = object
            .clone()
            .with_version_info(&lds_version, &"0".repeat(filling))
            .context("no version info")?;
        let sod = country.sign(object.as_der())?;
        if sod.len() == length {
            return Ok(sod);
        }
        filling = (filling + length).saturating_sub(sod.len()).max(1);
    }
    anyhow::bail!("no EF.SOD of {length} bytes")
}
