-- title: Days far above a teammate's usual activity
-- asks: On which days was somebody many times more active than usual?
-- variables: peak_times, peak_least
WITH days AS (
  SELECT actor, date_trunc('day', happened) AS day, count(*) AS n, max(id) AS id, max(ip) AS ip
  FROM activity WHERE actor <> '' GROUP BY ALL
), ordinary AS (
  SELECT actor, median(n) AS usual, count(*) AS days FROM days GROUP BY actor
)
SELECT d.id, d.day AS happened, d.actor, d.ip, 'peak' AS activity,
  d.n || ' actions in a day; usually ' || CAST(round(o.usual) AS INTEGER) AS detail,
  ['far above the usual'] AS flags
FROM days AS d JOIN ordinary AS o USING (actor)
WHERE d.day >= date_trunc('day', getvariable('period_start')) AND o.days >= 5
  AND d.n >= getvariable('peak_least') AND d.n >= getvariable('peak_times') * o.usual
ORDER BY d.day, d.actor
