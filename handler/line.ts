/**
 * The line: services that read what changed and wait for their turn, because ECS takes few UpdateService calls a second.
 * A container that ends loses its line, and the next sweep finds the services again.
 */
import { serviceKey } from "./facts";
import type { Memory, Waiting } from "./observe/memory";

/** Puts a service at the end of the line, unless it is in it. */
export function wait({ line }: Memory, waiting: Waiting): void {
  const key = serviceKey(waiting.cluster, waiting.service);
  if (!line.has(key)) line.set(key, waiting);
}

/**
 * Takes services out of the line. Clusters take turns, so that many services of one do not hold up another; in a cluster
 * the lowest wave goes first, then who waits longest.
 */
export function takeTurns({ line, turns }: Memory, count: number): readonly Waiting[] {
  const clusters = new Map<string, Waiting[]>();
  for (const one of line.values()) clusters.set(one.cluster, [...(clusters.get(one.cluster) ?? []), one]);
  for (const own of clusters.values()) own.sort((a, b) => a.wave - b.wave);
  const taken: Waiting[] = [];
  const order = [...clusters.keys()].filter((cluster) => !turns.has(cluster));
  order.push(...[...turns].filter((cluster) => clusters.has(cluster)));
  while (taken.length < count && order.length > 0) {
    const cluster = order.shift()!;
    const next = clusters.get(cluster)?.shift();
    if (next === undefined) continue;
    taken.push(next);
    line.delete(serviceKey(cluster, next.service));
    turns.delete(cluster);
    turns.add(cluster);
    order.push(cluster);
  }
  return taken;
}
