-- What all scripts begin with. Each script is one step, so no two of them mix. Nothing that others may have put under these
-- keys makes a script fail: what can't be read counts as absent.
-- Numbers of events cross as text: Lua would round them and write them in its own way.
local stream, meta, vantages, snapshots, seqs = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local micros = time[1] * 1000000 + time[2]

local function text(number)
  return string.format('%.0f', number)
end

local function number(field)
  local value = tonumber(redis.call('HGET', meta, field) or '')
  if value and value >= 0 and value < 2 ^ 53 then return value end
  return 0
end

-- What is known of a vantage, and the same as it is stored; nil and '' where there is none.
local function read(vantage)
  local raw = redis.call('HGET', vantages, vantage)
  local ok, held = pcall(cjson.decode, raw or '')
  if not ok or type(held) ~= 'table' or type(held.monitor) ~= 'string' or type(held.run) ~= 'string' then return nil, '' end
  if type(held.sign) ~= 'number' or type(held.at) ~= 'number' then return nil, '' end
  if not (held.sign >= 0 and held.at >= 0 and held.at <= 8.64e15) then return nil, '' end
  return held, raw
end

local function write(vantage, held)
  redis.call('HSET', vantages, vantage, cjson.encode(held))
end

-- The id of the feed; `candidate` where there was none.
local function begin(candidate)
  local id = redis.call('HGET', meta, 'id')
  if id then return id end
  redis.call('HSET', meta, 'id', candidate, 'began', text(now))
  return candidate
end

-- The seq of a monitor's last event in the stream; '' where the stream has none.
local function lastOf(monitor)
  return string.match(redis.call('HGET', seqs, monitor) or '', '^%d+') or ''
end

-- Appends an entry, and gives its events their numbers: the clock in microseconds, or one more than the last number. The
-- stream is written first: where Redis refuses that (OOM, WRONGTYPE), nothing has changed.
-- `p`: the number of the last event before the entry. `k`: how many events there ever were before it.
local function append(id, monitor, vantage, count, field, json, statuses)
  local last, total = number('n'), number('total')
  local first = last
  if count > 0 then first = math.max(last + 1, micros) end
  local fields = { 'f', id, 'p', text(last), 'n', text(first), 'c', text(count), 'k', text(total) }
  for _, value in ipairs({ 'm', monitor, 'v', vantage, field, json }) do table.insert(fields, value) end
  if statuses ~= '' then
    table.insert(fields, 's')
    table.insert(fields, statuses)
  end
  local top = redis.call('XADD', stream, '*', unpack(fields))
  redis.call('HSET', meta, 'n', text(first + math.max(count - 1, 0)), 'total', text(total + count), 'top', top)
end

