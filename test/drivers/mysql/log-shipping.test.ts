import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Shell } from '../../../core/service.ts';
import { ship, type Shipping } from '../../../drivers/mysql/log-shipping.ts';
import { createReceiver, type Receiver } from '../../suites/artifact.ts';

/** The commands are those of a helper; here they run on this machine, and write to a folder of the test. */
const shell: Pick<Shell, 'spawn'> = {
  spawn: async ([program, ...args]) => {
    const child = spawn(program!, args, { detached: true });
    const done = new Promise<{ code: number; stderr: string }>((resolve) =>
      child.once('close', (code) => resolve({ code: code ?? -1, stderr: '' })),
    );
    const kill = async (): Promise<void> => void process.kill(-child.pid!, 'SIGKILL');
    return { stdin: child.stdin, stdout: child.stdout, done, kill };
  },
};

let folder: string;
let receiver: Receiver;
let shipping: Shipping;
/** Each append that came to the log: where it began, and what it was. */
let appended: [offset: number, text: string][];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-shipping-'));
  receiver = await createReceiver();
  appended = [];
  const to: Shipping['to'] = {
    append: async (file, offset, bytes) => {
      await receiver.append(file, offset, bytes);
      appended.push([offset, Buffer.from(bytes).toString()]);
    },
  };
  shipping = { clock: systemClock, shell, folder, to, hurried: true, inLog: new Map(), seen: 0 };
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await receiver.remove();
});

const [first, second] = ['log.000009', 'log.000010'];
const path = (file: string): string => join(folder, file);
/** What receives the files ends at once, after it wrote these. */
async function received(files: Record<string, string>): Promise<string | null> {
  for (const [file, text] of Object.entries(files)) await writeFile(path(file), text);
  await writeFile(path('.pid'), 'nobody');
  return ship(shipping, first);
}
const written = (): string => appended.reduce((text, [offset, part]) => text.slice(0, offset) + part, '');

describe('a file of the log', () => {
  test('is complete when the next one is there, and not when what received it has ended', async () => {
    expect(await received({ [first]: 'abc' })).toBeNull();
    expect(await received({ [first]: 'abcdef', [second]: '' })).toBe(second);
    expect(written()).toBe('abcdef');
  });

  test('is shipped as it grows', async () => {
    const receiving = spawn('sleep', ['3600']);
    try {
      await writeFile(path('.pid'), String(receiving.pid));
      await writeFile(path(first), 'abc');
      const shipped = ship(shipping, first);
      await expect.poll(written, { timeout: 20_000 }).toBe('abc');
      await appendFile(path(first), 'def');
      await expect.poll(written, { timeout: 20_000 }).toBe('abcdef');
      await writeFile(path(second), '');
      expect(await shipped).toBe(second);
    } finally {
      receiving.kill('SIGKILL');
    }
  });
});

describe('a file that is received once more', () => {
  test('goes on where the log ends, and what is there stays there meanwhile', async () => {
    await received({ [first]: 'abcdef' });
    expect(await received({ [first]: 'ab' }), 'cut off on its way').toBeNull();
    expect(written(), 'nothing that was durable is given up').toBe('abcdef');
    expect(await received({ [first]: 'abcdefghi', [second]: '' })).toBe(second);
    expect(appended).toEqual([
      [0, 'abcdef'],
      [6, 'ghi'],
    ]);
    expect(shipping.seen, 'what came again came as well').toBe(6 + 2 + 9);
  });

  test('and is all that there was: nothing of it is shipped again', async () => {
    await received({ [first]: 'abcdef' });
    expect(await received({ [first]: 'abcdef', [second]: '' })).toBe(second);
    expect(appended).toEqual([[0, 'abcdef']]);
  });

  test.each([
    ['another from somewhere on', 'abcXYZghi'],
    ['shorter, and complete', 'abc'],
    ['empty, and complete', ''],
  ])('is begun anew where it is %s', async (_, text) => {
    await received({ [first]: 'abcdef' });
    expect(await received({ [first]: text, [second]: '' })).toBe(second);
    if (text !== '') {
      expect(appended.at(-1)![0]).toBe(0);
      expect(written()).toBe(text);
    }
    expect(await received({ [first]: `${text}more`, [second]: '' })).toBe(second);
    expect(written(), 'and goes on after that').toBe(`${text}more`);
  });
});
