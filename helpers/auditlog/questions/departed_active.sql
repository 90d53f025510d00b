-- title: Activity of people who are gone
-- asks: Which accounts that are not among today's teammates were active?
SELECT DISTINCT ON (a.actor) a.id, a.happened, a.actor, a.ip, a.activity, a.detail,
  CASE WHEN EXISTS (
      SELECT 1 FROM activity AS r
      WHERE r.activity IN ('admin_deletion', 'admin_deprovisioned') AND r.happened < a.happened
        AND (contains(r.detail || r.metadata, a.actor)
          OR (a.admin_id <> '' AND contains(r.metadata, a.admin_id))))
    THEN ['after the account was removed'] ELSE [] END AS flags
FROM activity AS a
WHERE a.happened >= getvariable('period_start') AND a.actor <> ''
  AND (SELECT count(*) FROM teammates) > 0
  AND a.admin_id NOT IN (SELECT id FROM teammates)
ORDER BY a.actor, a.happened DESC
