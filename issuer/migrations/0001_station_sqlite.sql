-- What keys cannot say: what was written stays as it is.

CREATE TRIGGER actions_are_append_only_1 BEFORE UPDATE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER actions_are_append_only_2 BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;

CREATE TRIGGER account_actions_are_append_only_1 BEFORE UPDATE ON account_actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER account_actions_are_append_only_2 BEFORE DELETE ON account_actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;

CREATE TRIGGER applications_stay BEFORE DELETE ON applications
BEGIN SELECT RAISE(ABORT, 'applications are never deleted'); END;

CREATE TRIGGER applications_start_received BEFORE INSERT ON applications
WHEN NEW.state <> 'received' OR NEW.last_action <> 1
BEGIN SELECT RAISE(ABORT, 'an application starts as received'); END;

CREATE TRIGGER applications_go_forward BEFORE UPDATE ON applications
WHEN NEW.last_action < OLD.last_action OR NEW.last_action = OLD.last_action AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'an application stands where its last action left it'); END;

CREATE TRIGGER applications_keep_identity BEFORE UPDATE ON applications
WHEN OLD.id <> NEW.id OR OLD.person_number <> NEW.person_number OR OLD.content_sha256 <> NEW.content_sha256
     OR OLD.received_at <> NEW.received_at OR OLD.due <> NEW.due
     OR OLD.captured_by IS NOT NULL AND OLD.captured_by IS NOT NEW.captured_by
     OR OLD.captured_sha256 IS NOT NULL AND OLD.captured_sha256 IS NOT NEW.captured_sha256
     OR OLD.approved_by IS NOT NULL AND OLD.approved_by IS NOT NEW.approved_by
     OR OLD.chip_serial IS NOT NULL AND OLD.chip_serial IS NOT NEW.chip_serial
     OR OLD.state IN ('locked', 'issued', 'delivered') AND OLD.sod_sha256 IS NOT NEW.sod_sha256
BEGIN SELECT RAISE(ABORT, 'person, content, officers, chip and the card of a locked chip do not change'); END;

CREATE TRIGGER chips_stay BEFORE DELETE ON chips
BEGIN SELECT RAISE(ABORT, 'chips are never deleted'); END;
CREATE TRIGGER chips_keep_identity BEFORE UPDATE ON chips
BEGIN SELECT RAISE(ABORT, 'a chip is never reassigned'); END;

CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'accounts are locked, never deleted'); END;
