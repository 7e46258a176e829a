"use strict";
// Asks its database on a connection of its own each time: an open connection outlives the password it was opened
// with, a new one does not. The credential is the one that Amazon ECS injected when the task started.
const http = require("node:http");

const { engine, host, port, dbname: database, username: user, password } = JSON.parse(process.env.DATABASE);

async function queryPostgres(statement) {
  const { Client } = require("pg");
  const client = new Client({ host, port, database, user, password, connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function queryMysql(statement) {
  const { createConnection } = require("mysql2/promise");
  const connection = await createConnection({ host, port, database, user, password, connectTimeout: 5000 });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

const query = engine === "postgres" ? queryPostgres : queryMysql;

const server = http.createServer((request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(body));
  };
  if (request.url !== "/query") return answer(200, { healthy: true });
  query("INSERT INTO orders.orders (placed_by) VALUES (CURRENT_USER)").then(
    () => answer(200, {}),
    (error) => answer(500, { error: String(error.code ?? error.name) }),
  );
});
process.once("SIGTERM", () => server.close(() => process.exit(0)));
server.listen(0, "127.0.0.1", () => process.send?.({ ready: true, port: server.address().port }));
