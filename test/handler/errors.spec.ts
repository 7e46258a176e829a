import assert from "node:assert/strict";
import { caughtFault, fault, faultOf, type FailureCode } from "../../handler/errors";
import { awsError } from "./fake-aws";

describe("faultOf", () => {
  const rows: [Error, FailureCode | undefined][] = [
    [awsError("ThrottlingException"), "retryable"],
    [awsError("TooManyRequestsException"), "retryable"],
    [awsError("Unheard", "x", 429), "retryable"],
    [awsError("Unheard", "x", 503), "retryable"],
    [awsError("ServerException", "x", 500), "retryable"],
    [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "retryable"],
    [Object.assign(new Error("late"), { name: "TimeoutError" }), "retryable"],
    [awsError("AccessDeniedException"), "denied"],
    [Object.assign(new Error("no credentials"), { name: "CredentialsProviderError" }), "denied"],
    [awsError("ResourceNotFoundException"), "not-found"],
    [awsError("ServiceNotActiveException"), "not-found"],
    [awsError("ClusterNotFoundException"), "not-found"],
    [awsError("InvalidParameterException", "5 active deployments exist, unable to create"), "busy"],
    [awsError("InvalidParameterException", "Cannot force a new deployment"), "refused"],
    [awsError("NotImplemented", "no such operation", 501), "refused"],
    [new TypeError("a mistake"), undefined],
  ];
  for (const [error, expected] of rows)
    it(`takes ${error.name} (${error.message}) for ${expected ?? "a mistake of ours"}`, () =>
      assert.equal(faultOf(error, "call")?.code, expected));

  it("takes what is no error at all for a mistake of ours", () =>
    assert.deepEqual([faultOf(undefined, "call"), faultOf("text", "call")], [undefined, undefined]));
});

describe("caughtFault", () => {
  it("gives a fault back and throws everything else", () => {
    const failed = fault("no time", "retryable");

    assert.equal(caughtFault(failed), failed);
    assert.throws(() => caughtFault(new TypeError("a mistake")), /a mistake/);
  });
});
