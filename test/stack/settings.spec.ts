import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { Place } from "../../aws-semantics/arn";
import { parseSettings } from "../../stack/settings";
import { settingsSchema } from "../../stack/settings-schema";

const here: Place = { partition: "aws", region: "us-west-2", account: "123456789012" };
const root = path.join(__dirname, "..", "..");

/** Settings without a mistake, to break one thing in. */
const right = { services: [{ cluster: "shop" }] };

/** The lines of the error, each `path: message`; fails when there is none. */
function mistakes(raw: Record<string, unknown>): string[] {
  try {
    parseSettings(raw, here);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message.split("\n  ").slice(1);
  }
  assert.fail("the settings were taken");
}

const builtIn = { kind: "built-in", engine: "postgres", adminSecret: "admin" };

describe("parseSettings", () => {
  it("fills every default in when only services is given", () => {
    const settings = parseSettings(right, here);

    assert.deepEqual(settings, {
      coverage: [{ cluster: "shop", exclude: [], secrets: [], parameters: [], wave: 0 }],
      rotations: [],
      trail: "create",
      mode: "recycle",
      timing: { delaySeconds: 15, sweep: "rate(5 minutes)" },
      limits: { maxDeploymentsPerHour: 6 },
      alarms: { staleAfterMinutes: 30 },
      exceptions: [],
      logRetentionDays: 30,
      permissionsBoundary: undefined,
      requesters: [],
    });
  });

  it("wants a reason for every exception", () => {
    const services = [{ cluster: "shop", exclude: ["reports"] }];
    const exceptions = [{ service: "shop/reports", reason: "its key never changes" }];

    assert.deepEqual(parseSettings({ services, exceptions }, here).exceptions, exceptions);
    assert.throws(
      () => parseSettings({ services, exceptions: [{ service: "shop/reports", reason: " " }] }, here),
      /exceptions\[0\]\.reason: expected the reason, a few words/,
    );
  });

  it("fills defaults in inside an object that gives only a part", () => {
    const settings = parseSettings(
      { ...right, timing: { delaySeconds: 3 }, alarms: { email: "a@b.c" } },
      here,
    );

    assert.deepEqual(settings.timing, { delaySeconds: 3, sweep: "rate(5 minutes)" });
    assert.deepEqual(settings.alarms, { email: "a@b.c", staleAfterMinutes: 30 });
  });

  it("takes a service by its ARN as cluster and service", () => {
    const service = "arn:aws:ecs:us-west-2:123456789012:service/shop/checkout";

    const settings = parseSettings({ services: [{ service, secrets: ["database"], wave: 2 }] }, here);

    assert.deepEqual(settings.coverage, [
      { cluster: "shop", service: "checkout", exclude: [], secrets: ["database"], parameters: [], wave: 2 },
    ]);
  });

  it("fills the defaults of a rotation in", () => {
    const settings = parseSettings({ ...right, rotations: [{ secret: "database", rotator: builtIn }] }, here);

    assert.deepEqual(JSON.parse(JSON.stringify(settings.rotations)), [
      {
        credential: { kind: "secret", id: "database", name: "database" },
        schedule: "rate(30 days)",
        window: "3h",
        rotateImmediately: false,
        rotator: {
          kind: "built-in",
          settings: {
            engine: "postgres",
            strategy: "alternating-users",
            adminSecret: "admin",
            minimumIntervalMinutes: 60,
          },
        },
      },
    ]);
  });

  it("gives the rotation of a parameter no window", () => {
    const rotations = [{ parameter: "/shop/database", schedule: "cron(0 3 ? * SUN *)", rotator: builtIn }];

    const settings = parseSettings({ ...right, rotations }, here);

    assert.deepEqual(settings.rotations[0]?.credential, {
      kind: "parameter",
      id: "/shop/database",
      name: "/shop/database",
      arn: "arn:aws:ssm:us-west-2:123456789012:parameter/shop/database",
    });
    assert.equal(settings.rotations[0]?.window, undefined);
  });

  it("takes an administrator for a single user, in a secret as in a parameter", () => {
    const rotator = { ...builtIn, strategy: "single-user" };

    const { rotations } = parseSettings(
      {
        ...right,
        rotations: [
          { secret: "database", rotator },
          { parameter: "/database", rotator },
        ],
      },
      here,
    );

    for (const [index, parameter] of [undefined, "/database"].entries())
      assert.deepEqual(rotations[index]?.rotator, {
        kind: "built-in",
        settings: {
          engine: "postgres",
          strategy: "single-user",
          adminSecret: "admin",
          minimumIntervalMinutes: 60,
          render: undefined,
          password: undefined,
          tls: undefined,
          parameter,
        },
      });
  });

  for (const sweep of ["rate(15 minutes)", "cron(7/15 * * * ? *)", "cron(0/1 * ? * SUN-SAT *)"])
    it(`takes the sweep ${sweep}`, () => {
      assert.equal(parseSettings({ ...right, timing: { sweep } }, here).timing.sweep, sweep);
    });

  it("takes an empty list of exclusions beside a service", () => {
    const services = [{ cluster: "shop", service: "api", exclude: [] }];

    assert.deepEqual(parseSettings({ services }, here).coverage[0]?.exclude, []);
  });

  it("takes a service beside its cluster when the cluster excludes it", () => {
    const services = [
      { cluster: "shop", exclude: ["api"] },
      { cluster: "shop", service: "api", wave: 1 },
    ];

    const settings = parseSettings({ services }, here);

    assert.deepEqual(
      settings.coverage.map(({ service, exclude, wave }) => ({ service, exclude, wave })),
      [
        { service: undefined, exclude: ["api"], wave: 0 },
        { service: "api", exclude: [], wave: 1 },
      ],
    );
  });

  it("reports all mistakes at once, each with its path", () => {
    const found = mistakes({
      servces: [],
      services: [
        { cluster: "shop" },
        { cluster: "shop" },
        { exclude: "api", secrets: ["a", "a"] },
        { clustr: "other", wave: -1 },
      ],
      rotations: [
        { rotator: { kind: "automatic" } },
        { secret: "db", schedule: "rate(1 hour)", rotator: { kind: "managed" } },
      ],
      mode: "dry",
      timing: { delaySeconds: 1, sweep: "every minute" },
      logRetentionDays: 31,
    });

    assert.deepEqual(
      found.map((line) => line.split(": ")[0]).sort(),
      [
        "logRetentionDays",
        "mode",
        "rotations[0]",
        "rotations[0].rotator.kind",
        "rotations[1].schedule",
        "servces",
        "services[1]",
        "services[2].cluster",
        "services[2].exclude",
        "services[3].cluster",
        "services[3].clustr",
        "services[3].wave",
        "timing.delaySeconds",
        "timing.sweep",
      ],
      found.join("\n"),
    );
  });
});

/** What is wrong, and the whole lines that are reported for it. */
const cases: readonly (readonly [string, Record<string, unknown>, readonly (string | RegExp)[]])[] = [
  ["no services", {}, ["services: missing; expected a list with at least one cluster or service"]],
  [
    "an empty list",
    { services: [] },
    ["services: expected at least one cluster or service, found an empty list"],
  ],
  [
    "a text where a list belongs",
    { services: "shop" },
    ['services: expected a list with at least one cluster or service, found "shop"'],
  ],
  [
    "a text where an object belongs",
    { services: ["shop"] },
    ['services[0]: expected an object, found "shop"'],
  ],
  [
    "an entry without cluster",
    { services: [{ service: "api" }] },
    [/^services\[0\]\.cluster: missing; expected the name of a cluster/],
  ],
  [
    "a mistyped key",
    { services: [{ cluster: "shop", exlude: ["api"] }] },
    ['services[0].exlude: no such setting; did you mean "exclude"?'],
  ],
  [
    "a key like no other",
    { ...right, timing: { x: 1 } },
    ['timing.x: no such setting; there are "delaySeconds", "sweep"'],
  ],
  [
    "a cluster by ARN",
    { services: [{ cluster: "arn:aws:ecs:us-west-2:123456789012:cluster/shop" }] },
    [/^services\[0\]\.cluster: expected the name of a cluster .*, found "arn:aws:ecs/],
  ],
  [
    "a service's ARN without cluster",
    { services: [{ service: "arn:aws:ecs:us-west-2:123456789012:service/api" }] },
    [/^services\[0\]\.service: expected arn:aws:ecs:us-west-2:123456789012:service\/CLUSTER\/SERVICE, found/],
  ],
  [
    "a service of another Region",
    { services: [{ service: "arn:aws:ecs:eu-west-1:123456789012:service/shop/api" }] },
    [/^services\[0\]\.service: the service is in eu-west-1 of account 123456789012, this stack in us-west-2/],
  ],
  [
    "a cluster beside a service's ARN",
    { services: [{ cluster: "shop", service: "arn:aws:ecs:us-west-2:123456789012:service/shop/api" }] },
    ["services[0].cluster: the service's ARN names the cluster already; leave one of them out"],
  ],
  [
    "an exclusion from one service",
    { services: [{ cluster: "shop", service: "api", exclude: ["worker"] }] },
    [/^services\[0\]\.exclude: belongs to an entry that covers a whole cluster/],
  ],
  [
    "the same service twice",
    {
      services: [
        { cluster: "shop", service: "api" },
        { service: "arn:aws:ecs:us-west-2:123456789012:service/shop/api" },
      ],
    },
    ["services[1]: shop/api is covered by services[0] already; leave one of them out"],
  ],
  [
    "a service of a covered cluster",
    { services: [{ cluster: "shop" }, { cluster: "shop", service: "api", wave: 1 }] },
    ['services[1]: shop/api is covered by services[0] too; add "api" to services[0].exclude'],
  ],
  [
    "a cluster of a covered service",
    { services: [{ cluster: "shop", service: "api" }, { cluster: "shop" }] },
    ['services[1]: shop/api is covered by services[0] too; add "api" to services[1].exclude'],
  ],
  [
    "the same secret by name and ARN",
    {
      services: [
        {
          cluster: "shop",
          secrets: ["database", "arn:aws:secretsmanager:us-west-2:123456789012:secret:database-AbCdEf"],
        },
      ],
    },
    [/^services\[0\]\.secrets\[1\]: ".*" stands in secrets\[0\] already$/],
  ],
  [
    "a secret with a JSON key",
    {
      services: [
        {
          cluster: "shop",
          secrets: ["arn:aws:secretsmanager:us-west-2:123456789012:secret:database-AbCdEf:password::"],
        },
      ],
    },
    [
      /^services\[0\]\.secrets\[0\]: expected the secret itself, ".*database-AbCdEf", found it with a JSON key/,
    ],
  ],
  [
    "a parameter among secrets",
    { services: [{ cluster: "shop", secrets: ["arn:aws:ssm:us-west-2:123456789012:parameter/a"] }] },
    [/^services\[0\]\.secrets\[0\]: expected a secret, found the parameter/],
  ],
  [
    "a parameter with a version",
    { services: [{ cluster: "shop", parameters: ["/a/b:3"] }] },
    [/^services\[0\]\.parameters\[0\]: expected the parameter itself, "\/a\/b", found it with a version/],
  ],
  [
    "half a wave",
    { services: [{ cluster: "shop", wave: 0.5 }] },
    [/^services\[0\]\.wave: expected a whole number/],
  ],
  [
    "a delay within the margin",
    { ...right, timing: { delaySeconds: 2 } },
    [/^timing\.delaySeconds: expected .* from 3/],
  ],
  [
    "a delay beyond SQS",
    { ...right, timing: { delaySeconds: 901 } },
    [/^timing\.delaySeconds: expected .* to 900/],
  ],
  [
    "a sweep less often than every 15 minutes",
    { ...right, timing: { sweep: "rate(16 minutes)" } },
    [/^timing\.sweep: the interval must be at most 15 minutes at all times, .*, found rate\(16 minutes\)$/],
  ],
  ...["0/20 * * * ? *", "0/5 8-18 * * ? *", "0/5 * ? * MON-FRI *", "0/5 * L * ? *", "* * * * ? 1999"].map(
    (cron) =>
      [
        `a sweep that pauses at some time, cron(${cron})`,
        { ...right, timing: { sweep: `cron(${cron})` } },
        [/^timing\.sweep: the interval must be at most 15 minutes at all times/],
      ] as const,
  ),
  [
    "more clusters than the role's policy has room for",
    { services: Array.from({ length: 200 }, (_, index) => ({ cluster: `cluster-number-${index}` })) },
    [/^services: the policy of the recycler's role would have \d{5} characters with 200 clusters/],
  ],
  ["a sweep that is no schedule", { ...right, timing: { sweep: "rate(5 minute)" } }, [/^timing\.sweep: /]],
  [
    "an unknown mode",
    { ...right, mode: "on" },
    ['mode: expected "recycle" or "dry-run" or "off", found "on"'],
  ],
  ["an unknown trail", { ...right, trail: "yes" }, ['trail: expected "create" or "none", found "yes"']],
  [
    "a limit of nothing",
    { ...right, limits: { maxConcurrentDeployments: 0 } },
    [/^limits\.maxConcurrent.*at least 1/],
  ],
  [
    "an address and a topic",
    { ...right, alarms: { email: "a@b.c", topic: "arn:aws:sns:us-west-2:123456789012:alarms" } },
    ["alarms: expected `email` or `topic`, found both"],
  ],
  [
    "an address without @",
    { ...right, alarms: { email: "a" } },
    ['alarms.email: expected an e-mail address, found "a"'],
  ],
  [
    "a topic by name",
    { ...right, alarms: { topic: "alarms" } },
    [/^alarms\.topic: expected the ARN of a topic/],
  ],
  [
    "a boundary by name",
    { ...right, permissionsBoundary: "b" },
    [/^permissionsBoundary: expected the ARN of a policy/],
  ],
  [
    "a retention unknown to CloudWatch",
    { ...right, logRetentionDays: 31 },
    [/^logRetentionDays: expected a period .*, found 31$/],
  ],
  [
    "a rotation of nothing",
    { ...right, rotations: [{ rotator: { kind: "managed" } }] },
    ["rotations[0]: expected `secret` or `parameter`, found neither"],
  ],
  [
    "a rotation of a secret and a parameter",
    { ...right, rotations: [{ secret: "a", parameter: "b", rotator: { kind: "managed" } }] },
    ["rotations[0]: expected `secret` or `parameter`, found both"],
  ],
  [
    "a rotation without rotator",
    { ...right, rotations: [{ secret: "a" }] },
    [/^rotations\[0\]\.rotator: missing/],
  ],
  [
    "an unknown rotator",
    { ...right, rotations: [{ secret: "a", rotator: { kind: "lambda" } }] },
    [
      'rotations[0].rotator.kind: expected "managed" or "function" or "partner" or "built-in", found "lambda"',
    ],
  ],
  [
    "a function for a managed rotation",
    {
      ...right,
      rotations: [
        {
          secret: "a",
          rotator: {
            kind: "managed",
            rotationLambdaArn: "arn:aws:lambda:us-west-2:123456789012:function:rotate",
          },
        },
      ],
    },
    ['rotations[0].rotator.rotationLambdaArn: not used with kind "managed"; leave it out'],
  ],
  [
    "a strategy for a function",
    {
      ...right,
      rotations: [
        {
          secret: "a",
          rotator: {
            kind: "function",
            rotationLambdaArn: "arn:aws:lambda:us-west-2:123456789012:function:rotate",
            strategy: "single-user",
          },
        },
      ],
    },
    ['rotations[0].rotator.strategy: not used with kind "function"; leave it out'],
  ],
  [
    "a function for the built-in rotator",
    {
      ...right,
      rotations: [
        {
          secret: "a",
          rotator: {
            ...builtIn,
            rotationLambdaArn: "arn:aws:lambda:us-west-2:123456789012:function:rotate",
          },
        },
      ],
    },
    ['rotations[0].rotator.rotationLambdaArn: not used with kind "built-in"; leave it out'],
  ],
  [
    "no function for a rotation by function",
    { ...right, rotations: [{ secret: "a", rotator: { kind: "function" } }] },
    [/^rotations\[0\]\.rotator\.rotationLambdaArn: missing/],
  ],
  [
    "no role for a rotation at a partner",
    { ...right, rotations: [{ secret: "a", rotator: { kind: "partner" } }] },
    [/^rotations\[0\]\.rotator\.roleArn: missing; expected the ARN of the role/],
  ],
  [
    "a role that is none, and metadata that are no texts",
    {
      ...right,
      rotations: [{ secret: "a", rotator: { kind: "partner", roleArn: "me", metadata: { a: 1 } } }],
    },
    [
      /^rotations\[0\]\.rotator\.roleArn: expected the ARN of a role/,
      /^rotations\[0\]\.rotator\.metadata\.a: expected a text/,
    ],
  ],
  [
    "metadata of a partner for the built-in rotator",
    { ...right, rotations: [{ secret: "a", rotator: { ...builtIn, metadata: { a: "b" } } }] },
    ['rotations[0].rotator.metadata: not used with kind "built-in"; leave it out'],
  ],
  [
    "a function of another Region",
    {
      ...right,
      rotations: [
        {
          secret: "a",
          rotator: {
            kind: "function",
            rotationLambdaArn: "arn:aws:lambda:eu-west-1:123456789012:function:rotate",
          },
        },
      ],
    },
    [/^rotations\[0\]\.rotator\.rotationLambdaArn: expected a function in us-west-2/],
  ],
  [
    "a managed rotation of a parameter",
    { ...right, rotations: [{ parameter: "a", rotator: { kind: "managed" } }] },
    [/^rotations\[0\]\.rotator\.kind: Parameter Store rotates nothing by itself/],
  ],
  [
    "a secret of another account",
    {
      ...right,
      rotations: [
        {
          secret: "arn:aws:secretsmanager:us-west-2:210987654321:secret:a-AbCdEf",
          rotator: { kind: "managed" },
        },
      ],
    },
    [/^rotations\[0\]\.secret: a secret is rotated in its own account and Region/],
  ],
  [
    "a credential rotated twice",
    {
      ...right,
      rotations: [
        { secret: "a", rotator: { kind: "managed" } },
        { secret: "a", rotator: { kind: "managed" } },
      ],
    },
    ["rotations[1].secret: is rotated by rotations[0] already"],
  ],
  [
    "a rotation more often than every four hours",
    { ...right, rotations: [{ secret: "a", schedule: "rate(3 hours)", rotator: { kind: "managed" } }] },
    [/^rotations\[0\]\.schedule: /],
  ],
  [
    "a window that reaches into the next day",
    {
      ...right,
      rotations: [
        { secret: "a", schedule: "cron(0 22 * * ? *)", window: "4h", rotator: { kind: "managed" } },
      ],
    },
    [/^rotations\[0\]\.window: /],
  ],
  [
    "a default window that reaches into the next day",
    { ...right, rotations: [{ secret: "a", schedule: "cron(0 23 * * ? *)", rotator: { kind: "managed" } }] },
    [/^rotations\[0\]\.window: .*\(3h is the default; set another\)$/],
  ],
  [
    "a window for a parameter",
    { ...right, rotations: [{ parameter: "a", window: "3h", rotator: builtIn }] },
    [/^rotations\[0\]\.window: a parameter has no window/],
  ],
  [
    "an immediate rotation of a parameter",
    { ...right, rotations: [{ parameter: "a", rotateImmediately: true, rotator: builtIn }] },
    [/^rotations\[0\]\.rotateImmediately: a parameter's rotation starts by its schedule only/],
  ],
  [
    "a built-in rotator without engine and administrator",
    { ...right, rotations: [{ secret: "a", rotator: { kind: "built-in" } }] },
    [/^rotations\[0\]\.rotator\.engine: missing/, /^rotations\[0\]\.rotator\.adminSecret: missing/],
  ],
  [
    "an administrator that is the rotated secret",
    { ...right, rotations: [{ secret: "admin", rotator: builtIn }] },
    [/^rotations\[0\]\.rotator\.adminSecret: is the rotated secret itself/],
  ],
  [
    "an engine beside a database",
    { ...right, rotations: [{ secret: "a", rotator: { ...builtIn, database: "shop" } }] },
    ["rotations[0].rotator.engine: comes from `database`; leave one of them out"],
  ],
  [
    "a password that no rule allows, and ways of TLS that do not exist",
    {
      ...right,
      rotations: [
        {
          secret: "a",
          rotator: {
            ...builtIn,
            password: { length: 7, classes: ["letters"], excludeCharacters: "0123456789" },
            tls: "on",
          },
        },
        { secret: "b", rotator: { ...builtIn, password: { excludeCharacters: "0123456789" } } },
      ],
    },
    [
      "rotations[0].rotator.password.length: expected a whole number from 8 to 128, found 7",
      /^rotations\[0\]\.rotator\.password\.classes\[0\]: expected "lowercase" or .*, found "letters"/,
      'rotations[0].rotator.tls: expected "verify" or "require" or "disable", found "on"',
      /^rotations\[1\]\.rotator\.password\.excludeCharacters: leaves no character of digits/,
    ],
  ],
  [
    "certificate authorities that do not exist, or that nothing uses",
    {
      ...right,
      rotations: [
        { secret: "a", rotator: { ...builtIn, tlsAuthorities: "nowhere.pem" } },
        { secret: "c", rotator: { ...builtIn, tls: "require", tlsAuthorities: "package.json" } },
      ],
    },
    [
      'rotations[0].rotator.tlsAuthorities: expected the path of a PEM file, found "nowhere.pem", which does not exist',
      'rotations[1].rotator.tlsAuthorities: not used with tls "require"; leave it out',
    ],
  ],
  [
    "subnets without security groups",
    { ...right, rotations: [{ secret: "a", rotator: { ...builtIn, subnets: ["subnet-0123abcd"] } }] },
    [/^rotations\[0\]\.rotator\.securityGroups: missing; .* with `subnets`/],
  ],
  [
    "a minimum as long as the interval",
    {
      ...right,
      rotations: [
        { secret: "a", schedule: "rate(4 hours)", rotator: { ...builtIn, minimumIntervalMinutes: 240 } },
      ],
    },
    [/^rotations\[0\]\.rotator\.minimumIntervalMinutes: expected less than .*, 240 minutes, found 240/],
  ],
];

/** What cannot act, or says more or less than it seems to. */
const idle: typeof cases = [
  [
    "a secret and a parameter of another place in a service's lists",
    {
      services: [
        {
          cluster: "shop",
          secrets: [
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf",
            "arn:aws:secretsmanager:us-west-2:210987654321:secret:b-AbCdEf",
          ],
          parameters: ["arn:aws:ssm:eu-west-1:123456789012:parameter/a"],
        },
      ],
    },
    [
      "services[0].secrets[0]: the secret is in eu-west-1 of account 123456789012, this stack in us-west-2 of account 123456789012: no event tells this stack of its changes; leave it out",
      /^services\[0\]\.secrets\[1\]: the secret is in us-west-2 of account 210987654321, this stack in/,
      /^services\[0\]\.parameters\[0\]: the parameter is in eu-west-1/,
    ],
  ],
  [
    "an empty list of secrets, which would follow everything",
    { services: [{ cluster: "shop", secrets: [] }] },
    [/^services\[0\]\.secrets: expected at least one of the secrets, found an empty list; leave the key out/],
  ],
  [
    "an empty list of parameters",
    { services: [{ cluster: "shop", parameters: [] }] },
    [/^services\[0\]\.parameters: expected at least one of the parameters, found an empty list/],
  ],
  [
    "a public parameter, and a parameter that stands for a secret",
    {
      services: [
        { cluster: "shop", parameters: ["/aws/service/a/b", "/aws/reference/secretsmanager/shop/db"] },
      ],
    },
    [
      "services[0].parameters[0]: a public parameter of AWS has no event and no date; leave it out",
      'services[0].parameters[1]: "/aws/reference/secretsmanager/shop/db" stands for a secret; write "shop/db" in a list of secrets',
    ],
  ],
  [
    "a service excluded twice",
    { services: [{ cluster: "shop", exclude: ["api", "api"] }] },
    ['services[0].exclude[1]: "api" stands in exclude[0] already'],
  ],
  [
    "a time for alarms that nobody receives",
    { ...right, alarms: { staleAfterMinutes: 10 } },
    [/^alarms\.staleAfterMinutes: without `alarms\.email` or `alarms\.topic` there are no alarms/],
  ],
  [
    "a topic of another Region",
    { ...right, alarms: { topic: "arn:aws:sns:eu-west-1:123456789012:alarms" } },
    [/^alarms\.topic: the topic is in eu-west-1 .*: an alarm publishes to a topic of its own Region only$/],
  ],
  [
    "two addresses, and a FIFO topic",
    { ...right, alarms: { email: "a@b.c,d@e.f", topic: "arn:aws:sns:us-west-2:123456789012:alarms.fifo" } },
    [
      'alarms.email: expected an e-mail address, found "a@b.c,d@e.f"; for several addresses, subscribe them to a topic and name it',
      /^alarms\.topic: expected the ARN of a topic, .*; alarms publish to standard topics only$/,
      "alarms: expected `email` or `topic`, found both",
    ],
  ],
  [
    "an exception for a service of a covered cluster",
    { ...right, exceptions: [{ service: "shop/web", reason: "r" }] },
    [
      'exceptions[0].service: shop/web is covered by services[0]; add "web" to services[0].exclude, or leave the exception out',
    ],
  ],
  [
    "an exception for a covered service",
    {
      services: [{ cluster: "shop", service: "web" }],
      exceptions: [{ service: "web", reason: "r" }],
    },
    ["exceptions[0].service: shop/web is covered by services[0]; leave the exception or the entry out"],
  ],
  [
    "an exception by a name that a covered cluster may have",
    { ...right, exceptions: [{ service: "web", reason: "r" }] },
    [
      'exceptions[0].service: "web" is a service of any cluster, and shop/web is covered by services[0]; add "web" to services[0].exclude, or write CLUSTER/web',
    ],
  ],
  [
    "an exception twice",
    {
      ...right,
      exceptions: [
        { service: "other/web", reason: "r" },
        { service: "other/web", reason: "s" },
      ],
    },
    ['exceptions[1].service: "other/web" stands in exceptions[0] already; leave one of them out'],
  ],
  [
    "a bake time between waves where there is one wave",
    { ...right, limits: { bakeTimeInMinutes: 5 } },
    [/^limits\.bakeTimeInMinutes: .* all services have the same wave; give some of them a later `wave`/],
  ],
  [
    "a boundary of another account",
    { ...right, permissionsBoundary: "arn:aws:iam::210987654321:policy/b" },
    [
      /^permissionsBoundary: expected a policy of account 123456789012 or of AWS, in the partition aws, found/,
    ],
  ],
  [
    "a key and an administrator of another Region, and an empty list of subnets",
    {
      ...right,
      rotations: [
        {
          secret: "a",
          rotator: {
            ...builtIn,
            adminSecret: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-AbCdEf",
            kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/1",
          },
        },
        { secret: "b", rotator: { ...builtIn, subnets: [] } },
      ],
    },
    [
      /^rotations\[1\]\.rotator\.subnets: expected at least one of the subnets/,
      /^rotations\[0\]\.rotator\.kmsKeyArn: the key is in eu-west-1 .*: a credential is encrypted with a key/,
      /^rotations\[0\]\.rotator\.adminSecret: the secret is in eu-west-1 .*: the rotator reads secrets of its own/,
    ],
  ],
];

/** What a person wrote who knows AWS and not this program. */
const written: typeof cases = [
  [
    "a service of another partition",
    { services: [{ service: "arn:aws-cn:ecs:us-west-2:123456789012:service/shop/web" }] },
    [
      /^services\[0\]\.service: the service is in us-west-2 of account 123456789012 \(partition aws-cn\), this stack in us-west-2 of account 123456789012 \(partition aws\): /,
    ],
  ],
  [
    "null",
    { ...right, limits: null },
    ["limits: expected an object, found null; give it a value, or leave the key out"],
  ],
  [
    "a number and a boolean where names belong",
    { services: [{ cluster: 123 }, { cluster: "shop", service: true }] },
    [
      /^services\[0\]\.cluster: expected the name of a cluster .*, found 123; write "123" in the stack's file, with the quotes$/,
      /^services\[1\]\.service: .*, found true; write "true" in the stack's file, with the quotes$/,
    ],
  ],
  [
    "a number in quotes",
    { ...right, timing: { delaySeconds: "20" } },
    ['timing.delaySeconds: expected a whole number from 3 to 900, found "20"; write it without quotes'],
  ],
  [
    "paths that were set without --path",
    { ...right, "alarms.email": "a@b.c", "services[0].cluster": "shop" },
    [
      `alarms.email: is one key with this name, not a setting inside another: "pulumi config rm 'ecs-secret-recycler:alarms.email'", then "pulumi config set --path 'ecs-secret-recycler:alarms.email' VALUE"`,
      /^services\[0\]\.cluster: is one key with this name/,
    ],
  ],
  [
    "wildcards",
    {
      services: [
        { cluster: "*" },
        { cluster: "shop", service: "web-*" },
        { cluster: "b", exclude: ["a*"], secrets: ["prod/*"], parameters: ["/prod/*"] },
        { cluster: "c", secrets: ["prod/*"], parameters: ["/prod/*"] },
      ],
      exceptions: [{ service: "other/*", reason: "r" }],
    },
    [
      /^services\[0\]\.cluster: .*, found "\*"; there are no wildcards: write one entry for each cluster$/,
      /^services\[2\]\.exclude\[0\]: .*; there are no wildcards: name each service$/,
      /^exceptions\[0\]\.service: .*; there are no wildcards: write one entry for each service$/,
      /^services\[1\]\.service: .*; there are no wildcards: leave `service` out to cover every service of the cluster/,
      /^services\[3\]\.secrets\[0\]: there are no wildcards: name each secret, or leave `secrets` and `parameters` out/,
      /^services\[3\]\.parameters\[0\]: there are no wildcards: name each parameter, or leave/,
    ],
  ],
  [
    "ARNs where names belong",
    {
      services: [
        { cluster: "arn:aws:ecs:us-west-2:123456789012:cluster/shop" },
        { cluster: "arn:aws:ecs:us-west-2:123456789012:service/shop/web" },
        { service: "arn:aws:ecs:us-west-2:123456789012:cluster/shop" },
        { cluster: "b", exclude: ["arn:aws:ecs:us-west-2:123456789012:service/b/web"] },
      ],
      exceptions: [{ service: "arn:aws:ecs:us-west-2:123456789012:service/other/web", reason: "r" }],
    },
    [
      /^services\[0\]\.cluster: .*; write "shop", if it is in the account and Region of this stack$/,
      /^services\[1\]\.cluster: .*; write the ARN of a service as `service`, without `cluster`$/,
      /^services\[3\]\.exclude\[0\]: .*; write "web"$/,
      /^exceptions\[0\]\.service: .*; write "other\/web", if it is in the account and Region of this stack$/,
      /^services\[2\]\.service: .*; write cluster: shop, without `service`$/,
    ],
  ],
  [
    "cluster and service in one name",
    {
      services: [
        { cluster: "shop/web" },
        { cluster: "shop", service: "shop/web" },
        { cluster: "b", exclude: ["b/web"] },
      ],
    },
    [
      /^services\[0\]\.cluster: .*, found "shop\/web"; write cluster: shop and service: web$/,
      /^services\[2\]\.exclude\[0\]: .*, found "b\/web"; write "web"$/,
      /^services\[1\]\.service: .*, found "shop\/web"; write cluster: shop and service: web$/,
    ],
  ],
  [
    "a parameter without its slash, and a parameter among secrets",
    {
      services: [
        {
          cluster: "shop",
          parameters: ["shop/flags"],
          secrets: ["arn:aws:ssm:us-west-2:123456789012:parameter/a"],
        },
      ],
    },
    [
      /^services\[0\]\.secrets\[0\]: expected a secret, found the parameter .*; write it in a list of parameters$/,
      'services[0].parameters[0]: a parameter\'s name of several levels begins with a slash; write "/shop/flags"',
    ],
  ],
];

describe("a mistake in the settings", () => {
  for (const [what, raw, lines] of [...cases, ...idle, ...written])
    it(`is reported by its path alone when it is ${what}`, () => {
      const found = mistakes(raw);

      assert.equal(found.length, lines.length, found.join("\n"));
      lines.forEach((line, index) => {
        if (typeof line === "string") assert.equal(found[index], line);
        else assert.match(found[index] ?? "", line);
      });
    });
});

describe("many mistakes in the settings", () => {
  const many = (entry: (index: number) => object) => Array.from({ length: 500 }, (_, index) => entry(index));

  it("of one kind are counted after the third, with the last place", () => {
    const found = mistakes({ services: many((index) => ({ cluster: `c${index}`, exlude: [] })) });

    assert.deepEqual(found, [
      'services[0].exlude: no such setting; did you mean "exclude"?',
      'services[1].exlude: no such setting; did you mean "exclude"?',
      'services[2].exlude: no such setting; did you mean "exclude"?',
      "... and 497 more of this kind, up to services[499].exlude",
    ]);
  });

  it("of one kind are so whatever was found", () => {
    const there = "eu-west-1:123456789012";

    for (const services of [
      many((index) => ({ service: `arn:aws:ecs:${there}:service/shop/web${index}` })),
      [
        {
          cluster: "shop",
          secrets: many(() => ({})).map((_, index) => `arn:aws:secretsmanager:${there}:secret:db${index}`),
        },
      ],
      many(() => ({ cluster: "shop", service: "web" })),
      many((index) => ({ cluster: "shop", service: `web-${index}*` })),
    ])
      assert.equal(mistakes({ services }).length, 4);
  });

  it("of many kinds are cut off, and say how many lines are left", () => {
    const unknown = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `${"abcdef"[index % 6]}`.repeat(9 + Math.floor(index / 6)),
        1,
      ]),
    );

    const found = mistakes({ ...right, ...unknown });

    assert.equal(found.length, 31);
    assert.equal(found.at(-1), "... and 30 lines more; correct these first");
  });

  it("have short lines, however long the names are", () => {
    const found = mistakes({ ...right, ["x".repeat(5_000)]: 1 });

    assert.ok(found[0]!.length < 500);
  });
});

describe("the number of clusters", () => {
  /** Names of 20 characters. */
  const clusters = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ cluster: `cluster-number-${10_000 + index}` }));

  it("is up to 135 of names of 20 characters: so many fit into the role's policy", () => {
    assert.equal(parseSettings({ services: clusters(135) }, here).coverage.length, 135);
    assert.match(
      mistakes({ services: clusters(136) })[0]!,
      /^services: the policy of the recycler's role would have 10276 characters with 136 clusters, and IAM allows 10240; cover/,
    );
  });
});

describe("Pulumi.yaml", () => {
  const { config, name, runtime } = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as {
    name: string;
    runtime: string;
    config: Record<string, { type: string; description: string; default?: unknown }>;
  };

  it("declares exactly the settings that the program takes, each with type and description", () => {
    assert.deepEqual(Object.keys(config).sort(), Object.keys(settingsSchema.shape).sort());
    for (const [key, { type, description }] of Object.entries(config)) {
      assert.match(type, /^(string|integer|array|object)$/, key);
      assert.ok(description.length > 20, key);
    }
    assert.equal(name, "ecs-secret-recycler");
    assert.equal(runtime, "nodejs");
  });

  it("has the defaults of the program, and none for services, which is required", () => {
    const { services, ...optional } = config;

    assert.equal(services?.default, undefined);
    assert.deepEqual(
      Object.fromEntries(Object.entries(optional).map(([key, setting]) => [key, setting.default])),
      settingsSchema.omit({ services: true }).parse({}),
    );
  });

  it("changes nothing when its defaults are given by the engine", () => {
    const engine = Object.fromEntries(
      Object.entries(config).flatMap(([key, setting]) =>
        key === "services" ? [] : [[key, setting.default]],
      ),
    );

    assert.deepEqual(parseSettings({ ...engine, ...right }, here), parseSettings(right, here));
  });
});
