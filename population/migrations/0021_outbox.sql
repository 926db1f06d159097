-- Version 21: messages that wait are read in the order of their time.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (recorded_at) WHERE sent_at IS NULL;
