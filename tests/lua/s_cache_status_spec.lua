-- Cache-Status, RFC 9211: what the cache did, in every answer that it had a part in.

require("tests.lua.support.assertions")
local requests = require("tests.lua.support.requests")
local sidecar = require("tests.lua.support.sidecar")
local site = require("tests.lua.support.site")

-- RFC 9211 2: no other parameters exist.
local PARAMETERS = {
  "cache", "collapsed", "detail", "fwd", "fwd-status", "hit", "key", "stored", "ttl",
}
-- RFC 9211 2.2.
local REASONS = { "bypass", "method", "miss", "partial", "request", "stale", "uri-miss", "vary-miss" }

local function contains(list, wanted)
  for _, one in ipairs(list) do
    if one == wanted then
      return true
    end
  end
  return false
end

local function check_grammar(status)
  assert.equal("s3-sidecar", status.cache)
  for name in pairs(status) do
    assert.is_true(contains(PARAMETERS, name), name)
  end
  assert.is_true((status.hit == nil) ~= (status.fwd == nil), "either a hit or forwarded")
  assert.is_true(status.fwd == nil or contains(REASONS, status.fwd), status.fwd)
end

describe("every answer of the cache", function()
  for _, row in ipairs({
    { 200, "/robots.txt", {} },
    { 200, "/robots.txt", { method = "HEAD" } },
    { 206, "/robots.txt", { headers = { range = "bytes=0-1" } } },
    { 304, "/robots.txt", { headers = { ["if-none-match"] = "*" } } },
    { 404, site.missing, {} },
    { 412, "/robots.txt", { headers = { ["if-match"] = '"x"' } } },
    { 416, "/robots.txt", { headers = { range = "bytes=999999999-" } } },
  }) do
    it(("says what it did, cold and warm: %d to %s"):format(row[1], row[3].method or "GET"), function()
      sidecar.clear()
      for _ = 1, 3 do
        local reply = requests.get(row[2], row[3])
        assert.has_status(row[1], reply)
        check_grammar(sidecar.cache_status(reply))
      end
    end)
  end
end)

describe("a cold cache", function()
  it("goes forward, says with what result, and stores", function()
    sidecar.clear()
    local status = sidecar.cache_status(requests.get("/robots.txt"))
    assert.is_string(status.fwd)
    assert.is_true(contains({ 200, 304 }, status["fwd-status"]))
    assert.is_true(status.stored)
  end)

  it("does so for HEAD too: the next GET is a hit", function()
    sidecar.clear()
    assert.is_forwarded(requests.get("/robots.txt", { method = "HEAD" }))
    assert.is_hit(sidecar.warm("/robots.txt"))
  end)

  it("does so for what is missing, which it remembers", function()
    sidecar.clear()
    local status = sidecar.cache_status(requests.get(site.missing))
    assert.equal(404, status["fwd-status"])
    assert.is_true(status.stored)
    assert.has_status(404, sidecar.warm(site.missing))
  end)
end)

describe("a warm cache", function()
  for _, object in ipairs(site.objects) do
    it(("answers alone: %s"):format(object.target), function()
      sidecar.warm(object.target)
      for _ = 1, 10 do
        local reply = requests.get(object.target)
        assert.is_hit(reply)
        local status = sidecar.cache_status(reply)
        assert.is_nil(status["fwd-status"])
        assert.is_nil(status.stored)
      end
    end)
  end

  it("shares one stored response between a folder and its index document", function()
    sidecar.clear()
    sidecar.warm("/docs/index.html")
    assert.is_hit(requests.get("/docs/"))
  end)

  it("is fresh for as long as it says: age and ttl add up to max-age", function()
    local reply = sidecar.warm("/robots.txt")
    local lifetime = tonumber(reply.headers["cache-control"]:match("max%-age=(%d+)"))
    local rounded_off = lifetime - reply.headers.age - sidecar.cache_status(reply).ttl
    assert.is_true(rounded_off == 0 or rounded_off == 1, rounded_off)
  end)

  it("does not grow younger", function()
    local age = tonumber(sidecar.warm("/robots.txt").headers.age)
    for _ = 1, 20 do
      local next_age = tonumber(requests.get("/robots.txt").headers.age)
      assert.is_true(next_age >= age)
      age = next_age
    end
  end)
end)

describe("many who ask at once for what is not in the cache", function()
  local CLIENTS = 24

  local function connect_all()
    local sessions = {}
    for index = 1, CLIENTS do
      sessions[index] = requests.session()
    end
    return sessions
  end

  --- HEAD, so that nobody has to take megabytes while the others wait.
  local function statuses_at_once(sessions)
    for _, session in ipairs(sessions) do
      session:send(site.big, { method = "HEAD" })
    end
    local statuses = {}
    for index, session in ipairs(sessions) do
      statuses[index] = sidecar.cache_status(session:receive())
    end
    return statuses
  end

  it("do not each go forward", function()
    local sessions = connect_all()
    finally(function()
      for _, session in ipairs(sessions) do
        session:close()
      end
    end)
    sidecar.clear()
    local leaders = 0
    for _, status in ipairs(statuses_at_once(sessions)) do
      check_grammar(status)
      leaders = leaders + (status.fwd and not status.collapsed and 1 or 0)
    end
    -- One for each worker, of which a client cannot know the number, and one at least.
    assert.is_true(leaders >= 1 and leaders <= CLIENTS / 2, leaders)
  end)
end)
