-- title: First log-in from an address
-- asks: From which addresses did teammates log in for the first time?
SELECT DISTINCT ON (actor, ip) id, happened, actor, ip, activity, detail, flags FROM security
WHERE activity = 'admin_login_success'
  AND list_contains(flags, 'from an address new to this teammate')
ORDER BY actor, ip, happened
