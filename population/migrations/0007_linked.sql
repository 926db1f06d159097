-- Version 7: linked procedures. A birth leads to residence and health insurance, a death to residence removed and the funeral
-- benefit: each step waits for the one before, is asked of another system with a time limit, and is answered.
CREATE TABLE linked_step (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  act_id TEXT NOT NULL,
  place INTEGER NOT NULL CHECK (place >= 1),
  step TEXT NOT NULL CHECK (step IN ('residence', 'health-insurance', 'residence-removed', 'funeral-benefit')),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'asked', 'done', 'refused')),
  message TEXT NOT NULL,
  due TEXT,
  answer TEXT,
  changed_at TEXT NOT NULL,
  PRIMARY KEY (personal_number, act_id, place),
  CHECK ((state = 'waiting') = (due IS NULL)),
  CHECK ((state IN ('done', 'refused')) = (answer IS NOT NULL))
) STRICT;
CREATE INDEX linked_step_waiting ON linked_step (state, due);

-- Answers that counted, in order; lines are only ever added.
CREATE TABLE linked_answer (
  personal_number TEXT NOT NULL,
  act_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 1),
  answer TEXT NOT NULL,
  source TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (personal_number, act_id, place, position)
) STRICT;
