import {
  DescribeSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { operator } from "../../embedded-aws/aws/caller";
import { clientConfig } from "../../embedded-aws/aws/account/in-process";
import { httpProbe, Load, type QueryCount } from "../../demo/load";
import { names, openRotationStage, type RotationStage, type StageOptions } from "./stage";

/** What rotations under load came to. */
export interface Measured {
  readonly rotations: number;
  readonly queries: QueryCount;
  /** The first failed queries, in words. */
  readonly failures: readonly string[];
}

/** Between two queries, in milliseconds. Each is a new connection to the database. */
const queryIntervalMs = 20;
/** How often the truth is looked at, and how long a rotation with its roll may take, in milliseconds. */
const pollMs = 25;
const deadlineMs = 60_000;
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
    const client = new SecretsManagerClient(clientConfig(stage.world, operator));
    // Configuring a rotation tests it, with a pending version that is taken away again.
    await until(stage, "the rotation's configuration is tested", async () => {
      const { VersionIdsToStages = {} } = await client.send(
        new DescribeSecretCommand({ SecretId: names.secret }),
      );
      return !Object.values(VersionIdsToStages).some((labels) => labels.includes("AWSPENDING"));
    });
    const load = new Load(stage.world, names.cluster, [names.service], httpProbe, queryIntervalMs);
    load.start();
    let done = 0;
    for (; done < options.rotations; done++) {
      const before = currentMoves(stage);
      await client.send(new RotateSecretCommand({ SecretId: names.secret }));
      await until(stage, `rotation ${done + 1} moves AWSCURRENT`, () => currentMoves(stage) > before);
      if (options.recycler)
        await until(stage, `the tasks of rotation ${done + 1} are fresh`, () =>
          stage.truth.isFresh(names.service, names.tasks),
        );
      else await stage.world.clock.sleep(controlWaitMs, "the control's wait");
      listeners.rotation?.(done + 1);
    }
    await load.stop();
    if (stage.world.mistakes.length > 0) throw stage.world.mistakes[0];
    return { rotations: done, queries: load.count, failures: load.failures };
  } finally {
    await end();
  }
}

function currentMoves({ truth }: RotationStage): number {
  return truth
    .moves()
    .filter(({ subjectArn, label }) => subjectArn.includes(names.secret) && label === "AWSCURRENT").length;
}

async function until(
  stage: RotationStage,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const { clock } = stage.world;
  const deadline = clock.now() + deadlineMs;
  while (!(await holds())) {
    if (clock.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
    await clock.sleep(pollMs, what);
  }
}
