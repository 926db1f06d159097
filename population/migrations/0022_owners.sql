-- Version 22: rows that only come with a change of their person, in its transaction, are not looked up and locked once more for a key
-- (decision 0173). SQLite's keys cost next to nothing, and stay.

-- postgres: ALTER TABLE person_act DROP CONSTRAINT IF EXISTS person_act_personal_number_fkey;
-- postgres: ALTER TABLE outbox DROP CONSTRAINT IF EXISTS outbox_personal_number_fkey;
-- postgres: ALTER TABLE linked_step DROP CONSTRAINT IF EXISTS linked_step_personal_number_fkey;
