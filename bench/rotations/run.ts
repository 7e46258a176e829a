import { RotateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { operator } from "../../embedded-aws/aws/caller";
import { clientConfig } from "../../embedded-aws/aws/account/in-process";
import { isRotatable } from "../../demo/credential";
import { httpProbe, Load, type QueryCount } from "../../demo/load";
import { until } from "../../demo/until";
import { names, openRotationStage, type RotationStage, type StageOptions } from "./stage";

/** What rotations under load came to. */
export interface Measured {
  readonly rotations: number;
  /** How often a step met a lock and was tried again: the same rotation. */
  readonly busy: number;
  readonly queries: QueryCount;
  /** The first failed queries, in words. */
  readonly failures: readonly string[];
}

/** Between two queries, in milliseconds. Each is a new connection to the database. */
const queryIntervalMs = 20;
/** The control waits that long after each rotation, in milliseconds. */
const controlWaitMs = 2_000;

/** What a caller may follow. */
export interface Listeners {
  /** Handed what ends everything early, leaving neither process nor folder. */
  readonly started?: (end: () => Promise<void>) => void;
  /** Told of each rotation that is done. */
  readonly rotation?: (done: number) => void;
}

/** Rotates again and again while queries run, each rotation when the one before is rolled out. */
export async function rotateUnderLoad(
  options: StageOptions & { readonly rotations: number },
  listeners: Listeners = {},
): Promise<Measured> {
  let close = (): Promise<void> => Promise.resolve();
  const end = async (): Promise<void> => {
    const closing = close;
    close = () => Promise.resolve();
    await closing();
  };
  listeners.started?.(end);
  try {
    const stage = await openRotationStage(options, (closing) => (close = closing));
    return await Promise.race([stage.failed, rotate(stage, options, listeners)]);
  } finally {
    await end();
  }
}

async function rotate(
  stage: RotationStage,
  { rotations, recycler }: Parameters<typeof rotateUnderLoad>[0],
  listeners: Listeners,
): Promise<Measured> {
  const { world, truth } = stage;
  const client = new SecretsManagerClient(clientConfig(world, operator));
  await until(world, "the rotation's configuration is tested", () => isRotatable(client, names.secret));
  const load = new Load(world, names.cluster, [names.service], httpProbe, queryIntervalMs);
  load.start();
  let done = 0;
  for (; done < rotations; done++) {
    const before = currentMoves(stage);
    await client.send(new RotateSecretCommand({ SecretId: names.secret }));
    await until(world, `rotation ${done + 1} moves AWSCURRENT`, () => currentMoves(stage) > before);
    if (recycler)
      // A task that is draining still answers, by new connections too: the next rotation ends its credential.
      await until(
        world,
        `the tasks of rotation ${done + 1} are fresh, and those before have ended`,
        () => truth.isFresh(names.service, names.tasks) && truth.tasks(names.service).length === names.tasks,
      );
    else await world.clock.sleep(controlWaitMs, "the control's wait");
    listeners.rotation?.(done + 1);
  }
  await load.stop();
  if (world.mistakes.length > 0) throw world.mistakes[0];
  return { rotations: done, busy: stage.busy(), queries: load.count, failures: load.failures };
}

function currentMoves({ truth }: RotationStage): number {
  return truth
    .moves()
    .filter(({ subjectArn, label }) => subjectArn.includes(names.secret) && label === "AWSCURRENT").length;
}
