-- title: Teammates back after a long silence
-- asks: Who was active again after a silence of many days?
-- variables: dormant_days
WITH steps AS (
  SELECT id, happened, actor, ip, activity, detail,
    lag(happened) OVER (PARTITION BY actor ORDER BY happened, id) AS before
  FROM activity WHERE actor <> ''
)
SELECT id, happened, actor, ip, activity,
  detail || ' (silent for ' || date_diff('day', before, happened) || ' days)' AS detail,
  ['after a long silence'] AS flags
FROM steps
WHERE happened >= getvariable('period_start')
  AND happened >= before + to_days(CAST(getvariable('dormant_days') AS INTEGER))
ORDER BY happened, id
