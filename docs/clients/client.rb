# The client loop on faye-websocket (gem install faye-websocket eventmachine): wsspec client --exec 'ruby client.rb {url}'
require 'eventmachine'
require 'faye/websocket'

URL, AGENT = ARGV[0], 'ruby'

# Opens a path, sends each message back if told to, and hands over the last one when the connection has ended.
def open(path, echo, &done)
  said = nil
  socket = Faye::WebSocket::Client.new(URL + path)
  socket.on(:message) { |event| echo ? socket.send(event.data) : said = event.data }
  socket.on(:close) { done.call(said) }
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
