import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Mode } from "../handler/coverage";
import { migrate } from "../examples/shop/migrate";
import { operator } from "../embedded-aws/aws/caller";
import { CloudTrail } from "../embedded-aws/aws/cloudtrail";
import { serve, type HttpDoor } from "../embedded-aws/aws/account/http";
import { createWorld } from "../embedded-aws/aws/account/index";
import { clientConfig } from "../embedded-aws/aws/account/in-process";
import { Random } from "../embedded-aws/aws/random";
import type { World } from "../embedded-aws/aws/world";
import type { Deployment } from "../embedded-aws/pulumi/mocks";
import { credentialOf, readSecret, type Clients } from "./credential";
import { deployRecycler, deployShop, example, queueDelayMs, recyclerName } from "./example";
import type { Platform } from "./platform";
import { Truth } from "./truth";
import { defaultVariant, type Variant } from "./variant";
import { withWarnings } from "./warnings";

/** What differs between two stages. */
export interface StageOptions {
  readonly seed: string | number;
  /** Default: PostgreSQL, and a secret. */
  readonly variant?: Variant;
  /** `off`: everything is deployed, and rules and function are disabled. */
  readonly mode: Mode;
  /** Told of each step as it begins, and of each resource that was created. */
  readonly onStep?: (step: string) => void;
  readonly onResource?: (count: number) => void;
  /** Told of what the deployed programs warn of. Default: nobody. */
  readonly onWarning?: (warning: string) => void;
}

/** The example and the recycler, deployed and running. */
export interface Stage {
  readonly world: World;
  readonly door: HttpDoor;
  readonly shop: Deployment;
  readonly recycler: Deployment;
  readonly truth: Truth;
  readonly clients: Clients;
  /** When the services were first deployed, in milliseconds since the epoch. */
  readonly deployedAt: number;
}

/** Where a world is: the demonstration's default. */
export const demoPlace = { partition: "aws", region: "eu-west-1" };
const account = "123456789012";

/** Delay of CloudTrail in the demonstration, in milliseconds; AWS needs minutes. */
const cloudTrailDelayMs = 2_000;

/** After this time nothing more follows a call: CloudTrail and the queue have delivered what there was. */
export function quietMs(): number {
  return queueDelayMs() + cloudTrailDelayMs + 1_000;
}

/** An empty account of the demonstration. */
export function createDemoWorld(
  { clock, runtime }: Pick<Platform, "clock" | "runtime">,
  random: Random,
  place: typeof demoPlace = demoPlace,
): World {
  const world = createWorld({ ...place, account, clock, random, runtime });
  CloudTrail.of(world).eventDelayMs = cloudTrailDelayMs;
  return world;
}

/** The operator's SDK clients, in process. */
export function clientsOf(world: World): Clients {
  const config = clientConfig(world, operator);
  return {
    secretsManager: new SecretsManagerClient(config),
    ssm: new SSMClient(config),
    eventBridge: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
  };
}

/** What really happens to the services of a cluster, and what a recycler does there, from now on. */
export function truthOf(world: World, cluster: string = example.cluster, recycler = recyclerName): Truth {
  return new Truth(world, cluster, `arn:${world.partition}:iam::${world.account}:role/${recycler}`);
}

/**
 * Creates an account on a platform and deploys into it: the example, its first migration, the recycler.
 * @param started takes what ends it all, as soon as there is something to end: an interruption needs it
 */
export async function openStage(
  platform: Platform,
  options: StageOptions,
  started: (end: () => Promise<void>) => void,
): Promise<Stage> {
  const world = createDemoWorld(platform, new Random(options.seed));
  const door = await serve(world);
  started(async () => {
    await door.close();
    await world.stop();
    await platform.close();
  });
  let count = 0;
  const onResource = (): void => options.onResource?.(++count);
  const variant = options.variant ?? defaultVariant;
  options.onStep?.("deploying examples/shop");
  const shop = await deployShop(world, variant, { onResource });
  options.onStep?.(`creating the shop's user and table in ${databaseNames[variant.engine]}`);
  const clients = clientsOf(world);
  await migrate(
    await readSecret(clients.secretsManager, example.adminSecret),
    await credentialOf(variant, clients).read(),
  );
  const deployedAt = world.clock.now();
  options.onStep?.("deploying the recycler (index.ts with examples/shop/settings.yaml)");
  const recycler = await withWarnings(options.onWarning, () =>
    deployRecycler(world, options.mode, variant, { onResource }),
  );
  return { world, door, shop, recycler, truth: truthOf(world), clients, deployedAt };
}

const databaseNames: Readonly<Record<Variant["engine"], string>> = {
  postgres: "PostgreSQL",
  mariadb: "MariaDB",
};
