import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { mustRun, startLocal, type Local } from "./local";
import { virtualWorld } from "../support/world";

/** What `botocore/session.py` prints. */
interface Session {
  readonly services: Readonly<Record<string, { readonly calls: number; readonly operations: string[] }>>;
  readonly outside: readonly string[];
  readonly unexpected: readonly string[];
  readonly spoiled: readonly { service: string; protocol: string; what: string; found: boolean }[];
}

/** Operations that no client can call with success over HTTP, and why. */
const outOfReach: Readonly<Record<string, string>> = {
  "sns:ConfirmSubscription": "its token is in an e-mail that is kept, not sent",
};

describe("the embedded AWS and boto3", () => {
  let local: Local;
  let session: Session;

  before(async () => {
    mustRun("python3", ["-c", "import boto3"], "boto3 is not installed. Install it with: pip install boto3");
    local = await startLocal();
    const script = join(__dirname, "botocore", "session.py");
    const { stdout } = await promisify(execFile)("python3", ["-B", script], {
      env: local.environment,
      maxBuffer: 2 ** 26,
    });
    session = JSON.parse(stdout) as Session;
  });

  after(() => local.interrupt());

  it("answers at least 800 calls, to every operation that it has", () => {
    const counts = Object.entries(session.services).map(([name, { calls }]) => `${name} ${calls}`);
    const calls = Object.values(session.services).reduce((sum, service) => sum + service.calls, 0);
    console.log(`      ${calls} calls: ${counts.join(", ")}`);
    const answered = new Set(
      Object.entries(session.services).flatMap(([name, { operations }]) =>
        operations.map((operation) => `${name}:${operation}`),
      ),
    );
    const all = [...virtualWorld().world.services].flatMap(({ prefix, operations }) =>
      Object.keys(operations).map((operation) => `${prefix}:${operation}`),
    );

    assert.ok(calls >= 800);
    assert.deepEqual(
      all.filter((operation) => !answered.has(operation)),
      Object.keys(outOfReach),
    );
  });

  it("answers nothing that botocore's models do not have", () => {
    assert.deepEqual(session.outside, []);
  });

  it("answers each call with success or with the error that AWS gives", () => {
    assert.deepEqual(session.unexpected, []);
  });

  it("is judged by checks that find every way in which its answers were spoiled", () => {
    const protocols = new Set(session.spoiled.map(({ protocol }) => protocol));
    const all = ["ec2", "json", "query", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"];

    assert.deepEqual([...protocols].sort(), all);
    assert.ok(session.spoiled.length > 500);
    assert.deepEqual(
      session.spoiled.filter(({ found }) => !found),
      [],
    );
  });
});
