-- Version 21: messages that wait are read in the order of their time; numbers that ended are found by the one that follows them, and with them
-- the cards that bear them.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (recorded_at) WHERE sent_at IS NULL;
CREATE INDEX number_cancelled_before ON number_cancelled (successor);
