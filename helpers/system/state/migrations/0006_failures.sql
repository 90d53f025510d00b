-- Unwaived failures of a run by severity, as JSON; NULL: an earlier version recorded the run.
ALTER TABLE runs ADD COLUMN failures TEXT;
