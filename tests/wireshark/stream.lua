-- For the tests: tells the number of the innermost TCP stream, without all else that TCP has to tell.
local testing = Proto("testing", "For the tests")
local number = ProtoField.uint32("testing.stream", "Stream")
local stream = Field.new("tcp.stream")

testing.fields = { number }

function testing.dissector(tvb, pinfo, tree)
  local found = { stream() }
  if #found > 0 then tree:add(testing):add(number, found[#found].value) end
end

register_postdissector(testing)
