# The client loop on faye-websocket (gem install faye-websocket eventmachine): wsspec client --exec 'ruby client.rb {url}'
require 'eventmachine'
require 'faye/websocket'

URL, AGENT = ARGV[0], 'ruby'

# Opens a path, sends each message back if told to, and hands over the last one when the connection has ended.
def open(path, echo, &done)
  said, over = nil, false
  finish = -> { over || ((over = true) && done.call(said)) }
  # It raises where a case sends extensions that cannot be read, and may tell of no end then.
  EM.error_handler { finish.call }
  socket = Faye::WebSocket::Client.new(URL + path)
  socket.on(:message) { |event| echo ? socket.send(event.data) : said = event.data }
  socket.on(:close) { finish.call }
end

EM.run do
  open('/getCaseCount', false) do |count|
    run = lambda do |number|
      if number > count.to_i
        open("/updateReports?agent=#{AGENT}", false) { EM.stop }
      else
        open("/runCase?case=#{number}&agent=#{AGENT}", true) { run.call(number + 1) }
      end
    end
    run.call(1)
  end
end
