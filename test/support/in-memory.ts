import { tmpdir } from 'node:os';

/**
 * Where tests keep what is flushed often: in memory where vitest.config.ts found room there. It goes with the
 * other folders of the tests.
 */
export const inMemory = process.env['MUSTER_TESTS_MEMORY'] ?? tmpdir();
