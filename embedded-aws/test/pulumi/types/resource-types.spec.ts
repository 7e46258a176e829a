import assert from "node:assert/strict";
import { invoke } from "../../../pulumi/invokes";
import { accountOf } from "../../../pulumi/account";
import { resourceTypeOf, resourceTypes } from "../../../pulumi/types";
import { virtualWorld } from "../../support/world";

describe("resourceTypes", () => {
  for (const token of Object.keys(resourceTypes))
    it(`has for ${token} a type that @pulumi/aws has`, () => {
      const [, module, name] = /^aws:(\w+)\/\w+:(\w+)$/.exec(token)!;
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- the module's name is in the token
      const types = require(`@pulumi/aws/${module}`) as Record<string, { __pulumiType?: string }>;

      assert.equal(types[name!]?.__pulumiType, token);
      assert.ok(resourceTypes[token]!.computed.includes("id"));
    });
});

describe("resourceTypeOf", () => {
  it("names a type that is not in the table, and where to add it", () => {
    assert.throws(
      () => resourceTypeOf("aws:dynamodb/table:Table"),
      /aws:dynamodb\/table:Table is not known .* embedded-aws\/pulumi\/types\//,
    );
  });
});

describe("invoke", () => {
  it("answers where it runs, in every partition", async () => {
    const { world } = virtualWorld({ partition: "aws-cn", region: "cn-north-1" });
    const account = accountOf(world, { type: "invoke", name: "test" });

    const partition = await invoke(account, "aws:index/getPartition:getPartition", {});
    const region = await invoke(account, "aws:index/getRegion:getRegion", {});

    assert.deepEqual(
      [partition.partition, partition.dnsSuffix, region.region],
      ["aws-cn", "amazonaws.com.cn", "cn-north-1"],
    );
  });

  it("names a function that is not in the table", () => {
    const account = accountOf(virtualWorld().world, { type: "invoke", name: "test" });

    assert.throws(
      () => invoke(account, "aws:index/getIpRanges:getIpRanges", {}),
      /getIpRanges is not known .* embedded-aws\/pulumi\/invokes\.ts/,
    );
  });
});
