-- title: Webhooks created or deleted
-- asks: Which webhooks were created or deleted?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'webhook'
ORDER BY happened, id
