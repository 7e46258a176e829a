import assert from "node:assert/strict";
import { steps } from "../../rotator/events";
import type { Login } from "../../rotator/engines/types";
import type { RotatorSettings } from "../../rotator/settings";
import {
  loginOf,
  masterPassword,
  newScenario,
  type TestDatabase,
} from "../../simulation/rotations/databases";
import { inWords, killPoints, type CutOff } from "../../simulation/rotations/kill-points";
import type { RotationScenario } from "../../simulation/rotations/scenario";

const strategies = ["alternating-users", "single-user"] as const;

/** Every cut in turn is survived. */
export function survivesCutOffs(start: () => TestDatabase, all: readonly CutOff[]): void {
  for (const cutOff of all)
    it(`survives being cut off at every point: ${inWords(cutOff)}`, async () => {
      const { tried, survived, failures } = await killPoints(start(), cutOff);

      assert.deepEqual(failures, []);
      assert.ok(tried > 20 && survived === tried, `${survived} of ${tried}`);
    });
}

/** What holds for a rotation whatever the engine: the same tests on every server. */
export function behavesAsARotation(start: () => TestDatabase): void {
  const scenario = (settings?: RotatorSettings, admin?: Login): Promise<RotationScenario> =>
    newScenario(start(), settings, admin);
  const current = (run: RotationScenario, stage?: string): Login => loginOf(start(), run, stage);
  const worksFor = async (login: Login): Promise<boolean> => {
    const asked = start().query(login, "SELECT 1");
    return asked.then(
      () => true,
      (error: { code?: string }) => {
        if (error.code === "28P01" || error.code === "ER_ACCESS_DENIED_ERROR") return false;
        throw error;
      },
    );
  };

  it("lets user and clone take turns, the one before still valid, and keeps the secret's other fields", async () => {
    const run = await scenario();
    const first = current(run);

    await run.rotate();
    const second = current(run);
    await run.rotate();
    const third = current(run);

    assert.deepEqual([second.username, third.username], [`${first.username}_clone`, first.username]);
    assert.equal(run.aws.value(run.secret)["note"], "kept");
    assert.deepEqual(await Promise.all([first, second, third].map(worksFor)), [false, true, true]);
    assert.deepEqual(run.aws.labels(run.secret), ["AWSCURRENT", "AWSPREVIOUS"]);
  });

  it("changes a single user's own password without an administrator", async () => {
    const run = await scenario({ strategy: "single-user", adminSecret: undefined });
    run.aws.secrets.delete("admin");
    const before = current(run);

    await run.rotate();

    assert.equal(current(run).username, before.username);
    assert.deepEqual(await Promise.all([before, current(run)].map(worksFor)), [false, true]);
  });

  it("changes nothing for a secret that names another user without its password", async () => {
    for (const strategy of strategies) {
      const victim = await scenario();
      const run = await scenario({ strategy });
      const { username } = current(victim);
      run.aws.put(run.secret, { ...run.aws.value(run.secret), username, password: "bogus" });

      await assert.rejects(run.rotate(), {
        code: "login-refused",
        message: /with the password of every version/,
      });

      if (strategy === "alternating-users") assert.ok(!run.aws.calls.includes("ListSecretVersionIds"));
      assert.equal(await worksFor(current(victim)), true);
      assert.deepEqual(await start().users(username), [username]);
    }
  });

  it("goes on by AWSPREVIOUS when the current version is wrong", async () => {
    for (const strategy of strategies) {
      const run = await scenario({ strategy });
      await run.rotate();
      run.aws.put(run.secret, { ...run.aws.value(run.secret), password: "bogus" });
      run.aws.nowMs += 1;

      await run.rotate();

      assert.equal(await worksFor(current(run)), true);
    }
  });

  it("writes a parameter with its key and tier, and the database takes what it holds", async () => {
    const { login } = start();
    for (const strategy of strategies) {
      const run = await scenario({ strategy, parameter: "/shop/db" });
      const { username } = current(run);
      const other = strategy === "single-user" ? username : `${username}_clone`;

      await run.runOnSchedule();
      await run.runOnSchedule();

      const written = run.parameters.values.map(
        (value) => (JSON.parse(value) as { username: string }).username,
      );
      assert.deepEqual(written, [username, other, username]);
      const after = run.parameters.value();
      assert.equal(await worksFor(login(after["username"]!, after["password"]!)), true);
      assert.deepEqual(
        run.parameters.puts.map(({ KeyId, Tier, Type, Overwrite }) => ({ KeyId, Tier, Type, Overwrite })),
        [1, 2].map((version) => ({
          KeyId: `key-of-version-${version}`,
          Tier: "Advanced",
          Type: "SecureString",
          Overwrite: true,
        })),
      );
    }
  });

  it("leaves a parameter with a credential that works when runs meet", async () => {
    const run = await scenario({ parameter: "/shop/db" });

    await Promise.all([run.runOnSchedule(), run.runOnSchedule(), run.runOnSchedule()]);

    const { username, password } = run.parameters.value();
    assert.equal(await worksFor(start().login(username!, password!)), true);
    assert.equal(run.parameters.values.length, 2);
  });

  it("does each step twice at once without harm", async () => {
    for (const strategy of strategies) {
      const run = await scenario({ strategy });
      for (let rotation = 0; rotation < 2; rotation++) {
        const token = run.aws.rotate(run.secret);
        for (const step of steps) await Promise.all([run.step(step, token), run.step(step, token)]);

        assert.equal(await worksFor(current(run)), true);
      }
    }
  });

  it("goes on after CancelRotateSecret between any two steps, with the old version or with a new one", async () => {
    for (const strategy of strategies)
      for (const cleared of [false, true])
        for (const reached of [1, 2, 3]) {
          const run = await scenario({ strategy });
          const before = current(run);
          const token = run.aws.rotate(run.secret);
          for (const step of steps.slice(0, reached)) await run.step(step, token);
          run.aws.cancel(run.secret);
          await assert.rejects(run.step(steps[reached]!, token), { code: "rotation-disabled" });
          if (strategy === "alternating-users") assert.equal(await worksFor(before), true);
          if (cleared) run.aws.clearPending(run.secret);

          const finished = await run.rotate();

          assert.equal(finished === token, !cleared);
          assert.equal(await worksFor(current(run)), true);
          assert.deepEqual(run.aws.labels(run.secret), ["AWSCURRENT", "AWSPREVIOUS"]);
        }
  });

  it("finds a single user's password in a version without a label, when there is no administrator", async () => {
    const run = await scenario({ strategy: "single-user", adminSecret: undefined });
    const token = run.aws.rotate(run.secret);
    await run.step("createSecret", token);
    await run.step("setSecret", token);
    run.aws.cancel(run.secret);
    run.aws.clearPending(run.secret);
    run.aws.nowMs += 1;

    await run.rotate();

    assert.equal(await worksFor(current(run)), true);
  });

  it("fails by name, AWSCURRENT untouched, for an administrator's wrong password and for a database that is not there", async () => {
    for (const [change, code] of [
      [
        (run: RotationScenario) =>
          run.aws.create("admin", {
            username: "master",
            password: "wrong-of-admin",
            host: start().handle.host,
          }),
        "login-refused",
      ],
      [
        (run: RotationScenario) => {
          const version = run.aws.secrets.get(run.secret)!.versions.get("version-0")!;
          version.value = version.value!.replace(`"port":${start().handle.port}`, `"port":9`);
        },
        "database-unreachable",
      ],
    ] as const) {
      const run = await scenario();
      const before = current(run);
      change(run);

      await assert.rejects(run.rotate(), { code });

      assert.equal(await worksFor(before), true);
      assert.equal(current(run).password, before.password);
      assert.ok(!run.written.join("\n").includes("wrong-of-admin"));
    }
  });

  it("gives a parameter back the password that works when the database does not take the new one", async () => {
    const run = await scenario({ strategy: "single-user", parameter: "/shop/db" });
    const before = run.parameters.value();
    // The connection is refused at the second statement that matters: the change itself.
    run.refuse = /ALTER ROLE|SET PASSWORD/;

    await assert.rejects(run.runOnSchedule(), /refused by the test/);

    assert.deepEqual(run.parameters.value(), before);
    assert.equal(run.parameters.values.length, 3);
    assert.equal(await worksFor(start().login(before["username"]!, before["password"]!)), true);
  });

  it("writes no value: not in its log, not in its errors, not in the database's log of every statement", async () => {
    const run = await scenario();
    const values = new Set([masterPassword]);
    const collect = (): void => {
      for (const stage of ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"])
        values.add(run.aws.value(run.secret, stage)?.["password"] ?? masterPassword);
    };
    collect();
    await run.rotate();
    collect();
    await run.rotate();
    collect();
    await start().asMaster("SELECT 'the last statement'");

    const log = await start().handle.serverLog();

    assert.match(log, /the last statement/);
    assert.ok(values.size === 4 && run.written.length >= 8);
    for (const value of values)
      for (const form of [value, JSON.stringify(value).slice(1, -1), value.replaceAll("'", "''")]) {
        assert.ok(!log.includes(form), "the database's log holds a value");
        assert.ok(!run.written.join("\n").includes(form), "the rotator wrote a value");
      }
  });
}
