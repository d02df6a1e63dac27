/** Lays a secret into a temporary folder of Muster's, says where, and stays: for tests that kill it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../stack/temporary.ts';

const folder = await temporaryFolder('compose');
writeFileSync(join(folder, 'drill.yml'), 'services: { db: { environment: { PASSWORD: secret } } }\n');
console.log(folder);
if (process.argv[2] !== 'end') setInterval(() => undefined, 1_000);
