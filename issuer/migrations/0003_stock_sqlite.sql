CREATE TRIGGER blank_events_are_append_only_1 BEFORE UPDATE ON blank_events
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blank_events_are_append_only_2 BEFORE DELETE ON blank_events
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_operations_are_append_only_1 BEFORE UPDATE ON stock_operations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_operations_are_append_only_2 BEFORE DELETE ON stock_operations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_batches_are_append_only_1 BEFORE UPDATE ON stock_batches
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_batches_are_append_only_2 BEFORE DELETE ON stock_batches
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_transports_are_append_only_1 BEFORE UPDATE ON stock_transports
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_transports_are_append_only_2 BEFORE DELETE ON stock_transports
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_receipts_are_append_only_1 BEFORE UPDATE ON stock_receipts
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_receipts_are_append_only_2 BEFORE DELETE ON stock_receipts
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blank_keys_are_append_only_1 BEFORE UPDATE ON blank_keys
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blank_keys_are_append_only_2 BEFORE DELETE ON blank_keys
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_stations_are_append_only_1 BEFORE UPDATE ON stock_stations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_stations_are_append_only_2 BEFORE DELETE ON stock_stations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blanks_stay BEFORE DELETE ON blanks
BEGIN SELECT RAISE(ABORT, 'blanks are never deleted'); END;
CREATE TRIGGER blanks_go_forward BEFORE UPDATE ON blanks
WHEN NEW.last_event <= OLD.last_event OR NEW.serial <> OLD.serial OR NEW.batch_id <> OLD.batch_id AND NEW.state <> 'expected'
     OR OLD.application_id IS NOT NULL AND NEW.application_id IS NOT OLD.application_id
BEGIN SELECT RAISE(ABORT, 'a blank stands where its last event left it'); END;
