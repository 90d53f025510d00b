-- title: Bulk deletions
-- asks: Who deleted data in bulk, or set it to be deleted?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'deletion'
ORDER BY happened, id
