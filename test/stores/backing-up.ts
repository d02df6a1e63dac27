/**
 * Backs up for ever into the folder given, and says where it is: for tests that kill it. With a second
 * argument it keeps two points, and kills itself before it removes the object of that number, from 0: whoever
 * reads what it says may be late by a whole backup.
 */
import { Readable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import type { Store } from '../../core/store.ts';
import { directory } from '../../stores/directory.ts';
import { currentOwner, ownerIsGone } from '../../stack/owner.ts';
import { createRepository } from '../../stores/repository.ts';
import { consistency, cut, key, spec } from './workbench.ts';

const folder = process.argv[2]!;
const diesAt = process.argv[3] === undefined ? null : Number(process.argv[3]);
const nothing = (): never => {
  throw new Error('a directory needs no service and no secret');
};
const owner = { owner: currentOwner(), isGone: ownerIsGone };
let step = 0;
let removal = 0;
const told = (store: Store): Store => ({
  ...store,
  write: (at, body, options) => {
    console.log(`step ${step++ % 8}`);
    return store.write(at, body, options);
  },
  remove: (at) => {
    if (removal++ === diesAt) process.kill(process.pid, 'SIGKILL');
    return store.remove(at);
  },
});
const stores = new Map<string, Store>();
for (const name of ['one', 'two'])
  stores.set(
    name,
    told(await directory.open({ name, config: {}, folder, service: nothing, secret: nothing, owner })),
  );
const repository = createRepository({
  stores,
  key: () => key,
  clock: systemClock,
  originMs: 0,
  drill: 'drill-1',
});
for (;;) {
  const point = await repository.begin(spec);
  await point.put('a.sql', Readable.from(cut(Buffer.from('CREATE TABLE a (id INT);\n'.repeat(20_000)))));
  await point.put('b.sql', Readable.from(cut(Buffer.from('b'.repeat(500)))));
  await point.commit({ ...consistency, atMs: systemClock.nowMs() });
  console.log(`durable ${point.id}`);
  if (diesAt !== null) await repository.prune(spec, { points: 2 }, async () => undefined);
}
