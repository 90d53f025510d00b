-- title: Apps installed or removed
-- asks: Which apps came in or went?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'app'
ORDER BY happened, id
