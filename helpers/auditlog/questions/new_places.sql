-- title: Log-ins from new places
-- asks: Who logged in from a network (/24, /48) that nobody here had used before?
WITH networks AS (
  SELECT CASE WHEN contains(ip, ':') THEN array_to_string(string_split(ip, ':')[1:3], ':')
    ELSE array_to_string(string_split(ip, '.')[1:3], '.') END AS network, min(first_at) AS first_at
  FROM places GROUP BY network
)
SELECT s.id, s.happened, s.actor, s.ip, s.activity, s.detail, s.flags
FROM security AS s JOIN networks AS n
  ON starts_with(s.ip, n.network || CASE WHEN contains(s.ip, ':') THEN ':' ELSE '.' END)
WHERE s.activity = 'admin_login_success' AND s.happened < n.first_at + INTERVAL 1 DAY
  AND list_contains(s.flags, 'from an address new to this teammate')
ORDER BY s.happened, s.id
