-- Ends the observation of a vantage: events that say so are appended, once, whichever hub asks first.
-- ARGV: vantage, the run of its monitor, its last sign of life or '' where the monitor itself ends, the silence that it takes,
-- and for each entry: how many events, events.
-- Answers 1 where it is done, 0 where there is nothing to do (any more).
local vantage, run, sign, silence = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local id = redis.call('HGET', meta, 'id')
local held = read(vantage)
if not id or not held or held.run ~= run or held.offline == true then return 0 end
if sign ~= '' and (text(held.sign) ~= sign or now - held.sign < silence) then return 0 end
for at = 5, #ARGV, 2 do append(id, held.monitor, vantage, tonumber(ARGV[at]), 'e', ARGV[at + 1], '') end
held.offline = true
write(vantage, held)
return 1
