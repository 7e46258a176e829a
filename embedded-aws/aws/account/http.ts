import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Iam } from "../iam";
import { answer } from "../wire/door";
import type { WireRequest } from "../wire/message";
import type { World } from "../world";

/** The HTTP door of a world, while it is open. */
export interface HttpDoor {
  /** `http://127.0.0.1:PORT`: what `AWS_ENDPOINT_URL` is set to. */
  readonly url: string;
  /** Refuses new connections and ends those that are open, long polls included. */
  close(): Promise<void>;
}

/**
 * Serves a world to real SDK clients, the AWS CLI and child processes: every service on one port of the loopback
 * interface, chosen by the kernel. The access key of a request says who calls; signatures are not verified, which
 * is why it listens nowhere else.
 */
export async function serve(world: World): Promise<HttpDoor> {
  const iam = Iam.of(world);
  const server = createServer((request, response) => {
    const respond = async () => {
      const { status, headers, body } = await answer(world, await read(request), "http", (key) =>
        iam.callerOf(key),
      );
      if (response.destroyed) return;
      response.writeHead(status, { ...headers, "content-length": body.byteLength });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    respond().catch((error: unknown) => {
      // The client went away while it was sending; anything else is a mistake of ours.
      if (!request.complete) return;
      world.mistakes.push(error);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world.endpoint = url;
  return {
    url,
    close: async () => {
      world.endpoint = undefined;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(request: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const query: Record<string, string | string[]> = {};
  for (const name of url.searchParams.keys()) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? values[0]! : values;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return {
    method: request.method ?? "GET",
    path: request.url!.split("?")[0]!,
    query,
    headers,
    body: Buffer.concat(chunks),
  };
}
