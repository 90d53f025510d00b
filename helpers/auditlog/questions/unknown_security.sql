-- title: Unknown activity of a security kind
-- asks: Which activity has a type that this runbook does not know and whose name concerns keys, sign-in, roles or exports?
SELECT id, happened, actor, ip, activity, activity || ': ' || detail AS detail, flags FROM security
WHERE kind = 'unknown'
ORDER BY happened, id
