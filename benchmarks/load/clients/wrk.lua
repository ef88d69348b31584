-- Arguments: how many requests to send in one go, and the body of a POST.
local requests

function init(args)
  if args[2] and #args[2] > 0 then
    wrk.method = "POST"
    wrk.body = args[2]
    wrk.headers["Content-Type"] = "application/json"
  end
  requests = string.rep(wrk.format(), tonumber(args[1]))
end

function request()
  return requests
end
