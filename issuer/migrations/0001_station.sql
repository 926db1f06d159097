-- The station's store: one row per application, one per chip that was ever touched, every action for ever, and its officers.
-- What follows from what is kept by keys alone: an action begins where the one before it ended, along a transition that
-- the model allows, and an application stands where its last action left it.

CREATE TABLE transitions (
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT;

-- The next name of each kind of thing.
CREATE TABLE counters (
  kind TEXT NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL CHECK (next >= 1)
) STRICT;

CREATE TABLE actions (
  application_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  previous INTEGER,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  action TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  reason TEXT,
  detail TEXT NOT NULL DEFAULT '{}',
  idempotency_key TEXT UNIQUE,
  PRIMARY KEY (application_id, sequence),
  UNIQUE (application_id, sequence, to_state),
  FOREIGN KEY (from_state, to_state) REFERENCES transitions (from_state, to_state),
  FOREIGN KEY (application_id, previous, from_state) REFERENCES actions (application_id, sequence, to_state),
  CHECK (sequence = 1 AND previous IS NULL AND from_state = 'new'
         OR sequence > 1 AND previous IS NOT NULL AND previous = sequence - 1),
  CHECK (to_state NOT IN ('rejected', 'spoiled', 'in-doubt') OR reason IS NOT NULL AND length(trim(reason)) > 0)
) STRICT;

-- A serial enters once: a chip that was touched is never blank stock again.
CREATE TABLE chips (
  serial TEXT NOT NULL PRIMARY KEY CHECK (length(serial) = 20),
  application_id INTEGER NOT NULL UNIQUE,
  key_version INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 255),
  assigned_at TEXT NOT NULL,
  UNIQUE (serial, application_id)
) STRICT;

CREATE TABLE applications (
  id INTEGER NOT NULL PRIMARY KEY,
  content_sha256 TEXT NOT NULL CHECK (length(content_sha256) = 64),
  person_number TEXT NOT NULL CHECK (length(person_number) = 12),
  reason TEXT NOT NULL CHECK (reason IN ('first-issue', 'exchange', 'reissue')),
  ground TEXT,
  template TEXT NOT NULL CHECK (template IN ('2021', '2024')),
  received_at TEXT NOT NULL,
  due TEXT NOT NULL CHECK (length(due) = 10),
  state TEXT NOT NULL CHECK (state IN (
    'received', 'checked', 'captured', 'approved', 'prepared', 'queued', 'personalising',
    'read-back', 'locked', 'issued', 'delivered', 'rejected', 'spoiled', 'in-doubt')),
  last_action INTEGER NOT NULL,
  state_reason TEXT,
  changed_at TEXT NOT NULL,
  captured_by TEXT,
  captured_sha256 TEXT,
  approved_by TEXT,
  chip_serial TEXT UNIQUE,
  issue_date TEXT,
  sod_sha256 TEXT UNIQUE CHECK (sod_sha256 IS NULL OR length(sod_sha256) = 64),
  document_number TEXT,
  expires TEXT,
  replaces TEXT,
  FOREIGN KEY (id, last_action, state) REFERENCES actions (application_id, sequence, to_state),
  FOREIGN KEY (chip_serial, id) REFERENCES chips (serial, application_id),
  CHECK (reason = 'first-issue' AND ground IS NULL OR reason <> 'first-issue' AND ground IS NOT NULL),
  CHECK (state NOT IN ('rejected', 'spoiled', 'in-doubt') OR state_reason IS NOT NULL AND length(state_reason) > 0),
  CHECK (state IN ('received', 'checked', 'rejected') OR captured_by IS NOT NULL AND captured_sha256 IS NOT NULL),
  -- Four eyes: who captured does not approve, and nothing is made without an approval.
  CHECK (approved_by IS NULL OR captured_by IS NOT NULL AND approved_by <> captured_by),
  CHECK (state IN ('received', 'checked', 'captured', 'rejected') OR approved_by IS NOT NULL),
  CHECK (state IN ('received', 'checked', 'captured', 'approved', 'prepared', 'queued', 'rejected', 'spoiled')
         OR chip_serial IS NOT NULL),
  CHECK (state NOT IN ('read-back', 'locked', 'issued', 'delivered') OR sod_sha256 IS NOT NULL)
) STRICT;

-- One open application per person: two at once could end in two cards.
CREATE UNIQUE INDEX one_open_application_per_person ON applications (person_number)
  WHERE state NOT IN ('issued', 'delivered', 'rejected', 'spoiled');

CREATE INDEX applications_by_state ON applications (state, due);

-- Officers of this station.
CREATE TABLE accounts (
  name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 2 AND 32),
  roles TEXT NOT NULL CHECK (length(roles) > 0),
  password TEXT NOT NULL CHECK (length(password) > 0),
  locked TEXT,
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  failed_at TEXT,
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

-- Who is logged in: the token itself is with the officer only.
CREATE TABLE sessions (
  token_sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(token_sha256) = 64),
  account TEXT NOT NULL REFERENCES accounts (name),
  began_at TEXT NOT NULL,
  seen_at TEXT NOT NULL
) STRICT;

CREATE TABLE account_actions (
  account TEXT NOT NULL REFERENCES accounts (name),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  action TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (account, sequence),
  CHECK (action <> 'lock' OR reason IS NOT NULL AND length(trim(reason)) > 0)
) STRICT;
