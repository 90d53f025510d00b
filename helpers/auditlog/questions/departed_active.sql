-- title: Activity of departed teammates
-- asks: Which accounts that are not among today's teammates were active?
WITH gone AS MATERIALIZED (
  SELECT actor, arg_max({id: id, happened: happened, admin_id: admin_id, ip: ip,
    activity: activity, detail: detail}, (happened, id)) AS newest
  FROM activity
  WHERE happened >= getvariable('period_start') AND actor <> '' AND activity <> 'admin_login_failure'
    AND (SELECT count(*) FROM teammates) > 0
    AND admin_id NOT IN (SELECT id FROM teammates)
  GROUP BY actor
), removals AS MATERIALIZED (
  SELECT happened, detail || metadata AS mentioned, metadata FROM activity
  WHERE activity IN ('admin_deletion', 'admin_deprovisioned')
)
SELECT g.newest.id, g.newest.happened, g.actor, g.newest.ip, g.newest.activity, g.newest.detail,
  CASE WHEN EXISTS (
      SELECT 1 FROM removals AS r WHERE r.happened < g.newest.happened
        AND (contains(r.mentioned, g.actor)
          OR (g.newest.admin_id <> '' AND contains(r.metadata, g.newest.admin_id))))
    THEN ['after the account was removed'] ELSE [] END AS flags
FROM gone AS g
ORDER BY g.actor
