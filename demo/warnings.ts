import console from "node:console";

/** Runs a Pulumi program and passes on what it warns of: without an engine, Pulumi warns on the console. */
export async function withWarnings<Result>(
  listener: (warning: string) => void = () => undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const warn = console.warn.bind(console);
  console.warn = (text: unknown) => listener(String(text).replace("warning: [runtime] ", ""));
  try {
    return await run();
  } finally {
    console.warn = warn;
  }
}
