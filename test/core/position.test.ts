import { expect, test } from 'vitest';
import { z } from 'zod';
import type {
  Artifact,
  BackupInfo,
  BackupMethod,
  Consistency,
  RestoreContext,
  Sink,
} from '../../core/backup.ts';
import { holdingPositions } from '../../core/position.ts';
import { drivers } from '../../drivers/index.ts';

const info: BackupInfo = {
  about: 'a method of the test',
  kind: 'snapshot',
  options: z.strictObject({}),
  position: z.strictObject({ lsn: z.string().regex(/^\d+$/) }),
};
const taken = (position: Record<string, string>): Consistency => ({
  atMs: 0,
  position,
  tool: 'test',
  server: 'test',
});
const restored: string[] = [];
const method = (position: Record<string, string>): BackupMethod =>
  holdingPositions('test', info, {
    backup: async () => taken(position),
    restore: async ({ point }) => restored.push(point),
  });
const backup = (position: Record<string, string>) =>
  method(position).backup!({} as Sink, { options: {}, signal: AbortSignal.abort(), now: () => 0 });
const restore = (point: string, position: Record<string, string>) =>
  method({}).restore!(
    { ...taken(position), point, method: 'test', facts: null, files: [] } satisfies Artifact,
    {} as RestoreContext,
  );

test('a position as the method declares it is taken and given back', async () => {
  expect((await backup({ lsn: '17' })).position).toEqual({ lsn: '17' });
  await restore('good', { lsn: '17' });
  expect(restored).toEqual(['good']);
});

test.each([[{}], [{ lsn: 'x' }], [{ gtid: 'a:1-7' }], [{ lsn: '1', more: 'x' }]])(
  '%j is neither a backup nor restored',
  async (position) => {
    await expect(backup(position as Record<string, string>)).rejects.toThrow('the backup does not say where');
    await expect(restore('bad', position as Record<string, string>)).rejects.toThrow(
      'recovery point bad does not say where',
    );
    expect(restored).not.toContain('bad');
  },
);

test('a method keeps no step that it does not have', () => {
  expect(Object.keys(holdingPositions('test', info, {}))).toEqual([]);
});

test.each(
  Object.entries(drivers).flatMap(([driver, { backups }]) =>
    Object.entries(backups)
      .filter(([, { kind }]) => kind === 'snapshot')
      .map(([name, { position }]) => [`${driver}.${name}`, position] as const),
  ),
)('%s says what its positions are', (_, position) => {
  expect(position).toBeDefined();
});
