import assert from "node:assert/strict";
import { DescribeServicesCommand, ECSClient } from "@aws-sdk/client-ecs";
import { ListRulesCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SecretsManagerClient, ListSecretsCommand } from "@aws-sdk/client-secrets-manager";
import { temporaryFolder } from "../support/folder";
import { descendantsOf, isRunning, startProgram } from "../support/program";

describe("npm run local", () => {
  it("says how to reach the example, answers any SDK, and leaves nothing behind", async () => {
    const folder = temporaryFolder();
    const program = startProgram("demo/serve.ts", [], { TMPDIR: folder.path });
    const value = async (name: string): Promise<string> =>
      (await program.line(new RegExp(`^export ${name}=`))).split("=").slice(1).join("=");
    const config = {
      endpoint: await value("AWS_ENDPOINT_URL"),
      region: await value("AWS_REGION"),
      credentials: {
        accessKeyId: await value("AWS_ACCESS_KEY_ID"),
        secretAccessKey: await value("AWS_SECRET_ACCESS_KEY"),
      },
    };
    await program.line(/Ctrl-C/);

    const { services } = await new ECSClient(config).send(
      new DescribeServicesCommand({ cluster: "shop", services: ["web", "worker", "reports"] }),
    );
    const { Rules } = await new EventBridgeClient(config).send(new ListRulesCommand({}));
    const { SecretList } = await new SecretsManagerClient(config).send(new ListSecretsCommand({}));
    const started = descendantsOf(program.pid);
    process.kill(program.pid, "SIGINT");
    const { status } = await program.ended;

    assert.match(config.endpoint, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(
      services!.map(({ serviceName, runningCount }) => [serviceName, runningCount]),
      [
        ["web", 3],
        ["worker", 2],
        ["reports", 2],
      ],
    );
    assert.ok(Rules!.length >= 4);
    assert.ok(SecretList!.some(({ Name }) => Name === "shop/database"));
    assert.equal(status, 0);
    assert.ok(started.length > 5);
    assert.deepEqual(started.filter(isRunning), []);
    assert.deepEqual(folder.entries(), []);
    folder.remove();
  }).timeout(120_000);
});
