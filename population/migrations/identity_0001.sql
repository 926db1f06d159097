-- The identity database (Luật Căn cước 2023 art. 15), a file or a schema of its own. Values are sealed under keys of its own:
-- the item and the number, which stand beside them, are all that lies in clear.
CREATE TABLE identity_item (
  personal_number TEXT NOT NULL CHECK (length(personal_number) = 12),
  item TEXT NOT NULL CHECK (length(item) BETWEEN 1 AND 40),
  sealed BLOB NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (personal_number, item)
) STRICT;
