/**
 * What runs inside Redis, each in one step: so a number is given once and without a hole, and what was appended before its
 * answer was lost is not appended again. The stream is written first: where Redis refuses that (OOM, WRONGTYPE),
 * nothing has changed.
 *
 * Numbers of events, `seq` and `n`, cross as text: Lua would round and reformat them.
 */

/** Common beginning: the keys, the time, the numbering. */
const HEAD = `
local stream, meta, vantages, snapshots, seqs = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function int(x) return string.format('%.0f', x) end
local function read(vantage)
  local raw = redis.call('HGET', vantages, vantage)
  local ok, held = pcall(cjson.decode, raw or '')
  if not ok or type(held) ~= 'table' or type(held.leader) ~= 'string' then return nil end
  if type(held.lease) ~= 'number' or type(held.sign) ~= 'number' or type(held.at) ~= 'number' then return nil end
  return held
end
local function write(vantage, held)
  redis.call('HSET', vantages, vantage, cjson.encode(held))
end
local function begin(candidate)
  local id = redis.call('HGET', meta, 'id')
  if id then return id end
  redis.call('HSET', meta, 'id', candidate, 'began', int(now), 'n', '0')
  return candidate
end
local function append(id, monitor, vantage, count, field, json, status)
  local n = redis.call('HGET', meta, 'n') or '0'
  local fields = { 'f', id, 'n', int(n + 1), 'c', count, 'm', monitor, 'v', vantage, field, json }
  if status ~= '' then table.insert(fields, 's') table.insert(fields, status) end
  local top = redis.call('XADD', stream, '*', unpack(fields))
  redis.call('HSET', meta, 'n', int(n + count), 'top', top)
end
local function newest() return redis.call('HGET', meta, 'n') or '0' end
`;

/**
 * A publisher's events and sign of life.
 * ARGV: monitor, vantage, its clock, the numbering that it knows or '', an id for a new one, 'go on' or 'open', the leader
 * that it takes over from or '', the seq before its first event or '', the seq of its last, how many, events, statuses,
 * opening, snapshot, lease, events to keep, time to keep.
 * Answers what became of it, and what is known: see `answer.ts`.
 */
export const APPEND = `${HEAD}
local monitor, vantage, clock, numbering, candidate = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local mode, before, from, through, count = ARGV[6], ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[10])
local events, status, opening, snapshot = ARGV[11], ARGV[12], ARGV[13], ARGV[14]
local lease, keepEvents, keepMs = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local id = redis.call('HGET', meta, 'id') or ''
local held = read(vantage)
local top = redis.call('HGET', meta, 'top') or '0-0'
local last = string.match(redis.call('HGET', seqs, monitor) or '', '^%d+') or ''
local function answer(what)
  local known = held or {}
  return { what, id, last, known.leader or '', known.at and string.format('%.3f', known.at) or '', newest() }
end
if numbering ~= '' and numbering ~= id then return answer('another') end
if held and held.leader ~= monitor then
  if held.lease > now then
    held.standby = now
    write(vantage, held)
    return answer('standby')
  end
  if mode ~= 'open' or held.leader ~= before then return answer('vacant') end
elseif mode ~= 'open' and (not held or held.silent) then
  return answer('adopt')
elseif mode == 'open' and not held and before ~= '' then
  return answer('vacant')
end
if last ~= from then return answer('adopt') end

if opening ~= '' or count > 0 or status ~= '' then
  -- The first write: refused, it leaves everything as it was.
  local probe = id == '' and candidate or id
  if opening ~= '' then append(probe, monitor, vantage, 0, 'o', opening, '') end
  if count > 0 or status ~= '' then append(probe, monitor, vantage, count, 'e', events, status) end
  if id == '' then
    redis.call('HSET', meta, 'id', candidate, 'began', int(now))
    id = candidate
  end
end
redis.call('HSET', seqs, monitor, through .. ' ' .. int(now))
last = through
held = { leader = monitor, lease = now + lease, sign = now, at = clock, standby = held and held.standby or 0 }
write(vantage, held)
local stored = opening ~= '' and opening or snapshot
if stored ~= '' then
  -- Both are of the time before the events that came with them.
  redis.call('HSET', snapshots, vantage, '{"top":"' .. top .. '","hello":' .. stored .. '}')
end

local trimmed = tonumber(redis.call('HGET', meta, 'trimmed') or '0')
if now - trimmed > 10000 and id ~= '' then
  redis.call('HSET', meta, 'trimmed', int(now))
  redis.call('XTRIM', stream, 'MINID', '~', int(now - keepMs))
  redis.call('XTRIM', stream, 'MAXLEN', '~', keepEvents)
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 20)) do
    local first = nil
    local own = false
    for at = 1, #entry[2], 2 do
      if entry[2][at] == 'n' then first = tonumber(entry[2][at + 1]) end
      if entry[2][at] == 'f' then own = entry[2][at + 1] == id end
    end
    -- What strangers wrote there says nothing of how much is kept.
    if own and first and first > 0 and first <= newest() then
      local kept = newest() - first
      if kept > keepEvents then
        redis.call('XTRIM', stream, 'MAXLEN', '~', math.floor(redis.call('XLEN', stream) * keepEvents / kept))
      end
      break
    end
  end
  local names = redis.call('HKEYS', vantages)
  for _, name in ipairs(names) do
    local one = read(name)
    if not one or now - one.sign > keepMs then
      redis.call('HDEL', vantages, name)
      redis.call('HDEL', snapshots, name)
    end
  end
  if redis.call('HLEN', seqs) > 1000 then
    local all = redis.call('HGETALL', seqs)
    for at = 1, #all, 2 do
      local used = tonumber(string.match(all[at + 1], ' (%d+)$') or '0')
      if now - used > 30 * keepMs then redis.call('HDEL', seqs, all[at]) end
    end
  end
end
return answer('ok')
`;

/**
 * Ends the observation of a vantage: events that say so are appended, once, whoever asks.
 * ARGV: vantage, its leader, its last sign of life or '' where the leader itself says goodbye, the silence that it takes,
 * and for each entry: how many events, events.
 * Answers 1 where it is done, 0 where it is not so (any more), 2 where another monitor there will go on.
 */
export const SILENCE = `${HEAD}
local vantage, leader, sign, silence = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local id = redis.call('HGET', meta, 'id')
local held = read(vantage)
if not id or not held or held.silent or held.leader ~= leader then return 0 end
if sign == '' then
  if now - (held.standby or 0) < silence / 4 then
    held.lease = 0
    write(vantage, held)
    return 2
  end
elseif int(held.sign) ~= sign or now - held.sign < silence then
  return 0
end
for at = 5, #ARGV, 2 do
  if ARGV[at] ~= '0' then append(id, leader, vantage, tonumber(ARGV[at]), 'e', ARGV[at + 1], '') end
end
held.silent = true
held.lease = 0
write(vantage, held)
return 1
`;

/** A mark. ARGV: an id for a new numbering, events (one). Answers its number. */
export const MARK = `${HEAD}
local id = begin(ARGV[1])
append(id, '', '', 1, 'e', ARGV[2], '')
return newest()
`;

/** What is there. ARGV: an id for a new numbering. Answers id, began, n, now, top, and each vantage with its JSON. */
export const LOOK = `${HEAD}
local id = begin(ARGV[1])
return { id, redis.call('HGET', meta, 'began') or '0', newest(), int(now), redis.call('HGET', meta, 'top') or '0-0', redis.call('HGETALL', vantages) }
`;

/**
 * Begins a new numbering where Redis has lost what it had confirmed: numbers would be given twice.
 * ARGV: the numbering that is over, an id for the new one.
 */
export const RENUMBER = `${HEAD}
if redis.call('HGET', meta, 'id') ~= ARGV[1] then return 0 end
redis.call('HSET', meta, 'id', ARGV[2], 'began', int(now), 'n', '0')
return 1
`;
