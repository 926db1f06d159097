-- Version 17: persons whose details another ministry keeps. Who it is and since when, never where they serve.
CREATE TABLE kept_elsewhere (
  personal_number TEXT NOT NULL PRIMARY KEY REFERENCES person (personal_number),
  keeper TEXT NOT NULL CHECK (keeper IN ('defence', 'public-security')),
  since TEXT NOT NULL CHECK (length(since) = 10),
  reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
  source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
  recorded_at TEXT NOT NULL
) STRICT;
