import { bytes, text, type WireRequest, type WireResponse } from "./message";
import type { ServiceModel } from "./model";
import type { Protocol } from "./protocol";
import type { Shape } from "./shape";
import { element, escapeXml, readScalar, writeMembers } from "./xml";

/** The query protocols' inputs are a flat form; its dots make a tree: `Tags.member.1.Key=a`. */
interface Node {
  value?: string;
  readonly children: Map<string, Node>;
}

/** AWS query (STS, IAM, SNS, RDS): a form in, XML out. */
export const query: Protocol = {
  read: (_model, operation, request) => readInput(operation.input, request, "query"),
  write: (model, { name, output: shape }, output, requestId) => {
    const result = shape.kind === "unit" ? "" : element(`${name}Result`, writeMembers(shape, output));
    const metadata = element("ResponseMetadata", element("RequestId", requestId));
    return xml(200, requestId, element(`${name}Response`, result + metadata, xmlns(model)));
  },
  fail: (model, { status, queryCode, message, fault, shape, members }, requestId) => {
    const error =
      element("Type", fault === "client" ? "Sender" : "Receiver") +
      element("Code", escapeXml(queryCode)) +
      element("Message", escapeXml(message)) +
      (model.target === "AmazonSQS" ? element("Detail", "") : "") +
      (shape ? writeMembers(shape, members) : "");
    return xml(
      status,
      requestId,
      element("ErrorResponse", element("Error", error) + element("RequestId", requestId), xmlns(model)),
    );
  },
};

/** EC2's own variant of it. */
export const ec2: Protocol = {
  read: (_model, operation, request) => readInput(operation.input, request, "ec2"),
  write: (model, { name, output: shape }, output, requestId) => {
    const members = shape.kind === "unit" ? element("return", "true") : writeMembers(shape, output);
    return xml(
      200,
      requestId,
      element(`${name}Response`, element("requestId", requestId) + members, xmlns(model)),
    );
  },
  fail: (_model, { status, queryCode, message }, requestId) => {
    const error = element("Code", escapeXml(queryCode)) + element("Message", escapeXml(message));
    return xml(
      status,
      requestId,
      element("Response", element("Errors", element("Error", error)) + element("RequestID", requestId)),
    );
  },
};

/** The `Action` of a form, or undefined when the body is none. */
export function actionOf(request: WireRequest): string | undefined {
  const inBody = isForm(request) ? new URLSearchParams(text(request.body)).get("Action") : null;
  const inQuery = request.query.Action;
  return inBody ?? (typeof inQuery === "string" ? inQuery : undefined);
}

function isForm(request: WireRequest): boolean {
  return (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
}

function xml(status: number, requestId: string, body: string): WireResponse {
  return {
    status,
    headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
    body: bytes(`<?xml version="1.0" encoding="UTF-8"?>${body}`),
  };
}

function xmlns(model: ServiceModel): string {
  return `xmlns="${escapeXml(model.xmlNamespace)}"`;
}

function readInput(shape: Shape, request: WireRequest, variant: "query" | "ec2"): object {
  const root: Node = { children: new Map() };
  const form = new URLSearchParams(text(request.body));
  for (const [name, value] of Object.entries(request.query))
    if (typeof value === "string") form.append(name, value);
  for (const [name, value] of form) {
    let node = root;
    for (const part of name.split(".")) {
      let child = node.children.get(part);
      if (!child) node.children.set(part, (child = { children: new Map() }));
      node = child;
    }
    node.value = value;
  }
  return shape.kind === "unit" ? {} : (readNode(shape, root, variant) as object);
}

function readNode(shape: Shape, node: Node, variant: "query" | "ec2"): unknown {
  switch (shape.kind) {
    case "list": {
      const flat = variant === "ec2" || shape.traits.xmlFlattened !== undefined;
      const items = flat ? node : node.children.get(shape.element.traits.xmlName ?? "member");
      // An empty list is sent as the list's name with an empty value.
      return items ? numbered(items).map((item) => readNode(shape.element, item, variant)) : [];
    }
    case "map": {
      const flat = shape.traits.xmlFlattened !== undefined;
      const entries = flat ? node : node.children.get("entry");
      const keyName = shape.key.traits.xmlName ?? "key";
      const valueName = shape.element.traits.xmlName ?? "value";
      return Object.fromEntries(
        (entries ? numbered(entries) : []).flatMap((entry) => {
          const key = entry.children.get(keyName)?.value;
          const value = entry.children.get(valueName);
          return key !== undefined && value ? [[key, readNode(shape.element, value, variant)]] : [];
        }),
      );
    }
    case "structure":
    case "union": {
      if (node.value !== undefined && node.children.size === 0 && node.value !== "") return node.value;
      const read: Record<string, unknown> = {};
      for (const [name, member] of shape.members) {
        const child = node.children.get(formName(name, member, variant));
        if (child) read[name] = readNode(member, child, variant);
      }
      return read;
    }
    default:
      return node.value === undefined ? undefined : readScalar(shape, node.value, "date-time");
  }
}

function formName(name: string, member: Shape, variant: "query" | "ec2"): string {
  const { ec2QueryName, xmlName } = member.traits;
  if (variant === "query") return xmlName ?? name;
  if (ec2QueryName) return ec2QueryName;
  const own = xmlName ?? name;
  return own[0]!.toUpperCase() + own.slice(1);
}

/** Children 1, 2, 3 ... in the order of their numbers. */
function numbered(node: Node): Node[] {
  return [...node.children]
    .filter(([key]) => /^\d+$/.test(key))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
