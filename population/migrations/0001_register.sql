-- The register of persons: Luật Căn cước 2023 art. 9(1). Portable subset: the personal number is the first column of
-- every key of a person-scoped table; what is unique across persons is claimed in a table keyed by that value.

CREATE TABLE person (
  personal_number TEXT NOT NULL PRIMARY KEY
    CHECK (length(personal_number) = 12 AND personal_number NOT GLOB '*[^0-9]*'),
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
  religion TEXT,
  nationality TEXT NOT NULL CHECK (length(nationality) > 0),
  blood_group TEXT CHECK (blood_group IN ('A', 'B', 'AB', 'O')),
  old_number TEXT CHECK (length(old_number) = 9 AND old_number NOT GLOB '*[^0-9]*'),
  absent_from TEXT,
  absent_until TEXT CHECK (absent_until IS NULL OR (absent_from IS NOT NULL AND absent_until >= absent_from)),
  residence_file TEXT,
  marital_status TEXT CHECK (marital_status IN ('single', 'married', 'divorced', 'widowed')),
  relation_to_head TEXT,
  life TEXT NOT NULL CHECK (life IN ('alive', 'dead', 'missing')),
  life_date TEXT CHECK (life_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  phone TEXT,
  email TEXT,
  other TEXT,
  identification_marks TEXT,
  cancelled_number TEXT CHECK (
    cancelled_number <> personal_number AND length(cancelled_number) = 12
    AND cancelled_number NOT GLOB '*[^0-9]*'),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  source TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  CHECK ((life = 'alive') = (life_date IS NULL)),
  CHECK (life_date IS NULL OR life_date >= birth_date)
) STRICT;

CREATE TABLE other_name (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 63),
  name TEXT NOT NULL CHECK (length(name) > 0),
  PRIMARY KEY (personal_number, position)
) STRICT;

CREATE TABLE residence (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  kind TEXT NOT NULL CHECK (kind IN ('permanent', 'temporary', 'current')),
  address TEXT NOT NULL CHECK (length(address) BETWEEN 1 AND 500),
  ward_code TEXT CHECK (length(ward_code) = 5 AND ward_code NOT GLOB '*[^0-9]*'),
  province_code TEXT CHECK (length(province_code) = 2 AND province_code NOT GLOB '*[^0-9]*'),
  since TEXT,
  PRIMARY KEY (personal_number, kind)
) STRICT;

-- Items 15 and 23. The relative need not be in this register: no foreign key on their number.
CREATE TABLE relation (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  kind TEXT NOT NULL CHECK (
    kind IN ('father', 'mother', 'spouse', 'child', 'representative', 'represented', 'household')),
  position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 63),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  related_number TEXT CHECK (length(related_number) = 12 AND related_number NOT GLOB '*[^0-9]*'),
  old_number TEXT CHECK (length(old_number) = 9 AND old_number NOT GLOB '*[^0-9]*'),
  nationality TEXT,
  relation_to_head TEXT,
  PRIMARY KEY (personal_number, kind, position),
  CHECK (kind NOT IN ('father', 'mother', 'spouse') OR position = 0),
  CHECK ((kind = 'household') = (relation_to_head IS NOT NULL)),
  CHECK (kind = 'household' OR related_number IS NULL OR related_number <> personal_number)
) STRICT;

-- Every record that ever was, whole.
CREATE TABLE person_history (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  source TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  record TEXT NOT NULL CHECK (json_valid(record)),
  PRIMARY KEY (personal_number, revision)
) STRICT;

-- Item 14.
CREATE TABLE card (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  sod_sha256 BLOB NOT NULL CHECK (length(sod_sha256) = 32),
  document_number TEXT NOT NULL CHECK (length(document_number) = 9 AND document_number NOT GLOB '*[^0-9A-Z]*'),
  chip_serial TEXT NOT NULL CHECK (length(chip_serial) = 20 AND chip_serial NOT GLOB '*[^0-9a-f]*'),
  issued TEXT NOT NULL CHECK (issued GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  expires TEXT CHECK (expires GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]' AND expires > issued),
  status TEXT NOT NULL CHECK (
    status IN ('active', 'held', 'lost', 'revoked', 'replaced', 'expired', 'destroyed')),
  status_since TEXT NOT NULL,
  PRIMARY KEY (personal_number, sod_sha256)
) STRICT;

-- A person has at most one card in use.
CREATE UNIQUE INDEX card_in_use ON card (personal_number) WHERE status IN ('active', 'held');

CREATE TABLE card_status_history (
  personal_number TEXT NOT NULL,
  sod_sha256 BLOB NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 1),
  status TEXT NOT NULL CHECK (
    status IN ('active', 'held', 'lost', 'revoked', 'replaced', 'expired', 'destroyed')),
  since TEXT NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (personal_number, sod_sha256, position),
  FOREIGN KEY (personal_number, sod_sha256) REFERENCES card (personal_number, sod_sha256)
) STRICT;

-- Claims: each value leads to its one card.
CREATE TABLE sod_claim (
  sod_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sod_sha256) = 32),
  personal_number TEXT NOT NULL
) STRICT;

CREATE TABLE chip_claim (
  chip_serial TEXT NOT NULL PRIMARY KEY,
  personal_number TEXT NOT NULL,
  sod_sha256 BLOB NOT NULL
) STRICT;

-- Who asked about which number (as a keyed digest), and what came of it.
CREATE TABLE match_attempt (
  number_digest BLOB NOT NULL CHECK (length(number_digest) = 32),
  at_microsecond INTEGER NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  requester TEXT NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('match', 'no-match', 'refused')),
  PRIMARY KEY (number_digest, at_microsecond, position)
) STRICT;
