-- title: Signs of a taken-over account
-- asks: In which account does somebody else seem to act: come in from elsewhere or by guessing, then disable a protection, take data, or stay?
-- variables: failures, within_minutes, many_failures, many_exports, dormant_days, suspicion, alarm
-- The signs and their points are in `evidence.py`.
WITH deed_kinds AS (
  SELECT unnest(types) AS activity, deed FROM (VALUES
    ('export', ['bulk_export', 'app_data_export']),
    ('one_by_one', ['conversation_pdf_export']),
    ('key', ['app_package_token_regeneration', 'custom_authentication_token_creation',
      'messenger_api_secret_creation']),
    ('outlet', ['app_webhook_creation', 'app_package_installation', 'app_outbound_address_change',
      'inbound_conversations_change']),
    ('sign_in', ['app_authentication_method_change', 'app_google_sso_domain_change',
      'trusted_domains_setting_change', 'security_settings_change',
      'app_identity_verification_change']),
    ('refused', ['admin_unauthorized_sign_in_method']),
    ('two_factor', ['admin_two_factor_auth_change']),
    ('reset', ['admin_password_reset_success']),
    ('delete', ['bulk_delete', 'app_data_deletion', 'workspace_deletion_request',
      'conversation_part_deletion']),
    ('rights', ['admin_permission_change', 'admin_invite_creation', 'role_change', 'role_creation',
      'admin_provisioned']),
    ('consent', ['admin_impersonation_consent_approved']),
    ('traces', ['app_webhook_deletion', 'app_package_uninstallation', 'admin_invite_deletion',
      'admin_deletion'])
  ) AS named (deed, types)
  UNION ALL SELECT activity, 'unknown' FROM kinds WHERE kind = 'unknown'
), stays AS (  -- each network of each teammate
  SELECT actor, network(ip) AS network,
    min(happened) FILTER (WHERE activity <> 'admin_login_failure') AS first_at,
    count(*) FILTER (WHERE activity = 'admin_login_success') AS log_ins,
    count(DISTINCT CAST(happened AS DATE)) FILTER (
      WHERE activity NOT IN (SELECT activity FROM kinds)
        AND activity NOT IN (SELECT activity FROM deed_kinds)) AS ordinary  -- days
  FROM activity WHERE ip <> '' AND actor <> '' GROUP BY ALL
), shared AS (  -- where several teammates do ordinary work: an office, a gateway, a conference
  SELECT network FROM stays WHERE ordinary > 0 GROUP BY network HAVING count(*) >= 3
), fresh AS (  -- a network that is new to a teammate who was already known
  SELECT s.*, s.first_at + INTERVAL 4 DAY AS until,
    s.first_at >= s.known_since + INTERVAL 14 DAY AS well_known FROM (
    SELECT *, min(first_at) OVER (PARTITION BY actor) AS known_since FROM stays
  ) AS s
  WHERE first_at > known_since AND first_at >= getvariable('period_start')
    AND ordinary < 2  -- otherwise it has become a place of work
    AND network NOT IN (SELECT network FROM shared)
), guesses AS (  -- log-ins after failures
  SELECT s.id, s.happened, s.actor, network(s.ip) AS network, count(f.id) AS failures,
    min(f.happened) AS since
  FROM security AS s JOIN security AS f ON f.actor = s.actor
    AND f.activity = 'admin_login_failure' AND f.happened BETWEEN
      s.happened - to_minutes(CAST(getvariable('within_minutes') AS BIGINT)) AND s.happened
  WHERE s.activity = 'admin_login_success' GROUP BY ALL
  HAVING count(f.id) >= getvariable('failures')
), resets AS (
  SELECT actor, happened, network(ip) AS network FROM activity
  WHERE activity = 'admin_password_reset_success'
), sprayers AS (
  SELECT network(ip) AS network, min(happened) AS since FROM security
  WHERE activity = 'admin_login_failure' GROUP BY ALL
  HAVING count(DISTINCT actor) >= 3 AND network(ip) NOT IN (SELECT network FROM shared)
), consents AS (
  SELECT happened FROM activity WHERE activity = 'admin_impersonation_consent_approved'
), hours AS (  -- when each teammate is at work
  SELECT a.actor, hour(a.happened) AS hour, count(DISTINCT CAST(a.happened AS DATE)) AS days
  FROM activity AS a LEFT JOIN fresh AS f ON f.actor = a.actor AND f.network = network(a.ip)
  WHERE a.activity <> 'admin_login_failure' AND f.actor IS NULL GROUP BY ALL
), diligent AS (  -- teammates whose hours are known
  SELECT actor FROM activity WHERE activity <> 'admin_login_failure'
  GROUP BY actor HAVING count(DISTINCT CAST(happened AS DATE)) >= 10
), silences AS (
  SELECT actor, day, first_at FROM (
    SELECT *, lag(last_at) OVER (PARTITION BY actor ORDER BY day) AS before FROM (
      SELECT actor, CAST(happened AS DATE) AS day, min(happened) AS first_at,
        max(happened) AS last_at
      FROM activity WHERE activity <> 'admin_login_failure' GROUP BY ALL))
  WHERE first_at >= before + to_days(CAST(getvariable('dormant_days') AS INTEGER))
), acts AS (  -- everything that is relevant here, with the days on which it was done before
  SELECT a.id, a.happened, a.actor, a.ip, network(a.ip) AS network, a.activity, a.detail, d.deed,
    dense_rank() OVER (PARTITION BY a.actor, d.deed ORDER BY CAST(a.happened AS DATE)) - 1 AS before
  FROM activity AS a JOIN deed_kinds AS d USING (activity)
), entries AS (  -- signs of another hand, each with the time for which it makes acts suspicious
  SELECT g.id, g.actor, g.happened, g.network,
    CASE WHEN g.failures >= getvariable('many_failures') AND NOT EXISTS (
      SELECT 1 FROM resets AS r WHERE r.actor = g.actor AND r.network = g.network
        AND r.happened BETWEEN g.since AND g.happened
    ) THEN 'guessed' ELSE 'mistyped' END AS sign
  FROM guesses AS g
  UNION ALL
  SELECT s.id, s.actor, s.happened, network(s.ip), 'sprayed' FROM security AS s
    JOIN sprayers AS p ON p.network = network(s.ip) AND s.happened BETWEEN p.since AND p.since + INTERVAL 2 DAY
  WHERE s.activity = 'admin_login_success'
  UNION ALL
  SELECT a.id, a.actor, a.happened, network(a.ip), 'silence' FROM activity AS a
    JOIN silences AS s ON s.actor = a.actor AND a.happened = s.first_at
  WHERE a.happened >= getvariable('period_start') AND a.activity <> 'admin_login_failure'
  UNION ALL
  SELECT s.id, s.actor, s.happened, network(s.ip), 'unasked' FROM security AS s
    ASOF LEFT JOIN consents AS c ON s.happened >= c.happened
  WHERE s.activity = 'admin_impersonation_start'
    AND (c.happened IS NULL OR c.happened <= s.happened - INTERVAL 30 DAY)
  UNION ALL
  SELECT a.id, a.actor, a.happened, a.network, 'two_factor' FROM acts AS a
  WHERE a.deed = 'two_factor' AND a.happened >= getvariable('period_start')
    AND regexp_matches(a.detail, '(disabl|turned off|switched off|deactivat|remov)', 'i')
    AND NOT EXISTS (SELECT 1 FROM acts AS b WHERE b.deed = 'two_factor' AND b.actor = a.actor
      AND b.network = a.network AND b.id <> a.id
      AND b.happened BETWEEN a.happened AND a.happened + INTERVAL 1 HOUR
      AND NOT regexp_matches(b.detail, '(disabl|turned off|switched off|deactivat|remov)', 'i'))
), guests AS (  -- accounts that were invited from a fresh network
  SELECT j.actor AS guest, min(i.actor) AS inviter, min(i.happened) AS invited_at
  FROM acts AS i JOIN fresh AS f ON f.actor = i.actor AND f.network = i.network
    AND i.happened < f.until
  JOIN activity AS j ON j.happened BETWEEN i.happened AND i.happened + INTERVAL 4 DAY
    AND j.actor <> i.actor AND j.activity IN ('app_admin_join', 'admin_login_success')
  JOIN (SELECT actor, min(happened) AS first_at FROM activity GROUP BY actor) AS n
    ON n.actor = j.actor AND n.first_at >= i.happened
  WHERE i.activity = 'admin_invite_creation'
    AND (j.activity = 'app_admin_join' OR contains(i.detail, j.actor))
  GROUP BY j.actor
), linked AS (  -- rows by another hand, as far as that can be said
  SELECT a.id, a.happened, a.actor, a.ip, network(a.ip) AS network, a.activity, a.detail,
    f.actor IS NOT NULL AS is_fresh, coalesce(f.log_ins = 0, false) AS no_login,
    CASE WHEN f.ordinary = 0 THEN if(f.well_known, 'only', 'only_so_far') END AS only_security
  FROM activity AS a
    LEFT JOIN fresh AS f ON f.actor = a.actor AND f.network = network(a.ip)
      AND a.happened < f.until
    LEFT JOIN guests AS g ON g.guest = a.actor AND a.happened < g.invited_at + INTERVAL 4 DAY
  WHERE a.happened >= getvariable('period_start') AND a.activity <> 'admin_login_failure'
    AND (activity IN (SELECT activity FROM deed_kinds) OR activity IN (SELECT activity FROM kinds))
    AND (f.actor IS NOT NULL OR g.guest IS NOT NULL OR EXISTS (
      SELECT 1 FROM entries AS e WHERE e.actor = a.actor AND e.sign <> 'mistyped'
        AND a.happened BETWEEN e.happened AND e.happened + INTERVAL 1 DAY))
  UNION ALL
  SELECT DISTINCT f.id, f.happened, f.actor, f.ip, g.network, f.activity, f.detail, false, false, NULL
  FROM security AS f JOIN guesses AS g ON g.actor = f.actor AND g.network = network(f.ip)
    AND f.happened BETWEEN g.since AND g.happened
  WHERE f.activity = 'admin_login_failure'
), elsewhere AS (  -- what the owner of an account does meanwhile
  SELECT a.actor, a.happened FROM activity AS a
    LEFT JOIN fresh AS f ON f.actor = a.actor AND f.network = network(a.ip)
  WHERE f.actor IS NULL AND a.ip <> '' AND a.activity <> 'admin_login_failure'
    AND a.actor IN (SELECT actor FROM fresh)
), signs AS (
  SELECT l.id, 'network' AS sign FROM linked AS l WHERE is_fresh
  UNION ALL SELECT l.id, 'no_login' FROM linked AS l WHERE is_fresh AND no_login
    AND activity NOT IN (SELECT activity FROM kinds WHERE kind = 'impersonation')
  UNION ALL SELECT l.id, only_security FROM linked AS l WHERE only_security IS NOT NULL
  UNION ALL
  SELECT l.id, 'meanwhile' FROM linked AS l
    ASOF JOIN elsewhere AS e ON e.actor = l.actor AND l.happened >= e.happened
    ASOF JOIN elsewhere AS n ON n.actor = l.actor AND l.happened <= n.happened
  WHERE is_fresh AND e.happened >= l.happened - INTERVAL 4 HOUR
    AND n.happened <= l.happened + INTERVAL 4 HOUR
  UNION ALL
  SELECT l.id, 'hour' FROM linked AS l
  WHERE (SELECT coalesce(sum(days), 0) FROM hours AS h WHERE h.actor = l.actor
    AND (h.hour - hour(l.happened) + 25) % 24 <= 2) <= 1
    AND l.actor IN (SELECT actor FROM diligent)
    AND only_security IS DISTINCT FROM 'only_so_far'
  UNION ALL SELECT l.id, 'failed' FROM linked AS l WHERE l.activity = 'admin_login_failure'
  UNION ALL SELECT id, sign FROM entries
  UNION ALL SELECT l.id, 'guest' FROM linked AS l JOIN guests AS g ON g.guest = l.actor
  UNION ALL
  SELECT l.id, 'guest_took' FROM linked AS l JOIN guests AS g ON g.inviter = l.actor
  WHERE l.activity = 'admin_invite_creation' AND EXISTS (
    SELECT 1 FROM acts AS a WHERE a.actor = g.guest AND a.happened < g.invited_at + INTERVAL 4 DAY
      AND a.deed IN ('export', 'key', 'outlet', 'sign_in', 'delete', 'rights'))
  UNION ALL
  SELECT l.id, CASE WHEN a.before >= 2 AND a.deed IN ('export', 'key', 'outlet', 'delete')
    THEN 'usual_' || a.deed ELSE a.deed END
  FROM linked AS l JOIN acts AS a USING (id)
  WHERE a.deed NOT IN ('two_factor', 'one_by_one', 'traces')
  UNION ALL
  SELECT l.id, 'one_by_one' FROM linked AS l
  WHERE l.activity = 'conversation_pdf_export'
  QUALIFY count(*) OVER (PARTITION BY actor, network) >= getvariable('many_exports')
  UNION ALL
  SELECT l.id, 'traces' FROM linked AS l JOIN acts AS a USING (id)
  WHERE a.deed = 'traces' AND EXISTS (SELECT 1 FROM linked AS b JOIN acts AS c USING (id)
    WHERE b.actor = l.actor AND c.deed IN ('outlet', 'rights')
      AND b.happened BETWEEN l.happened - INTERVAL 4 DAY AND l.happened)
), signed AS (
  SELECT l.id, l.happened, l.actor, l.ip, l.activity, l.detail, list_distinct(list(s.sign)) AS signs
  FROM linked AS l JOIN signs AS s USING (id) GROUP BY ALL
), windows AS (  -- what the four days from each row on show
  SELECT actor, happened, list_distinct(flatten(list(signs) OVER (
    PARTITION BY actor ORDER BY happened
    RANGE BETWEEN CURRENT ROW AND INTERVAL 4 DAY FOLLOWING))) AS signs
  FROM signed
), scored AS (
  SELECT w.actor, w.happened, sum(p.hand) AS hand, sum(p.deed) AS deed
  FROM windows AS w JOIN points AS p ON list_contains(w.signs, p.sign)
    AND NOT (starts_with(p.sign, 'usual_') AND list_contains(w.signs, substr(p.sign, 7)))
  GROUP BY w.actor, w.happened
  HAVING sum(p.hand) >= 2 AND sum(p.deed) >= 1
    AND sum(p.hand) + sum(p.deed) >= getvariable('suspicion')
), verdicts AS (
  SELECT s.id, max(v.hand + v.deed) AS score FROM signed AS s JOIN scored AS v ON v.actor = s.actor
    AND s.happened BETWEEN v.happened AND v.happened + INTERVAL 4 DAY
  GROUP BY s.id
), words AS (
  SELECT s.id, list(p.words ORDER BY p.place) AS words
  FROM signed AS s JOIN points AS p ON list_contains(s.signs, p.sign) GROUP BY s.id
)
SELECT s.id, s.happened, s.actor, s.ip, s.activity, s.detail,
  CASE WHEN v.score >= getvariable('alarm') THEN w.words ELSE [] END AS flags
FROM signed AS s JOIN verdicts AS v USING (id) JOIN words AS w USING (id)
ORDER BY s.happened, s.id
