-- Version 8: the roll-up that statistics are published from. No person can be told from it.

CREATE TABLE statistics_cell (
  measure TEXT NOT NULL,
  province TEXT NOT NULL,
  ward TEXT NOT NULL,
  period TEXT NOT NULL,
  cohort INTEGER NOT NULL,
  sex TEXT NOT NULL,
  other TEXT NOT NULL,
  persons INTEGER NOT NULL CHECK (persons <> 0),
  PRIMARY KEY (measure, province, ward, period, cohort, sex, other)
) STRICT;

-- When it was counted: one row, or none yet.
CREATE TABLE statistics_head (
  place INTEGER NOT NULL PRIMARY KEY CHECK (place = 1),
  counted_at TEXT NOT NULL
) STRICT;
