"use strict";
// The credential that Amazon ECS injected when the task started; it never changes while the task runs. It comes as one
// JSON text from a secret or from a parameter, which look the same from here.
const { engine, host, port, dbname: database, username: user, password } = JSON.parse(process.env.DATABASE);

async function connectPostgres() {
  const { Client } = require("pg");
  const client = new Client({ host, port, database, user, password, connectionTimeoutMillis: 5000 });
  // A server that goes away while the connection is idle is an event, not a rejection: the query reports it.
  client.on("error", () => undefined);
  await client.connect();
  return { rows: async (statement) => (await client.query(statement)).rows, end: () => client.end() };
}

async function connectMariadb() {
  const { createConnection } = require("mysql2/promise");
  const client = await createConnection({ host, port, database, user, password, connectTimeout: 5000 });
  client.on("error", () => undefined);
  return { rows: async (statement) => (await client.query(statement))[0], end: () => client.end() };
}

const connect = engine === "mariadb" ? connectMariadb : connectPostgres;

/**
 * Runs one statement on a connection of its own: an open connection outlives the password it was opened with,
 * a new one does not.
 * @param {string} statement
 */
async function query(statement) {
  const connection = await connect();
  try {
    return await connection.rows(statement);
  } finally {
    await connection.end();
  }
}

module.exports = { query };
