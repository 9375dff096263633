/**
 * What the server does with claims, so that each call is one step that nothing comes between. Keys, which all begin with
 * one of 16 tags so that a Cluster keeps each tag's keys together:
 *
 * - `<tag>k`: a sorted set of slots by the moment until which they are kept. A Cluster has one for each tag, as no script
 *   reaches two nodes; elsewhere the first tag's is for all.
 * - `<tag>s`: a hash of slots with more than one bucket: "<buckets> <claims>"
 * - `<tag><slot>:<bucket>`: a hash of claims: 12 bytes of the id, to the packed position
 *
 * The buckets of a slot grow one at a time by linear hashing (W. Litwin, 1980), so that each stays a listpack, the small
 * form of a hash, whether the slot has ten claims or ten million; and each call does a bounded part of the growing.
 */

/** Bytes of the id that are stored: its first three words. The fourth repeats the third for ids of up to 8 bytes. */
export const STORED_ID_BYTES = 12;

/**
 * Claims a bucket on average. Each claim is compared with all of its bucket: 32 would take the server a tenth less time,
 * and 0.9 bytes more for each claim. While buckets split one after another, those whose turn has not come have twice the
 * average.
 */
const BUCKET_CLAIMS = 48;

/** How many of the buckets that the slot before it needs by now a slot begins with: so many needn't be split. */
const BEGIN_SHARE = 0.75;

const SHAPE = `
local function shapeOf(tag, slot)
  local shape = redis.call('HGET', tag .. 's', slot)
  if not shape then return 1, redis.call('HLEN', tag .. slot .. ':0'), 1 end
  local space = string.find(shape, ' ', 1, true)
  local buckets, claims = tonumber(string.sub(shape, 1, space - 1)), tonumber(string.sub(shape, space + 1))
  local half = 1
  while half * 2 <= buckets do half = half * 2 end
  return buckets, claims, half
end
local function hashOf(id)
  local a, b, c = string.byte(id, 5, 7)
  return a + b * 256 + c * 65536
end
local function bucketOf(id, buckets, half)
  local bucket = hashOf(id) % (half * 2)
  if bucket >= buckets then bucket = bucket - half end
  return bucket
end
local function keepShape(tag, slot, buckets, claims)
  if buckets > 1 then redis.call('HSET', tag .. 's', slot, buckets .. ' ' .. claims) end
end
`;

/** A slot is as large as the one before it, most likely; else it splits more buckets, or fills fewer. */
const BEGIN = `
local function begin(tag, slot)
  local shape = redis.call('HGET', tag .. 's', string.format('%.0f', tonumber(slot) - 1))
  if not shape then return 1, 0, 1 end
  local claims = tonumber(string.sub(shape, string.find(shape, ' ', 1, true) + 1))
  local buckets = math.max(1, math.floor(claims * ${BEGIN_SHARE / BUCKET_CLAIMS}))
  keepShape(tag, slot, buckets, 0)
  local half = 1
  while half * 2 <= buckets do half = half * 2 end
  return buckets, 0, half
end
`;

/** Before all claims, so that none can be kept for ever. Groups without rows are there for this alone. */
const KEEP_SLOTS = `
local function keepSlots()
  local members, kept = {}, {}
  local function keep()
    if #members > 0 then redis.call('ZADD', KEYS[1], 'GT', unpack(members)) end
    members = {}
  end
  for group = 3, #ARGV, 3 do
    local slot = ARGV[group]
    if not kept[slot] then
      kept[slot] = true
      members[#members + 1] = ARGV[1]
      members[#members + 1] = slot
      if #members == 1000 then keep() end
    end
  end
  keep()
end
`;

const SPLIT = `
local function split(base, buckets, half)
  local from, to = base .. (buckets - half), base .. buckets
  local entries = redis.call('HGETALL', from)
  local ids, claims = {}, {}
  local function move()
    if #ids == 0 then return end
    redis.call('HSET', to, unpack(claims))
    redis.call('HDEL', from, unpack(ids))
    ids, claims = {}, {}
  end
  for i = 1, #entries, 2 do
    local id = entries[i]
    if hashOf(id) % (half * 2) == buckets then
      ids[#ids + 1] = id
      claims[#claims + 1] = id
      claims[#claims + 1] = entries[i + 1]
      if #ids == 1000 then move() end
    end
  end
  move()
end
`;

/**
 * KEYS: the sorted set of slots. ARGV: until when slots are kept; then tag, slot and rows for each group. A row is 12 bytes of the id, the length of the
 * position, the position. Gives number and owner of each claim that another position owns.
 */
export const CLAIM = `${SHAPE}${BEGIN}${KEEP_SLOTS}${SPLIT}
local owners, number = {}, -1
local function claimRows(tag, slot, rows)
  local base = tag .. slot .. ':'
  local buckets, claims, half = shapeOf(tag, slot)
  if claims == 0 and buckets == 1 then buckets, claims, half = begin(tag, slot) end
  local claimsBefore = claims
  local at = 1
  while at <= #rows do
    number = number + 1
    local id, length = string.sub(rows, at, at + 11), string.byte(rows, at + 12)
    local position = string.sub(rows, at + 13, at + 12 + length)
    at = at + 13 + length
    local key = base .. bucketOf(id, buckets, half)
    if redis.call('HSETNX', key, id, position) == 1 then
      claims = claims + 1
      if claims > buckets * ${BUCKET_CLAIMS} then
        split(base, buckets, half)
        buckets = buckets + 1
        if buckets == half * 2 then half = buckets end
      end
    else
      local owner = redis.call('HGET', key, id)
      if owner ~= position then
        owners[#owners + 1] = number
        owners[#owners + 1] = owner
      end
    end
  end
  if claims ~= claimsBefore then keepShape(tag, slot, buckets, claims) end
end
keepSlots()
for group = 2, #ARGV, 3 do
  if #ARGV[group + 2] > 0 then claimRows(ARGV[group], ARGV[group + 1], ARGV[group + 2]) end
end
return owners`;

/** ARGV: nothing; then groups as above, whose rows are 12 bytes of the id. Gives number and owner of each that has one. */
export const LOOKUP = `${SHAPE}
local owners, number = {}, -1
for group = 2, #ARGV, 3 do
  local tag, slot, rows = ARGV[group], ARGV[group + 1], ARGV[group + 2]
  local buckets, _, half = shapeOf(tag, slot)
  for at = 1, #rows, 12 do
    number = number + 1
    local id = string.sub(rows, at, at + 11)
    local owner = redis.call('HGET', tag .. slot .. ':' .. bucketOf(id, buckets, half), id)
    if owner then
      owners[#owners + 1] = number
      owners[#owners + 1] = owner
    end
  end
end
return owners`;

/** ARGV: nothing; then groups and rows as those of CLAIM. Takes the claims away that have exactly these positions. */
export const RELEASE = `${SHAPE}
for group = 2, #ARGV, 3 do
  local tag, slot, rows = ARGV[group], ARGV[group + 1], ARGV[group + 2]
  local buckets, claims, half = shapeOf(tag, slot)
  local claimsBefore = claims
  local at = 1
  while at <= #rows do
    local id, length = string.sub(rows, at, at + 11), string.byte(rows, at + 12)
    local position = string.sub(rows, at + 13, at + 12 + length)
    at = at + 13 + length
    local key = tag .. slot .. ':' .. bucketOf(id, buckets, half)
    if redis.call('HGET', key, id) == position then
      redis.call('HDEL', key, id)
      claims = claims - 1
    end
  end
  if claims ~= claimsBefore then keepShape(tag, slot, buckets, claims) end
end
return {}`;

/** KEYS: the sorted set of slots. ARGV: the moment, how many slots and buckets at most; then tags. Gives the claims gone. */
export const EXPIRE = `${SHAPE}
local claims, seen = 0, 0
local slots = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])
for _, slot in ipairs(slots) do
  for i = 4, #ARGV do
    local tag = ARGV[i]
    local buckets = shapeOf(tag, slot)
    for bucket = 0, buckets - 1 do
      local key = tag .. slot .. ':' .. bucket
      claims = claims + redis.call('HLEN', key)
      redis.call('UNLINK', key)
    end
    redis.call('HDEL', tag .. 's', slot)
    seen = seen + buckets
  end
  redis.call('ZREM', KEYS[1], slot)
  if seen >= tonumber(ARGV[3]) then break end
end
return claims`;
