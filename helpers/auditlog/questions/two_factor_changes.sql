-- title: Two-factor authentication
-- asks: Who switched two-factor authentication on or off?
SELECT id, happened, actor, ip, activity, detail,
  CASE WHEN regexp_matches(detail || ' ' || metadata, '(disabl|turned off|switched off|remov)', 'i')
    THEN list_append(flags, 'switched off') ELSE flags END AS flags
FROM security
WHERE kind = 'two-factor'
ORDER BY happened, id
