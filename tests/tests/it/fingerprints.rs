//! Fingerprints behind Terminal Authentication, through the whole house: the authority certifies, the issuer gives its
//! key to the chip, a reading station shows its certificates, and what comes is compared with EF.SOD.

use std::path::Path;
use std::sync::Arc;

use cccd_cvc::{Certificate, InspectionRights, TerminalCredentials};
use cccd_keys::store::{KeyStore, MAX_TERMINAL_DAYS, MAX_VERIFIER_DAYS, TERMINAL_KEY_FILE, VerifyingRequest};
use cccd_tests::demo::people;
use cccd_tests::story_support::{StoryCard, dice};
use cccd_verifier::evidence::TerminalAuthenticationOutcome as Outcome;
use cccd_verifier::{Decision, Evidence, InspectionOptions, Judgement};
use jiff::{SignedDuration, Timestamp};

use crate::without_fresh_crl_nothing_is_accepted::keys_aside;
use crate::world;

const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };
const FINGERPRINTS: InspectionRights = InspectionRights { fingerprints: true, irises: false };
const IRISES: InspectionRights = InspectionRights { fingerprints: false, irises: true };

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// A reading station of this authority, as `keys cvca export` hands it over.
fn station(
    store: &KeyStore,
    holder: &str,
    rights: InspectionRights,
    at: Timestamp,
) -> Arc<TerminalCredentials> {
    let request = VerifyingRequest { holder, rights, days: MAX_TERMINAL_DAYS };
    store.create_terminal(at, &request, None, &mut dice(31)).unwrap();
    let folder = store.dir().join("stations").join(holder);
    store.export_terminal(at, holder, &folder).unwrap();
    read_station(&folder)
}

fn read_station(folder: &Path) -> Arc<TerminalCredentials> {
    let mut certificates = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cvcert") {
            certificates.push(Certificate::parse(&std::fs::read(path).unwrap()).unwrap());
        }
    }
    let key = std::fs::read(folder.join(TERMINAL_KEY_FILE)).unwrap();
    Arc::new(TerminalCredentials::new(certificates, &key).unwrap())
}

fn read(card: &StoryCard, station: &Arc<TerminalCredentials>) -> Evidence {
    let options = InspectionOptions::new(world().now).terminal(Some(Arc::clone(station)));
    world().read_with(card.chip().unwrap(), card.can(), &options).unwrap()
}

fn judge(card: &StoryCard, evidence: &Evidence) -> Judgement {
    world().judge(evidence, &card.presented(), &world().ask(evidence).unwrap())
}

fn outcome(evidence: &Evidence) -> Outcome {
    evidence.terminal_authentication.as_ref().unwrap().outcome
}

#[test]
fn from_the_authority_to_the_reading_station() {
    let world = world();
    let (issued, now) = (world.issued_at, world.now);
    let store = keys_aside("keys-with-cvca");
    let mut rng = dice(30);
    let request = |holder, rights, days| VerifyingRequest { holder, rights, days };
    let cvca = request("CVCA", BOTH, 400);
    store.create_cvca(issued.checked_sub(days(90)).unwrap(), &cvca, &mut rng).unwrap();
    let earlier = issued.checked_sub(days(60)).unwrap();
    let verifier = request("DVHCM", BOTH, MAX_VERIFIER_DAYS);
    store.create_document_verifier(earlier, &verifier, false, &mut rng).unwrap();
    let last_month = station(&store, "ISOLD", FINGERPRINTS, earlier);

    let folder = world.folder.join("fingerprints");
    std::fs::create_dir(&folder).unwrap();
    let person = world.without_card(27).unwrap();
    let applicant = people::apply(person, 41, "story", "2024", 1, &folder).unwrap();
    let card = world.issue(applicant, &store, issued).unwrap();

    // The right to fingerprints: they are compared, and only their digest is in the evidence.
    store.create_document_verifier(now, &verifier, false, &mut rng).unwrap();
    let with_right = station(&store, "ISHCM01", FINGERPRINTS, now);
    let evidence = read(&card, &with_right);
    assert_eq!(outcome(&evidence), Outcome::Authenticated);
    assert!(evidence.files.withheld.contains_key(&3) && !evidence.files.data_groups.contains_key(&3));
    assert_eq!(judge(&card, &evidence).verdict.decision, Decision::Accepted);

    // Another right, an expired certificate, another country: no fingerprints, and nothing against the card.
    let irises = station(&store, "ISHCM02", IRISES, now);
    let stranger = {
        let store = foreign_with_cvca(now);
        station(&store, "ISXX", FINGERPRINTS, now)
    };
    for (station, expected) in [
        (&irises, Outcome::Authenticated),
        (&last_month, Outcome::CertificateRefused),
        (&stranger, Outcome::AuthorityUnknown),
    ] {
        let evidence = read(&card, station);
        assert_eq!(outcome(&evidence), expected);
        assert!(evidence.files.withheld.is_empty());
        assert_eq!(judge(&card, &evidence).verdict.decision, Decision::Accepted);
    }

    // The authority takes its next key; a station under it reads this card by the link certificate.
    store.link_cvca(now, 400, &mut rng).unwrap();
    store.create_document_verifier(now, &verifier, false, &mut rng).unwrap();
    let under_the_next = station(&store, "ISHCM03", FINGERPRINTS, now);
    let evidence = read(&card, &under_the_next);
    assert_eq!(outcome(&evidence), Outcome::Authenticated);
    assert!(evidence.files.withheld.contains_key(&3));
    // The card knows both keys now, and a station under the one before still reads it.
    let evidence = read(&card, &with_right);
    assert_eq!(outcome(&evidence), Outcome::Authenticated);
    assert!(evidence.files.withheld.contains_key(&3));

    // A card of an issuer without CVCA lets nobody in, and is as good as before.
    let other = &world.cards[0];
    let evidence = read(other, &with_right);
    assert_eq!(outcome(&evidence), Outcome::NotOffered);
    assert_eq!(judge(other, &evidence).verdict.decision, Decision::Accepted);
}

/// The neighbour's key store with a CVCA and a document verifier of its own.
fn foreign_with_cvca(at: Timestamp) -> KeyStore {
    let store = crate::without_fresh_crl_nothing_is_accepted::copy_of(&world().foreign_keys, "foreign-cvca");
    let request = |holder, days| VerifyingRequest { holder, rights: BOTH, days };
    store.create_cvca(at, &request("CVCA", 400), &mut dice(32)).unwrap();
    store.create_document_verifier(at, &request("DV", 90), false, &mut dice(33)).unwrap();
    store
}
