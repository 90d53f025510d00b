-- title: Permissions, roles and invitations
-- asks: Who gave whom more, or let somebody in?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind IN ('permission', 'removal')
ORDER BY happened, id
