-- What is there. ARGV: an id for the feed where there is none, a monitor or ''.
-- Answers the feed's id, when it began, the number of the newest event, now, the newest entry, the seq of the monitor's last
-- event in the stream, and each vantage with what is stored of it.
local id = begin(ARGV[1])
local found = {}
local all = redis.call('HGETALL', vantages)
for at = 1, #all, 2 do
  if parse(all[at + 1]) then
    table.insert(found, all[at])
    table.insert(found, all[at + 1])
  end
end
local top = redis.call('HGET', meta, 'top') or '0-0'
return { id, text(number('began')), text(number('n')), text(now), top, lastOf(ARGV[2]), found }
