import { createWorld } from "../../../embedded-aws/aws/account";
import { RealClock } from "../../../embedded-aws/aws/clock";
import { serve } from "../../../embedded-aws/aws/account/http";
import { Random } from "../../../embedded-aws/aws/random";
import type { World } from "../../../embedded-aws/aws/world";
import { ProcessFunctionRuntime } from "../../../embedded-aws/runtime/function-process";
import { taskRecords } from "../../../embedded-aws/runtime/task-record";

/** An account in which the example can stand. */
export interface ShopWorld {
  readonly world: World;
  /** Where it answers. */
  readonly url: string;
  close(): Promise<void>;
}

/** eu-west-1, with functions as processes, and tasks and databases that are only records. */
export async function shopWorld(): Promise<ShopWorld> {
  const clock = new RealClock();
  const random = new Random("shop");
  const functions = new ProcessFunctionRuntime();
  const nothing = () => Promise.resolve();
  const world = createWorld({
    partition: "aws",
    region: "eu-west-1",
    account: "123456789012",
    clock,
    random,
    runtime: {
      functions,
      tasks: taskRecords({ clock, random, startMs: { low: 10, high: 50 }, stopMs: { low: 0, high: 10 } }),
      databases: {
        start: () =>
          Promise.resolve({
            host: "127.0.0.1",
            port: 5432,
            serverLog: () => Promise.resolve(""),
            stop: nothing,
          }),
      },
    },
  });
  const door = await serve(world);
  return {
    world,
    url: door.url,
    async close() {
      await door.close();
      await world.stop();
      await functions.stop();
    },
  };
}
