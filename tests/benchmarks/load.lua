-- wrk script for one thread: create requests, with unique names or, when racing, 16 requests for each name.
-- wrk can only stop after a fixed time, so the script prints "enough" and the caller interrupts wrk.

function init(args)
  run, limit, racing = args[1], tonumber(args[2]), args[3] == "racing"
  begun, sent, answered, rejected, failed = 0, 0, 0, 0, 0
end

function setup(thread)
  only = thread
end

function request()
  sent = sent + 1
  local name = run .. " " .. (racing and math.floor(sent / 16) or sent)
  local body = '{"name":"' .. name .. '","provider":"openAI","api_key":"sk-fake-0123456789-not-a-key"}'
  return wrk.format("POST", nil, nil, body)
end

-- Send no request after the limit: the stack would still process it during the next measurement.
function delay()
  begun = begun + 1
  return begun <= limit and 0 or 600000
end

function response(status)
  answered = answered + 1
  if racing and status == 409 then
    rejected = rejected + 1
  elseif status ~= 201 then
    failed = failed + 1
  end
  if answered == limit then
    io.write("enough\n")
    io.flush()
  end
end

function done(summary, latency)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local missing = only:get("limit") - only:get("answered")
  print(string.format('{"rejected":%d,"failed":%d,"microseconds":%d,"p50":%d,"p99":%d}', only:get("rejected"),
    only:get("failed") + lost + missing, summary.duration, latency:percentile(50), latency:percentile(99)))
end
