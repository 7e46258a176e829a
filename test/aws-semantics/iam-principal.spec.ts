import assert from "node:assert/strict";
import { matchesPrincipal, principalMatch } from "../../aws-semantics/iam-principal";
import type { PrincipalElement, PrincipalIdentity, PrincipalMatch } from "../../aws-semantics/iam-principal";

const role: PrincipalIdentity = {
  arn: "arn:aws:iam::123456789012:role/recycler",
  sessionArn: "arn:aws:sts::123456789012:assumed-role/recycler/run",
};
const rule: PrincipalIdentity = { service: "events.amazonaws.com" };

describe("aws-semantics/iam-principal", () => {
  const table: readonly (readonly [PrincipalElement, PrincipalIdentity, PrincipalMatch])[] = [
    ["*", role, "identity"],
    ["*", rule, "identity"],
    [{ AWS: "*" }, role, "identity"],
    [{ AWS: "arn:aws:iam::123456789012:role/recycler" }, role, "identity"],
    [{ AWS: ["arn:aws:iam::123456789012:role/other", role.arn ?? ""] }, role, "identity"],
    [{ AWS: "arn:aws:sts::123456789012:assumed-role/recycler/run" }, role, "identity"],
    [{ AWS: "arn:aws:sts::123456789012:assumed-role/recycler/other" }, role, "none"],
    [{ AWS: "arn:aws:iam::123456789012:role/*" }, role, "none"],
    [{ AWS: "arn:aws:iam::123456789012:root" }, role, "account"],
    [{ AWS: "123456789012" }, role, "account"],
    [{ AWS: "210987654321" }, role, "none"],
    [{ AWS: "arn:aws-cn:iam::123456789012:root" }, role, "none"],
    [{ AWS: ["123456789012", role.arn ?? ""] }, role, "identity"],
    [{ Service: "events.amazonaws.com" }, role, "none"],
    [{ Service: "events.amazonaws.com" }, rule, "identity"],
    [{ Service: ["sns.amazonaws.com", "events.amazonaws.com"] }, rule, "identity"],
    [{ Service: "sns.amazonaws.com" }, rule, "none"],
    [{ AWS: "123456789012" }, rule, "none"],
    [{ Federated: "cognito-identity.amazonaws.com" }, role, "none"],
    [{}, role, "none"],
  ];
  for (const [element, caller, wanted] of table) {
    it(`finds ${JSON.stringify(element)} to name ${caller.service ?? "the role"} as ${wanted}`, () => {
      assert.equal(principalMatch(element, caller), wanted);
      assert.equal(matchesPrincipal(element, caller), wanted !== "none");
    });
  }
});
