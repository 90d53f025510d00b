-- title: Security-relevant activity outside working hours
-- asks: Which security-relevant actions happened at night or at the weekend?
-- variables: time_zone, day_starts, day_ends
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind <> 'log-in' AND list_contains(flags, 'outside working hours')
ORDER BY happened, id
