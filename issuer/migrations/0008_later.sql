-- What an account was given, by its history: roles, and the digest of its password's hash. A changed row shows in the audit.
ALTER TABLE account_actions ADD COLUMN given TEXT;

-- What a receiver took after its first receipt, because it turned up later.
CREATE TABLE stock_receipts_later (
  sender TEXT NOT NULL,
  reference TEXT NOT NULL,
  operation INTEGER NOT NULL REFERENCES stock_operations (id),
  missing INTEGER NOT NULL CHECK (missing >= 0),
  surplus INTEGER NOT NULL CHECK (surplus >= 0),
  receipt TEXT NOT NULL,
  PRIMARY KEY (sender, reference, operation),
  FOREIGN KEY (sender, reference) REFERENCES stock_receipts (sender, reference)
) STRICT;

-- The last word about each transport.
CREATE VIEW stock_answers AS
  SELECT sender, reference, operation, missing, surplus, receipt FROM stock_receipts r
  WHERE NOT EXISTS (SELECT 1 FROM stock_receipts_later l WHERE l.sender = r.sender AND l.reference = r.reference)
  UNION ALL
  SELECT sender, reference, operation, missing, surplus, receipt FROM stock_receipts_later r
  WHERE NOT EXISTS (SELECT 1 FROM stock_receipts_later l
                    WHERE l.sender = r.sender AND l.reference = r.reference AND l.operation > r.operation);
