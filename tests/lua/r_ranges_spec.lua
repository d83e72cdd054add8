-- Ranges, RFC 9110 14: of bytes, one or several, and what is not understood is not there.

require("tests.lua.support.assertions")
local multipart = require("tests.lua.support.multipart")
local requests = require("tests.lua.support.requests")
local sidecar = require("tests.lua.support.sidecar")
local site = require("tests.lua.support.site")

local TARGET = "/data/catalogue.json"

local whole, size

setup(function()
  whole = requests.get(TARGET)
  size = #whole.text
end)

local function ask(range, headers, method)
  headers = headers or {}
  headers.range = range
  return requests.get(TARGET, { method = method, headers = headers })
end

--- Checks a 206 for the bytes `first` to `last`, counted from 0 as HTTP does.
local function check_part(reply, first, last)
  assert.has_status(206, reply)
  assert.equal(("bytes %d-%d/%d"):format(first, last, size), reply.headers["content-range"])
  assert.equal(tostring(last - first + 1), reply.headers["content-length"])
  assert.has_bytes(whole.text:sub(first + 1, last + 1), reply.text)
end

local function check_whole(reply)
  assert.has_status(200, reply)
  assert.is_nil(reply.headers["content-range"])
  assert.has_bytes(whole.text, reply.text)
end

describe("a single range", function()
  it("is served from the start", function()
    check_part(ask("bytes=0-9"), 0, 9)
  end)

  it("is served from the middle", function()
    check_part(ask("bytes=10-20"), 10, 20)
  end)

  it("may be one byte, the first or the last", function()
    check_part(ask("bytes=0-0"), 0, 0)
    check_part(ask(("bytes=%d-%d"):format(size - 1, size - 1)), size - 1, size - 1)
  end)

  it("is clipped to the object", function()
    check_part(ask("bytes=10-99999999999999999999999999"), 10, size - 1)
  end)

  it("may be all of it, and is a 206 still", function()
    check_part(ask(("bytes=0-%d"):format(size - 1)), 0, size - 1)
  end)

  it("may be written with any case of its unit", function()
    check_part(ask("Bytes=0-9"), 0, 9)
  end)

  it("carries what the 200 does", function()
    local reply = ask("bytes=0-9")
    for _, name in ipairs({ "accept-ranges", "cache-control", "content-type", "etag", "last-modified" }) do
      assert.equal(whole.headers[name], reply.headers[name])
    end
  end)

  it("is served by a cold cache too", function()
    sidecar.clear()
    check_part(ask("bytes=10-20"), 10, 20)
    check_part(ask("bytes=10-20"), 10, 20)
  end)
end)

describe("several ranges", function()
  --- Checks a 206 for pairs of first and last bytes, in their order.
  local function check_parts(reply, pairs_of_bytes)
    assert.has_status(206, reply)
    assert.is_nil(reply.headers["content-range"])
    assert.equal(tostring(#reply.text), reply.headers["content-length"])
    local parts = multipart.parts_of(reply)
    assert.equal(#pairs_of_bytes, #parts)
    for index, bytes in ipairs(pairs_of_bytes) do
      local first, last = bytes[1], bytes[2]
      assert.equal(("bytes %d-%d/%d"):format(first, last, size), parts[index].headers["content-range"])
      assert.equal(whole.headers["content-type"], parts[index].headers["content-type"])
      assert.has_bytes(whole.text:sub(first + 1, last + 1), parts[index].text)
    end
  end

  it("are parts of one answer", function()
    check_parts(ask("bytes=0-9,20-29"), { { 0, 9 }, { 20, 29 } })
  end)

  it("come in the order of the request", function()
    check_parts(ask("bytes=-1, 20-29 ,0-9"), { { size - 1, size - 1 }, { 20, 29 }, { 0, 9 } })
  end)

  it("come out of a cold cache too, and leave the connection in order", function()
    sidecar.clear()
    requests.with_session(function(session)
      local options = { headers = { range = "bytes=0-9,20-29" } }
      check_parts(session:get(TARGET, options), { { 0, 9 }, { 20, 29 } })
      assert.has_bytes(whole.text, session:get(TARGET).text)
      check_parts(session:get(TARGET, options), { { 0, 9 }, { 20, 29 } })
    end)
  end)

  it("that overlap or adjoin are one", function()
    check_part(ask("bytes=0-9,5-19"), 0, 19)
    check_part(ask("bytes=10-19,0-9"), 0, 19)
  end)

  it("of which one can be satisfied are that one", function()
    check_part(ask("bytes=0-9,999999999-,-0"), 0, 9)
  end)

  it("of which none can be satisfied are a 416", function()
    local reply = ask("bytes=999999999-,-0")
    assert.has_status(416, reply)
    assert.equal(("bytes */%d"):format(size), reply.headers["content-range"])
  end)

  it("count with If-Range as one does", function()
    check_parts(ask("bytes=0-9,20-29", { ["if-range"] = whole.headers.etag }), { { 0, 9 }, { 20, 29 } })
    check_whole(ask("bytes=0-9,20-29", { ["if-range"] = '"x"' }))
  end)

  it("have no meaning for HEAD (14.2)", function()
    local reply = ask("bytes=0-9,20-29", nil, "HEAD")
    assert.has_status(200, reply)
    assert.equal(tostring(size), reply.headers["content-length"])
  end)

  it("are set apart by another boundary each time", function()
    local first, second = ask("bytes=0-9,20-29"), ask("bytes=0-9,20-29")
    assert.are_not.equal(first.headers["content-type"], second.headers["content-type"])
  end)
end)

describe("a suffix", function()
  it("is the end of the object", function()
    check_part(ask("bytes=-5"), size - 5, size - 1)
  end)

  it("longer than the object is all of it", function()
    check_part(ask("bytes=-999999999"), 0, size - 1)
  end)
end)

describe("an open range", function()
  it("goes to the end", function()
    check_part(ask("bytes=7-"), 7, size - 1)
    check_part(ask("bytes=0-"), 0, size - 1)
  end)
end)

describe("a range that has no byte in the object", function()
  for _, row in ipairs({
    { "beyond the end", "bytes=999999999-" },
    { "far beyond the end", "bytes=99999999999999999999999999-99999999999999999999999999" },
    { "a suffix of nothing", "bytes=-0" },
  }) do
    it(("is a 416 that tells the size: %s"):format(row[1]), function()
      local reply = ask(row[2])
      assert.has_status(416, reply)
      assert.equal(("bytes */%d"):format(size), reply.headers["content-range"])
    end)
  end

  it("is a 416 right behind the last byte", function()
    assert.has_status(416, ask(("bytes=%d-"):format(size)))
  end)
end)

describe("a Range that is to be ignored", function()
  local values = {
    "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1", "bytes=1--2", "bytes 0-9", "0-9", "lines=0-9",
  }
  for _, value in ipairs(values) do
    it(("is not there: %q"):format(value), function()
      check_whole(ask(value))
    end)
  end

  it("is one with more ranges than anybody needs (14.2)", function()
    local ranges = {}
    for first = 0, 32, 2 do
      ranges[#ranges + 1] = ("%d-%d"):format(first, first)
    end
    check_whole(ask("bytes=" .. table.concat(ranges, ",")))
  end)

  it("is one with a malformed range among others", function()
    check_whole(ask("bytes=0-1, 5-2"))
  end)

  it("is one that asks for more than the whole, with what goes between (15.3.7.2)", function()
    check_whole(ask(("bytes=0-%d,%d-"):format(math.floor(size / 2), math.floor(size / 2) + 2)))
  end)

  it("is one in a HEAD (14.2)", function()
    local reply = ask("bytes=0-9", nil, "HEAD")
    assert.has_status(200, reply)
    assert.equal(tostring(size), reply.headers["content-length"])
  end)
end)

describe("If-Range", function()
  it("with the object's tag lets the range be", function()
    check_part(ask("bytes=0-9", { ["if-range"] = whole.headers.etag }), 0, 9)
  end)

  it("with the object's date does too", function()
    check_part(ask("bytes=0-9", { ["if-range"] = whole.headers["last-modified"] }), 0, 9)
  end)

  it("with anything else asks for the whole", function()
    local dates = { "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 31 Dec 2100 23:59:59 GMT" }
    for _, value in ipairs({ '"x"', "W/" .. whole.headers.etag, "x", table.unpack(dates) }) do
      check_whole(ask("bytes=0-9", { ["if-range"] = value }))
    end
  end)

  it("with anything else makes no 416 either", function()
    check_whole(ask("bytes=999999999-", { ["if-range"] = '"x"' }))
  end)
end)

describe("a condition", function()
  it("comes before the range: 304", function()
    assert.has_status(304, ask("bytes=0-9", { ["if-none-match"] = whole.headers.etag }))
    assert.has_status(304, ask("bytes=999999999-", { ["if-none-match"] = whole.headers.etag }))
  end)

  it("comes before the range: 412", function()
    assert.has_status(412, ask("bytes=0-9", { ["if-match"] = '"x"' }))
  end)
end)

describe("a range of what is missing", function()
  it("is a 404", function()
    assert.has_status(404, requests.get(site.missing, { headers = { range = "bytes=0-9" } }))
  end)
end)

describe("the parts of a big object", function()
  local PART_BYTES = 8 * 1024 * 1024

  it("make the whole, asked for while the cache is still filling", function()
    sidecar.clear()
    local length = tonumber(requests.get(site.big, { method = "HEAD" }).headers["content-length"])
    local parts = {}
    for first = 0, length - 1, PART_BYTES do
      local range = ("bytes=%d-%d"):format(first, first + PART_BYTES - 1)
      local reply = requests.get(site.big, { headers = { range = range } })
      assert.has_status(206, reply)
      parts[#parts + 1] = reply.text
    end
    assert.has_bytes(requests.get(site.big).text, table.concat(parts))
  end)
end)
