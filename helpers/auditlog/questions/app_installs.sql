-- title: Apps installed or removed
-- asks: Which apps were installed or removed?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'app'
ORDER BY happened, id
