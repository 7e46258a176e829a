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
import { deployRecycler, deployShop, example, recyclerName } from "./example";
import type { Platform } from "./platform";
import { Truth } from "./truth";
import { defaultVariant, type Variant } from "./variant";

/** What makes one stage different from another. */
export interface StageOptions {
  readonly seed: string | number;
  /** Default: PostgreSQL, and a secret. */
  readonly variant?: Variant;
  readonly partition?: string;
  readonly region?: string;
  /** `off`: everything is deployed, and rules and function are disabled. */
  readonly mode: Mode;
  /** How long CloudTrail takes to deliver an event, in milliseconds. */
  readonly cloudTrailDelayMs: number;
  /** Told of what is being done, and of each resource that is made. */
  readonly onStep?: (step: string) => void;
  readonly onResource?: (count: number) => void;
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

/** The account and Region of the demonstration. */
export const demoAccount = "123456789012";
export const demoRegion = "eu-west-1";

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

/** The truth about the example's services and the recycler, from now on. */
export function truthOf(world: World): Truth {
  const roleArn = `arn:${world.partition}:iam::${world.account}:role/${recyclerName}`;
  return new Truth(world, example.cluster, roleArn);
}

/**
 * Makes a world on a platform and deploys into it: the example, its first migration, the recycler. What was
 * started is handed to `started` as soon as it exists, so that an interruption can end it.
 */
export async function openStage(
  platform: Platform,
  options: StageOptions,
  started: (end: () => Promise<void>) => void,
): Promise<Stage> {
  const world = createWorld({
    partition: options.partition ?? "aws",
    region: options.region ?? demoRegion,
    account: demoAccount,
    clock: platform.clock,
    random: new Random(options.seed),
    runtime: platform.runtime,
  });
  CloudTrail.of(world).eventDelayMs = options.cloudTrailDelayMs;
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
  options.onStep?.(`making the shop's user and table in ${databaseNames[variant.engine]}`);
  const clients = clientsOf(world);
  await migrate(
    await readSecret(clients.secretsManager, example.adminSecret),
    await credentialOf(variant, clients).read(),
  );
  const deployedAt = world.clock.now();
  options.onStep?.("deploying the recycler (index.ts with examples/shop/settings.yaml)");
  const recycler = await deployRecycler(world, options.mode, variant, { onResource });
  return { world, door, shop, recycler, truth: truthOf(world), clients, deployedAt };
}

const databaseNames: Readonly<Record<Variant["engine"], string>> = {
  postgres: "PostgreSQL",
  mariadb: "MariaDB",
};
