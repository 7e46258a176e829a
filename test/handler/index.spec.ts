import assert from "node:assert/strict";
import { batchOf, canonical, FakeAws, secretName, settingsWith, start } from "./fake-aws";

describe("createRecycler", () => {
  it("forces one deployment of a stale service when an event proves the move", async () => {
    const aws = new FakeAws();
    aws.service("api", start - 3_600_000);
    const recycler = aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]));

    const answer = await recycler(batchOf(canonical("put-secret-value-by-arn")));

    assert.deepEqual(answer, { batchItemFailures: [] });
    assert.deepEqual(aws.calls.find(({ operation }) => operation === "UpdateService")?.input, {
      cluster: "shop",
      service: "api",
      forceNewDeployment: true,
    });
    assert.deepEqual(aws.counts(), {
      GetQueueUrl: 1,
      GetQueueAttributes: 1,
      DescribeServices: 1,
      ListServiceDeployments: 1,
      UpdateService: 1,
    });
  });
});
