--- What is special about the server under test: its management endpoint, and what its cache says of an answer.

local parse_cache_status = require("tests.lua.support.cache_status")
local requests = require("tests.lua.support.requests")

local sidecar = { clear_target = "/_proxy/_private/_cache/clear" }

-- Each worker has to find a stored response for itself first, and a client cannot choose its worker: only when a number
-- of answers in a row are hits, none of them is about to go forward.
local HITS_IN_A_ROW = 20
local MOST_SECONDS = 60

function sidecar.authorization()
  return "Bearer " .. requests.auth_key
end

--- Clears the cache, which a spec needs and is not about.
function sidecar.clear()
  local reply = requests.get(sidecar.clear_target, { headers = { authorization = sidecar.authorization() } })
  assert(reply.status == 304, ("the cache was not cleared but %d: is SIDECAR_AUTH_KEY right?"):format(reply.status))
end

--- What the cache did for an answer, as a table.
function sidecar.cache_status(reply)
  return parse_cache_status(reply.headers["cache-status"])
end

--- Asks until the cache answers alone, and returns its answer.
function sidecar.warm(target)
  local hits, ends_at = 0, os.time() + MOST_SECONDS
  while os.time() < ends_at do
    local reply = requests.get(target, { method = "HEAD" })
    hits = sidecar.cache_status(reply).hit and hits + 1 or 0
    if hits == HITS_IN_A_ROW then
      return requests.get(target)
    end
  end
  error(("%s does not come out of the cache"):format(target), 0)
end

return sidecar
