-- What is refused, and how: truthfully, shortly, and without confusing the connection.

require("tests.lua.support.assertions")
local requests = require("tests.lua.support.requests")
local sidecar = require("tests.lua.support.sidecar")
local site = require("tests.lua.support.site")

local function words(list)
  local found = {}
  for word in list:gmatch("[^,%s]+") do
    found[word] = true
  end
  return found
end

describe("a method that a website does not have", function()
  for _, method in ipairs({ "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "BREW", "get" }) do
    it(("is a 405 that names those it has: %s"):format(method), function()
      for _, target in ipairs({ "/", "/robots.txt", site.missing }) do
        local reply = requests.get(target, { method = method })
        assert.has_status(405, reply)
        assert.same({ GET = true, HEAD = true, OPTIONS = true }, words(reply.headers.allow))
      end
    end)
  end

  it("may bring a body, which is not taken for the next request", function()
    requests.with_session(function(session)
      local reply = session:get("/robots.txt", { method = "PUT", body = "GET /stolen HTTP/1.1\r\nhost: x\r\n\r\n" })
      assert.has_status(405, reply)
      if reply.headers.connection == "close" then
        assert.equal("", session:rest())
      else
        assert.has_status(200, session:get("/robots.txt"))
      end
    end)
  end)

  it("changes nothing", function()
    local before = requests.get("/robots.txt")
    for _, method in ipairs({ "PUT", "DELETE" }) do
      requests.get("/robots.txt", { method = method })
    end
    sidecar.clear()
    assert.equal(before.headers.etag, requests.get("/robots.txt").headers.etag)
  end)
end)

describe("OPTIONS", function()
  it("is a 204 that names the methods", function()
    local reply = requests.get("/robots.txt", { method = "OPTIONS" })
    assert.has_status(204, reply)
    assert.same({ GET = true, HEAD = true, OPTIONS = true }, words(reply.headers.allow))
  end)
end)

describe("a key that is not there", function()
  for _, target in ipairs({ site.missing, "/docs/missing/", "/robots.txt/robots.txt", "/_proxy/", "/_proxy/x" }) do
    it(("is a 404 in words: %s"):format(target), function()
      local reply = requests.get(target)
      assert.has_status(404, reply)
      assert.is_true(#reply.text > 0)
      assert.equal(tostring(#reply.text), reply.headers["content-length"])
    end)
  end

  it("is a 404 for HEAD too, without a body", function()
    local get, head = requests.get(site.missing), requests.get(site.missing, { method = "HEAD" })
    assert.has_status(404, head)
    assert.equal(get.headers["content-length"], head.headers["content-length"])
  end)

  it("does not show the store's own answer", function()
    local reply = requests.get(site.missing)
    assert.not_matches("NoSuchKey", reply.text)
    assert.not_matches("<Error>", reply.text)
  end)

  it("may be as long as S3 takes, and longer", function()
    assert.has_status(404, requests.get("/" .. ("long/"):rep(204) .. "abcd"))
    assert.has_status(404, requests.get("/" .. ("long/"):rep(205)))
  end)
end)

describe("a target that names no key", function()
  local targets = {
    { "a NUL", "/robots.txt%00" },
    { "a parent segment", "/docs/../robots.txt" },
    { "a parent segment at the end", "/docs/.." },
    { "a parent segment in escapes", "/docs/%2e%2E/robots.txt" },
    { "a parent segment between escaped slashes", "/docs%2f..%2frobots.txt" },
    { "a parent segment after a backslash", "/docs\\..\\robots.txt" },
    { "a parent segment after two slashes", "//../robots.txt" },
    { "invalid UTF-8 in an escape", "/%ff" },
    { "invalid UTF-8", "/\xff" },
    { "an overlong slash", "/docs/..%c0%afrobots.txt" },
    { "half an escape", "/%" },
    { "an escape that is none", "/%zz" },
    { "a fragment", "/robots.txt#top" },
    { "no slash in front", "robots.txt" },
    { "an asterisk", "*" },
  }
  for _, row in ipairs(targets) do
    it(("is a 400: %s"):format(row[1]), function()
      local reply = requests.get(row[2])
      assert.has_status(400, reply)
      assert.is_true(#reply.text > 0)
    end)
  end

  it("is not sent back", function()
    assert.not_matches("script", requests.get("/../<script>").text)
  end)
end)

describe("a query string", function()
  for _, query in ipairs({ "?", "?v=1", "?v=1&w=2", "?x=%00", "?../..", "?a?b", "?x=%zz" }) do
    it(("changes nothing: %s"):format(query), function()
      local plain, reply = sidecar.warm("/robots.txt"), requests.get("/robots.txt" .. query)
      assert.has_status(200, reply)
      assert.has_bytes(plain.text, reply.text)
      assert.is_hit(reply)
    end)
  end

  it("does not make a document of a folder", function()
    assert.has_bytes(requests.get("/docs/index.html").text, requests.get("/docs/?index.html").text)
  end)
end)

describe("what is no request", function()
  local function send(what, lines)
    return requests.with_session(function(session)
      session:send_raw(table.concat(lines, "\r\n") .. "\r\n\r\n", "GET", what)
      return session:receive()
    end)
  end

  for _, row in ipairs({
    { "a line that is none", { "hello" } },
    { "a header without a colon", { "GET / HTTP/1.1", "host: x", "nonsense" } },
    { "two lengths", { "PUT / HTTP/1.1", "host: x", "content-length: 1", "content-length: 2" } },
    { "a length and chunks", { "PUT / HTTP/1.1", "host: x", "content-length: 1", "transfer-encoding: chunked" } },
    { "a length that is none", { "PUT / HTTP/1.1", "host: x", "content-length: -1" } },
    { "a space before a colon", { "GET / HTTP/1.1", "host: x", "accept : */*" } },
    { "no host", { "GET / HTTP/1.1" } },
    { "two hosts", { "GET / HTTP/1.1", "host: a", "host: b" } },
  }) do
    it(("is a 400: %s"):format(row[1]), function()
      local reply = send(row[1], row[2])
      assert.has_status(400, reply)
    end)
  end
end)
