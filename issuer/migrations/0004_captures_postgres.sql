CREATE TRIGGER captures_stay BEFORE DELETE ON captures
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER captures_are_purged_once BEFORE UPDATE ON captures
  FOR EACH ROW WHEN (OLD.purged_at IS NOT NULL OR NEW.purged_at IS NULL OR OLD.application_id <> NEW.application_id
    OR OLD.sealed_sha256 <> NEW.sealed_sha256 OR OLD.taken_at <> NEW.taken_at)
  EXECUTE FUNCTION station_refuses();
