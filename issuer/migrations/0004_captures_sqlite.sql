CREATE TRIGGER captures_stay BEFORE DELETE ON captures
BEGIN SELECT RAISE(ABORT, 'what was captured stays noted'); END;
CREATE TRIGGER captures_are_purged_once BEFORE UPDATE ON captures
  WHEN OLD.purged_at IS NOT NULL OR NEW.purged_at IS NULL OR OLD.application_id <> NEW.application_id
    OR OLD.sealed_sha256 <> NEW.sealed_sha256 OR OLD.taken_at <> NEW.taken_at
BEGIN SELECT RAISE(ABORT, 'what was captured stays noted'); END;
