CREATE TRIGGER card_changes_are_append_only_1 BEFORE UPDATE ON card_changes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER card_changes_are_append_only_2 BEFORE DELETE ON card_changes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER card_change_outcomes_are_append_only_1 BEFORE UPDATE ON card_change_outcomes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER card_change_outcomes_are_append_only_2 BEFORE DELETE ON card_change_outcomes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
