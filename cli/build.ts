import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../stack/package-root.ts';
import { appEntry, bundle } from '../stack/recipes.ts';

// `npm run build`: what a package holds in the place of sources: JavaScript with types and source maps, and
// the reference application in one file, so that nobody needs to bundle it.
const dist = join(packageRoot, 'dist');
rmSync(dist, { recursive: true, force: true });
execFileSync(join(packageRoot, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: packageRoot,
  stdio: 'inherit',
});
chmodSync(join(dist, 'cli/bin.js'), 0o755);
writeFileSync(join(dist, 'app.mjs'), await bundle(appEntry, { sourcemap: false }));
