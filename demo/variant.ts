/** Engines that the example's database may have. */
export const engines = ["postgres", "mariadb"] as const;
/** Where the credential of the example's own database user may live. */
export const stores = ["secret", "parameter"] as const;

/** What of the example can be had otherwise. */
export interface Variant {
  readonly engine: (typeof engines)[number];
  readonly store: (typeof stores)[number];
}

/** The example as it stands in its folder. */
export const defaultVariant: Variant = { engine: "postgres", store: "secret" };

/** The variant that the words of a command line name. Throws, naming what was found and what may stand there. */
export function variantOf(engine: string, store: string): Variant {
  return { engine: oneOf("--engine", engine, engines), store: oneOf("--store", store, stores) };
}

function oneOf<Word extends string>(option: string, found: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === found);
  if (word !== undefined) return word;
  const hint = found === "mysql" ? ": there is no package of MySQL 8; MariaDB stands for it" : "";
  throw new Error(`${option}: found ${found}, wanted ${words.join(" or ")}${hint}`);
}
