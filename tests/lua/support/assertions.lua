--- What these specs say of answers: `assert.has_status(404, reply)`, `assert.is_hit(reply)`. Required for its effect.

local assert = require("luassert")
local inspect = require("inspect")
local sidecar = require("tests.lua.support.sidecar")

local SHOWN_BYTES = 200

--- The answer as a reader of a failure wants it: without the megabytes.
local function show(reply)
  return inspect({ status = reply.status, headers = reply.headers, text = reply.text:sub(1, SHOWN_BYTES) })
end

local function status(state, arguments)
  local expected, reply = arguments[1], arguments[2]
  state.failure_message = ("%s: %d is expected, the answer was %s"):format(reply.request, expected, show(reply))
  return reply.status == expected
end

--- Answered by the cache alone.
local function hit(state, arguments)
  state.failure_message = ("%s: a hit is expected, the answer was %s"):format(arguments[1].request, show(arguments[1]))
  return sidecar.cache_status(arguments[1]).hit == true
end

--- Answered by the bucket, for whatever reason.
local function forwarded(state, arguments)
  state.failure_message = ("%s: the answer was not forwarded: %s"):format(arguments[1].request, show(arguments[1]))
  return sidecar.cache_status(arguments[1]).fwd ~= nil
end

--- Bytes that are the same; megabytes of difference would help nobody.
local function bytes(state, arguments)
  local expected, actual = arguments[1], arguments[2]
  state.failure_message = ("other bytes: expected %d that begin %q, got %d that begin %q"):format(
    #expected, expected:sub(1, SHOWN_BYTES), #actual, actual:sub(1, SHOWN_BYTES)
  )
  return expected == actual
end

assert:register("assertion", "status", status)
assert:register("assertion", "hit", hit)
assert:register("assertion", "forwarded", forwarded)
assert:register("assertion", "bytes", bytes)
