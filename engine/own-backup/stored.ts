import { environmentError, NoRecoveryPoint } from '../../core/errors.ts';
import type { ExternalPayload } from '../../core/recovery-point.ts';
import type { Store } from '../../core/store.ts';
import { storeOf } from '../drill-context.ts';
import { contentOf, digestOf, lookThrough, type Looked } from './digest.ts';
import type { Content } from './inside.ts';
import { assertNoSecret, type Own, type OwnComponent } from './place.ts';

/** What a script has put into a store, and what is in it. */
interface Stored {
  kept: ExternalPayload;
  content: Content;
}

/** Another once an object was written anew. */
export const stateOf = ({ bytes, state = '' }: Awaited<ReturnType<Store['list']>>[number]): string =>
  `${bytes} ${state}`;

/** Where a script puts its backups by itself. */
interface Place {
  objects: string;
  in: string;
}

/**
 * Objects in a store that somebody else than Muster put there: what other backups of the drill keep in the
 * same one comes while a script runs, and is not what it leaves.
 */
export const ofOthers = async (
  { drill }: OwnComponent,
  name: string,
  prefix: string,
): Promise<Awaited<ReturnType<Store['list']>>> =>
  (await storeOf(drill, name).store.list(prefix)).filter(({ key }) => !drill.repository!.isOwn(key));

/**
 * Looks at what is in a store before a script runs. Then `whatIsNew` gives what the script has put there,
 * read and looked into from end to end: its keys, a line each, are the reference.
 */
export async function lookInStore(
  own: Own,
  { in: name, objects: prefix }: Place,
): Promise<{ whatIsNew(signal: AbortSignal): Promise<Stored> }> {
  const { store } = storeOf(own.drill, name);
  const before = new Map((await ofOthers(own, name, prefix)).map((one) => [one.key, stateOf(one)]));
  const whatIsNew = async (signal: AbortSignal): Promise<Stored> => {
    const there = await ofOthers(own, name, prefix);
    const readAll = async (keys: readonly string[]): Promise<Looked[]> => {
      const found: Looked[] = [];
      for (const key of keys) {
        signal.throwIfAborted();
        found.push(await read(own, store, key));
      }
      return found;
    };
    const isAnother = (one: Looked): boolean => own.seen.get(one.name) !== one.sha256;
    const differ = there.filter((one) => before.get(one.key) !== stateOf(one)).map(({ key }) => key);
    let made = await readAll(differ);
    // What was put there once more as it was is no part of what it made beside that.
    if (made.some(isAnother)) made = made.filter(isAnother);
    // A store may not say that one as large is another: of what was read before, that can be told.
    if (made.length === 0)
      made = (await readAll(there.map(({ key }) => key).filter((key) => own.seen.has(key)))).filter(
        isAnother,
      );
    for (const one of made) own.seen.set(one.name, one.sha256);
    if (made.length === 0)
      throw new NoRecoveryPoint(
        `the script ended well and put nothing into ${name}${prefix === '' ? '' : ` under ${prefix}`}`,
        {
          found: there.length > 0 ? `${there.length} objects, as they were before it` : 'no object',
          expected: 'an object that is new, or another than it was',
        },
      );
    for (const { name: key } of made) assertNoSecret(own, key);
    const reference = made.map((one) => one.name).join('\n');
    return { kept: { reference, ...digestOf(made) }, content: contentOf(made) };
  };
  return { whatIsNew };
}

async function read({ component }: OwnComponent, store: Store, key: string): Promise<Looked> {
  const { looked, bad } = await lookThrough(key, await store.read(key), component.driver.dumps ?? []);
  if (bad !== null) throw new NoRecoveryPoint(`the script ended well, and ${key} is no backup: ${bad}`);
  return looked;
}

/** Size and digest of what lies under a reference now. Environment error where a part is gone, or broken. */
export async function shownByStore(
  own: OwnComponent,
  { in: name }: Place,
  reference: string,
): Promise<{ bytes: number; sha256: string }> {
  const { store } = storeOf(own.drill, name);
  const parts: Looked[] = [];
  for (const key of reference.split('\n'))
    parts.push(
      await read(own, store, key).catch((error: unknown) => {
        throw environmentError(`store ${name} does not give ${key} as it was`, { cause: error });
      }),
    );
  return digestOf(parts);
}
