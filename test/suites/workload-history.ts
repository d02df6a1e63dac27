import type { DataClient, DataWorkload } from '../../core/workload.ts';
import { OperationError } from '../../core/ledger.ts';

/** What one writer did to a group, in order. `uncertain` values may or may not be there. */
interface GroupHistory {
  acknowledged: string | null;
  uncertain: string[];
  refused: string[];
}

/**
 * Several writers share a client, as the load's operations do, so that several are under way when it breaks.
 */
const writersPerClient = 8;

/** Values name their group and version, so that what is read back says where it came from. */
const valueFor = (group: number, version: number): string => `g${group}v${version}`;

/**
 * Writes groups over and over, one writer a client, and remembers every outcome: the conformance suite's own
 * small ledger, independent of Muster's. Each writer has groups of its own, so that each group's history is a
 * sequence.
 */
export class History {
  readonly #workload: DataWorkload;
  readonly #firstId: number;
  readonly groups = new Map<number, GroupHistory>();
  acknowledged = 0;
  uncertain = 0;
  refused = 0;
  #version = 0;
  #stopped = false;
  #writers: Promise<void>[] = [];

  constructor(workload: DataWorkload, firstId: number) {
    this.#workload = workload;
    this.#firstId = firstId;
  }

  idsOf(group: number): number[] {
    const { groupSize } = this.#workload;
    return Array.from({ length: groupSize }, (_, i) => this.#firstId + group * groupSize + i);
  }

  /** True when it was acknowledged. */
  async write(client: DataClient, group: number): Promise<boolean> {
    this.#version += 1;
    const value = valueFor(group, this.#version);
    const ids = this.idsOf(group);
    const known = this.groups.get(group) ?? { acknowledged: null, uncertain: [], refused: [] };
    this.groups.set(group, known);
    try {
      await client.write(
        ids,
        ids.map(() => value),
      );
      this.acknowledged += 1;
      known.acknowledged = value;
      known.uncertain = [];
      return true;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      this[error.certain ? 'refused' : 'uncertain'] += 1;
      known[error.certain ? 'refused' : 'uncertain'].push(value);
      return false;
    }
  }

  /**
   * Starts writers that go on until `stop`, each with groups of its own. A group that was not acknowledged is
   * never written again: a later write would hide what became of the one that nobody knows.
   */
  async start(writers: number, groupsEach: number): Promise<void> {
    const clients = await Promise.all(
      Array.from({ length: Math.ceil(writers / writersPerClient) }, () => this.#workload.open()),
    );
    let nextGroup = writers * groupsEach;
    this.#writers = Array.from({ length: writers }, async (_, writer) => {
      const groups = Array.from({ length: groupsEach }, (_each, i) => writer * groupsEach + i);
      for (let i = 0; !this.#stopped; i = (i + 1) % groupsEach) {
        const acknowledged = await this.write(clients[writer % clients.length]!, groups[i]!);
        if (!acknowledged) groups[i] = nextGroup++;
        // Refusals come back at once; there is no need to try as often as that.
        await new Promise((resolve) => (acknowledged ? setImmediate(resolve) : setTimeout(resolve, 5)));
      }
    });
    this.#writers.push(this.#closing(clients, [...this.#writers]));
    for (const running of this.#writers) running.catch(() => undefined);
  }

  async #closing(clients: DataClient[], writers: Promise<void>[]): Promise<void> {
    await Promise.allSettled(writers);
    for (const client of clients) await client.close();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
  }

  /** What is wrong with what was read back, in words; empty when nothing is. */
  violations(read: ReadonlyMap<number, string>, durable: boolean): string[] {
    const wrong: string[] = [];
    for (const [group, { acknowledged, uncertain, refused }] of this.groups) {
      const values = [...new Set(this.idsOf(group).map((id) => read.get(id) ?? null))];
      const value = values[0]!;
      if (values.length > 1) wrong.push(`group ${group} is torn: ${values.join(', ')}`);
      else if (value !== null && refused.includes(value))
        wrong.push(`group ${group}: ${value} is there and was refused with certainty`);
      else if (durable && value !== acknowledged && !uncertain.includes(value ?? ''))
        wrong.push(`group ${group}: ${value} is there, ${acknowledged} was acknowledged`);
    }
    return wrong;
  }
}

/** Everything of the workload that is there, by id; throws when an id comes twice. */
export async function readAll(workload: DataWorkload): Promise<Map<number, string>> {
  const read = new Map<number, string>();
  await workload.readBack((id, value) => {
    if (read.has(id)) throw new Error(`${id} was read back twice`);
    read.set(id, value);
  });
  return read;
}

/** What differs, in words and not more than a few of them; empty when nothing does. */
export function differences(
  found: ReadonlyMap<number, string>,
  expected: ReadonlyMap<number, string>,
): string[] {
  const wrong = [...new Set([...found.keys(), ...expected.keys()])].filter(
    (id) => found.get(id) !== expected.get(id),
  );
  const shown = wrong
    .slice(0, 5)
    .map((id) => `${id}: ${found.get(id) ?? 'nothing'}, expected ${expected.get(id) ?? 'nothing'}`);
  return wrong.length > 5 ? [...shown, `and ${wrong.length - 5} more`] : shown;
}
