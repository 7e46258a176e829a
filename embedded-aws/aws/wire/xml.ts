import { ServiceError } from "../errors";
import type { Shape, TimestampFormat } from "./shape";
import { formatTimestamp, parseTimestamp } from "./timestamp";

/** An element of a parsed document: its text, its children by name in order, its attributes. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text as it may stand in an element or attribute. Control characters that XML cannot hold become references. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(
      /[\r\n\u0085\u2028]/g,
      (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
    );
}

/** `<name>content</name>`; `content` is markup. */
export function element(name: string, content: string, attributes = ""): string {
  return `<${name}${attributes && ` ${attributes}`}>${content}</${name}>`;
}

/** The members of a structure as elements, without one around them. */
export function writeMembers(shape: Shape, value: object, format: TimestampFormat = "date-time"): string {
  const given = value as Readonly<Record<string, unknown>>;
  let xml = "";
  for (const [name, member] of shape.members)
    if (given[name] !== undefined && given[name] !== null && member.traits.xmlAttribute === undefined)
      xml += writeElement(member, given[name], member.memberTraits.xmlName ?? name, format);
  return xml;
}

/** A value as one element, or as many where its list is flattened. */
export function writeElement(shape: Shape, value: unknown, name: string, format: TimestampFormat): string {
  switch (shape.kind) {
    case "list": {
      const flat = shape.traits.xmlFlattened !== undefined;
      const itemName = flat ? name : (shape.element.traits.xmlName ?? "member");
      const items = (value as unknown[]).map((item) => writeElement(shape.element, item, itemName, format));
      return flat ? items.join("") : element(name, items.join(""));
    }
    case "map": {
      const flat = shape.traits.xmlFlattened !== undefined;
      const keyName = shape.key.traits.xmlName ?? "key";
      const valueName = shape.element.traits.xmlName ?? "value";
      const entries = Object.entries(value as object).map(([key, item]) =>
        element(
          flat ? name : "entry",
          element(keyName, escapeXml(key)) + writeElement(shape.element, item, valueName, format),
        ),
      );
      return flat ? entries.join("") : element(name, entries.join(""));
    }
    case "structure":
    case "union":
      return element(
        name,
        writeMembers(shape, value as object, format),
        writeAttributes(shape, value as object),
      );
    default:
      return element(name, escapeXml(writeScalar(shape, value, format)));
  }
}

/** A scalar as the XML and query protocols, and HTTP headers, write it. */
export function writeScalar(shape: Shape, value: unknown, format: TimestampFormat): string {
  switch (shape.kind) {
    case "timestamp":
      return String(formatTimestamp(value as Date, shape.timestampFormat(format)));
    case "blob":
      return Buffer.from(value as Uint8Array).toString("base64");
    default:
      return String(value);
  }
}

function writeAttributes(shape: Shape, value: object): string {
  const given = value as Readonly<Record<string, unknown>>;
  const attributes: string[] = [];
  for (const [name, member] of shape.members)
    if (member.traits.xmlAttribute !== undefined && given[name] !== undefined) {
      const attribute = member.traits.xmlName ?? name;
      if (attribute.startsWith("xsi:"))
        attributes.push('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"');
      attributes.push(`${attribute}="${escapeXml(writeScalar(member, given[name], "date-time"))}"`);
    }
  return attributes.join(" ");
}

/** What text means for a scalar shape; text that does not fit stays text, for the gate to name. */
export function readScalar(shape: Shape, text: string, format: TimestampFormat): unknown {
  switch (shape.kind) {
    case "number": {
      const number = text.trim() === "" ? Number.NaN : Number(text);
      return Number.isNaN(number) ? text : number;
    }
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "timestamp":
      return parseTimestamp(text, shape.timestampFormat(format));
    case "blob":
      return new Uint8Array(Buffer.from(text, "base64"));
    default:
      return text;
  }
}

/** A value of this shape from an element; what is not in the model is dropped. */
export function readElement(
  shape: Shape,
  source: XmlElement,
  format: TimestampFormat = "date-time",
): unknown {
  switch (shape.kind) {
    case "list": {
      const itemName = shape.element.traits.xmlName ?? "member";
      return source.children
        .filter((child) => child.name === itemName)
        .map((child) => readElement(shape.element, child, format));
    }
    case "map":
      return readMap(
        shape,
        source.children.filter((child) => child.name === "entry"),
        format,
      );
    case "structure":
    case "union": {
      const read: Record<string, unknown> = {};
      for (const [name, member] of shape.members) {
        const tag = member.memberTraits.xmlName ?? name;
        if (member.traits.xmlAttribute !== undefined) {
          const attribute = source.attributes[member.traits.xmlName ?? name];
          if (attribute !== undefined) read[name] = attribute;
          continue;
        }
        const found = source.children.filter((child) => child.name === tag);
        if (found.length === 0) continue;
        const flat = member.traits.xmlFlattened !== undefined;
        if (flat && member.kind === "list")
          read[name] = found.map((child) => readElement(member.element, child, format));
        else if (flat && member.kind === "map") read[name] = readMap(member, found, format);
        else read[name] = readElement(member, found[0]!, format);
      }
      return read;
    }
    default:
      return readScalar(shape, source.text, format);
  }
}

function readMap(shape: Shape, entries: readonly XmlElement[], format: TimestampFormat): object {
  const keyName = shape.key.traits.xmlName ?? "key";
  const valueName = shape.element.traits.xmlName ?? "value";
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const key = entry.children.find((child) => child.name === keyName);
      const value = entry.children.find((child) => child.name === valueName);
      return key && value ? [[key.text, readElement(shape.element, value, format)]] : [];
    }),
  );
}

/** Parses a document without a document type: what clients of AWS send. Throws MalformedXML. */
export function parseXml(xml: string): XmlElement {
  const token =
    /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s/>!]+)([^>]*?)(\/?)>|([^<]+)/gy;
  interface Open {
    name: string;
    attributes: Record<string, string>;
    children: XmlElement[];
    text: string;
  }
  const stack: Open[] = [{ name: "", attributes: {}, children: [], text: "" }];
  let end = 0;
  for (let match = token.exec(xml); match; match = token.exec(xml)) {
    end = token.lastIndex;
    const [, cdata, closing, name, rest, empty, text] = match;
    const top = stack.at(-1)!;
    if (cdata !== undefined) top.text += cdata;
    else if (text !== undefined) top.text += unescapeXml(text);
    else if (name !== undefined && closing) {
      if (stack.length < 2 || top.name !== localName(name)) throw malformed();
      stack.pop();
      stack.at(-1)!.children.push(top);
    } else if (name !== undefined) {
      const opened: Open = { name: localName(name), attributes: attributesOf(rest!), children: [], text: "" };
      if (empty) top.children.push(opened);
      else stack.push(opened);
    }
  }
  const [root] = stack[0]!.children;
  if (end !== xml.length || stack.length !== 1 || stack[0]!.children.length !== 1 || !root) throw malformed();
  return root;
}

function malformed(): ServiceError {
  return new ServiceError(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, double, single] of text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    attributes[name!] = unescapeXml(double ?? single ?? "");
  return attributes;
}

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
