-- title: Security-relevant activity outside working hours
-- asks: What that bears on security was done at night or at a week-end?
-- variables: time_zone, day_starts, day_ends
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind <> 'log-in' AND list_contains(flags, 'outside working hours')
ORDER BY happened, id
