-- A mark or a note that was made at a hub.
-- ARGV: an id for the feed where there is none, events (one), the id of the note and what it says, both '' for a mark, and the time to keep.
-- Answers its number.
append(begin(ARGV[1]), '', '', 1, 'e', ARGV[2], '')
local seq = text(number('n'))
if ARGV[3] ~= '' then
  -- A hub that starts reads only the newest events.
  redis.call('HSET', meta, 'note:' .. ARGV[3], seq .. ' ' .. ARGV[4])
  for _, field in ipairs(redis.call('HKEYS', meta)) do
    local written = string.sub(field, 1, 5) == 'note:' and tonumber(string.match(redis.call('HGET', meta, field), '^%d+') or '0')
    if written and written < (now - tonumber(ARGV[5])) * 1000 then redis.call('HDEL', meta, field) end
  end
end
return seq
