import { oneOf } from "./command";

/** Engines that the example's database may have. */
export const engines = ["postgres", "mariadb"] as const;
/** Where the credential of the example's own database user may be kept. */
export const stores = ["secret", "parameter"] as const;

/** What of the example can be chosen. */
export interface Variant {
  readonly engine: (typeof engines)[number];
  readonly store: (typeof stores)[number];
}

/** The example as its folder has it. */
export const defaultVariant: Variant = { engine: "postgres", store: "secret" };

/** The variant that a command line names. Throws a UsageError. */
export function variantOf(engine: string, store: string): Variant {
  return { engine: engineOf(engine), store: oneOf("--store", store, stores) };
}

/** The database engine that a command line names. Throws a UsageError. */
export function engineOf(engine: string): Variant["engine"] {
  return oneOf("--engine", engine, engines, {
    mysql: "no npm or Debian package provides MySQL 8; MariaDB stands in for it",
  });
}
