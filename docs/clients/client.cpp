// The client loop on Boost.Beast: wsspec client --exec './client {url}', built with g++ -std=c++17 client.cpp -o client -pthread
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <iostream>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;

std::string host, port;

// Opens a path, sends each message back if told to, and gives the last one when the connection has ended.
std::string play(const std::string& path, bool echo) {
    std::string said;
    try {
        asio::io_context context;
        asio::ip::tcp::resolver resolver(context);
        beast::websocket::stream<asio::ip::tcp::socket> socket(context);
        asio::connect(socket.next_layer(), resolver.resolve(host, port));
        socket.read_message_max(64 << 20);
        socket.handshake(host + ":" + port, path);
        for (beast::flat_buffer buffer;; buffer.clear()) {
            socket.read(buffer);
            said = beast::buffers_to_string(buffer.data());
            if (echo) {
                socket.text(socket.got_text());
                socket.write(buffer.data());
            }
        }
    } catch (const beast::system_error&) {
    }
    return said;
}

int main(int, char** words) {
    // The URL is ws://HOST:PORT.
    const std::string url = words[1], agent = "beast";
    const auto colon = url.rfind(':');
    host = url.substr(5, colon - 5);
    port = url.substr(colon + 1);
    const int count = std::stoi(play("/getCaseCount", false));
    for (int number = 1; number <= count; ++number)
        play("/runCase?case=" + std::to_string(number) + "&agent=" + agent, true);
    play("/updateReports?agent=" + agent, false);
}
