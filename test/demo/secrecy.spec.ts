import assert from "node:assert/strict";
import type { ListFunctionsResponse } from "@aws-sdk/client-lambda";
import { Ecs } from "../../embedded-aws/aws/ecs";
import { isNews } from "../../demo/decisions";
import { example, recyclerName } from "../../demo/example";
import { makeReport, table } from "../../demo/report";
import { Timeline } from "../../demo/timeline";
import { defaultVariant, type Variant } from "../../demo/variant";
import { playVirtual, recordExample } from "../../simulation/virtual-run";
import { rotatorError } from "../../rotator/errors";
import { leaks, Secrecy, type Written } from "../../simulation/secrecy";
import { minuteMs, sweepMs, VirtualShop } from "../../simulation/virtual-shop";

/** Resources whose own the values are. */
const ownTypes = [
  "aws:secretsmanager/secretVersion:SecretVersion",
  "aws:ssm/parameter:Parameter",
  "aws:rds/instance:Instance",
];

describe("a secret's value", () => {
  const variants: readonly Variant[] = [defaultVariant, { engine: "postgres", store: "parameter" }];
  for (const variant of variants)
    it(`stands nowhere but in its ${variant.store} and in the calls that set and give it`, async () => {
      const recorded = await recordExample({ variant, archive: "real" });
      let secrecy!: Secrecy;
      const shop = await VirtualShop.open(recorded, "secrecy", (world) => {
        secrecy = new Secrecy(world);
        Ecs.of(world).settings.taskStateEvents = true;
      });
      const { stage, world, truth } = shop;
      const output: string[] = [];
      const timeline = new Timeline({ write: (text) => output.push(text) }, stage.platform.clock);

      const deployedAt = world.clock.now();
      const changes = await playVirtual(stage, truth, true, (kind, text) => timeline.event(kind, text));
      // What fails writes more than what succeeds.
      await shop.deny("shop-worker-execution", { Action: ["secretsmanager:*", "ssm:*"], Resource: "*" });
      await shop.putSecret(example.logTokenSecret, "another-token-of-the-log");
      stage.platform.database.failure = rotatorError("final", "database-unreachable", "the database is away");
      await stage.platform.clock.drive(stage.credential.rotate(world.random)).catch((error: unknown) => {
        timeline.event("failed", String(error));
      });
      await shop.pass(sweepMs);
      await shop.deny("shop-worker-execution", undefined);
      stage.platform.database.failure = undefined;
      await shop.pass(10 * minuteMs);

      for (const decision of shop.decisions().filter(isNews))
        timeline.event(decision.decision, `${decision.service}: ${decision.reason}`);
      const load = { count: { total: 1, failed: 0 }, overTime: [], startedAt: deployedAt };
      output.push(table(makeReport({ truth, deployedAt, changes, load, recycler: recorded.deployment })));
      const { Functions = [] } = await shop.call<ListFunctionsResponse>("lambda", "ListFunctions", {});
      const names = Functions.map(({ FunctionName = "" }) => FunctionName);
      const registered = [recorded.shopDeployment, recorded.deployment].flatMap((deployment) => [
        { where: "outputs", text: JSON.stringify(deployment.outputs) },
        ...deployment.resources
          .filter(({ type }) => !ownTypes.includes(type))
          .map(({ type, name, id, state }) => ({
            where: `resource ${type} ${name}`,
            text: JSON.stringify([name, id, state]),
          })),
      ]);
      const kept: Written[] = [
        ...secrecy.written(),
        ...stage.log.map((text) => ({ where: "the recycler's log", text })),
        ...names.flatMap((name) => secrecy.archive(name)),
        { where: "environments", text: JSON.stringify(Functions) },
        ...registered,
        ...output.map((text) => ({ where: "the demonstration's output", text })),
      ];

      // Five when the example is deployed, two rotations, what the scenario and this test put.
      assert.ok(secrecy.values.length >= 9, `${secrecy.values.length} values`);
      for (const value of secrecy.values)
        assert.ok(value.length >= 20 && leaks(secrecy.own, [value]).length > 0);
      assert.ok(names.includes(recyclerName) && names.some((name) => name.includes("-rotator-")));
      for (const place of [
        /^log \/aws\/lambda\/ecs-secret-recycler-demo$/,
        /^log \/aws\/lambda\/ecs-secret-recycler-demo-rotator-/,
        /^call sqs:SendMessage/,
        /^call sqs:ReceiveMessage/,
        /^event AWS API Call via CloudTrail/,
        /^event ECS Task State Change/,
        /^CloudTrail PutSecretValue/,
        /^CloudTrail CreateDBInstance/,
        /^object/,
        /^archive .*\/__index\.js$/,
        /^archive ecs-secret-recycler-demo-rotator-.*\.js$/,
        /^resource aws:ecs\/taskDefinition/,
        /^environments/,
        /^the demonstration's output/,
      ])
        assert.ok(
          kept.some(({ where, text }) => place.test(where) && text.length > 20),
          `nothing of ${place}`,
        );
      assert.deepEqual(leaks(kept, secrecy.values), []);
      await stage.world.stop();
    });

  it("is found in whatever notation, when somebody writes it down", () => {
    const value = 'pass"word\\with/everything?';
    const notations = [value, JSON.stringify([value]), JSON.stringify(JSON.stringify({ value }))];
    const places = [...notations, btoa(value), encodeURIComponent(value), "nothing"].map((text, index) => ({
      where: String(index),
      text,
    }));

    assert.deepEqual(leaks(places, [value]), ["0", "1", "2", "3", "4"]);
  });
});
