// C++ Boost.Beast, its WebSocket stream.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/version.hpp>

#include "plan.hpp"

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = boost::asio::ip::tcp;

int main(int count, char** words) {
  const auto version = std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
  const auto plan = readPlan(count, words, "Boost.Beast", version);
  boost::asio::io_context context;
  websocket::stream<tcp::socket> socket{context};
  boost::asio::connect(socket.next_layer(), tcp::resolver{context}.resolve(plan.host, plan.port));
  socket.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
    for (const auto& header : plan.headers) request.set(header.first, header.second);
    if (!plan.protocols.empty()) request.set(beast::http::field::sec_websocket_protocol, joined(plan.protocols));
  }));
  if (plan.compress) {
    websocket::permessage_deflate options;
    options.client_enable = true;
    socket.set_option(options);
  }
  websocket::response_type response;
  beast::error_code error;
  // The synchronous one keeps a refusal's status to itself.
  socket.async_handshake(response, plan.host + ":" + plan.port, plan.target, [&](beast::error_code e) { error = e; });
  context.run();
  if (error == websocket::error::upgrade_declined) refused(response.result_int());
  if (error) throw beast::system_error{error};
  opened(std::string(response[beast::http::field::sec_websocket_protocol]));

  const auto hear = [&] {
    beast::flat_buffer buffer;
    beast::error_code ended;
    socket.read(buffer, ended);
    if (ended == websocket::error::closed) closed(socket.reason().code, std::string(socket.reason().reason.c_str()));
    if (ended) closed(1006, "");
    heard(socket.got_text(), beast::buffers_to_string(buffer.data()));
  };
  for (const auto& step : plan.steps) {
    if (step.kind == "text" || step.kind == "binary") {
      socket.text(step.kind == "text");
      socket.write(boost::asio::buffer(step.bytes));
    } else if (step.kind == "hear") {
      for (int i = 0; i < step.number; i += 1) hear();
    } else if (step.kind == "close") {
      // It returns when the server's close frame has come.
      socket.close(websocket::close_reason(static_cast<websocket::close_code>(step.number), step.bytes));
      closed(socket.reason().code, std::string(socket.reason().reason.c_str()));
    } else {
      for (;;) hear();
    }
  }
  vanish();
}
