-- The queue over readers and hosts: who has an application in hand until when, and what stands still and why.

CREATE TABLE queue_leases (
  application_id INTEGER NOT NULL PRIMARY KEY REFERENCES applications (id),
  holder TEXT NOT NULL CHECK (length(holder) > 0),
  expires_ms INTEGER NOT NULL
) STRICT;

-- What does not go on: the whole queue, or one reader of a host. A row is a stop; without one it goes on.
CREATE TABLE queue_stops (
  name TEXT NOT NULL PRIMARY KEY CHECK (length(name) > 0),
  kind TEXT NOT NULL CHECK (kind IN ('pause', 'drain', 'tripped')),
  reason TEXT NOT NULL CHECK (length(trim(reason)) > 0),
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  at TEXT NOT NULL
) STRICT;
