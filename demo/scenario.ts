import type { DescribeServicesResponse } from "@aws-sdk/client-ecs";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { EventBridge } from "../embedded-aws/aws/eventbridge";
import { noFaults } from "../embedded-aws/aws/eventbridge/faults";
import type { World } from "../embedded-aws/aws/world";
import type { Clients, StoredCredential } from "./credential";
import { example } from "./example";
import { quietMs } from "./stage";
import type { Move, Truth } from "./truth";
import { until } from "./until";

/** What the scenario needs: it knows neither clock nor runtime, and speaks to AWS through SDK clients. */
export interface Setting {
  readonly world: World;
  readonly truth: Truth;
  readonly clients: Clients;
  /** What is rotated. */
  readonly credential: StoredCredential;
  /** False in the control: the recycler is switched off. */
  readonly recycler: boolean;
  /** How long the control waits after each rotation, in milliseconds. */
  readonly controlWaitMs?: number;
  /** Told of each step as it begins or ends. */
  readonly say: (kind: StepKind, text: string) => void;
}

/** What a line of the timeline is about. */
export type StepKind = "change" | "moved" | "fresh" | "noise" | "wait";

/** A changed value, and the time until each service that reads it was fresh, in milliseconds. */
export interface Change {
  readonly what: string;
  /** When the change was asked for, and when the value changed, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly movedAt: number;
  readonly freshMs: Readonly<Record<string, number>>;
}

/** Default of `controlWaitMs`. */
const defaultControlWaitMs = 4_000;

/** Rotates twice, changes a parameter, makes noise. Resolves when nothing more can follow. */
export async function runScenario(setting: Setting): Promise<Change[]> {
  const changes: Change[] = [];
  const step = async (what: string, subject: string, act: () => Promise<unknown>): Promise<void> => {
    const before = setting.truth.moves().length;
    const startedAt = setting.world.clock.now();
    setting.say("change", what);
    await act();
    const move = await nextMove(setting, before, subject, what);
    setting.say("moved", `${subject} has a new value`);
    const freshMs = setting.recycler ? await allFresh(setting, move) : {};
    changes.push({ what, startedAt, movedAt: move.time, freshMs });
    if (setting.recycler) await allEnded(setting);
    else await setting.world.clock.sleep(setting.controlWaitMs ?? defaultControlWaitMs, "the control's wait");
  };
  const { clients, credential } = setting;
  const ids = setting.world.random.fork("rotations");
  const rotate = () => credential.rotate(ids);

  await until(setting.world, `${credential.name} may be rotated`, () => credential.isRotatable());
  await step("rotate the database password", credential.name, rotate);
  await step("rotate the database password again", credential.name, rotate);
  if (!setting.recycler) return changes;
  await twice(setting.world, () =>
    step("change a parameter; EventBridge delivers the event twice", example.parameter, () =>
      clients.ssm.send(
        new PutParameterCommand({
          Name: example.parameter,
          Value: JSON.stringify({ giftWrapping: true }),
          Type: "String",
          Overwrite: true,
        }),
      ),
    ),
  );
  await noise(setting);
  setting.say("wait", "none of these may cause a deployment");
  await setting.world.clock.sleep(quietMs(), "the end of the scenario");
  return changes;
}

/** Calls that change no value that a covered service reads: the recycler must do nothing. */
async function noise({ clients: { secretsManager }, credential, world, say }: Setting): Promise<void> {
  const random = world.random.fork("noise");
  say("noise", `put a version of ${example.logTokenSecret} with the label AWSPENDING`);
  await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: example.logTokenSecret,
      SecretString: random.text(24),
      VersionStages: ["AWSPENDING"],
      ClientRequestToken: random.uuid(),
    }),
  );
  say("noise", `edit a tag of ${credential.name}`);
  await credential.editTag();
  say("noise", `make a call on ${credential.name} that AWS refuses`);
  await refused(() => credential.refusedWrite(random));
  say("noise", `change ${example.partnerSecret}, which no covered service reads`);
  await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: example.partnerSecret,
      SecretString: random.text(24),
      ClientRequestToken: random.uuid(),
    }),
  );
}

async function refused(call: () => Promise<unknown>): Promise<void> {
  const error = await call().then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error === undefined) throw new Error("a call succeeded; expected a refusal");
}

/** Every event that is sent while `act` runs is delivered twice, as EventBridge may do. */
async function twice(world: World, act: () => Promise<void>): Promise<void> {
  const bus = EventBridge.of(world);
  bus.faults = { ...noFaults, doubledProbability: 1 };
  try {
    await act();
  } finally {
    bus.faults = noFaults;
  }
}

async function nextMove(setting: Setting, before: number, subject: string, what: string): Promise<Move> {
  let found: Move | undefined;
  await until(setting.world, `${what}: ${subject} moves`, () => {
    found = setting.truth
      .moves()
      .slice(before)
      .find((move) => move.subjectArn.includes(subject) && (move.label ?? "AWSCURRENT") === "AWSCURRENT");
    return found !== undefined;
  });
  return found!;
}

/** Waits until each covered service is fresh. Resolves with the time of each since the move. */
async function allFresh(setting: Setting, move: Move): Promise<Record<string, number>> {
  const { world, truth, say } = setting;
  const freshMs: Record<string, number> = {};
  const waiting = new Map(
    example.services
      .filter(({ covered }) => covered)
      .map(({ service, desiredCount }) => [service, desiredCount]),
  );
  await until(world, `${[...waiting.keys()].join(" and ")} are fresh`, () => {
    for (const [service, desiredCount] of waiting)
      if (truth.isFresh(service, desiredCount)) {
        waiting.delete(service);
        freshMs[service] = world.clock.now() - move.time;
        say("fresh", `${service}: ${desiredCount} of ${desiredCount} tasks have the new value`);
      }
    return waiting.size === 0;
  });
  return freshMs;
}

/**
 * Waits until no deployment is under way and no event is. An earlier change would find the services blocked, or
 * would be noticed together with this one.
 */
async function allEnded({ world }: Setting): Promise<void> {
  await until(world, "the deployments have ended", async () => {
    const { services = [] } = await world.asOperator<DescribeServicesResponse>("ecs", "DescribeServices", {
      cluster: example.cluster,
      services: example.services.map(({ service }) => service),
    });
    return services.every(
      ({ deployments = [], currentServiceDeployment }) =>
        deployments.length === 1 && !currentServiceDeployment,
    );
  });
  await world.clock.sleep(quietMs(), "the end of a change");
}
