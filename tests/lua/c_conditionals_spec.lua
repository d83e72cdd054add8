-- Conditional requests, RFC 9110 13: answered by the cache, in the order of 13.2.2.

require("tests.lua.support.assertions")
local requests = require("tests.lua.support.requests")
local sidecar = require("tests.lua.support.sidecar")
local site = require("tests.lua.support.site")

local TARGET = "/robots.txt"
local LONG_AGO = "Sat, 01 Jan 2000 00:00:00 GMT"
local FAR_AHEAD = "Fri, 31 Dec 2100 23:59:59 GMT"

-- What the object is: $etag and $modified in the tables below stand for it.
local whole

setup(function()
  whole = requests.get(TARGET)
end)

local function fill_in(value)
  local current = { etag = whole.headers.etag, modified = whole.headers["last-modified"] }
  return (value:gsub("%$(%l+)", current))
end

local function ask(conditions, method)
  local headers = {}
  for name, value in pairs(conditions) do
    headers[name] = fill_in(value)
  end
  return requests.get(TARGET, { method = method, headers = headers })
end

local function check_table(rows)
  for _, row in ipairs(rows) do
    it(("%s is a %d"):format(row[1], row[2]), function()
      for _, method in ipairs({ "GET", "HEAD" }) do
        assert.has_status(row[2], ask(row[3], method))
      end
    end)
  end
end

describe("If-None-Match", function()
  check_table({
    { "the object's tag", 304, { ["if-none-match"] = "$etag" } },
    { "its weak form", 304, { ["if-none-match"] = "W/$etag" } },
    { "a list with it", 304, { ["if-none-match"] = '"x", $etag ,W/"y"' } },
    { "a star", 304, { ["if-none-match"] = "*" } },
    { "another tag", 200, { ["if-none-match"] = '"x"' } },
    { "a tag without quotes", 200, { ["if-none-match"] = "x" } },
    { "another tag, whatever the date says,", 200, { ["if-none-match"] = '"x"', ["if-modified-since"] = FAR_AHEAD } },
    { "the tag, whatever the date says,", 304, { ["if-none-match"] = "$etag", ["if-modified-since"] = LONG_AGO } },
  })
end)

describe("If-Modified-Since", function()
  check_table({
    { "the object's date", 304, { ["if-modified-since"] = "$modified" } },
    { "a later date", 304, { ["if-modified-since"] = FAR_AHEAD } },
    { "an earlier date", 200, { ["if-modified-since"] = LONG_AGO } },
    { "an earlier date in the form of RFC 850", 200, { ["if-modified-since"] = "Saturday, 01-Jan-00 00:00:00 GMT" } },
    { "what is no date", 200, { ["if-modified-since"] = "yesterday" } },
    { "an empty value", 200, { ["if-modified-since"] = "" } },
  })
end)

describe("If-Match", function()
  check_table({
    { "the object's tag", 200, { ["if-match"] = "$etag" } },
    { "a star", 200, { ["if-match"] = "*" } },
    { "a list with it", 200, { ["if-match"] = '"x", $etag' } },
    { "another tag", 412, { ["if-match"] = '"x"' } },
    { "its weak form", 412, { ["if-match"] = "W/$etag" } },
    { "the tag, whatever the date says,", 200, { ["if-match"] = "$etag", ["if-unmodified-since"] = LONG_AGO } },
    { "the tag, which the client has,", 304, { ["if-match"] = "$etag", ["if-none-match"] = "$etag" } },
    { "another tag, before any other condition,", 412, { ["if-match"] = '"x"', ["if-none-match"] = "$etag" } },
  })
end)

describe("If-Unmodified-Since", function()
  check_table({
    { "the object's date", 200, { ["if-unmodified-since"] = "$modified" } },
    { "an earlier date", 412, { ["if-unmodified-since"] = LONG_AGO } },
    { "a later date", 200, { ["if-unmodified-since"] = FAR_AHEAD } },
    { "what is no date", 200, { ["if-unmodified-since"] = "yesterday" } },
  })
end)

describe("a 304", function()
  it("carries what the 200 would have told a cache, and no more", function()
    local reply = ask({ ["if-none-match"] = "$etag" })
    assert.equal(whole.headers.etag, reply.headers.etag)
    assert.equal(whole.headers["cache-control"], reply.headers["cache-control"])
    assert.is_string(reply.headers.date)
    assert.is_string(reply.headers.age)
    assert.is_nil(reply.headers["content-type"])
    assert.is_nil(reply.headers["transfer-encoding"])
  end)

  it("is answered by a cold cache too", function()
    sidecar.clear()
    local reply = ask({ ["if-none-match"] = "$etag" })
    assert.has_status(304, reply)
    assert.is_forwarded(reply)
  end)

  it("has no body: the next answer on the connection is in order", function()
    requests.with_session(function(session)
      for _ = 1, 5 do
        assert.has_status(304, session:get(TARGET, { headers = { ["if-none-match"] = "*" } }))
        assert.has_bytes(whole.text, session:get(TARGET).text)
      end
    end)
  end)
end)

describe("a tag in one of two fields", function()
  it("counts as one in a list", function()
    local reply = requests.get(TARGET, { headers = { ["if-none-match"] = { '"x"', whole.headers.etag } } })
    assert.has_status(304, reply)
  end)
end)

describe("an object that is missing", function()
  it("is a 404 whatever the conditions say (13.2.1)", function()
    for name, value in pairs({ ["if-none-match"] = "*", ["if-match"] = '"x"', ["if-unmodified-since"] = LONG_AGO }) do
      assert.has_status(404, requests.get(site.missing, { headers = { [name] = value } }))
    end
  end)
end)
