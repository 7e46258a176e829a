import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import { formatArn, parseArn, partitionOf } from "../../aws-semantics/arn";
import { references } from "../../aws-semantics/references";
import { parseReference, sameSecret } from "../../aws-semantics/secret-reference";

const home = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf";

/** What the deployed callback asks of these modules. */
function answers(): unknown {
  return [
    partitionOf("cn-north-1"),
    formatArn(parseArn(secret) ?? { partition: "", service: "", region: "", account: "", resource: "" }),
    parseReference(`${secret}:password::`, home),
    parseReference("shop key", home),
    sameSecret(secret, "shop/db", home),
    references(
      { containerDefinitions: [{ name: "app", secrets: [{ name: "A", valueFrom: secret }] }] },
      home,
    ),
  ];
}

describe("aws-semantics in a serialised callback", () => {
  it("answers as it does here, with nothing required from elsewhere", async () => {
    const serialised = await pulumi.runtime.serializeFunction(() => JSON.stringify(answers()));
    const module = { exports: {} as { handler: () => string } };

    runInNewContext(serialised.text, {
      exports: module.exports,
      module,
      require: (name: string) => assert.fail(`requires ${name}`),
    });

    assert.deepEqual(JSON.parse(module.exports.handler()), JSON.parse(JSON.stringify(answers())));
  });
});
