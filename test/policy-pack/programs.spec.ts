import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import fc from "fast-check";
import { findings } from "../support/policies";
import { recycler, secretArn } from "../support/policy-programs";

/** Drawn programs: few in each change, `PROGRAMS=1000` in a long run. */
const programs = Number(process.env.PROGRAMS ?? 20);

const clusters = ["shop", "office"] as const;
const secrets = ["database", "token", "key"] as const;
const names = ["s0", "s1", "s2", "s3"] as const;

/** A service of a program: the one with this index is called by the name of the same index. */
interface Service {
  readonly cluster: string;
  readonly reads: readonly string[];
}
interface Entry {
  readonly cluster: string;
  readonly service?: string;
  readonly exclude: string[];
  /** None: every secret that the service reads. */
  readonly secrets: string[];
}

const service: fc.Arbitrary<Service> = fc.record({
  cluster: fc.constantFrom(...clusters),
  reads: fc.subarray([...secrets]),
});
const wholeCluster: fc.Arbitrary<Entry> = fc.record({
  cluster: fc.constantFrom(...clusters),
  exclude: fc.subarray([...names]),
  secrets: fc.subarray([...secrets]),
});
const oneService: fc.Arbitrary<Entry> = fc.record({
  cluster: fc.constantFrom(...clusters),
  service: fc.constantFrom(...names),
  exclude: fc.constant([]),
  secrets: fc.subarray([...secrets]),
});
const program = fc.record({
  preview: fc.boolean(),
  services: fc.array(service, { minLength: 1, maxLength: names.length }),
  coverage: fc.array(fc.oneof(wholeCluster, oneService), { maxLength: 4 }),
});

/** The services that would keep an old value, by the settings as a person reads them. */
function refusedOf(services: readonly Service[], coverage: readonly Entry[]): string[] {
  return services.flatMap(({ cluster, reads }, index) => {
    const name = names[index]!;
    const entries = coverage.filter(
      (entry) =>
        entry.cluster === cluster &&
        (entry.service === undefined ? !entry.exclude.includes(name) : entry.service === name),
    );
    const covered = (secret: string) =>
      entries.some((entry) => entry.secrets.length === 0 || entry.secrets.includes(secret));
    return reads.every(covered) ? [] : [name];
  });
}

/** Declares the services, each in its cluster, and a recycler with this coverage. */
function declare(services: readonly Service[], coverage: readonly Entry[]): void {
  recycler({ coverage: coverage.map((entry) => ({ ...entry, secrets: entry.secrets.map(secretArn) })) });
  for (const name of clusters) new aws.ecs.Cluster(name, { name });
  services.forEach(({ cluster, reads }, index) => {
    const name = names[index]!;
    const definition = new aws.ecs.TaskDefinition(name, {
      family: name,
      containerDefinitions: JSON.stringify([
        {
          name: "app",
          image: "registry.example.com/app:1.4.0",
          secrets: reads.map((secret) => ({ name: secret, valueFrom: secretArn(secret) })),
        },
      ]),
    });
    new aws.ecs.Service(name, { name, cluster, taskDefinition: definition.arn });
  });
}

describe("the policy pack over drawn programs", function () {
  this.timeout(60_000 + programs * 1_000);

  it("refuses the services that read a secret which no entry covers, and no other", async () => {
    await fc.assert(
      fc.asyncProperty(program, async ({ preview, services, coverage }) => {
        const found = await findings(() => declare(services, coverage), { preview });

        const refused = found
          .filter(({ policy, level }) => policy === "ecs-service-secrets-covered" && level === "mandatory")
          .map(({ resource }) => resource);
        assert.deepEqual([...new Set(refused)].sort(), refusedOf(services, coverage));
      }),
      { numRuns: programs, seed: 20261130 },
    );
  });
});
