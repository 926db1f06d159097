-- Version 4: cases, what an officer must decide and what was decided; and one truth about numbers that ended.

-- A case by its name, which is made of what it is about: the same question is never asked twice.
CREATE TABLE case_claim (
  case_id TEXT NOT NULL PRIMARY KEY CHECK (length(case_id) = 17),
  kind TEXT NOT NULL CHECK (kind IN ('facts', 'act', 'pair')),
  state TEXT NOT NULL CHECK (state IN ('open', 'papers', 'decided', 'overtaken')),
  personal_number TEXT NOT NULL CHECK (length(personal_number) = 12),
  other_number TEXT CHECK (other_number > personal_number AND length(other_number) = 12),
  province TEXT NOT NULL,
  ward TEXT NOT NULL,
  subject TEXT NOT NULL,
  ruling TEXT,
  opened_at TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  CHECK ((state = 'decided') = (ruling IS NOT NULL)),
  CHECK ((kind = 'pair') = (other_number IS NOT NULL))
) STRICT;
CREATE INDEX case_office ON case_claim (ward, state, opened_at);
CREATE INDEX case_person ON case_claim (personal_number);
CREATE INDEX case_other ON case_claim (other_number) WHERE other_number IS NOT NULL;

-- What was done in a case; lines are only ever added.
CREATE TABLE case_action (
  personal_number TEXT NOT NULL CHECK (length(personal_number) = 12),
  case_id TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 1),
  action TEXT NOT NULL CHECK (action IN ('opened', 'claimed', 'papers', 'decided', 'overtaken')),
  by_whom TEXT NOT NULL,
  reason TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (personal_number, case_id, position)
) STRICT;

-- Rows that led to another number before cancellations were kept in one place.
INSERT INTO number_cancelled (personal_number, successor, cause, decided_on)
  SELECT personal_number, replaced_by,
    CASE WHEN substr(personal_number, 5, 2) = substr(replaced_by, 5, 2) THEN 'sex-redetermined'
      ELSE 'birth-year-corrected' END,
    substr(recorded_at, 1, 10)
  FROM person WHERE replaced_by IS NOT NULL ON CONFLICT (personal_number) DO NOTHING;
