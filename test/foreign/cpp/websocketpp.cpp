// C++ websocketpp, its client on Asio.
#include <deque>
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/version.hpp>

#include "plan.hpp"

struct Plain : websocketpp::config::asio_client {
  static const size_t max_message_size = 1 << 20;
};

// Whether it offers compression is decided when it is compiled.
struct Packed : Plain {
  struct permessage_deflate_config {};
  typedef websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config> permessage_deflate_type;
};

template <typename Config>
void run(const Plan& plan) {
  using Client = websocketpp::client<Config>;
  using Handle = websocketpp::connection_hdl;
  Client client;
  client.clear_access_channels(websocketpp::log::alevel::all);
  client.clear_error_channels(websocketpp::log::elevel::all);
  client.init_asio();
  websocketpp::lib::error_code error;
  auto connection = client.get_connection(plan.url, error);
  if (error) throw std::runtime_error(error.message());
  for (const auto& header : plan.headers) connection->append_header(header.first, header.second);
  for (const auto& protocol : plan.protocols) connection->add_subprotocol(protocol);

  std::deque<std::pair<bool, std::string>> inbox;
  size_t at = 0;
  int wanted = 0;
  // Takes steps as long as nothing has to be waited for.
  const auto goOn = [&] {
    for (;;) {
      for (; wanted > 0 && !inbox.empty(); wanted -= 1) {
        heard(inbox.front().first, inbox.front().second);
        inbox.pop_front();
      }
      if (wanted > 0) return;
      if (at == plan.steps.size()) vanish();
      const auto& step = plan.steps[at++];
      if (step.kind == "text") connection->send(step.bytes, websocketpp::frame::opcode::text);
      else if (step.kind == "binary") connection->send(step.bytes, websocketpp::frame::opcode::binary);
      else if (step.kind == "hear") wanted = step.number;
      else {
        if (step.kind == "close") connection->close(step.number, step.bytes);
        return;
      }
    }
  };
  connection->set_open_handler([&](Handle) {
    // `get_subprotocol()` is filled in on servers only.
    opened(connection->get_response_header("Sec-WebSocket-Protocol"));
    goOn();
  });
  connection->set_message_handler([&](Handle, typename Client::message_ptr message) {
    inbox.emplace_back(message->get_opcode() == websocketpp::frame::opcode::text, message->get_payload());
    goOn();
  });
  connection->set_fail_handler([&](Handle) { refused(connection->get_response_code()); });
  connection->set_close_handler([&](Handle) {
    closed(connection->get_remote_close_code(), connection->get_remote_close_reason());
  });
  client.connect(connection);
  client.run();
}

int main(int count, char** words) {
  const std::string version = std::to_string(websocketpp::major_version) + "." +
                              std::to_string(websocketpp::minor_version) + "." +
                              std::to_string(websocketpp::patch_version);
  const auto plan = readPlan(count, words, "websocketpp", version);
  if (plan.compress) run<Packed>(plan);
  else run<Plain>(plan);
}
