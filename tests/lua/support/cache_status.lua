--- Reads Cache-Status, an RFC 8941 list with one member for each cache on the way; s3proxy writes one.

--- Takes the next parameter off the front: its name, its value (true when it has none), and what is left.
local function next_parameter(text)
  local name, rest = text:match("^;[ ]*([a-z*][a-z0-9_.*-]*)(.*)$")
  assert(name, ("no parameter of Cache-Status: %q"):format(text))
  local quoted, after_quoted = rest:match('^="(.-[^\\])"(.*)$')
  if quoted then
    return name, quoted, after_quoted
  end
  local bare, after_bare = rest:match("^=([^;,]+)(.*)$")
  if bare then
    return name, tonumber(bare) or bare, after_bare
  end
  return name, true, rest
end

--- The field as a table: `{ cache = "s3-sidecar", hit = true, ttl = 299 }`. An error when it is missing or malformed.
return function(field)
  assert(field, "there is no Cache-Status")
  local cache, rest = field:match("^([A-Za-z*][^;,%s]*)(.*)$")
  assert(cache, ("no Cache-Status: %q"):format(field))
  local parsed = { cache = cache }
  while rest ~= "" do
    local name, value
    name, value, rest = next_parameter(rest)
    assert(parsed[name] == nil, ("%s twice in Cache-Status: %q"):format(name, field))
    parsed[name] = value
  end
  return parsed
end
