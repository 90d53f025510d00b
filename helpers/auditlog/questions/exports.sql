-- title: Exports
-- asks: Who exported data?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'export'
ORDER BY happened, id
