-- title: Secrets created or deleted
-- asks: Who created or deleted a Messenger secret or a connector's token?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'secret'
ORDER BY happened, id
