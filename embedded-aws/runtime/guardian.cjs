// Runs one server in a folder of its own and outlives whoever started it by as little as possible: when the
// starter's end of stdin closes (it stopped, was interrupted, was killed), the server is ended and the folder
// removed. It is plain JavaScript so that it starts in the 40 ms of a bare process, without a compiler.
//
// In, on the first line of stdin: { folder, logFile, uid?, gid?, steps: [{ command, args, input? }], server: { command, args },
// stopSignal, graceMs }. Nothing of it is on the command line, where every user could read it.
// Out, a JSON line each: { event: "started", pid }, { event: "failed", step, reason }, { event: "exited", reason }.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");

let running;
let ending = false;

function say(message) {
  // The starter may be gone; there is nobody left to tell.
  process.stdout.write(`${JSON.stringify(message)}\n`, () => undefined);
}

function launch(plan, { command, args, input }, log) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: plan.folder,
      env: { PATH: process.env.PATH, HOME: plan.folder, TMPDIR: plan.folder, LC_ALL: "C", TZ: "UTC" },
      stdio: [input === undefined ? "ignore" : "pipe", log, log],
      // A session of its own: Ctrl-C on the terminal reaches the starter alone, which then stops things in order.
      detached: true,
      uid: plan.uid,
      gid: plan.gid,
    });
    running = child;
    child.once("error", (error) => resolve(`${command}: ${error.message}`));
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
    if (input !== undefined) {
      child.stdin.on("error", () => undefined);
      child.stdin.end(input);
    }
  });
}

async function run(plan) {
  const log = fs.openSync(plan.logFile, "a");
  for (const step of plan.steps) {
    const failure = await launch(plan, step, log);
    if (ending) return;
    if (failure) return say({ event: "failed", step: step.command, reason: failure });
  }
  const ended = launch(plan, plan.server, log);
  if (running.pid !== undefined) say({ event: "started", pid: running.pid });
  const reason = (await ended) ?? "ended by itself";
  if (!ending) say({ event: "exited", reason });
}

async function end(plan) {
  ending = true;
  const child = running;
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(plan.stopSignal);
    const impatience = setTimeout(() => child.kill("SIGKILL"), plan.graceMs);
    await ended;
    clearTimeout(impatience);
  }
  // A child of the server may still write while the folder goes.
  fs.rmSync(plan.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  process.exit(0);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
process.stdout.on("error", () => undefined);

let received = "";
let plan;
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  if (plan) return;
  received += chunk;
  if (!received.includes("\n")) return;
  plan = JSON.parse(received);
  run(plan).catch((error) => say({ event: "failed", step: "guardian", reason: String(error) }));
});
process.stdin.on("close", () => (plan ? void end(plan) : process.exit(0)));
process.stdin.on("error", () => undefined);
