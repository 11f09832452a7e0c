-- The overview of a stream. ARGV: an id for the feed where there is none, a monitor or ''.
-- Answers the feed's id, when it began, the number of the newest event, now, the seq of the monitor's last event in the stream,
-- and each vantage with what is stored of it.
local id = begin(ARGV[1])
local found = redis.call('HGETALL', vantages)
return { id, text(number('began')), text(number('n')), text(now), lastOf(ARGV[2]), found }
