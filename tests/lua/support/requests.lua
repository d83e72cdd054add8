--- HTTP as a test wants it, over raw sockets: the target goes out byte for byte, and nothing of the answer is hidden.
--
--   local reply = requests.get("/docs/", { headers = { ["if-none-match"] = "*" } })
--   reply.status    --> 304
--   reply.headers   --> { etag = '"…"', … }: names in lower case, repeated fields joined with ", "
--   reply.text      --> the body's bytes
--
-- Whatever goes wrong on the way is an error that names the request.

local socket = require("socket")
local url = require("socket.url")

local requests = {
  base = os.getenv("SIDECAR_URL") or "http://localhost:8000",
  auth_key = os.getenv("SIDECAR_AUTH_KEY") or "abc123",
}

-- How long one answer may take in all, in seconds.
local TIMEOUT = 30

local Session = {}
Session.__index = Session

local function address_of(base)
  local parts = url.parse(base)
  assert(parts.scheme == "http" and parts.host, ("SIDECAR_URL must be like http://host:port, not %q"):format(base))
  return parts.host, tonumber(parts.port or 80), parts.authority
end

--- Fails with the request and, for a server that is not there, what to do about it.
local function fail(what, why)
  local hint = why == "connection refused" and "; is s3proxy running there? SIDECAR_URL names another place" or ""
  error(("%s at %s: %s%s"):format(what, requests.base, why, hint), 0)
end

--- The value of a header: text, or a list of texts for a field that is repeated.
local function each_field(headers)
  local fields = {}
  for name, value in pairs(headers) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      fields[#fields + 1] = ("%s: %s"):format(name, one)
    end
  end
  return fields
end

local function encode(method, target, headers, body)
  local lines = each_field(headers)
  table.insert(lines, 1, ("%s %s HTTP/1.1"):format(method, target))
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

--- What a request needs to be one, unless its test says otherwise.
local function with_defaults(headers, authority, body)
  local all = { host = authority }
  if body ~= "" then
    all["content-length"] = #body
  end
  for name, value in pairs(headers or {}) do
    all[name:lower()] = value
  end
  return all
end

--- A connection that is kept; `session:close()` ends it.
function requests.session()
  local host, port, authority = address_of(requests.base)
  local connection, why = socket.connect(host, port)
  if not connection then
    fail("connecting", why)
  end
  connection:setoption("tcp-nodelay", true)
  return setmetatable({ _connection = connection, _authority = authority, _unanswered = {} }, Session)
end

function Session:close()
  self._connection:close()
end

--- Sends bytes as they are; `method` tells how to read the answer to them.
function Session:send_raw(bytes, method, target)
  local exchange = { method = method or "GET", what = ("%s %s"):format(method or "a request", target or "as it is") }
  self._connection:settimeout(TIMEOUT, "t")
  local sent, why = self._connection:send(bytes)
  if not sent then
    fail(exchange.what, why)
  end
  table.insert(self._unanswered, exchange)
end

--- Sends a request and does not wait for its answer. Options: method, headers, body.
function Session:send(target, options)
  options = options or {}
  local method, body = options.method or "GET", options.body or ""
  local headers = with_defaults(options.headers, self._authority, body)
  self:send_raw(encode(method, target, headers, body), method, target)
end

--- Reads a line or a number of bytes, by LuaSocket's pattern for it.
function Session:_read(exchange, pattern)
  local data, why, partial = self._connection:receive(pattern)
  if not data then
    fail(exchange.what, ("%s after %d bytes of %s"):format(why, #partial, exchange.part))
  end
  return data
end

--- Reads until the server closes, which LuaSocket takes for an error when nothing came before.
function Session:_read_to_end(exchange)
  local data, why, partial = self._connection:receive("*a")
  if not data and why ~= "closed" then
    fail(exchange.what, ("%s instead of the end"):format(why))
  end
  return data or partial
end

function Session:_read_status(exchange)
  exchange.part = "the status line"
  local line = self:_read(exchange, "*l")
  local version, status, reason = line:match("^(HTTP/%d%.%d) (%d%d%d) ?(.*)$")
  if not status then
    fail(exchange.what, ("no status line: %q"):format(line))
  end
  return { version = version, status = tonumber(status), reason = reason, headers = {} }
end

function Session:_read_headers(exchange, headers)
  exchange.part = "the headers"
  for line in function() return self:_read(exchange, "*l") end do
    if line == "" then
      return
    end
    local name, value = line:match("^([^%s:]+):[ \t]*(.-)[ \t]*$")
    if not name then
      fail(exchange.what, ("no header: %q"):format(line))
    end
    name = name:lower()
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
end

function Session:_read_chunks(exchange)
  local chunks = {}
  for line in function() return self:_read(exchange, "*l") end do
    local size = tonumber(line:match("^%x+"), 16)
    if size == 0 then
      self:_read_headers(exchange, {})
      return table.concat(chunks)
    end
    chunks[#chunks + 1] = self:_read(exchange, size)
    self:_read(exchange, "*l")
  end
end

local function has_no_body(method, status)
  return method == "HEAD" or status == 204 or status == 304
end

function Session:_read_body(exchange, reply)
  exchange.part = "the body"
  if has_no_body(exchange.method, reply.status) then
    return ""
  elseif reply.headers["transfer-encoding"] then
    return self:_read_chunks(exchange)
  elseif reply.headers["content-length"] then
    return self:_read(exchange, tonumber(reply.headers["content-length"]))
  end
  return self:_read_to_end(exchange)
end

--- Reads the answer to the oldest request that has none; interim ones (1xx) are passed over.
function Session:receive()
  local exchange = assert(table.remove(self._unanswered, 1), "nothing was sent that has no answer yet")
  self._connection:settimeout(TIMEOUT, "t")
  local reply
  repeat
    reply = self:_read_status(exchange)
    self:_read_headers(exchange, reply.headers)
  until reply.status >= 200
  reply.request = exchange.what
  reply.text = self:_read_body(exchange, reply)
  return reply
end

--- Sends a request on this connection and reads its answer.
function Session:get(target, options)
  self:send(target, options)
  return self:receive()
end

--- What comes until the server closes: after the last answer that should be nothing.
function Session:rest()
  self._connection:settimeout(TIMEOUT, "t")
  return self:_read_to_end({ what = "after the last answer" })
end

--- Runs `body(session)` with a connection, which ends with it however it ends.
function requests.with_session(body)
  local session = requests.session()
  local results = table.pack(pcall(body, session))
  session:close()
  if not results[1] then
    error(results[2], 0)
  end
  return table.unpack(results, 2, results.n)
end

--- One request on a connection of its own. Options: method, headers, body.
function requests.get(target, options)
  options = options or {}
  local headers = { connection = "close" }
  for name, value in pairs(options.headers or {}) do
    headers[name] = value
  end
  return requests.with_session(function(session)
    return session:get(target, { method = options.method, headers = headers, body = options.body })
  end)
end

return requests
