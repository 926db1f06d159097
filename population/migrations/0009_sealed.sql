-- Version 9: the sensitive items of a record that was, sealed as the person's own are, beside it. Records of older
-- versions hold them within until the register is sealed anew.
ALTER TABLE person_history ADD COLUMN sensitive TEXT;
