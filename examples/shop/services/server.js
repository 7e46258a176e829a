"use strict";
// What the shop's programs share: a server that answers GET /health and GET /query.
const http = require("node:http");
const { parseArgs } = require("node:util");

const { values: options } = parseArgs({
  options: { host: { type: "string", default: "0.0.0.0" }, port: { type: "string", default: "8080" } },
});

/**
 * Answers GET /query with what `query` gives: 200, or 500 with the error's code.
 * @param {() => Promise<object>} query
 */
function serve(query) {
  const server = http.createServer((request, response) => {
    if (request.url === "/health") return answer(response, 200, { healthy: true });
    if (request.url !== "/query") return answer(response, 404, { error: "wanted /query or /health" });
    query().then(
      (result) => answer(response, 200, result),
      (error) => answer(response, 500, { error: String(error.code ?? error.name) }),
    );
  });
  // Amazon ECS says when to go: what is under way is answered, nothing new is taken.
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
  server.listen(Number(options.port), options.host, () => {
    // Whoever started this program with a channel to it learns where it listens; in a container nobody did.
    process.send?.({ ready: true, port: server.address().port });
  });
}

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify(body));
}

module.exports = { serve };
