import { describe, expect, it } from 'vitest';
import { keptOutput, lastLines } from '../../engine/command-output.ts';

const MiB = 1024 * 1024;
const secret = 'sup3r-s3cret';

describe('what a command says', () => {
  it('is kept whole while it is not much', () => {
    const kept = keptOutput([]);
    const bytes = Buffer.from('grüße 🚢');
    for (const byte of bytes) kept.take(Buffer.of(byte));
    expect(kept.text()).toBe('grüße 🚢');
  });

  it('is kept by its beginning and its end, and says how much is left out', () => {
    const kept = keptOutput([]);
    kept.take(Buffer.from('first line\n'));
    for (let i = 0; i < 20; i += 1) kept.take(Buffer.alloc(MiB, 120));
    kept.take(Buffer.from('\nlast line\n'));
    const text = kept.text();
    expect(text).toMatch(/^first line\nxxx/);
    expect(text).toMatch(/xxx\nlast line\n$/);
    expect(text.length).toBeLessThan(1.1 * MiB);
    const [, left] = /\n… (\d+) characters left out …\n/.exec(text)!;
    expect(Number(left) + text.replace(/\n… \d+ characters left out …\n/, '').length).toBe(20 * MiB + 22);
  });

  it('is masked before it is cut, so that no half of a secret is left', () => {
    for (let before = 512 * 1024 - secret.length; before <= 512 * 1024; before += 1) {
      const kept = keptOutput([secret]);
      kept.take(Buffer.from('x'.repeat(before) + secret));
      kept.take(Buffer.alloc(2 * MiB, 121));
      expect(kept.text()).not.toMatch(/sup|ret/);
    }
  });

  it('is told of by its last lines', () => {
    expect(lastLines('a\nb\nc\nd\n\n', 2)).toBe('c / d');
    // As pg_restore says it: what was wrong is above two blank lines.
    const said = 'pg_restore: error: no unique index\nDETAIL: (7) is duplicated.\nCommand was: ALTER TABLE a';
    expect(
      lastLines(`${said}\n    ADD PRIMARY KEY (pk);\n\n\npg_restore: warning: errors ignored: 1\n`),
    ).toMatch(/^pg_restore: error: no unique index \/ DETAIL/);
    expect(lastLines('')).toBe('');
    expect(lastLines('x'.repeat(2000)).length).toBe(600);
  });
});
