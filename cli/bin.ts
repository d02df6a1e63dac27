#!/usr/bin/env node
import { exitCodes } from '../core/errors.ts';

// What an older Node lacks is asked for as soon as the command line is loaded, in words that help nobody.
const oldest = [22, 22] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) await import('./main.ts');
else {
  process.stderr.write(`muster needs Node ${oldest.join('.')} or later, and this is ${process.version}\n`);
  process.exitCode = exitCodes.environment;
}
