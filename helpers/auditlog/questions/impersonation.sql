-- title: Impersonation by Intercom's staff
-- asks: When did Intercom's staff look into the workspace as a teammate, and who agreed?
SELECT s.id, s.happened, s.actor, s.ip, s.activity, s.detail,
  CASE WHEN s.activity = 'admin_impersonation_start' AND NOT EXISTS (
      SELECT 1 FROM activity AS c
      WHERE c.activity = 'admin_impersonation_consent_approved' AND c.happened <= s.happened
        AND c.happened > s.happened - INTERVAL 30 DAY)
    THEN list_append(s.flags, 'without a consent in the 30 days before') ELSE s.flags END AS flags
FROM security AS s
WHERE s.kind = 'impersonation'
ORDER BY s.happened, s.id
