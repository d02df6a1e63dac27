import { tmpdir } from 'node:os';
import { parse } from 'yaml';
import { systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import type { DataClient, DataWorkload } from '../../../core/workload.ts';
import driver from '../../../drivers/http/index.ts';

export const byList = `
ready: /health
journeys:
  order:
    write:
      post: /orders
      json: { ref: "{{id}}", note: "{{value}}" }
      expect: { status: 201 }
      capture: { order: $.id }
    rewrite: { put: "/orders/{{order}}", json: { note: "{{value}}" } }
    read: { get: "/orders/{{order}}", value: $.note }
    list: { get: "/orders?after={{cursor}}", each: "$.items[*]", id: $.ref, next: $.next }
    remove: { delete: "/orders/{{order}}" }
    fails: [409, 422]
`;
/** The same without a list: each record is asked for. */
export const byName = byList.replace(/^ {4}list:.*\n/m, '');

export interface Opened extends AsyncDisposable {
  attached: Attached;
  data: DataWorkload;
  client: DataClient;
  notes: string[];
}

/** The driver at a server of this process; `yaml` is the component's `config`. */
export async function openAt(
  at: { readonly port: number },
  yaml: string = byList,
  secrets: Record<string, string> = {},
  folder = '.',
): Promise<Opened> {
  // A busy machine must not be taken for a service that gives no answer.
  const declared = driver.config.parse({ timeout: '60s', ...(parse(yaml) as object) });
  const { config, notes } = await driver.complete!(declared, folder);
  const attached = await driver.attach({
    component: 'shop',
    service: null as never,
    config,
    clients: async () => ({ host: '127.0.0.1', port: at.port }),
    peer: () => null as never,
    clock: systemClock,
    seed: 7,
    secret: (name) => secrets[name]!,
    note: (text) => notes.push(text),
    scratch: tmpdir,
    beganWith: () => undefined,
  });
  const data = attached.workload as DataWorkload;
  return {
    attached,
    data,
    client: (await data?.open()) as DataClient,
    notes,
    [Symbol.asyncDispose]: async () => attached.close(),
  };
}

export async function readBack(data: DataWorkload): Promise<[number, string][]> {
  const read: [number, string][] = [];
  await data.readBack((id, value) => read.push([id, value]));
  return read.sort(([a], [b]) => a - b);
}
