"use strict";
// Asks its database on a connection of its own each time: an open connection outlives the password it was opened
// with, a new one does not. The credential is the one that Amazon ECS injected when the task started.
const http = require("node:http");

const { engine, host, port, dbname: database, username: user, password } = JSON.parse(process.env.DATABASE);

/** Sessions that outlive their password, beside new ones: a pool that ends each connection after a few queries. */
const history = process.env.HISTORY === "1";
const seconds = 1_000;

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

/** A pool of either driver: `take` gives a connection with `query`, and what gives it back. */
function openPool() {
  if (engine === "postgres") {
    const { Pool } = require("pg");
    const pool = new Pool({ host, port, database, user, password, max: 3, maxUses: 20 });
    pool.on("error", () => undefined);
    return { query: (text) => pool.query(text), take: () => pool.connect() };
  }
  const { createPool } = require("mysql2/promise");
  let pool;
  let uses = 0;
  const open = () => {
    // The driver has no limit of uses: a new pool replaces the old one, which ends when it is given back.
    if (uses++ % 60 === 0) {
      const old = pool;
      pool = createPool({ host, port, database, user, password, connectionLimit: 3 });
      setTimeout(() => old?.end().catch(report), 5 * seconds).unref();
    }
    return pool;
  };
  return { query: (text) => open().query(text), take: () => open().getConnection() };
}

const query = engine === "postgres" ? queryPostgres : queryMysql;
const errors = [];
const report = (error) => errors.push(String(error.code ?? error.name));
let endEarly = () => undefined;
let ending = false;

/** Waits, or until the task is told to end. */
const pause = (ms) =>
  new Promise((resolve) => {
    if (ending) return resolve();
    const timer = setTimeout(resolve, ms);
    endEarly = () => (clearTimeout(timer), resolve());
  });

/** Transactions of 1 to 20 s, one after the other, on the connections of a pool. */
async function transactions(pool) {
  for (let turn = process.pid; !ending; turn = (turn * 7 + 3) % 1000) {
    const connection = await pool.take();
    try {
      await connection.query("BEGIN");
      await connection.query("INSERT INTO orders.ledger (placed_by) VALUES (CURRENT_USER)");
      await pause((1 + (turn % 20)) * seconds);
      await connection.query("SELECT count(*) FROM orders.orders");
      await connection.query("COMMIT");
    } finally {
      connection.release();
    }
  }
}

let queries = 0;
/** New connections, the pool, and tables that the current user makes and removes: in turns. */
async function ask(pool) {
  const insert = "INSERT INTO orders.orders (placed_by) VALUES (CURRENT_USER)";
  const turn = pool ? queries++ % 10 : 0;
  // Not before: the first tasks start before the database has its users.
  if (pool && queries === 1) transactions(pool).catch(report);
  if (turn % 2 === 1) return pool.query(insert);
  if (turn !== 2) return query(insert);
  const table = `orders.made_${process.pid}_${queries}`;
  for (const statement of [
    `CREATE TABLE ${table} (a int)`,
    `ALTER TABLE ${table} ADD COLUMN b int`,
    `INSERT INTO ${table} (b) VALUES (1)`,
    `DROP TABLE ${table}`,
  ])
    await query(statement);
}

const pool = history ? openPool() : undefined;

const server = http.createServer((request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(body));
  };
  if (request.url !== "/query") return answer(200, { healthy: true });
  ask(pool)
    .catch(report)
    .then(() => {
      // One of the transactions too.
      const error = errors.shift();
      answer(error === undefined ? 200 : 500, error === undefined ? {} : { error });
    });
});
process.once("SIGTERM", () => {
  ending = true;
  endEarly();
  server.close(() => process.exit(0));
});
server.listen(0, "127.0.0.1", () => process.send?.({ ready: true, port: server.address().port }));
