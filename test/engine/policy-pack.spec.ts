import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../../embedded-aws/aws/world";
import { cases } from "../policy-pack/cases";
import type { Case } from "../policy-pack/cases";
import { verdicts } from "../support/policies";
import { realWorld } from "../../embedded-aws/test/support/world";
import { awsxCases } from "./programs/cases/awsx";
import { Engine, type Run, type Stack } from "./support/engine";
import { freshPack } from "./support/pack";

/** Cases of the table that run on the engine too: each way in which a definition becomes unknown, and some that do not. */
const titles = [
  "covered with a list: a new secret whose definition is unknown",
  "covered: apply over a SecretVersion's arn",
  "covered: the secret that RDS manages",
  "covered: getSecretOutput with a literal name",
  "covered: Service Connect log secrets",
  "covered: a recycler of another stack, listing the secret",
  "an exception with its reason",
  "nobody covers: a literal ARN",
  "nobody covers: a SecretVersion's arn, one hop from the secret",
  "nobody covers: getSecretOutput with an unknown argument leaves no dependency",
  "nobody covers: a new image digest hides a literal ARN",
  "nobody covers: Service Connect log secrets made from a new secret",
  "a new secret that is not in the list",
  "a role whose policy is not known in a preview",
  "a secret's value in environment",
  "an Output in a template literal",
  "a recycler that may read values",
];

describe("the policy pack on the real engine", function () {
  let world: World;
  let engine: Engine;
  let stack: Stack;
  let pack: string;

  before(async () => {
    world = realWorld({ region: "eu-west-1" });
    await world.asOperator("secretsmanager", "CreateSecret", { Name: "shop/database", SecretString: "{}" });
    engine = await Engine.start(world);
    pack = freshPack(engine.folder);
    stack = await engine.stack(join(__dirname, "programs", "cases"), "cases", {});
  });

  after(async () => {
    await engine?.close();
    await world?.stop();
  });

  function preview({ title, config }: Case): Promise<Run> {
    stack.configure({ "aws:region": "eu-west-1", "cases:case": title });
    const file = join(engine.folder, "policy-config.json");
    writeFileSync(file, JSON.stringify({ "ecs-service-secrets-covered": config ?? {} }));
    return stack.preview("--policy-pack", pack, "--policy-pack-config", file);
  }

  for (const one of [...titles.map(caseOf), ...awsxCases])
    it(`finds the same as in process: ${one.title}`, async () => {
      const run = await preview(one);

      assert.deepEqual(verdicts(run.violations.map(asFound)), one.preview, run.output);
      const refused = one.preview.some((verdict) => verdict.startsWith("mandatory"));
      assert.equal(run.status, refused ? 1 : 0, run.output);
      // What Pulumi itself reports of a policy that it could not run would be advisory.
      for (const { message } of run.violations) assert.doesNotMatch(message, /can't run policy/, message);
    });
});

function caseOf(title: string): Case {
  const found = cases.find((one) => one.title === title);
  if (!found) throw new Error(`no case is called ${JSON.stringify(title)}`);
  return found;
}

function asFound({ level, policy, message }: Run["violations"][number]) {
  return { level, policy, message, resource: "" };
}
