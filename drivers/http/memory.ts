import type { Values } from './template.ts';

/** What the clients know of one record of the ledger: what they sent, and what the service called it. */
export interface Known {
  id: number;
  /** In order of sending. */
  sent: string[];
  /** What its last acknowledged write captured; null where none was acknowledged. */
  captured: Values | null;
  /** Nobody knows what came of its last write. */
  unsure: boolean;
  removed: boolean;
  /** When its last change ended. */
  changedMs: number;
}

/**
 * The records of all journeys of a component, in this process's memory only: what was captured may be a
 * token, and is never recorded. What the service calls two records alike is the newer one's.
 */
export class Memory {
  readonly #known = new Map<number, Known>();
  readonly #sentBy = new Map<string, number>();
  readonly #calledSo = new Map<string, number>();
  readonly #renamed = new Set<number>();
  readonly #sharing = new Set<number>();
  readonly #practice = new Set<number>();

  begin(id: number, value: string): Known {
    const known = this.#known.get(id) ?? {
      id,
      sent: [],
      captured: null,
      unsure: true,
      removed: false,
      changedMs: 0,
    };
    known.sent.push(value);
    known.unsure = true;
    this.#known.set(id, known);
    this.#sentBy.set(value, id);
    return known;
  }
  /** True where what it is called by was the name of another record, which was not removed. */
  acknowledge(known: Known, name: string | null, captured: Values, atMs: number): boolean {
    known.captured = captured;
    known.unsure = false;
    known.removed = false;
    known.changedMs = atMs;
    if (name === null) return false;
    const before = this.#calledSo.get(name);
    this.#calledSo.set(name, known.id);
    if (before === undefined || before === known.id) return false;
    for (const id of [before, known.id]) this.#sharing.add(id);
    return this.rename(before);
  }
  /** The value was sent for another record. */
  isOfAnother = (id: number, value: string): boolean => (this.#sentBy.get(value) ?? id) !== id;
  get = (id: number): Known | undefined => this.#known.get(id);
  all = (): Known[] => [...this.#known.values()];

  /** The service has given the record's name to another. True where nobody knew. */
  rename(id: number): boolean {
    const known = this.#known.get(id);
    if (!known || known.removed || this.#renamed.has(id)) return false;
    this.#renamed.add(id);
    return true;
  }
  /** Its name was another's as well: an older backup may give it back to that one. */
  sharesName = (id: number): boolean => this.#sharing.has(id);
  isRenamed = (id: number): boolean => this.#renamed.has(id);
  /** Names that the service gave. */
  get names(): number {
    return this.#calledSo.size;
  }
  get renamed(): number {
    return this.#renamed.size;
  }

  practise = (id: number): void => void this.#practice.add(id);
  isPractice = (id: number): boolean => this.#practice.has(id);
  /** Records of the ledger, those of rehearsals left out. */
  count = (): number => this.#known.size - this.#practice.size;
}
