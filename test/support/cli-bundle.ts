import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');
/** Below the repository, so that packages and what comes with Muster are found from there. */
const kept = join(root, 'node_modules/.cache/command-line');
const keptMs = 24 * 3_600_000;
const variable = 'MUSTER_TESTS_COMMAND_LINE';

/** The command line in few files, made of the sources as they were when the tests began. */
export const bundledMain = (): string => join(process.env[variable]!, 'main.js');

/** These find files beside their own, or are made for one machine. */
const asTheyAre = ['autocannon', 'cpu-features', 'esbuild', 'fontkit', 'pdfkit', 'ssh2'];

/**
 * The tests start the command line some hundreds of times, and each start loads 800 files: in one piece it
 * takes two thirds of the processor's time. What the package itself holds is `test/drills/package`'s.
 */
export default async function bundleCommandLine(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: ['cli/main.ts', 'cli/drill-process.ts', 'drivers/http/sustain-generator.ts'],
    absWorkingDir: root,
    // Files that are run by their path lie beside each other.
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    outdir: kept,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: asTheyAre,
    logLevel: 'warning',
    // Dependencies written for CommonJS call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  const digest = createHash('sha256');
  for (const { path, contents } of outputFiles) digest.update(`${basename(path)}\0`).update(contents);
  // A folder of its own for each content: other tests that are under way keep theirs.
  const folder = join(kept, digest.digest('hex').slice(0, 16));
  removeOld();
  if (!existsSync(folder)) {
    const made = `${folder}-${process.pid}`;
    mkdirSync(made, { recursive: true });
    for (const { path, contents } of outputFiles) writeFileSync(join(made, basename(path)), contents);
    renameSync(made, folder);
  }
  process.env[variable] = folder;
}

function removeOld(): void {
  for (const name of existsSync(kept) ? readdirSync(kept) : []) {
    const one = join(kept, name);
    if (Date.now() - statSync(one).mtimeMs > keptMs) rmSync(one, { recursive: true, force: true });
  }
}
