import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { blocksOf, page } from "./support/pages";

const root = join(__dirname, "..");
const folder = join(root, ".github", "workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = readdirSync(folder).map((file) => {
  const text = readFileSync(join(folder, file), "utf8");
  return { file, text, workflow: parse(text) as Workflow };
});

/** The workflow in this file. */
function workflowOf(file: string): Workflow {
  return workflows.find((one) => one.file === file)!.workflow;
}

describe("every workflow", () => {
  for (const { file, text, workflow } of workflows) {
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

    it(`${file} pins each action by its commit, with the version as a comment`, () => {
      const used = steps.flatMap(({ uses }) => uses ?? []);

      assert.ok(used.length > 0);
      for (const action of used) {
        assert.match(action, /^[\w./-]+@[0-9a-f]{40}$/);
        assert.match(text, new RegExp(`uses: ${action} # v\\d+\\.\\d+\\.\\d+\n`));
      }
    });

    it(`${file} leaves no credentials of GitHub in the work tree`, () => {
      const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));

      assert.equal(checkouts.length, Object.keys(workflow.jobs).length);
      for (const checkout of checkouts) assert.equal(checkout.with?.["persist-credentials"], false);
    });

    it(`${file} reads the repository and has no other permission by default`, () => {
      assert.deepEqual(workflow.permissions, { contents: "read" });
    });

    it(`${file} does not run a pull request with the repository's own rights`, () => {
      assert.ok(!JSON.stringify(workflow.on).includes("pull_request_target"));
    });

    it(`${file} gives a secret to a step that runs Pulumi and to nothing else`, () => {
      const withSecret = (part: unknown) => JSON.stringify(part).includes("secrets.");
      const jobs = Object.values(workflow.jobs).map((job) => ({ ...job, steps: [] }));

      assert.ok(!withSecret({ ...workflow, jobs }));
      for (const step of steps.filter(withSecret)) assert.match(step.run ?? "", /\bpulumi preview\b/);
    });
  }
});

describe(".github/workflows/preview.yml", () => {
  const { test, preview } = workflowOf("preview.yml").jobs as Record<"test" | "preview", Job>;

  it("is the workflow that docs/ci.md shows", () => {
    const [shown] = blocksOf(page("docs/ci.md"), "yaml");

    assert.equal(shown, readFileSync(join(folder, "preview.yml"), "utf8"));
  });

  it("tests with no permission of its own", () => {
    assert.ok(test.steps.some(({ run }) => run === "npm test"));
    assert.equal(test.permissions, undefined);
  });

  it("previews tested branches of this repository only, in an environment that can ask a reviewer", () => {
    assert.equal(preview.needs, "test");
    assert.equal(preview.if, "github.event.pull_request.head.repo.full_name == github.repository");
    assert.equal(preview.environment, "preview");
    assert.deepEqual(preview.permissions, { contents: "read", "id-token": "write" });
  });

  it("runs no install script of a package where the role is within reach", () => {
    const [install] = preview.steps.flatMap(({ run }) => (run?.includes("npm ") ? [run] : []));

    assert.equal(install, "npm ci --omit=dev --ignore-scripts && npm run prepare");
  });
});

describe(".github/workflows/ci.yml", () => {
  const { jobs } = workflowOf("ci.yml");
  const lines = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

  it("runs what a change must pass, and looks up known weaknesses of the locked packages", () => {
    assert.deepEqual(lines, [".ci/run", "npm audit --audit-level=high"]);
  });
});
