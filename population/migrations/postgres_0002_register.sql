-- The register of persons: Luật Căn cước 2023 art. 9(1), for PostgreSQL and Citus. The personal number is the first column of
-- every key of a person-scoped table; what is unique across persons is claimed in a table keyed by that value. The same
-- tables stand for SQLite in 0001 and 0002; texts compare by octets in both.

CREATE TABLE person (
  personal_number TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (personal_number ~ '^[0-9]{12}$'),
  full_name TEXT COLLATE "C" NOT NULL CHECK (length(full_name) BETWEEN 1 AND 200),
  name_key TEXT COLLATE "C" NOT NULL CHECK (length(name_key) > 0),
  birth_date TEXT COLLATE "C" NOT NULL CHECK (birth_date ~ '^[0-9]{4}(-[01][0-9](-[0-3][0-9])?)?$'),
  sex TEXT COLLATE "C" NOT NULL CHECK (sex IN ('male', 'female', 'unspecified')),
  place_of_birth TEXT COLLATE "C",
  birth_registration_place TEXT COLLATE "C",
  place_of_origin TEXT COLLATE "C",
  ethnic_group TEXT COLLATE "C",
  nationality TEXT COLLATE "C" NOT NULL CHECK (length(nationality) > 0),
  old_number TEXT COLLATE "C" CHECK (old_number ~ '^[0-9]{9}$'),
  permanent_address TEXT COLLATE "C" CHECK (length(permanent_address) BETWEEN 1 AND 500),
  permanent_ward TEXT COLLATE "C" CHECK (permanent_ward ~ '^[0-9]{5}$'),
  permanent_province TEXT COLLATE "C" CHECK (permanent_province ~ '^[0-9]{2}$'),
  permanent_since TEXT COLLATE "C" CHECK (permanent_since ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  temporary_address TEXT COLLATE "C" CHECK (length(temporary_address) BETWEEN 1 AND 500),
  temporary_ward TEXT COLLATE "C" CHECK (temporary_ward ~ '^[0-9]{5}$'),
  temporary_province TEXT COLLATE "C" CHECK (temporary_province ~ '^[0-9]{2}$'),
  temporary_since TEXT COLLATE "C" CHECK (temporary_since ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  current_address TEXT COLLATE "C" CHECK (length(current_address) BETWEEN 1 AND 500),
  current_ward TEXT COLLATE "C" CHECK (current_ward ~ '^[0-9]{5}$'),
  current_province TEXT COLLATE "C" CHECK (current_province ~ '^[0-9]{2}$'),
  current_since TEXT COLLATE "C" CHECK (current_since ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  absent_from TEXT COLLATE "C" CHECK (absent_from ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  absent_until TEXT COLLATE "C" CHECK (absent_until IS NULL OR (absent_from IS NOT NULL AND absent_until >= absent_from)),
  residence_file TEXT COLLATE "C",
  marital_status TEXT COLLATE "C" CHECK (marital_status IN ('single', 'married', 'divorced', 'widowed')),
  relation_to_head TEXT COLLATE "C",
  life TEXT COLLATE "C" NOT NULL CHECK (life IN ('alive', 'dead', 'missing')),
  life_date TEXT COLLATE "C" CHECK (life_date ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  identification_marks TEXT COLLATE "C",
  cancelled_number TEXT COLLATE "C" CHECK (cancelled_number <> personal_number AND cancelled_number ~ '^[0-9]{12}$'),
  lists TEXT COLLATE "C",
  sensitive TEXT COLLATE "C",
  revision BIGINT NOT NULL CHECK (revision >= 1),
  source TEXT COLLATE "C" NOT NULL,
  recorded_at TEXT COLLATE "C" NOT NULL,
  provenance TEXT COLLATE "C",
  replaced_by TEXT COLLATE "C" CHECK (replaced_by <> personal_number AND replaced_by ~ '^[0-9]{12}$'),
  CHECK ((life = 'alive') = (life_date IS NULL)),
  CHECK (life_date IS NULL OR life_date >= birth_date),
  CHECK (permanent_address IS NOT NULL
    OR (permanent_ward IS NULL AND permanent_province IS NULL AND permanent_since IS NULL)),
  CHECK (temporary_address IS NOT NULL
    OR (temporary_ward IS NULL AND temporary_province IS NULL AND temporary_since IS NULL)),
  CHECK (current_address IS NOT NULL
    OR (current_ward IS NULL AND current_province IS NULL AND current_since IS NULL))
);

-- Records that were, whole.
CREATE TABLE person_history (
  personal_number TEXT COLLATE "C" NOT NULL REFERENCES person (personal_number),
  revision BIGINT NOT NULL CHECK (revision >= 1),
  source TEXT COLLATE "C" NOT NULL,
  recorded_at TEXT COLLATE "C" NOT NULL,
  record TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (personal_number, revision)
);

-- Item 14.
CREATE TABLE card (
  personal_number TEXT COLLATE "C" NOT NULL REFERENCES person (personal_number),
  sod_sha256 BYTEA NOT NULL CHECK (length(sod_sha256) = 32),
  document_number TEXT COLLATE "C" NOT NULL CHECK (document_number ~ '^[0-9A-Z]{9}$'),
  chip_serial TEXT COLLATE "C" NOT NULL CHECK (chip_serial ~ '^[0-9a-f]{20}$'),
  issued TEXT COLLATE "C" NOT NULL CHECK (issued ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  expires TEXT COLLATE "C" CHECK (expires ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$' AND expires > issued),
  status TEXT COLLATE "C" NOT NULL CHECK (
    status IN ('active', 'held', 'lost', 'revoked', 'replaced', 'expired', 'destroyed')),
  status_since TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (personal_number, sod_sha256)
);

-- A person has at most one card in use.
CREATE UNIQUE INDEX card_in_use ON card (personal_number) WHERE status IN ('active', 'held');

CREATE TABLE card_status_history (
  personal_number TEXT COLLATE "C" NOT NULL,
  sod_sha256 BYTEA NOT NULL,
  position BIGINT NOT NULL CHECK (position >= 1),
  status TEXT COLLATE "C" NOT NULL CHECK (
    status IN ('active', 'held', 'lost', 'revoked', 'replaced', 'expired', 'destroyed')),
  since TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  recorded_at TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (personal_number, sod_sha256, position),
  FOREIGN KEY (personal_number, sod_sha256) REFERENCES card (personal_number, sod_sha256)
);

-- Claims: each value leads to its one card.
CREATE TABLE sod_claim (
  sod_sha256 BYTEA NOT NULL PRIMARY KEY CHECK (length(sod_sha256) = 32),
  personal_number TEXT COLLATE "C" NOT NULL
);

CREATE TABLE chip_claim (
  chip_serial TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  personal_number TEXT COLLATE "C" NOT NULL,
  sod_sha256 BYTEA NOT NULL
);

-- Who asked about which number (as a keyed digest), and what came of it.
CREATE TABLE match_attempt (
  number_digest BYTEA NOT NULL CHECK (length(number_digest) = 32),
  at_microsecond BIGINT NOT NULL,
  position BIGINT NOT NULL CHECK (position >= 0),
  requester TEXT COLLATE "C" NOT NULL,
  result TEXT COLLATE "C" NOT NULL CHECK (result IN ('match', 'no-match', 'refused')),
  PRIMARY KEY (number_digest, at_microsecond, position)
);

-- Acts of civil status, each taken once: its digest, and what became of it.
CREATE TABLE act_claim (
  act_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  entry TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('applied', 'late', 'case')),
  reason TEXT COLLATE "C" CHECK ((outcome = 'case') = (reason IS NOT NULL)),
  recorded_at TEXT COLLATE "C" NOT NULL
);

-- The acts of each person, by the day they happened.
CREATE TABLE person_act (
  personal_number TEXT COLLATE "C" NOT NULL REFERENCES person (personal_number),
  on_day TEXT COLLATE "C" NOT NULL CHECK (on_day ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]$'),
  act_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (personal_number, on_day, act_id)
);

-- What connected systems are told.
CREATE TABLE outbox (
  personal_number TEXT COLLATE "C" NOT NULL REFERENCES person (personal_number),
  act_id TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL CHECK (position >= 0),
  topic TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  recorded_at TEXT COLLATE "C" NOT NULL,
  sent_at TEXT COLLATE "C",
  PRIMARY KEY (personal_number, act_id, position)
);
CREATE INDEX outbox_waiting ON outbox (topic, recorded_at) WHERE sent_at IS NULL;

-- The chain of an intake: what was taken, in which order. Each entry holds the digest of the one before.
CREATE TABLE intake_audit (
  intake TEXT COLLATE "C" NOT NULL,
  link BIGINT NOT NULL CHECK (link >= 1),
  act_id TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  at TEXT COLLATE "C" NOT NULL,
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (intake, link)
);
CREATE TABLE intake_head (
  intake TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  link BIGINT NOT NULL CHECK (link >= 0),
  digest BYTEA NOT NULL CHECK (length(digest) = 32)
);
