-- title: Exports
-- asks: Who took data out?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'export'
ORDER BY happened, id
