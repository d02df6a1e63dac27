import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { muster, type Ended } from '../support/muster.ts';

const fixtures = join(import.meta.dirname, '../fixtures/projects');
/** A project of the fixtures, or none, with files over it. */
export function project(name: string, files: Record<string, string | Buffer> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-init-own-'));
  if (name !== '') cpSync(join(fixtures, name), folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    if (path.endsWith('.sh')) chmodSync(join(folder, path), 0o755);
  }
  return folder;
}
/** Comments go on over several lines. */
export const unwrapped = (text: string): string => text.replaceAll(/\n\s*#\s+/g, ' ');

export interface Read {
  stdout: string;
  text: string;
  strategy: {
    services?: string[];
    components: Record<string, { backups: Record<string, Record<string, unknown>> }>;
  };
  folder: string;
}
/** `muster init`, and what plan says of what it wrote. */
export async function init(folder: string, ...args: string[]): Promise<Read> {
  const at = (...words: string[]): Promise<Ended> => muster(words, { cwd: folder });
  const { code, stdout, stderr } = await at('init', '--yes', '--rto', '10m', ...args);
  expect([stderr, code]).toEqual(['', 0]);
  const planned = await at('plan', 'muster/db-volume-lost.yaml');
  expect([planned.stderr, planned.code]).toEqual(['', 0]);
  const text = readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8');
  return { stdout: stdout + planned.stdout, text, strategy: parse(text) as Read['strategy'], folder };
}

/** A database with two folders of the project. */
export const db = `
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: x }
    volumes: ["data:/var/lib/postgresql/data", "./ops:/ops:ro", "./out:/out"]`;
export const alone = `services:${db}\nvolumes: { data: }\n`;
export const dumped = '--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n';
