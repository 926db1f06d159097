//! Gives numbers out of leased blocks.

use std::collections::HashMap;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::{Block, Cancelled, Cause, Claim, Digits, NotThisCause, NumberStore, Prefix, RequestId};

/// How many indices are leased at once. A crash leaves at most so many of a prefix's million unused.
pub const DEFAULT_LEASE: u32 = 64;

/// Why no number was given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllocationError<E> {
    /// The store could not.
    #[error("the store of numbers could not answer")]
    Store(#[source] E),
    /// Every number of the prefix is given.
    #[error("all numbers with the digits {} are given", .0.as_str())]
    Exhausted(Prefix),
    /// The request was answered before for other facts.
    #[error("the request {} was answered before for other facts", .0.as_str())]
    OtherFacts(RequestId),
    /// The facts do not fit the cause.
    #[error(transparent)]
    Cause(#[from] NotThisCause),
    /// Nobody has the number that is to end.
    #[error("the number that is to end was never given")]
    Unknown,
}

/// Holds blocks and gives their numbers. One for each process: two processes have blocks of their own.
#[derive(Debug)]
pub struct Allocator {
    digits: Digits,
    lease: u32,
    held: HashMap<Prefix, Block>,
}

impl Allocator {
    /// An allocator that leases `lease` indices at a time.
    #[must_use]
    pub fn new(digits: Digits, lease: u32) -> Self {
        Self { digits, lease: lease.max(1), held: HashMap::new() }
    }

    /// A number for a birth registered under `prefix`: the same one whenever the same request asks. Numbers that older
    /// systems gave are passed over.
    ///
    /// # Errors
    /// [`AllocationError`].
    pub fn allocate<S: NumberStore>(
        &mut self,
        store: &mut S,
        prefix: Prefix,
        request: &RequestId,
    ) -> Result<PersonalNumber, AllocationError<S::Error>> {
        // Each turn takes an index away for good, so that the million ends.
        loop {
            let mut block = match self.held.get(&prefix) {
                Some(block) if block.left() > 0 => *block,
                _ => self.lease(store, prefix)?,
            };
            let number = block.take().and_then(|index| self.digits.number(prefix, index));
            let Some(number) = number else { return Err(AllocationError::Exhausted(prefix)) };
            match store.mark_used(&number, request).map_err(AllocationError::Store)? {
                Claim::Given => {
                    self.held.insert(prefix, block);
                    return Ok(number);
                }
                Claim::Taken => {
                    self.held.insert(prefix, block);
                }
                Claim::Answered(number) if Prefix::of(&number) == prefix => return Ok(number),
                Claim::Answered(_) => return Err(AllocationError::OtherFacts(request.clone())),
            }
        }
    }

    /// Numbers for many births of one prefix, in the order of the requests: as [`allocate`](Self::allocate) for each, and
    /// cheaper for a store that gives many at once.
    ///
    /// # Errors
    /// [`AllocationError`]; what was given until then is answered when the requests come again.
    pub fn allocate_many<S: NumberStore>(
        &mut self,
        store: &mut S,
        prefix: Prefix,
        requests: &[RequestId],
    ) -> Result<Vec<PersonalNumber>, AllocationError<S::Error>> {
        let mut numbers: Vec<Option<PersonalNumber>> = vec![None; requests.len()];
        // Each turn takes indices away for good, so that the million ends.
        loop {
            let mut places = Vec::new();
            let mut wanted = Vec::new();
            for (place, request) in
                requests.iter().enumerate().filter(|(place, _)| matches!(numbers.get(*place), Some(None)))
            {
                let mut block = match self.held.get(&prefix) {
                    Some(block) if block.left() > 0 => *block,
                    _ => self.lease(store, prefix)?,
                };
                let number = block.take().and_then(|index| self.digits.number(prefix, index));
                // Whatever becomes of the batch, the index is used up.
                self.held.insert(prefix, block);
                wanted.push((number.ok_or(AllocationError::Exhausted(prefix))?, request.clone()));
                places.push(place);
            }
            if wanted.is_empty() {
                return Ok(numbers.into_iter().flatten().collect());
            }
            let claims = store.mark_many(&wanted).map_err(AllocationError::Store)?;
            for ((claim, (number, request)), place) in claims.into_iter().zip(wanted).zip(places) {
                let answer = match claim {
                    Claim::Taken => continue,
                    Claim::Given => number,
                    Claim::Answered(number) if Prefix::of(&number) == prefix => number,
                    Claim::Answered(_) => return Err(AllocationError::OtherFacts(request)),
                };
                if let Some(number) = numbers.get_mut(place) {
                    *number = Some(answer);
                }
            }
        }
    }

    /// Gives a new number for new facts and cancels the old one, linked to it. Repeating it changes nothing; a crash
    /// between the two is repaired by repeating it.
    ///
    /// # Errors
    /// [`AllocationError`].
    pub fn replace<S: NumberStore>(
        &mut self,
        store: &mut S,
        old: &PersonalNumber,
        (prefix, cause): (Prefix, Cause),
        on: Date,
        request: &RequestId,
    ) -> Result<PersonalNumber, AllocationError<S::Error>> {
        cause.allows(Prefix::of(old), prefix)?;
        if !store.is_taken(old).map_err(AllocationError::Store)? {
            return Err(AllocationError::Unknown);
        }
        let number = self.allocate(store, prefix, request)?;
        let cancelled = Cancelled { number: old.clone(), successor: Some(number.clone()), cause, on };
        store.cancel_and_link(&cancelled).map_err(AllocationError::Store)?;
        Ok(number)
    }

    /// Sees to it that the prefix has an index to give, leasing a block if none is held.
    ///
    /// # Errors
    /// [`AllocationError`].
    pub fn prepare<S: NumberStore>(
        &mut self,
        store: &mut S,
        prefix: Prefix,
    ) -> Result<(), AllocationError<S::Error>> {
        match self.held.get(&prefix) {
            Some(block) if block.left() > 0 => Ok(()),
            _ => self.lease(store, prefix).map(drop),
        }
    }

    /// The number that the held block would give next, for who claims it in a transaction of their own; none if nothing is
    /// held ([`prepare`](Self::prepare)).
    #[must_use]
    pub fn next(&self, prefix: Prefix) -> Option<PersonalNumber> {
        let mut block = *self.held.get(&prefix)?;
        self.digits.number(prefix, block.take()?)
    }

    /// The index of [`next`](Self::next) is given or taken: it is never offered again.
    pub fn pass(&mut self, prefix: Prefix) {
        if let Some(block) = self.held.get_mut(&prefix) {
            block.take();
        }
    }

    fn lease<S: NumberStore>(
        &mut self,
        store: &mut S,
        prefix: Prefix,
    ) -> Result<Block, AllocationError<S::Error>> {
        let block =
            store.lease_block(prefix, self.lease, self.digits.domain()).map_err(AllocationError::Store)?;
        let block = block.filter(|block| block.left() > 0).ok_or(AllocationError::Exhausted(prefix))?;
        self.held.insert(prefix, block);
        Ok(block)
    }
}

/// Ends a number with nothing after it, or because the person keeps another one that exists.
///
/// # Errors
/// [`AllocationError`]: the cause does not end a number so, or the number was never given.
pub fn withdraw<S: NumberStore>(
    store: &mut S,
    cancelled: &Cancelled,
) -> Result<(), AllocationError<S::Error>> {
    let fits = match &cancelled.successor {
        None => cancelled.cause.may_end(),
        Some(kept) => cancelled.cause == Cause::SecondNumber && *kept != cancelled.number,
    };
    if !fits {
        return Err(NotThisCause(cancelled.cause).into());
    }
    for number in [Some(&cancelled.number), cancelled.successor.as_ref()].into_iter().flatten() {
        if !store.is_taken(number).map_err(AllocationError::Store)? {
            return Err(AllocationError::Unknown);
        }
    }
    store.cancel_and_link(cancelled).map_err(AllocationError::Store)
}
