// What a client of this suite is asked to do (its arguments), and how it answers: one JSON object a line.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

struct Step {
  std::string kind, bytes;
  int number = 0;
};

struct Plan {
  std::string host, port, target, url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> protocols;
  bool compress = false;
  std::vector<Step> steps;
};

inline std::string fromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

inline std::string toHex(const std::string& bytes) {
  std::string hex;
  char digits[3];
  for (unsigned char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", byte);
    hex += digits;
  }
  return hex;
}

inline std::string quoted(const std::string& text) {
  std::string json = "\"";
  char escape[8];
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += static_cast<char>(c);
    } else if (c < 0x20) {
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      json += escape;
    } else {
      json += static_cast<char>(c);
    }
  }
  return json + "\"";
}

inline void say(const std::string& json) { std::cout << json << std::endl; }
inline void opened(const std::string& protocol) { say("{\"open\":{\"protocol\":" + quoted(protocol) + "}}"); }
inline void heard(bool isText, const std::string& data) {
  say(isText ? "{\"text\":" + quoted(data) + "}" : "{\"binary\":\"" + toHex(data) + "\"}");
}
[[noreturn]] inline void vanish() { std::_Exit(0); }
[[noreturn]] inline void closed(int code, const std::string& reason) {
  say("{\"closed\":{\"code\":" + std::to_string(code) + ",\"reason\":" + quoted(reason) + "}}");
  vanish();
}
[[noreturn]] inline void refused(int status) {
  say("{\"refused\":{\"status\":" + std::to_string(status) + "}}");
  vanish();
}

// Without arguments a client says who it is.
inline Plan readPlan(int count, char** words, const std::string& name, const std::string& version) {
  if (count == 1) {
    say("{\"client\":" + quoted(name) + ",\"version\":" + quoted(version) + "}");
    vanish();
  }
  Plan plan;
  plan.url = words[1];
  const auto rest = plan.url.substr(plan.url.find("//") + 2);
  const auto slash = rest.find('/'), colon = rest.find(':');
  plan.host = rest.substr(0, colon);
  plan.port = rest.substr(colon + 1, slash - colon - 1);
  plan.target = rest.substr(slash);
  for (int i = 2; i < count; i += 1) {
    const std::string word = words[i];
    if (word == "header") {
      plan.headers.emplace_back(words[i + 1], words[i + 2]);
      i += 2;
    } else if (word == "protocol") {
      plan.protocols.push_back(words[++i]);
    } else if (word == "compress") {
      plan.compress = true;
    } else if (word == "text") {
      plan.steps.push_back({word, words[++i]});
    } else if (word == "binary") {
      plan.steps.push_back({word, fromHex(words[++i])});
    } else if (word == "hear") {
      plan.steps.push_back({word, "", std::atoi(words[++i])});
    } else if (word == "close") {
      plan.steps.push_back({word, words[i + 2], std::atoi(words[i + 1])});
      i += 2;
    } else {
      plan.steps.push_back({word, ""});
    }
  }
  return plan;
}

inline std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}
