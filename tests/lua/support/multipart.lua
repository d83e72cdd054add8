--- Takes a multipart/byteranges answer apart, RFC 9110 14.6 and RFC 2046 5.1.

local multipart = {}

local function headers_of(head)
  local headers = {}
  for line in head:gmatch("([^\r\n]+)\r\n") do
    local name, value = line:match("^([^%s:]+):[ \t]*(.-)[ \t]*$")
    assert(name, ("no header of a part: %q"):format(line))
    headers[name:lower()] = value
  end
  return headers
end

--- The parts of an answer, each with headers and text; an error when the body is not framed as its type says.
function multipart.parts_of(reply)
  local media_type = reply.headers["content-type"] or ""
  local boundary = media_type:match("^multipart/byteranges; boundary=([%w]+)$")
  assert(boundary, ("no multipart/byteranges: %q"):format(media_type))
  local delimiter, parts = "\r\n--" .. boundary, {}
  local _, position = reply.text:find(delimiter, 1, true)
  assert(position == #delimiter, "the body does not begin with its boundary")
  while reply.text:sub(position + 1, position + 2) ~= "--" do
    local _, head_end = reply.text:find("\r\n\r\n", position + 1, true)
    local body_end, next_position = reply.text:find(delimiter, head_end, true)
    assert(head_end and body_end, "a part is not closed")
    local headers = headers_of(reply.text:sub(position + 3, head_end - 2))
    parts[#parts + 1] = { headers = headers, text = reply.text:sub(head_end + 1, body_end - 1) }
    position = next_position
  end
  assert(reply.text:sub(position + 1) == "--\r\n", "something follows the last boundary")
  return parts
end

return multipart
