import assert from "node:assert/strict";
import { parseReference, type Reference } from "../../aws-semantics/secret-reference";
import { concerns, foundReads, listedReads, lists, sharedKey } from "../../handler/readers";
import { home, secretArn, secretName } from "./fake-aws";

function reference(text: string, bareName: "secret" | "parameter" = "secret"): Reference {
  const parsed = parseReference(text, home, bareName);
  assert.notEqual(parsed.service, "invalid");
  return parsed as Reference;
}

const current = { store: "secretsmanager", subject: secretArn, labels: ["AWSCURRENT"] } as const;
const blue = { ...current, labels: ["BLUE"] } as const;
const parameter = { store: "ssm", subject: secretName, labels: [] } as const;

describe("concerns", () => {
  const rows: [string, Parameters<typeof concerns>[0], Reference, boolean][] = [
    ["the secret by its ARN", current, reference(secretArn), true],
    ["the secret by its name", current, reference(secretName), true],
    ["the secret by its partial ARN", current, reference(secretArn.slice(0, -7)), true],
    ["a JSON key of the secret", current, reference(`${secretArn}:password::`), true],
    ["another label of the secret", current, reference(`${secretArn}::BLUE:`), false],
    ["that label of the secret", blue, reference(`${secretArn}::BLUE:`), true],
    ["AWSCURRENT, when another label moved", blue, reference(secretArn), false],
    ["AWSPREVIOUS, which moves with AWSCURRENT", current, reference(`${secretArn}::AWSPREVIOUS:`), true],
    ["a version of the secret", current, reference(`${secretArn}:::a1b2`), false],
    ["a secret whose name begins alike", current, reference(`${secretName}2`), false],
    ["a secret made again under the name", current, reference(`${secretArn.slice(0, -6)}zzzzzz`), false],
    ["a parameter of the same name", current, reference(secretName, "parameter"), false],
    ["the parameter", parameter, reference(secretName, "parameter"), true],
    ["a version of the parameter", parameter, reference(`${secretName}:3`, "parameter"), false],
    ["a secret of the parameter's name", parameter, reference(secretName), false],
  ];
  for (const [what, change, followed, expected] of rows)
    it(`says ${expected} for ${what}`, () => assert.equal(concerns(change, followed, home), expected));
});

describe("foundReads", () => {
  it("sets apart what tasks hold, what is read at each pull, and what nobody can follow", () => {
    const reads = foundReads([
      { path: "a", use: "secret", reference: reference(secretArn) },
      { path: "b", use: "repository-credentials", reference: reference("registry") },
      { path: "c", use: "secret", reference: { service: "invalid", problem: "no ARN" } },
    ]);

    assert.deepEqual(
      { ...reads, references: reads.references.map(({ id }) => id) },
      { references: [secretArn], problems: [{ subject: "c", reason: "no ARN" }], pulls: ["registry"] },
    );
  });
});

describe("listedReads", () => {
  it("names each value once, whatever JSON keys are read of it", () => {
    const secrets = [secretArn, `${secretArn}:user::`, `${secretArn}::BLUE:`];

    const { references } = listedReads({ secrets, parameters: ["/a"] }, home);

    assert.deepEqual(
      references.map((each) => `${each.id} ${each.service === "secretsmanager" ? each.versionStage : ""}`),
      [`${secretArn} AWSCURRENT`, `${secretArn} BLUE`, "/a "],
    );
  });
});

describe("lists", () => {
  const rows: [string, Reference, Reference, boolean][] = [
    ["a name and its ARN", reference(secretName), reference(secretArn), true],
    ["an ARN and its name", reference(secretArn), reference(secretName), true],
    ["another label", reference(secretName), reference(`${secretArn}::BLUE:`), false],
    ["the same label", reference(`${secretArn}::BLUE:`), reference(`${secretArn}::BLUE:`), true],
    [
      "a name and a secret read through Parameter Store",
      reference("db"),
      reference("/aws/reference/secretsmanager/db", "parameter"),
      true,
    ],
    [
      "a parameter and its ARN of one level",
      reference("/flags", "parameter"),
      reference("arn:aws:ssm:us-west-2:123456789012:parameter/flags"),
      true,
    ],
    [
      "a secret and a parameter of one name",
      reference(secretName),
      reference(secretName, "parameter"),
      false,
    ],
  ];
  for (const [what, listed, found, expected] of rows)
    it(`says ${expected} for ${what}`, () => assert.equal(lists([listed], found, home), expected));
});

describe("sharedKey", () => {
  it("is the same for a value by name, by partial ARN and by ARN", () => {
    const keys = [secretName, secretArn.slice(0, -7), secretArn].map((text) =>
      sharedKey(reference(text), home),
    );

    assert.equal(new Set(keys).size, 1);
  });

  it("differs by label, and for a parameter", () => {
    const keys = [
      sharedKey(reference(secretArn), home),
      sharedKey(reference(`${secretArn}::BLUE:`), home),
      sharedKey(reference(secretName, "parameter"), home),
    ];

    assert.equal(new Set(keys).size, 3);
  });
});
