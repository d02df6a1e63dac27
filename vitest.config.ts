import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const containers = { testTimeout: 300_000, hookTimeout: 600_000 };

const sweepers = ['test/stack/leftovers.docker.test.ts'];

/** Minutes each: begun last, they would keep one worker busy while the others have nothing left. */
const long = ['test/drivers/mysql.docker.test.ts', 'test/drivers/redis.docker.test.ts', 'test/drivers/toxiproxy.docker.test.ts', 'test/drivers/mysql/recovery.docker.test.ts'];
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (long.findIndex((file) => moduleId.endsWith(file)) + long.length + 1) % (long.length + 1);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    // No retries, anywhere: a drill harness that needs a second try proves nothing.
    retry: 0,
    sequence: { sequencer: LongestFirst },
    // The command line is started hundreds of times; compiling it is half of each start.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compile') },
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.docker.test.ts'], maxWorkers: 2, testTimeout: 60_000 } },
      // Conformance on real servers and on the engine: mostly waiting, so more files at a time than cores.
      { test: { name: 'servers', include: ['test/{drivers,stores,fixtures,faults,stack}/**/*.docker.test.ts'], exclude: sweepers, maxWorkers: 3, ...containers, sequence: { groupOrder: 1 } } },
      // Whole drills, and whatever asks what dead owners left before it is swept up: alone.
      { test: { name: 'drills', include: ['test/{drills,accidents}/**/*.docker.test.ts', ...sweepers], fileParallelism: false, ...containers, sequence: { groupOrder: 2 } } },
    ],
  },
});
