-- The stock of blanks: every blank by its serial, everything that happened to it, for ever, and what stands between two
-- stations. As with applications, keys keep the history: an event begins where the one before it ended, along a
-- transition that the model allows, and a blank stands where its last event left it.

CREATE TABLE blank_transitions (
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT;

-- What one officer did to one or many blanks in one go.
CREATE TABLE stock_operations (
  id INTEGER NOT NULL PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  operation TEXT NOT NULL CHECK (operation IN (
    'receive', 'accept', 'count', 'send', 'acknowledge', 'spoil', 'lose', 'find', 'destroy', 'take-back', 'keys')),
  detail TEXT NOT NULL,
  idempotency_key TEXT UNIQUE,
  station TEXT
) STRICT;

-- A delivery of the maker, or blanks that came from another station.
CREATE TABLE stock_batches (
  id INTEGER NOT NULL PRIMARY KEY,
  operation INTEGER NOT NULL UNIQUE REFERENCES stock_operations (id),
  supplier TEXT NOT NULL CHECK (length(trim(supplier)) > 0),
  delivery_note TEXT NOT NULL CHECK (length(trim(delivery_note)) > 0),
  announced INTEGER NOT NULL CHECK (announced >= 1),
  UNIQUE (supplier, delivery_note)
) STRICT;

CREATE TABLE blank_events (
  serial TEXT NOT NULL CHECK (length(serial) = 20),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  previous INTEGER,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  cause TEXT,
  note TEXT,
  photo_sha256 TEXT CHECK (photo_sha256 IS NULL OR length(photo_sha256) = 64),
  operation INTEGER REFERENCES stock_operations (id),
  application_id INTEGER,
  application_action INTEGER,
  PRIMARY KEY (serial, sequence),
  UNIQUE (serial, sequence, to_state),
  FOREIGN KEY (from_state, to_state) REFERENCES blank_transitions (from_state, to_state),
  FOREIGN KEY (serial, previous, from_state) REFERENCES blank_events (serial, sequence, to_state),
  FOREIGN KEY (application_id, application_action) REFERENCES actions (application_id, sequence),
  CHECK (sequence = 1 AND previous IS NULL AND from_state = 'new'
         OR sequence > 1 AND previous IS NOT NULL AND previous = sequence - 1),
  -- An event is an officer's operation, or follows from an application's action.
  CHECK (operation IS NOT NULL AND application_id IS NULL AND application_action IS NULL
         OR operation IS NULL AND application_id IS NOT NULL AND application_action IS NOT NULL),
  CHECK (to_state NOT IN ('spoiled', 'lost', 'destroyed')
         OR cause IS NOT NULL AND (length(trim(note)) > 0 OR photo_sha256 IS NOT NULL))
) STRICT;

CREATE INDEX blank_events_of_operation ON blank_events (operation);

-- A serial enters once, whichever batch it is said to be of.
CREATE TABLE blanks (
  serial TEXT NOT NULL PRIMARY KEY CHECK (length(serial) = 20),
  batch_id INTEGER NOT NULL REFERENCES stock_batches (id),
  state TEXT NOT NULL CHECK (state IN (
    'expected', 'in-stock', 'assigned', 'card', 'spoiled', 'lost', 'destroyed', 'sent', 'handed-over')),
  last_event INTEGER NOT NULL,
  application_id INTEGER,
  FOREIGN KEY (serial, last_event, state) REFERENCES blank_events (serial, sequence, to_state),
  FOREIGN KEY (serial, application_id) REFERENCES chips (serial, application_id),
  CHECK (state NOT IN ('assigned', 'card') OR application_id IS NOT NULL),
  CHECK (state NOT IN ('expected', 'in-stock', 'sent', 'handed-over') OR application_id IS NULL)
) STRICT;

CREATE INDEX blanks_by_state ON blanks (state, serial);
CREATE INDEX blanks_by_batch ON blanks (batch_id, state);

-- What goes from one station to another: the sender's signed list, and the receiver's signed answer.
CREATE TABLE stock_transports (
  sender TEXT NOT NULL CHECK (length(sender) = 64),
  reference TEXT NOT NULL CHECK (length(trim(reference)) > 0),
  direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
  other TEXT NOT NULL CHECK (length(trim(other)) > 0),
  operation INTEGER NOT NULL UNIQUE REFERENCES stock_operations (id),
  blanks INTEGER NOT NULL CHECK (blanks >= 1),
  list TEXT NOT NULL,
  PRIMARY KEY (sender, reference)
) STRICT;

CREATE TABLE stock_receipts (
  sender TEXT NOT NULL,
  reference TEXT NOT NULL,
  operation INTEGER NOT NULL UNIQUE REFERENCES stock_operations (id),
  missing INTEGER NOT NULL CHECK (missing >= 0),
  surplus INTEGER NOT NULL CHECK (surplus >= 0),
  receipt TEXT NOT NULL,
  PRIMARY KEY (sender, reference),
  FOREIGN KEY (sender, reference) REFERENCES stock_transports (sender, reference)
) STRICT;

-- Keys that a blank made when it came to stock, signed by the station that read them.
CREATE TABLE blank_keys (
  serial TEXT NOT NULL REFERENCES blanks (serial),
  operation INTEGER NOT NULL REFERENCES stock_operations (id),
  station TEXT NOT NULL CHECK (length(station) = 64),
  statement TEXT NOT NULL,
  PRIMARY KEY (serial, operation)
) STRICT;

-- Stations whose blanks came here, by SHA-256 of their public keys.
CREATE TABLE stock_stations (
  station TEXT NOT NULL PRIMARY KEY CHECK (length(station) = 64),
  public_key TEXT NOT NULL
) STRICT;

INSERT INTO counters (kind, next) VALUES ('stock-operation', 1), ('stock-batch', 1);
