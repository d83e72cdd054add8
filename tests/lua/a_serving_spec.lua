-- The bucket is a website: its objects are served as they are, with all that a cache on the way needs to know.

require("tests.lua.support.assertions")
local requests = require("tests.lua.support.requests")
local sidecar = require("tests.lua.support.sidecar")
local site = require("tests.lua.support.site")

-- RFC 9110 5.6.7, IMF-fixdate.
local HTTP_DATE = "^%u%l%l, %d%d %u%l%l %d%d%d%d %d%d:%d%d:%d%d GMT$"

-- These tell of one answer, or of one fetch from the bucket, not of the object.
local OF_ONE_ANSWER = { "age", "cache-status", "date", "expires" }

--- The headers, with nothing but the presence of those that may differ from one answer to the next.
local function steady(headers)
  local kept = {}
  for name, value in pairs(headers) do
    kept[name] = value
  end
  for _, name in ipairs(OF_ONE_ANSWER) do
    kept[name] = headers[name] ~= nil
  end
  return kept
end

local function escape_all(target)
  return (target:gsub("[^/]", function(character) return ("%%%02x"):format(character:byte()) end))
end

describe("a folder", function()
  for _, folder in ipairs({ "/", "/docs/" }) do
    it(("%s is its index document"):format(folder), function()
      local reply = requests.get(folder)
      assert.has_status(200, reply)
      assert.matches("^text/html", reply.headers["content-type"])
      assert.has_bytes(requests.get(folder .. "index.html").text, reply.text)
    end)
  end

  it("without its slash leads to it, on the same host, with its query", function()
    for target, location in pairs({ ["/docs"] = "/docs/", ["/docs?a=1"] = "/docs/?a=1" }) do
      local reply = requests.get(target, { headers = { host = "elsewhere.example" } })
      assert.has_status(302, reply)
      assert.equal(location, reply.headers.location)
      assert.equal("no-cache", reply.headers["cache-control"])
    end
  end)
end)

describe("an object", function()
  for _, object in ipairs(site.objects) do
    it(("%s is served with its media type and length"):format(object.target), function()
      local reply = requests.get(object.target)
      assert.has_status(200, reply)
      assert.equal(object.media_type, reply.headers["content-type"]:match("^[^;]+"))
      assert.equal(tostring(#reply.text), reply.headers["content-length"])
      assert.is_true(#reply.text > 0)
    end)

    it(("%s has the same headers for HEAD as for GET, cold and warm"):format(object.target), function()
      sidecar.clear()
      for _ = 1, 2 do
        local head, get = requests.get(object.target, { method = "HEAD" }), requests.get(object.target)
        assert.has_status(200, head)
        assert.same(steady(get.headers), steady(head.headers))
      end
    end)
  end
end)

describe("the headers of a 200", function()
  local headers

  before_each(function()
    headers = requests.get("/robots.txt").headers
  end)

  it("hold both validators", function()
    assert.matches('^"[^"]+"$', headers.etag)
    assert.matches(HTTP_DATE, headers["last-modified"])
  end)

  it("tell how long it is fresh and how old it is", function()
    assert.matches("max%-age=%d+", headers["cache-control"])
    assert.matches(HTTP_DATE, headers.expires)
    assert.matches("^%d+$", headers.age)
    assert.matches(HTTP_DATE, headers.date)
  end)

  it("say that ranges are served", function()
    assert.equal("bytes", headers["accept-ranges"])
  end)

  it("appear once each", function()
    for _, name in ipairs({ "age", "content-length", "content-type", "etag", "cache-status" }) do
      assert.not_matches(", ", headers[name] or "", 1, true)
    end
  end)

  it("show nothing of the store", function()
    for name in pairs(headers) do
      assert.not_matches("amz", name)
      assert.not_matches("seaweed", name)
    end
  end)

  it("name no version of the server", function()
    assert.not_matches("%d", headers.server or "")
  end)
end)

describe("a page of another origin", function()
  local ORIGIN = { origin = "https://elsewhere.example" }

  it("is told whether it may read the answer, as are caches", function()
    for _, target in ipairs({ "/robots.txt", site.missing }) do
      local headers = requests.get(target, { headers = ORIGIN }).headers
      local varies = (headers.vary or ""):lower():find("origin", 1, true) ~= nil
      assert.is_true(headers["access-control-allow-origin"] == "*" or varies)
    end
  end)

  it("may ask first", function()
    local asked = { ["access-control-request-method"] = "GET", ["access-control-request-headers"] = "range" }
    asked.origin = ORIGIN.origin
    local reply = requests.get("/robots.txt", { method = "OPTIONS", headers = asked })
    assert.has_status(204, reply)
    assert.matches("GET", reply.headers["access-control-allow-methods"])
    assert.matches("range", reply.headers["access-control-allow-headers"])
  end)
end)

describe("a big object", function()
  it("comes whole and the same, out of the bucket and out of the cache", function()
    sidecar.clear()
    local cold = requests.get(site.big)
    assert.has_status(200, cold)
    assert.is_true(#cold.text > 1024 * 1024)
    assert.equal(tostring(#cold.text), cold.headers["content-length"])
    assert.has_bytes(cold.text, sidecar.warm(site.big).text)
  end)

  it("may be left half-way without harm to the next reader", function()
    sidecar.clear()
    local whole = tonumber(requests.get(site.big, { method = "HEAD" }).headers["content-length"])
    requests.with_session(function(session) session:send(site.big) end)
    assert.equal(whole, #requests.get(site.big).text)
  end)
end)

describe("an odd spelling", function()
  it("with every character escaped names the same object", function()
    for _, object in ipairs(site.objects) do
      assert.has_bytes(requests.get(object.target).text, requests.get(escape_all(object.target)).text)
    end
  end)

  it("with an escaped slash does too", function()
    assert.has_bytes(requests.get("/docs/index.html").text, requests.get("/docs%2Findex.html").text)
  end)

  for _, target in ipairs({ "/ROBOTS.TXT", "/robots.txt/", "/robots.txt.", "/robots.txt%20", "/robots.txt%3f" }) do
    it(("%s is another key"):format(target), function()
      assert.has_status(404, requests.get(target))
    end)
  end

  it("reaches a key with a space, an ampersand and umlauts", function()
    local reply = requests.get("/docs/gr%C3%B6%C3%9Fe%20%26%20ordnung.html")
    if reply.status == 404 then
      pending("the site has no docs/größe & ordnung.html")
    end
    assert.has_status(200, reply)
    assert.has_bytes(reply.text, requests.get("/docs/gr%c3%b6%c3%9fe%20&%20ordnung%2ehtml").text)
  end)
end)

describe("a connection", function()
  it("serves HEAD and GET in turn without mixing them up", function()
    requests.with_session(function(session)
      local expected = session:get("/robots.txt").text
      for _ = 1, 5 do
        assert.has_status(200, session:get("/robots.txt", { method = "HEAD" }))
        assert.has_bytes(expected, session:get("/robots.txt").text)
      end
    end)
  end)

  it("answers requests that were sent at once in their order", function()
    requests.with_session(function(session)
      for _, object in ipairs(site.objects) do
        session:send(object.target)
      end
      for _, object in ipairs(site.objects) do
        assert.equal(object.media_type, session:receive().headers["content-type"]:match("^[^;]+"))
      end
    end)
  end)

  it("ends after the answer when the client asks for that", function()
    requests.with_session(function(session)
      local reply = session:get("/robots.txt", { headers = { connection = "close" } })
      assert.equal("close", reply.headers.connection)
      assert.equal("", session:rest())
    end)
  end)
end)
