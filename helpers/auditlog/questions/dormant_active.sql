-- title: Teammates back after a long silence
-- asks: Who became active again after many days without activity?
-- variables: dormant_days
WITH days AS (  -- a gap of a day or more ends with the first action of a day
  SELECT actor, CAST(happened AS DATE) AS day, min(happened) AS first_at, max(happened) AS last_at
  FROM activity WHERE actor <> '' AND activity <> 'admin_login_failure' GROUP BY ALL
), silences AS (
  SELECT actor, first_at, lag(last_at) OVER (PARTITION BY actor ORDER BY day) AS before FROM days
)
SELECT DISTINCT ON (a.happened, a.actor) a.id, a.happened, a.actor, a.ip, a.activity,
  a.detail || ' (silent for ' || date_diff('day', s.before, a.happened) || ' days)' AS detail,
  ['after a long silence'] AS flags
FROM activity AS a JOIN silences AS s ON a.actor = s.actor AND a.happened = s.first_at
WHERE a.happened >= getvariable('period_start')
  AND a.activity <> 'admin_login_failure'
  AND a.happened >= s.before + to_days(CAST(getvariable('dormant_days') AS INTEGER))
ORDER BY a.happened, a.actor, a.id
