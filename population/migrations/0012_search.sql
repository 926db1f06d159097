-- Version 12: who is found by what (docs/search.md).

-- The index that was made last, in blocks of keys; each key with the numbers of its people.
CREATE TABLE search_block_claim (
  generation INTEGER NOT NULL CHECK (generation >= 1),
  block INTEGER NOT NULL CHECK (block >= 0),
  content BLOB NOT NULL,
  PRIMARY KEY (block, generation)
) STRICT;

-- Which generation of blocks counts: one row.
CREATE TABLE search_index_claim (
  name TEXT NOT NULL PRIMARY KEY CHECK (name = 'people'),
  generation INTEGER NOT NULL CHECK (generation >= 1),
  bits INTEGER NOT NULL CHECK (bits BETWEEN 8 AND 31),
  people INTEGER NOT NULL CHECK (people >= 0),
  made_at TEXT NOT NULL
) STRICT;

-- Keys of persons who came or changed after that, in the transaction that wrote the person.
CREATE TABLE search_key (
  personal_number TEXT NOT NULL CHECK (length(personal_number) = 12),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  search_key INTEGER NOT NULL,
  PRIMARY KEY (personal_number, revision, search_key)
) STRICT;
CREATE INDEX search_key_people ON search_key (search_key);

-- Persons loaded many at once: found when the index is made again. The number of the first, and how many.
CREATE TABLE search_waiting (
  personal_number TEXT NOT NULL PRIMARY KEY CHECK (length(personal_number) = 12),
  people INTEGER NOT NULL CHECK (people >= 1)
) STRICT;

INSERT INTO search_waiting (personal_number, people)
  SELECT min(personal_number), count(*) FROM person WHERE replaced_by IS NULL HAVING count(*) > 0;
