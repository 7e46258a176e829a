import type { Credential } from "./credential";

/** What a template may name, and how it is written into the text. */
const placeholder = /\{(username|password|engine|host|port|dbname)(\|uri)?\}/g;

/** A URL that names a user and a password. */
const credentialInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;

/** What is wrong with a template of the setting `render`; undefined when nothing is. */
export function templateMistake(template: string): string | undefined {
  const [unknown] = template.replaceAll(placeholder, "").match(/\{[^}]*\}?|\}/) ?? [];
  return unknown === undefined
    ? undefined
    : `expected {username}, {password}, {engine}, {host}, {port} or {dbname}, each also as {password|uri}, found "${unknown}"`;
}

/** The fields that the settings render, from a credential. */
export function renderedFields(
  templates: Readonly<Record<string, string>>,
  credential: Credential,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(templates).map(([field, template]) => [
      field,
      template.replaceAll(placeholder, (_, name: Exclude<keyof Credential, "fields">, uri?: string) => {
        const value = String(credential[name] ?? "");
        return uri === undefined ? value : encodeURIComponent(value);
      }),
    ]),
  );
}

/**
 * The other fields of a secret that hold its credential: they would keep the old one. Fields inside of others are named
 * by their path.
 */
export function fieldsWithCredential({ fields, password }: Credential): string[] {
  const forms = [password, encodeURIComponent(password)];
  const holds = (text: string): boolean =>
    credentialInUrl.test(text) || forms.some((form) => text.includes(form));
  const search = (value: unknown, path: string): string[] => {
    if (typeof value === "string") return holds(value) ? [path] : [];
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) =>
      search(inner, path === "" ? name : `${path}.${name}`),
    );
  };
  const { password: _own, ...others } = fields;
  return search(others, "");
}
