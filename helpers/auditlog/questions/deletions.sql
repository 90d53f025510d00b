-- title: Bulk deletions
-- asks: Who deleted data in bulk, or scheduled its deletion?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'deletion'
ORDER BY happened, id
