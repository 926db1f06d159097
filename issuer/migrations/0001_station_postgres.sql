-- What keys cannot say: what was written stays as it is. The station's store is a plain PostgreSQL.

CREATE FUNCTION station_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what was written stays'; END $$;

CREATE TRIGGER actions_are_append_only BEFORE UPDATE OR DELETE ON actions
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER account_actions_are_append_only BEFORE UPDATE OR DELETE ON account_actions
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER applications_stay BEFORE DELETE ON applications
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER applications_start_received BEFORE INSERT ON applications
  FOR EACH ROW WHEN (NEW.state <> 'received' OR NEW.last_action <> 1) EXECUTE FUNCTION station_refuses();
CREATE TRIGGER applications_go_forward BEFORE UPDATE ON applications
  FOR EACH ROW WHEN (NEW.last_action < OLD.last_action OR NEW.last_action = OLD.last_action AND NEW.state <> OLD.state)
  EXECUTE FUNCTION station_refuses();
CREATE TRIGGER applications_keep_identity BEFORE UPDATE ON applications
  FOR EACH ROW WHEN (OLD.id <> NEW.id OR OLD.person_number <> NEW.person_number
    OR OLD.content_sha256 <> NEW.content_sha256 OR OLD.received_at <> NEW.received_at OR OLD.due <> NEW.due
    OR OLD.captured_by IS NOT NULL AND OLD.captured_by IS DISTINCT FROM NEW.captured_by
    OR OLD.captured_sha256 IS NOT NULL AND OLD.captured_sha256 IS DISTINCT FROM NEW.captured_sha256
    OR OLD.approved_by IS NOT NULL AND OLD.approved_by IS DISTINCT FROM NEW.approved_by
    OR OLD.chip_serial IS NOT NULL AND OLD.chip_serial IS DISTINCT FROM NEW.chip_serial
    OR OLD.state IN ('locked', 'issued', 'delivered') AND OLD.sod_sha256 IS DISTINCT FROM NEW.sod_sha256)
  EXECUTE FUNCTION station_refuses();
CREATE TRIGGER chips_stay BEFORE UPDATE OR DELETE ON chips
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
