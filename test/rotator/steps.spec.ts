import assert from "node:assert/strict";
import type { Dependencies } from "../../rotator/dependencies";
import type { Engine } from "../../rotator/engines/types";
import { postgresEngine } from "../../rotator/engines/postgres";
import { createRotator, type Rotator } from "../../rotator/index";
import type { RotatorSettings } from "../../rotator/settings";
import { FakeParameterStore, FakeSecretsManager } from "../../simulation/rotations/fake-stores";
import { describeDeeply } from "../../simulation/rotations/scenario";

const minuteMs = 60_000;
const value = {
  engine: "postgres",
  host: "db",
  port: 5432,
  username: "app",
  password: "pa55word-of-app",
  dbname: "shop",
};

/** A database that takes every credential, and remembers what it was asked. */
function fakeEngine(asked: string[], change: Partial<Engine> = {}): Engine {
  return {
    ...postgresEngine(),
    accepts: async ({ username }) => asked.push(`log in as ${username}`) > 0,
    alternate: async ({ pending }) => void asked.push(`prepare ${pending.username}`),
    changeOwnPassword: async ({ username }) => void asked.push(`change ${username}`),
    setPassword: async (_admin, { username }) => void asked.push(`set ${username}`),
    exclusively: async (_admin, _name, action) => action(async () => undefined),
    ...change,
  };
}

function setUp(settings: RotatorSettings = {}, secret: unknown = value, engine: Partial<Engine> = {}) {
  const aws = new FakeSecretsManager();
  aws.create("shop/db", typeof secret === "string" ? secret : JSON.stringify(secret));
  aws.create("admin", { username: "master", password: "pa55word-of-master", host: "db" });
  aws.nowMs += 61 * minuteMs;
  const parameters = new FakeParameterStore(value);
  const asked: string[] = [];
  const log: Record<string, unknown>[] = [];
  const dependencies: Dependencies = {
    secretsManager: aws.client,
    parameterStore: () => parameters.access(),
    engine: () => fakeEngine(asked, engine),
    now: () => aws.nowMs,
    log: (entry) => log.push(entry),
  };
  const rotator: Rotator = createRotator({ adminSecret: "admin", ...settings }, dependencies);
  const step = (Step: string, ClientRequestToken: string) =>
    rotator({ Step, SecretId: "shop/db", ClientRequestToken });
  return { aws, parameters, asked, log, rotator, step };
}

describe("the guards of a step", () => {
  it("refuse a secret whose rotation is not enabled", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");
    aws.cancel("shop/db");

    await assert.rejects(step("createSecret", token), { kind: "final", code: "rotation-disabled" });
    assert.deepEqual(aws.calls, ["DescribeSecret"]);
  });

  it("refuse a version that the secret does not have", async () => {
    const { step } = setUp();

    await assert.rejects(step("setSecret", "another"), {
      code: "unknown-version",
      message: /no version another/,
    });
  });

  it("refuse a version without the label AWSPENDING", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");
    const version = aws.secrets.get("shop/db")!.versions.get(token)!;
    version.stages.clear();
    version.stages.add("MINE");

    await assert.rejects(step("finishSecret", token), {
      code: "not-pending",
      message: /expected the label AWSPENDING, found \["MINE"\]/,
    });
  });

  it("do nothing for a version that is current already, whatever the step", async () => {
    const { aws, asked, step } = setUp();
    const token = aws.rotate("shop/db");
    for (const name of ["createSecret", "setSecret", "testSecret", "finishSecret"]) await step(name, token);
    const before = [aws.calls.length, asked.length];

    for (const name of ["createSecret", "setSecret", "testSecret", "finishSecret"]) await step(name, token);

    assert.deepEqual([aws.calls.length, asked.length], [before[0]! + 4, before[1]!]);
    assert.equal(aws.value("shop/db")["username"], "app_clone");
  });
});

describe("createSecret", () => {
  it("refuses to start while the current version is younger than the interval, and says so", async () => {
    const { aws, step } = setUp();
    aws.nowMs -= 2 * minuteMs;
    const token = aws.rotate("shop/db");

    await assert.rejects(step("createSecret", token), {
      code: "too-young",
      message: /is 59 minutes old.*requires 60 \(minimumIntervalMinutes\)/,
    });
    assert.deepEqual(aws.value("shop/db", "AWSPENDING"), null);
    assert.deepEqual(aws.labels("shop/db"), ["AWSCURRENT"]);
    aws.nowMs += 2 * minuteMs;
    await step("createSecret", aws.rotate("shop/db"));
    assert.equal(aws.value("shop/db", "AWSPENDING")["username"], "app_clone");
  });

  it("counts the interval from the end of the last rotation, not from the creation of its version", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");
    await step("createSecret", token);
    aws.nowMs += 120 * minuteMs;
    for (const name of ["setSecret", "testSecret", "finishSecret"]) await step(name, token);
    aws.nowMs += minuteMs;

    await assert.rejects(step("createSecret", aws.rotate("shop/db")), {
      code: "too-young",
      message: /is 1 minutes old/,
    });
  });

  it("does not take up a pending version that is older than the current one", async () => {
    for (const reached of ["createSecret", "finishSecret"]) {
      const { aws, asked, step } = setUp({ minimumIntervalMinutes: 0 });
      const token = aws.rotate("shop/db");
      for (const name of ["createSecret", "setSecret", "testSecret", "finishSecret"]) {
        await step(name, token);
        if (name === reached) break;
      }
      const rotated = aws.value("shop/db");
      aws.nowMs += minuteMs;
      aws.put("shop/db", { ...rotated, password: "put-by-a-person" });
      asked.length = 0;
      const next = aws.rotate("shop/db");

      if (reached === "createSecret") {
        await assert.rejects(step("setSecret", next), { code: "stale-pending", message: /rotate again/ });
        assert.deepEqual(asked, []);
        assert.notEqual(aws.rotate("shop/db"), token);
      } else assert.notEqual(next, token);
      assert.deepEqual(aws.value("shop/db")["password"], "put-by-a-person");
    }
  });

  it("starts at once with an interval of 0, and finishes what was started whatever the age", async () => {
    const { aws, step } = setUp({ minimumIntervalMinutes: 0 });
    aws.nowMs -= 61 * minuteMs;
    const token = aws.rotate("shop/db");
    await step("createSecret", token);
    const pending = aws.value("shop/db", "AWSPENDING");
    const strict = setUp();
    strict.aws.secrets.set("shop/db", aws.secrets.get("shop/db")!);
    strict.aws.nowMs -= 61 * minuteMs;

    await strict.step("createSecret", token);

    assert.deepEqual(aws.value("shop/db", "AWSPENDING"), pending);
  });

  it("keeps the password of whoever was faster", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");

    await Promise.all([
      step("createSecret", token),
      step("createSecret", token),
      step("createSecret", token),
    ]);

    assert.equal(aws.calls.filter((name) => name === "PutSecretValue").length, 3);
    assert.equal(aws.value("shop/db", "AWSPENDING")["username"], "app_clone");
  });
});

describe("other fields of a credential", () => {
  const url = "postgres://app:pa55word-of-app@db:5432/shop";

  it("are refused by name when they hold it, also inside of others and as an old one", async () => {
    for (const [more, named] of [
      [{ url }, "url"],
      [{ spring: { datasource: { url } } }, "spring.datasource.url"],
      [{ hosts: ["a", url] }, "hosts.1"],
      [{ dsn: "host=db user=app password=pa55word-of-app" }, "dsn"],
      [{ url: url.replace("pa55word-of-app", "an-older-one") }, "url"],
    ] as const) {
      const { aws, step, log } = setUp({}, { ...value, ...more });

      await assert.rejects(step("createSecret", aws.rotate("shop/db")), {
        code: "invalid-secret",
        message: new RegExp(`^the secret shop/db: ${named}: holds a credential, .* render`),
      });

      assert.ok(!JSON.stringify(log).includes(value.password));
    }
  });

  it("are kept when they hold none, and written as the settings say", async () => {
    const render = { url: "postgres://{username}:{password|uri}@{host}:{port}/{dbname}" };
    const { aws, step } = setUp({ render }, { ...value, password: "a b%", url, note: "https://db/shop" });
    const token = aws.rotate("shop/db");

    await step("createSecret", token);

    const pending = aws.value("shop/db", "AWSPENDING");
    assert.equal(pending["note"], "https://db/shop");
    assert.equal(
      pending["url"],
      `postgres://app_clone:${encodeURIComponent(pending["password"]!)}@db:5432/shop`,
    );
  });

  it("are refused in the settings where no field or placeholder has this name", () => {
    assert.throws(
      () => setUp({ render: { url: "{user}:{password|url}", password: "x" } }),
      /render\.url: expected \{username\}.*, found "\{user\}"; render\.password: the rotator writes this field itself/,
    );
  });
});

describe("setSecret", () => {
  it("refuses a pending version that is left from an older rotation: it is for the user in use", async () => {
    const { aws, asked, step } = setUp();
    const token = aws.rotate("shop/db");
    aws.secrets.get("shop/db")!.versions.get(token)!.value = JSON.stringify({
      ...value,
      password: "another",
    });

    await assert.rejects(step("setSecret", token), {
      code: "stale-pending",
      message: /expected the username "app_clone", found "app"/,
    });
    assert.deepEqual(asked, []);
  });

  it("refuses a pending version of another database", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");
    await step("createSecret", token);
    const version = aws.secrets.get("shop/db")!.versions.get(token)!;
    version.value = version.value!.replace('"host":"db"', '"host":"elsewhere"');

    await assert.rejects(step("setSecret", token), { code: "stale-pending", message: /host differs/ });
  });

  it("sends the administrator's password only to the host that its secret or the stack names", async () => {
    for (const [host, settings, message] of [
      [undefined, {}, /secret admin: host is missing/],
      [undefined, { host: "other" }, /expected the host other of the rotator's database, found db/],
      [undefined, { host: "db" }, undefined],
      ["db", { host: "other" }, undefined],
    ] as const) {
      const { aws, asked, step } = setUp(settings);
      aws.create("admin", { username: "master", password: "pa55word-of-master", host });
      const token = aws.rotate("shop/db");
      await step("createSecret", token);

      if (message === undefined) await step("setSecret", token);
      else await assert.rejects(step("setSecret", token), { code: "invalid-secret", message });

      assert.equal(asked.includes("prepare app_clone"), message === undefined);
    }
  });

  it("refuses an administrator of another host or of the pair itself", async () => {
    for (const [admin, code] of [
      [{ username: "master", password: "x", host: "other" }, "invalid-secret"],
      [{ username: "app_clone", password: "x", host: "db" }, "invalid-settings"],
    ] as const) {
      const { aws, step } = setUp();
      aws.create("admin", admin);
      const token = aws.rotate("shop/db");
      await step("createSecret", token);

      await assert.rejects(step("setSecret", token), { code });
    }
  });
});

describe("setSecret of a single user", () => {
  /** A database in which another run changes the password while this one is about to. */
  function race(takesPending: boolean) {
    let changed = false;
    return setUp({ strategy: "single-user", adminSecret: undefined }, value, {
      accepts: async ({ password }) => (password === value.password ? !changed : changed && takesPending),
      changeOwnPassword: async () => {
        changed = true;
        throw Object.assign(new Error("password authentication failed"), {
          kind: "final",
          code: "login-refused",
        });
      },
    });
  }

  it("is content when another run changed the password between two of its logins", async () => {
    let logins = 0;
    const { aws, asked, step } = setUp({ strategy: "single-user", adminSecret: undefined }, value, {
      // The first login is with the pending password: not yet. Before the second one the other run changes it.
      accepts: async ({ password }) => ++logins > 1 && password !== value.password,
    });
    const token = aws.rotate("shop/db");
    await step("createSecret", token);

    await step("setSecret", token);

    assert.deepEqual(asked, []);
  });

  it("is content when another run was faster with the same password, and with nothing else", async () => {
    for (const takesPending of [true, false]) {
      const { aws, step } = race(takesPending);
      const token = aws.rotate("shop/db");
      await step("createSecret", token);

      const outcome = await step("setSecret", token).then(
        () => "done",
        (error: { code: string }) => error.code,
      );

      assert.equal(outcome, takesPending ? "done" : "login-refused");
    }
  });
});

describe("testSecret", () => {
  it("takes a pending version with the current value, with which Secrets Manager tries a rotation that it sets up", async () => {
    const { aws, asked, step } = setUp();
    const token = aws.rotate("shop/db");
    aws.secrets.get("shop/db")!.versions.get(token)!.value = JSON.stringify(value);

    await step("testSecret", token);

    assert.deepEqual(asked, ["log in as app"]);
  });

  it("fails, and AWSCURRENT stays, when the database refuses the pending credential", async () => {
    const { aws, step } = setUp({}, value, { accepts: async () => false });
    const token = aws.rotate("shop/db");
    await step("createSecret", token);

    await assert.rejects(step("testSecret", token), {
      code: "login-refused",
      message: /refuses the new credential of app_clone/,
    });
    assert.equal(aws.value("shop/db")["username"], "app");
  });
});

describe("finishSecret", () => {
  it("does not hide that AWSCURRENT could not be moved", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");
    await step("createSecret", token);
    aws.around = async (name, call) => {
      if (name !== "UpdateSecretVersionStage") return call();
      throw Object.assign(new Error("not authorized to perform: secretsmanager:UpdateSecretVersionStage"), {
        name: "AccessDeniedException",
      });
    };

    await assert.rejects(step("finishSecret", token), { kind: "final", code: "aws-denied" });
  });
});

describe("a rotation of a parameter", () => {
  const event = { source: "aws.events", "detail-type": "Scheduled Event", detail: {} };

  it("refuses while the parameter is younger than the interval, and any other event", async () => {
    const { aws, rotator } = setUp({ parameter: "/shop/db" });
    await assert.rejects(rotator({ Step: "createSecret" }), {
      code: "invalid-event",
      message: /expected a scheduled event/,
    });
    aws.nowMs -= 61 * minuteMs;

    await assert.rejects(rotator(event), {
      code: "too-young",
      message: /parameter \/shop\/db is 0 minutes old/,
    });
  });

  it("refuses a parameter that is not encrypted", async () => {
    const { parameters, rotator } = setUp({ parameter: "/shop/db" });
    parameters.type = "String";

    await assert.rejects(rotator(event), {
      code: "invalid-secret",
      message: /expected a SecureString, .*, found a String/,
    });
  });

  it("writes nothing when the lock was lost on the way", async () => {
    const { parameters, rotator } = setUp({ parameter: "/shop/db" }, value, {
      exclusively: async (_admin, _name, action) =>
        action(async () => Promise.reject(new Error("connection lost"))),
    });

    await assert.rejects(rotator(event), /connection lost/);
    assert.equal(parameters.values.length, 1);
  });
});

describe("what a rotator says about bad input", () => {
  it("names each missing or mistyped field and never the value", async () => {
    for (const [secret, message] of [
      ["{not json", /is not JSON/],
      ["[]", /is not a JSON object/],
      [{ engine: "postgres", host: "db" }, /username is missing, password is missing/],
      [
        { ...value, username: 7, port: "many" },
        /port: expected a number from 1 to 65535, username: expected a string, found a number/,
      ],
      [{ ...value, engine: "oracle" }, /engine: expected one of postgres.*, found "oracle"/],
      [{ ...value, engine: undefined }, /engine is missing/],
      [{ ...value, username: "u".repeat(60) }, /expected at most 63 bytes, found 66/],
    ] as const) {
      const { aws, step, log } = setUp({}, secret);

      const error: unknown = await step("createSecret", aws.rotate("shop/db")).catch(
        (thrown: unknown) => thrown,
      );

      assert.match(String(error), message);
      assert.match(String(error), /shop\/db|user name/);
      assert.ok(!`${describeDeeply(error)}${JSON.stringify(log)}`.includes(value.password));
      assert.ok(!describeDeeply(error).includes("{not json"));
      assert.equal(log.at(-1)!["outcome"], "failed");
    }
  });

  it("asks for a host before it connects to a default one", async () => {
    const { aws, step } = setUp({}, { ...value, host: undefined });
    const token = aws.rotate("shop/db");
    await step("createSecret", token);

    await assert.rejects(step("setSecret", token), { code: "invalid-secret", message: /host is missing/ });
  });

  it("speaks of endpoint and NAT when Secrets Manager cannot be reached", async () => {
    const { aws, step } = setUp();
    const token = aws.rotate("shop/db");
    for (const failure of [{ name: "TimeoutError" }, { code: "ECONNREFUSED" }, { code: "ENOTFOUND" }]) {
      aws.around = async () => Promise.reject(Object.assign(new Error("socket"), failure));

      await assert.rejects(step("createSecret", token), {
        kind: "retryable",
        code: "aws-unreachable",
        message: /VPC endpoint .*\.secretsmanager\) or a NAT gateway/,
      });
    }
  });

  it("lists every mistake of an event and of the settings", async () => {
    const { rotator } = setUp();
    await assert.rejects(
      rotator({ Step: "x" }),
      /SecretId is missing; ClientRequestToken is missing; Step: expected one of createSecret.*, found "x"/,
    );
    await assert.rejects(rotator(null), { code: "invalid-event" });

    assert.throws(() => setUp({ adminSecret: undefined }), {
      code: "invalid-settings",
      message: /^ROTATOR_SETTINGS: adminSecret: missing; .*alternating-users/,
    });
    setUp({ adminSecret: undefined, strategy: "single-user", parameter: "/shop/db" });
    const settings = {
      engine: "oracle",
      minimumIntervalMinutes: -1,
      subnets: [],
    } as unknown as RotatorSettings;
    assert.throws(
      () => setUp(settings),
      /engine: expected "postgres".*, found "oracle"; minimumIntervalMinutes: .* at least 0, found -1; subnets: no such/,
    );
  });
});
