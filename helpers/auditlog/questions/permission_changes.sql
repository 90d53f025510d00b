-- title: Permissions, roles and invitations
-- asks: Who granted permissions, or invited somebody?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind IN ('permission', 'removal')
ORDER BY happened, id
