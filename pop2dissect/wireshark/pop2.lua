-- pop2.lua: a dissector for the Post Office Protocol, version 2 (RFC 937), for its ancestor on the same
-- port, RFC 918, and, if the preference "pop3" says so, for its successor, POP3 (RFC 1939). For Wireshark and
-- tshark 4.0 or later (Lua 5.2 to 5.4).
--
-- Use it once:      tshark -X lua_script:pop2.lua -r capture.pcap -Y pop2
-- or for good:      pop2dissect wireshark install
-- List of sessions: tshark -q -X lua_script:pop2.lua -X lua_script1:sessions -r capture.pcap
--
-- How it works. Wireshark hands over each TCP segment (or lines put together from several) in order, once,
-- and later any frame again, in any order. So the conversation is *read* only when a frame is met first;
-- what was found is filed under the frame's number, and showing a frame is looking there. Nothing that is
-- known about a conversation changes when a frame is shown again.
--
-- Lines are put together by Wireshark (one more segment at a time). Message data is not: its length is
-- announced, the announcement can be wrong and the capture can have holes, so the octets are collected here,
-- where the end can be moved to where the client's next command says it was.
--
-- SPDX-License-Identifier: MIT

-- Loaded already, say from the plugin folder and again with -X? Then the first one does the work.
if pcall(Dissector.get, "pop2") and Dissector.get("pop2") then return end

local script_arguments = { ... }

local pop2 = Proto("pop2", "Post Office Protocol, version 2")

------------------------------------------------------------------------------------------------------------
-- The grammar (RFC 937, "Command Summary" and "Reply Summary"; RFC 918, "Commands")
------------------------------------------------------------------------------------------------------------

local RFC937, RFC918, UNDECIDED = "POP2 (RFC 937)", "POP (RFC 918)", "RFC 918 or POP3"
local POP3, POP3_PORT = "POP3 (RFC 1939)", 110

-- Each command: what its arguments must look like (a Lua pattern over the text after the keyword, or a
-- function), which of the arguments is what, and whether message data can answer it.
local function nothing(text) return text == "" end
local function one_word(text) return text:find("^%S+$") ~= nil end

local function user_and_password(text)
  -- RFC 937: `HELO user password`. Real servers take all that follows the first space as the password.
  return text:find("^%S+ .") ~= nil
end

local function mailbox_name(text) return text ~= "" end

local function optional_number(text) return text:find("^%s*%d*$") ~= nil end

local COMMANDS = {
  [RFC937] = {
    HELO = { takes = user_and_password, user = true, password = true },
    FOLD = { takes = mailbox_name, mailbox = true },
    READ = { takes = optional_number, number = true },
    RETR = { takes = nothing, data = true },
    ACKS = { takes = nothing, moves_on = true },
    ACKD = { takes = nothing, moves_on = true },
    NACK = { takes = nothing },
    QUIT = { takes = nothing },
  },
  [RFC918] = {
    USER = { takes = one_word, user = true },
    PASS = { takes = mailbox_name, password = true },
    RETR = { takes = mailbox_name, mailbox = true, announces = true },
    RDEL = { takes = mailbox_name, mailbox = true, announces = true },
    RCEV = { takes = nothing, data = true },
    RECV = { takes = nothing, data = true },   -- RFC 918's own diagram spells it so
    RCVD = { takes = nothing },
    QUIT = { takes = nothing },
    NOOP = { takes = nothing },
    RSET = { takes = nothing },
  },
}
COMMANDS[UNDECIDED] = COMMANDS[RFC918]

-- Ten digits are more than any mailbox has.
local function one_number(text)
  local digits = text:match("^%s*(%d+)%s*$")
  return digits ~= nil and #digits <= 10
end
local function number_and_lines(text)
  local digits = text:match("^%s*(%d+) %d+%s*$")
  return digits ~= nil and #digits <= 10
end
local function number_or_nothing(text) return not text:find("%S") or one_number(text) end
local function name_and_digest(text)
  local digest = text:match("^ *[^ ]+ ([0-9a-f]+)%s*$")
  return digest ~= nil and #digest == 32
end
-- Where the mechanism of AUTH ends; its name is at most 20 characters (RFC 4422, section 3.1).
local function mechanism_end(text)
  local from, stop = text:match("^[ \t]*()[%w_-]+()%f[ \t\0]")
  return stop and stop - from <= 20 and stop or nil
end
local function mechanism(text)
  local stop = mechanism_end(text)
  return not text:find("%S") or stop ~= nil and text:find("^%s*[%w+/]*=?=?%s*$", stop) ~= nil
end
local function always() return true end
local function is_alone(text) return not text:find("%S") end

-- `lists` is whether `+OK` is followed by lines up to a dot (RFC 1939, section 3), and `mail` that they are a mail.
COMMANDS[POP3] = {
  USER = { takes = mailbox_name, user = true },
  PASS = { takes = mailbox_name, password = true },
  APOP = { takes = name_and_digest, user = true, password = true },
  AUTH = { takes = mechanism, sasl = true, lists = is_alone },
  STLS = { takes = is_alone }, UTF8 = { takes = is_alone }, CAPA = { takes = is_alone, lists = always },
  LANG = { takes = always, lists = is_alone },
  QUIT = { takes = is_alone }, STAT = { takes = is_alone }, NOOP = { takes = is_alone }, RSET = { takes = is_alone },
  LAST = { takes = is_alone },
  LIST = { takes = number_or_nothing, number = true, lists = is_alone },
  UIDL = { takes = number_or_nothing, number = true, lists = is_alone },
  RETR = { takes = one_number, number = true, lists = always, mail = true },
  TOP = { takes = number_and_lines, number = true, lists = always },
  DELE = { takes = one_number, number = true },
  RPOP = { takes = mailbox_name, user = true }, XTND = { takes = mailbox_name },
  XSENDER = { takes = one_number, number = true },
}
-- A client's line inside AUTH is no command.
local SASL_LINE = { takes = always }

-- Keywords that belong to one protocol alone, to tell what speaks on the port. USER, PASS, QUIT, NOOP and
-- RSET are shared by RFC 918 and POP3 and decide nothing.
local ONLY_IN = {
  HELO = RFC937, FOLD = RFC937, READ = RFC937, ACKS = RFC937, ACKD = RFC937, NACK = RFC937,
  RDEL = RFC918, RCEV = RFC918, RECV = RFC918, RCVD = RFC918,
  STAT = POP3, LIST = POP3, DELE = POP3, TOP = POP3, UIDL = POP3, APOP = POP3, CAPA = POP3,
  AUTH = POP3, STLS = POP3, LAST = POP3,
  USER = UNDECIDED, PASS = UNDECIDED,
}

-- RFC 937, "Replies". In RFC 918 `#n` is the length of a whole mailbox, so there it is a length.
local REPLIES = {
  { pattern = "^%+", kind = "ok" },
  { pattern = "^%-", kind = "error" },
  { pattern = "^#%s*(%d+)", kind = "count" },
  { pattern = "^=%s*(%d+)", kind = "length" },
}

local POP3_REPLIES = {
  { pattern = "^%+[Oo][Kk]%f[^%w]:?[ \t]*(%d*)", kind = "ok" },
  { pattern = "^%-[Ee][Rr][Rr]%f[^%w]:?", kind = "error" },
  { pattern = "^%-[Ee][Rr][Rr][Oo][Rr]%f[^%w]:?", kind = "error" },
  { pattern = "^%+%f[ \0]", kind = "challenge" },
}

-- First octets of other protocols, and Wireshark's name for who can read them.
local OTHER_PROTOCOLS = {
  { pattern = "^SSH%-", dissector = "ssh" },
  { pattern = "^\22\3", dissector = "tls" },
  { pattern = "^[A-Z]+ %S+ HTTP/1%.", dissector = "http" },
  { pattern = "^HTTP/1%.", dissector = "http" },
  { pattern = "^220[ %-]", dissector = "smtp" },
  { pattern = "^EHLO ", dissector = "smtp" },
  { pattern = "^%* OK", dissector = "imap" },
  { pattern = "^\5[\1-\9]", dissector = "socks" },
}

-- The longest line that a server is known to take (UW ipop2d: 1022 octets). A longer one without a line end
-- is shown as it is, not waited for: it may be an attack, and its end may never come.
local LINE_LIMIT = 1024
-- RFC 937, "Limits": a command or a reply is at most 512 octets, with its CRLF.
local RFC_LINE_LIMIT = 512
-- POP3: a command's line (RFC 2449, section 4), and one of AUTH, for which there is only SMTP's (RFC 4954, section 4).
local POP3_LINE_LIMIT, SASL_LINE_LIMIT = 255, 12288
local UINT32_MAX = 4294967295

------------------------------------------------------------------------------------------------------------
-- The server's states (RFC 937, "POP2 Server State Diagram" and "Server Decision Table")
------------------------------------------------------------------------------------------------------------

-- ALLOWED[state][command]; anything else is answered by `- error` and the end.
local ALLOWED = {
  AUTH = { HELO = true, QUIT = true },
  MBOX = { FOLD = true, READ = true, QUIT = true },
  ITEM = { FOLD = true, READ = true, RETR = true, QUIT = true },
  NEXT = { ACKS = true, ACKD = true, NACK = true },
  DONE = {},
}

-- AFTER[command][kind of reply] is the state that follows. Any error ends the session, and so does any reply
-- that the table lacks; KA9Q's `+ No mail, sorry` to HELO is the exception, after which nothing is certain.
local AFTER = {
  HELO = { count = "MBOX" },
  FOLD = { count = "MBOX" },
  READ = { length = "ITEM" },
  RETR = { data = "NEXT" },
  ACKS = { length = "ITEM" },
  ACKD = { length = "ITEM" },
  NACK = { length = "ITEM" },
  QUIT = { ok = "DONE" },
}

-- POP3: AFTER_OK[state][command] is the state after `+OK` (RFC 1939, sections 4 to 6; RFC 2449, 2595, 5034, 6856).
-- After `-ERR` it stays, but QUIT ends the session in any case. STLS leads to where nothing can be read.
local AUTHORIZATION, TRANSACTION, HIDDEN = "AUTHORIZATION", "TRANSACTION", "?"
local AFTER_OK = {
  AUTHORIZATION = {
    USER = AUTHORIZATION, PASS = TRANSACTION, APOP = TRANSACTION, AUTH = TRANSACTION, RPOP = TRANSACTION,
    STLS = HIDDEN, CAPA = AUTHORIZATION, UTF8 = AUTHORIZATION, LANG = AUTHORIZATION, QUIT = "DONE",
  },
  TRANSACTION = { QUIT = "UPDATE" },
  UPDATE = {}, DONE = {},
}
for keyword in ("STAT LIST RETR DELE NOOP RSET TOP UIDL LAST CAPA LANG XTND XSENDER"):gmatch("%u+") do
  AFTER_OK.TRANSACTION[keyword] = TRANSACTION
end
-- The commands after which the client is let in, or not.
local LOGS_IN = { HELO = true, PASS = true, APOP = true, AUTH = true, RPOP = true }

-- What a client says when it has read a message (RFC 937, "The Client Decision Table"; RFC 918, "RCVD").
local ANSWERS = { ACKS = true, ACKD = true, NACK = true, RCVD = true }

-- The one reply that means success, for replies that the capture lacks.
local SUCCESS = {}
for keyword, by_kind in pairs(AFTER) do
  for _, state in pairs(by_kind) do SUCCESS[keyword] = state end
end

-- For a conversation met in the middle: the state that a command proves, where only one allows it.
local PROVES = { HELO = "AUTH", RETR = "ITEM", ACKS = "NEXT", ACKD = "NEXT", NACK = "NEXT" }

------------------------------------------------------------------------------------------------------------
-- What the user sees: fields, expert information, preferences
------------------------------------------------------------------------------------------------------------

local fields = {
  version = ProtoField.string("pop2.version", "Protocol", base.NONE, "Which protocol the conversation speaks"),
  exchange = ProtoField.uint32("pop2.exchange", "Exchange", base.DEC,
    nil, nil, "Number of the command in the session, and of its replies; the greeting is 0"),
  line = ProtoField.string("pop2.line", "Line", base.NONE, "A command or reply without its line end"),

  request = ProtoField.none("pop2.request", "Command", "A line of the client"),
  command = ProtoField.string("pop2.command", "Keyword", base.NONE, "Keyword of the command, in capitals"),
  arguments = ProtoField.string("pop2.arguments", "Arguments", base.NONE, "What follows the keyword"),
  user = ProtoField.string("pop2.user", "User", base.NONE, "User name, unquoted"),
  password = ProtoField.string("pop2.password", "Password", base.NONE, "Password, unquoted"),
  mailbox = ProtoField.string("pop2.mailbox", "Mailbox", base.NONE, "Mailbox asked for, unquoted"),
  message = ProtoField.uint32("pop2.message", "Message number", base.DEC,
    nil, nil, "The message asked for, or the one that the server names"),

  reply = ProtoField.none("pop2.reply", "Reply", "A line of the server"),
  kind = ProtoField.string("pop2.reply.kind", "Kind", base.NONE,
    "greeting, ok, error, count, length, data, unknown or, in POP3, challenge"),
  count = ProtoField.uint32("pop2.count", "Messages", base.DEC, nil, nil, "Messages in the mailbox, from #n"),
  length = ProtoField.uint32("pop2.length", "Length", base.DEC, nil, nil, "Octets announced, from =n"),
  text = ProtoField.string("pop2.text", "Text", base.NONE, "What follows the sign and the number"),
  marked = ProtoField.uint32("pop2.marked", "Marked as deleted", base.DEC,
    nil, nil, "POP3: a message that this DELE marked, to be deleted by QUIT"),
  deleted = ProtoField.uint32("pop2.deleted", "Deleted", base.DEC,
    nil, nil, "POP3: a marked message that the server deletes, as it answered QUIT with +OK"),
  host = ProtoField.string("pop2.host", "Server host", base.NONE, "Host named in the greeting"),
  software = ProtoField.string("pop2.software", "Server software", base.NONE, "Rest of the greeting"),

  state = ProtoField.string("pop2.state", "State before", base.NONE,
    "State of the server before the command: AUTH, MBOX, ITEM, NEXT or DONE (RFC 937); AUTHORIZATION, TRANSACTION, "
      .. "UPDATE or DONE (RFC 1939)"),
  next_state = ProtoField.string("pop2.state.next", "State after", base.NONE,
    "State of the server after the reply"),
  response_in = ProtoField.framenum("pop2.response_in", "Reply in", base.NONE, frametype.RESPONSE,
    nil, "Frame where the first reply begins"),
  request_in = ProtoField.framenum("pop2.request_in", "Command in", base.NONE, frametype.REQUEST,
    nil, "Frame where the command ends"),
  time = ProtoField.relative_time("pop2.time", "Time from command", "From the end of the command to the reply"),

  fragment = ProtoField.bytes("pop2.data.fragment", "Message data", base.NONE, "Part of a message in this frame"),
  reassembled_in = ProtoField.framenum("pop2.data.reassembled_in", "Whole message in", base.NONE,
    frametype.NONE, nil, "Frame where the message ends"),
  data = ProtoField.bytes("pop2.data", "Message", base.NONE, "All octets of a message that were captured"),
  data_frame = ProtoField.framenum("pop2.data.frame", "Data in", base.NONE, frametype.NONE,
    nil, "A frame with data of the message"),
  octets = ProtoField.uint32("pop2.data.octets", "Octets on the wire", base.DEC,
    nil, nil, "Octets of the message on the wire, captured or not"),
  declared = ProtoField.uint32("pop2.data.declared", "Octets announced", base.DEC,
    nil, nil, "Octets that the last length reply announced"),
  missing = ProtoField.uint32("pop2.data.missing", "Octets missing", base.DEC,
    nil, nil, "Octets of the message that the capture lacks"),
  complete = ProtoField.bool("pop2.data.complete", "Complete", base.NONE, nil, nil,
    "The message was seen to end, and the capture lacks none of it"),
}

local function expert_info(id, text, group, severity)
  return ProtoExpert.new("pop2." .. id, text, group, severity)
end

local experts = {
  state = expert_info("protocol.state", "Command not allowed in this state",
    expert.group.SEQUENCE, expert.severity.NOTE),
  unknown_command = expert_info("protocol.unknown_command", "No command of this protocol",
    expert.group.PROTOCOL, expert.severity.NOTE),
  syntax = expert_info("protocol.syntax", "Arguments are not as the RFC wants them",
    expert.group.PROTOCOL, expert.severity.NOTE),
  pre_greeting = expert_info("protocol.pre_greeting", "Command sent before the greeting",
    expert.group.SEQUENCE, expert.severity.WARN),
  pipelining = expert_info("protocol.pipelining", "Command sent before the reply to the last one",
    expert.group.SEQUENCE, expert.severity.NOTE),
  length_mismatch = expert_info("protocol.length_mismatch", "Message is not as long as announced",
    expert.group.PROTOCOL, expert.severity.WARN),
  reply_injection = expert_info("protocol.reply_injection", "Reply that no command asked for",
    expert.group.SEQUENCE, expert.severity.WARN),
  bare_lf = expert_info("protocol.bare_lf", "Line ends in LF without CR",
    expert.group.PROTOCOL, expert.severity.NOTE),
  long_line = expert_info("protocol.long_line", "Line longer than the RFC allows",
    expert.group.PROTOCOL, expert.severity.NOTE),
  non_ascii = expert_info("protocol.non_ascii", "Octets that are not ASCII",
    expert.group.PROTOCOL, expert.severity.WARN),
  terminal_escape = expert_info("protocol.terminal_escape", "Control characters, which could steer a terminal",
    expert.group.PROTOCOL, expert.severity.WARN),
  cleartext = expert_info("auth.cleartext", "Password in clear text",
    expert.group.SECURITY, expert.severity.WARN),
  refused = expert_info("auth.failed", "Login refused",
    expert.group.SECURITY, expert.severity.NOTE),
  missing = expert_info("capture.missing", "The capture lacks a part of the message",
    expert.group.REASSEMBLE, expert.severity.NOTE),
  doubtful = expert_info("capture.doubtful", "Start or end of the message is in doubt: it is not handed on as mail",
    expert.group.REASSEMBLE, expert.severity.NOTE),
  conflict = expert_info("capture.conflict",
    "Octets of the message came again and differ: it is not handed on as mail",
    expert.group.REASSEMBLE, expert.severity.WARN),
  unterminated = expert_info("line.unterminated", "Line without an end",
    expert.group.PROTOCOL, expert.severity.NOTE),
  cut = expert_info("capture.cut", "Line cut by the capture's packet size limit",
    expert.group.REASSEMBLE, expert.severity.NOTE),
}

-- Wireshark keeps what it is given by position, so any order will do; sorting keeps it the same every time.
local function sorted_values(by_name)
  local names, values = {}, {}
  for name in pairs(by_name) do names[#names + 1] = name end
  table.sort(names)
  for position, name in ipairs(names) do values[position] = by_name[name] end
  return values
end

pop2.fields = sorted_values(fields)
pop2.experts = sorted_values(experts)

pop2.prefs.ports = Pref.range("TCP ports", "109", "Ports on which POP2 servers listen", 65535)
pop2.prefs.hide_passwords = Pref.bool("Hide passwords", true,
  "Show ******** in place of passwords. The octets themselves stay in the capture, the byte pane, PDML and -x.")
pop2.prefs.desegment = Pref.bool("Reassemble lines that span several TCP segments", true,
  "Needs \"Allow subdissector to reassemble TCP streams\" in the settings of TCP as well.")
pop2.prefs.pop3 = Pref.bool("Dissect POP3, too", false,
  "Take port 110 and conversations of POP3 on the TCP ports above, in place of Wireshark's own dissector.")
local ALWAYS, WHEN_WANTED, NEVER = 1, 2, 3
pop2.prefs.dissect_mail = Pref.enum("Dissect messages as mail", WHEN_WANTED,
  "Hand whole messages to the Internet Message Format dissector; exporting them as objects needs this. "
    .. "It is wanted where packets are shown in detail, a filter names it, or no list of packets is made.",
  { { "always", "Always", ALWAYS }, { "wanted", "When wanted", WHEN_WANTED }, { "never", "Never", NEVER } }, false)

------------------------------------------------------------------------------------------------------------
-- Small tools
------------------------------------------------------------------------------------------------------------

-- A dissector of Wireshark by its name; known by then, which it need not be when this file is read.
local dissectors = {}

local function dissector(name)
  local found = dissectors[name]
  if not found then
    found = Dissector.get(name)
    dissectors[name] = found
  end
  return found
end

-- What each packet is asked for: get.NAME(pinfo) is pinfo.NAME, which looks for its name anew each time and takes ten times
-- as long; so do methods, hence Tvb.len(tvb) and the like. Where Wireshark should keep its getters elsewhere, the long way.
local get = {}
for _, name in ipairs({ "number", "visited", "src", "dst", "src_port", "dst_port", "cols", "rel_ts" }) do
  local class = debug.getregistry().Pinfo
  local getters = type(class) == "table" and class.__getters
  get[name] = getters and getters[name] or function(pinfo) return pinfo[name] end
end

-- Distance from sequence number b to a (RFC 793, section 3.3), with the sign.
local function sequence_distance(a, b)
  return (a - b + 2147483648) % 4294967296 - 2147483648
end

-- A number from the wire that fits into a 32-bit field, or nil.
local function number_from(digits)
  local number = digits and #digits <= 10 and tonumber(digits)
  return number and number <= UINT32_MAX and number or nil
end

local function is_utf8(text)
  local rest = text:gsub("[\194-\223][\128-\191]", ""):gsub("\224[\160-\191][\128-\191]", "")
    :gsub("[\225-\236\238\239][\128-\191][\128-\191]", ""):gsub("\237[\128-\159][\128-\191]", "")
    :gsub("\240[\144-\191][\128-\191][\128-\191]", ""):gsub("[\241-\243][\128-\191][\128-\191][\128-\191]", "")
    :gsub("\244[\128-\143][\128-\191][\128-\191]", "")
  return not rest:find("[\128-\255]")
end

local function latin1_to_utf8(octet)
  local code = octet:byte()
  return string.char(192 + math.floor(code / 64), 128 + code % 64)
end

-- Text for people: UTF-8 where it is, else Latin-1. A NUL would end the text early in C.
local function readable(text)
  if text:find("^[\1-\127]*$") then return text end
  if text:find("\0", 1, true) then text = text:gsub("\0", "\\0") end
  if text:find("[\128-\255]") and not is_utf8(text) then text = text:gsub("[\128-\255]", latin1_to_utf8) end
  return text
end

-- RFC 937, "Syntax": a backslash quotes the next character, in the arguments of commands only.
local function unquoted(text) return (text:gsub("\\(.)", "%1")) end

-- Does a line of the server begin here, as far as it has come? (offset counts from 1, as Lua does)
local function looks_like_reply(raw, offset)
  return raw:find("^[+-] ", offset) or raw:find("^[#=]%d", offset)
    or raw:find("^%+OK", offset) or raw:find("^%-ERR", offset) or raw:find("^[+#=-]%u?%u?$", offset)
end

------------------------------------------------------------------------------------------------------------
-- What is looked at
------------------------------------------------------------------------------------------------------------

-- The words of tshark's command line. Only Linux shows them; elsewhere, and for Wireshark, nil.
local function command_line()
  local file = not gui_enabled() and io.open("/proc/self/cmdline", "rb")
  if not file then return nil end
  local words = {}
  for word in file:read("*a"):gmatch("([^\0]*)\0") do words[#words + 1] = word end
  file:close()
  return words[1] and words[1]:find("tshark$") and words or nil
end

local COMMAND_LINE = command_line()

-- Is this tshark, and without a tap (--export-objects, -z)?
local function is_tshark_without_taps()
  if not COMMAND_LINE then return false end
  for _, word in ipairs(COMMAND_LINE) do
    if word:find("^%-%-ex") or word:find("^%-%a*z") or word:find("^%-U") then return false end
  end
  return true
end

local IS_TSHARK_WITHOUT_TAPS = is_tshark_without_taps()

-- Does tshark print a line a packet, of a file, and nothing else that could ask for a field of ours? Any word that is not
-- known to be harmless says no.
local function prints_lines_only()
  if not COMMAND_LINE then return false end
  local reads, option = false, nil
  for position, word in ipairs(COMMAND_LINE) do
    if option then
      if option == "o" and word:find("^gui%.") or option == "X" and not word:find("^lua_script:") then return false end
      -- A filter; what macros and expert information come to is not known here.
      if option == "Y" and (word:find("pop") or word:find("imf") or word:find("[$_@]")) then return false end
      option = nil
    elseif position > 1 and word ~= "" then
      local letter, value = word:match("^%-[nl]*([roXtNcCY]?)(.*)$")
      if not letter or value ~= "" and letter ~= "r" then return false end
      if letter ~= "" and value == "" then option = letter end
      reads = reads or letter == "r"
    end
  end
  return reads
end

------------------------------------------------------------------------------------------------------------
-- What TCP knows about the segment at hand
------------------------------------------------------------------------------------------------------------

-- Asking for fields makes tshark build the tree of every packet in the capture, POP2 or not, which costs more than
-- all that is done here. Where nothing but lines is printed TCP's own line says the same, and nothing is asked for.
local READS_LINES = prints_lines_only()

-- The value of the innermost TCP header: a frame can carry a tunnel with several.
local function innermost(first, second, ...)
  if second then return innermost(second, ...) end
  return first and first.value
end

local function field(name)
  local extract = Field.new(name)
  return function() return innermost(extract()) end
end

-- By name: functions. Raw numbers where they can be had: the relative ones depend on a preference.
local segment = READS_LINES and {} or {
  stream = field("tcp.stream"), sequence = field("tcp.seq_raw"), acknowledgement = field("tcp.ack_raw"),
  relative_acknowledgement = field("tcp.ack"), length = field("tcp.len"), completeness = field("tcp.completeness"),
}

-- What TCP's line said in the newest frame; ours takes its place.
local line = { frame = nil }
-- By both ports as one number: who sends to whom, and the stream that it is.
local directions, stream_count = {}, 0

local function direction_of(from_port, to_port, from, to)
  for _, direction in ipairs(directions[from_port * 65536 + to_port] or {}) do
    if direction.from == from and direction.to == to then return direction end
  end
  return nil
end

local function add_direction(from_port, to_port, from, to)
  local key, added = from_port * 65536 + to_port, { from = from, to = to, stream = nil, has_begun = false }
  directions[key] = directions[key] or {}
  table.insert(directions[key], added)
  return added
end

-- Wireshark counts from the first number that it sees, here 1. Another segment that begins there, and repeats nothing,
-- begins another connection.
local function stream_in_line(pinfo)
  local from_port, to_port, from, to = get.src_port(pinfo), get.dst_port(pinfo), get.src(pinfo), get.dst(pinfo)
  local ours = direction_of(from_port, to_port, from, to)
  local theirs = ours and ours.other
  if not ours then
    ours, theirs = add_direction(from_port, to_port, from, to), add_direction(to_port, from_port, to, from)
    ours.other, theirs.other = theirs, ours
  end
  if not ours.stream or line.sequence == 1 and ours.has_begun and not line.is_repeated then
    stream_count = stream_count + 1
    ours.stream = { number = stream_count, begins = line.sequence == 1 and line.acknowledgement == 1 }
    theirs.stream, theirs.has_begun = ours.stream, false
  end
  ours.has_begun = true
  return ours.stream
end

local function read_line(pinfo)
  local frame = get.number(pinfo)
  if line.frame == frame then return end
  line.info = get.cols(pinfo).info
  local text = tostring(line.info)
  local sequence, acknowledgement, length = text:match(" Seq=(%d+) Ack=(%d+) .-Len=(%d+)")
  line.frame, line.sequence = frame, tonumber(sequence)
  line.acknowledgement, line.length = tonumber(acknowledgement), tonumber(length)
  line.is_repeated = line.sequence == 1 and (text:find("Retransmission", 1, true) or text:find("Out-Of-Order", 1, true))
  line.stream = line.length and stream_in_line(pinfo)
end

-- The column *Info*: to look for it among the columns takes long.
local function info_column(pinfo) return READS_LINES and line.info or get.cols(pinfo).info end

if READS_LINES then
  function segment.stream(pinfo)
    read_line(pinfo)
    return line.stream and line.stream.number
  end
  function segment.sequence() return line.sequence end
  function segment.acknowledgement() return line.acknowledgement end
  function segment.relative_acknowledgement() return line.acknowledgement end
  function segment.length() return line.length end
  -- The line does not say whether the handshake was captured. Before any other octet, `+` is a greeting; and only
  -- the greeting comes before HELO.
  function segment.completeness(raw)
    return line.stream.begins and (raw:find("^%+") or raw:find("^[Hh][Ee][Ll][Oo]")) and 3 or 0
  end
end

-- Is nothing wanted but a line a packet? Where columns are not made, a column has nothing but its name.
local function is_list_only(column, root)
  return IS_TSHARK_WITHOUT_TAPS and not root.visible and not root:referenced(dissector("imf"))
    and tostring(column) ~= "(info)"
end

-- The same, for the whole run and for fields of ours as well: set by its first packet. Such a tshark dissects every
-- packet once (with -2 there are no columns in the first pass), so nothing is kept to be shown again.
local is_run_list_only = nil

------------------------------------------------------------------------------------------------------------
-- Conversations
------------------------------------------------------------------------------------------------------------

local conversations = {}   -- by the number of the TCP stream
local listening = {}       -- the preference "ports" as a list of {first, last}

-- One direction of a conversation. Positions are octets from the first one seen in that direction.
local function new_stream()
  return {
    origin = nil,      -- sequence number of position 0
    expected = 0,      -- the first octet that was not read yet
    seen = 0,          -- position after the last octet that was captured, read or not
    pending = nil,     -- the beginning of a line that waits for its end
    unfinished = nil,  -- the command that an over-long line without an end began
  }
end

local function new_conversation(number)
  return {
    number = number,
    version = nil,       -- RFC937, RFC918, UNDECIDED, or nil before there is evidence
    server = nil,        -- {port, address} of the server
    greeted = false,
    uncertain = false,   -- the capture lacks replies, so that nothing is known about an announced length
    orderly = true,      -- so far nothing was missing, and every line of the server answered a command
    disorder = false,    -- the opposite; a conversation met in its middle is neither
    line_end = nil,      -- position after the server's last line, as long as nothing followed it
    announced_end = nil, -- position after the line that announced a length
    state = "AUTH",      -- of the server; nil where it cannot be known
    may_pipeline = false, -- POP3: the server said so in its capabilities (RFC 2449, section 6.6)
    challenged = false,  -- POP3: the client's next line belongs to AUTH
    marked = {},         -- POP3: messages to be deleted by QUIT, in the order of their DELEs
    exchanges = 0,
    queue = {},          -- commands without a reply, the oldest first
    announced = nil,     -- octets announced by the last length reply, until a RETR used them up
    current = nil,       -- number of the current message, where the wire told it
    mailbox = nil,
    message = nil,       -- whose data is being read
    finished = nil,      -- the last message, as long as no reply followed it
    failed = nil,        -- the command whose error a farewell may still follow
    from_client = new_stream(),
    from_server = new_stream(),
    items = {},          -- by frame: the first item to show; each knows the next
    last_item = nil,     -- the item that was filed last, and its frame
    last_item_frame = nil,
    stops = {},          -- by frame: position after the segment's last octet
    joined = {},         -- by frame: position of the first octet of lines joined by Wireshark
    prefixes = {},       -- by frame: the beginning of a line, where Wireshark does not join them
    handed_to = {},      -- by frame: the dissector that reads it instead, or false for nobody
    newest = 0,          -- the last frame that was read
    messages = 0, octets = 0, user = nil, login = nil, first_frame = nil,   -- for the list of sessions
  }
end

-- The position of a sequence number. The first one that is seen becomes position 0.
local function position_of(stream, sequence)
  if not stream.origin then stream.origin = sequence end
  return stream.expected + sequence_distance(sequence, (stream.origin + stream.expected) % 4294967296)
end

local function is_listening(port)
  for _, range in ipairs(listening) do
    if port >= range[1] and port <= range[2] then return true end
  end
  return false
end

-- Who is the server? The one on a known port; else the one whose first octets look like a reply.
local function find_server(conversation, pinfo, raw)
  local to_known, from_known = is_listening(pinfo.dst_port), is_listening(pinfo.src_port)
  local sent_by_server = from_known
  if to_known == from_known then sent_by_server = looks_like_reply(raw, 1) end
  conversation.server = {
    port = sent_by_server and pinfo.src_port or pinfo.dst_port,
    address = tostring(sent_by_server and pinfo.src or pinfo.dst),
    client = tostring(sent_by_server and pinfo.dst or pinfo.src),
    client_port = sent_by_server and pinfo.dst_port or pinfo.src_port,
  }
end

local function is_from_server(conversation, pinfo)
  local server = conversation.server
  if server.port ~= server.client_port then return get.src_port(pinfo) == server.port end
  return tostring(pinfo.src) == server.address
end

-- Expert information on a command, a reply or a message; most have none.
local function note(record, name, text)
  record.notes = record.notes or {}
  record.notes[#record.notes + 1] = { name = name, text = text }
end

-- Files an item under its frame, after those that are there. Frames are read in order.
local function show_in(conversation, frame, item)
  if conversation.last_item_frame == frame then
    conversation.last_item.next = item
  else
    if is_run_list_only and conversation.last_item_frame then
      conversation.items[conversation.last_item_frame] = nil
    end
    conversation.items[frame] = item
  end
  conversation.last_item, conversation.last_item_frame = item, frame
end

------------------------------------------------------------------------------------------------------------
-- What speaks here? (RFC 937 took port 109 over from RFC 918, and anything can listen on it)
------------------------------------------------------------------------------------------------------------

local function other_protocol(raw)
  for _, other in ipairs(OTHER_PROTOCOLS) do
    if raw:find(other.pattern) then return other.dissector end
  end
  return nil
end

local function keyword_of(text)
  return (text:match("^[ \t]*([^ \t]*)") or ""):upper()
end

-- The evidence in a server's first octets: a protocol, nothing, or false for "none of ours".
local function version_of_server_text(raw, from_the_start)
  local upper = raw:sub(1, 16):upper()
  if upper:find("^%+ POP2") or upper:find("^%+OK POP2") then return RFC937 end
  if upper:find("^%+OK") or upper:find("^%-ERR") then return UNDECIDED end
  if upper:find("^[+-] ") or upper:find("^[#=]%d") then return RFC937 end
  if from_the_start then return false end
  return nil
end

-- Can the first octets become a line of ours, but are too few to tell?
local function too_few_to_tell(raw, is_server)
  return #raw < 16 and raw:find(is_server and "^[+#=-][^\r\n]*$" or "^[%a ]+[^\r\n]*$") ~= nil
end

-- From here on it is POP3, and read here. What was said before is alike in both.
local function become_pop3(conversation)
  conversation.version = POP3
  if conversation.state then conversation.state = conversation.login == "accepted" and TRANSACTION or AUTHORIZATION end
  for _, request in ipairs(conversation.queue) do request.rule = COMMANDS[POP3][request.keyword] end
end

-- Decides conversation.version from the first octets of a segment. Returns true when the segment is ours, or
-- nil and the name of the dissector that should have it (false for nobody).
local function identify(conversation, view, is_server)
  local evidence
  if is_server then
    evidence = version_of_server_text(view.raw, view.from_the_start)
  else
    evidence = ONLY_IN[keyword_of(view.raw:match("^[^\r\n]*"))]
    -- The middle of a session, where the client says RETR or QUIT: on this port POP2 is likelier.
    if not evidence and not view.from_the_start and COMMANDS[RFC937][keyword_of(view.raw:match("^[^\r\n]*"))] then
      evidence = RFC937
    end
  end
  if pop2.prefs.pop3 and conversation.server.port == POP3_PORT and evidence ~= RFC937
    and (evidence or not other_protocol(view.raw)) then
    evidence = POP3
  end
  if evidence == POP3 and not pop2.prefs.pop3 then return nil, "pop" end
  if evidence then
    conversation.version = evidence
    if evidence == POP3 then become_pop3(conversation) end
    -- A session met in its middle had its greeting before the capture began.
    if not view.from_the_start and not (is_server and view.raw:upper():find("^%+[OK]* POP2")) then
      conversation.greeted, conversation.uncertain, conversation.state = true, true, nil
      conversation.orderly = false
    end
    return true
  end
  return nil, other_protocol(view.raw) or false
end

-- A keyword can tell what an UNDECIDED conversation is. Returns POP3 also where that is not ours after all.
local function learn_from_keyword(conversation, keyword, arguments)
  if conversation.version ~= UNDECIDED then return conversation.version end
  local only = ONLY_IN[keyword]
  -- RFC 918 retrieves mailboxes by name, POP3 messages by number.
  if keyword == "RETR" then only = arguments:find("^%d+$") and POP3 or RFC918 end
  if only == RFC937 or only == RFC918 then conversation.version = only end
  if only == POP3 and pop2.prefs.pop3 then become_pop3(conversation) end
  return only
end

------------------------------------------------------------------------------------------------------------
-- Reading lines
------------------------------------------------------------------------------------------------------------

-- A view is what one call of the dissector was given: the octets, where they lie in the stream, and when.

-- The line at a position: text without its end, the position after it, and how it ended: "crlf", "lf",
-- "cut" (by the packet size limit of the capture), "none" (too long to wait for), or nil: wait for more.
local function line_at(view, position)
  local offset = position - view.base
  local line_feed = view.raw:find("\n", offset + 1, true)
  if line_feed then
    if line_feed > offset + 1 and view.raw:byte(line_feed - 1) == 13 then
      return view.raw:sub(offset + 1, line_feed - 2), view.base + line_feed, "crlf"
    end
    return view.raw:sub(offset + 1, line_feed - 1), view.base + line_feed, "lf"
  end
  local text = view.raw:sub(offset + 1)
  if view.stop > view.base + #view.raw then return (text:gsub("\r$", "")), view.stop, "cut" end
  if #text > view.line_limit or not pop2.prefs.desegment then return text, view.stop, "none" end
  return nil
end

-- RFC 937 wants CRLF, at most 512 octets, and ASCII. Says where a line differs.
local function check_line(record, text, length, ending, limit)
  if ending == "lf" then note(record, "bare_lf") end
  if ending == "cut" then note(record, "cut") end
  if ending == "none" then note(record, "unterminated") end
  if length > (limit or RFC_LINE_LIMIT) then note(record, "long_line", ("Line of %d octets"):format(length)) end
  if text:find("^[\9\32-\126]*$") then return end
  if text:find("[\128-\255]") then note(record, "non_ascii") end
  if text:find("[\0-\8\10-\31\127]") then note(record, "terminal_escape") end
end

-- Is there a command without a reply? After an error there is none to come.
local function awaits_reply(conversation)
  local first = conversation.queue[1]
  return first ~= nil and not first.is_empty and not conversation.failed
end

-- Asks Wireshark to come back with this line and the segment that follows.
local function wait_for_more(conversation, stream, view, position)
  local before = stream.pending and stream.pending.start == position and stream.pending or nil
  stream.pending = {
    text = view.raw:sub(position - view.base + 1), start = position, frame = view.frame, time = view.time,
    request = before and before.request,
  }
  if before then stream.pending.early = before.early else stream.pending.early = awaits_reply(conversation) end
  show_in(conversation, view.frame, { kind = "wait", from = position, to = view.stop })
end

------------------------------------------------------------------------------------------------------------
-- Messages: exactly the announced octets, without a terminator (RFC 937, "RETR")
------------------------------------------------------------------------------------------------------------

-- Something is missing, or comes where it cannot be: what follows may be taken for something else.
local function find_disorder(conversation)
  conversation.orderly, conversation.disorder = false, true
end

-- Does a message start here for certain? The octets follow the line that announced them (or the `+OK` of RFC
-- 918 after it), and either nothing was out of order so far, or the client had acknowledged just these lines when
-- it asked for the message. Segments out of order, or lost, let other octets be taken for the start.
local function starts_here(conversation, request, position)
  local announced_end = conversation.announced_end
  if conversation.version == POP3 then
    return conversation.orderly or request.acknowledged == request.response.from
  end
  local accepted = conversation.version == RFC918 and conversation.line_end == position
  if conversation.announced and announced_end ~= position and not accepted then return false end
  if conversation.orderly and conversation.line_end == position then return true end
  if not request then return false end
  return request.acknowledged == position
    or accepted and conversation.announced ~= nil and request.acknowledged == announced_end
end

local function begin_message(conversation, request, position)
  local message = {
    is_start_certain = starts_here(conversation, request, position),
    start = position,
    declared = conversation.announced,
    octets = 0,          -- on the wire, captured or not
    missing = 0,         -- of these, not captured
    parts = {}, frames = {},
    starts = {},         -- position of each part
    is_conflicting = false, -- octets of it came again, and differed
    request = request,
    number = conversation.current,
    mailbox = conversation.mailbox,
    is_mailbox = conversation.version == RFC918,
    mark = nil,          -- POP3: the line ends and the dot that end it
    tail = nil,          -- POP3: the last octets, in which the mark may have begun
    is_listing = false,  -- POP3: is no mail, or not all of one
    stopped = nil,       -- position where the client went on to its next command
    frame = nil,         -- where it was seen to end
    is_answered = false, -- the command was ACKS, ACKD, NACK or RCVD
    is_extended = false, -- has more octets than were announced
    mail_frame = nil,    -- where its end is certain, so that it can be handed on as mail
  }
  if not request then find_disorder(conversation) end
  conversation.announced, conversation.line_end = nil, nil
  conversation.message = message
  conversation.finished = nil
  return message
end

-- Position after the announced octets; infinity where the announcement was not captured.
local function announced_end(message)
  return message.declared and message.start + message.declared or math.huge
end

local function add_to_message(conversation, message, view, from, to)
  -- Most segments of a message are data and nothing else: their octets need not be copied again.
  local is_all = from == view.base and to == view.stop
  local part = is_all and view.raw or view.raw:sub(from - view.base + 1, to - view.base)
  if not is_run_list_only then
    message.parts[#message.parts + 1] = part
    message.starts[#message.starts + 1] = from
  end
  message.data = nil
  message.missing = message.missing + (to - from) - #part
  show_in(conversation, view.frame, {
    kind = "data", message = message, from = from, to = to, first_octet = message.octets + 1,
  })
  message.octets = message.octets + (to - from)
  if message.frames[#message.frames] ~= view.frame then message.frames[#message.frames + 1] = view.frame end
  message.first_time = message.first_time or view.time
end

-- Does a message end where its octets do, for certain? As announced; or else where the client had read it to, when
-- it said so.
local function ends_here(conversation, message)
  if message.mark then return not message.is_listing and message.is_ended end
  local is_stop = message.stopped == message.start + message.octets
  if message.octets ~= message.declared then return is_stop and message.is_answered and conversation.orderly end
  return is_stop or not message.stopped or conversation.orderly
end

-- The next reply or the length says that the message is over.
local function finish_message(conversation, message, frame)
  message.frame = frame
  if message.is_start_certain and message.missing == 0 and ends_here(conversation, message) then
    message.mail_frame = frame
  end
  conversation.message = nil
  conversation.finished = message
  conversation.messages = conversation.messages + 1
  conversation.octets = conversation.octets + message.octets
  if conversation.version == RFC937 then conversation.state = AFTER.RETR.data end
  message.next_state = conversation.version == RFC937 and conversation.state or nil
end

-- Octets beyond the announced length, with no command that they could answer: the announcement was wrong.
local function extend_message(conversation, view, from, to)
  local message = conversation.finished
  conversation.octets = conversation.octets + (to - from)
  add_to_message(conversation, message, view, from, to)
  message.frame = view.frame
  message.is_extended, message.mail_frame = true, nil
end

-- The client's next command tells where a message that is longer than announced ends. Until then it may be longer.
local function confirm_extended(conversation, view, position, keyword)
  local message = conversation.finished
  if not message or not message.is_extended or message.mail_frame then return end
  message.stopped, message.is_answered = view.acknowledged, ANSWERS[keyword]
  if message.stopped ~= message.start + message.octets then find_disorder(conversation) end
  if not message.is_start_certain or message.missing > 0 or not ends_here(conversation, message) then return end
  message.mail_frame = view.frame
  show_in(conversation, view.frame, { kind = "mail", message = message, from = position, to = position })
end

------------------------------------------------------------------------------------------------------------
-- The server's side: greeting, replies, message data
------------------------------------------------------------------------------------------------------------

local function judge(conversation, request)
  if conversation.version == POP3 then
    request.state = conversation.state
    local allowed = AFTER_OK[request.state]
    if allowed and request.rule and request.rule ~= SASL_LINE and not allowed[request.keyword] then
      note(request, "state", ("%s is not allowed in state %s"):format(request.keyword, request.state))
    end
    return
  end
  if conversation.version ~= RFC937 then return end
  if conversation.state == nil then conversation.state = PROVES[request.keyword] end
  request.state = conversation.state
  if not request.state or not request.rule then return end
  -- Clients say goodbye after an error, although the server has left: that is politeness.
  if request.state == "DONE" and request.keyword == "QUIT" then return end
  if not ALLOWED[request.state][request.keyword] then
    note(request, "state", ("%s is not allowed in state %s"):format(request.keyword, request.state))
  end
end

local function remove_first(conversation) return table.remove(conversation.queue, 1) end

-- The state that a command is judged in is known when all before it are answered, message data to its end.
local function judge_first(conversation)
  local first = conversation.queue[1]
  if first and not first.judged and not conversation.message then
    first.judged = true
    judge(conversation, first)
  end
end

-- After its farewell the server answers nothing more: whatever still waits is judged at once.
local function judge_rest(conversation)
  if conversation.state ~= "DONE" and conversation.state ~= "UPDATE" then return end
  for _, request in ipairs(conversation.queue) do
    if not request.judged then
      request.judged = true
      judge(conversation, request)
    end
  end
end

-- The position up to which the sender of the segment at hand acknowledges the other's octets.
local function acknowledged_of(theirs)
  local number = segment.acknowledgement()
  return number and position_of(theirs, number)
end

-- Does the server acknowledge octets of the client that the capture lacks? (One more is the client's FIN.)
local function client_octets_lost(conversation)
  local client = conversation.from_client
  local acknowledged = acknowledged_of(client)
  return acknowledged and acknowledged > client.seen + 1
end

-- RETR can be answered by one or two lines and the end, though data was announced: `- text`, `+ Sayonara`.
-- They are told from data by filling the segment without being as long as announced.
local function closes_instead(view, offset, announced)
  local after = view.raw:match("^[+-] [^\n]*\n()", offset)
  if not after then return false end
  after = view.raw:match("^%+ [^\n]*\n()", after) or after
  return after == #view.raw + 1 and view.stop == view.base + #view.raw and after - offset ~= announced
end

-- The command that the next octets of the server answer with message data, or nil; second, whether it was
-- captured at all.
local function data_is_due(conversation, view, position)
  local first, announced = conversation.queue[1], conversation.announced
  local offset = position - view.base + 1
  if first then
    if not (first.rule and first.rule.data) then return nil end
    if announced == nil then
      return conversation.uncertain and not looks_like_reply(view.raw, offset) and first or nil
    end
    if announced == 0 then return nil end
    -- RFC 918: `+OK` and then the mailbox by the text, the mailbox at once by the diagram.
    if conversation.version == RFC918 then
      return (first.accepted or not looks_like_reply(view.raw, offset)) and first or nil
    end
    return not closes_instead(view, offset, announced) and first or nil
  end
  if announced and announced > 0 and client_octets_lost(conversation)
    and not looks_like_reply(view.raw, offset) then
    return false
  end
  return nil
end

-- POP3: lines up to a dot. Whatever length was announced, only the dot ends them (RFC 1939, section 3).
local function take_block(conversation, view, position)
  local message, asked = conversation.message, conversation.queue[1]
  local text = message.tail .. view.raw:sub(position - view.base + 1)
  -- Some servers say +OK and then nothing: the client has gone on, and a status line follows.
  local is_empty = message.octets == 0 and asked and asked.acknowledged == message.start
    and (text:find("^\r?\n%+OK") or text:find("^\r?\n%-ERR"))
  local _, found = text:find(message.mark, 1, true)
  local stop = view.stop
  if found then stop = position + found - #message.tail end
  -- The capture lacks some of it, maybe the dot: where the client went on it was over.
  local is_over = message.missing > 0 and message.stopped and position >= message.stopped and #conversation.queue == 1
  if is_empty or is_over then stop, found = position, nil end
  if stop > position then add_to_message(conversation, message, view, position, stop) end
  if message.request.keyword == "CAPA" and text:upper():find("\nPIPELINING[\r\n]") then
    conversation.may_pipeline = true
  end
  message.tail = view.captured < view.reported and "" or text:sub(-(#message.mark - 1))
  if found or stop == position then
    message.is_ended = found ~= nil
    finish_message(conversation, message, view.frame)
  end
  if stop == position then
    show_in(conversation, view.frame, { kind = "end", message = message, from = position, to = position })
  end
  return stop
end

local function take_data(conversation, view, position)
  local message = conversation.message
  if message.mark then return take_block(conversation, view, position) end
  local over = message.stopped and position >= message.stopped
  if over and (not message.declared or looks_like_reply(view.raw, position - view.base + 1)) then
    finish_message(conversation, message, view.frame)
    show_in(conversation, view.frame, { kind = "end", message = message, from = position, to = position })
    return position
  end
  local stop = math.min(announced_end(message), view.stop)
  if stop > position then add_to_message(conversation, message, view, position, stop) end
  if stop == announced_end(message) then finish_message(conversation, message, view.frame) end
  return stop
end

-- Octets right after a message that are no reply: see extend_message. Returns the position after them.
local function take_surplus(conversation, view, position)
  local message = conversation.finished
  if not message or not message.declared then return position end
  local offset = position - view.base + 1
  local reply_like = looks_like_reply(view.raw, offset)
  if #conversation.queue == 0 then
    -- Nobody asked for anything. A line by itself in a later segment is the server giving up, as in
    -- `- Autologout`; all else is the rest of the message.
    if reply_like and message.frame ~= view.frame then return position end
    extend_message(conversation, view, position, view.stop)
    return view.stop
  end
  if reply_like then return position end
  local line_feed = view.raw:find("\n", offset, true)
  local stop = line_feed and view.base + line_feed or view.stop
  extend_message(conversation, view, position, stop)
  return stop
end

local function parse_reply(conversation, text)
  if conversation.version == POP3 then
    for _, form in ipairs(POP3_REPLIES) do
      local _, stop, digits = text:find(form.pattern)
      if stop then return form.kind, number_from(digits), text:match("^%W%a*:?[ \t]*(.*)$") end
    end
    return "unknown", nil, text
  end
  for _, form in ipairs(REPLIES) do
    local _, stop, digits = text:find(form.pattern)
    if stop then
      local kind = form.kind
      if kind == "count" and conversation.version == RFC918 then kind = "length" end
      if kind == "ok" or kind == "error" then
        -- `+OK` and `-ERR` (RFC 918, and a POP2 server written in Delphi) carry their word before the text.
        stop = select(2, text:find("^[+-][A-Za-z]+", 1)) or stop
      end
      return kind, number_from(digits), text:sub(stop + 1):gsub("^ +", "")
    end
  end
  return "unknown", nil, text
end

-- Which command does a line answer? Returns it, or nil; and false in second place if none is to be expected.
local function request_for(conversation, view, kind)
  local failed = conversation.failed
  -- UW ipop2d: an error inside a command is two lines, `- text` and `+ Sayonara`, for the same command. A
  -- client that sends QUIT between them is not answered: the server had stopped reading.
  if failed and kind == "ok" then
    conversation.failed = nil
    return failed
  end
  local queue = conversation.queue
  -- KA9Q ignores empty lines, UW ipop2d answers them with an error.
  while queue[2] and queue[1].is_empty and queue[1].rule ~= SASL_LINE and kind ~= "error" do
    remove_first(conversation)
  end
  -- After a hole in the server's octets: some of the oldest commands were answered in it.
  local numbered = kind == "count" or kind == "length"
  while conversation.uncertain and queue[2] and numbered and conversation.version == RFC937
    and not (AFTER[queue[1].keyword] or {})[kind] do
    conversation.state = SUCCESS[remove_first(conversation).keyword]
  end
  judge_first(conversation)
  local first = queue[1]
  if first then
    local goes_on = conversation.version == RFC918 and first.rule and first.rule.data and kind == "ok"
      and not first.accepted and (conversation.announced or 0) > 0
    if goes_on then first.accepted = true else remove_first(conversation) end
    return first
  end
  return nil
end

local new_request   -- below, with the client's side

-- A reply can answer a line that never ended: the server had enough of it.
local function answer_pending_line(conversation)
  local pending = conversation.from_client.pending
  if not pending or pending.request then return nil end
  pending.request = new_request(conversation, pending.text, pending)
  remove_first(conversation)
  return pending.request
end

-- POP3: AUTH with a mechanism, or a line that follows it.
local function is_of_sasl(request)
  return request.rule == SASL_LINE or request.keyword == "AUTH" and mechanism_end(request.arguments) ~= nil
end

-- POP3: which state a reply leads to, and what that does to marked messages.
local function follow_status(conversation, request, reply)
  local keyword, state, kind = request.keyword, conversation.state, reply.kind
  local is_sasl = is_of_sasl(request)
  conversation.challenged = is_sasl and kind == "challenge"
  if request.rule == SASL_LINE then keyword = "AUTH" end
  -- AUTH alone asks for the mechanisms.
  if keyword == "AUTH" and is_alone(request.arguments) and request.rule ~= SASL_LINE then return end
  local after = state and AFTER_OK[state] and AFTER_OK[state][keyword]
  if LOGS_IN[keyword] and (kind == "ok" or kind == "error") then
    conversation.login = kind == "ok" and "accepted" or "refused"
    if kind == "error" then note(reply, "refused") end
  end
  if keyword == "QUIT" and (kind == "ok" or kind == "error") then
    conversation.state = after or "DONE"
    if kind == "ok" and conversation.state == "UPDATE" then reply.deleted = conversation.marked end
  elseif kind == "ok" then
    if not state and keyword ~= "CAPA" then
      after = AFTER_OK.AUTHORIZATION[keyword] or AFTER_OK.TRANSACTION[keyword]
    end
    conversation.state = after or state
    if keyword == "DELE" and request.number then
      reply.marked = request.number
      table.insert(conversation.marked, request.number)
    elseif keyword == "RSET" then
      conversation.marked = {}
    elseif keyword == "STLS" then
      conversation.foreign = "tls"
    end
  end
end

local function follow_reply(conversation, request, reply)
  local keyword = request and request.keyword
  if conversation.version == POP3 then
    if request then follow_status(conversation, request, reply) end
    reply.next_state = conversation.state
    return
  end
  if reply.kind == "length" then
    conversation.announced = reply.value
    local number = number_from(reply.text:match("in message (%d+)") or reply.text:match("in Message #(%d+)"))
    if number then conversation.current = number end
    reply.number = number or conversation.current
  elseif reply.kind == "count" then
    conversation.announced = nil
    if keyword == "FOLD" or keyword == "HELO" then
      conversation.mailbox = reply.text:match("^messages in (.+)$") or conversation.mailbox
    end
  end
  if keyword == "HELO" or keyword == "PASS" then
    if reply.kind == "count" or (keyword == "PASS" and reply.kind == "ok") then
      conversation.login = "accepted"
    elseif reply.kind == "error" or (reply.kind == "ok" and not reply.text:find("^No mail")) then
      -- UW ipop2d in front of an IMAP server refuses with its farewell alone; KA9Q says `+ No mail, sorry`.
      conversation.login = "refused"
      note(reply, "refused")
    end
  end
  if conversation.version ~= RFC937 then return end
  if request then
    -- A line that is no reply at all says nothing about the state.
    local after = AFTER[keyword] and AFTER[keyword][reply.kind]
    if not after and reply.kind ~= "error" then find_disorder(conversation) end
    if after or reply.kind ~= "unknown" then conversation.state = after or "DONE" end
    if keyword == "HELO" and reply.kind == "ok" and not reply.second then conversation.state = nil end
  elseif reply.kind == "error" then
    conversation.state = "DONE"
  elseif conversation.state == nil then
    conversation.state = ({ count = "MBOX", length = "ITEM" })[reply.kind]
  end
  reply.next_state = conversation.state
end

-- POP3: what follows `+OK` where the command asks for lines. They end as the status line did.
local function begin_block(conversation, request, position, ending)
  local rule = request.rule
  if not rule or not rule.lists or not rule.lists(request.arguments) then return end
  local message = begin_message(conversation, request, position)
  message.tail = ending == "lf" and "\n" or "\r\n"
  message.mark = message.tail .. "." .. message.tail
  message.is_listing = not rule.mail
  message.number = request.number
end

local function take_reply(conversation, view, position)
  local text, stop, ending = line_at(view, position)
  if not text then return nil end
  if conversation.version == UNDECIDED and text:find("^=%d") then conversation.version = RFC937 end
  local kind, value, rest = parse_reply(conversation, text)
  local reply = {
    kind = kind, value = value, text = rest, line = text, frame = view.frame, time = view.time, from = position,
    -- What follows is found out below. A table that need not grow is made faster.
    notes = nil, exchange = nil, request = nil, second = nil, number = nil, next_state = nil,
    host = nil, software = nil,
  }
  check_line(reply, text, stop - position, ending)
  conversation.finished = nil

  local first_failed = conversation.failed
  if not conversation.greeted and kind ~= "count" and kind ~= "length" and kind ~= "challenge" then
    -- RFC 937, "The Normal Scenario": the server speaks first. `-` instead says that it will not serve.
    conversation.greeted = true
    reply.exchange = 0
    if kind == "ok" then
      reply.kind = "greeting"
      reply.host, reply.software = rest:match("^POP2 (%S+)%s*(.*)$")
    else
      conversation.state = "DONE"
    end
    reply.next_state = (conversation.version == RFC937 or conversation.version == POP3) and conversation.state or nil
  else
    conversation.greeted = true
    local request = request_for(conversation, view, kind) or answer_pending_line(conversation)
    reply.second = request ~= nil and request == first_failed
    reply.request = request
    if request then
      reply.exchange = request.exchange
      request.response = request.response or reply
    elseif not client_octets_lost(conversation) and not conversation.uncertain
      and not text:find("^%- Autologout") and not text:find("^%- Killed")
      and not (conversation.version == POP3 and kind == "error") then   -- a server that gives up says so
      note(reply, "reply_injection")
    end
    if not request or kind == "unknown" then find_disorder(conversation) end
    if not reply.second then
      follow_reply(conversation, request, reply)
      conversation.failed = conversation.version == RFC937 and kind == "error" and request or nil
    else
      reply.next_state = conversation.state
    end
  end
  conversation.line_end = stop
  if reply.kind == "length" then conversation.announced_end = stop end
  judge_rest(conversation)
  show_in(conversation, view.frame, { kind = "reply", record = reply, from = position, to = stop })
  if conversation.version == POP3 and kind == "ok" and reply.request then
    begin_block(conversation, reply.request, stop, ending)
  end
  return stop
end

-- The capture lacks the server's octets up to a position. Inside a message that is a hole of known size:
-- the next reply still starts after the announced octets.
local function skip_lost_server_octets(conversation, view, to)
  local stream = conversation.from_server
  find_disorder(conversation)
  conversation.line_end = nil
  while stream.expected < to do
    local message = conversation.message
    local first = conversation.queue[1]
    if not message and first and first.rule and first.rule.data and (conversation.announced or 0) > 0 then
      message = begin_message(conversation, remove_first(conversation), stream.expected)
    end
    if not message then
      stream.expected = to
      conversation.uncertain, conversation.announced, conversation.failed = true, nil, nil
      conversation.state, conversation.finished, conversation.greeted = nil, nil, true
      return
    end
    local stop = math.min(to, announced_end(message))
    if not message.declared and message.stopped then stop = math.min(stop, message.stopped) end
    message.tail = ""
    message.missing = message.missing + (stop - stream.expected)
    message.octets = message.octets + (stop - stream.expected)
    stream.expected = stop
    if stop == announced_end(message) or (not message.declared and stop == message.stopped) then
      finish_message(conversation, message, view.frame)
      show_in(conversation, view.frame, { kind = "end", message = message, from = view.base, to = view.base })
    end
  end
end

local function read_server(conversation, view)
  local stream = conversation.from_server
  if view.base > stream.expected then skip_lost_server_octets(conversation, view, view.base) end
  local position = math.max(view.base, stream.expected)
  while position < view.stop do
    local after
    judge_first(conversation)
    if conversation.message then
      after = take_data(conversation, view, position)
    else
      local is_pop3 = conversation.version == POP3
      after = is_pop3 and position or take_surplus(conversation, view, position)
      if after == position then
        local request = nil
        if not is_pop3 then request = data_is_due(conversation, view, position) end
        if request ~= nil then
          if request then
            remove_first(conversation)
            request.response = request.response or { frame = view.frame, time = view.time }
          end
          begin_message(conversation, request or nil, position)
          after = take_data(conversation, view, position)
        else
          after = take_reply(conversation, view, position)
        end
      end
    end
    if not after then
      wait_for_more(conversation, stream, view, position)
      break
    end
    stream.pending = nil
    position = conversation.foreign and view.stop or after   -- behind STLS
    stream.expected = position
  end
end

------------------------------------------------------------------------------------------------------------
-- The client's side: commands
------------------------------------------------------------------------------------------------------------

-- The first blank of a kind that no backslash quotes, and the first octet after all that follow it.
local function blank_in(text, blank)
  local at = 1
  while true do
    at = text:find("[\\" .. blank .. "]", at)
    if not at then return nil end
    if text:sub(at, at) == blank then return at, text:match("^[ \t]*()", at) end
    at = at + 2
  end
end

-- What may be a password in a line that is no command of the protocol: HELO mistyped, and the commands of the
-- protocols that are tried on this port. To hide too much is better.
local function secret_in(text)
  local upper = text:upper()
  return upper:match("HEL%u*[ \t]+[^ \t]+[ \t]+()") or upper:match("PASS[ \t]+()") or upper:match("APOP[ \t]+()")
    or upper:match("AUTH[ \t]+()") or upper:match("LOGIN[ \t]+()")
end

-- Splits the arguments by the rule of the command and remembers where each lies in the line.
local function parse_arguments(conversation, request, first)
  local rule, text = request.rule, request.arguments
  if not rule then return end
  if rule.sasl then
    local secret = mechanism_end(text) and text:match("^[ \t]*%S+[ \t]+()") or text:match("^[ \t]*()%S")
    if mechanism_end(text) and text:find("^%s*%S+%s*$") then secret = nil end
    if secret then request.secret_at = { first + secret - 1, #text - secret + 1 } end
  elseif rule.user and rule.password then
    local user_end, password_from = blank_in(text, " ")
    if not user_end then user_end, password_from = blank_in(text, "\t") end
    local user = text:sub(1, (user_end or #text + 1) - 1)
    request.user, request.user_at = unquoted(user), { first, #user }
    if user_end then
      local password = text:sub(password_from)
      request.password = unquoted(password)
      request.password_at = { first + password_from - 1, #password }
    end
  elseif rule.user then
    request.user, request.user_at = text, { first, #text }
  elseif rule.password and text ~= "" then
    request.password, request.password_at = text, { first, #text }
  elseif rule.mailbox then
    request.mailbox, request.mailbox_at = unquoted(text), { first, #text }
  elseif rule.number then
    local from, digits = text:match("^%s*()(%d+)")
    request.number = number_from(digits)
    if request.number then request.number_at = { first + from - 1, #digits } end
  end
  if request.user then conversation.user = request.user end
end

local function is_base64(text) return text:find("^[%w+/]+=?=?$") ~= nil end

-- POP3: does a line follow AUTH without waiting for the challenge?
local function is_early_sasl_line(conversation, text)
  if conversation.version ~= POP3 or not is_base64(text) or COMMANDS[POP3][text:upper()] then return false end
  local last = conversation.queue[#conversation.queue]
  return last ~= nil and last.keyword == "AUTH" and last.arguments:find("^ *[%w_-]+ *$") ~= nil
end

-- Makes the record of a command and puts it after those that wait for a reply.
new_request = function(conversation, text, where)
  conversation.exchanges = conversation.exchanges + 1
  local from, keyword, arguments_from, arguments = text:match("^[ \t]*()([^ \t]*)[ \t]?()(.*)$")
  -- A dot does not match a NUL in every Lua, and a line can have any octet.
  if not from then from, keyword, arguments_from, arguments = 1, text, #text + 1, "" end
  -- A line may begin with octets of another protocol, which are no keyword at all.
  if not keyword:find("^%w+$") then keyword, arguments = "", "" end
  local request = {
    is_empty = text == "",
    exchange = conversation.exchanges, line = text, frame = where.frame, time = where.time,
    keyword = keyword:upper(), keyword_from = from - 1,
    arguments = arguments, arguments_from = arguments_from - 1,
    acknowledged = where.acknowledged or conversation.from_server.expected,
    version = nil, rule = nil, judged = nil, state = nil, response = nil, notes = nil,
  }
  if conversation.challenged or is_early_sasl_line(conversation, text) then
    conversation.challenged = false
    request.keyword, request.arguments, request.is_empty, request.rule = "", "", false, SASL_LINE
    if text ~= "*" then request.secret_at = { 0, #text } end   -- with which AUTH is given up
  else
    request.version = learn_from_keyword(conversation, request.keyword, arguments)
    request.rule = COMMANDS[conversation.version][request.keyword]
  end
  parse_arguments(conversation, request, arguments_from - 1)
  if not request.rule then
    local secret = secret_in(text)
    if conversation.version == POP3 and #text > 20 and is_base64(text) then   -- a line of AUTH after all?
      secret, request.keyword = 1, ""
    end
    request.secret_at = secret and { secret - 1, #text - secret + 1 }
    note(request, "unknown_command")
  elseif not request.rule.takes(request.arguments) then
    note(request, "syntax")
  end
  request.secret_at = request.secret_at or request.password_at
  if request.password and request.password ~= "" then note(request, "cleartext") end

  local queue = conversation.queue
  queue[#queue + 1] = request
  judge_first(conversation)
  return request
end

-- The client acknowledges octets of the server that the capture lacks: its oldest command was answered, and
-- the answer will not come. Success is the better guess: after an error the client would not go on.
local function forget_answered(conversation, acknowledged)
  local queue = conversation.queue
  while queue[1] and acknowledged > queue[1].acknowledged and acknowledged > conversation.from_server.seen do
    find_disorder(conversation)
    judge_first(conversation)
    local request = queue[1]
    if request.rule and request.rule.data and (conversation.announced or 0) > 0 then
      remove_first(conversation)
      begin_message(conversation, request, conversation.from_server.expected)
    else
      remove_first(conversation)
      conversation.announced, conversation.uncertain = nil, true
    end
    conversation.state = conversation.version == RFC937 and SUCCESS[request.keyword] or nil
    conversation.greeted = true
    judge_first(conversation)
    if conversation.message then break end
  end
end

local function take_command(conversation, view, position)
  local stream = conversation.from_client
  local text, stop, ending = line_at(view, position)
  if not text then return nil end
  if stream.unfinished then
    -- The rest of a line that was too long to wait for.
    show_in(conversation, view.frame,
      { kind = "rest", record = stream.unfinished, from = position, to = stop, line = text })
    if ending ~= "none" then stream.unfinished = nil end
    return stop
  end

  local acknowledged = view.acknowledged
  local waited = stream.pending
  if acknowledged then
    forget_answered(conversation, acknowledged)
    local message = conversation.message
    if message and acknowledged > message.start and acknowledged >= conversation.from_server.expected then
      if not message.stopped then message.stopped, message.is_answered = acknowledged, ANSWERS[keyword_of(text)] end
    end
    confirm_extended(conversation, view, position, keyword_of(text))
  end

  local request
  local early = awaits_reply(conversation) or (waited and waited.start == position and waited.early)
  if waited and waited.request and waited.start == position then
    request = waited.request   -- was answered before its line ended
    request.line = text
  else
    request = new_request(conversation, text, view)
    if request.version == POP3 and not pop2.prefs.pop3 then return nil, "pop" end
    if not conversation.greeted and view.nothing_read then
      note(request, "pre_greeting")
    elseif early and not conversation.may_pipeline then
      note(request, "pipelining")
    end
  end
  local limit = conversation.version == POP3 and (is_of_sasl(request) and SASL_LINE_LIMIT or POP3_LINE_LIMIT)
  check_line(request, text, stop - position, ending, limit)
  if ending == "none" then stream.unfinished = request end
  show_in(conversation, view.frame, { kind = "request", record = request, from = position, to = stop })
  return stop
end

-- Returns the name of another dissector when the conversation turns out not to be ours.
local function read_client(conversation, view)
  local stream = conversation.from_client
  local position = math.max(view.base, stream.expected)
  if view.base > stream.expected then
    stream.unfinished = nil
    find_disorder(conversation)
  end
  while position < view.stop do
    local after, other = take_command(conversation, view, position)
    if other then return other end
    if not after then
      wait_for_more(conversation, stream, view, position)
      stream.expected = position
      return nil
    end
    stream.pending = nil
    position = after
    stream.expected = position
  end
  return nil
end

------------------------------------------------------------------------------------------------------------
-- Showing what was found
------------------------------------------------------------------------------------------------------------

local MASK = "********"

local function add_generated(tree, field, value)
  if value ~= nil then tree:add(field, value):set_generated() end
end

-- The part {first, length} of a line, as far as it was captured; nil where nothing of it was.
local function part_of(view, from, where)
  local first = from - view.base + where[1]
  local length = math.min(where[2], view.captured - first)
  if first < 0 or length <= 0 then return nil end
  return view.tvb:range(first, length)
end

local function range_of(view, from, to)
  local first = math.max(0, math.min(from - view.base, view.captured))
  local stop = math.max(first, math.min(to - view.base, view.captured))
  return view.tvb:range(first, stop - first)
end

local function add_part(tree, field, view, from, where, value)
  local range = where and part_of(view, from, where)
  if range then tree:add(field, range, readable(value)) end
end

local function add_notes(tree, notes)
  if not notes then return end
  for _, entry in ipairs(notes) do
    if entry.text then
      tree:add_proto_expert_info(experts[entry.name], entry.text)
    else
      tree:add_proto_expert_info(experts[entry.name])
    end
  end
end

-- A line as it may be shown: with the password, or without. `first` is where in the line the text starts.
local function shown(request, text, first)
  local where = request.secret_at
  if not where or where[2] <= 0 or not pop2.prefs.hide_passwords then return readable(text) end
  return readable(text:sub(1, math.max(0, where[1] - first)) .. MASK
    .. text:sub(math.max(0, where[1] - first + where[2]) + 1))
end

local function to_nstime(seconds)
  local nanoseconds = math.floor(math.abs(seconds) * 1e9 + 0.5)
  local sign = seconds < 0 and -1 or 1
  return NSTime.new(sign * math.floor(nanoseconds / 1000000000), sign * (nanoseconds % 1000000000))
end

-- Each kind of item has a text for the column (describe) and items in the tree (show, which returns the one
-- that expert information belongs to). The tree is not built when nobody looks at it.
local describe, show = {}, {}

function describe.request(item) return "C: " .. shown(item.record, item.record.line, 0) end
function describe.rest() return "C: (rest of a line)" end
function describe.reply(item) return "S: " .. readable(item.record.line) end
local function data_text(octets) return ("S: message data, %d octets"):format(octets) end
function describe.data(item) return data_text(item.to - item.from) end
describe["end"] = function(item) return ("S: end of a message of %d octets"):format(item.message.octets) end

function show.request(view, tree, item)
  local request = item.record
  local line = shown(request, request.line, 0)
  local node = tree:add(fields.request, range_of(view, item.from, item.to))
  node:set_text("Command: " .. line)
  -- The text field's length leaves out the line end; an empty line has no octets to point to.
  node:add(fields.line, range_of(view, item.from, item.from + #request.line), line)
  add_part(node, fields.command, view, item.from, { request.keyword_from, #request.keyword }, request.keyword)
  if request.arguments ~= "" then
    add_part(node, fields.arguments, view, item.from, { request.arguments_from, #request.arguments },
      shown(request, request.arguments, request.arguments_from))
  end
  add_part(node, fields.user, view, item.from, request.user_at, request.user)
  if request.password_at then
    add_part(node, fields.password, view, item.from, request.password_at,
      pop2.prefs.hide_passwords and MASK or request.password)
  end
  add_part(node, fields.mailbox, view, item.from, request.mailbox_at, request.mailbox)
  local number_at = request.number_at and part_of(view, item.from, request.number_at)
  if number_at then node:add(fields.message, number_at, request.number) end
  add_generated(node, fields.exchange, request.exchange)
  add_generated(node, fields.state, request.state)
  add_generated(node, fields.response_in, request.response and request.response.frame)
  return node
end

function show.rest(view, tree, item)
  local node = tree:add(fields.request, range_of(view, item.from, item.to))
  node:set_text("Rest of the line that began in frame " .. item.record.frame)
  -- What follows a password belongs to it.
  local is_hidden = item.record.secret_at and pop2.prefs.hide_passwords
  node:add(fields.line, range_of(view, item.from, item.from + #item.line), is_hidden and MASK or readable(item.line))
  return node
end

local function add_answer(node, exchange, request, time)
  add_generated(node, fields.exchange, exchange)
  if not request then return end
  add_generated(node, fields.request_in, request.frame)
  if time then add_generated(node, fields.time, to_nstime(time - request.time)) end
end

function show.reply(view, tree, item)
  local reply = item.record
  local line = readable(reply.line)
  local node = tree:add(fields.reply, range_of(view, item.from, item.to))
  node:set_text((reply.kind == "greeting" and "Greeting: " or "Reply: ") .. line)
  local line_range = range_of(view, item.from, item.from + #reply.line)
  node:add(fields.line, line_range, line)
  node:add(fields.kind, line_range, reply.kind):set_generated()
  if reply.value then node:add(reply.kind == "count" and fields.count or fields.length, line_range, reply.value) end
  if reply.text ~= "" then node:add(fields.text, line_range, readable(reply.text)) end
  if reply.host then
    node:add(fields.host, line_range, readable(reply.host))
    if reply.software ~= "" then node:add(fields.software, line_range, readable(reply.software)) end
  end
  add_generated(node, fields.message, reply.number)
  add_generated(node, fields.marked, reply.marked)
  for _, number in ipairs(reply.deleted or {}) do add_generated(node, fields.deleted, number) end
  add_answer(node, reply.exchange, reply.request, reply.time)
  add_generated(node, fields.next_state, reply.next_state)
  return node
end

-- The message whose end is known to be in this item, or, when the capture is over, that no more was seen of.
local function message_ending_in(view, item)
  local message = item.message
  if not message or item.kind == "data" and item.first_octet + (item.to - item.from) - 1 ~= message.octets then
    return nil
  end
  local frame = message.frame or (not view.is_new and message.frames[#message.frames])
  return frame == view.frame and message or nil
end

-- POP3: without the dot that ends it, and without those that begin lines (RFC 1939, section 3).
local function unstuffed(octets, message)
  local line_end = message.mark:match("^\r?\n")
  if message.is_ended then octets = octets:sub(1, -1 - #message.mark + #line_end) end
  return ((line_end .. octets):gsub(line_end .. "%.", line_end):sub(#line_end + 1))
end

-- The octets of a message as a buffer of its own; those that lie in one piece in this frame are not copied.
local function message_buffer(view, item, message)
  if message.octets == item.to - item.from and item.kind == "data" and message.missing == 0 and not message.mark then
    return range_of(view, item.from, item.to):tvb()
  end
  if not message.data then
    message.data = table.concat(message.parts)
    message.parts, message.starts = { message.data }, { message.start }
    if message.mark then message.data = unstuffed(message.data, message) end
  end
  if message.data == "" then return nil end
  return ByteArray.new(message.data, true):tvb("POP2 message")
end

local function notes_on_message(view, message)
  local record = {}
  local is_doubtful = not message.is_start_certain or not view.is_new and not message.mail_frame
  if message.missing == 0 and not message.is_listing and is_doubtful then
    note(record, "doubtful")
  end
  if message.is_conflicting then note(record, "conflict") end
  if message.missing > 0 then
    note(record, "missing", ("The capture lacks %d octets of the message"):format(message.missing))
  end
  if message.frame and message.declared and message.declared ~= message.octets then
    note(record, "length_mismatch", ("%d octets announced, %d sent"):format(message.declared, message.octets))
  end
  return record.notes
end

local function show_message(view, tree, item, buffer)
  local message = item.message
  local title = message.is_listing and "Lines" or "Message"
  if message.number then title = ("%s %d"):format(title, message.number) end
  local node = tree:add(fields.data, buffer and buffer:range() or range_of(view, item.from, item.from))
  node:set_text(("%s: %d octets"):format(title, message.octets - message.missing))
  node:add(fields.kind, range_of(view, item.from, item.to), "data"):set_generated()
  add_generated(node, fields.octets, message.octets)
  add_generated(node, fields.declared, message.declared)
  add_generated(node, fields.missing, message.missing)
  add_generated(node, fields.complete, message.frame ~= nil and message.missing == 0)
  add_generated(node, fields.message, message.number)
  for _, frame in ipairs(message.frames) do add_generated(node, fields.data_frame, frame) end
  add_answer(node, message.request and message.request.exchange, message.request, message.first_time)
  add_generated(node, fields.next_state, message.next_state)
  return node
end

-- RFC 918 sends a whole mailbox: as a list of buffers, its mails. As in mailbox files each begins with a line
-- `From ...` that follows an empty one and has a time and a year; other lines with From are text.
local function mails_in(buffer)
  local mails, first = {}, 0
  local function add_mail(stop) mails[#mails + 1] = buffer:range(first, stop - first):tvb() end
  for after in buffer:raw():gmatch("\n\r?\n()From %S[^\n]*%d%d:%d%d[^\n]* %d%d%d%d") do
    add_mail(after - 1)
    first = after - 1
  end
  add_mail(buffer:len())
  return mails
end

-- Does anybody look at mail? Whoever looks at packets in detail, or filters by a field of mail; and taps, such as
-- that of exported objects, which a plugin cannot see: so the rest do as well, but for lists of packets.
local function is_mail_wanted(view, root)
  local preference = pop2.prefs.dissect_mail
  if preference ~= WHEN_WANTED then return preference == ALWAYS end
  return not is_list_only(view.info, root)
end

-- Mail with holes, glued from two, or of two versions, is no mail: what is exported is what was sent.
local function is_mail(view, message, root)
  return message.mail_frame == view.frame and not message.is_conflicting and is_mail_wanted(view, root)
end

local function dissect_mail(view, buffer, message, root)
  local pinfo = view.pinfo
  local can_desegment = pinfo.can_desegment
  view.info:append(" | ")
  view.info:fence()
  for _, mail in ipairs(message.is_mailbox and mails_in(buffer) or { buffer }) do
    -- Some other dissector's trouble with a message must not become this one's.
    pcall(function() dissector("imf"):call(mail, pinfo, root) end)
  end
  pinfo.can_desegment = can_desegment   -- a call that fails does not give its permission back
end

function show.data(view, tree, item)
  local message = item.message
  local node = tree:add(fields.fragment, range_of(view, item.from, item.to))
  node:set_text(("Message data: octets %d to %d%s"):format(item.first_octet,
    item.first_octet + (item.to - item.from) - 1, message.declared and " of " .. message.declared or ""))
  if message.frame and message.frame ~= view.frame then
    add_generated(node, fields.reassembled_in, message.frame)
  end
  return node
end

-- The message ended before this frame; here that became known.
show["end"] = function(view, tree) return tree end

-- Here the client confirms where the message ended, which is longer than announced.
local function show_confirmed(view, item, root)
  if not is_mail(view, item.message, root) then return end
  local buffer = message_buffer(view, item, item.message)
  if buffer then dissect_mail(view, buffer, item.message, root) end
end

-- Wireshark forgets between calls that the last line waits for its end, so it is told every time.
local function ask_for_more(view, item)
  local offset = item.from - (view.stop - view.reported)
  if view.pinfo.can_desegment == 0 or offset < 0 then return end
  view.pinfo.desegment_offset = offset
  view.pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
end

-- A frame can take several calls, each with several lines; the column shows them all.
local column_frame = nil

local function add_to_column(column, frame, text)
  if column_frame ~= frame then
    column_frame = frame
    Column.set(column, text)
  else
    Column.append(column, " | " .. text)
  end
  Column.fence(column)   -- what mail dissectors write comes after it, not in its place
end

local function show_ending(view, tree, item, message, root)
  local mail = is_mail(view, message, root)
  -- The octets of the message are put together only for somebody who wants them.
  local buffer = (view.detailed or mail) and message_buffer(view, item, message)
  local node = view.detailed and show_message(view, tree, item, buffer) or tree
  add_notes(node, notes_on_message(view, message))
  if mail and buffer then dissect_mail(view, buffer, message, root) end
end

local function show_item(view, tree, item, root)
  local message = message_ending_in(view, item)
  if item.kind == "end" and not message then return end
  add_to_column(view.info, view.frame, describe[item.kind](item))
  local node = view.detailed and show[item.kind](view, tree, item) or tree
  if item.record and item.kind ~= "rest" then add_notes(node, item.record.notes) end
  if message then show_ending(view, tree, item, message, root) end
end

local SHORT_NAMES = { [RFC937] = "POP2", [POP3] = "POP3" }

-- What is done once for all items of a call. Returns the tree that they are shown in.
local function begin_showing(conversation, view, root)
  get.cols(view.pinfo).protocol = SHORT_NAMES[conversation.version] or "POP"
  view.info = info_column(view.pinfo)
  view.detailed = not is_run_list_only and TreeItem.referenced(root, dissector("pop2"))
  -- Expert information is counted even where no field is wanted, so the tree is never quite left out.
  local tree = TreeItem.add(root, pop2, Tvb.range(view.tvb))
  if view.detailed then add_generated(tree, fields.version, conversation.version) end
  return tree
end

local function show_items(conversation, view, root)
  local tree
  local item = conversation.items[view.frame]
  while item do
    local here = item.from >= view.base and (item.from < view.stop or item.from == item.to)
    if here and item.kind == "wait" then
      ask_for_more(view, item)
    elseif here then
      tree = tree or begin_showing(conversation, view, root)
      if item.kind == "mail" then show_confirmed(view, item, root) else show_item(view, tree, item, root) end
    end
    item = item.next
  end
end

------------------------------------------------------------------------------------------------------------
-- The dissector
------------------------------------------------------------------------------------------------------------

-- One view serves all calls, one after the other: making a table for each took longer than filling it. A call
-- within a call (mail can carry packets) finds none to spare and makes its own.
local spare_view = nil

local function view_of(tvb, captured, pinfo, conversation)
  local view = spare_view or {}
  spare_view = nil
  local frame = get.number(pinfo)
  -- `tshark -2` without a filter calls dissectors in its second pass only, and says that it is the second.
  local is_new = not get.visited(pinfo) or frame > conversation.newest
  view.tvb, view.pinfo, view.frame, view.is_new = tvb, pinfo, frame, is_new
  -- Octets and time are for reading; showing what was read does without.
  view.raw, view.time = is_new and Tvb.raw(tvb), is_new and get.rel_ts(pinfo)
  view.captured, view.reported = captured, Tvb.reported_len(tvb)
  view.line_limit = conversation.version == POP3 and SASL_LINE_LIMIT or LINE_LIMIT
  -- Reassembled octets are a buffer of their own and lie at its beginning; those of a segment have headers in
  -- front of them.
  view.is_joined = Tvb.offset(tvb) == 0
  view.acknowledged, view.from_the_start, view.nothing_read = nil, nil, nil   -- see read
  return view
end

local function hand_over(name, tvb, pinfo, root)
  if not name then return 0 end
  local found, other = pcall(dissector, name)
  if not (found and other) then return 0 end
  -- Calling through another dissector costs one permission to wait for more; give it back.
  if pinfo.can_desegment > 0 then pinfo.can_desegment = 2 end
  local worked, taken = pcall(function() return other:call(tvb, pinfo, root) end)
  return worked and taken or tvb:len()
end

-- Finds where in the stream the octets lie: view.base to view.stop.
local function locate(conversation, stream, view)
  local frame, reported = view.frame, view.reported
  if view.is_joined then
    local joined = conversation.joined
    if view.is_new then joined[frame] = stream.pending and stream.pending.start or stream.expected end
    view.base = joined[frame] or 0
  else
    local stops = conversation.stops
    if view.is_new then
      stops[frame] = position_of(stream, segment.sequence() or 0) + (segment.length() or reported)
    end
    -- A call gets the segment from somewhere in it to its end.
    view.base = (stops[frame] or segment.length() or reported) - reported
  end
  view.stop = view.base + reported
end

-- Where Wireshark does not put lines together (reassembly of TCP is off, or there was no first pass), the
-- beginning of the line is put in front of the segment here.
local function join(conversation, stream, view)
  local pending = stream.pending
  if view.is_new and pending and not view.is_joined and view.base == pending.start + #pending.text then
    conversation.prefixes[view.frame] = pending.text
  end
  local prefix = conversation.prefixes[view.frame]
  if not prefix then return end
  view.raw = prefix .. (view.raw or view.tvb:raw())
  view.captured = #view.raw
  view.base = view.base - #prefix
  view.tvb = ByteArray.new(view.raw, true):tvb("POP2 line")
end

-- Meets a frame for the first time: reads it, and files what it holds.
local function read(conversation, view, is_server)
  local mine = is_server and conversation.from_server or conversation.from_client
  local theirs = is_server and conversation.from_client or conversation.from_server
  -- What the server acknowledges is hardly ever asked for; but it may tell where the client's octets begin.
  if not (is_server and theirs.origin) then view.acknowledged = acknowledged_of(theirs) end
  if not conversation.greeted then
    -- Bits 1 and 2 of Wireshark's verdict on the connection: SYN and SYN/ACK were seen.
    local handshake = (segment.completeness(view.raw) or 0) % 4
    view.from_the_start = handshake > 0
    -- Both were, and the sender acknowledges nothing but the other's SYN.
    view.nothing_read = handshake == 3 and segment.relative_acknowledgement() == 1
  end
  mine.seen = math.max(mine.seen, view.stop)

  if not conversation.version and pop2.prefs.desegment and too_few_to_tell(view.raw, is_server) then
    wait_for_more(conversation, mine, view, view.base)
    mine.expected = view.base
    return
  end
  local ours, other = conversation.version, nil
  if not ours then ours, other = identify(conversation, view, is_server) end
  if ours then
    if is_server then read_server(conversation, view) else other = read_client(conversation, view) end
    if not other then return end
  end
  -- Another protocol, or no evidence yet: nothing of this frame is ours.
  mine.expected = math.max(mine.expected, view.stop)
  conversation.handed_to[view.frame] = other
  if other == "pop" then conversation.foreign = "pop" end
end

-- Reads what is new and shows what is known. Returns how many octets another dissector took, where one did.
local function dissect(conversation, view, root)
  local tvb, pinfo = view.tvb, view.pinfo
  if not conversation.server then find_server(conversation, pinfo, view.raw) end
  local is_server = is_from_server(conversation, pinfo)
  local stream = is_server and conversation.from_server or conversation.from_client
  locate(conversation, stream, view)
  join(conversation, stream, view)
  if view.is_new then
    conversation.newest = view.frame
    if conversation.foreign then
      conversation.handed_to[view.frame] = conversation.foreign
    else
      read(conversation, view, is_server)
    end
  end
  local other = conversation.handed_to[view.frame]
  if other ~= nil then return hand_over(other, tvb, pinfo, root) end
  show_items(conversation, view, root)
  return nil
end

-- Most of what a server sends is the middle of messages. A segment of that is read here, where less is asked of
-- Wireshark than for others. Returns whether it was one.
local function take_middle(conversation, tvb, pinfo, root, captured)
  local message, server, stream = conversation.message, conversation.server, conversation.from_server
  if not message or message.stopped or message.mark then return false end
  if stream.expected + captured >= announced_end(message) then return false end
  if get.visited(pinfo) or get.src_port(pinfo) ~= server.port or server.port == server.client_port then return false end
  if segment.length() ~= captured or Tvb.reported_len(tvb) ~= captured then return false end
  local from = stream.expected
  if position_of(stream, segment.sequence()) ~= from then return false end

  if not message.first_time then return false end
  if not is_run_list_only and TreeItem.referenced(root, dissector("pop2")) then return false end
  local frame, stop = get.number(pinfo), from + captured
  conversation.newest, stream.expected, stream.pending = frame, stop, nil
  if stop > stream.seen then stream.seen = stop end
  if not is_run_list_only then
    conversation.stops[frame] = stop
    local parts, starts, frames = message.parts, message.starts, message.frames
    parts[#parts + 1], starts[#starts + 1], frames[#frames + 1] = Tvb.raw(tvb), from, frame
    show_in(conversation, frame,
      { kind = "data", message = message, from = from, to = stop, first_octet = message.octets + 1 })
  end
  message.octets = message.octets + captured

  get.cols(pinfo).protocol = SHORT_NAMES[conversation.version] or "POP"
  add_to_column(info_column(pinfo), frame, data_text(captured))
  TreeItem.add(root, pop2, Tvb.range(tvb))
  return true
end

function pop2.dissector(tvb, pinfo, root)
  local number, captured = segment.stream(pinfo), Tvb.len(tvb)
  if not number or captured == 0 then return 0 end
  if is_run_list_only == nil then
    is_run_list_only = pop2.prefs.dissect_mail ~= ALWAYS and not TreeItem.referenced(root, dissector("pop2"))
      and is_list_only(info_column(pinfo), root)
  end
  local conversation = conversations[number]
  if not conversation then
    conversation = new_conversation(number)
    conversation.first_frame = pinfo.number
    conversations[number] = conversation
  end
  if take_middle(conversation, tvb, pinfo, root, captured) then return captured end
  local view = view_of(tvb, captured, pinfo, conversation)
  local taken = dissect(conversation, view, root)
  spare_view = view
  return taken or captured
end

-- Do octets at a position differ from those of a message there, which came first?
local function differs(message, from, octets)
  local parts, starts = message.parts, message.starts
  local first, last = 1, #parts
  while first < last do   -- the last part that starts at or before the position, if any does
    local middle = math.ceil((first + last) / 2)
    if starts[middle] <= from then first = middle else last = middle - 1 end
  end
  for index = first, #parts do
    local start, stop = math.max(from, starts[index]), math.min(from + #octets, starts[index] + #parts[index])
    if start >= from + #octets then return false end
    if start < stop and octets:sub(start - from + 1, stop - from)
      ~= parts[index]:sub(start - starts[index] + 1, stop - starts[index]) then
      return true
    end
  end
  return false
end

-- Wireshark shows what comes again to no dissector, but to a tap, which is there where mail may be handed on. Only of the
-- newest message, as a receiver has no use for what comes later.
if not READS_LINES then
  local again = Listener.new("tcp", "tcp.analysis.retransmission && tcp.len > 0")
  local payload = Field.new("tcp.payload")
  function again.packet(pinfo)
    local conversation, octets = conversations[segment.stream()], select(-1, payload())
    local message = conversation and (conversation.message or conversation.finished)
    if not message or not octets or not is_from_server(conversation, pinfo) then return end
    local from = position_of(conversation.from_server, segment.sequence())
    if differs(message, from, octets.range:raw()) then message.is_conflicting = true end
  end
end

function pop2.init()
  conversations = {}
  column_frame, is_run_list_only = nil, nil
  line, directions, stream_count = { frame = nil }, {}, 0
end

------------------------------------------------------------------------------------------------------------
-- Registration
------------------------------------------------------------------------------------------------------------

local tcp_ports = DissectorTable.get("tcp.port")
local registered = nil

local function register_ports()
  local ports = pop2.prefs.ports
  if pop2.prefs.pop3 then ports = ports .. (ports == "" and "" or ",") .. POP3_PORT end
  if ports == registered then return end
  if registered and registered ~= "" then
    tcp_ports:remove(registered, pop2)
    tcp_ports:add(POP3_PORT, dissector("pop"))   -- whose port it is unless it is taken
  end
  listening = {}
  for first, last in ports:gmatch("(%d+)%-?(%d*)") do
    listening[#listening + 1] = { tonumber(first), tonumber(last) or tonumber(first) }
  end
  if ports ~= "" then tcp_ports:add(ports, pop2) end
  registered = ports
end

function pop2.prefs_changed() register_ports() end

register_ports()

-- POP2 on any other port is told by its greeting. One octet is looked at before anything that costs more.
local function greets_as_pop2(tvb, pinfo, root)
  if tvb:len() < 7 or tvb:range(0, 1):uint() ~= 0x2b then return false end
  if not tvb:raw(0, math.min(tvb:len(), 9)):upper():find("^%+[OK]* POP2") then return false end
  pinfo.conversation = pop2
  pop2.dissector(tvb, pinfo, root)
  return true
end

pop2:register_heuristic("tcp", greets_as_pop2)

------------------------------------------------------------------------------------------------------------
-- The list of sessions: tshark -X lua_script1:sessions, or the menu Tools in Wireshark
------------------------------------------------------------------------------------------------------------

local function session_lines()
  local found = {}
  for _, conversation in pairs(conversations) do
    if conversation.version then found[#found + 1] = conversation end
  end
  table.sort(found, function(a, b) return a.number < b.number end)
  local lines = { ("%-7s %-7s %-15s %-42s %-42s %-16s %-9s %8s %9s %12s"):format("Stream", "Frame", "Protocol",
    "Client", "Server", "User", "Login", "Commands", "Messages", "Octets") }
  for _, conversation in ipairs(found) do
    local server = conversation.server
    lines[#lines + 1] = ("%-7d %-7d %-15s %-42s %-42s %-16s %-9s %8d %9d %12d"):format(conversation.number,
      conversation.first_frame, conversation.version, ("%s:%d"):format(server.client, server.client_port),
      ("%s:%d"):format(server.address, server.port), readable(conversation.user or "-"),
      conversation.login or "none", conversation.exchanges, conversation.messages, conversation.octets)
  end
  return table.concat(lines, "\n")
end

for _, argument in ipairs(script_arguments) do
  if argument == "sessions" then
    local listener = Listener.new("frame")
    function listener.draw() print(session_lines()) end
  end
end

if gui_enabled() then
  register_menu("POP2 sessions", function()
    local window = TextWindow.new("POP2 sessions")
    window:set(session_lines())
  end, MENU_TOOLS_UNSORTED)
end
