-- For wrk: creates, each with a name of its own or, when racing, a name that all clients want at the same time.
local threads = {}

function setup(thread)
  thread:set("id", #threads)
  threads[#threads + 1] = thread
end

function init(args)
  run, limit, racing = args[1], tonumber(args[2]), args[3] == "racing"
  sent, answered, refused, failed = 0, 0, 0, 0
end

function request()
  sent = sent + 1
  local name = racing and ("race " .. math.floor(sent / 16)) or ("own " .. id .. " " .. sent)
  local body = '{"name":"' .. run .. " " .. name .. '","provider":"openAI","api_key":"sk-fake-0123456789-not-a-key"}'
  return wrk.format("POST", nil, nil, body)
end

function response(status)
  answered = answered + 1
  if status == 409 then
    refused = refused + 1
  elseif status ~= 201 then
    failed = failed + 1
  end
  if answered >= limit then
    wrk.thread:stop()
  end
end

function done(summary, latency)
  local sums = { answered = 0, refused = 0, failed = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(sums) do
      sums[name] = sums[name] + thread:get(name)
    end
  end
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format('{"answered":%d,"refused":%d,"failed":%d,"microseconds":%d,"p50":%d,"p99":%d}', sums.answered,
    sums.refused, sums.failed + errors, summary.duration, latency:percentile(50), latency:percentile(99)))
end
