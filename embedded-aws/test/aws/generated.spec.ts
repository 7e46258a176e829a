import assert from "node:assert/strict";
import { operator } from "../../aws/caller";
import { clientConfig } from "../../aws/account/in-process";
import { Random } from "../../aws/random";
import type { Service } from "../../aws/service";
import { ServiceModel } from "../../aws/wire/model";
import { generate } from "../support/generate";
import { virtualWorld } from "../support/world";

interface AnyClient {
  send(command: object): Promise<{ $metadata: { httpStatusCode?: number } }>;
}

type Classes = Record<string, new (argument: object) => object>;

interface ClientError extends Error {
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Calls over all services together: few in each change, `GENERATED_CALLS=20000` in a long run. */
const calls = Number(process.env.GENERATED_CALLS ?? 2_000);
/** What a client refuses or waits for by itself, before anything is sent. */
const clientSide = /^(TypeError|Error|RangeError|EndpointError|InvalidBucketName)$/;

describe("embedded-aws/aws: input drawn from AWS's own schemas, through the real clients", () => {
  const { world, clock } = virtualWorld();
  const services = [...world.services];
  const operations = services.flatMap((service) =>
    Object.keys(service.operations).map((name) => ({ service, name })),
  );
  const known = new Map<string, string[]>();
  let sent = 0;
  let answered = 0;

  it("has every operation under a name that AWS has, with a model to check it by", () => {
    const unknown = operations.filter(({ service, name }) => !ServiceModel.of(service.sdk).operation(name));

    assert.deepEqual(unknown, []);
  });

  for (const service of services)
    it(`answers within the model or refuses as ${service.prefix} does, and never fails by itself`, async () => {
      const random = new Random(`generated calls of ${service.prefix}`);
      const model = ServiceModel.of(service.sdk);
      const client = clientOf(service);
      const classes = service.sdk as unknown as Classes;
      const names = Object.keys(service.operations);
      const rounds = Math.ceil(calls / operations.length);
      const wrong: string[] = [];
      world.mistakes.length = 0;

      for (let round = 0; round < rounds; round++)
        for (const name of names) {
          const { input: shape, output } = model.operation(name)!;
          const input = generate(shape, random, {
            optional: random.pick([0, 0.2, 0.6]),
            depth: random.integer(1, 4),
            // Three rounds of four with something broken in it, one in which all is of the right type.
            broken: round % 4 === 0 ? undefined : 0.08,
            text: (member) => knownText(member, random),
          });
          const command = new classes[`${name}Command`]!(input as object);
          const mark = world.ledger.length;
          try {
            const promise = client.send(command);
            const answer = await clock.drive(promise);
            answered += 1;
            remember(answer);
            assert.ok(output);
          } catch (error) {
            const problem = problemOf(error as ClientError, service, world.ledger.length > mark);
            if (problem !== undefined)
              wrong.push(`${name} ${JSON.stringify(input).slice(0, 300)}\n  ${problem}`);
          }
          sent += 1;
        }

      assert.deepEqual(world.mistakes.map(String), []);
      assert.deepEqual(wrong, []);
    });

  it("sent as many calls as it says, and not all of them were refused", () => {
    assert.ok(sent >= calls, `${sent} calls`);
    assert.ok(answered > sent / 10, `${answered} of ${sent} were answered`);
  });

  function clientOf(service: Service): AnyClient {
    const name = Object.keys(service.sdk).find(
      (key) => key.endsWith("Client") && `${key.slice(0, -6)}ServiceException` in service.sdk,
    )!;
    const Client = (service.sdk as unknown as Record<string, new (config: object) => AnyClient>)[name]!;
    return new Client({ ...clientConfig(world, operator), logger: silent });
  }

  /** What is wrong with an error; undefined when it is one that the service may answer with. */
  function problemOf(error: ClientError, service: Service, arrived: boolean): string | undefined {
    const { name, message } = error;
    const status = error.$metadata?.httpStatusCode;
    const base = Object.entries(service.sdk).find(([key]) => key.endsWith("ServiceException"))![1] as new (
      options: object,
    ) => Error;
    if (status === undefined)
      return clientSide.test(name) && !arrived
        ? undefined
        : `${name} ${arrived ? "over the answer" : "without an answer"}: ${message}`;
    if (status >= 500 && status !== 501) return `${status} ${name}: ${message}`;
    if (!(error instanceof base)) return `${name} is no ${base.name}: ${message}`;
    const own = (service.sdk as Readonly<Record<string, unknown>>)[name];
    if (typeof own === "function" && !(error instanceof own))
      return `${name} is not thrown as the SDK's own class`;
    return undefined;
  }

  /** Names and ARNs that earlier answers held, so that later calls find something. */
  function knownText(member: string, random: Random): string | undefined {
    const found = known.get(member.toLowerCase()) ?? [];
    if (found.length > 0 && random.chance(0.7)) return random.pick(found);
    if (/role(arn)?$/i.test(member) && random.chance(0.5)) return "arn:aws:iam::123456789012:role/some";
    return undefined;
  }

  function remember(value: unknown, depth = 0): void {
    if (depth > 4 || typeof value !== "object" || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === "string" && /(name|arn|id|url|identifier)$/i.test(key) && item.length < 300)
        for (const alias of aliases(key)) {
          const list = known.get(alias) ?? [];
          if (list.length < 20 && !list.includes(item)) known.set(alias, [...list, item]);
        }
      else remember(item, depth + 1);
    }
  }

  /** `clusterName` is what `cluster` takes elsewhere, `SecretId` takes a Name or ARN. */
  function aliases(key: string): string[] {
    const lower = key.toLowerCase();
    return [
      lower,
      lower.replace(/(name|arn|id)$/, ""),
      ...(lower === "arn" || lower === "name" ? ["secretid"] : []),
    ];
  }
});

const silent = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
