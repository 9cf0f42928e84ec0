"""What Redis does in one step. KEYS[1] of each is the state: which sums serve, and up to which event they count.

Below the prefix of a generation lie "papers", a hash from target to ten doubles (see tally.Numbers) with the totals
under "*"; "fields", a hash of the fields of study that have lists; and the lists, sorted sets from target to points by
window, named "0:" and the field. Lists hold "*" above all others: one without it has been lost.
"""

# ARGV: state expected, state wanted, prefix, longest list, most papers, most fields,
# key of the readers that are gone, reader that goes or "", seconds that is kept;
# then for each target: its key, what is added, number of fields, and for each field name as compared and as shown.
ADD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'moved' end
local prefix, longest = ARGV[3], tonumber(ARGV[4])
local papers, fields = prefix .. 'papers', prefix .. 'fields'
local format = '<dddddddddd'
local function lost() redis.call('DEL', KEYS[1]) return 'lost' end
local function list(window, field) return prefix .. window .. ':' .. field end
local all = redis.call('HGET', papers, '*')
if not all then return lost() end
if ARGV[8] ~= '' then
  if redis.call('SADD', ARGV[7], ARGV[8]) == 0 then return 'done' end
  redis.call('EXPIRE', ARGV[7], ARGV[9])
end
local known = {}
local function usable(field, shown)
  if known[field] == nil then
    local there = redis.call('EXISTS', list(0, field), list(1, field), list(2, field))
    if redis.call('HEXISTS', fields, field) == 1 then
      if there < 3 then return nil end
      known[field] = true
    elseif redis.call('HLEN', fields) >= tonumber(ARGV[6]) then
      known[field] = false
    else
      redis.call('HSET', fields, field, shown)
      for window = 0, 2 do
        redis.call('ZADD', list(window, field), '+inf', '*')
        redis.call('EXPIRE', list(window, field), redis.call('TTL', papers))
      end
      known[field] = true
    end
  end
  return known[field]
end
local total = {struct.unpack(format, all)}
local full = redis.call('HLEN', papers) > tonumber(ARGV[5])
local at = 10
while ARGV[at] do
  local target, count = ARGV[at], tonumber(ARGV[at + 2])
  local sums = {struct.unpack(format, ARGV[at + 1])}
  for i = 1, 10 do total[i] = total[i] + sums[i] end
  local before = redis.call('HGET', papers, target)
  if before then
    local old = {struct.unpack(format, before)}
    for i = 1, 10 do sums[i] = sums[i] + old[i] end
  end
  if before or sums[10] > 0.5 or not full then
    redis.call('HSET', papers, target, struct.pack(format, unpack(sums, 1, 10)))
    for i = 0, count - 1 do
      local field = ARGV[at + 3 + 2 * i]
      local use = usable(field, ARGV[at + 4 + 2 * i])
      if use == nil then return lost() end
      for window = 0, use and 2 or -1 do
        if sums[10] > 0.5 then
          redis.call('ZADD', list(window, field), string.format('%.17g', sums[window + 1] + sums[window + 4]), target)
        elseif before then
          redis.call('ZREM', list(window, field), target)
        end
      end
    end
  end
  at = at + 3 + 2 * count
end
for field, use in pairs(known) do
  for window = 0, use and 2 or -1 do redis.call('ZREMRANGEBYRANK', list(window, field), 0, -longest - 2) end
end
redis.call('HSET', papers, '*', struct.pack(format, unpack(total, 1, 10)))
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 'done'
"""

# ARGV: prefix, seconds that it all lasts, state wanted.
BEGIN = """
local papers, fields = ARGV[1] .. 'papers', ARGV[1] .. 'fields'
redis.call('HSET', papers, '*', struct.pack('<dddddddddd', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
redis.call('EXPIRE', papers, ARGV[2])
redis.call('HSET', fields, '', '')
redis.call('EXPIRE', fields, ARGV[2])
for window = 0, 2 do
  redis.call('ZADD', ARGV[1] .. window .. ':', '+inf', '*')
  redis.call('EXPIRE', ARGV[1] .. window .. ':', ARGV[2])
end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
return 'done'
"""

# ARGV: state wanted, seconds that it lasts, key of the readers that are gone, how many these must be,
# prefix of the generation before or "", seconds that it is left to those who are reading it.
PUBLISH = """
if redis.call('SCARD', ARGV[3]) ~= tonumber(ARGV[4]) then return 'moved' end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if ARGV[5] ~= '' then
  for _, field in ipairs(redis.call('HKEYS', ARGV[5] .. 'fields')) do
    for window = 0, 2 do redis.call('EXPIRE', ARGV[5] .. window .. ':' .. field, ARGV[6]) end
  end
  redis.call('EXPIRE', ARGV[5] .. 'fields', ARGV[6])
  redis.call('EXPIRE', ARGV[5] .. 'papers', ARGV[6])
end
return 'done'
"""

# ARGV: state found. Lets go of sums of which a part has been lost.
DROP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 'done'
"""
