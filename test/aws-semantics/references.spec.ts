import assert from "node:assert/strict";
import { isHeldByTasks, references, serviceReferences } from "../../aws-semantics/references";

const home = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf";
const parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key";

const taskDefinition = {
  family: "checkout",
  containerDefinitions: [
    {
      name: "app",
      secrets: [
        { name: "PASSWORD", valueFrom: `${secret}:password::` },
        { name: "KEY", valueFrom: "/shop/key" },
      ],
      logConfiguration: { secretOptions: [{ name: "splunk-token", valueFrom: parameter }] },
    },
    {
      name: "sidecar",
      repositoryCredentials: { credentialsParameter: "shop/registry" },
      credentialSpecs: [
        `credentialspec:${parameter}`,
        "credentialspecdomainless:arn:aws:s3:::bucket/spec.json",
        `credentialspecdomainless:${parameter}`,
      ],
      environmentFiles: [{ type: "s3", value: "arn:aws:s3:::bucket/a.env" }],
    },
  ],
  volumes: [
    { name: "plain" },
    {
      name: "share",
      fsxWindowsFileServerVolumeConfiguration: {
        fileSystemId: "fs-1",
        authorizationConfig: { credentialsParameter: secret, domain: "example.com" },
      },
    },
  ],
};

describe("aws-semantics/references", () => {
  describe("references", () => {
    it("finds every place of a task definition that refers to a secret, with its path, use and reader", () => {
      const found = references(taskDefinition, home).map(({ path, use, container, name, reference }) => [
        path,
        use,
        container,
        name,
        reference.service,
      ]);
      assert.deepEqual(found, [
        ["containerDefinitions[0].secrets[0]", "secret", "app", "PASSWORD", "secretsmanager"],
        ["containerDefinitions[0].secrets[1]", "secret", "app", "KEY", "ssm"],
        [
          "containerDefinitions[0].logConfiguration.secretOptions[0]",
          "log-secret",
          "app",
          "splunk-token",
          "ssm",
        ],
        [
          "containerDefinitions[1].repositoryCredentials.credentialsParameter",
          "repository-credentials",
          "sidecar",
          undefined,
          "secretsmanager",
        ],
        ["containerDefinitions[1].credentialSpecs[0]", "credential-spec", "sidecar", undefined, "ssm"],
        ["containerDefinitions[1].credentialSpecs[2]", "credential-spec", "sidecar", undefined, "ssm"],
        [
          "volumes[1].fsxWindowsFileServerVolumeConfiguration.authorizationConfig.credentialsParameter",
          "volume-credentials",
          undefined,
          "share",
          "secretsmanager",
        ],
      ]);
    });

    it("says that running tasks hold all of them but the credentials for pulling the image", () => {
      const released = references(taskDefinition, home).filter((found) => !isHeldByTasks(found));
      assert.deepEqual(
        released.map((found) => found.use),
        ["repository-credentials"],
      );
    });

    it("reports an invalid reference where it stands, and the others all the same", () => {
      const found = references(
        { containerDefinitions: [{ secrets: [{ name: "A" }, { name: "B", valueFrom: "b" }] }] },
        home,
      );
      assert.deepEqual(
        found.map(({ path, reference }) => [path, reference.service]),
        [
          ["containerDefinitions[0].secrets[0]", "invalid"],
          ["containerDefinitions[0].secrets[1]", "ssm"],
        ],
      );
    });

    it("refuses a parameter as repository credentials and a bare name as credentials of a volume", () => {
      const found = references(
        {
          containerDefinitions: [{ repositoryCredentials: { credentialsParameter: parameter } }],
          volumes: [
            {
              fsxWindowsFileServerVolumeConfiguration: { authorizationConfig: { credentialsParameter: "x" } },
            },
          ],
        },
        home,
      );
      assert.deepEqual(
        found.map(({ reference }) => reference.service),
        ["invalid", "invalid"],
      );
    });

    it("finds nothing in an empty task definition", () => {
      assert.deepEqual(references({}, home), []);
    });
  });

  describe("serviceReferences", () => {
    it("finds the log secrets of Service Connect, which stand in the service", () => {
      const found = serviceReferences(
        {
          serviceConnectConfiguration: {
            logConfiguration: { secretOptions: [{ name: "token", valueFrom: parameter }] },
          },
        },
        home,
      );
      assert.deepEqual(
        found.map(({ path, use, name }) => [path, use, name]),
        [
          [
            "serviceConnectConfiguration.logConfiguration.secretOptions[0]",
            "service-connect-log-secret",
            "token",
          ],
        ],
      );
      assert.deepEqual(serviceReferences({}, home), []);
    });
  });
});
