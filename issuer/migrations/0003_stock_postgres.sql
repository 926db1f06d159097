CREATE TRIGGER blank_events_are_append_only BEFORE UPDATE OR DELETE ON blank_events
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER stock_operations_are_append_only BEFORE UPDATE OR DELETE ON stock_operations
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER stock_batches_are_append_only BEFORE UPDATE OR DELETE ON stock_batches
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER stock_transports_are_append_only BEFORE UPDATE OR DELETE ON stock_transports
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER stock_receipts_are_append_only BEFORE UPDATE OR DELETE ON stock_receipts
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER blank_keys_are_append_only BEFORE UPDATE OR DELETE ON blank_keys
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER stock_stations_are_append_only BEFORE UPDATE OR DELETE ON stock_stations
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER blanks_stay BEFORE DELETE ON blanks
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER blanks_go_forward BEFORE UPDATE ON blanks
  FOR EACH ROW WHEN (NEW.last_event <= OLD.last_event OR NEW.serial <> OLD.serial
    OR NEW.batch_id <> OLD.batch_id AND NEW.state <> 'expected'
    OR OLD.application_id IS NOT NULL AND NEW.application_id IS DISTINCT FROM OLD.application_id)
  EXECUTE FUNCTION station_refuses();
