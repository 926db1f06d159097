//! Where people live: Luật Cư trú 2020. Households follow, as items 22 and 23 say.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::{Done, Work};
use crate::civil_status::act::{Kind, Mover, Stay};
use crate::civil_status::message::Topic;
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::name::agree;
use crate::person::{HEAD, HouseholdMember, Life, MAX_LIST, Residence, TemporaryAbsence, years};

impl Work<'_> {
    /// They move together; whom something later has overtaken is left out, and the act is late then. A late move to a host who is at home
    /// elsewhere by now changes nothing.
    pub(super) fn permanent(
        &mut self,
        movers: &[Mover],
        joins: Option<&PersonalNumber>,
        place: Option<&Residence>,
        on: Date,
    ) -> Done {
        let heads = movers.iter().filter(|mover| agree(&mover.relation, HEAD)).count();
        let wanted = usize::from(joins.is_none());
        if movers.is_empty() || movers.len() > MAX_LIST || heads != wanted {
            return Err(Refusal::NoHousehold.into());
        }
        // Who has moved since lives there, and who has died lives nowhere now; the others moved all the same.
        let mut came = Vec::with_capacity(movers.len());
        for mover in movers {
            let dead = matches!(self.seen(&mover.person)?.life, Life::Dead(_));
            if !dead && !self.overtaken_of(&mover.person, &[Kind::Permanent, Kind::Removed]) {
                came.push(mover.clone());
            }
        }
        self.changes.late = came.len() < movers.len();
        let movers = came.as_slice();
        if movers.is_empty() {
            return Ok(());
        }
        let home = match joins {
            Some(host) => {
                let host = self.seen(host)?;
                // A house is joined through somebody who is at home there.
                if !matches!(host.life, Life::Alive) || host.relation_to_head.is_none() {
                    // A move of long ago went to where the host was then.
                    return if self.changes.late { Ok(()) } else { Err(Contradiction::NotAtHome.into()) };
                }
                host.residences.permanent.clone()
            }
            None => None,
        };
        let place = match (place, home) {
            (None, None) => return Err(Refusal::NoPlace.into()),
            (Some(place), Some(home)) if place.address != home.address => {
                return if self.changes.late { Ok(()) } else { Err(Contradiction::NotAtHome.into()) };
            }
            (Some(place), _) => place.clone(),
            (None, Some(home)) => home,
        };
        if place.country().is_some() {
            return Err(Refusal::PlaceAbroad.into());
        }
        let moves = |number: &PersonalNumber| movers.iter().any(|mover| mover.person == *number);
        let mut members = Vec::with_capacity(movers.len());
        for mover in movers {
            let record = self.seen(&mover.person)?;
            let was_head = record.relation_to_head.as_ref().is_some_and(|relation| agree(relation, HEAD));
            let mut others = record.household.iter().filter_map(|member| member.number.as_ref());
            if was_head && others.any(|other| !moves(other)) {
                self.tell(Topic::HouseholdHead, &mover.person, None);
            }
            let record = self.seen(&mover.person)?;
            if agree(&mover.relation, HEAD) && years(record.birth_date.earliest(), on) < 18 {
                self.contradicts(Contradiction::HeadTooYoung)?;
            }
            let record = self.record(&mover.person)?;
            record.residences.permanent = Some(Residence { since: Some(on), ..place.clone() });
            record.temporary_absence = None;
            // Who comes home is no longer there.
            record.residences.current.take_if(|current| current.country().is_some());
            members.push(HouseholdMember {
                name: record.full_name.clone(),
                number: Some(mover.person.clone()),
                relation: mover.relation.clone(),
            });
        }
        for mover in movers {
            self.touched.leave_household(&mover.person);
        }
        self.touched.gather(&members, joins);
        // The head was to come, and lives elsewhere or nowhere by now.
        if let Some(first) = members.first().filter(|_| joins.is_none())
            && !members.iter().any(|member| agree(&member.relation, HEAD))
            && let Some(first) = &first.number
        {
            self.tell(Topic::HouseholdHead, first, None);
        }
        for mover in movers {
            let record = self.seen(&mover.person)?;
            if record.birth_date.earliest() > on {
                return Err(Refusal::BeforeItHappened.into());
            }
        }
        Ok(())
    }

    pub(super) fn temporary(
        &mut self,
        person: &PersonalNumber,
        stay: Stay,
        place: Option<&Residence>,
        on: Date,
    ) -> Done {
        if matches!(stay, Stay::Temporary) && place.is_some_and(|place| place.country().is_some()) {
            return Err(Refusal::PlaceAbroad.into());
        }
        if self.any_dead(core::iter::once(person))? {
            self.changes.late = true;
            return Ok(());
        }
        let place = place.map(|place| Residence { since: Some(on), ..place.clone() });
        self.item(person, |record| {
            let of_record = match stay {
                Stay::Temporary => &mut record.residences.temporary,
                Stay::Current => &mut record.residences.current,
            };
            *of_record = place;
        })
    }

    fn any_dead<'p>(
        &mut self,
        mut persons: impl Iterator<Item = &'p PersonalNumber>,
    ) -> Result<bool, Refusal> {
        persons.try_fold(false, |any, person| Ok(any || matches!(self.seen(person)?.life, Life::Dead(_))))
    }

    pub(super) fn absence(&mut self, person: &PersonalNumber, from: Date, until: Option<Date>) -> Done {
        if self.any_dead(core::iter::once(person))? {
            self.changes.late = true;
            return Ok(());
        }
        self.item(person, |record| record.temporary_absence = Some(TemporaryAbsence { from, until }))
    }

    pub(super) fn removed(&mut self, person: &PersonalNumber) -> Done {
        if self.overtaken(&[Kind::Permanent, Kind::Removed]) {
            self.changes.late = true;
            return Ok(());
        }
        if self.record(person)?.residences.permanent.take().is_none() {
            return Err(Refusal::Nothing.into());
        }
        if self.touched.leave_household(person) {
            self.tell(Topic::HouseholdHead, person, None);
        }
        Ok(())
    }
}
