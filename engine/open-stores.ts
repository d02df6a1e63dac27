import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Undo } from '../core/active-fault.ts';
import { AnotherKey, environmentError, inputError, messageOf } from '../core/errors.ts';
import type { Refusal } from '../core/fault.ts';
import { newestFirst, type RecoveryPoint } from '../core/recovery-point.ts';
import type { FetchContext, Store } from '../core/store.ts';
import type { Drill, Recorded, Sandbox, Control, Given } from './drill-context.ts';
import type { PlannedStore } from '../core/planned.ts';
import { procedureKinds } from '../core/procedures.ts';
import { damageObjects, digestsIn } from './stored-objects.ts';
import { watchedStore } from './regions.ts';
import { ownSecretsOf, secretOf, serviceOf } from './drill-environment.ts';
import { routeTo } from './targets/route.ts';

/** Opens every store of the strategy and the repository over them, and says what a fault may ask of each. */
export async function openStores(drill: Drill): Promise<void> {
  const { plan } = drill;
  const stores = new Map<string, Store>();
  const { key, loseKey } = keyOf(drill);
  for (const planned of plan.stores) {
    const { name, config } = planned;
    const store = watchedStore(drill, name, await openOne(drill, planned));
    stores.set(name, store);
    const service = (config as { service?: string } | null)?.service;
    const reopen = (): Promise<Store> => openOne(drill, planned);
    const points = (): Promise<RecoveryPoint[]> => pointsIn(drill, name);
    drill.stores.set(name, {
      name,
      store,
      service: service ? serviceOf(drill, service) : null,
      drill: drill.id,
      loseKey,
      points,
      reopen,
      wrote: (key) => drill.repository!.wrote(key),
      route: (through) => routeTo(drill, service, through),
      refusal: async (wanted) =>
        refusalOf(
          drill,
          name,
          (await points()).find(({ id }) => wanted === undefined || id === wanted),
        ),
      damage: async (keys, change) =>
        damageObjects(store, join(drill.folder, 'stores', '.kept'), ownOnly(drill, name, keys), change),
      look: (keys) => digestsIn(reopen, keys),
    });
  }
  drill.repository = drill.makeRepository({
    stores,
    key,
    clock: drill.clock,
    originMs: drill.originMs,
    drill: drill.id,
  });
}

async function openOne(
  drill: Recorded & Sandbox & Given,
  { name, kind, config, service: at }: PlannedStore,
): Promise<Store> {
  const own = at === null || !drill.stack ? null : await ownSecretsOf(drill, serviceOf(drill, at));
  const folder = join(drill.folder, 'stores', name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return kind.open({
    name,
    config: config as never,
    service: (service) => serviceOf(drill, service),
    secret: (secret) => secretOf(drill, secret, own),
    folder,
    readOnly: !procedureKinds[drill.plan.procedure].breaks,
    ...(drill.owner ? { owner: drill.owner } : {}),
  });
}

/**
 * The backup key, which can be lost: from then on there is another one, as after a rotation by somebody who
 * kept no copy of the old.
 */
function keyOf(drill: Given): { key(): Buffer; loseKey(): Undo } {
  const { keyFrom } = drill.plan.strategy.encryption;
  let rotated: Buffer | null = null;
  return {
    key: () => {
      if (rotated) return rotated;
      const text = secretOf(drill, keyFrom);
      if (!/^[0-9a-f]{64}$/i.test(text))
        throw inputError(`secret ${keyFrom} is not a key`, {
          expected: '64 hexadecimal digits',
          hint: 'openssl rand -hex 32',
        });
      return Buffer.from(text, 'hex');
    },
    loseKey: () => {
      rotated = randomBytes(32);
      return {
        name: 'undo rotate-key-lost',
        deadlineMs: 10_000,
        run: async () => void (rotated = null),
        healed: async () => rotated === null,
      };
    },
  };
}

/** What a fault is about to damage must be what this drill wrote there: a store may be the user's own. */
function ownOnly(drill: Sandbox & Given, store: string, keys: readonly string[]): readonly string[] {
  const foreign = keys.filter((key) => !drill.repository!.wrote(key));
  if (foreign.length === 0) return keys;
  throw environmentError(`refusing to damage what is not this drill's own in store ${store}`, {
    found: foreign[0]!,
    expected: `objects that drill ${drill.id} wrote`,
  });
}

/** Of all snapshot backups that keep a copy in the store, newest consistency point first. */
async function pointsIn(drill: Sandbox & Given, store: string): Promise<RecoveryPoint[]> {
  const backups = drill.plan.backups.filter(
    ({ info, plan }) => info.kind === 'snapshot' && plan.copies.includes(store),
  );
  const found = await Promise.all(
    backups.map(({ component, name }) => drill.repository!.points(component, name, store)),
  );
  return found.flat().sort(newestFirst);
}

async function refusalOf(
  drill: Sandbox & Control & Given,
  store: string,
  wanted: RecoveryPoint | undefined,
): Promise<Refusal | null> {
  if (!wanted) return { why: 'there is no recovery point', anotherKey: false };
  const folder = mkdtempSync(join(drill.folder, 'stores', '.tried-'));
  // A look, not a recovery: nothing of it goes on the timeline as work.
  const context: FetchContext = {
    folder,
    signal: drill.signal,
    stage: (_stage, _what, work) => work(),
    progress: () => undefined,
  };
  try {
    await drill.repository!.fetch(wanted, store, context);
    return null;
  } catch (error) {
    return { why: messageOf(error), anotherKey: error instanceof AnotherKey };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
