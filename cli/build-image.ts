import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../stack/package-root.ts';

// `npm run image [-- <further options of docker build>]`: the package, installed as a user would, in an
// image. It is installed here and copied in, so that the build needs nothing of npm's registry or its
// certificates.
const context = mkdtempSync(join(tmpdir(), 'muster-image-'));
const inContext = (program: string, ...args: string[]): void =>
  void execFileSync(program, args, { cwd: context, stdio: 'inherit' });
try {
  const { name, version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  execFileSync('npm', ['pack', '--pack-destination', context], { cwd: packageRoot, stdio: 'inherit' });
  writeFileSync(join(context, 'package.json'), '{ "private": true }');
  inContext('npm', 'install', '--omit=dev', `./${name}-${version}.tgz`);
  copyFileSync(join(packageRoot, 'Dockerfile'), join(context, 'Dockerfile'));
  writeFileSync(join(context, '.dockerignore'), '*.tgz\n');
  const given = process.argv.slice(2);
  const tag = given.includes('--tag') ? [] : ['--tag', `${name}:${version}`];
  inContext('docker', 'build', ...tag, ...given, '.');
} finally {
  rmSync(context, { recursive: true, force: true });
}
