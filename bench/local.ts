import { performance } from "node:perf_hooks";
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { operator } from "../embedded-aws/aws/caller";
import { RealClock } from "../embedded-aws/aws/clock";
import { serve, type HttpDoor } from "../embedded-aws/aws/account/http";
import { Iam } from "../embedded-aws/aws/iam";
import { clientConfig } from "../embedded-aws/aws/account/in-process";
import { Random } from "../embedded-aws/aws/random";
import type { World } from "../embedded-aws/aws/world";
import { runCommand } from "../demo/command";
import { createDemoWorld } from "../demo/stage";
import { deployRecycler, deployShop } from "../demo/example";
import { defaultVariant } from "../demo/variant";
import { taskRecords } from "../embedded-aws/runtime/task-record";
import type { Runtime } from "../embedded-aws/aws/runtime";

/** How long each rate is measured, in milliseconds, after a quarter of it to get warm. */
const measureMs = 2_000;
/** Calls under way at a time over HTTP; in process a call is done before the next one begins. */
const callsAtATime = 8;

/** A world with the example and the recycler deployed in it, and its HTTP door. */
async function start(): Promise<{ world: World; door: HttpDoor; end: () => Promise<void> }> {
  const clock = new RealClock();
  const random = new Random("bench");
  const runtime: Runtime = {
    // Secrets Manager tests the rotation function, and rules fire: nothing of that is measured here.
    functions: {
      start: () =>
        Promise.resolve({
          invoke: () => Promise.resolve({ kind: "answer", payload: "null" }),
          stop: () => Promise.resolve(),
        }),
    },
    // They come up at once: how long a task takes is drawn, and no figure of the embedded AWS.
    tasks: taskRecords({ clock, random, startMs: { low: 0, high: 0 } }),
    databases: {
      start: () =>
        Promise.resolve({
          host: "127.0.0.1",
          port: 5432,
          serverLog: () => Promise.resolve(""),
          stop: () => Promise.resolve(),
        }),
    },
  };
  const world = createDemoWorld({ clock, runtime }, random);
  const door = await serve(world);
  await deployShop(world, defaultVariant);
  await deployRecycler(world, "recycle", defaultVariant);
  const end = async () => {
    await door.close();
    await world.stop();
  };
  return { world, door, end };
}

/** DescribeSecret, again and again: calls a second. */
async function rate(client: SecretsManagerClient, parallel: number): Promise<number> {
  const call = () => client.send(new DescribeSecretCommand({ SecretId: "bench" }));
  const callFor = async (ms: number): Promise<number> => {
    const end = performance.now() + ms;
    let calls = 0;
    const one = async () => {
      for (; performance.now() < end; calls++) await call();
    };
    await Promise.all(Array.from({ length: parallel }, one));
    return calls;
  };
  await callFor(measureMs / 4);
  const from = performance.now();
  const calls = await callFor(measureMs);
  return Math.round((calls * 1000) / (performance.now() - from));
}

/**
 * The embedded AWS in figures: from an empty world to the example and the recycler deployed in it (without
 * PostgreSQL, and with tasks that are records), calls of real SDK clients a second through either door, and the
 * memory of this one process after all that.
 */
runCommand({
  usage: `npm run bench:local [-- --json]

Measures the start of the embedded AWS with the example, its calls a second, and
its memory.

  --json  print one JSON object
`,
  options: { json: { type: "boolean", default: false } },
  async run({ json }) {
    // The first start loads the program: SDK, Pulumi and its provider packages, and every module of ours.
    await (await start()).end();
    const from = performance.now();
    const { world, door, end } = await start();
    const startMs = Math.round(performance.now() - from);

    const overHttp = new SecretsManagerClient({
      region: world.region,
      endpoint: door.url,
      credentials: Iam.of(world).credentials(operator),
    });
    const inProcess = new SecretsManagerClient(clientConfig(world, operator));
    await inProcess.send(new CreateSecretCommand({ Name: "bench", SecretString: "none" }));
    const result = {
      startMs,
      httpCallsPerSecond: await rate(overHttp, callsAtATime),
      inProcessCallsPerSecond: await rate(inProcess, 1),
      rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
    overHttp.destroy();
    await end();
    if (world.mistakes.length > 0)
      throw new Error("the embedded AWS made mistakes", { cause: world.mistakes[0] });
    if (json) console.log(JSON.stringify(result));
    else
      console.log(
        `start with the example ${result.startMs} ms; ${result.httpCallsPerSecond} calls/s over HTTP, ` +
          `${result.inProcessCallsPerSecond} in process; ${result.rssMiB} MiB`,
      );
    return 0;
  },
});
