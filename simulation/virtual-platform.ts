import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ECSClient } from "@aws-sdk/client-ecs";
import { SQSClient } from "@aws-sdk/client-sqs";
import * as ssmPackage from "@aws-sdk/client-ssm";
import type { CoveredServices, Mode, RecyclerSettings } from "../handler/coverage";
import { createRecycler, type Dependencies } from "../handler/index";
import { createRotator } from "../rotator/index";
import { rotatorError } from "../rotator/errors";
import { engineNamed } from "../rotator/engines";
import type { Engine, Login } from "../rotator/engines/types";
import { parseSettings, settingsVariable } from "../rotator/settings";
import type { Caller } from "../embedded-aws/aws/caller";
import { VirtualClock } from "../embedded-aws/aws/clock";
import { clientConfig } from "../embedded-aws/aws/account/in-process";
import type { Random } from "../embedded-aws/aws/random";
import type { World } from "../embedded-aws/aws/world";
import { InProcessFunctionRuntime, type InProcessTools } from "../embedded-aws/runtime/function-in-process";
import { taskRecords } from "../embedded-aws/runtime/task-record";
import type { TaskSpec } from "../embedded-aws/aws/runtime";
import { recyclerName } from "../demo/example";
import type { Probe } from "../demo/load";
import { heard, type Platform } from "../demo/platform";

/** First instant of a run on virtual time. */
const startMs = Date.UTC(2026, 0, 5, 8);

/** A database server as far as a rotation and a query need one: which user has which password. */
export class RecordedDatabase {
  readonly #passwords = new Map<string, string>();
  /** What every login of a rotation fails with from now on, as with a server that is away; absent: it is there. */
  failure: Error | undefined;

  /** Gives a user a password; makes the user, when it is new. */
  setPassword(username: string, password: string): void {
    this.#passwords.set(username, password);
  }

  accepts({ username, password }: Pick<Login, "username" | "password">): boolean {
    return this.#passwords.get(username) === password;
  }

  /** The engine that a rotator gets: PostgreSQL's rules, and this record for a server. */
  engine(): Engine {
    const { defaultPort, checkUserName } = engineNamed("postgres");
    return {
      defaultPort,
      checkUserName,
      accepts: async (login) => {
        if (this.failure) throw this.failure;
        return this.accepts(login);
      },
      changeOwnPassword: async (login, password) => this.#as(login).setPassword(login.username, password),
      setPassword: async (admin, { username }, password) => this.#as(admin).setPassword(username, password),
      alternate: async ({ admin, pending }) =>
        this.#as(admin).setPassword(pending.username, pending.password),
      exclusively: async (admin, _name, action) => {
        this.#as(admin);
        return action(() => Promise.resolve());
      },
    };
  }

  /** The database as this user sees it. */
  #as(login: Login): this {
    if (this.failure) throw this.failure;
    if (this.accepts(login)) return this;
    throw rotatorError("final", "login-refused", `the database refuses ${login.username}`);
  }
}

/** A platform on virtual time: functions are their source in this process, tasks and the database are records. */
export interface VirtualPlatform extends Platform {
  readonly clock: VirtualClock;
  readonly database: RecordedDatabase;
  /** Whether a task's credential, as it was injected, is still good: a query without a server. */
  readonly probe: Probe;
  /** The world that the platform runs; set once, before anything runs. */
  world: World | undefined;
  /** What the recycler covers, as the deployed function captured it. */
  settings: RecyclerSettings | undefined;
}

/** Makes the platform of one run. `random` decides how long things take. */
export function virtualPlatform(random: Random): VirtualPlatform {
  const clock = new VirtualClock(startMs);
  const database = new RecordedDatabase();
  const credentials = new Map<string, Login>();
  const records = taskRecords({ clock, random: random.fork("tasks"), startMs: { low: 900, high: 1_200 } });
  const functions = new InProcessFunctionRuntime(clock, {
    [recyclerName]: (tools) => recycler(platform, tools),
    [`${recyclerName}-rotator-*`]: (tools) => rotator(platform, tools),
  });
  const platform: VirtualPlatform = {
    clock,
    database,
    world: undefined,
    settings: undefined,
    runtime: {
      functions: heard(functions, (name, line) => platform.onFunctionLine(name, line)),
      tasks: {
        start(spec) {
          const login = injected(spec);
          if (login) credentials.set(spec.taskArn, login);
          return records.start(spec);
        },
      },
      databases: {
        start(spec) {
          database.setPassword(spec.masterUsername, spec.masterPassword);
          return Promise.resolve({
            host: "127.0.0.1",
            port: 5432,
            serverLog: () => Promise.resolve(""),
            stop: () => Promise.resolve(),
          });
        },
      },
    },
    onFunctionLine: () => undefined,
    // On virtual time whoever drives the clock gets the error.
    failed: new Promise<never>(() => undefined),
    probe: ({ taskArn }) => {
      const login = credentials.get(taskArn);
      return Promise.resolve(login && database.accepts(login) ? undefined : "the database refused the user");
    },
    close: () => Promise.resolve(clock.stop()),
  };
  return platform;
}

/** What the recycler's callback has captured, from its program's exports. */
export function capturedSettings(
  outputs: Readonly<Record<string, unknown>>,
  delaySeconds: number,
  mode: Mode,
): RecyclerSettings {
  const policies = outputs.policyConfig as Record<string, { coverage: CoveredServices[] }>;
  return {
    coverage: policies["ecs-service-secrets-covered"]!.coverage,
    mode,
    queueName: outputs.queueName as string,
    delaySeconds,
    limits: {},
  };
}

function injected({ containers }: TaskSpec): Login | undefined {
  const json = containers.map(({ environment }) => environment.DATABASE).find((value) => value !== undefined);
  return json === undefined ? undefined : (JSON.parse(json) as Login);
}

function roleOf({ spec }: InProcessTools): Caller {
  return { kind: "role", roleArn: spec.roleArn, session: spec.functionName };
}

function recycler(platform: VirtualPlatform, tools: InProcessTools) {
  return recyclerIn(platform.world!, platform.settings!, tools);
}

/**
 * The recycler's function in a world.
 * @param parts replaces parts of it, also with ones that are wrong on purpose
 */
export function recyclerIn(
  world: World,
  settings: RecyclerSettings,
  tools: InProcessTools,
  parts: Dependencies["parts"] = {},
) {
  const { clock } = world;
  // As the deployed one: the recycler paces and repeats its calls itself, and a retry strategy would win over the number.
  const config = { ...clientConfig(world, roleOf(tools)), retryStrategy: undefined, maxAttempts: 1 };
  const random = world.random.fork("recycler");
  return createRecycler(settings, {
    clients: {
      ecs: new ECSClient(config),
      secretsManager: new SecretsManagerClient(config),
      ssm: new ssmPackage.SSMClient(config),
      sqs: new SQSClient(config),
    },
    now: () => clock.now(),
    sleep: (delayMs) => clock.sleep(delayMs, "the recycler's pace"),
    random: () => random.next(),
    write: (line) => tools.write(line),
    parts,
  });
}

function rotator(platform: VirtualPlatform, tools: InProcessTools) {
  const world = platform.world!;
  const random = world.random.fork("rotator");
  const config = clientConfig(world, roleOf(tools));
  const rotate = createRotator(parseSettings(tools.spec.environment[settingsVariable]), {
    secretsManager: new SecretsManagerClient(config),
    parameterStore: () => ({ client: new ssmPackage.SSMClient(config), commands: ssmPackage }),
    engine: () => platform.database.engine(),
    now: () => platform.clock.now(),
    draw: (below) => random.integer(0, below - 1),
    log: (entry) => tools.log(entry),
  });
  return (event: unknown) => rotate(event);
}
