import assert from "node:assert/strict";
import { Ssm } from "../../embedded-aws/aws/ssm";
import { deployShop, example, exampleSettings, recyclerName, recyclerProject } from "../../demo/example";
import { truthOf } from "../../demo/stage";
import { variantOf, type Variant } from "../../demo/variant";
import { openVirtualStage, recordExample } from "../../simulation/virtual-run";
import { MariadbRuntime } from "../../embedded-aws/runtime/mariadb";
import { noRuntime, virtualWorld } from "../../embedded-aws/test/support/world";

const inParameter: Variant = { engine: "postgres", store: "parameter" };

describe("variants of the demonstration", () => {
  it("are named on the command line; anything else is refused with what may stand there", () => {
    assert.deepEqual(variantOf("mariadb", "parameter"), { engine: "mariadb", store: "parameter" });
    assert.throws(
      () => variantOf("oracle", "secret"),
      /--engine: found oracle, expected postgres or mariadb\.$/,
    );
    assert.throws(
      () => variantOf("mysql", "secret"),
      /expected postgres or mariadb \(no npm or Debian package provides MySQL 8; MariaDB stands in for it\)/,
    );
    assert.throws(() => variantOf("postgres", "file"), /--store: found file, expected secret or parameter/);
  });

  it("have the settings that settings.yaml names: the parameter in place of the secret, the rest as it is", () => {
    const key = `${recyclerProject}:rotations`;
    const [rotation] = exampleSettings()[key] as [{ secret: string }];
    const { secret, ...rest } = rotation;

    assert.equal(secret, example.databaseSecret);
    assert.deepEqual(exampleSettings(inParameter), {
      ...exampleSettings(),
      [key]: [{ parameter: example.databaseParameter, ...rest }],
    });
  });

  it("say at once the line that installs MariaDB where it is missing", async () => {
    const { PATH } = process.env;
    const databases = new MariadbRuntime({ programFolders: ["/nowhere"] });
    const { world, clock } = virtualWorld({ runtime: { ...noRuntime, databases } });
    const start = clock.now();
    process.env["PATH"] = "/nowhere";
    try {
      await assert.rejects(
        deployShop(
          world,
          { engine: "mariadb", store: "secret" },
          { sleep: (delayMs) => clock.runUntil(clock.now() + delayMs) },
        ),
        /mariadb-install-db is missing.*apt-get install -y mariadb-server/,
      );
      // No service is waited for whose tasks would need the database.
      assert.ok(clock.now() - start < 60_000, `${clock.now() - start} ms`);
    } finally {
      process.env["PATH"] = PATH;
      await world.stop();
    }
  });
});

describe("a credential in a parameter", () => {
  it("is rotated when its rule's schedule says so, and what reads it is replaced, at each of its times", async () => {
    const key = `${recyclerProject}:rotations`;
    const [rotation] = exampleSettings(inParameter)[key] as [object];
    const settings = { [key]: [{ ...rotation, schedule: "cron(15,30 8 * * ? *)" }] };
    const recorded = await recordExample({ settings, variant: inParameter });
    const stage = await openVirtualStage(recorded, "schedule");
    const { world, platform, credential } = stage;
    await stage.install();
    const truth = truthOf(world);
    const usernames = [(await credential.read()).username];
    const moves = (): number =>
      Ssm.of(world).moves.filter(({ subjectArn }) =>
        subjectArn.endsWith(`parameter${example.databaseParameter}`),
      ).length;

    for (const minute of [16, 31]) {
      await platform.clock.runUntil(Date.UTC(2026, 0, 5, 8, minute));
      usernames.push((await credential.read()).username);
      assert.ok(truth.isFresh("web", 3) && truth.isFresh("worker", 2));
    }

    assert.deepEqual(usernames, ["shop_user", "shop_user_clone", "shop_user"]);
    assert.equal(moves(), 3);
    assert.equal(truth.forcedDeployments().length, 4);
    const writes = world.ledger.find({ service: "ssm", operation: "PutParameter", outcome: "ok" });
    const writers = writes.map(({ caller }) => (caller.kind === "role" ? caller.roleArn : caller.kind));
    assert.equal(writers.filter((writer) => writer.includes(`role/${recyclerName}-rotator-`)).length, 2);
    await world.stop();
  });
});
