/** What is wrong with the installation of the repository in `root`, and what to run. */
export function installationProblem(root: string, platform?: string): string | undefined;
