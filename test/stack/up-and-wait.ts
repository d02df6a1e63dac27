// A program for tests that kill it: brings a stack up, says so, and stays. Arguments: compose file, drill id.
import { createStackProvider } from '../../stack/provider.ts';

const [file, drill] = process.argv.slice(2) as [string, string];
const progress = (line: string): void => console.log(line);
await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
console.log('up');
setInterval(() => undefined, 60_000);
