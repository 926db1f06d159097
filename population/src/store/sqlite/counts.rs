//! Counts over the living.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::Connection;

use super::engine;
use crate::statistics::Statistics;
use crate::store::StoreError;

pub(super) fn statistics(connection: &Connection, today: Date) -> Result<Statistics, StoreError> {
    // Age by the first day the birth date can mean, as for validity: text order is date order.
    let mut statement = connection
        .prepare_cached(
            "SELECT coalesce((SELECT province_code FROM residence WHERE residence.personal_number = \
               person.personal_number AND province_code IS NOT NULL ORDER BY CASE kind WHEN 'permanent' THEN 0 \
               WHEN 'temporary' THEN 1 ELSE 2 END LIMIT 1), '??'), sex, \
             (CAST(substr(?1, 1, 4) AS INTEGER) - CAST(substr(birth_date, 1, 4) AS INTEGER) \
               - (substr(?1, 6) < substr(birth_date || '-01-01', 6, 5))) / 10 AS band, count(*) \
             FROM person WHERE life = 'alive' GROUP BY 1, 2, 3",
        )
        .map_err(engine)?;
    let mut rows = statement.query([today.to_string()]).map_err(engine)?;
    let mut statistics = Statistics::default();
    while let Some(row) = rows.next().map_err(engine)? {
        let count = u64::from(row.get::<_, u32>(3).map_err(engine)?);
        statistics.add(
            row.get(0).map_err(engine)?,
            row.get(1).map_err(engine)?,
            row.get(2).map_err(engine)?,
            count,
        );
    }
    let pairs = |sql: &str| -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = connection.prepare(sql).map_err(engine)?;
        let rows = statement
            .query_map((), |row| Ok((row.get::<_, String>(0)?, u64::from(row.get::<_, u32>(1)?))))
            .map_err(engine)?;
        rows.collect::<Result<_, _>>().map_err(engine)
    };
    statistics.by_life = pairs("SELECT life, count(*) FROM person GROUP BY life")?;
    statistics.cards_by_status = pairs("SELECT status, count(*) FROM card GROUP BY status")?;
    statistics.persons = statistics.by_life.values().sum();
    Ok(statistics)
}
