import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../core/timeline.ts';
import { saveText } from '../../engine/attachments.ts';
import { attachedFiles, attachmentDamage } from '../../evidence/attachments.ts';

describe('a file that an event declares', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-attachments-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is held against the timeline', () => {
    expect(attachedFiles(folder)).toEqual([]);
    const events = ['one', 'other'].map((what) => ({
      type: 'attachment.saved',
      data: { of: 'command-1', what, ...saveText(folder, `${what}.txt`, `${what}\n`) },
    })) as unknown as TimelineEvent[];
    expect(attachedFiles(folder)).toEqual(['attachments/one.txt', 'attachments/other.txt']);
    expect(attachmentDamage(folder, events)).toBeNull();
    writeFileSync(join(folder, 'attachments', 'more.txt'), 'all is well\n');
    expect(attachmentDamage(folder, events)).toBe(
      'attachments/more.txt is an attachment that no event declares',
    );
    rmSync(join(folder, 'attachments', 'more.txt'));
    writeFileSync(join(folder, 'attachments', 'one.txt'), 'all is well\n');
    expect(attachmentDamage(folder, events)).toMatch(/attachments.one.txt is not what the timeline says/);
    rmSync(join(folder, 'attachments', 'one.txt'));
    expect(attachmentDamage(folder, events)).toBe('attachments/one.txt is missing');
  });

  it('and cannot be written is an error of the environment', () => {
    writeFileSync(join(folder, 'plain'), '');
    expect(() => saveText(join(folder, 'plain'), 'one.txt', '')).toThrow(
      /what a command said cannot be kept/,
    );
  });
});
