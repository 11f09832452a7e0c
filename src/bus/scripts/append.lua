-- A publisher's events and sign of life.
-- ARGV: monitor, its run, vantage, its clock, the feed that it knows, what it goes on from ('=' where the vantage is its own
-- already, otherwise what was stored of the vantage when it read the overview), the seq of its last event in the stream as it knows it,
-- the seq after this, how many events, events, statuses, opening, snapshot, events to keep, time to keep.
-- Answers 'ok', or 'join' where the stream does not have what the publisher goes on from: it has to read the overview again.
local monitor, run, vantage, clock, feed, replaced = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local from, through, count, events, statuses = ARGV[7], ARGV[8], tonumber(ARGV[9]), ARGV[10], ARGV[11]
local opening, snapshot, keepEvents, keepMs = ARGV[12], ARGV[13], tonumber(ARGV[14]), tonumber(ARGV[15])
local CLEANUP_MS = 10000
local MANY_MONITORS = 1000

local held, raw = read(vantage)
if feed ~= redis.call('HGET', meta, 'id') or from ~= lastOf(monitor) then return 'join' end
if replaced == '=' then
  if not held or held.run ~= run or held.offline == true then return 'join' end
elseif raw ~= replaced then
  return 'join'
end

-- What is stored for newcomers is as of the entries before this call.
local top = redis.call('HGET', meta, 'top') or '0-0'
if opening ~= '' then append(feed, monitor, vantage, 0, 'o', opening, '') end
if count > 0 or statuses ~= '' then append(feed, monitor, vantage, count, 'e', events, statuses) end
redis.call('HSET', seqs, monitor, through .. ' ' .. text(now))
write(vantage, { monitor = monitor, run = run, sign = now, at = clock, offline = false })
local stored = opening ~= '' and opening or snapshot
if stored ~= '' then redis.call('HSET', snapshots, vantage, '{"top":"' .. top .. '","hello":' .. stored .. '}') end

if math.abs(now - number('trimmed')) < CLEANUP_MS then return 'ok' end
redis.call('HSET', meta, 'trimmed', text(now))
-- Without LIMIT 0 Redis would stop after 10,000 entries, and fall behind.
redis.call('XTRIM', stream, 'MINID', '~', text(now - keepMs), 'LIMIT', 0)
redis.call('XTRIM', stream, 'MAXLEN', '~', keepEvents, 'LIMIT', 0)
for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 20)) do
  local own, before = false, nil
  for at = 1, #entry[2], 2 do
    local name, value = entry[2][at], entry[2][at + 1]
    if name == 'f' then own = value == feed end
    if name == 'k' then before = tonumber(value) end
  end
  -- What other programs wrote there says nothing of how many events are kept.
  local kept = own and before and before >= 0 and number('total') - before or -1
  if kept >= 0 then
    if kept > keepEvents then
      local length = redis.call('XLEN', stream)
      redis.call('XTRIM', stream, 'MAXLEN', '~', text(math.floor(length * keepEvents / kept)), 'LIMIT', 0)
    end
    break
  end
end
for _, name in ipairs(redis.call('HKEYS', vantages)) do
  local one = read(name)
  if not one or not (now - one.sign <= keepMs) then
    redis.call('HDEL', vantages, name)
    redis.call('HDEL', snapshots, name)
  end
end
if redis.call('HLEN', seqs) > MANY_MONITORS then
  local all = redis.call('HGETALL', seqs)
  for at = 1, #all, 2 do
    local used = tonumber(string.match(all[at + 1], ' (%d+)$') or '0')
    if now - used > 30 * keepMs then redis.call('HDEL', seqs, all[at]) end
  end
end
return 'ok'
