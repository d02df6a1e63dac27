import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const shown = 10;

/** Prints the slowest files of each project at the end, in seconds, so that a tier stays cheap. */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const [project, own] of Map.groupBy(modules, (one) => one.project.name)) {
      const rows = own
        .map((one) => ({ file: relative(process.cwd(), one.moduleId), ms: one.diagnostic().duration }))
        .sort((a, b) => b.ms - a.ms);
      console.log(`slowest of ${project}:`);
      for (const { file, ms } of rows.slice(0, shown))
        console.log(`${(ms / 1000).toFixed(1).padStart(8)} s  ${file}`);
    }
  }
}
