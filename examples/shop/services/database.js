"use strict";
// The credential that Amazon ECS injected when the task started; it never changes while the task runs.
const { Client } = require("pg");

const { host, port, dbname: database, username: user, password } = JSON.parse(process.env.DATABASE);

/**
 * Runs one statement on a connection of its own: an open connection outlives the password it was opened with,
 * a new one does not.
 * @param {string} statement
 */
async function query(statement) {
  const client = new Client({ host, port, database, user, password, connectionTimeoutMillis: 5000 });
  // A server that goes away while the connection is idle is an event, not a rejection: the query reports it.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

module.exports = { query };
