// Boost.Beast's parser of HTTP/1 requests, and what its results amount to here.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "launcher/http/http_limits.h"
#include "launcher/http/http_message.h"

namespace fathom {

using RequestParser =
    boost::beast::http::request_parser<boost::beast::http::string_body, std::allocator<char>>;

void SetLimits(const HttpLimits& limits, RequestParser* parser);

// Whether its header names an encoding of the body that is not read here, so that nobody knows
// where the body ends.
bool HasUnknownEncoding(const RequestParser& parser);

// Views into the parser's message.
HttpRequest RequestOf(const RequestParser& parser);

// The status that says what is wrong with the bytes; 0: nothing is, but the client has gone.
int StatusOf(const boost::beast::error_code& error);

// What to tell the client.
std::string WhyRefused(int status, const boost::beast::error_code& error, const HttpLimits& limits);

}  // namespace fathom
