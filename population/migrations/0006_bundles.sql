-- Version 6: bundles of stations without a line.

-- Every bundle that was begun, by its station's key and its number there.
CREATE TABLE bundle_claim (
  bundle TEXT NOT NULL PRIMARY KEY,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  begun_at TEXT NOT NULL,
  merged_at TEXT
) STRICT;
