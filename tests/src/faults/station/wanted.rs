//! Which of the station's faults are made: all of a run, or those that somebody looks into.

/// Which faults. By default all that a run of its length has.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of kinds with this in their title.
    pub kind: Option<String>,
    /// Only in steps with this in their name.
    pub step: Option<String>,
    /// Only at this place: the call, the pages left, the statement. It is made whether a short run has it or not.
    pub at: Option<u64>,
    /// So many times more, for what comes out differently from run to run.
    pub again: usize,
}

impl Wanted {
    pub(super) fn has_kind(&self, title: &str) -> bool {
        self.kind.as_deref().is_none_or(|kind| title.contains(kind))
    }

    pub(super) fn has_step(&self, name: &str) -> bool {
        self.step.as_deref().is_none_or(|step| name.contains(step))
    }

    /// Those that are wanted; of all, so many at most, evenly.
    pub(super) fn of<T: Clone>(&self, all: Vec<T>, most: usize, place: impl Fn(&T) -> usize) -> Vec<T> {
        let kept = match self.at {
            Some(at) => all.into_iter().filter(|one| u64::try_from(place(one)) == Ok(at)).collect(),
            None => thinned(all, most),
        };
        let times = self.again.saturating_add(1);
        kept.into_iter().flat_map(|one| std::iter::repeat_n(one, times)).collect()
    }
}

/// So many of these, evenly.
fn thinned<T>(all: Vec<T>, most: usize) -> Vec<T> {
    if all.len() <= most {
        return all;
    }
    let count = all.len();
    let kept = |index: usize| index * most / count != (index + 1) * most / count;
    all.into_iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_thinned_evenly_unless_one_place_is_wanted() {
        let all: Vec<usize> = (0..256).collect();
        let place = |one: &usize| *one;
        assert_eq!(Wanted::default().of(all.clone(), 3, place), [85, 170, 255]);
        assert_eq!(Wanted::default().of(all.clone(), usize::MAX, place), all);
        let narrow = Wanted { at: Some(86), again: 2, ..Wanted::default() };
        assert_eq!(narrow.of(all, 3, place), [86, 86, 86]);
        let of_disks = Wanted { kind: Some("full".to_owned()), step: Some("batch".to_owned()), ..narrow };
        assert!(of_disks.has_kind("the disk is full") && !of_disks.has_kind("kill -9, SQLite"));
        assert!(of_disks.has_step("batch, two readers") && !of_disks.has_step("issue"));
    }
}
