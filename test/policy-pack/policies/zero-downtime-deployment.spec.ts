import assert from "node:assert/strict";
import { messages } from "../../support/policies";
import { cluster, recycler, service } from "../../support/policy-programs";
import { zeroDowntimeDeployment } from "../../../policy-pack/policies/zero-downtime-deployment";

const { name } = zeroDowntimeDeployment;

/** A covered service of so many tasks. */
const covered =
  (desiredCount: number, minimum?: number, maximum?: number, more: object = {}) =>
  () => {
    recycler();
    service(cluster(), {
      service: {
        desiredCount,
        deploymentMinimumHealthyPercent: minimum,
        deploymentMaximumPercent: maximum,
        ...more,
      },
    });
  };

describe(name, () => {
  it("finds nothing where all tasks stay up and as many may start beside them", async () => {
    assert.deepEqual(await messages(name, covered(2, 100, 200)), []);
    assert.deepEqual(await messages(name, covered(2)), []);
  });

  it("refuses percents without room, with the numbers of tasks and the lines that fix it", async () => {
    assert.deepEqual(await messages(name, covered(3, 100, 120)), [
      "mandatory: shop/checkout: found minimum 100% and maximum 120% for 3 tasks: at least 3 and at most 3 may run, so no task can be replaced and a recycle would never finish. " +
        "A deployment must start each new task before it stops an old one. " +
        "Set deploymentMinimumHealthyPercent: 100 and deploymentMaximumPercent: 200.",
    ]);
  });

  it("refuses a minimum that takes tasks away", async () => {
    const [message] = await messages(name, covered(4, 50, 200));

    assert.match(message!, /^mandatory: .*a recycle may stop 2 of them before the new tasks run/);
  });

  it("counts tasks, not percents: one task at 67% is one task", async () => {
    assert.deepEqual(await messages(name, covered(1, 67, 200)), []);
  });

  it("advises only for a daemon, of which a host runs one task", async () => {
    const [message] = await messages(
      name,
      covered(1, undefined, undefined, { schedulingStrategy: "DAEMON" }),
    );

    assert.match(message!, /^advisory: /);
  });

  it("leaves a service alone that nobody recycles", async () => {
    const program = () => service(cluster(), { service: { deploymentMinimumHealthyPercent: 0 } });

    assert.deepEqual(await messages(name, program), []);
  });
});
