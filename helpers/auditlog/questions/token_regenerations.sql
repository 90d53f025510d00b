-- title: Regenerated and revoked tokens
-- asks: Which access tokens were regenerated or revoked?
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind = 'token'
ORDER BY happened, id
