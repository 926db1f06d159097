//! Linked procedures: each step waits for the one before, is asked once, and is answered once.

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{CardStatus, NewCard, SodDigest};
use cccd_population::civil_status::linked::{Step, StepAnswer, StepState};
use cccd_population::civil_status::{Act, ActId, Book, Entry, Newborn, Party, Refusal, Topic};
use cccd_population::person::{Person, Residence};
use cccd_population::store::{ActOutcome, Answered, Change, SqlStore, Store as _, StoreError};
use jiff::civil::date;

use crate::{TODAY, change, empty, now, number, postgres};

fn on_both(test: impl Fn(SqlStore)) {
    test(empty());
    if let Some(place) = postgres::database() {
        test(SqlStore::create(&place, now()).unwrap());
    }
}

fn entry(act: Act) -> Entry {
    Entry {
        id: ActId { office: "00070".to_owned(), year: 2026, kind: act.kind(), serial: 1 },
        registered_on: date(2026, 11, 20),
        registered_by: "registrar".to_owned(),
        book: Book::Electronic,
        act,
    }
}

fn mother() -> Person {
    let mut mother = Person::new(number("001190000002"), "Lê Thị Chi", date(1990, 4, 5).into(), Sex::Female);
    mother.residences.permanent = Some(Residence::new("Số 1, phố Hàng Bài, Hà Nội"));
    mother.relation_to_head = Some("Chủ hộ".to_owned());
    mother
}

fn birth(born: jiff::civil::Date, at_home: bool) -> Entry {
    let child = Newborn {
        full_name: "Trần Văn Em".to_owned(),
        birth_date: born,
        sex: Sex::Male,
        place_of_birth: "Hà Nội".to_owned(),
        birth_registration_place: "Hà Nội".to_owned(),
        number_place: "001".to_owned(),
        place_of_origin: "Hà Nội".to_owned(),
        ethnic_group: "Kinh".to_owned(),
        nationality: "Việt Nam".to_owned(),
    };
    entry(Act::Birth {
        child: Box::new(child),
        father: None,
        mother: Some(Party::Known(mother().number)),
        resides_with: at_home.then(|| mother().number),
    })
}

fn done(reference: &str) -> StepAnswer {
    StepAnswer { done: true, reference: reference.to_owned(), reason: None, on: date(2026, 11, 21) }
}

fn topics(store: &SqlStore) -> Vec<Topic> {
    let topics = store.outbox(100).unwrap().into_iter().map(|waiting| waiting.message.topic);
    topics.filter(|topic| *topic != Topic::PersonChanged).collect()
}

/// Acts of one run have one time; what is told of one person leaves in the order in which it was taken, whatever their names.
#[test]
fn what_is_told_of_a_person_leaves_in_the_order_in_which_it_happened() {
    on_both(|mut store| {
        store.put_person(&mother(), &change()).unwrap();
        let person = mother().number;
        let named = |serial, name: &str, day| {
            let act = Act::NameChanged {
                person: person.clone(),
                full_name: name.to_owned(),
                on: date(2026, 11, day),
            };
            let entry = entry(act);
            Entry { id: ActId { serial, ..entry.id.clone() }, ..entry }
        };
        let first = named(9, "Lê Thị Hai", 2);
        let second = named(2, "Lê Thị Ba", 3);
        for act in [&first, &second] {
            store.record_act(act, None, "desk", &change(), TODAY).unwrap();
        }
        // An earlier clock puts nothing before what was told already.
        let third = named(1, "Lê Thị Tư", 4);
        let early = Change { at: change().at - jiff::SignedDuration::from_hours(1), ..change() };
        store.record_act(&third, None, "desk", &early, TODAY).unwrap();
        let waiting = store.outbox(100).unwrap();
        let mut reasons: Vec<String> = waiting.iter().map(|one| one.because.clone()).collect();
        reasons.dedup();
        assert_eq!(reasons, [first.id.to_string(), second.id.to_string(), third.id.to_string()]);
        assert!(waiting.windows(2).all(|two| two[0].recorded_at < two[1].recorded_at));
        assert_eq!(store.outbox(1).unwrap(), waiting[..1]);
        // Nobody hears of the new number before what was told of the old one.
        let corrected = Act::BirthDateCorrected {
            person: person.clone(),
            birth_date: date(1991, 4, 5).into(),
            on: date(2026, 11, 11),
        };
        let new = number("001191000044");
        store.record_act(&entry(corrected), Some(&new), "desk", &early, TODAY).unwrap();
        let waiting = store.outbox(100).unwrap();
        let answered = waiting.iter().position(|one| one.message.topic == Topic::NumberAnswered).unwrap();
        let before: Vec<_> = waiting[..answered].iter().map(|one| one.because.as_str()).collect();
        for act in [&first, &second, &third] {
            assert!(before.contains(&act.id.to_string().as_str()), "{before:?}");
        }
    });
}

/// A card is of somebody, whatever number it bears: after a new number it is still the one in use, and can be replaced.
#[test]
fn cards_follow_a_person_to_a_new_number() {
    on_both(|mut store| {
        store.put_person(&mother(), &change()).unwrap();
        let (old, new) = (mother().number, number("001191000044"));
        let card = |number: &PersonalNumber, sod: u8, issued, expires| NewCard {
            number: number.clone(),
            sod_sha256: SodDigest::from_bytes([sod; 32]),
            document_number: format!("0010000{sod:02}"),
            chip_serial: format!("{sod:02x}").repeat(10),
            issued,
            expires,
            replaces: None,
        };
        let last = Some(date(2040, 4, 5));
        let first = card(&old, 17, date(2022, 1, 1), last);
        store.record_card(&first, &change()).unwrap();
        let corrected = Act::BirthDateCorrected {
            person: old.clone(),
            birth_date: date(1991, 4, 5).into(),
            on: date(2026, 11, 11),
        };
        store.record_act(&entry(corrected), Some(&new), "desk", &change(), TODAY).unwrap();
        assert_eq!(store.cards_of(&new).unwrap().len(), 1);
        assert_eq!(
            store.card_in_use(&new, TODAY).unwrap().map(|card| card.sod_sha256),
            Some(first.sod_sha256)
        );
        let second = card(&new, 18, date(2026, 11, 20), last);
        assert!(matches!(store.record_card(&second, &change()), Err(StoreError::CardInUse)));
        // An older card takes no newer one's place.
        let replacing = NewCard { replaces: Some(first.sod_sha256), ..second.clone() };
        let older = NewCard { issued: date(2015, 1, 1), ..replacing.clone() };
        assert!(matches!(store.record_card(&older, &change()), Err(StoreError::CardForm("replaces"))));
        store.record_card(&replacing, &change()).unwrap();
        let status = |store: &SqlStore, sod: u8| {
            store.card(&SodDigest::from_bytes([sod; 32])).unwrap().unwrap().status_on(TODAY)
        };
        assert_eq!(status(&store, 17), (CardStatus::Replaced, date(2026, 11, 20)));
        // Cards of before come in as what they had become.
        store.record_card(&card(&new, 19, date(2010, 1, 1), Some(date(2020, 1, 1))), &change()).unwrap();
        assert_eq!(status(&store, 19), (CardStatus::Expired, date(2020, 1, 2)));
        store.record_card(&card(&new, 20, date(2021, 1, 1), last), &change()).unwrap();
        assert_eq!(status(&store, 20), (CardStatus::Replaced, date(2022, 1, 1)));
        assert_eq!(status(&store, 18).0, CardStatus::Active);
        let held = |store: &mut SqlStore, since| {
            store.set_card_status(&second.sod_sha256, CardStatus::Held, since, "custody", &change())
        };
        for since in [date(1950, 1, 1), date(2099, 1, 1)] {
            assert!(matches!(held(&mut store, since), Err(StoreError::CardForm("since"))), "{since}");
        }
        held(&mut store, TODAY).unwrap();
        store.check_integrity().unwrap();
    });
}

#[test]
fn a_number_that_ended_is_told_from_one_that_nobody_had() {
    on_both(|mut store| {
        store.put_person(&mother(), &change()).unwrap();
        let (old, new) = (mother().number, number("001191000044"));
        let corrected = Act::BirthDateCorrected {
            person: old.clone(),
            birth_date: date(1991, 4, 5).into(),
            on: date(2026, 11, 11),
        };
        store.record_act(&entry(corrected), Some(&new), "desk", &change(), TODAY).unwrap();
        let refused = |store: &mut SqlStore, person| {
            let act = Act::NameChanged { person, full_name: "Lê Chi".to_owned(), on: date(2026, 11, 12) };
            store.record_act(&entry(act), None, "desk", &change(), TODAY).unwrap_err()
        };
        let ended = refused(&mut store, old);
        assert!(matches!(ended, StoreError::Refused(Refusal::NumberEnded)), "{ended}");
        let nobody = refused(&mut store, number("001191000055"));
        assert!(matches!(nobody, StoreError::Refused(Refusal::UnknownPerson)), "{nobody}");
    });
}

#[test]
fn a_birth_is_asked_of_residence_first_and_of_health_insurance_then() {
    on_both(|mut store| {
        store.put_person(&mother(), &change()).unwrap();
        let (birth, baby) = (birth(date(2026, 11, 1), true), number("001226000009"));
        let taken = store.record_act(&birth, Some(&baby), "desk", &change(), TODAY).unwrap();
        assert!(matches!(taken, ActOutcome::Applied(_)));
        assert_eq!(topics(&store), [Topic::Residence, Topic::NumberAnswered]);
        let states = |store: &SqlStore| -> Vec<_> {
            store.linked_steps_of(&baby).unwrap().into_iter().map(|step| (step.step, step.state)).collect()
        };
        assert_eq!(
            states(&store),
            [(Step::Residence, StepState::Asked), (Step::HealthInsurance, StepState::Waiting)]
        );
        // Asked on Saturday the 21st: seven working days end on Tuesday the 1st.
        assert_eq!(store.linked_steps_asked(10).unwrap()[0].due, Some(date(2026, 12, 1)));
        let answer = |store: &mut SqlStore, step, answer: &StepAnswer| {
            store.answer_step(&baby, (&birth.id, step), answer, &change(), date(2026, 12, 20))
        };
        assert!(matches!(
            answer(&mut store, Step::HealthInsurance, &done("BH-1")),
            Err(StoreError::StepNotAsked)
        ));
        assert!(matches!(
            answer(&mut store, Step::FuneralBenefit, &done("X-1")),
            Err(StoreError::UnknownStep)
        ));
        let silent = StepAnswer { done: false, ..done("CT-1") };
        assert!(matches!(answer(&mut store, Step::Residence, &silent), Err(StoreError::BadAnswer)));
        let refused =
            StepAnswer { reason: Some("thiếu giấy tờ".to_owned()), on: date(2026, 11, 24), ..silent };
        // Nobody answers what was not registered yet: the act is of the 20th.
        for on in [date(1999, 11, 25), date(2026, 11, 19)] {
            let early = answer(&mut store, Step::Residence, &StepAnswer { on, ..done("CT-0") });
            assert!(matches!(early, Err(StoreError::AnswerBeforeAct)));
        }
        assert_eq!(answer(&mut store, Step::Residence, &refused).unwrap(), Answered::Taken { late: false });
        assert_eq!(topics(&store), [Topic::Residence, Topic::NumberAnswered], "nothing follows a refusal");
        let before_the_refusal = StepAnswer { on: date(2026, 11, 23), ..done("CT-2") };
        assert!(matches!(
            answer(&mut store, Step::Residence, &before_the_refusal),
            Err(StoreError::AnswerBeforeAct)
        ));
        let late = StepAnswer { on: date(2026, 12, 15), ..done("CT-2") };
        assert_eq!(answer(&mut store, Step::Residence, &late).unwrap(), Answered::Taken { late: true });
        assert_eq!(answer(&mut store, Step::Residence, &late).unwrap(), Answered::Repeat);
        assert!(matches!(answer(&mut store, Step::Residence, &refused), Err(StoreError::OtherAnswer)));
        let asked: Vec<_> =
            topics(&store).into_iter().filter(|one| *one == Topic::HealthInsuranceOfChild).collect();
        assert_eq!(asked.len(), 1, "asked once");
        // Nor is a step done before the one that it needed.
        assert!(matches!(
            answer(&mut store, Step::HealthInsurance, &StepAnswer { on: date(2026, 12, 14), ..done("BH-1") }),
            Err(StoreError::AnswerBeforeAct)
        ));
        let insured = StepAnswer { on: date(2026, 12, 15), ..done("BH-1") };
        assert_eq!(
            answer(&mut store, Step::HealthInsurance, &insured).unwrap(),
            Answered::Taken { late: true }
        );
        assert_eq!(store.linked_steps_asked(10).unwrap(), []);
        for waiting in store.outbox(100).unwrap() {
            store.sent(&waiting, now()).unwrap();
        }
        assert_eq!(store.outbox(100).unwrap(), []);
        store.check_integrity().unwrap();
    });
}

/// The child has died meanwhile, or the death was none: what would come next has no ground any more, and is not asked for.
#[test]
fn what_has_no_ground_any_more_is_not_asked_for() {
    on_both(|mut store| {
        store.put_person(&mother(), &change()).unwrap();
        let (birth, baby) = (birth(date(2026, 11, 1), true), number("001226000009"));
        store.record_act(&birth, Some(&baby), "desk", &change(), TODAY).unwrap();
        let death = entry(Act::Death { person: baby.clone(), on: date(2026, 11, 10) });
        store.record_act(&death, None, "desk", &change(), TODAY).unwrap();
        let annulled = entry(Act::DeathAnnulled { person: baby.clone(), on: date(2026, 11, 12) });
        let states = |store: &SqlStore, act: &ActId| -> Vec<_> {
            let steps = store.linked_steps_of(&baby).unwrap();
            steps.into_iter().filter(|step| step.act == *act).map(|step| (step.step, step.state)).collect()
        };
        let day = date(2026, 12, 20);
        store.answer_step(&baby, (&birth.id, Step::Residence), &done("CT-1"), &change(), day).unwrap();
        assert_eq!(
            states(&store, &birth.id),
            [(Step::Residence, StepState::Done), (Step::HealthInsurance, StepState::Refused)]
        );
        assert!(!topics(&store).contains(&Topic::HealthInsuranceOfChild));
        store.record_act(&annulled, None, "desk", &change(), TODAY).unwrap();
        store.answer_step(&baby, (&death.id, Step::ResidenceRemoved), &done("XT-1"), &change(), day).unwrap();
        assert_eq!(
            states(&store, &death.id),
            [(Step::ResidenceRemoved, StepState::Done), (Step::FuneralBenefit, StepState::Refused)]
        );
        store.check_integrity().unwrap();
    });
}

#[test]
fn a_child_of_six_or_without_a_home_has_no_chain() {
    let mut store = empty();
    store.put_person(&mother(), &change()).unwrap();
    let baby = number("001226000009");
    store.record_act(&birth(date(2026, 11, 1), false), Some(&baby), "desk", &change(), TODAY).unwrap();
    assert_eq!(topics(&store), [Topic::NumberAnswered, Topic::HealthInsuranceOfChild]);
    assert_eq!(store.linked_steps_of(&baby).unwrap(), []);
    let mut store = empty();
    store.put_person(&mother(), &change()).unwrap();
    let child = number("001220000009");
    store.record_act(&birth(date(2020, 11, 20), true), Some(&child), "desk", &change(), TODAY).unwrap();
    let steps: Vec<_> = store.linked_steps_of(&child).unwrap().into_iter().map(|step| step.step).collect();
    assert_eq!(steps, [Step::Residence], "six years old on the day of registration");
}

#[test]
fn a_death_is_removed_from_residence_before_the_benefit_is_asked_for() {
    on_both(|mut store| {
        store.put_person(&mother(), &change()).unwrap();
        let death = entry(Act::Death { person: mother().number, on: date(2026, 11, 18) });
        store.record_act(&death, None, "desk", &change(), TODAY).unwrap();
        assert!(!topics(&store).contains(&Topic::FuneralBenefit));
        let step = (&death.id, Step::ResidenceRemoved);
        store.answer_step(&mother().number, step, &done("XT-1"), &change(), TODAY).unwrap();
        assert!(topics(&store).contains(&Topic::FuneralBenefit));
        store.check_integrity().unwrap();
    });
}
