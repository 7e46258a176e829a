import { forms, type Form, type FormName, type RuleKind } from "./forms";
import { events } from "./table";

/** An event pattern of Amazon EventBridge, as an object. */
export type EventPattern = Readonly<Record<string, unknown>>;

/**
 * The pattern of a rule: the table's events of that rule, no others. It does not filter by secret: each form names the
 * secret in another place, and the recycler knows what is covered.
 */
export function rulePattern(rule: Exclude<RuleKind, "sweep">): EventPattern {
  const [first, ...others] = (Object.keys(forms) as FormName[])
    .filter((form) => forms[form].rule === rule)
    .map(formPattern);
  if (others.length === 0) return { ...first };
  return { $or: [first, ...others] };
}

function formPattern(name: FormName): EventPattern {
  const { source, detailType, nameIn, detail }: Form = forms[name];
  const names = events.filter(({ form }) => form === name).map((event) => event.name);
  return {
    source: [source],
    "detail-type": [detailType],
    ...(nameIn && { detail: { ...detail, [nameIn]: names } }),
  };
}
