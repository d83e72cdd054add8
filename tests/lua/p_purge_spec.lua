-- Clearing the cache on an operator's command: the statuses are a contract, and afterwards nothing old is served.

require("tests.lua.support.assertions")
local requests = require("tests.lua.support.requests")
local sidecar = require("tests.lua.support.sidecar")
local site = require("tests.lua.support.site")

-- The clock of the machine, and that of the server, count whole seconds; the origin's Date does too.
local ROUNDING_SECONDS = 2

-- Enough connections to meet every worker.
local VISITS = 40

local function ask(authorization, method)
  return requests.get(sidecar.clear_target, { method = method, headers = { authorization = authorization } })
end

--- Rows have a description, as the key may be a secret that no log should hold, and the value of Authorization.
local function check_statuses(status, rows)
  for _, row in ipairs(rows) do
    it(("is a %d and clears nothing: %s"):format(status, row[1]), function()
      sidecar.warm("/robots.txt")
      assert.has_status(status, ask(row[2]))
      assert.is_hit(requests.get("/robots.txt"))
    end)
  end
end

describe("without Authorization", function()
  check_statuses(403, { { "no header", nil } })
end)

describe("another scheme than Bearer", function()
  check_statuses(400, {
    { "Basic", "Basic YWJjMTIz" },
    { "Token", "Token " .. requests.auth_key },
    { "none", requests.auth_key },
    { "no space behind it", "Bearer" .. requests.auth_key },
  })
end)

describe("a wrong token", function()
  local key = requests.auth_key
  check_statuses(403, {
    { "another one", "Bearer wrong" },
    { "none", "Bearer" },
    { "one character less", "Bearer " .. key:sub(1, -2) },
    { "one character more", "Bearer " .. key .. "x" },
    { "the right one twice", "Bearer " .. key .. " " .. key },
  })
end)

describe("the right token", function()
  it("is a 304 without a body", function()
    local headers = { authorization = sidecar.authorization() }
    requests.with_session(function(session)
      for _ = 1, 2 do
        assert.has_status(304, session:get(sidecar.clear_target, { headers = headers }))
      end
      assert.has_status(200, session:get("/robots.txt"))
    end)
  end)

  it("does with any case of the scheme's name (RFC 9110 11.1)", function()
    for _, scheme in ipairs({ "bearer", "BEARER" }) do
      assert.has_status(304, ask(scheme .. " " .. requests.auth_key))
    end
  end)
end)

describe("another method", function()
  for _, method in ipairs({ "POST", "PUT", "PATCH", "DELETE" }) do
    it(("is a 405 with Allow, token or not, and clears nothing: %s"):format(method), function()
      sidecar.warm("/robots.txt")
      for _, authorization in ipairs({ sidecar.authorization(), "Bearer wrong" }) do
        local reply = ask(authorization, method)
        assert.has_status(405, reply)
        assert.matches("GET", reply.headers.allow)
      end
      assert.is_hit(requests.get("/robots.txt"))
    end)
  end
end)

describe("a neighbour of the endpoint", function()
  for _, suffix in ipairs({ "/", "x", "/x" }) do
    it(("is a 404 and clears nothing: clear%s"):format(suffix), function()
      sidecar.warm("/robots.txt")
      local target = sidecar.clear_target .. suffix
      assert.has_status(404, requests.get(target, { headers = { authorization = sidecar.authorization() } }))
      assert.is_hit(requests.get("/robots.txt"))
    end)
  end
end)

describe("after a clear", function()
  for _, target in ipairs({ "/", "/docs/", "/data/catalogue.json", site.big, site.missing }) do
    it(("the next answer was asked of the bucket: %s"):format(target), function()
      sidecar.warm(target)
      sidecar.clear()
      assert.is_forwarded(requests.get(target, { method = "HEAD" }))
    end)
  end

  it("no worker serves what is older than the clear", function()
    sidecar.warm("/robots.txt")
    local cleared_at = os.time()
    sidecar.clear()
    for _ = 1, VISITS do
      local age = tonumber(requests.get("/robots.txt").headers.age)
      assert.is_true(age <= os.time() - cleared_at + ROUNDING_SECONDS)
    end
  end)

  it("the bucket is asked once, not at every request", function()
    sidecar.clear()
    sidecar.warm("/robots.txt")
    for _ = 1, VISITS do
      assert.is_hit(requests.get("/robots.txt"))
    end
  end)

  it("a connection that was open before sees it too", function()
    requests.with_session(function(session)
      for _ = 1, 5 do
        session:get("/robots.txt")
        sidecar.clear()
        assert.is_forwarded(session:get("/robots.txt"))
      end
    end)
  end)
end)
