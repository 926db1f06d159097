//! Counts over the living.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::engine::Session;
use crate::quality::score::NOWHERE;
use crate::statistics::Statistics;
use crate::store::StoreError;

pub(super) fn statistics(session: &mut dyn Session, today: Date) -> Result<Statistics, StoreError> {
    let mut statistics = Statistics::default();
    // Age by the first day the birth date can mean, as for validity: text order is date order.
    session.query(
        "SELECT coalesce(permanent_province, temporary_province, current_province, ?2), sex, \
         (CAST(substr(?1, 1, 4) AS INTEGER) - CAST(substr(birth_date, 1, 4) AS INTEGER) \
           - CASE WHEN substr(?1, 6) < substr(birth_date || '-01-01', 6, 5) THEN 1 ELSE 0 END) / 10, count(*) \
         FROM person WHERE life = 'alive' AND replaced_by IS NULL GROUP BY 1, 2, 3",
        &[today.to_string().into(), NOWHERE.into()],
        &mut |row| {
            let band = row.int(2)?.unwrap_or_default();
            statistics.add(row.needed(0)?, row.needed(1)?, band, row.count(3)?);
            Ok(())
        },
    )?;
    statistics.by_life =
        pairs(session, "SELECT life, count(*) FROM person WHERE replaced_by IS NULL GROUP BY life")?;
    statistics.cards_by_status = pairs(session, "SELECT status, count(*) FROM card GROUP BY status")?;
    statistics.persons = statistics.by_life.values().sum();
    Ok(statistics)
}

fn pairs(session: &mut dyn Session, sql: &str) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts = BTreeMap::new();
    session.query(sql, &[], &mut |row| {
        counts.insert(row.needed(0)?, row.count(1)?);
        Ok(())
    })?;
    Ok(counts)
}
