CREATE TRIGGER audit_is_append_only_1 BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER audit_heads_are_append_only_1 BEFORE UPDATE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
CREATE TRIGGER audit_heads_are_append_only_2 BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
