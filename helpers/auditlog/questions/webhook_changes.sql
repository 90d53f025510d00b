-- title: Webhooks made or deleted
-- asks: Where does the workspace send its events now?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'webhook'
ORDER BY happened, id
