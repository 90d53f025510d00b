-- title: Sign-in and security settings
-- asks: Who changed a sign-in or security setting?
SELECT id, happened, actor, ip, activity, detail,
  CASE WHEN activity = 'admin_unauthorized_sign_in_method'
    THEN list_append(flags, 'a sign-in method that is not allowed') ELSE flags END AS flags
FROM security
WHERE kind = 'sign-in'
ORDER BY happened, id
