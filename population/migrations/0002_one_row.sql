-- A person in one row, so that a look-up is one statement: residences are columns, lists and relatives one JSON text,
-- items 10, 12, 25 and 26 (sensitive) another. The history holds records that were; what is stands in the row alone.
-- The rows of version 1 are carried over by the program, from their last records in the history.

CREATE TABLE person_new (
  personal_number TEXT NOT NULL PRIMARY KEY CHECK (length(personal_number) = 12 AND personal_number NOT GLOB '*[^0-9]*'),
  full_name TEXT NOT NULL CHECK (length(full_name) BETWEEN 1 AND 200),
  name_key TEXT NOT NULL CHECK (length(name_key) > 0),
  birth_date TEXT NOT NULL CHECK (
    birth_date GLOB '[0-9][0-9][0-9][0-9]'
    OR birth_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'
    OR birth_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  sex TEXT NOT NULL CHECK (sex IN ('male', 'female', 'unspecified')),
  place_of_birth TEXT,
  birth_registration_place TEXT,
  place_of_origin TEXT,
  ethnic_group TEXT,
  nationality TEXT NOT NULL CHECK (length(nationality) > 0),
  old_number TEXT CHECK (length(old_number) = 9 AND old_number NOT GLOB '*[^0-9]*'),
  permanent_address TEXT CHECK (length(permanent_address) BETWEEN 1 AND 500),
  permanent_ward TEXT CHECK (length(permanent_ward) = 5 AND permanent_ward NOT GLOB '*[^0-9]*'),
  permanent_province TEXT CHECK (length(permanent_province) = 2 AND permanent_province NOT GLOB '*[^0-9]*'),
  permanent_since TEXT CHECK (permanent_since GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  temporary_address TEXT CHECK (length(temporary_address) BETWEEN 1 AND 500),
  temporary_ward TEXT CHECK (length(temporary_ward) = 5 AND temporary_ward NOT GLOB '*[^0-9]*'),
  temporary_province TEXT CHECK (length(temporary_province) = 2 AND temporary_province NOT GLOB '*[^0-9]*'),
  temporary_since TEXT CHECK (temporary_since GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  current_address TEXT CHECK (length(current_address) BETWEEN 1 AND 500),
  current_ward TEXT CHECK (length(current_ward) = 5 AND current_ward NOT GLOB '*[^0-9]*'),
  current_province TEXT CHECK (length(current_province) = 2 AND current_province NOT GLOB '*[^0-9]*'),
  current_since TEXT CHECK (current_since GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  absent_from TEXT CHECK (absent_from GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  absent_until TEXT CHECK (absent_until IS NULL OR (absent_from IS NOT NULL AND absent_until >= absent_from)),
  residence_file TEXT,
  marital_status TEXT CHECK (marital_status IN ('single', 'married', 'divorced', 'widowed')),
  relation_to_head TEXT,
  life TEXT NOT NULL CHECK (life IN ('alive', 'dead', 'missing')),
  life_date TEXT CHECK (life_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  identification_marks TEXT,
  cancelled_number TEXT CHECK (cancelled_number <> personal_number AND length(cancelled_number) = 12 AND cancelled_number NOT GLOB '*[^0-9]*'),
  lists TEXT,
  sensitive TEXT,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  source TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  provenance TEXT,
  replaced_by TEXT CHECK (
    replaced_by <> personal_number AND length(replaced_by) = 12 AND replaced_by NOT GLOB '*[^0-9]*'),
  CHECK ((life = 'alive') = (life_date IS NULL)),
  CHECK (life_date IS NULL OR life_date >= birth_date),
  CHECK (permanent_address IS NOT NULL
    OR (permanent_ward IS NULL AND permanent_province IS NULL AND permanent_since IS NULL)),
  CHECK (temporary_address IS NOT NULL
    OR (temporary_ward IS NULL AND temporary_province IS NULL AND temporary_since IS NULL)),
  CHECK (current_address IS NOT NULL
    OR (current_ward IS NULL AND current_province IS NULL AND current_since IS NULL))
) STRICT;

-- Records that were, whole.
CREATE TABLE person_history_new (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  source TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (personal_number, revision)
) STRICT;
