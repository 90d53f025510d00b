-- title: Log-ins after repeated failures
-- asks: Who logged in shortly after several failed attempts?
-- variables: failures, within_minutes
WITH entries AS (
  SELECT s.*, (
    SELECT count(*) FROM security AS f
    WHERE f.activity = 'admin_login_failure' AND f.actor = s.actor AND f.happened BETWEEN
      s.happened - to_minutes(CAST(getvariable('within_minutes') AS BIGINT)) AND s.happened
  ) AS failures
  FROM security AS s WHERE s.activity = 'admin_login_success'
)
SELECT id, happened, actor, ip, activity,
  detail || ' (after ' || failures || ' failures)' AS detail, flags
FROM entries WHERE failures >= getvariable('failures')
ORDER BY happened, id
