-- title: Signs of a taken-over account
-- asks: Who logged in from a new address after repeated failures, and within a day disabled a protection or took data?
-- variables: failures, within_minutes
WITH entries AS (
  SELECT s.actor, s.happened AS entered, s.ip,
    (SELECT count(*) FROM security AS f
     WHERE f.activity = 'admin_login_failure' AND f.actor = s.actor
       AND f.happened BETWEEN s.happened - to_minutes(CAST(getvariable('within_minutes') AS BIGINT)) AND s.happened
    ) AS failures,
    list_contains(s.flags, 'from an address new to this teammate') AS new_address
  FROM security AS s WHERE s.activity = 'admin_login_success'
), suspicious AS (
  SELECT * FROM entries
  WHERE failures >= getvariable('failures') AND new_address
), acts AS (
  SELECT DISTINCT s.* FROM security AS s JOIN suspicious AS e ON s.actor = e.actor
    AND s.ip IN (e.ip, '')  -- a row may have no address
  WHERE s.happened BETWEEN e.entered - to_minutes(CAST(getvariable('within_minutes') AS BIGINT))
    AND e.entered + INTERVAL 1 DAY
)
SELECT id, happened, actor, ip, activity, detail, flags FROM acts
WHERE actor IN (SELECT actor FROM acts WHERE kind NOT IN ('log-in', 'removal'))
ORDER BY happened, id
