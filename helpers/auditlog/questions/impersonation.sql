-- title: Impersonation by Intercom's staff
-- asks: When did Intercom's staff act as a teammate, and who consented?
WITH consents AS (
  SELECT happened FROM activity WHERE activity = 'admin_impersonation_consent_approved'
)
SELECT s.id, s.happened, s.actor, s.ip, s.activity, s.detail,
  CASE WHEN s.activity = 'admin_impersonation_start'
      AND (c.happened IS NULL OR c.happened <= s.happened - INTERVAL 30 DAY)
    THEN list_append(s.flags, 'without a consent in the 30 days before') ELSE s.flags END AS flags
FROM (SELECT * FROM security WHERE kind = 'impersonation') AS s
  ASOF LEFT JOIN consents AS c ON s.happened >= c.happened
ORDER BY s.happened, s.id
