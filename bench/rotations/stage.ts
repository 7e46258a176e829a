import { join } from "node:path";
import { serve } from "../../embedded-aws/aws/account/http";
import { Random } from "../../embedded-aws/aws/random";
import type { World } from "../../embedded-aws/aws/world";
import { processPlatform } from "../../demo/platform";
import { createDemoWorld, truthOf } from "../../demo/stage";
import type { Truth } from "../../demo/truth";
import { deploy } from "../../embedded-aws/pulumi/mocks";
import type { DatabaseHandle, Runtime } from "../../embedded-aws/aws/runtime";
import { build } from "../../rotator/build.cjs";
import { connectMysql } from "../../rotator/engines/mysql";
import { connectPostgres } from "../../rotator/engines/postgres";
import type { Login } from "../../rotator/engines/types";
import { postgresOptions, type ServerName } from "../../simulation/rotations/databases";
import { databaseUserStatements } from "./statements";

/** What a measurement varies. */
export interface StageOptions {
  readonly engine: ServerName;
  readonly strategy: "alternating-users" | "single-user";
  /** False in the control: everything is deployed, and the recycler is off. */
  readonly recycler: boolean;
  readonly seed: string;
  /**
   * Whether the load has pools and transactions of 1 to 20 s beside its new connections, and makes tables; with
   * alternating users it begins with a clone in use that owns a table which a transaction holds. Default: false.
   */
  readonly history?: boolean;
}

/** A database, a service that uses it, the recycler and its rotator, deployed and running. */
export interface RotationStage {
  readonly world: World;
  readonly truth: Truth;
  /** How often a step of the rotator met a lock. */
  readonly busy: () => number;
  /** Rejects when a scheduled task of the world fails. Never resolves. */
  readonly failed: Promise<never>;
}

/** Names in the program beside this file. */
export const names = { cluster: "orders", service: "orders", secret: "orders/database", tasks: 2 } as const;

const project = "ecs-secret-recycler";
const stack = "rotations";

/**
 * Makes a world of real processes and deploys the program beside this file, then the recycler's own.
 * @param started is handed what ends it all, as soon as there is something to end
 */
export async function openRotationStage(
  options: StageOptions,
  started: (close: () => Promise<void>) => void,
): Promise<RotationStage> {
  const platform = processPlatform({
    images: { "registry.example.com/orders:1.0.0": { file: join(__dirname, "task.js") } },
    taskStartMs: 0,
    postgres: postgresOptions(options.engine),
  });
  let busy = 0;
  let release = (): Promise<void> => Promise.resolve();
  const ended = (): Promise<void> => {
    const releasing = release;
    release = () => Promise.resolve();
    return releasing();
  };
  platform.onFunctionLine = (_, line) => {
    if (!/code\\?":\\?"busy/.test(line)) return;
    busy++;
    void ended();
  };
  const databases: DatabaseHandle[] = [];
  const runtime: Runtime = {
    ...platform.runtime,
    databases: {
      async start(spec) {
        const handle = await platform.runtime.databases.start(spec);
        databases.push(handle);
        return handle;
      },
    },
  };
  const world = createDemoWorld({ clock: platform.clock, runtime }, new Random(options.seed));
  const door = await serve(world);
  started(async () => {
    await ended();
    await door.close();
    await world.stop();
    await platform.close();
  });
  const inUse = await deployPrograms(world, options, databases);
  if (options.history && options.strategy === "alternating-users") release = await holdLock(options, inUse);
  const truth = truthOf(world, names.cluster, `${project}-${stack}`);
  return { world, truth, busy: () => busy, failed: platform.failed };
}

/** A transaction of the user in use on a table that it owns. @returns what ends it */
async function holdLock({ engine }: StageOptions, inUse: Login): Promise<() => Promise<void>> {
  const connection = await (engine === "mariadb" ? connectMysql : connectPostgres)(inUse);
  await connection.query("BEGIN");
  await connection.query(
    "INSERT INTO orders.orders (placed_by) VALUES ('the transaction that holds a lock')",
  );
  return async () => {
    await connection.query("COMMIT");
    await connection.end();
  };
}

/** @param databases filled by the runtime: the program's database is the only one. @returns the user in use */
async function deployPrograms(
  world: World,
  options: StageOptions,
  databases: DatabaseHandle[],
): Promise<Login> {
  // What is measured is the source as it is now, whenever the bundle was made last.
  await build();
  const random = world.random.fork("passwords");
  const [adminPassword, userPassword, clonePassword] = [random.text(24), random.text(24), random.text(24)];
  const user = { username: "orders_user", password: userPassword };
  const clone =
    options.history && options.strategy === "alternating-users"
      ? { username: "orders_user_clone", password: clonePassword }
      : undefined;
  const inUse = clone ?? user;
  await deploy(world, join(__dirname, "program.ts"), {
    project: "orders",
    stack,
    config: {
      "aws:region": world.region,
      "orders:engine": options.engine === "mariadb" ? "mariadb" : "postgres",
      "orders:tasks": names.tasks,
      "orders:adminPassword": adminPassword,
      "orders:username": inUse.username,
      "orders:userPassword": inUse.password,
      "orders:history": options.history ? "1" : "0",
    },
  });
  const engine = options.engine === "mariadb" ? "mariadb" : "postgres";
  const { host, port } = databases[0]!;
  const admin: Login = {
    ...{ host, port, database: "orders", username: "orders_admin", password: adminPassword, tls: "disable" },
  };
  const connection = await (engine === "postgres" ? connectPostgres : connectMysql)(admin);
  for (const statement of databaseUserStatements({
    ...{ engine, admin: admin.username, user: user.username, password: user.password, clone },
  }))
    await connection.query(statement);
  await connection.end();

  await deploy(world, join(__dirname, "..", "..", "index.ts"), {
    project,
    stack,
    config: {
      "aws:region": world.region,
      [`${project}:services`]: [{ cluster: names.cluster }],
      [`${project}:mode`]: options.recycler ? "recycle" : "off",
      [`${project}:trail`]: "none",
      [`${project}:timing`]: { delaySeconds: 3 },
      [`${project}:rotations`]: [
        {
          secret: names.secret,
          rotator: {
            kind: "built-in",
            database: "orders",
            strategy: options.strategy,
            // A single user changes its own password.
            ...(options.strategy === "alternating-users" ? { adminSecret: "orders/database-admin" } : {}),
            minimumIntervalMinutes: 0,
          },
        },
      ],
    },
  });
  return { ...admin, ...inUse };
}
