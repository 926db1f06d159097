-- Version 5: paper forms and their scans.

-- Whose row a form's barcode names. The reference is a keyed digest: paper does not tell whose it is.
CREATE TABLE form_row_claim (
  form_row TEXT NOT NULL PRIMARY KEY CHECK (length(form_row) IN (16, 20)),
  personal_number TEXT NOT NULL
) STRICT;

-- Pages that were scanned and filed, each once.
CREATE TABLE scanned_sheet (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  form TEXT NOT NULL CHECK (form IN ('DC01', 'DC02')),
  form_serial TEXT NOT NULL CHECK (length(form_serial) = 16),
  page INTEGER NOT NULL CHECK (page BETWEEN 1 AND 255),
  pages INTEGER NOT NULL CHECK (pages BETWEEN 1 AND 255),
  printed_on TEXT NOT NULL,
  filed_on TEXT NOT NULL,
  file_name TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (personal_number, form_serial, page)
) STRICT;
