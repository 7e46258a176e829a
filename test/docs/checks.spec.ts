import assert from "node:assert/strict";
import { problemsOf } from "../support/commands";
import { anchors, brokenLinks, codeSpans, commandLines, missingFiles, parsePage } from "../support/pages";
import { isSettingPath } from "../support/settings-paths";

const followed = ["pulumi stack output policyConfig --json > f && pulumi preview", "pulumi config set a b"];

describe("the checks of pages", () => {
  for (const [line, problem] of [
    ["npm run nothing", "no such script"],
    ["npm run demo -- --nothing", "no flag --nothing"],
    ["npm test -- test/nothing.spec.ts", "no such file"],
    ["npm test -- --nothing", "no flag --nothing"],
    ["npm ci --nothing", "npm ci --nothing"],
    ["npm install", "no such script"],
    ["pulumi import a b c", "no test follows this command"],
    ["pulumi stack output nothing", "the stack has no such output"],
    ["aws secretsmanager read-secret --secret-id a", "no such operation"],
    ["aws nothing describe-secret --secret-id a", "no such operation"],
    ["aws secretsmanager describe-secret --secret-name a", "no flag --secret-name"],
    ['aws secretsmanager describe-secret --secret-id "$(aws s3 read-all)"', "no such operation"],
    [".ci/nothing", "no such file"],
    [".ci/pulumi-cli/go.mod", "cannot be run"],
    ["apt-get install -y nothing", "installs nothing of that name"],
    ["npm ci && curl https://example.com", "nothing checks this command"],
    ["sed s/a/b/ docs/nothing.json > b", "no such file"],
  ] as const)
    it(`refuse ${line}`, () => {
      const problems = problemsOf(line, followed);

      assert.equal(problems.length, 1);
      assert.ok(problems[0]!.includes(problem), problems[0]);
    });

  for (const line of [
    "npm ci && npm run demo",
    "npm run --silent demo -- --json",
    "npm test -- test/docs/checks.spec.ts",
    "npm test -- FILE",
    "npm test -- test/docs --grep pages --inspect-brk",
    'PATH="$(.ci/pulumi-cli/install):$PATH" npm run test:engine',
    'aws secretsmanager put-secret-value --secret-id a --secret-string "$(aws secretsmanager get-secret-value --secret-id a --query SecretString --output text)"',
    "pulumi config set --path 'a:b[0].c' d",
  ])
    it(`take ${line}`, () => {
      assert.deepEqual(problemsOf(line, followed), []);
    });

  it("find commands in sh blocks and in code spans, and nowhere else", () => {
    const one = parsePage(
      "a.md",
      "Run `npm test` or `npm\nrun demo`, not `node`.\n\n```sh\n# first\nnpm ci \\\n  --omit=dev\n```\n\n```text\nnpm no\n```\n",
    );

    assert.deepEqual(
      commandLines(one, ["npm"]).map((line) => line.replace(/\s+/g, " ")),
      ["npm ci --omit=dev", "npm test", "npm run demo"],
    );
  });

  it("find links to files and headings that do not exist", () => {
    const one = parsePage(
      "docs/account.md",
      "# A title: `b`, c\n\n[a](#a-title-b-c) [b](#nothing) [c](nothing.md) [d](ci.md#the-policies) [e](ci.md#nothing)\n`[f](no-link)`\n",
    );

    assert.deepEqual(anchors(one), ["a-title-b-c"]);
    assert.deepEqual(brokenLinks(one), [
      "#nothing: no such heading",
      "nothing.md: no such file",
      "ci.md#nothing: no such heading",
    ]);
  });

  it("find files that do not exist, and leave the reader's own", () => {
    const one = parsePage(
      "docs/a.md",
      "`test/nothing.ts` `nothing.json` `ci.md` `handler/` `Pulumi.STACK.yaml` `a/b`\n",
    );

    assert.deepEqual(missingFiles(one), ["test/nothing.ts", "nothing.json"]);
  });

  it("find settings that do not exist", () => {
    const paths = [
      "services[].wave",
      "services[0].cluster",
      "rotations[].rotator.strategy",
      "limits.nothing",
      "no",
    ];

    assert.deepEqual(paths.map(isSettingPath), [true, true, true, false, false]);
  });

  it("read code spans that are broken between lines, and refuse a block without an end", () => {
    assert.deepEqual(codeSpans(parsePage("a.md", "`a\nb` and `c \\| d`\n")), ["a b", "c | d"]);
    assert.throws(() => parsePage("a.md", "```sh\nnpm ci\n"), /no end/);
  });
});
