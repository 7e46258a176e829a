/** Bundles the rotation function into `outfile` (default `rotator/dist/index.js`). `inputs` are the files in it. */
export function build(outfile?: string): Promise<{ outfile: string; inputs: string[] }>;
