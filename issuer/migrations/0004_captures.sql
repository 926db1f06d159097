-- Which sealed prints and irises are kept, and that they were purged. Their names are digests of encrypted files.

CREATE TABLE captures (
  application_id INTEGER NOT NULL PRIMARY KEY REFERENCES applications (id),
  sealed_sha256 TEXT NOT NULL UNIQUE CHECK (length(sealed_sha256) = 64),
  taken_at TEXT NOT NULL,
  purged_at TEXT,
  purged_by TEXT,
  CHECK (purged_at IS NULL AND purged_by IS NULL OR purged_at IS NOT NULL AND length(purged_by) > 0)
) STRICT;
