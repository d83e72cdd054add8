-- Volume: a thousand visitors from everywhere, on connections of their own and on one that is kept.

require("tests.lua.support.assertions")
local requests = require("tests.lua.support.requests")
local site = require("tests.lua.support.site")

local VISITS = 1000

local function random_ipv4()
  return ("%d.%d.%d.%d"):format(math.random(1, 223), math.random(0, 255), math.random(0, 255), math.random(1, 254))
end

local function random_ipv6()
  return ("2001:db8:%x::%x"):format(math.random(0, 0xffff), math.random(1, 0xffff))
end

--- Most visitors come by one proxy, some by two, and some by IPv6.
local function random_visitor()
  local kinds = { random_ipv4, random_ipv4, random_ipv6, function() return random_ipv4() .. ", " .. random_ipv4() end }
  return kinds[math.random(#kinds)]()
end

--- Visits objects in turn, each by a visitor from somewhere; every answer has to be whole and the right one.
local function visit(get)
  local expected = {}
  for _, object in ipairs(site.objects) do
    expected[object.target] = requests.get(object.target).text
  end
  for index = 1, VISITS do
    local target = site.objects[index % #site.objects + 1].target
    local reply = get(target, { headers = { ["x-forwarded-for"] = random_visitor() } })
    assert.has_status(200, reply)
    assert.has_bytes(expected[target], reply.text)
  end
end

describe("a thousand visits", function()
  setup(function()
    math.randomseed(os.time())
  end)

  it("are all answered with 200, each on its own connection", function()
    visit(requests.get)
  end)

  it("are all answered with 200 on one connection that is kept", function()
    requests.with_session(function(session)
      visit(function(target, options) return session:get(target, options) end)
    end)
  end)
end)
