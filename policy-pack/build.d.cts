/** Bundles the policy pack into `outfile`. */
export function build(outfile: string): void;
